"""Teacher and student: when will this home next be heard?

Teacher: gradient boosting on person-periods (a row for each bin that a silence entered: did it end there?).
Student: one small network from a row of features to the 23 logits of the hazard, taught by the teacher's logits,
because a network trained on the silences themselves overfits the tail. Homes are split into folds; what is judged
on a home was never trained on it.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import lightgbm as lgb
import numpy as np

from training.bins import BINS, EDGES_MS, step
from training.data import Data
from training.features import names

FOLDS: Final = 5
SEED: Final = 20190401
REAL, MIXED = 90_000, 40_000  # rows the student is taught on
SHORT_MS: Final = 267_774  # silences shorter than this are many and decide nothing: KEEP of them are trained on
KEEP: Final = 0.15
TEACHER: Final = {
    "objective": "binary", "learning_rate": 0.08, "num_leaves": 31, "min_data_in_leaf": 200, "max_bin": 63,
    "feature_fraction": 0.6, "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 20.0, "num_threads": 1,
    "seed": SEED, "deterministic": True, "force_row_wise": True, "verbose": -1,
}  # fmt: skip
ROUNDS: Final = 250
FAR: Final = 6.0  # deviations; a feature further out than this is taken for this far


def folds(homes: int) -> np.ndarray:
    """The fold of each home."""
    return np.random.default_rng(SEED).permutation(homes) % FOLDS


def usable(data: Data) -> np.ndarray:
    """Rows whose silence ended, outages apart."""
    return (data.silence >= 0) & (data.outage == 0)


def bin_of(silence_ms: np.ndarray) -> np.ndarray:
    """The bin a silence ends in; BINS when it outlasts them all."""
    return np.minimum(np.searchsorted(EDGES_MS, silence_ms, side="right") - 1, BINS)


HABITS: Final = (
    "line_",
    "begun_",
    "place_most",
    "place_second",
    "place_fifth",
)  # in steps; quantiles in quarters of one
PERSONAL: Final = tuple(range(names().index("rate_1d"), names().index("active_since_entrance"))) + tuple(
    range(names().index("line_most_0"), names().index("bed"))
)
RELATIVE: Final = tuple(i for i, name in enumerate(names()) if "_q" in name or name.startswith(HABITS))
QUARTERS: Final = tuple(1 if names()[i].startswith(HABITS) else 4 for i in RELATIVE)  # units of a step
BIN_STEPS: Final = np.array([step(edge) for edge in EDGES_MS[:-1]], dtype=np.float32)


def wide(x: np.ndarray, bins: np.ndarray) -> np.ndarray:
    """What the teacher sees: features, how far the bin lies beyond each habit of the home, and the bin."""
    beyond = BIN_STEPS[bins][:, None] - x[:, RELATIVE] / np.array(QUARTERS, dtype=np.float32)
    return np.column_stack([x, beyond, bins]).astype(np.float32)


def periods(data: Data, rows: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Person-periods of ``rows``: features with the bin last, whether the silence ended there, weight."""
    rng = np.random.default_rng(seed)
    short = data.silence[rows] < SHORT_MS
    kept = rows[~short | (rng.random(len(rows)) < KEEP)]
    weight = np.where(data.silence[kept] < SHORT_MS, 1 / KEEP, 1.0)
    ends = bin_of(data.silence[kept])
    counts = np.minimum(ends, BINS - 1) + 1
    index = np.repeat(np.arange(len(kept)), counts)
    bins = np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)
    x = wide(data.x[kept][index], bins)
    return x, (bins == ends[index]).astype(np.int8), weight[index].astype(np.float32)


def teach(data: Data, homes: np.ndarray, seed: int = SEED) -> lgb.Booster:
    rows = np.flatnonzero(usable(data) & homes[data.home])
    x, y, weight = periods(data, rows, seed)
    return lgb.train(TEACHER, lgb.Dataset(x, y, weight=weight), num_boost_round=ROUNDS)


def logits(teacher: lgb.Booster, x: np.ndarray) -> np.ndarray:
    """(rows, BINS) raw scores."""
    found = np.empty((len(x), BINS), dtype=np.float32)
    for each in range(BINS):
        found[:, each] = teacher.predict(wide(x, np.full(len(x), each)), raw_score=True, num_threads=1)
    return found


def taught(teacher: lgb.Booster, data: Data, homes: np.ndarray, seed: int = SEED) -> tuple[np.ndarray, np.ndarray]:
    """What the student learns from: real rows, and rows that live by another home's habits. The teacher can answer
    for those too, and they keep the student sensible in a home unlike those it has seen."""
    rng = np.random.default_rng(seed)
    rows = np.flatnonzero(homes[data.home])
    real = data.x[np.sort(rng.choice(rows, min(REAL, len(rows)), replace=False))]
    mixed = data.x[rng.choice(rows, MIXED)].copy()
    mixed[:, PERSONAL] = data.x[rng.choice(rows, MIXED)][:, PERSONAL]
    x = np.concatenate([real, mixed])
    return x.astype(np.float32), logits(teacher, x)


@dataclass
class Student:
    """Standardise, two layers of ReLU, linear. float32 throughout."""

    mean: np.ndarray
    scale: np.ndarray
    layers: list[tuple[np.ndarray, np.ndarray]]

    def logits(self, x: np.ndarray) -> np.ndarray:
        h = np.clip((x.astype(np.float32) - self.mean) * self.scale, -FAR, FAR).astype(np.float32)
        for number, (weight, bias) in enumerate(self.layers):
            h = h @ weight + bias
            if number + 1 < len(self.layers):
                h = np.maximum(h, 0)
        return h


def distil(
    x: np.ndarray, goal: np.ndarray, hidden: tuple[int, ...] = (64, 40), epochs: int = 20, seed: int = SEED
) -> Student:
    """Adam on the squared error of logits, its rate falling to nothing as a cosine."""
    rng = np.random.default_rng(seed)
    mean = x.mean(0).astype(np.float32)
    deviation = x.std(0)
    scale = np.where(deviation > 1e-6, 1 / np.maximum(deviation, 1e-6), 0.0).astype(np.float32)
    centre = goal.mean(0)
    sizes = (x.shape[1], *hidden, BINS)
    params: list[np.ndarray] = []
    for inputs, outputs in pairwise(sizes):
        params.append((rng.standard_normal((inputs, outputs)) * np.sqrt(2 / inputs)).astype(np.float32))
        params.append(np.zeros(outputs, dtype=np.float32))
    params[-1] += centre.astype(np.float32)
    z = np.clip((x - mean) * scale, -FAR, FAR).astype(np.float32)
    moment = [np.zeros_like(p) for p in params]
    square = [np.zeros_like(p) for p in params]
    batch, total, done = 512, epochs * (len(z) // 512), 0
    for _ in range(epochs):
        order = rng.permutation(len(z))
        for start in range(0, len(z) - batch + 1, batch):
            rows = order[start : start + batch]
            gradients = _gradients(params, z[rows], goal[rows])
            done += 1
            rate = 2e-3 * min(1.0, done / 200) * (0.5 + 0.5 * np.cos(np.pi * done / total))
            for p, g, m, s in zip(params, gradients, moment, square, strict=True):
                m += 0.1 * (g - m)
                s += 0.001 * (g * g - s)
                p -= rate * (m / (1 - 0.9**done)) / (np.sqrt(s / (1 - 0.999**done)) + 1e-8)
    return Student(mean, scale, [(params[i], params[i + 1]) for i in range(0, len(params), 2)])


def _gradients(params: list[np.ndarray], z: np.ndarray, goal: np.ndarray) -> list[np.ndarray]:
    hidden = [z]
    for i in range(0, len(params), 2):
        h = hidden[-1] @ params[i] + params[i + 1]
        hidden.append(np.maximum(h, 0) if i + 2 < len(params) else h)
    back = (hidden[-1] - goal) * (2 / (len(z) * BINS))
    found: list[np.ndarray] = []
    for i in range(len(params) - 2, -1, -2):
        found = [hidden[i // 2].T @ back, back.sum(0), *found]
        if i:
            back = (back @ params[i].T) * (hidden[i // 2] > 0)
    return found
