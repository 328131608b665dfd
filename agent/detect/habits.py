"""What is usual in a home: durations by length, and what everything that is usual shares.

Whole numbers only, and all of it forgets. Answers are of this morning: what today teaches counts from tomorrow, so
that nothing moves within a day. They are made when they are first asked for, because a day asks for few of them.
"""

from collections.abc import Callable, Sequence
from typing import Final

from agent.detect.bins import DAY_MS, MINUTE_MS, STEPS, step

FORGET_DAYS: Final = 28
UNIT: Final = 1_000  # what one silence counts, so that forgetting is exact
SLOT_MS: Final = 30 * MINUTE_MS
SLOTS: Final = DAY_MS // SLOT_MS


def forgotten(counts: Sequence[int]) -> list[int]:
    """A day later: each count less a 28th, rounded up, so that what is not repeated goes."""
    return [count - -(-count // FORGET_DAYS) if count else 0 for count in counts]


class Habits:
    """Histograms of durations in steps, by key."""

    def __init__(self, keys: int) -> None:
        self.counts = [[0] * (STEPS + 1) for _ in range(keys)]
        self.weight = [0] * keys

    def learn(self, key: int, duration_ms: int) -> None:
        self.counts[key][step(duration_ms)] += UNIT
        self.weight[key] += UNIT

    def forget(self) -> None:
        for key, counts in enumerate(self.counts):
            if self.weight[key]:
                self.counts[key] = counts = forgotten(counts)
                self.weight[key] = sum(counts)

    def snapshot(self) -> list[list[int]]:
        return [list(counts) if weight else [] for counts, weight in zip(self.counts, self.weight, strict=True)]

    def restore(self, plain: list[list[int]]) -> None:
        self.counts = [list(counts) or [0] * (STEPS + 1) for counts in plain]
        self.weight = [sum(counts) for counts in self.counts]


def quantiles(parts: Sequence[tuple[Sequence[int], int, int]], wanted: Sequence[int]) -> list[int]:
    """Steps that ``wanted`` permille of a mixture lie below; parts are (counts, their sum, weight in UNIT).

    Found between steps to a quarter of a step, so the answer is in quarters of a step.
    """
    mixed = [0] * (STEPS + 1)
    for counts, total, weight in parts:
        if total:
            factor = weight * 1_000_000 // total
            mixed = [have + count * factor for have, count in zip(mixed, counts, strict=True)]
    whole = sum(mixed)
    found, below, each = [], 0, 0
    for permille in wanted:
        goal = whole * permille // 1_000
        while each < STEPS and below + mixed[each] < goal:
            below += mixed[each]
            each += 1
        found.append(4 * each + (4 * (goal - below) // mixed[each] if mixed[each] else 0))
    return found


class OfTheMorning:
    """Answers by key that hold until the next morning, each made when it is first asked for."""

    def __init__(self, make: Callable[[int], list[int]]) -> None:
        self._make = make
        self._made: dict[int, list[int]] = {}

    def __call__(self, key: int) -> list[int]:
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = self._make(key)
        return found

    def turn(self) -> None:
        self._made.clear()


def sparse(row: Sequence[int]) -> list[int]:
    """Slot and value of what is not 0, one after the other: most of a day's half hours saw no long silence."""
    return [number for slot, value in enumerate(row) if value for number in (slot, value)]


def whole(sparse: list[int]) -> list[int]:
    row = [0] * SLOTS
    for slot, value in zip(sparse[::2], sparse[1::2], strict=True):
        row[slot] = value
    return row
