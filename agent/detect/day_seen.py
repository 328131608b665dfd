"""Which day of a home is running, what its parts are, and how much of it was seen.

A day here runs from noon to noon, so that it holds one whole night, the evening that led to it and the morning that
followed; it is whole when people are awake to read of it. By the wall clock: in spring and autumn it has 23 or 25 h.
"""

from typing import Final, NamedTuple, cast

from agent.civil import Wall
from agent.measures import EVENING, NOON, UP_FROM_MS
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, Home, Instant, Watch

# A home that fell dark after so long a silence, and stayed dark for so long, was dark before: nothing proves it seen.
# After a shorter one somebody slept late.
SILENT_MS: Final = 12 * HOUR_MS
DARK_MS: Final = 3 * HOUR_MS
UNSEEN_PERMILLE: Final = 100  # a sensor not believed for more of the day leaves its features out
CLOCK_MOST_MS: Final = 10 * MINUTE_MS  # a clock set by more makes a day of which no time of day is known
DAYS_MOST: Final = 60  # days in a row that are closed one by one after nobody looked
NEVER: Final = -1
AFTERNOON, IN_THE_EVENING, NIGHT, MORNING = range(4)


class Seen(NamedTuple):
    """How much of a day was seen. ``coverage_permille``: of the day or of its night, whichever was seen less.

    ``unseen``: sensors that were not believed for more than ``UNSEEN_PERMILLE`` of it.
    """

    coverage_permille: int
    unseen: tuple[str, ...]


class DaySeen:
    """The day that is running: ``number`` is the date of the noon that ends it, at the instant ``until``."""

    def __init__(self, home: Home) -> None:
        self.wall = Wall(home.timezone)
        self._plan = home.care.night
        self._watch: Watch | None = None  # as last seen; not memory, only spares looking at it again
        self._watching = False
        self._rest_until = Instant(0)  # asked for by a person: no ordinary time, whatever is seen in it
        self._not_believed: frozenset[str] = frozenset()
        self._known = True  # the clock
        self._tallied_at = Instant(0)
        self._dark: Instant | None = None  # unobserved since; None also once the silence before it was taken back
        self.offset_ms = 0
        self.number = NEVER
        self.since = self.until = Instant(0)
        self.ends: tuple[int, ...] = (0, 0, 0, 0)  # of its parts: afternoon, evening, night, morning
        self.up_from = 0  # what is heard from here on is somebody up for the day
        self._clear()

    def _clear(self) -> None:
        self._observed_ms = self._night_ms = 0
        self._unseen_ms: dict[str, int] = {}
        self._odd = not self._known

    def see(self, now: Instant, watch: Watch, heard_at: int) -> bool:
        """What can be seen of the home, or its clock, has changed; True if another day runs because of it."""
        if watch is self._watch:
            return False
        self._watch = watch
        if self.number == NEVER:
            self.offset_ms = watch.clock.offset_ms
            self._tallied_at = now
            self.begin(now)
        self.tally(now)
        if watch.observed != self._watching:
            self._take_back(now, heard_at)
            self._dark = None if watch.observed else now
            self._watching = watch.observed
        self._rest_until = watch.pause_until or Instant(0)
        self._not_believed = watch.unseen
        self._known = watch.clock.quality != "unknown"
        self._odd |= not self._known
        return watch.clock.offset_ms != self.offset_ms and self._set_clock(now, watch.clock.offset_ms)

    def _set_clock(self, now: Instant, offset_ms: int) -> bool:
        step_ms, self.offset_ms = offset_ms - self.offset_ms, offset_ms
        self._bound()
        if abs(step_ms) <= CLOCK_MOST_MS:
            return False
        self._odd = True
        if self.since <= now < self.until:
            return False
        self._clear()
        self._odd = True  # what is left of the other day is no whole day, and neither is what is left of this one
        self._tallied_at = now
        self.begin(now)
        return True

    def begin(self, now: Instant) -> None:
        """The day that the wall shows now."""
        civil = Instant(now + self.offset_ms)
        number = self.wall.day(civil)
        self.number = number if civil < self.wall.instant(number, NOON) else number + 1
        self._bound()

    def _bound(self) -> None:
        start, end = self._plan
        on = self.wall.instant
        since, until = on(self.number - 1, NOON), on(self.number, NOON)
        night = on(self.number - 1, start) if start >= NOON else on(self.number, start)
        morning = min(max(on(self.number, end), night), until)
        evening = min(on(self.number - 1, EVENING), night)
        offset_ms = self.offset_ms
        self.since, self.until = Instant(since - offset_ms), Instant(until - offset_ms)
        self.ends = tuple(at - offset_ms for at in (evening, night, morning, until))
        self.up_from = max(morning - UP_FROM_MS, night) - offset_ms

    def tally(self, now: Instant) -> None:
        since, until = self._tallied_at, min(now, self.until)
        if until <= since:
            return
        self._tallied_at = until
        seen_from = max(since, self._rest_until)
        if self._watching and seen_from < until:
            self._observed_ms += until - seen_from
            self._night_ms += self._of_night(seen_from, until)
        for sensor in self._not_believed:
            self._unseen_ms[sensor] = self._unseen_ms.get(sensor, 0) + until - since

    def _of_night(self, since: int, until: int) -> int:
        return max(0, min(until, self.ends[NIGHT]) - max(since, self.ends[IN_THE_EVENING]))

    def _take_back(self, now: int, heard_at: int) -> None:
        """A long silence that ended in the dark was no observation either; it was counted as one while it lasted."""
        if self._dark is None or now - self._dark < DARK_MS or self._dark - heard_at < SILENT_MS:
            return
        since = max(heard_at, self.since)
        self._observed_ms -= max(0, self._dark - since)
        self._night_ms -= self._of_night(since, self._dark)
        self._dark = None

    def close(self, heard_at: int) -> Seen:
        """The day is over, ``heard_at`` the last that was heard in it; the next one runs."""
        self.tally(self.until)
        self._take_back(self.until, heard_at)
        length = self.until - self.since
        night = max(1, self._of_night(self.since, self.until))
        coverage = min(self._observed_ms * 1_000 // length, self._night_ms * 1_000 // night, 1_000)
        unseen = sorted(s for s, ms in self._unseen_ms.items() if ms * 1_000 > length * UNSEEN_PERMILLE)
        seen = Seen(0 if self._odd else max(coverage, 0), tuple(unseen))
        self.number += 1
        self._bound()
        self._clear()
        return seen

    def skip(self, now: Instant) -> bool:
        """Whether nobody looked for so long that its days are not worth closing one by one."""
        if now - self.until <= DAYS_MOST * DAY_MS:
            return False
        self._clear()
        self.begin(now)
        self._tallied_at = now
        return True

    def wall_minute(self, at: int) -> int:
        """Minutes after the midnight before the day's afternoon: 23:30 is 1410, half past midnight 1470."""
        local = self.wall.local_ms(Instant(at + self.offset_ms))
        return (local - (self.number - 1) * DAY_MS) // MINUTE_MS

    def plain(self) -> list[object]:
        said = [self._watching, self._rest_until, self._known, self._tallied_at, self._dark, self.offset_ms]
        tallied = [self._observed_ms, self._night_ms, self._odd, sorted(self._not_believed), dict(self._unseen_ms)]
        return [*said, self.number, *tallied]

    def take(self, plain: list[object]) -> None:
        watching, rest_until, known, tallied_at, dark, offset_ms, number, observed_ms, *rest = plain
        night_ms, odd, not_believed, unseen = rest
        self._watching, self._known, self._odd = bool(watching), bool(known), bool(odd)
        self._rest_until = cast(Instant, rest_until)
        self._tallied_at, self._dark = cast(Instant, tallied_at), cast(Instant | None, dark)
        self.offset_ms, self.number = cast(int, offset_ms), cast(int, number)
        self._observed_ms, self._night_ms = cast(int, observed_ms), cast(int, night_ms)
        self._not_believed = frozenset(cast(list[str], not_believed))
        self._unseen_ms = dict(cast(dict[str, int], unseen))
        if self.number != NEVER:
            self._bound()
