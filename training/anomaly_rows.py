"""Homes as rows for the anomaly model: each day of each home, scored against that person's own days before it.

By the same code as on a hub (own_days.py, surprise.py), so that the network sees in training what it will be given.
"""

from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from agent.detect.day_features import ABSENT, FEATURES, Day
from agent.detect.own_days import LEAST_ROOT, LEAST_WIDTH, LINEAR, LINEAR_UNIT, OwnDays, _even, _middle
from agent.detect.routine_change import is_apart
from agent.detect.surprise import NUMBERS_LEAST, Drift, row
from agent.measures import DAYS_LEAST
from bench.homes import homes_in, readings
from bench.routine_home import masked, whole


@dataclass
class Rows:
    """One row for each scored day: of the day, and of the drift up to it."""

    homes: list[str]
    home: np.ndarray  # index into homes
    day: np.ndarray  # (rows, 2 * FEATURES + 1), as the model is given it
    drift: np.ndarray


def days_of(folder: Path) -> dict[str, list[Day]]:
    return {home.id: masked(whole(home, list(readings(log, home))).days) for home, log in homes_in(folder, None)}


def rows_of(days: dict[str, list[Day]]) -> Rows:
    homes = sorted(days)
    home: list[int] = []
    pairs: list[tuple[list[int], list[int]]] = []
    for number, name in enumerate(homes):
        found = _home(days[name])
        pairs += found
        home += [number] * len(found)
    day, drift = (np.array([pair[which] for pair in pairs], dtype=np.float32) for which in (0, 1))
    return Rows(homes, np.array(home), day, drift)


def _home(days: list[Day]) -> list[tuple[list[int], list[int]]]:
    own, drift = OwnDays(), Drift()
    found = []
    for day in days:
        if is_apart(day):
            continue
        scores = own.scores(day)
        if sum(score is not None for score in scores) >= NUMBERS_LEAST:
            drift.move(scores)
            found.append((row(scores, False), row(drift.scores(scores), True)))
        own.keep(day)
    return found


def widths(days: dict[str, list[Day]]) -> dict[str, int]:
    """How wide the numbers of a day are spread in these homes: the median home's, in the units of own_days.py."""
    found: dict[str, int] = {}
    for index, name in enumerate(FEATURES):
        each = []
        for home in days.values():
            even = sorted(_even(name, d.values[index]) for d in home if not is_apart(d) and d.values[index] != ABSENT)
            if len(even) >= DAYS_LEAST:
                deviations = sorted(abs(value - _middle(even)) for value in even)
                width = (_middle(deviations) * 1_483 + sum(deviations) * 1_253 // len(even)) // 2_000
                each.append(max(width, LEAST_WIDTH[name] * LINEAR_UNIT if name in LINEAR else LEAST_ROOT))
        if each:
            found[name] = round(median(each))
    return found
