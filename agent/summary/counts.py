"""One day of a home counted: each figure with what it was counted from.

None is not measured: the home has nothing to measure it with, or it could not be believed, or most of the time was not
observed. 0 is measured, and none.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final, NamedTuple

from agent.civil import Wall
from agent.nouns import MINUTE_MS, SECOND_MS, Home, Instant, Reading
from agent.summary.bounds import Bounds, bounds_of, wall_minute
from agent.summary.night import in_bed, of_the_night, out_of_bed
from agent.summary.observed import unseen
from agent.summary.rooms import Outing, Stay, openings, outings, stays, visits
from agent.summary.signs import Sign, Signs, bed_of, rooms_hidden
from agent.summary.spans import Span, clipped, length_ms, merged, without

Evidence = Reading | Span

# Each figure, and what its number is: a time of day, minutes, or how many.
FIGURES: Final = {
    "up": "time", "to_bed": "time", "in_bed": "length", "bed_outs": "count", "bed_out": "length",
    "restless": "length", "quiet": "time", "night_moves": "count", "kitchen": "count", "fridge": "count",
    "outings": "count", "away": "length", "bathroom_night": "count", "bathroom_day": "count", "company": "count",
}  # fmt: skip
OF_THE_NIGHT: Final = frozenset(
    {"up", "to_bed", "in_bed", "bed_outs", "bed_out", "restless", "quiet", "night_moves", "bathroom_night"}
)
PLANNED_NIGHT: Final = frozenset({"night_moves", "bathroom_night"})  # counted between bedtime and morning, no longer
OF_THE_BED: Final = frozenset({"to_bed", "in_bed", "bed_outs", "bed_out", "restless"})  # from the evening on
PLANNED_DAY: Final = frozenset({"bathroom_day"})
UNSEEN_PERMILLE: Final = 100  # a sensor not believed for more of the time leaves its figures out
WHOLE_PERMILLE: Final = 900  # what was seen less is a figure, but is held against nothing
HALF_PERMILLE: Final = 500  # what was seen less is none
DARK_MS: Final = 15 * MINUTE_MS  # unobserved for longer just before the first sign, or after the last: it was not that


class Count(NamedTuple):
    value: int | None
    evidence: tuple[Evidence, ...] = ()


NOT_MEASURED: Final = Count(None)


@dataclass(frozen=True, slots=True)
class Counted:
    """``until``: what came later is not known yet (a day that is running). ``dark``: from noon to the day's end."""

    bounds: Bounds
    until: Instant
    dark: tuple[Span, ...]
    counts: Mapping[str, Count]
    stays: tuple[Stay, ...]
    beds: tuple[Span, ...]
    doors: tuple[Reading, ...]  # entrances opened
    unseen_rooms: Mapping[str, tuple[Span, ...]]  # that a sensor which was not believed left out of sight, and when
    carried: tuple[Reading, ...]  # how bed, company and a rest stood at noon: where the next day goes on from
    unbelieved: Mapping[str, tuple[Span, ...]]  # for a figure, when a sensor that it rests on was not believed

    def observed_permille(self, window: Span) -> int:
        until = min(window.until, self.until)
        length = max(1, until - window.since)
        return 1_000 - length_ms(clipped(self.dark, Span(window.since, until))) * 1_000 // length

    def window_of(self, figure: str) -> Span:
        """When it is counted: that much must have been observed, however much of the rest was."""
        bounds = self.bounds
        if figure in PLANNED_NIGHT:
            return Span(bounds.night, bounds.morning)
        if figure in PLANNED_DAY:
            return Span(bounds.morning, bounds.bedtime)
        if figure in OF_THE_BED:
            return Span(bounds.evening, bounds.noon)
        return bounds.before if figure in OF_THE_NIGHT else bounds.day

    def missed(self, figure: str) -> tuple[Span, ...]:
        """When the home was not observed, or a sensor on which the figure rests was not believed."""
        return merged([*self.dark, *self.unbelieved.get(figure, ())])

    def partly(self, figure: str) -> str:
        """What a figure of none must be told with: "believed", only while its sensors were; "observed", only while the
        home was; or "so_far"; whole: nothing."""
        window = self.window_of(figure)
        dark = length_ms(clipped(self.dark, window))
        missed = length_ms(clipped(self.missed(figure), window))
        if missed > DARK_MS:
            return "believed" if missed - dark > DARK_MS else "observed"
        return "so_far" if self.until < window.until else "whole"

    def comparable(self, figure: str) -> bool:
        """Whether its time is over and was observed."""
        window = self.window_of(figure)
        return self.until >= window.until and self.observed_permille(window) >= WHOLE_PERMILLE


def counted(
    home: Home,
    number: int,
    signs: Signs,
    dark: Sequence[Span],
    ill: Mapping[str, Sequence[Span]],
    until: Instant,
    rests: Sequence[Span] = (),
) -> Counted:
    """The day of that date. ``signs`` begin at the noon before it or sooner; ``dark`` as ``merged`` gives it.

    A person's rest is dark, too, and leaves the figures of its day or night out.
    """
    bounds = bounds_of(home, number)
    until = min(until, bounds.until)
    whole = Span(bounds.since, until)
    holes = clipped(dark, whole)
    heard = signs.within(whole)
    lain = clipped(in_bed((one for one in signs.bed if one.at < until), until), whole)
    beds = tuple(part for span in lain for part in without(span, merged(rests)))
    out = outings(heard, beds, holes, until)
    needs = needed(home)
    broken = {name: found for name, sensors in needs.items() if (found := _together(ill, sensors, whole))}
    stayed = stays(heard, out, holes, Span(bounds.midnight, until))
    bare = Counted(bounds, until, holes, {}, stayed, beds, (), {}, (), broken)
    windows = {bare.window_of(name) for name in FIGURES}
    lost = {window: unseen(ill, _until(window, until), UNSEEN_PERMILLE) for window in windows}
    counts: dict[str, Count] = {}
    for name, count in _counts(home, bare, signs, heard, out):
        window = bare.window_of(name)
        measured = name in needs and needs[name].isdisjoint(lost[window])
        seen = bare.observed_permille(window) >= HALF_PERMILLE and until > window.since
        rested = clipped(rests, bounds.before if name in OF_THE_NIGHT else bounds.day)
        counts[name] = count if measured and seen and not rested else NOT_MEASURED
    doors = tuple(s.reading for s in heard if s.entrance and s.reading and s.reading.value and s.at >= bounds.midnight)
    rooms = _unseen_rooms(home, ill, frozenset().union(*lost.values()), whole)
    carried = _carried(signs, bounds.noon, rests)
    return replace(bare, counts=counts, doors=doors, unseen_rooms=rooms, carried=carried)


def _unseen_rooms(
    home: Home, ill: Mapping[str, Sequence[Span]], lost: frozenset[str], whole: Span
) -> Mapping[str, tuple[Span, ...]]:
    rooms = sorted({home.sensors[sensor].room for sensor in lost} - rooms_hidden(home))
    return {room: _together(ill, (id for id in lost if home.sensors[id].room == room), whole) for room in rooms}


def _together(ill: Mapping[str, Sequence[Span]], sensors: Iterable[str], whole: Span) -> tuple[Span, ...]:
    """When one or more of them were not believed."""
    return clipped(merged(chain.from_iterable(ill.get(sensor, ()) for sensor in sensors)), whole)


def _carried(signs: Signs, noon: Instant, rests: Sequence[Span]) -> tuple[Reading, ...]:
    lasts = [next((one for one in reversed(told) if one.at < noon), None) for told in (signs.bed, signs.people)]
    found = [one for one in lasts if one is not None]
    found += [Reading(a, "care", "rest", (b - a) // SECOND_MS) for a, b in rests if a < noon < b]
    return tuple(sorted(found))


def _until(window: Span, until: Instant) -> Span:
    return Span(window.since, max(window.since, min(window.until, until)))


def needed(home: Home) -> Mapping[str, frozenset[str]]:
    """For each figure that this home has: the sensors without which it says nothing."""
    kinds = {room.id: room.kind for room in home.rooms.values()}
    hidden = rooms_hidden(home)
    sensors = [sensor for sensor in home.sensors.values() if sensor.room not in hidden]
    walks = [s for s in sensors if s.kind in ("motion", "presence", "vibration")]
    awake = frozenset(s.id for s in walks if kinds[s.room] not in ("bedroom", "bathroom"))
    bed = bed_of(home)
    found = {
        "up": awake,
        "quiet": awake,
        "night_moves": frozenset(s.id for s in walks),
        "kitchen": frozenset(s.id for s in walks if kinds[s.room] == "kitchen"),
        "fridge": frozenset(s.id for s in sensors if s.role == "fridge"),
        "outings": frozenset(s.id for s in sensors if s.kind == "door" and s.role == "entrance"),
        "bathroom_night": frozenset(s.id for s in walks if kinds[s.room] == "bathroom"),
    }
    found["away"], found["bathroom_day"] = found["outings"], found["bathroom_night"]
    of_bed = frozenset({bed} if bed is not None else ())
    found |= dict.fromkeys(("to_bed", "in_bed", "bed_outs", "bed_out", "restless"), of_bed)
    if home.residents == 1:  # and a dead sensor is passed unseen, which looks like a second person
        found["company"] = frozenset(s.id for s in home.sensors.values() if s.kind in ("motion", "presence"))
    return {name: needs for name, needs in found.items() if needs}


def _counts(
    home: Home, day: Counted, signs: Signs, heard: Sequence[Sign], out: Sequence[Outing]
) -> Iterator[tuple[str, Count]]:
    """Every figure, as if all of it had been measured."""
    bounds, until = day.bounds, day.until
    kinds = {room.id: room.kind for room in home.rooms.values()}
    night = of_the_night(day.beds, bounds)
    yield from _of_the_bed(home, day, night, signs)
    yield from _edges(home, day, night, heard)
    by_minute = {sign.at // MINUTE_MS: sign.reading for sign in reversed(heard) if _moved(sign, bounds)}
    moved = sorted(reading for reading in by_minute.values() if reading is not None)
    yield "night_moves", Count(len(moved), tuple(moved))
    fridges = frozenset(s.id for s in home.sensors.values() if s.role == "fridge")
    yield "fridge", _many(openings(heard, fridges, bounds.midnight))
    of_kind = {kind: frozenset(r for r in kinds if kinds[r] == kind) for kind in ("kitchen", "bathroom")}
    yield "kitchen", _many(visits(heard, of_kind["kitchen"], bounds.midnight))
    bathroom = visits(heard, of_kind["bathroom"], bounds.since)
    by_night = [one for one in bathroom if bounds.night <= one.at < bounds.morning]
    yield "bathroom_night", _many(by_night)
    yield "bathroom_day", _many([one for one in bathroom if bounds.morning <= one.at < bounds.bedtime])
    gone = merged(clipped((one.span for one in out), bounds.day))
    yield "outings", Count(len(gone), gone)
    yield "away", Count(length_ms(gone) // MINUTE_MS, gone)
    yield "company", _company(signs, Span(bounds.midnight, until), day.dark)


def _moved(sign: Sign, bounds: Bounds) -> bool:
    return sign.reading is not None and not sign.entrance and bounds.night <= sign.at < bounds.morning


def _many(readings: Sequence[Reading]) -> Count:
    return Count(len(readings), tuple(readings))


def _of_the_bed(home: Home, day: Counted, night: tuple[Span, ...], signs: Signs) -> Iterator[tuple[str, Count]]:
    wall, bounds, missed = Wall(home.timezone), day.bounds, day.missed("in_bed")
    outs = out_of_bed(night)
    began = bool(night) and not _after(missed, night[0].since)
    yield "to_bed", Count(wall_minute(wall, bounds, night[0].since), night[:1]) if began else NOT_MEASURED
    lain = Span(night[0].since, night[-1].until) if night else Span(bounds.evening, min(bounds.noon, day.until))
    seen = not _between(missed, *lain) and began == bool(night)  # left unseen is not the same as not left
    told = bool(signs.bed) and signs.bed[0].at < min(bounds.noon, day.until)  # a new bed says nothing at first
    yield "in_bed", Count(length_ms(night) // MINUTE_MS, night) if told and seen else NOT_MEASURED
    yield "bed_outs", Count(len(outs), outs) if night and seen else NOT_MEASURED
    yield "bed_out", Count(length_ms(outs) // MINUTE_MS, outs) if night and seen else NOT_MEASURED
    moved = [one for one in signs.restless if night and seen and night[0].since < one.at <= night[-1].until]
    yield "restless", Count(sum(one.value for one in moved) // 60, tuple(moved)) if moved else NOT_MEASURED


def _edges(home: Home, day: Counted, night: tuple[Span, ...], heard: Sequence[Sign]) -> Iterator[tuple[str, Count]]:
    """The first sign of the day and the last before the night: outside of bedroom and bathroom."""
    wall, bounds = Wall(home.timezone), day.bounds
    awake = {room.id for room in home.rooms.values() if room.kind not in ("bedroom", "bathroom")}
    heard = [sign for sign in heard if sign.room in awake and not sign.entrance]
    first = next((s.reading for s in heard if bounds.up_from <= s.at < bounds.noon), None)
    last = next((s.reading for s in reversed(heard) if s.at < bounds.up_from), None)
    up: Count = NOT_MEASURED
    missed = day.missed("up")  # which quiet rests on too; the bed is another sensor
    left = night[-1].until if night and not _after(day.missed("in_bed"), night[-1].until) else bounds.noon
    if bounds.up_from <= left < min(bounds.noon, day.until):
        up = Count(wall_minute(wall, bounds, left), (night[-1],))
    elif first is not None and not _between(missed, bounds.up_from, first.at):
        up = Count(wall_minute(wall, bounds, first.at), (first,))
    yield "up", up
    known = last is not None and day.until > bounds.up_from and not _between(missed, last.at, bounds.up_from)
    yield "quiet", Count(wall_minute(wall, bounds, last.at), (last,)) if known and last is not None else NOT_MEASURED


def _between(missed: Sequence[Span], since: Instant, until: Instant) -> bool:
    return length_ms(clipped(missed, Span(since, until))) > DARK_MS


def _after(missed: Sequence[Span], at: Instant) -> bool:
    """What is heard first after a long time unobserved may have been so for long."""
    return any(b - a > DARK_MS and a < at < b + DARK_MS for a, b in missed)


def _company(signs: Signs, window: Span, dark: Sequence[Span]) -> Count:
    """When it first looked like more than one person, each time; the hub says so as it finds it (docs/company.md). For
    how long somebody stayed it cannot say."""
    found: list[Evidence] = []
    before = 0
    for at, _, _, people in signs.people:
        if at >= window.until:
            break
        if people > 1 >= before and at >= window.since and not any(a <= at < b for a, b in dark):
            found.append(Span(at, at))
        before = people
    return Count(len(found), tuple(found)) if before else NOT_MEASURED
