"""Teacher and student: when will this home next be heard?

Teacher: gradient boosting on person-periods (a row for each bin that a silence entered: did it end there?), one booster
for each of BANDS, because the many short silences would otherwise decide where all of them split. Student: one small
network from a row of features to the logits of the hazard, taught by the teacher's logits, because a network trained on
the silences themselves overfits the tail. Homes are split into folds; what is judged on a home was never trained on it.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import lightgbm as lgb
import numpy as np

from agent.detect.bins import BINS, EDGES_MS, step
from agent.detect.features import names
from training.data import ONE_LESS, PLAIN, WITH_BED, Data

FOLDS: Final = 5
SEED: Final = 20190401
REAL, MIXED = 250_000, 60_000  # rows the student is taught on
SHORT_MS: Final = 267_774  # silences shorter than this are many and decide nothing: KEEP of them are trained on
KEEP: Final = 0.15
SHARE: Final = {PLAIN: 1.0, ONE_LESS: 0.33, WITH_BED: 0.5}  # of the rows of each variant
COMMON: Final = {
    "objective": "binary", "max_bin": 63, "feature_fraction": 0.5, "bagging_fraction": 0.8, "bagging_freq": 1,
    "num_threads": 1, "seed": SEED, "deterministic": True, "force_row_wise": True, "verbose": -1,
}  # fmt: skip


@dataclass(frozen=True)
class Band:
    """Bins [first, stop) and how their booster grows."""

    first: int
    stop: int
    rounds: int
    leaves: int
    rate: float
    least: int  # rows in a leaf
    l2: float


BANDS: Final = (
    Band(0, 4, 120, 31, 0.08, 200, 20.0),
    Band(4, 11, 220, 31, 0.06, 400, 50.0),
    Band(11, BINS, 320, 15, 0.05, 200, 20.0),
)
FAR: Final = 6.0  # deviations; a feature further out than this is taken for this far


def folds(homes: int) -> np.ndarray:
    """The fold of each home."""
    found: np.ndarray = np.random.default_rng(SEED).permutation(homes) % FOLDS
    return found


def usable(data: Data) -> np.ndarray:
    """Rows whose silence ended, outages apart."""
    found: np.ndarray = (data.silence >= 0) & (data.outage == 0)
    return found


def bin_of(silence_ms: np.ndarray) -> np.ndarray:
    """The bin a silence ends in; BINS when it outlasts them all."""
    return np.minimum(np.searchsorted(EDGES_MS, silence_ms, side="right") - 1, BINS)


_NAMES: Final = names()
_STEPPED: Final = ("line_most", "line_fifth", "begun_", "place_most", "place_second", "place_fifth")  # in steps;
_QUARTERED: Final = ("silence_q", "home_q", "dwell_q")  # in quarters of one
_OWN: Final = ("rate_", "usual_", "days_known", "cell_weight", "quiet_", "tail_", *_STEPPED, *_QUARTERED)
PERSONAL: Final = tuple(i for i, name in enumerate(_NAMES) if name.startswith(_OWN))
RELATIVE: Final = tuple(i for i, name in enumerate(_NAMES) if name.startswith((*_STEPPED, *_QUARTERED)))
_UNITS: Final = np.array([4 if _NAMES[i].startswith(_QUARTERED) else 1 for i in RELATIVE], dtype=np.float32)
_BIN_STEPS: Final = np.array([step(edge) for edge in EDGES_MS[:-1]], dtype=np.float32)


def wide(x: np.ndarray, bins: np.ndarray) -> np.ndarray:
    """What the teacher sees: features, how far the bin lies beyond each habit of the home, and the bin."""
    beyond = _BIN_STEPS[bins][:, None] - x[:, RELATIVE] / _UNITS
    return np.column_stack([x, beyond, bins]).astype(np.float32)


def _periods(data: Data, rows: np.ndarray, band: Band) -> tuple[np.ndarray, np.ndarray]:
    """Person-periods of ``rows`` in a band: features with the bin last, and whether the silence ended there."""
    rows = rows[data.silence[rows] >= EDGES_MS[band.first]]
    ends = bin_of(data.silence[rows])
    counts = np.minimum(ends, band.stop - 1) - band.first + 1
    index = np.repeat(np.arange(len(rows)), counts)
    bins = np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts) + band.first
    return wide(data.x[rows][index], bins), (bins == ends[index]).astype(np.int8)


Teacher = list[tuple[Band, lgb.Booster]]


def teach(data: Data, homes: np.ndarray, seed: int = SEED) -> Teacher:
    """``homes``: which may be learnt from."""
    rng = np.random.default_rng(seed)
    share = np.array([SHARE[variant] for variant in (PLAIN, ONE_LESS, WITH_BED)])[data.variant]
    rows = np.flatnonzero(usable(data) & homes[data.home] & (rng.random(len(data.at)) < share))
    found = []
    for band in BANDS:
        mine = rows if band.first else rows[rng.random(len(rows)) < KEEP]
        x, y = _periods(data, mine, band)
        grown = {"num_leaves": band.leaves, "learning_rate": band.rate, "min_data_in_leaf": band.least}
        parameters = COMMON | grown | {"lambda_l2": band.l2}
        found.append((band, lgb.train(parameters, lgb.Dataset(x, y), num_boost_round=band.rounds)))
    return found


def logits(teacher: Teacher, x: np.ndarray) -> np.ndarray:
    """(rows, BINS) raw scores."""
    found = np.empty((len(x), BINS), dtype=np.float32)
    for band, booster in teacher:
        for each in range(band.first, band.stop):
            found[:, each] = booster.predict(wide(x, np.full(len(x), each)), raw_score=True, num_threads=1)
    return found


def taught(teacher: Teacher, data: Data, homes: np.ndarray, seed: int = SEED) -> tuple[np.ndarray, np.ndarray]:
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
    """Standardise, layers of ReLU, linear. float32 throughout."""

    mean: np.ndarray
    scale: np.ndarray
    layers: list[tuple[np.ndarray, np.ndarray]]

    def logits(self, x: np.ndarray) -> np.ndarray:
        h: np.ndarray = np.clip((x.astype(np.float32) - self.mean) * self.scale, -FAR, FAR).astype(np.float32)
        for number, (weight, bias) in enumerate(self.layers):
            h = h @ weight + bias
            if number + 1 < len(self.layers):
                h = np.maximum(h, 0)
        return h


HIDDEN: Final = (80, 48)
EPOCHS: Final = 16
BATCH: Final = 512
RATE: Final = 2e-3


def distil(x: np.ndarray, goal: np.ndarray, seed: int = SEED) -> Student:
    """Adam on the squared error of logits, its rate falling to nothing as a cosine."""
    rng = np.random.default_rng(seed)
    mean = x.mean(0).astype(np.float32)
    deviation = x.std(0)
    scale = np.where(deviation > 1e-6, 1 / np.maximum(deviation, 1e-6), 0.0).astype(np.float32)
    params: list[np.ndarray] = []
    for inputs, outputs in pairwise((x.shape[1], *HIDDEN, BINS)):
        params.append((rng.standard_normal((inputs, outputs)) * np.sqrt(2 / inputs)).astype(np.float32))
        params.append(np.zeros(outputs, dtype=np.float32))
    params[-1] += goal.mean(0).astype(np.float32)
    z = np.clip((x - mean) * scale, -FAR, FAR).astype(np.float32)
    moment = [np.zeros_like(p) for p in params]
    square = [np.zeros_like(p) for p in params]
    total, done = EPOCHS * (len(z) // BATCH), 0
    for _ in range(EPOCHS):
        order = rng.permutation(len(z))
        for start in range(0, len(z) - BATCH + 1, BATCH):
            rows = order[start : start + BATCH]
            done += 1
            rate = RATE * min(1.0, done / 200) * (0.5 + 0.5 * np.cos(np.pi * done / total))
            for p, g, m, s in zip(params, _gradients(params, z[rows], goal[rows]), moment, square, strict=True):
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
