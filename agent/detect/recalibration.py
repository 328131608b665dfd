"""How this home's silences end against what the fall model says: factors on its hazards, kept up once a day.

Each partition tells silences apart by something (nothing; place and night; how long the stay was), each band is a range
of lengths. A factor is what was seen over what the model meant, with K silences of agreement mixed in; each partition
corrects what the ones before it left. The last correction tells no silences apart but the clock at which they would
end: a home gets up, eats and is visited at its own hours, whenever it fell silent, and the model knows them roughly.

Only silences that outlast the least wait are counted, from there on: shorter ones decide nothing. What today teaches
counts from tomorrow.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple, cast

from agent.detect.bins import DAY_MS, LONGEST_MS, MINUTE_MS
from agent.detect.hazard import FACTOR_UNIT, GRID, MILLION, WAITS_MS
from agent.detect.places import PLACES
from agent.nouns import Snapshot

BANDS: Final = (0, 4, 8, 11, 14, 17)  # first bins
STAYS: Final = (1, 12, 24)  # steps of a stay
NIGHT: Final = (22 * 60, 7 * 60)  # minutes of the day
SIZES: Final = (1, 2 * len(PLACES), len(STAYS) + 1)  # cells of each partition
K: Final = (60, 40, 40)  # silences
KEEP_DAYS: Final = 10  # a tenth is forgotten a day
SLOTS: Final = 48  # half hours of the clock
SLOT_MS: Final = DAY_MS // SLOTS
CLOCK_BANDS: Final = (0, 11)  # first bins: what ends within half an hour, and what is longer
CLOCK_K: Final = 40  # silences
CLOCK_KEEP_DAYS: Final = 28  # a 28th is forgotten a day, as of every habit: an hour comes round once a day
QUARTER_MS: Final = 15 * MINUTE_MS
# Of each stretch from the least wait on: its band; and for each quarter hour of the clock in which a silence may begin,
# the band of CLOCK_BANDS x SLOTS + the half hour in which the middle of that stretch falls
_BAND: Final = bytes(bisect_right(BANDS, each) - 1 for _, each, _ in GRID[:-1])
_MIDDLES_MS: Final = [(left + right) // 2 for left, right in pairwise(WAITS_MS)]
_LONGER: Final = [SLOTS * (bisect_right(CLOCK_BANDS, each) - 1) for _, each, _ in GRID[:-1]]
_CLOCK: Final = tuple(
    bytes(
        longer + (quarter * QUARTER_MS + QUARTER_MS // 2 + middle_ms) // SLOT_MS % SLOTS
        for longer, middle_ms in zip(_LONGER, _MIDDLES_MS, strict=True)
    )
    for quarter in range(DAY_MS // QUARTER_MS)
)


class Where(NamedTuple):
    """Where a silence belongs: its cell in each partition but the first, which has one; when it began."""

    place_and_night: int
    stay: int
    quarter: int  # hour of the clock

    def cells(self) -> tuple[int, ...]:
        return (0, self.place_and_night, self.stay)

    def night(self) -> bool:
        return self.place_and_night % 2 == 1


def where(place: int, minute_of_day: int, stay: int) -> Where:
    """``stay`` in steps."""
    night = minute_of_day >= NIGHT[0] or minute_of_day < NIGHT[1]
    return Where(2 * place + night, bisect_right(STAYS, stay), minute_of_day * MINUTE_MS // QUARTER_MS)


class Recalibration:
    """Factors are in 1/FACTOR_UNIT. Seen and meant are counted in millionths of a silence."""

    def __init__(self) -> None:
        self._seen = _zeros()
        self._meant = _zeros()
        self._clock_seen = [0] * (len(CLOCK_BANDS) * SLOTS)
        self._clock_meant = [0] * (len(CLOCK_BANDS) * SLOTS)
        self._clock = [FACTOR_UNIT] * len(self._clock_seen)  # of this morning
        self._today: list[tuple[Where, list[int], bool]] = []  # meant by stretch until its end, whether it ended there

    def factors(self, here: Where) -> list[int]:
        """By stretch from the least wait on, those of this morning: what is put aside today is not in them."""
        levels = self._levels(here)[-1]
        clock = self._clock
        return [
            levels[band] * clock[slot] // FACTOR_UNIT for band, slot in zip(_BAND, _CLOCK[here.quarter], strict=True)
        ]

    def _levels(self, here: Where) -> list[list[int]]:
        """By band: what the partitions before each make of the hazards, then what all of them do."""
        found = [[FACTOR_UNIT] * len(BANDS)]
        for seen, meant, cell, k in zip(self._seen, self._meant, here.cells(), K, strict=True):
            own = _factors(seen[cell], meant[cell], k)
            found.append([have * factor // FACTOR_UNIT for have, factor in zip(found[-1], own, strict=True)])
        return found

    def learn(self, here: Where, by_stretch: Sequence[int], silence_ms: int) -> None:
        """A silence of LEAST_WAIT_MS to LONGEST_MS that was observed throughout; ``by_stretch`` is the model's own
        hazard, not yet corrected, as ``stretches`` gives it."""
        last = bisect_right(WAITS_MS, silence_ms) - 1
        meant = list(by_stretch[1 : last + 1])
        ended = silence_ms < LONGEST_MS
        if ended:
            left, right = WAITS_MS[last], WAITS_MS[last + 1]
            meant.append(by_stretch[last + 1] * (silence_ms - left) // (right - left))
        self._today.append((here, meant, ended))

    def turn(self) -> None:
        """A new day: what was put aside is learnt, after a part of the old is forgotten."""
        told = [(*each, self._levels(each[0])) for each in self._today]
        for table in (*self._seen, *self._meant):
            table[:] = [_forgotten(row, KEEP_DAYS) for row in table]
        self._clock_seen = _forgotten(self._clock_seen, CLOCK_KEEP_DAYS)
        self._clock_meant = _forgotten(self._clock_meant, CLOCK_KEEP_DAYS)
        for here, meant, ended, levels in told:
            self._count(here, meant, ended, levels)
        self._today = []
        self._clock = list(_of_the_clock(self._clock_seen, self._clock_meant))

    def _count(self, here: Where, meant: Sequence[int], ended: bool, levels: Sequence[Sequence[int]]) -> None:
        in_band = [0] * len(BANDS)
        for value, band in zip(meant, _BAND, strict=False):
            in_band[band] += value
        slots = _CLOCK[here.quarter]
        for partition, (cell, before) in enumerate(zip(here.cells(), levels, strict=False)):
            row = self._meant[partition][cell]
            row[:] = [
                have + value * factor // FACTOR_UNIT for have, value, factor in zip(row, in_band, before, strict=True)
            ]
            if ended:
                self._seen[partition][cell][_BAND[len(meant) - 1]] += MILLION
        for value, band, slot in zip(meant, _BAND, slots, strict=False):
            self._clock_meant[slot] += value * levels[-1][band] // FACTOR_UNIT
        if ended:
            self._clock_seen[slots[len(meant) - 1]] += MILLION

    def snapshot(self) -> Snapshot:
        return {
            "seen": self._seen,
            "meant": self._meant,
            "clock": [self._clock_seen, self._clock_meant],
            "today": [[list(here), meant, ended] for here, meant, ended in self._today],
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._seen = _copied(cast(list[list[list[int]]], snapshot["seen"]))
        self._meant = _copied(cast(list[list[list[int]]], snapshot["meant"]))
        self._clock_seen, self._clock_meant = (list(row) for row in cast(list[list[int]], snapshot["clock"]))
        self._clock = list(_of_the_clock(self._clock_seen, self._clock_meant))
        today = cast(list[tuple[list[int], list[int], bool]], snapshot["today"])
        self._today = [(Where(*here), list(meant), ended) for here, meant, ended in today]


def corrected(by_stretch: Sequence[int], factors: Sequence[int]) -> list[int]:
    """What lies before the least wait is left as it is."""
    later = zip(by_stretch[1:], factors, strict=True)
    return [by_stretch[0], *(value * factor // FACTOR_UNIT for value, factor in later)]


def _factors(seen: Sequence[int], meant: Sequence[int], k: int) -> list[int]:
    weight = k * MILLION
    return [(had + weight) * FACTOR_UNIT // (due + weight) for had, due in zip(seen, meant, strict=True)]


def _of_the_clock(seen: Sequence[int], meant: Sequence[int]) -> Iterator[int]:
    """Factors of each half hour, to which its neighbours count half: habits are not punctual."""
    for first in range(0, len(seen), SLOTS):
        had, due = (_with_neighbours(row[first : first + SLOTS]) for row in (seen, meant))
        yield from _factors(had, due, CLOCK_K)


def _with_neighbours(row: Sequence[int]) -> list[int]:
    return [own + (row[slot - 1] + row[(slot + 1) % SLOTS]) // 2 for slot, own in enumerate(row)]


def _forgotten(row: Sequence[int], days: int) -> list[int]:
    return [value - -(-value // days) for value in row]


def _zeros() -> list[list[list[int]]]:
    return [[[0] * len(BANDS) for _ in range(size)] for size in SIZES]


def _copied(tables: list[list[list[int]]]) -> list[list[list[int]]]:
    return [[list(row) for row in table] for table in tables]
