"""One person living alone, as a run of stays: where they are, until when, and how restless.

A day is a list of ``Stay``; what a sensor could notice of it is a stream of ``Act``. A fall is a stay without
movement, a night walk is a stay outside, so incidents are told by writing other stays over those of the day
(``interrupted``). The same seed gives the same days, and each day is drawn on its own: day 20 does not depend on
how many days were asked for.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, NamedTuple

from agent.civil import Wall
from agent.nouns import MINUTE_MS, SECOND_MS, Instant

ROOMS: Final = ("bedroom", "bathroom", "kitchen", "living", "hall")
BED: Final = "bed"  # a place in the bedroom
OUT: Final = "out"
STILL: Final = 0  # a pace: no movement at all
WALK_MS: Final = 60 * SECOND_MS  # the longest walk through the home; in a shorter stay people hurry
FRIDGE_OPEN_MS: Final = 20 * SECOND_MS
SHORT_MS: Final = 4 * MINUTE_MS  # what is left of a stretch below this joins the stay before it
TURN_IN_BED_MS: Final = 70 * MINUTE_MS
LAST_NIGHT_VISIT_MS: Final = 45 * MINUTE_MS  # before getting up; later than this nobody goes back to bed


class Stay(NamedTuple):
    """Somebody is at ``place`` (a room, BED or OUT) from ``start`` to ``until`` and moves about every ``pace_ms``."""

    start: Instant
    until: Instant
    place: str
    pace_ms: int = STILL
    fridge: int = 0


class Act(NamedTuple):
    """What a sensor could notice: ``what`` is a room somebody moves in, or bed, entrance, fridge, button."""

    at: Instant
    what: str
    value: int = 1


class Habit(NamedTuple):
    """One way to spend a stretch of the day: how often (weight), how long, how restless, how often the fridge."""

    place: str
    weight: float
    least_min: float
    most_min: float
    pace_s: int
    fridge: int = 0


DAYTIME: Final = (
    Habit("living", 45, 12, 45, 210),
    Habit("kitchen", 25, 4, 15, 50, 1),
    Habit("bathroom", 12, 3, 7, 25),
    Habit("bedroom", 12, 4, 12, 60),
    Habit("hall", 6, 2, 4, 25),
)
EVENING: Final = (
    Habit("living", 75, 20, 60, 330),
    Habit("kitchen", 12, 3, 8, 40, 1),
    Habit("bathroom", 13, 3, 7, 25),
)


@dataclass(frozen=True, slots=True)
class Habits:
    """Local minutes of the day, and how the day varies. ``haste`` divides every pace: 10 for a load test.

    The default rises early, after the night of the care plan in fleet.py has ended and never before.
    """

    wake: float = 6 * 60 + 14
    wake_spread: float = 6
    wake_earliest: float = 6 * 60 + 3
    lunch: float = 12 * 60 + 20
    dinner: float = 17 * 60 + 40
    bed: float = 21 * 60 + 50
    spread: float = 12
    outing_percent: int = 75
    haste: float = 1.0


def _near(rng: Random, middle: float, spread: float) -> float:
    """A minute near ``middle``, never further than two and a half spreads."""
    return middle + max(-2.5, min(2.5, rng.gauss(0, 1))) * spread


def wake_at(seed: int, day: int, wall: Wall, habits: Habits) -> Instant:
    """When the person gets up on the local date ``day`` (days since 1970)."""
    rng = Random(f"{seed}/{day}/wake")
    minute = max(habits.wake_earliest, _near(rng, habits.wake, habits.wake_spread))
    return Instant(wall.instant(day, 0) + _since_midnight(wall, day, minute))


def _since_midnight(wall: Wall, day: int, minute: float) -> int:
    whole = int(minute)
    return wall.instant(day, whole) - wall.instant(day, 0) + int((minute - whole) * MINUTE_MS)


class _Pen:
    """Writes stays one after the other; each begins where the last one ended."""

    def __init__(self, at: Instant, rng: Random, haste: float) -> None:
        self.at, self.rng, self.stays, self._haste = at, rng, list[Stay](), haste

    def until(self, until: int, place: str, pace_s: float, fridge: int = 0) -> None:
        if until > self.at:
            pace = int(pace_s * SECOND_MS / self._haste)
            self.stays.append(Stay(self.at, Instant(until), place, pace, fridge))
            self.at = Instant(until)

    def minutes(self, least: float, most: float, place: str, pace_s: float, fridge: int = 0) -> None:
        self.until(self.at + int(self.rng.uniform(least, most) * MINUTE_MS), place, pace_s, fridge)

    def stretch(self, until: int, habits: Sequence[Habit]) -> None:
        """Fill the time to ``until``, moving from room to room."""
        weights = [habit.weight for habit in habits]
        while until - self.at > SHORT_MS:
            habit = self.rng.choices(habits, weights)[0]
            end = self.at + int(self.rng.uniform(habit.least_min, habit.most_min) * MINUTE_MS)
            self.until(until if until - end < SHORT_MS else end, habit.place, habit.pace_s, habit.fridge)


def stays(seed: int, day: int, wall: Wall, habits: Habits) -> list[Stay]:
    """One day from getting up to the next getting up, without a gap."""
    rng = Random(f"{seed}/{day}/stays")
    pen = _Pen(wake_at(seed, day, wall, habits), rng, habits.haste)

    def clock(middle: float) -> int:
        return wall.instant(day, 0) + _since_midnight(wall, day, _near(rng, middle, habits.spread))

    outing = rng.uniform(0, 100) < habits.outing_percent
    morning = rng.random() < 0.5
    pen.minutes(14, 22, "bathroom", 25)
    pen.minutes(14, 24, "kitchen", 40, 2)
    pen.minutes(9, 15, "bathroom", 25)
    if outing and morning:
        pen.stretch(clock(10 * 60 + 10), DAYTIME)
        pen.minutes(30, 95, OUT, STILL)
    pen.stretch(clock(habits.lunch), DAYTIME)
    pen.minutes(18, 35, "kitchen", 60, 2)
    if outing and not morning:
        pen.stretch(clock(14 * 60 + 30), DAYTIME)
        pen.minutes(30, 120, OUT, STILL)
    pen.stretch(clock(habits.dinner), DAYTIME)
    pen.minutes(22, 42, "kitchen", 60, 3)
    pen.stretch(clock(habits.bed), EVENING)
    pen.minutes(5, 10, "bathroom", 25)
    _night(pen, wake_at(seed, day + 1, wall, habits))
    return pen.stays


def _night(pen: _Pen, wake: Instant) -> None:
    """In bed until ``wake``, with one visit to the bathroom or two."""
    visits = 1 + (pen.rng.random() < 0.4)
    begin, span = pen.at + 90 * MINUTE_MS, wake - LAST_NIGHT_VISIT_MS - 10 * MINUTE_MS - (pen.at + 90 * MINUTE_MS)
    turn_s = TURN_IN_BED_MS / SECOND_MS
    for visit in range(visits):
        at = begin + int(span * (visit + pen.rng.uniform(0.1, 0.9)) / visits)
        pen.until(at, BED, turn_s)
        pen.minutes(3, 7, "bathroom", 25)
    pen.until(wake, BED, turn_s)


def interrupted(plan: Iterable[Stay], instead: Sequence[Stay]) -> Iterator[Stay]:
    """``plan`` with what the person does between the first start and the last end of ``instead`` written over."""
    start, end = instead[0].start, instead[-1].until
    told = False
    for stay in plan:
        if stay.start < start:
            yield stay._replace(until=min(stay.until, start))
        if stay.until >= start and not told:
            told = True
            yield from instead
        if stay.until > end:
            yield stay._replace(start=max(stay.start, end))


def acts(plan: Iterable[Stay], rng: Random) -> Iterator[Act]:
    """What the sensors could notice of ``plan``, in order of time."""
    here: str | None = None
    for stay in plan:
        found = list(_walk(here, stay, rng))
        at = found[-1].at if found else stay.start
        while stay.pace_ms:
            at = Instant(at + max(SECOND_MS, int(rng.expovariate(1 / stay.pace_ms))))
            if at >= stay.until:
                break
            found.append(Act(at, "bedroom" if stay.place == BED else stay.place))
        span = stay.until - stay.start - WALK_MS - FRIDGE_OPEN_MS
        for nth in range(stay.fridge if span > 0 else 0):
            opened = stay.start + WALK_MS + int(span * (nth + rng.random()) / stay.fridge)
            closed = min(opened + int(rng.uniform(0.2, 1) * FRIDGE_OPEN_MS), stay.until - 1)
            found += [Act(Instant(opened), "fridge", 1), Act(Instant(closed), "fridge", 0)]
        yield from sorted(found, key=lambda act: act.at)
        here = stay.place


def _walk(here: str | None, stay: Stay, rng: Random) -> Iterator[Act]:
    """From ``here`` (None: the story begins, in bed if that is where it begins) through the hall to the new place."""
    if here is None:
        if stay.place == BED:
            yield Act(stay.start, BED, 1)
        return
    if here == stay.place:
        return
    steps: list[tuple[str, int]] = []
    if here == BED:
        steps += [(BED, 0), ("bedroom", 1)]
    elif here == OUT:
        steps += [("entrance", 1), ("hall", 1), ("entrance", 0)]
    room = {BED: "bedroom", OUT: "hall"}
    if room.get(here, here) != room.get(stay.place, stay.place):
        steps += [(room.get(here, here), 1), ("hall", 1)]
    if stay.place == OUT:
        steps += [("hall", 1), ("entrance", 1), ("entrance", 0)]
    else:
        steps += [(room.get(stay.place, stay.place), 1)] + ([(BED, 1)] if stay.place == BED else [])
    pressed = min(1.0, (stay.until - stay.start) / WALK_MS)
    after = 0.0
    for what, value in steps:
        yield Act(Instant(stay.start + int(after * pressed)), what, value)
        after += rng.uniform(2, 8) * SECOND_MS
