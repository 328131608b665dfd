"""A person's own last days, and how far a day lies from them: robust scores in whole numbers.

Counts and minutes are compared as square roots, because twenty varies more than two; times of day and seconds as they
are. The middle is the median of the days that are kept; the width is half from the median deviation and half from the
mean one, for the first is nothing where most days are alike, and the second trusts outliers. To both the widths of
other homes are added, as if they were ``PRIOR_DAYS`` days of this one: they count less as own days come in.
"""

from collections.abc import Sequence
from math import isqrt
from typing import Final, NamedTuple, cast

from agent.detect.day_features import ABSENT, FEATURES, WHOLE_HOME, Day
from agent.measures import DAYS_LEAST

DAYS_KEPT: Final = 56  # eight weeks: older days are forgotten, so that what lasts becomes the usual
PRIOR_DAYS: Final = 7
UNIT: Final = 16  # of a score: one width is 16
MOST: Final = 6 * UNIT  # further out is as far as this
ROOT_UNIT: Final = 64  # of a square root
LINEAR_UNIT: Final = 8  # of a minute, or of a tenth of a second
LINEAR: Final = frozenset({"up", "down", "transit_ds"})
LEAST_WIDTH: Final = {"up": 15, "down": 15, "transit_ds": 10}  # minutes, tenths of a second
LEAST_ROOT: Final = ROOT_UNIT * 35 // 100  # what chance alone gives a count is half of a root
# The widths of other homes, in the units above: medians over the real homes; beds are a guess, those homes had none.
# Printed by training.anomaly.
WIDTHS: Final = {
    "bathroom_day": 30, "bathroom_night": 25, "bed_outs": 32, "bed_minutes": 90, "up": 510, "down": 484,
    "active_afternoon": 91, "active_evening": 68, "active_night": 71, "active_morning": 68, "moves_day": 106,
    "moves_night": 62, "kitchen": 34, "fridge": 32, "outings": 36, "away_minutes": 295, "still_minutes": 112,
    "bedroom_day": 34, "transit_ds": 150,
}  # fmt: skip


class Kept(NamedTuple):
    unseen: tuple[str, ...]
    values: tuple[int, ...]


class OwnDays:
    """The days that make the usual, oldest first."""

    def __init__(self) -> None:
        self._days: list[Kept] = []

    def __len__(self) -> int:
        return len(self._days)

    def keep(self, day: Day) -> None:
        self._days = [*self._days, Kept(day.unseen, day.values)][-DAYS_KEPT:]

    def scores(self, day: Day) -> list[int | None]:
        """How far each number of the day lies from the usual, in 1/UNIT of its width; None: cannot be told."""
        return [self._score(index, value, day.unseen) for index, value in enumerate(day.values)]

    def known(self, index: int, unseen: tuple[str, ...]) -> list[int]:
        """What that number was on the days that are comparable, ascending."""
        alike = [day for day in self._days if FEATURES[index] not in WHOLE_HOME or day.unseen == unseen]
        return sorted(day.values[index] for day in alike if day.values[index] != ABSENT)

    def recent(self, index: int, days: int) -> list[int]:
        """What it was on the last days, where it was anything."""
        return [day.values[index] for day in self._days[-days:] if day.values[index] != ABSENT]

    def _score(self, index: int, value: int, unseen: tuple[str, ...]) -> int | None:
        known = self.known(index, unseen)
        if value == ABSENT or len(known) < DAYS_LEAST:
            return None
        name = FEATURES[index]
        even = [_even(name, each) for each in known]
        middle = _middle(even)
        away = (_even(name, value) - middle) * UNIT
        width = _width(name, even, middle)
        score = away // width if away >= 0 else -(-away // width)
        return max(-MOST, min(MOST, score))

    def plain(self) -> list[object]:
        return [[list(day.unseen), list(day.values)] for day in self._days]

    def take(self, plain: list[object]) -> None:
        days = cast(list[tuple[list[str], list[int]]], plain)
        self._days = [Kept(tuple(unseen), tuple(values)) for unseen, values in days]


def _even(name: str, value: int) -> int:
    """On a scale on which a day varies as much at twenty as at two."""
    return value * LINEAR_UNIT if name in LINEAR else isqrt(value * ROOT_UNIT * ROOT_UNIT)


def _middle(ascending: Sequence[int]) -> int:
    half = len(ascending) // 2
    return ascending[half] if len(ascending) % 2 else (ascending[half - 1] + ascending[half]) // 2


def _width(name: str, even: Sequence[int], middle: int) -> int:
    days = len(even)
    deviations = sorted(abs(each - middle) for each in even)
    width = (_middle(deviations) * 1_483 + sum(deviations) * 1_253 // days) // 2_000
    shrunk = isqrt((days * width * width + PRIOR_DAYS * WIDTHS[name] ** 2) // (days + PRIOR_DAYS))
    return max(shrunk, LEAST_WIDTH[name] * LINEAR_UNIT if name in LINEAR else LEAST_ROOT)
