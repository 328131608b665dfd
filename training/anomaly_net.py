"""The network of the anomaly model: how much likelier is this day if something has changed than if nothing has?

Two parts, added. A classifier told real days from the same days with a change put into their scores, so that its logit
is the ratio of the two densities (noise-contrastive): it knows which numbers go up and down together in ordinary life,
and what a change that matters looks like. And a distance, the root of the mean square over what is known, which does
not tire out far from all it was shown. Both are in the graph, and so is what makes bits of their sum (surprise.py).

Changes are drawn in scores, not in logs: a few directions with random weights and sizes. No injected log is seen.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from agent.detect.day_features import FEATURES
from agent.detect.own_days import MOST, UNIT

SEED: Final = 20190401
N: Final = len(FEATURES)
HIDDEN: Final = 24
TOGETHER: Final = 5  # networks with other seeds, joined side by side
LOGIT_WEIGHT: Final = 0.8
OTHER_SIDE: Final = 0.7  # what a number weighs in the distance on the side that asks for less attention
COPIES: Final = 8  # of each real row, with a little noise, each time other numbers unknown
NOISE: Final = 0.3
CHANGED: Final = 0.25  # the share of them that is shown again with a change
UNKNOWN: Final = 0.05
BED: Final = 0.3  # the share of rows that is given a bed, which these homes do not have
SIZE: Final = (0.7, 3.0)
DRIFT_SIZE: Final = 1.3  # drift gathers a change over days
ANY: Final = 0.15  # changes of no named direction: one to three numbers, either way

# Directions of change: how often, and which numbers go where. How often says what matters most to those who care:
# nights first, then a day with less in it.
DIRECTIONS: Final[tuple[tuple[float, dict[str, float]], ...]] = (
    (10, {"bathroom_night": 1, "moves_night": 0.5, "active_night": 0.5, "bed_outs": 0.8}),
    (1, {"bathroom_day": 1}),
    (5, {"active_afternoon": -1, "active_evening": -1, "active_morning": -1, "moves_day": -1, "kitchen": -0.8,
         "fridge": -0.8, "bathroom_day": -0.6, "bedroom_day": -0.5, "still_minutes": 0.6}),
    (1, {"active_night": 1, "moves_night": 1, "down": 0.6, "bed_minutes": -0.6}),
    (1.5, {"active_night": 1, "moves_night": 1, "active_afternoon": -0.6, "active_evening": -0.4,
           "active_morning": -0.6, "moves_day": -0.6, "up": -0.4, "down": 0.6, "bed_minutes": -0.6}),
    (3, {"up": 1, "active_morning": -0.6, "bed_minutes": 0.5}),
    (0.5, {"down": -1, "active_evening": -0.5, "bed_minutes": 0.5}),
    (0.5, {"down": 1, "bed_minutes": -0.5}),
    (0.7, {"outings": -1, "away_minutes": -1}),
    (0.5, {"outings": 1, "away_minutes": 1}),
    (1, {"kitchen": -1, "fridge": -1}),
    (1, {"transit_ds": 1, "moves_day": -0.5}),
)  # fmt: skip
# The side that asks for attention: more of it, less of it; 0: both alike.
SIDES: Final = {
    "bathroom_day": 1, "bathroom_night": 1, "bed_outs": 1, "up": 1, "active_afternoon": -1, "active_evening": -1,
    "active_night": 1, "active_morning": -1, "moves_day": -1, "moves_night": 1, "kitchen": -1, "fridge": -1,
    "still_minutes": 1, "transit_ds": 1,
}  # fmt: skip


@dataclass
class Net:
    """Everything of the graph. ``knots``: for a day and for drift, the sums that have 0, 1, 2 ... bits."""

    weights: list[np.ndarray]
    biases: list[np.ndarray]
    knots: tuple[np.ndarray, np.ndarray]

    def sums(self, x: np.ndarray) -> np.ndarray:
        hidden = np.maximum(scaled(x) @ self.weights[0] + self.biases[0], 0)
        found: np.ndarray = LOGIT_WEIGHT * (hidden @ self.weights[1] + self.biases[1])[:, 0] + distance(x)
        return found

    def bits(self, x: np.ndarray) -> np.ndarray:
        sums = self.sums(x)
        day, drift = (bits_of(sums, knots) for knots in self.knots)
        return np.where(x[:, -1] > 0, drift, day)


def scaling() -> np.ndarray:
    return np.array([0.5 / UNIT] * N + [1.0] * N + [1.0], dtype=np.float32)


def scaled(x: np.ndarray) -> np.ndarray:
    found: np.ndarray = x.astype(np.float32) * scaling()
    return found


def sides() -> np.ndarray:
    """(2 N + 1, 2 N): a score's positive part with its weight, and its negative part with its."""
    found = np.zeros((2 * N + 1, 2 * N), dtype=np.float32)
    for index, name in enumerate(FEATURES):
        side = SIDES.get(name, 0)
        found[index, index] = (1.0 if side >= 0 else OTHER_SIDE) / UNIT
        found[index, N + index] = -(1.0 if side <= 0 else OTHER_SIDE) / UNIT
    return found


def distance(x: np.ndarray) -> np.ndarray:
    parts = np.maximum(x.astype(np.float32) @ sides(), 0)
    found: np.ndarray = np.sqrt((parts**2).sum(1) / np.maximum(x[:, N : 2 * N].sum(1), 1))
    return found


def fit(day: np.ndarray, drift: np.ndarray, seed: int = SEED) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Weights and biases of ``TOGETHER`` classifiers as one network."""
    nets = [_classifier(day, drift, seed + number) for number in range(TOGETHER)]
    first = np.concatenate([net.coefs_[0] for net in nets], axis=1)
    last = np.concatenate([net.coefs_[1] for net in nets], axis=0) / TOGETHER
    biases = [np.concatenate([net.intercepts_[0] for net in nets]), sum(net.intercepts_[1] for net in nets) / TOGETHER]
    return [w.astype(np.float32) for w in (first, last)], [b.astype(np.float32) for b in biases]


def _classifier(day: np.ndarray, drift: np.ndarray, seed: int) -> MLPClassifier:
    dice = np.random.default_rng(seed)
    rows, changed = [], []
    for real, size in ((day, 1.0), (drift, DRIFT_SIZE)):
        for _ in range(COPIES):
            plain, known = _varied(real, dice)
            again = dice.random(len(plain)) < CHANGED
            amounts = dice.uniform(*SIZE, again.sum())[:, None] * size * UNIT
            moved = plain[again] + changes(int(again.sum()), dice) * amounts
            for label, values, there in ((0, plain, known), (1, moved, known[again])):
                scores = np.clip(np.where(there, values, 0), -MOST, MOST)
                rows.append(np.column_stack([scores, there, np.full(len(scores), real[0, -1])]))
                changed.append(np.full(len(scores), label))
    model = MLPClassifier(
        (HIDDEN,), alpha=1e-3, max_iter=30, random_state=seed, batch_size=512, learning_rate_init=3e-3
    )
    warnings.simplefilter("ignore", ConvergenceWarning)  # it is stopped before it knows its rows by heart
    model.fit(scaled(np.concatenate(rows)), np.concatenate(changed))
    return model


def _varied(real: np.ndarray, dice: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    scores, known = real[:, :N].copy(), real[:, N : 2 * N] > 0
    bed = dice.random(len(real)) < BED
    for name in ("bed_outs", "bed_minutes"):
        index = FEATURES.index(name)
        scores[:, index], known[:, index] = dice.standard_t(4, len(real)) * UNIT, bed
    scores += dice.normal(0, NOISE * UNIT, scores.shape).astype(np.float32)
    return scores, known & (dice.random(known.shape) >= UNKNOWN)


def changes(count: int, dice: np.random.Generator) -> np.ndarray:
    found = np.zeros((count, N), dtype=np.float32)
    often = np.array([weight for weight, _ in DIRECTIONS])
    for change, which in zip(found, dice.choice(len(often), count, p=often / often.sum()), strict=True):
        if dice.random() < ANY:
            some = dice.choice(N, dice.integers(1, 4), replace=False)
            change[some] = dice.choice([-1, 1], len(some)) * dice.uniform(0.5, 1.0, len(some))
        else:
            for name, weight in DIRECTIONS[which][1].items():
                change[FEATURES.index(name)] = weight * dice.uniform(0.5, 1.2)
    return found


# -- bits ------------------------------------------------------------------------------------------------------------

TAIL_BIT: Final = 6  # so far sums are counted; beyond, their tail is taken to fall off exponentially
BITS: Final = 10


def knots_of(sums: Sequence[float] | np.ndarray) -> np.ndarray:
    """The sums that have 0, 1, 2 ... BITS bits: one day in 2**bits is beyond."""
    ordered = np.sort(np.asarray(sums, dtype=float))
    knots = [float(np.quantile(ordered, 0.01))]
    knots += [float(np.quantile(ordered, 1 - 2.0**-bit)) for bit in range(1, TAIL_BIT + 1)]
    beyond = ordered[ordered > knots[-1]] - knots[-1]
    step = max(float(beyond.mean()) * float(np.log(2)), 1e-3)
    return np.array(knots + [knots[-1] + step * more for more in range(1, BITS - TAIL_BIT + 1)], dtype=np.float32)


def bits_of(sums: np.ndarray, knots: np.ndarray) -> np.ndarray:
    slopes = bends(knots)
    found: np.ndarray = np.maximum(sums[:, None] - knots[:-1], 0) @ slopes
    return found


def bends(knots: np.ndarray) -> np.ndarray:
    """How much steeper the line of bits becomes at each knot but the last."""
    slopes = 1 / np.maximum(np.diff(knots), 1e-3)
    return np.concatenate([slopes[:1], np.diff(slopes)]).astype(np.float32)
