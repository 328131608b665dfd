"""What is remembered of one sensor: when it was heard, when it saw somebody, how often it usually speaks."""

from typing import Final, cast

from agent.detect.window import LongestGaps
from agent.nouns import HOUR_MS, MINUTE_MS, Instant

# A radio's window is 1.75 x the longest gap of the last week + 15 min: 2 h for an hourly check-in, 3 h 45 min once it
# has been seen to miss one, and never beyond the 25 h that zigbee2mqtt itself waits for a battery device.
WINDOW_MARGIN_MS: Final = 15 * MINUTE_MS
WINDOW_MOST_MS: Final = 25 * HOUR_MS
LATE_MARGIN_MS: Final = MINUTE_MS  # beyond the longest gap of the week: late, and not yet lost
WINDOW_UNKNOWN_MS: Final = 25 * HOUR_MS  # until a day has been seen

# Mute: others spoke three times as often as this sensor ever let them in a week, over at least 20 h. Of 159 motion
# sensors of 32 real homes, killed half-way, 122 are told within 48 h so; with four times 110. Of 26 words on untouched
# homes (18 with four) 20 (15) are of sensors that stay silent for more than a day after, or for good.
MUTE_FACTOR: Final = 3
MUTE_LEAST: Final = 150
MUTE_LEAST_MS: Final = 20 * HOUR_MS
MUTE_DAYS: Final = 3  # days that must be known first
# Chattering: more than four events a minute for an hour, or seven of ten events of the whole home in a day.
CHATTER_HOUR: Final = 240
CHATTER_DAY: Final = 300
CHATTER_SHARE_PERMILLE: Final = 700

NEVER: Final = Instant(-1)
AT_REST: Final = Instant(-2)  # a binary level that says 0


class Record:
    """What is remembered of one sensor."""

    __slots__ = (
        "awaited",
        "checks_in",
        "day",
        "fired",
        "gaps",
        "heard",
        "hours",
        "level_since",
        "lost",
        "others",
        "others_gaps",
        "seen",
    )

    def __init__(self) -> None:
        self.heard = NEVER  # anything at all; -1 never
        self.awaited = NEVER  # its silence counts from here: when it was heard, or could be heard again
        self.seen = NEVER  # it saw somebody
        self.checks_in = False  # it has spoken without anybody there
        self.gaps = LongestGaps()
        self.others = 0  # the home's count of activities when this one last saw somebody
        self.others_gaps = LongestGaps()
        self.fired = 0  # events in the running hour
        self.hours: list[int] = []  # events in each of the last 24 hours
        self.day = 0  # their sum
        self.level_since = NEVER  # a binary level stands at 1 since then; NEVER: it has not said 0 yet
        self.lost = False

    def window_ms(self) -> int:
        if not self.gaps.days():
            return WINDOW_UNKNOWN_MS
        return min(self.gaps.longest() * 7 // 4 + WINDOW_MARGIN_MS, WINDOW_MOST_MS)

    def late_at(self) -> Instant | None:
        if self.lost or not self.checks_in or not self.gaps.days():
            return None
        return Instant(self.awaited + self.gaps.longest() + LATE_MARGIN_MS)

    def is_late(self, now: Instant) -> bool:
        if now - self.awaited <= LATE_MARGIN_MS:  # most were heard a moment ago
            return False
        at = self.late_at()
        return at is not None and at <= now

    def is_mute(self, now: Instant, activities: int) -> bool:
        """``activities`` is the home's count by now; it has seen somebody before, and not for long."""
        if self.seen < 0 or self.others_gaps.days() < MUTE_DAYS or now - self.seen < MUTE_LEAST_MS:
            return False
        return activities - self.others > max(MUTE_FACTOR * self.others_gaps.longest(), MUTE_LEAST)

    def turn_hour(self) -> None:
        """An hour has passed: its events join the last 24."""
        self.hours.append(self.fired)
        self.day += self.fired
        self.fired = 0
        if len(self.hours) > 24:
            self.day -= self.hours.pop(0)

    def chatter(self, total: int | None) -> tuple[int, str]:
        """How often it fired in the hour or the day before, if that is chattering; "" if not. ``total`` is what the
        whole home fired in the day; None: it is too small a home to judge by."""
        hour = self.hours[-1]
        if hour > CHATTER_HOUR:
            return hour, "hour"
        much = total is not None and self.day >= CHATTER_DAY and self.day * 1_000 > total * CHATTER_SHARE_PERMILLE
        return self.day, "day" if much else ""

    def calm(self) -> bool:
        """Long enough for one that chattered to be believed again."""
        return self.hours[-1] < CHATTER_HOUR // 4 and max(self.hours[-4:]) <= CHATTER_HOUR

    def plain(self) -> list[object]:
        gaps, others = self.gaps.plain(), self.others_gaps.plain()
        said = [
            self.heard,
            self.awaited,
            self.seen,
            self.checks_in,
            self.others,
            self.fired,
            self.level_since,
            self.lost,
        ]
        return [*said, gaps, others, self.hours]

    def take(self, plain: list[object]) -> None:
        heard, awaited, seen, checks_in, others, fired, level_since, lost, gaps, others_gaps, hours = plain
        self.heard, self.awaited, self.seen = cast(Instant, heard), cast(Instant, awaited), cast(Instant, seen)
        self.checks_in, self.lost = bool(checks_in), bool(lost)
        self.others, self.fired = cast(int, others), cast(int, fired)
        self.level_since = cast(Instant, level_since)
        self.gaps.take(cast(list[int], gaps))
        self.others_gaps.take(cast(list[int], others_gaps))
        self.hours = list(cast(list[int], hours))
        self.day = sum(self.hours)
