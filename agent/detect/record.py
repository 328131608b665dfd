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

# Mute: in a day and more the home moved 2.5 times as much as it ever did, but for one odd day of the last week, while
# this sensor saw nobody. The second longest, not the longest, because one odd day would double the
# wait of a whole week. What this finds, and how often it is wrong: `python -m bench.sensors` and docs/company.md.
MUTE_FACTOR_PERMILLE: Final = 2_500
MUTE_LEAST: Final = 50  # activities; below it a quiet home says nothing
# How long it must have seen nobody: a whole day, for what is not entered in the morning may be in the evening; a door
# that was opened in the afternoon gets the next day to its end.
LATELY_MS: Final = 24 * HOUR_MS  # it saw somebody within it: not mute, of whatever kind
MUTE_LEAST_MS: Final = {"motion": LATELY_MS, "presence": LATELY_MS, "door": 30 * HOUR_MS}
# Days that must be known first, of what looks for somebody; a door's week is less alike than a room's.
MUTE_DAYS: Final = {"motion": 4, "presence": 4, "door": 5}
STUCK_MS: Final = {"motion": 12 * HOUR_MS, "presence": 24 * HOUR_MS, "vibration": 12 * HOUR_MS, "bed": 22 * HOUR_MS}
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

    def is_mute(self, now: Instant, activities: int, kind: str) -> bool:
        """``activities`` is the home's count by now; it has seen somebody before, and not for long."""
        since = self.seen if self.checks_in else self.awaited  # after a day on which nothing was heard, a day anew
        least_ms = MUTE_LEAST_MS.get(kind)
        if least_ms is None or now - since < least_ms or self.seen < 0 or self.others_gaps.days() < MUTE_DAYS[kind]:
            return False
        usual = self.others_gaps.second() * MUTE_FACTOR_PERMILLE // 1_000
        return activities - self.others > max(usual, MUTE_LEAST)

    def is_stuck(self, now: Instant, kind: str) -> bool:
        """It has said 1 for longer than anybody stays."""
        limit = STUCK_MS.get(kind)
        return limit is not None and self.level_since >= 0 and now - self.level_since >= limit

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
