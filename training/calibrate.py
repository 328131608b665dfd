"""From hazards to deadlines: rolling recalibration, least expected harm, one price per home for a false alert.

Vectorised over the rows of a home for judging; decide.py says the same one sign of life at a time, in whole numbers.
All learning is of the past only: factors move once a day, the price once a day and at a false alert.
"""

from bisect import bisect_right, insort
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np

from training.bins import BINS, DAY_MS, EDGES_MS, LONGEST_MS, MINUTE_MS

LEAST_WAIT_MS: Final = 5 * MINUTE_MS
SUB: Final = 6  # possible deadlines in each bin
LEVELS: Final = 700  # prices, in equal steps of the logarithm
PRICE_LEAST, PRICE_MOST = 20.0, 2e7  # minutes of harm for one false alert
PRICES: Final = PRICE_LEAST * (PRICE_MOST / PRICE_LEAST) ** (np.arange(LEVELS) / (LEVELS - 1))
BANDS: Final = (0, 4, 8, 11, 14, 17)  # first bins of the bands of silence that are recalibrated apart
BAND_OF: Final = np.searchsorted(BANDS, np.arange(BINS), side="right") - 1
NIGHT: Final = (22 * 60, 7 * 60)
DAYS_KEPT: Final = 28
SETTLE_MS: Final = 14 * DAY_MS
WARM_MS: Final = 3 * DAY_MS  # a home counts for the population's prices from here on


@dataclass(frozen=True)
class Rule:
    """How deadlines are chosen. ``log_share``: harm is a mix of minutes and of their logarithm (0: minutes alone).
    ``p_share``: share of the p-value rule S(s) <= p_scale/price, counted in
    steps of the grid, which is of the logarithm. k: shrinkage, in silences."""

    log_share: float = 0.0
    p_share: float = 0.0
    p_scale: float = 250.0
    k_home: float = 10.0
    k_cell: float = 8.0
    recalibrate: bool = True
    prior_alerts: float = 4.0  # false alerts that the population's record weighs in a home's price
    days_kept: float = DAYS_KEPT
    partitions: tuple[int, ...] = (0, 1)  # of judge.partitions


def _grid() -> np.ndarray:
    edges = np.array(EDGES_MS[1:], dtype=float)
    fine = np.concatenate([np.geomspace(a, b, SUB + 1)[:-1] for a, b in pairwise(edges)])
    return np.concatenate([[LEAST_WAIT_MS], fine[fine > LEAST_WAIT_MS * 1.02], [LONGEST_MS]])


GRID_MS: Final = _grid()
GRID_MIN: Final = GRID_MS / MINUTE_MS


def _passed(silence_ms: np.ndarray) -> np.ndarray:
    """(n, BINS): the share of each bin's hazard that a silence has passed; along the logarithm within a bin."""
    edges = np.array(EDGES_MS, dtype=float)
    low, high = np.maximum(edges[:-1], 30_000.0), edges[1:]
    share = np.log(np.maximum(silence_ms, 1)[:, None] / low) / np.log(high / low)
    return np.clip(share, 0, 1)


TO_GRID: Final = _passed(GRID_MS).T  # (BINS, grid)


def softplus(logits: np.ndarray) -> np.ndarray:
    """Cumulative hazard of each bin."""
    return np.logaddexp(0, logits.astype(np.float64))


def recalibrated(
    hazard: np.ndarray, day: np.ndarray, cells: np.ndarray, silence: np.ndarray, ok: np.ndarray, rule: Rule
) -> np.ndarray:
    """Hazards of one home, each row with the factors of its morning. ``cells`` (rows, partitions): one factor a
    partition, each counted on what the ones before it left."""
    if not rule.recalibrate:
        return hazard
    partitions = list(rule.partitions)
    sizes = [int(cells[:, p].max()) + 1 for p in partitions]
    bands = len(BANDS)
    seen = [np.zeros((size, bands)) for size in sizes]
    meant = [np.zeros((size, bands)) for size in sizes]
    found = np.empty_like(hazard)
    passed = _passed(np.minimum(silence, LONGEST_MS)) * hazard
    by_band = np.column_stack([passed[:, band == BAND_OF].sum(1) for band in range(bands)])
    ends = np.searchsorted(EDGES_MS, silence, side="right") - 1
    starts = np.flatnonzero(np.diff(day, prepend=day[0] - 1))
    keep = 1 - 1 / rule.days_kept
    for start, stop in zip(starts, [*starts[1:], len(day)], strict=True):
        rows = slice(start, stop)
        use = np.flatnonzero(ok[rows]) + start
        ended = use[ends[use] < BINS]
        whole = np.ones((stop - start, bands))
        for index, p in enumerate(partitions):
            k = rule.k_home if index == 0 else rule.k_cell
            factor = (seen[index] + k) / (meant[index] + k)
            expected = by_band[use] * whole[use - start]
            whole *= factor[cells[rows, p]]
            seen[index] *= keep
            meant[index] *= keep
            np.add.at(meant[index], cells[use, p], expected)
            np.add.at(seen[index], (cells[ended, p], BAND_OF[ends[ended]]), 1)
        found[rows] = hazard[rows] * whole[:, BAND_OF]
    return found


def harm(rule: Rule) -> np.ndarray:
    return (1 - rule.log_share) * GRID_MIN + rule.log_share * 60 * np.log(GRID_MIN / GRID_MIN[0])


def choose(survival: np.ndarray, price: np.ndarray, rule: Rule) -> np.ndarray:
    """Deadlines in ms after the sign of life for rows of survival at GRID_MS."""
    best = np.argmin(price[:, None] * survival + harm(rule), axis=1)
    under = survival <= (rule.p_scale / price)[:, None]
    first = np.where(under.any(1), under.argmax(1), len(GRID_MS) - 1)
    share = round(1_000 * rule.p_share)
    return GRID_MS[(best * (1_000 - share) + first * share + 500) // 1_000]


def critical(survival: np.ndarray, silence: np.ndarray, rule: Rule) -> np.ndarray:
    """The lowest level at which a silence would not have been a false alert; LEVELS if at none."""
    low, high = np.zeros(len(silence), dtype=int), np.full(len(silence), LEVELS)
    while (low < high).any():
        middle = (low + high) // 2
        enough = choose(survival, PRICES[np.minimum(middle, LEVELS - 1)], rule) >= silence
        high = np.where(enough & (low < high), middle, high)
        low = np.where(~enough & (low < high), middle + 1, low)
    return low


@dataclass
class Prior:
    """The population's: false alerts per 30 days at each level, and silences beyond 12 h per 30 days."""

    rates: np.ndarray
    beyond: float


def population(levels: list[np.ndarray], days: list[float], beyond: int) -> Prior:
    """Homes weigh by their days."""
    months = sum(days) / 30
    counts = np.bincount(np.concatenate(levels), minlength=LEVELS + 1)[: LEVELS + 1]
    over = counts[::-1].cumsum()[::-1]
    return Prior(np.append(over[1:], 0)[:LEVELS] / months, beyond / months)


@dataclass
class Price:
    """One home's price: the lowest level whose past false alerts keep the budget."""

    budget: float
    prior: Prior
    prior_days: float  # what the population's record weighs, against at most DAYS_KEPT of the home's own
    level: int = 0
    days: list[list[int]] = field(default_factory=list)
    today: list[int] = field(default_factory=list)
    today_ms: int = 0

    def __post_init__(self) -> None:
        self.allowed = self.budget - min(self.prior.beyond / 2, self.budget / 2)
        self.calibrate()

    def pass_time(self, ms: int) -> bool:
        self.today_ms += ms
        if self.today_ms < DAY_MS:
            return False
        self.today_ms -= DAY_MS
        self.days = [*self.days, self.today][-DAYS_KEPT:]
        self.today = []
        self.calibrate()
        return True

    def note(self, level: int) -> bool:
        insort(self.today, level)
        if level > self.level:
            self.calibrate()
            return True
        return False

    def calibrate(self) -> None:
        own = sorted(level for day in (*self.days, self.today) for level in day)
        own_days = len(self.days) + self.today_ms / DAY_MS
        low, high = 0, LEVELS - 1
        while low < high:
            middle = (low + high) // 2
            over = len(own) - bisect_right(own, middle)
            rate = (over * 30 + self.prior.rates[middle] * self.prior_days) / (own_days + self.prior_days)
            low, high = (low, middle) if rate <= self.allowed else (middle + 1, high)
        self.level = low
