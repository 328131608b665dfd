"""Ways to tell how unusual a day is, each inside the real detector: its days, drift, p-values and own past.

``p_values`` takes a home's days and the changed stretches of it, and gives for each judged day the p-values of the day
and of the drift; what they come to at a budget is a matter of ``verdict``, as on a hub.
"""

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Sequence
from math import log2
from pathlib import Path
from typing import Any, Final, NamedTuple

from agent.detect.day_features import Day
from agent.detect.detector import Model, Models
from agent.detect.onnx_io import OnnxModel
from agent.detect.routine_change import MODEL, RoutineChange
from agent.detect.surprise import BIT, BITS_MOST, Scores
from agent.detect.trust import Trust
from agent.detect.whereabouts import Whereabouts
from agent.nouns import DAY_MS, Finding, Home, Instant, Watch
from bench.routine_cases import Case

TAIL: Final = 64  # of a baseline's population, one day in so many makes the tail that is taken to fall exponentially
FOREST_EVERY: Final = 7  # days after which a home's forest is grown anew
FOREST_TREES: Final = 50
PValues = tuple[int, int]


class Judge(RoutineChange):
    """The detector up to its two p-values; ``p`` has those of each judged day by its index."""

    def __init__(self, home: Home, models: Models = Models()) -> None:  # noqa: B008
        super().__init__(home, Whereabouts(home), Trust(models))
        self.p: dict[int, PValues] = {}
        self.index = 0

    def _judge(self, now: Instant, day: Day, scores: Scores, watch: Watch, found: list[Finding]) -> None:
        self.p[self.index] = self._p_values(scores, self._drift.scores(scores))

    def fork(self, other: "Judge") -> "Judge":
        """``other``, fresh, with the memory of this one."""
        other.restore(self.snapshot())
        other.index = self.index
        return other


class Baseline(Judge, ABC):
    """A score of its own in place of the rule without a model, made bits by how it spreads over these homes."""

    def __init__(self, home: Home, tables: "Tables") -> None:
        super().__init__(home)
        self._tables = tables

    @abstractmethod
    def raw(self, scores: Scores, drift: bool) -> float:
        """The score, higher for a day less usual."""

    def _free_bits(self, scores: Scores, drift: bool) -> int:
        return self._tables.bits(self.raw(scores, drift), drift)


class LargestScore(Baseline):
    """Robust z: the number that is furthest from its usual."""

    def raw(self, scores: Scores, drift: bool) -> float:
        return max(abs(score) for score in scores if score is not None)


class Forest(Baseline):
    """An isolation forest over the scores of the person's own days so far, one for days and one for drift."""

    def __init__(self, home: Home, tables: "Tables") -> None:
        super().__init__(home, tables)
        self.rows: dict[bool, list[list[int]]] = {False: [], True: []}
        self.grown: dict[bool, tuple[int, Any]] = {False: (-1, None), True: (-1, None)}

    def raw(self, scores: Scores, drift: bool) -> float:
        from sklearn.ensemble import IsolationForest

        row, rows = [score or 0 for score in scores], self.rows[drift]
        age, forest = self.grown[drift]
        if len(rows) >= FOREST_EVERY and (forest is None or len(rows) - age >= FOREST_EVERY):
            age, forest = len(rows), IsolationForest(n_estimators=FOREST_TREES, random_state=7).fit(rows)
            self.grown[drift] = age, forest
        rows.append(row)
        return 0.0 if forest is None else -float(forest.score_samples([row])[0])

    def fork(self, other: Judge) -> Judge:
        assert isinstance(other, Forest)
        other.rows = {drift: list(rows) for drift, rows in self.rows.items()}
        other.grown = dict(self.grown)
        return super().fork(other)


class Tables:
    """How a baseline's score spreads over the homes; without one yet, everything is half of all days."""

    def __init__(self) -> None:
        self.seen: dict[bool, list[float]] = {False: [], True: []}
        self.sorted: dict[bool, list[float]] = {}

    def bits(self, raw: float, drift: bool) -> int:
        if not self.sorted:
            self.seen[drift].append(raw)
            return BIT
        known = self.sorted[drift]
        tail = max(len(known) // TAIL, 2)
        edge = known[-tail]
        if raw <= edge:
            return round(BIT * log2(len(known) / max(len(known) - bisect_left(known, raw), 1)))
        mean = sum(each - edge for each in known[-tail:]) / tail or 1.0
        return min(round(BIT * (log2(len(known) / tail) + (raw - edge) / mean / 0.693)), BIT * BITS_MOST)

    def settle(self) -> None:
        self.sorted = {drift: sorted(seen) for drift, seen in self.seen.items()}


class Found(NamedTuple):
    """P-values by index of the home's days: as they were, and for each case with its change."""

    untouched: dict[int, PValues]
    cases: list[tuple[Case, dict[int, PValues]]]


Make = Callable[[Home], Judge]


def judged(home: Home, days: Sequence[Day], cases: Sequence[Case], make: Make) -> Found:
    """Lives the home's days once; each case goes its own way from the day on which it begins."""
    judge, changed = make(home), []
    begins: dict[int, list[Case]] = {}
    for case in cases:
        begins.setdefault(case.first, []).append(case)
    for index, day in enumerate(days):
        for case in begins.get(index, ()):
            other = judge.fork(make(home))
            changed.append((case, _lived(other, case.days, index)))
        _lived(judge, [day], index)
    return Found(judge.p, changed)


def _lived(judge: Judge, days: Sequence[Day], first: int) -> dict[int, PValues]:
    for judge.index, day in enumerate(days, first):
        judge.take(Instant(day.since + DAY_MS), day, Watch())
    return judge.p


def model_of(folder: Path, fold: int) -> Model:
    return OnnxModel((folder / f"anomaly_{fold}.onnx").read_bytes())


def with_model(model: Model) -> Make:
    return lambda home: Judge(home, Models({MODEL: model}))
