"""What a family's summary is made of: signs of life, by room, without what the resident keeps to themselves.

Unless home.toml says otherwise ([consent] bathroom_detail_to_family), the bathroom has no name here: a sign of life
from there is one of somebody at home (room ``HIDDEN``, no reading kept). Nothing that comes later can tell it, for it
was never told.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from agent.nouns import ACTIVITY, Home, Instant, Reading
from agent.summary.spans import Span

HIDDEN: Final = ""  # in place of a room: somewhere at home
IN_BED: Final = frozenset({"bed", "bed_level"})
HEARD: Final = ACTIVITY | IN_BED | {"restless", "people"}


class Sign(NamedTuple):
    """Somebody was there. ``reading`` None: it is not to be shown. A button is carried about: it has no room."""

    at: Instant
    room: str
    reading: Reading | None
    entrance: bool


class Signs:
    """Signs of life of some weeks, in order of time; ``beds`` and ``people`` as they were read."""

    def __init__(self, home: Home, readings: Iterable[Reading], ill: Mapping[str, Sequence[Span]]) -> None:
        """``ill``: for each sensor the stretches in which it could not be believed; what it said then is left out."""
        hidden = rooms_hidden(home)
        places: dict[str, tuple[str, bool]] = {}
        for known in home.sensors.values():
            kept = known.room not in hidden and known.kind != "button"
            places[known.id] = (known.room if kept else HIDDEN, known.role == "entrance" and known.kind == "door")
        self.all: list[Sign] = []
        self.bed: list[Reading] = []
        self.restless: list[Reading] = []
        self.people: list[Reading] = []
        bed = bed_of(home)
        for reading in readings:
            at, sensor, quantity, value = reading
            if quantity not in HEARD:
                continue
            if quantity == "people":
                self.people.append(reading)
            elif (place := places.get(sensor)) is None or (sensor in ill and _within(at, ill[sensor])):
                continue
            elif quantity == "restless":
                if sensor == bed:
                    self.restless.append(reading)
            else:
                if sensor == bed and quantity in IN_BED:
                    self.bed.append(reading)
                if quantity != "bed_level" and (value or quantity == "door" or quantity == "bed"):
                    room, entrance = place
                    self.all.append(Sign(at, room, reading if room else None, entrance))
        self._ats = [sign.at for sign in self.all]

    def within(self, span: Span) -> list[Sign]:
        return self.all[bisect_left(self._ats, span.since) : bisect_left(self._ats, span.until)]


def rooms_hidden(home: Home) -> frozenset[str]:
    """The rooms of which the family is told nothing."""
    if home.consent.bathroom_detail_to_family:
        return frozenset()
    return frozenset(room.id for room in home.rooms.values() if room.kind == "bathroom")


def bed_of(home: Home) -> str | None:
    """The bed whose nights are told: the first, where there are several."""
    return min((sensor.id for sensor in home.sensors.values() if sensor.kind == "bed"), default=None)


def _within(at: Instant, spans: Sequence[Span]) -> bool:
    return any(span.since <= at < span.until for span in spans)
