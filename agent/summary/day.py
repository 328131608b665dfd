"""One day of a home as its family may read it: what was seen, against what is usual for this person.

    summarised(home, date, Past(readings, alerts, steps, off), now) -> Day

Pure. A ``Day`` holds what the page, the file and the terminal show, and each sentence with what supports it; words are
in words_en.toml. Consent has been asked before anything was counted (signs.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import Final, NamedTuple

from agent.measures import DAYS_LEAST
from agent.nouns import ACTIVITY, DAY_MS, SECOND_MS, Home, Instant, Reading, Step
from agent.summary.bounds import USUAL_DAYS
from agent.summary.counts import FIGURES, NOT_MEASURED, Counted, Evidence, counted
from agent.summary.observed import Said, dark, ill
from agent.summary.rooms import OUT, UNSEEN, Stay
from agent.summary.signs import HEARD, HIDDEN, Signs, rooms_hidden
from agent.summary.spans import Span, clipped, length_ms, without
from agent.summary.told import Asked, Incident, incidents, questions

READ: Final = HEARD | {"rest", "asked", "answered"}  # the quantities that a day is made of
TENTH: Final = 10  # of the days known, left out at either end: the rest is what is usual, and so are most days
LEAST_MINUTES: Final = 10  # a time of day or a length is as usual within so many of that


class Past(NamedTuple):
    """What a day is made of. ``readings`` in order of time, from ``bounds.first_needed`` on; ``said`` of any time;
    ``steps`` of the day and after; ``off``: when the hub did not run, the time before its first start included."""

    readings: Iterable[Reading]
    said: Sequence[Said]
    steps: Sequence[Step]
    off: Sequence[Span]


class Figure(NamedTuple):
    """``value`` None: not measured. A time is minutes after the midnight of the day before, a length minutes.

    ``usual``: from and to, as this person's days were; None: too few are known. ``whole``: the time that it is of is
    over and was observed, else it is held against nothing. ``partly``: as ``Counted.partly``.
    """

    name: str
    value: int | None
    usual: tuple[int, int] | None
    days: int  # from which usual is known
    whole: bool
    partly: str
    evidence: tuple[Evidence, ...]

    @property
    def form(self) -> str:
        return FIGURES[self.name]

    @property
    def as_usual(self) -> tuple[int, int] | None:
        """From and to, what is taken to be as usual: of a time or a length LEAST_MINUTES on either side as well."""
        near = 0 if self.form == "count" else LEAST_MINUTES
        return None if self.usual is None else (max(0, self.usual[0] - near), self.usual[1] + near)

    def compared(self) -> str:
        """usual, less or more (of a time: earlier or later); "" where nothing is claimed."""
        if self.value is None or self.as_usual is None or not self.whole:
            return ""
        low, high = self.as_usual
        return "less" if self.value < low else "more" if self.value > high else "usual"


class Night(NamedTuple):
    """One of the last nights, named by the date on which it ended; for the strip."""

    number: int
    beds: tuple[Span, ...]
    quiet: int | None  # as figures have them
    up: int | None
    dark: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """``since`` to ``until``: the civil day, or what has passed of it. ``dark`` begins with the night before it."""

    number: int  # the local date, days since 1970-01-01
    timezone: str
    alone: bool  # one person lives there
    bathroom_hidden: bool
    since: Instant
    until: Instant
    over: bool
    night: Span  # from noon to noon
    plan: tuple[int, int]  # the night by the care plan, minutes of the wall clock
    observed_permille: int
    began: Instant | None  # the hub's first start; None: it is not known
    dark: tuple[Span, ...]
    unseen_rooms: Mapping[str, tuple[Span, ...]]  # and when a sensor there was not to be relied on
    figures: Mapping[str, Figure]  # all of FIGURES, in that order
    stays: tuple[Stay, ...]
    beds: tuple[Span, ...]
    has_bed: bool
    has_entrance: bool
    doors: tuple[Reading, ...]
    rooms: tuple[tuple[str, int], ...]  # minutes last seen in each, the longest first; of the daytime
    room_of: Mapping[str, str]  # of each sensor that may be shown
    names: Mapping[str, str]  # of each room that may be shown
    seen_rooms: frozenset[str]  # those of them that something sees
    asked: tuple[Asked, ...]
    incidents: tuple[Incident, ...]
    nights: tuple[Night, ...]  # oldest first, this one last


def summarised(home: Home, number: int, past: Past, now: Instant) -> Day:
    """The day of that date; what is later than ``now`` is not known yet."""
    return Days(home, past, now).day(number)


class Days:
    """Several days of one past: each is counted once, however often it is a part of what is usual.

    The past must go back to ``first_needed`` of the earliest that is asked for; or, for whoever keeps what ``count``
    gave (``known``, by date; of days that are over), to the noon before the earliest that is not among those.
    """

    def __init__(
        self, home: Home, past: Past, now: Instant, known: Mapping[int, Counted] = MappingProxyType({})
    ) -> None:
        self._home, self._said, self._steps, self._now = home, past.said, past.steps, now
        self._asked: list[Reading] = []
        self._rests: list[Span] = []
        self._ill = ill(past.said, home, now)
        carried = known[max(known)].carried if known else ()
        self._signs = Signs(home, self._kept(chain(carried, past.readings)), self._ill)
        self._dark = dark(past.said, [*past.off, *self._rests], now)
        self._began = next((one.until for one in past.off if one.since < DAY_MS), None)
        self._counted = dict(known)

    def _kept(self, readings: Iterable[Reading]) -> Iterable[Reading]:
        """All but what was heard while a person had asked for rest."""
        rest_until = Instant(0)
        for reading in readings:
            at, _, quantity, value = reading
            if quantity == "rest":
                if self._rests and at < rest_until:
                    self._rests[-1] = self._rests[-1]._replace(until=at)
                rest_until = Instant(at + value * SECOND_MS)
                self._rests.append(Span(at, rest_until))
            elif quantity in ("asked", "answered"):
                self._asked.append(reading)
            elif at >= rest_until:
                yield reading

    def count(self, number: int) -> Counted:
        found = self._counted.get(number)
        if found is None:
            found = counted(self._home, number, self._signs, self._dark, self._ill, self._now, self._rests)
            self._counted[number] = found
        return found

    def day(self, number: int) -> Day:
        home, count = self._home, self.count(number)
        before = [self.count(number - ago) for ago in range(USUAL_DAYS, 0, -1)]
        bounds, until = count.bounds, max(count.bounds.midnight, count.until)
        within = Span(bounds.midnight, until)
        told = Span(bounds.midnight, min(bounds.until, Instant(until + 1)))  # what was just told is known already
        said = [one for one in self._said if told.since <= one.at < told.until]
        hidden = rooms_hidden(home)
        return Day(
            number=number,
            timezone=home.timezone,
            alone=home.residents == 1,
            bathroom_hidden=bool(hidden),
            since=within.since,
            until=within.until,
            over=count.until >= bounds.until,
            night=bounds.before,
            plan=home.care.night,
            observed_permille=count.observed_permille(bounds.day),
            began=self._began,
            dark=count.dark,
            unseen_rooms=count.unseen_rooms,
            figures={name: _figure(name, count, before) for name in FIGURES},
            stays=count.stays,
            beds=_seen_in_bed(count),
            has_bed=any(count.counts[name].value is not None for name in ("in_bed", "to_bed")),
            has_entrance=any(sensor.role == "entrance" for sensor in home.sensors.values()),
            doors=count.doors,
            rooms=_by_room(count, Span(bounds.morning, min(bounds.bedtime, until))),
            room_of={sensor.id: sensor.room for sensor in home.sensors.values() if sensor.room not in hidden},
            names={room.id: room.name for room in home.rooms.values() if room.id not in hidden},
            seen_rooms=frozenset(sensor.room for sensor in home.sensors.values() if sensor.kind in ACTIVITY) - hidden,
            asked=tuple(questions(one for one in self._asked if told.since <= one.at < told.until)),
            incidents=tuple(incidents(said, self._steps)),
            nights=tuple(_night(one) for one in [*before, count]),
        )


def _figure(name: str, count: Counted, before: Sequence[Counted]) -> Figure:
    value, evidence = count.counts.get(name, NOT_MEASURED)
    known = sorted(
        each.counts[name].value or 0
        for each in before
        if each.comparable(name) and each.counts.get(name, NOT_MEASURED).value is not None
    )
    usual = None
    if len(known) >= DAYS_LEAST:
        cut = len(known) // TENTH
        usual = known[cut], known[-1 - cut]
    return Figure(name, value, usual, len(known), count.comparable(name), count.partly(name), evidence)


def _by_room(count: Counted, daytime: Span) -> tuple[tuple[str, int], ...]:
    found: dict[str, int] = {}
    for since, until, place in count.stays:
        if place not in (OUT, UNSEEN, HIDDEN):
            found[place] = found.get(place, 0) + length_ms(clipped([Span(since, until)], daytime))
    return tuple(sorted(((room, ms // 60_000) for room, ms in found.items()), key=lambda one: (-one[1], one[0])))


def _night(count: Counted) -> Night:
    window = count.bounds.before
    quiet, up = (count.counts.get(name, NOT_MEASURED).value for name in ("quiet", "up"))
    return Night(count.bounds.number, clipped(_seen_in_bed(count), window), quiet, up, clipped(count.dark, window))


def _seen_in_bed(count: Counted) -> tuple[Span, ...]:
    """What nobody saw is no time in bed, though the bed said the same before it and after it."""
    return tuple(part for span in count.beds for part in without(span, count.missed("in_bed")))
