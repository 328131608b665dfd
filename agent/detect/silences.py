"""How long this home is usually silent, by where somebody was last heard and by time of day.

A cell is a place (a room, ``IN_BED``, ``AT_THE_DOOR``) and a part of the day of ``PART_MINUTES``. Each cell counts
its silences by length, in steps of the square root of two, and forgets a 28th of them a day. Its scale is the length
that two of a thousand silences exceed, with the population's silences in such a room at that hour mixed in as if
``PRIOR_SILENCES`` of them had been heard here. Silences below a minute are not counted: how often a sensor repeats
itself while somebody moves tells nothing about how long they rest.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Final, TypeVar, cast

from agent.detect.prior import EDGES_MS, ROW_TOTAL, TAILS
from agent.nouns import HOUR_MS, Home, Snapshot

SHORTEST_MS: Final = EDGES_MS[0]  # shorter silences are not counted
LONGEST_MS: Final = 12 * HOUR_MS  # longer ones are neither waited for nor learnt: contracts.md
PART_MINUTES: Final = 180
PARTS: Final = 24 * 60 // PART_MINUTES
UNIT: Final = 1_000  # what one silence counts; whole numbers, so that forgetting a 28th is exact everywhere
NEIGHBOUR: Final = 300  # what it counts in the parts of the day before and after: habits move by the hour
FORGET_DAYS: Final = 28
PRIOR_SILENCES: Final = 100
SCALE_PERMILLE: Final = 2  # of a cell's silences exceed its scale

IN_BED: Final = "in bed"  # no room can be called so: ids have no spaces
AT_THE_DOOR: Final = "at the door"  # whereabouts.doubt
_STEPS: Final = len(EDGES_MS)
Value = TypeVar("Value")


class Silences:
    """Counts and scales of every cell. A cell is ``place * PARTS + part of the day``."""

    def __init__(self, home: Home) -> None:
        kinds = {room.id: room.kind for room in home.rooms.values()} | {IN_BED: "bed", AT_THE_DOOR: "door"}
        self.places = {place: index for index, place in enumerate(kinds)}
        self._rows = [_row(kind, part) for kind in kinds.values() for part in range(PARTS)]
        self._counts: list[list[int] | None] = [None] * len(self._rows)  # None: nothing learnt here
        self.scale_ms = [self._scale(cell) for cell in range(len(self._rows))]

    def cell(self, place: str, minute_of_day: int) -> int:
        return self.places[place] * PARTS + minute_of_day // PART_MINUTES

    def learn(self, cell: int, silence_ms: int) -> None:
        """Count a silence from SHORTEST_MS to LONGEST_MS; the scale follows at the next ``forget``."""
        step = bisect_right(EDGES_MS, silence_ms) - 1
        place, part = divmod(cell, PARTS)
        self._count(cell, step, UNIT)
        self._count(place * PARTS + (part + 1) % PARTS, step, NEIGHBOUR)
        self._count(place * PARTS + (part - 1) % PARTS, step, NEIGHBOUR)

    def _count(self, cell: int, step: int, weight: int) -> None:
        counts = self._counts[cell]
        if counts is None:
            counts = self._counts[cell] = [0] * _STEPS
        counts[step] += weight

    def forget(self) -> None:
        """A day has passed: forget a 28th, and make the scales anew."""
        for cell, counts in enumerate(self._counts):
            if counts is None:
                continue
            for step, count in enumerate(counts):
                if count:
                    counts[step] = count - -(-count // FORGET_DAYS)
            if not any(counts):
                self._counts[cell] = None
            self.scale_ms[cell] = self._scale(cell)

    def longer_permille(self, cell: int, silence_ms: int) -> int:
        """The share of this cell's silences that last longer, rounded up: of what was counted and of the prior."""
        tails = self._tails(cell)
        step = bisect_right(EDGES_MS, silence_ms) - 1
        return -(-tails[max(step, 0)] * 1_000 // tails[0])

    def _tails(self, cell: int) -> list[int]:
        """For each edge the silences at least that long, own and prior, in UNIT x ROW_TOTAL; 0 at LONGEST_MS."""
        counts, row = self._counts[cell], self._rows[cell]
        tails = [0] * (_STEPS + 1)
        own = 0
        for step in range(_STEPS - 1, -1, -1):
            if counts is not None:
                own += counts[step]
            tails[step] = own * ROW_TOTAL + row[step] * PRIOR_SILENCES * UNIT
        return tails

    def _scale(self, cell: int) -> int:
        tails = self._tails(cell)
        wanted = tails[0] * SCALE_PERMILLE // 1_000
        step = next(step for step in range(1, _STEPS + 1) if tails[step] <= wanted)
        left, right = EDGES_MS[step - 1], EDGES_MS[step] if step < _STEPS else LONGEST_MS
        return left + (right - left) * (tails[step - 1] - wanted) // (tails[step - 1] - tails[step])

    def snapshot(self) -> Snapshot:
        """Counts by "place/part", and the scales, which are of the morning and not of now."""
        names = [f"{place}/{part}" for place in self.places for part in range(PARTS)]
        counts = {names[cell]: list(counts) for cell, counts in enumerate(self._counts) if counts is not None}
        scales = {names[cell]: self.scale_ms[cell] for cell, counts in enumerate(self._counts) if counts is not None}
        return {"counts": counts, "scales": scales}

    def restore(self, snapshot: Snapshot) -> None:
        """Take back what is of a room that the home still has."""
        for cell, counts in self._known(cast(dict[str, list[int]], snapshot["counts"]).items()):
            self._counts[cell] = list(counts)
        for cell, scale_ms in self._known(cast(dict[str, int], snapshot["scales"]).items()):
            self.scale_ms[cell] = scale_ms

    def _known(self, named: Iterable[tuple[str, Value]]) -> Iterable[tuple[int, Value]]:
        for name, value in named:
            place, _, part = name.rpartition("/")
            if place in self.places:
                yield self.places[place] * PARTS + int(part), value


def _row(kind: str, part: int) -> tuple[int, ...]:
    """The population's tail for a kind of room. No home of the population has a bed sensor: in bed, at whatever hour,
    is taken for the bedroom in the first hours of the night, until the home's own nights say better."""
    return TAILS["bedroom"][0] if kind == "bed" else TAILS[kind][part]
