"""How this home's silences end against what the fall model says: factors on its hazards, kept up once a day.

Each partition tells silences apart by something (nothing; place and night; how long the stay was), each band is a range
of lengths. A factor is what was seen over what the model meant, with K silences of agreement mixed in; each partition
corrects what the ones before it left. Only silences that outlast the least wait are counted, from there on: shorter
ones decide nothing. A tenth is forgotten a day. What today teaches counts from tomorrow.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, cast

from agent.detect.bins import BINS, EDGES_MS, LONGEST_MS
from agent.detect.hazard import FACTOR_UNIT, LEAST_WAIT_MS, MILLION
from agent.detect.places import PLACES
from agent.nouns import Snapshot

BANDS: Final = (0, 4, 8, 11, 14, 17)  # first bins
BAND_OF: Final = tuple(bisect_right(BANDS, each) - 1 for each in range(BINS))
STAYS: Final = (1, 12, 24)  # steps of a stay
NIGHT: Final = (22 * 60, 7 * 60)  # minutes of the day
SIZES: Final = (1, 2 * len(PLACES), len(STAYS) + 1)  # cells of each partition
K: Final = (60, 40, 40)  # silences
KEEP_DAYS: Final = 10
Cells = tuple[int, ...]


def cells(place: int, minute_of_day: int, stay: int) -> Cells:
    """Where a silence belongs in each partition; ``stay`` in steps."""
    night = minute_of_day >= NIGHT[0] or minute_of_day < NIGHT[1]
    return (0, 2 * place + night, bisect_right(STAYS, stay))


class Recalibration:
    """``factors`` by band in 1/FACTOR_UNIT. Seen and meant are counted in millionths of a silence."""

    def __init__(self) -> None:
        self._seen = _zeros()
        self._meant = _zeros()
        self._today: list[tuple[Cells, list[int], int]] = []  # cells, meant by band, band it ended in (-1: none)

    def factors(self, here: Cells) -> list[int]:
        """Those of this morning: what is put aside today is not in them."""
        found = [FACTOR_UNIT] * len(BANDS)
        for partition, cell in enumerate(here):
            own = self._own(partition, cell)
            found = [have * factor // FACTOR_UNIT for have, factor in zip(found, own, strict=True)]
        return found

    def _own(self, partition: int, cell: int) -> list[int]:
        weight = K[partition] * MILLION
        rows = zip(self._seen[partition][cell], self._meant[partition][cell], strict=True)
        return [(seen + weight) * FACTOR_UNIT // (meant + weight) for seen, meant in rows]

    def learn(self, here: Cells, hazard: Sequence[int], silence_ms: int) -> None:
        """A silence at ``here`` of LEAST_WAIT_MS and more that was observed throughout; ``hazard`` is the model's own,
        not yet corrected."""
        meant = [0] * len(BANDS)
        for each in range(BINS):
            if EDGES_MS[each] >= silence_ms:
                break
            meant[BAND_OF[each]] += _passed(each, hazard[each], silence_ms)
        last = bisect_right(EDGES_MS, silence_ms) - 1
        self._today.append((here, meant, BAND_OF[last] if silence_ms < LONGEST_MS else -1))

    def turn(self) -> None:
        """A new day: what was put aside is learnt, after a tenth of the old is forgotten."""
        told = [(here, meant, band, self._corrections(here)) for here, meant, band in self._today]
        for table in (*self._seen, *self._meant):
            for cell, row in enumerate(table):
                table[cell] = [value - -(-value // KEEP_DAYS) for value in row]
        for here, meant, band, corrections in told:
            for partition, cell in enumerate(here):
                row = self._meant[partition][cell]
                for each, (value, factor) in enumerate(zip(meant, corrections[partition], strict=True)):
                    row[each] += value * factor // FACTOR_UNIT
                if band >= 0:
                    self._seen[partition][cell][band] += MILLION
        self._today = []

    def _corrections(self, here: Cells) -> list[list[int]]:
        """For each partition, what the ones before it make of the hazards."""
        found, before = [], [FACTOR_UNIT] * len(BANDS)
        for partition, cell in enumerate(here):
            found.append(before)
            own = self._own(partition, cell)
            before = [have * factor // FACTOR_UNIT for have, factor in zip(before, own, strict=True)]
        return found

    def snapshot(self) -> Snapshot:
        return {"seen": self._seen, "meant": self._meant, "today": [list(each) for each in self._today]}

    def restore(self, snapshot: Snapshot) -> None:
        self._seen = _copied(cast(list[list[list[int]]], snapshot["seen"]))
        self._meant = _copied(cast(list[list[list[int]]], snapshot["meant"]))
        today = cast(list[tuple[list[int], list[int], int]], snapshot["today"])
        self._today = [(tuple(here), list(meant), band) for here, meant, band in today]


def corrected(hazard: Sequence[int], factors: Sequence[int]) -> list[int]:
    return [value * factors[band] // FACTOR_UNIT for value, band in zip(hazard, BAND_OF, strict=True)]


def _passed(each: int, hazard: int, silence_ms: int) -> int:
    """How much of a bin's hazard a silence has passed beyond the least wait; straight within the bin."""
    left, right = EDGES_MS[each], EDGES_MS[each + 1]
    begin = max(left, LEAST_WAIT_MS)
    end = min(right, silence_ms)
    return hazard * (end - begin) // (right - left) if end > begin else 0


def _zeros() -> list[list[list[int]]]:
    return [[[0] * len(BANDS) for _ in range(size)] for size in SIZES]


def _copied(tables: list[list[list[int]]]) -> list[list[list[int]]]:
    return [[list(row) for row in table] for table in tables]
