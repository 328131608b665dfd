"""Changes that are put into the real log of a home, because no public log says when a routine changed.

Each takes the readings of the days it is put into and gives them back changed, in order of time. Seeded.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Final, NamedTuple

from agent.civil import Wall, in_window
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, Home, Instant, Reading

FEWER_PERCENT: Final = 40
QUARTER_MS: Final = 15 * MINUTE_MS
APART_MS: Final = 5 * MINUTE_MS  # a bathroom not heard for so long: another visit
ROUND_MS: Final = 2 * MINUTE_MS  # of the way there and back that is repeated with a visit
FREE_MS: Final = 8 * MINUTE_MS  # nobody is heard so long before and after a visit that is put in
TRIES: Final = 200


class Change(NamedTuple):
    """``days``: how long it lasts. ``make``: home, readings of those days, since, until, dice -> changed readings."""

    name: str
    days: int
    make: Callable[[Home, Sequence[Reading], Instant, Instant, Random], list[Reading]]
    from_midnight: bool = False  # else from a noon, where the days that are judged begin as well
    needs_night_visits: bool = False  # one a night at least


def night_visits_doubled(
    home: Home, readings: Sequence[Reading], since: Instant, until: Instant, dice: Random
) -> list[Reading]:
    """Each visit to the bathroom at night, with the way there and back, once more at a quiet time of that night."""
    wall = Wall(home.timezone)
    kinds = {s.id: home.rooms[s.room].kind for s in home.sensors.values() if s.kind != "door"}
    night = [r for r in readings if in_window(wall.minute_of_day(r.at), home.care.night)]
    found = list(readings)
    for start, end in _visits([r.at for r in night if kinds.get(r.sensor) == "bathroom"]):
        visit = [
            r
            for r in readings
            if start - ROUND_MS <= r.at <= end + ROUND_MS and kinds.get(r.sensor) in ("bathroom", "bedroom", "hall")
        ]
        if (later := _quiet(wall, home, found, start, end, dice)) is not None:
            found += [r._replace(at=Instant(r.at + later - start)) for r in visit]
            found.sort(key=lambda r: r.at)
    return [r for r in found if since <= r.at < until]


def _visits(ats: Sequence[int]) -> list[tuple[int, int]]:
    visits: list[tuple[int, int]] = []
    for at in ats:
        if visits and at - visits[-1][1] <= APART_MS:
            visits[-1] = visits[-1][0], at
        else:
            visits.append((at, at))
    return visits


def _quiet(wall: Wall, home: Home, readings: Sequence[Reading], start: int, end: int, dice: Random) -> int | None:
    """A time of the same night at which a visit can be put between what is there."""
    heard = [r.at for r in readings if abs(r.at - start) < 12 * HOUR_MS]
    for _ in range(TRIES):
        at = Instant(start + dice.randrange(-8 * HOUR_MS, 8 * HOUR_MS))
        last = Instant(at + end - start)
        by_night = all(in_window(wall.minute_of_day(each), home.care.night) for each in (at, last))
        if by_night and not any(at - FREE_MS < each < last + FREE_MS for each in heard):
            return at
    return None


def less_active(home: Home, readings: Sequence[Reading], since: Instant, until: Instant, dice: Random) -> list[Reading]:
    """In four quarters of an hour of ten nobody moves; who goes out still does."""
    doors = {s.id for s in home.sensors.values() if s.role == "entrance"}
    quarters = (until - since) // QUARTER_MS + 1
    still = [dice.randrange(100) < FEWER_PERCENT for _ in range(quarters)]
    return [r for r in readings if r.sensor in doors or not still[(r.at - since) // QUARTER_MS]]


def night_for_day(
    home: Home, readings: Sequence[Reading], since: Instant, until: Instant, dice: Random
) -> list[Reading]:
    """Every twelve hours change places with the next."""
    half = DAY_MS // 2
    moved = [r._replace(at=Instant(r.at + (half if (r.at - since) % DAY_MS < half else -half))) for r in readings]
    return sorted(moved, key=lambda r: r.at)


CHANGES: Final = (
    Change("night bathroom visits doubled, 3 days", 3, night_visits_doubled, needs_night_visits=True),
    Change("activity down 40 %, a week", 7, less_active, from_midnight=True),
    Change("day and night reversed, 3 days", 3, night_for_day),
)


def night_visits(home: Home, readings: Sequence[Reading]) -> int:
    """Visits to the bathroom at night in these readings."""
    wall = Wall(home.timezone)
    baths: Mapping[str, str] = {
        s.id: s.room for s in home.sensors.values() if s.kind != "door" and home.rooms[s.room].kind == "bathroom"
    }
    ats = [r.at for r in readings if r.sensor in baths and in_window(wall.minute_of_day(r.at), home.care.night)]
    return len(_visits(ats))
