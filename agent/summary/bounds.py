"""The instants that bound one day of a family's summary, by the clock on the wall: it has 23, 24 or 25 hours."""

from typing import Final, NamedTuple

from agent.civil import Wall
from agent.measures import EVENING, NOON, UP_FROM_MS
from agent.nouns import DAY_MS, MINUTE_MS, Home, Instant
from agent.summary.spans import Span

USUAL_DAYS: Final = 28  # what is usual is what was so in these


class Bounds(NamedTuple):
    """A civil day from ``midnight`` to ``until``, and the night before it, from the noon before (``since``)."""

    number: int  # the local date, days since 1970-01-01
    since: Instant
    evening: Instant  # of the day before: who goes to bed sooner takes a nap
    night: Instant  # begins by the care plan
    midnight: Instant
    up_from: Instant  # what is heard from here on is somebody up for the day
    morning: Instant  # the night ends, by the care plan
    noon: Instant
    bedtime: Instant  # the next night begins
    until: Instant

    @property
    def day(self) -> Span:
        return Span(self.midnight, self.until)

    @property
    def before(self) -> Span:
        """From noon to noon: the evening, the night, the morning."""
        return Span(self.since, self.noon)

    @property
    def whole(self) -> Span:
        return Span(self.since, self.until)


def bounds_of(home: Home, number: int) -> Bounds:
    wall = Wall(home.timezone)
    on, (start, end) = wall.instant, home.care.night
    noon, until = on(number, NOON), on(number + 1, 0)
    night = on(number - 1, start) if start >= NOON else on(number, start)
    morning = min(max(on(number, end), night), noon)
    return Bounds(
        number,
        since=on(number - 1, NOON),
        evening=min(on(number - 1, EVENING), night),
        night=night,
        midnight=on(number, 0),
        up_from=max(Instant(morning - UP_FROM_MS), night),
        morning=morning,
        noon=noon,
        bedtime=on(number, start) if start >= NOON else until,
        until=until,
    )


def first_needed(home: Home, number: int) -> Instant:
    """From when on readings are needed to tell a day with what is usual."""
    return bounds_of(home, number - USUAL_DAYS).since


def wall_minute(wall: Wall, bounds: Bounds, at: Instant) -> int:
    """Minutes after the midnight of the day before: 23:30 is 1410, and 07:40 of the day itself 1900."""
    return (wall.local_ms(at) - (bounds.number - 1) * DAY_MS) // MINUTE_MS
