"""What is usual in a home: histograms of durations that forget, half hours of the last weeks. Whole numbers only."""

from collections.abc import Sequence
from typing import Final

from training.bins import DAY_MS, MINUTE_MS, STEPS, step
from training.places import ENTRANCE, PLACES

FORGET_DAYS: Final = 28
UNIT: Final = 1_000  # what one silence counts, so that forgetting is exact
SLOT_MS: Final = 30 * MINUTE_MS
SLOTS: Final = DAY_MS // SLOT_MS
LINE_DAYS: Final = 35  # days whose half hours are remembered
AHEAD: Final = (0, 2, 4, 8, 16)  # half hours ahead of now
LINE_MS: Final = 5 * MINUTE_MS  # shorter silences leave no mark in a half hour


class Habits:
    """Histograms of durations in steps, by key, that forget a 28th a day; quantiles are of this morning."""

    def __init__(self, keys: int) -> None:
        self.counts = [[0] * (STEPS + 1) for _ in range(keys)]
        self.weight = [0] * keys

    def learn(self, key: int, duration_ms: int) -> None:
        self.counts[key][step(duration_ms)] += UNIT
        self.weight[key] += UNIT

    def forget(self) -> None:
        for key, counts in enumerate(self.counts):
            if self.weight[key]:
                self.counts[key] = counts = [count - -(-count // FORGET_DAYS) for count in counts]
                self.weight[key] = sum(counts)


def quantiles(parts: Sequence[tuple[Sequence[int], int, int]], wanted: Sequence[int]) -> list[int]:
    """Steps that ``wanted`` permille of a mixture lie below; parts are (counts, their sum, weight in UNIT).

    Found between steps to a quarter of a step, so the answer is in quarters of a step.
    """
    mixed = [0] * (STEPS + 1)
    for counts, total, weight in parts:
        if total:
            factor = weight * 1_000_000 // total
            for each, count in enumerate(counts):
                if count:
                    mixed[each] += count * factor
    whole = sum(mixed)
    found, below, each = [], 0, 0
    for permille in wanted:
        goal = whole * permille // 1_000
        while each < STEPS and below + mixed[each] < goal:
            below += mixed[each]
            each += 1
        found.append(4 * each + (4 * (goal - below) // mixed[each] if mixed[each] else 0))
    return found


class HalfHours:
    """What each half hour of the day has seen in the last LINE_DAYS days: silences that ran through it, silences that
    began in it, whether anything was heard. Tables are of this morning."""

    def __init__(self) -> None:
        self._reached = [[0] * SLOTS for _ in range(LINE_DAYS)]  # longest silence so far at each half hour, in steps
        self._active = [[0] * SLOTS for _ in range(LINE_DAYS)]  # whether anything was heard
        self._begun = [[[0] * SLOTS for _ in range(LINE_DAYS)] for _ in PLACES]  # longest silence begun there then
        self._lines = [(0, 0, 0)] * SLOTS
        self._begun_q = [(0, 0, 0, 0)] * SLOTS  # at any place but an entrance
        self._place_q = [[(0, 0, 0)] * SLOTS for _ in PLACES]
        self._day = -1

    def mark(self, local_ms: int) -> None:
        """Something was heard."""
        self._active[local_ms // DAY_MS % LINE_DAYS][local_ms % DAY_MS // SLOT_MS] = 1

    def learn(self, place: int, began: int, silence_ms: int) -> None:
        """A silence of LINE_MS and more that began at a place, at ``began`` by the wall."""
        day = self._begun[place][began // DAY_MS % LINE_DAYS]
        slot = began % DAY_MS // SLOT_MS
        day[slot] = max(day[slot], step(silence_ms))
        for slot in range(began // SLOT_MS, (began + silence_ms) // SLOT_MS + 1):
            reached = step(min((slot + 1) * SLOT_MS - began, silence_ms))
            day = self._reached[slot // SLOTS % LINE_DAYS]
            day[slot % SLOTS] = max(day[slot % SLOTS], reached)

    def turn(self, day: int) -> None:
        """A new local day begins: what lies LINE_DAYS back is forgotten."""
        for each in range(max(self._day, day - LINE_DAYS) + 1, day + 1):
            self._reached[each % LINE_DAYS] = [0] * SLOTS
            self._active[each % LINE_DAYS] = [0] * SLOTS
            for begun in self._begun:
                begun[each % LINE_DAYS] = [0] * SLOTS
        self._day = day

    def morning(self, days_known: int) -> None:
        """The tables that hold until tomorrow."""
        days = [(self._day - back) % LINE_DAYS for back in range(1, min(days_known, LINE_DAYS - 1) + 1)]
        if days:
            self._lines = [self._line(slot, days) for slot in range(SLOTS)]
            self._begin(days)

    def row(self, local_ms: int, place: int) -> list[int]:
        """The features of now: lines some half hours ahead, silences begun around now, and here."""
        slot = local_ms % DAY_MS // SLOT_MS
        found = [value for ahead in AHEAD for value in self._lines[(slot + ahead) % SLOTS]]
        return [*found, *self._begun_q[slot], *self._place_q[place][slot]]

    def _begin(self, days: list[int]) -> None:
        """How long the silences were that began around each half hour: the longest of each day, then of the days."""
        size = len(days)
        inside = [begun for place, begun in enumerate(self._begun) if place != ENTRANCE]
        every = [[max(each) for each in zip(*[begun[day] for begun in inside], strict=True)] for day in days]
        near = [
            sorted([max(row[slot - 1], row[slot], row[slot + 1 - SLOTS]) for row in every], reverse=True)
            for slot in range(SLOTS)
        ]
        self._begun_q = [(each[0], each[min(1, size - 1)], each[size // 5], each[size // 2]) for each in near]
        for place, begun in enumerate(self._begun):
            rows = [row for row in (begun[day] for day in days) if any(row)]
            if not rows:
                self._place_q[place] = [(0, 0, 0)] * SLOTS
                continue
            found = []
            for slot in range(SLOTS):
                around = [(slot + shift) % SLOTS for shift in (-2, -1, 0, 1, 2)]
                each = sorted([max([row[a] for a in around]) for row in rows], reverse=True)
                found.append((each[0], each[min(1, len(each) - 1)], each[size // 5] if size // 5 < len(each) else 0))
            self._place_q[place] = found

    def _line(self, slot: int, days: list[int]) -> tuple[int, int, int]:
        """Of a half hour: the longest silence it saw, what a fifth of the days exceeded, permille of days quiet."""
        reached = sorted([self._reached[day][slot] for day in days], reverse=True)
        quiet = sum(not self._active[day][slot] for day in days)
        return reached[0], reached[len(reached) // 5], quiet * 1_000 // len(days)
