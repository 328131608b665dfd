"""The rows of all homes as one, and what is asked of them: delays, false alerts, baselines at equal false alerts.

Delays are of rows at home: the last sign of life was no entrance. After 14 days to settle in, unless said otherwise;
24 h where there is no deadline. False alerts are everything that was raised on the untouched logs, known outages apart.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, factorial
from typing import Final

import numpy as np

from agent.detect.bins import LONGEST_MS
from agent.detect.hazard import LEAST_WAIT_MS
from agent.detect.places import ENTRANCE
from agent.nouns import DAY_MS, MINUTE_MS
from bench import baselines
from bench.detect_home import NONE, Rows

SETTLE_MS: Final = 14 * DAY_MS
WAKING: Final = (7 * 60, 22 * 60)  # minutes of the day
NEVER_MS: Final = DAY_MS
BOOTSTRAPS: Final = 400
KEYS: Final = ("mean", "median", "p95")


@dataclass(frozen=True)
class Pool:
    """All homes' rows. Boolean masks choose rows; ``elapsed`` is observed time until a home's next row, in ms."""

    rows: Sequence[Rows]
    home: np.ndarray
    at: np.ndarray
    local: np.ndarray
    place: np.ndarray
    silence: np.ndarray
    raised: np.ndarray
    delay: np.ndarray
    elapsed: np.ndarray
    age: np.ndarray

    @staticmethod
    def of(homes: Sequence[Rows]) -> "Pool":
        whole = {name: np.concatenate([getattr(rows, name) for rows in homes]) for name in Rows._fields[:7]}
        home = np.repeat(np.arange(len(homes)), [len(rows.at) for rows in homes])
        begin = np.array([rows.at[0] if len(rows.at) else 0 for rows in homes])
        delay = np.where(whole["delay"] == NONE, NEVER_MS, whole["delay"])
        elapsed = np.where(whole["outage"] | (whole["silence"] < 0), 0, whole["silence"])
        raised = whole["raised"] & ~whole["outage"]
        kept = (whole["at"], whole["local"], whole["place"], whole["silence"])
        return Pool(homes, home, *kept, raised, delay, elapsed, whole["at"] - begin[home])

    @property
    def settled(self) -> np.ndarray:
        found: np.ndarray = self.age >= SETTLE_MS
        return found

    @property
    def at_home(self) -> np.ndarray:
        found: np.ndarray = (self.place != ENTRANCE) & (self.silence >= 0)
        return found

    @property
    def waking(self) -> np.ndarray:
        minute = self.local % DAY_MS // MINUTE_MS
        found: np.ndarray = (minute >= WAKING[0]) & (minute < WAKING[1])
        return found

    def days(self, use: np.ndarray) -> float:
        return float(self.elapsed[use].sum()) / DAY_MS


Figures = Mapping[str, float]


def figures(delay: np.ndarray, use: np.ndarray) -> Figures:
    """Minutes, and the share told within an hour."""
    minutes = delay[use] / MINUTE_MS
    if not len(minutes):
        return dict.fromkeys((*KEYS, "in60"), float("nan"))
    return {
        "mean": float(minutes.mean()),
        "median": float(np.median(minutes)),
        "p95": float(np.quantile(minutes, 0.95)),
        "in60": float((minutes <= 60).mean()),
    }


def bootstrap(pool: Pool, ours: np.ndarray, theirs: np.ndarray, use: np.ndarray) -> Mapping[str, tuple[float, float]]:
    """95 % intervals, over homes, of the ratios of mean, median and p95."""
    bins = NEVER_MS // MINUTE_MS + 1
    tables = []
    for delay in (ours, theirs):
        table = np.zeros((len(pool.rows), bins))
        np.add.at(table, (pool.home[use], np.minimum(delay[use] // MINUTE_MS, bins - 1).astype(int)), 1)
        tables.append(table[table.sum(1) > 0])
    rng = np.random.default_rng(1)
    found: dict[str, list[float]] = {name: [] for name in KEYS}
    for _ in range(BOOTSTRAPS):
        pick = rng.integers(0, len(tables[0]), len(tables[0]))
        a, b = (table[pick].sum(0) for table in tables)
        found["mean"].append(float((a @ np.arange(bins)) / (b @ np.arange(bins)) * b.sum() / a.sum()))
        for name, share in (("median", 0.5), ("p95", 0.95)):
            low, high = (np.searchsorted(each.cumsum() / each.sum(), share) + 0.5 for each in (a, b))
            found[name].append(float(low / high))
    return {name: (float(np.quantile(v, 0.025)), float(np.quantile(v, 0.975))) for name, v in found.items()}


@dataclass(frozen=True)
class Baseline:
    """``worst``: for each row the multiplier below which its silence is a false alert; ``delay`` of a multiplier."""

    worst: np.ndarray
    delay: Callable[[float], np.ndarray]


def baselines_of(pool: Pool) -> Mapping[str, Baseline]:
    """Scales past only; the one multiplier for all homes is tuned with hindsight (``at``)."""
    count = len(pool.at)
    quantile, worst = np.zeros(count), np.zeros(count)
    alert_lines = np.zeros((count, baselines.SLOTS), dtype=np.float32)
    day, minute = pool.local // DAY_MS, pool.local % DAY_MS // MINUTE_MS
    for home in range(len(pool.rows)):
        rows = np.flatnonzero(pool.home == home)
        if not len(rows):
            continue
        ok = (pool.at_home & (pool.elapsed > 0) & (pool.silence <= LONGEST_MS))[rows]
        silence = pool.silence[rows]
        quantile[rows] = baselines.quantile_scale(day[rows], minute[rows], pool.place[rows], silence, ok)
        alert_lines[rows] = baselines.alert_lines(day[rows], pool.local[rows], silence, ok)
        worst[rows] = baselines.line_critical(alert_lines[rows], pool.local[rows], silence)
    one = np.ones(count)
    return {
        "fixed": Baseline(pool.silence.astype(float), lambda m: m * one),
        "Cuddihy": Baseline(worst, lambda m: baselines.line_delay(alert_lines, pool.local, m)),
        "quantile": Baseline(pool.silence / quantile, lambda m: m * quantile),
    }


def at(pool: Pool, baseline: Baseline, alerts: int) -> np.ndarray:
    """Delays of a baseline whose multiplier makes it raise so many false alerts on settled rows, in ms."""
    able = pool.at_home & pool.settled & (pool.elapsed > LEAST_WAIT_MS)
    ranked = np.sort(baseline.worst[able & (pool.silence <= LONGEST_MS)])[::-1]
    beyond = int((able & (pool.silence > LONGEST_MS)).sum())
    multiplier = float(ranked[max(alerts - beyond, 0)])
    found: np.ndarray = np.clip(baseline.delay(multiplier), LEAST_WAIT_MS, LONGEST_MS)
    return found


def poisson(count: int) -> tuple[float, float]:
    """95 % interval of a Poisson mean (Byar)."""
    low = count * (1 - 1 / (9 * count) - 1.96 / (3 * count**0.5)) ** 3 if count else 0.0
    above = count + 1
    return low, above * (1 - 1 / (9 * above) + 1.96 / (3 * above**0.5)) ** 3


def over_twice(pool: Pool, budget: float) -> tuple[int, float]:
    """Homes that raised more than twice the budget, and how many chance alone would give."""
    over, expected = 0, 0.0
    for home in range(len(pool.rows)):
        own = pool.settled & (pool.home == home)
        allowed = budget * pool.days(own) / 30
        if allowed:
            over += int(pool.raised[own].sum()) > 2 * allowed
            expected += 1 - sum(exp(-allowed) * allowed**k / factorial(k) for k in range(int(2 * allowed) + 1))
    return over, expected
