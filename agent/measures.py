"""What makes one visit, one outing, one time out of bed: the same for what is judged and for what a family reads."""

from typing import Final

from agent.nouns import MINUTE_MS

VISIT_MS: Final = 5 * MINUTE_MS  # back within this, from the hall outside, is the same visit
BED_BLINK_MS: Final = 2 * MINUTE_MS  # a mat that says empty for less was lain on all the time
OUTING_MS: Final = 10 * MINUTE_MS  # gone for less: the bin, the post
QUIET_MS: Final = 10 * MINUTE_MS  # a door that moves after so long without anybody heard was opened from outside
UP_FROM_MS: Final = 150 * MINUTE_MS  # before the night's end; who is heard before that is up in the night
EVENING: Final = 18 * 60  # minutes of the wall clock
NOON: Final = 12 * 60
DAYS_LEAST: Final = 14  # two of each day of the week; what is usual cannot be told from fewer
