"""How soon and how often wrong: the judgement of detection.md, on homes unseen in training.

Falls are injected: after 14 days every active minute at home may be the last sign of life. False alerts are what
would have been raised on the untouched log, per 30 observed days, known outages apart. Baselines get one multiplier
for all homes, tuned with hindsight to the same number of false alerts as the model realised.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from training import baselines
from training.bins import DAY_MS, LONGEST_MS, MINUTE_MS
from training.calibrate import (
    GRID_MS,
    LEAST_WAIT_MS,
    LEVELS,
    NIGHT,
    PRICES,
    SETTLE_MS,
    TO_GRID,
    WARM_MS,
    Price,
    Prior,
    Rule,
    choose,
    critical,
    population,
    recalibrated,
    softplus,
)  # fmt: skip
from training.data import Data
from training.features import names
from training.train import FOLDS, folds

BUDGETS: Final = (1.0, 2.0, 4.0, 8.0)
WAKING: Final = (7 * 60, 22 * 60)
BOOTSTRAPS: Final = 400
COLD: Final = ((0, 1), (1, 3), (3, 7), (7, 14), (14, 200))  # days


@dataclass
class View:
    """What of the data is judged, and how."""

    data: Data
    folder: object = None

    def __post_init__(self) -> None:
        d = self.data
        self.rows = [np.flatnonzero(d.home == each) for each in range(len(d.homes))]
        first = np.array([d.at[rows[0]] for rows in self.rows])[d.home]
        self.age = d.at - first
        self.home_ok = (d.away == 0) & (d.silence >= 0) & (d.outage == 0)  # a silence at home, observed
        self.settled = self.age >= SETTLE_MS
        self.freeze = self.settled & (d.silence >= 0) & (d.away == 0)
        self.waking = (d.minute >= WAKING[0]) & (d.minute < WAKING[1])
        self.night = ((d.minute >= NIGHT[0]) | (d.minute < NIGHT[1])).astype(int)
        self.local = d.at + _offset(d)
        self.day = self.local // DAY_MS
        self.cells = partitions(d, self.night)
        self.elapsed = np.where(np.diff(d.home, append=-1) == 0, np.diff(d.at, append=0), 0)  # to the home's next row
        self.observed_days = float(self.elapsed[self.settled & (d.outage == 0)].sum()) / DAY_MS


def _offset(d: Data) -> np.ndarray:
    """Local minus UTC, from the minute of the local day (whole quarter hours)."""
    offset = (d.minute - d.at // MINUTE_MS % 1440) % 1440
    return np.where(offset > 720, offset - 1440, offset) * MINUTE_MS


def partitions(d: Data, night: np.ndarray) -> np.ndarray:
    """(rows, 6): what recalibration tells apart. 0 the home, 1 place x day or night, 2 three hours of the day,
    3 what was heard since an entrance, 4 how busy the last hour was, 5 how long the stay is."""
    wanted = ("active_since_entrance", "places_since_entrance", "active_60", "stay")
    column = {name: d.x[:, names().index(name)].astype(int) for name in wanted}
    since = np.where(column["active_since_entrance"] > 33, 3, np.minimum(column["places_since_entrance"], 3) - 1).clip(
        0
    )
    busy = np.digitize(column["active_60"], (5, 12, 20, 30))
    stay = np.digitize(column["stay"], (1, 12, 24))
    return np.column_stack([0 * night, d.place * 2 + night, d.minute // 180, since, busy, stay]).astype(int)


def survivals(view: View, logits: np.ndarray, rule: Rule) -> np.ndarray:
    """(rows, grid) after recalibration, float32."""
    d = view.data
    found = np.empty((len(d.at), len(GRID_MS)), dtype=np.float32)
    for rows in view.rows:
        hazard = softplus(logits[rows])
        ok = (d.silence[rows] >= 0) & (d.outage[rows] == 0)
        hazard = recalibrated(hazard, view.day[rows], view.cells[rows], d.silence[rows], ok, rule)
        found[rows] = np.exp(-(hazard @ TO_GRID))
    return found


def criticals(view: View, survival: np.ndarray, rule: Rule, extra: np.ndarray | None = None) -> np.ndarray:
    """Critical level of every row; -1 where its silence cannot be a false alert. Beyond 12 h: LEVELS."""
    d = view.data
    level = np.full(len(d.at), -1)
    ok = view.home_ok if extra is None else view.home_ok | extra
    beyond = ok & (d.silence > LONGEST_MS)
    able = np.flatnonzero(ok & ~beyond & (d.silence > LEAST_WAIT_MS))
    level[able] = critical(survival[able], d.silence[able], rule)
    level[level == 0] = -1
    level[beyond] = LEVELS
    return level


def priors(view: View, level: np.ndarray) -> list[Prior]:
    """The population's, for the homes of each fold: from all the others; last the one of all homes, to ship."""
    d, fold = view.data, folds(len(view.data.homes))
    found = []
    for each in range(FOLDS + 1):
        use = (fold != each)[d.home] & (view.age >= WARM_MS) & (d.silence >= 0) & (d.outage == 0)
        days = float(view.elapsed[use].sum()) / DAY_MS
        usual = use & (level >= 0) & (level < LEVELS)
        found.append(population([level[usual]], [days], int((level[use] == LEVELS).sum())))
    return found


def priced(view: View, level: np.ndarray, budget: float, prior: list[Prior], rule: Rule) -> np.ndarray:
    """The level in force at every row."""
    d, fold = view.data, folds(len(view.data.homes))
    found = np.empty(len(d.at), dtype=int)
    for home, rows in enumerate(view.rows):
        price = Price(budget, prior[fold[home]], 30 * rule.prior_alerts / budget)
        for row, own, silence, outage in zip(
            rows.tolist(), level[rows].tolist(), view.elapsed[rows].tolist(), d.outage[rows].tolist(), strict=True
        ):
            found[row] = price.level
            if 0 <= own < LEVELS:
                price.note(own)
            if not outage and silence > 0:
                price.pass_time(min(silence, LONGEST_MS))
    return found


@dataclass
class Result:
    """Of one method at one budget: which rows raised, and the delay of every row in ms."""

    alerts: np.ndarray
    delay: np.ndarray


def model_result(
    view: View, survival: np.ndarray, level: np.ndarray, budget: float, rule: Rule, prior: list[Prior] | None = None
) -> Result:
    inforce = priced(view, level, budget, prior or priors(view, level), rule)
    delay = np.concatenate(
        [
            choose(survival[i : i + 50_000], PRICES[inforce[i : i + 50_000]], rule)
            for i in range(0, len(survival), 50_000)
        ]
    )
    return Result(level > inforce, delay)


def tuned(view: View, worst: np.ndarray, alerts: int, delay: Callable[[float], np.ndarray]) -> Result:
    """A baseline with the multiplier at which it raises ``alerts`` false alerts on settled rows."""
    able = view.home_ok & view.settled & (view.data.silence > LEAST_WAIT_MS)
    ranked = np.sort(worst[able & (view.data.silence <= LONGEST_MS)])[::-1]
    beyond = int((able & (view.data.silence > LONGEST_MS)).sum())
    multiplier = float(ranked[max(alerts - beyond, 0)])
    raised = able & ((worst > multiplier) | (view.data.silence > LONGEST_MS))
    return Result(raised, np.clip(delay(multiplier), LEAST_WAIT_MS, LONGEST_MS))


@dataclass
class Scales:
    """What the baselines know at every row."""

    quantile: np.ndarray
    lines: np.ndarray
    line_worst: np.ndarray
    floor: np.ndarray  # (budgets, rows)


def scales(view: View, floor: np.ndarray) -> Scales:
    d = view.data
    quantile, worst = np.zeros(len(d.at)), np.zeros(len(d.at))
    lines = np.zeros((len(d.at), baselines.SLOTS), dtype=np.float32)
    for rows in view.rows:
        ok = view.home_ok[rows] & (d.silence[rows] <= LONGEST_MS)
        quantile[rows] = baselines.quantile_scale(view.day[rows], d.minute[rows], d.place[rows], d.silence[rows], ok)
        lines[rows] = baselines.alert_lines(view.day[rows], view.local[rows], d.silence[rows], ok)
        worst[rows] = baselines.line_critical(lines[rows], view.local[rows], d.silence[rows])
    return Scales(quantile, lines, worst, floor)


def compared(view: View, known: Scales, budget: float, alerts: int) -> dict[str, Result]:
    """The three baselines and the floor at the same number of false alerts."""
    silence = view.data.silence.astype(float)
    wait = np.maximum(known.floor[BUDGETS.index(budget)], 1)
    one = np.ones(len(silence))
    return {
        "fixed": tuned(view, silence, alerts, lambda m: m * one),
        "cuddihy": tuned(view, known.line_worst, alerts, lambda m: baselines.line_delay(known.lines, view.local, m)),
        "quantile": tuned(view, silence / known.quantile, alerts, lambda m: m * known.quantile),
        "floor": tuned(view, silence / wait, alerts, lambda m: m * wait),
    }


def figures(view: View, delay: np.ndarray, use: np.ndarray) -> dict[str, float]:
    minutes = delay[use] / MINUTE_MS
    if not len(minutes):
        return {"mean": 0.0, "median": 0.0, "p95": 0.0, "in60": 0.0}
    return {
        "mean": float(minutes.mean()),
        "median": float(np.median(minutes)),
        "p95": float(np.quantile(minutes, 0.95)),
        "in60": float((minutes <= 60).mean()),
    }


def bootstrap(view: View, ours: np.ndarray, theirs: np.ndarray, use: np.ndarray) -> dict[str, tuple[float, float]]:
    """95 % intervals, over homes, of the ratios of mean, median and p95."""
    bins = 721
    tables = []
    for delay in (ours, theirs):
        table = np.zeros((len(view.rows), bins))
        np.add.at(table, (view.data.home[use], np.minimum(delay[use] / MINUTE_MS, bins - 1).astype(int)), 1)
        tables.append(table[table.sum(1) > 0])
    rng = np.random.default_rng(1)
    found: dict[str, list[float]] = {"mean": [], "median": [], "p95": []}
    for _ in range(BOOTSTRAPS):
        pick = rng.integers(0, len(tables[0]), len(tables[0]))
        a, b = (table[pick].sum(0) for table in tables)
        ca, cb = a.cumsum() / a.sum(), b.cumsum() / b.sum()
        found["mean"].append(float((a @ np.arange(bins)) / (b @ np.arange(bins))))
        for name, share in (("median", 0.5), ("p95", 0.95)):
            found[name].append(float((np.searchsorted(ca, share) + 0.5) / (np.searchsorted(cb, share) + 0.5)))
    return {name: (float(np.quantile(v, 0.025)), float(np.quantile(v, 0.975))) for name, v in found.items()}
