"""The alert budget: how reluctant a home must be before it may be alarmed.

Every silence at home has a level: the least reluctance at which it would not have been a false alert. For the rule
without a model that is its ratio, its length over the scale that its place and time of day had when it began, in
permille; for the fall model it is a level of the price of a false alert. One reluctance holds for the whole home. It is
the smallest one at which the last ``DAYS_KEPT`` days, past only, would not have cost more false alerts than the plan
allows. That is a conformal quantile: were days exchangeable, the next 30 would cost the budget in expectation. It
promises nothing for one given month, which is why ``expected`` tells the counts on which it rests.

A silence beyond 12 h costs an alert at any multiplier, and is not learnt, because without check-ins it is an outage as
likely as not. So half of the population's BEYOND is set aside from the budget, but never more than half of the
budget: waiting longer would not spare them. Without that, 44 homes realised 1.38 of a budget of 1, with it 1.26.

The population's levels stand in for some days of the home's own, so the budget holds from the first hour and the
population fades as own days come in. A day here is 24 h of observed time: a hub that was off for a
week forgets nothing, and a clock that was set forgets nothing either.
"""

from bisect import bisect_right, insort
from collections.abc import Callable
from typing import Final, NamedTuple, cast

from agent.detect.prior import BEYOND, RATES, RATIOS
from agent.nouns import DAY_MS, Snapshot

DAYS_KEPT: Final = 28  # older days are forgotten: detection.md
PRIOR_DAYS: Final = 14  # what the population weighs against the home's own days, where no model is used
LEVELS_KEPT: Final = 16  # the largest of a day; a day with more alarms than this is told as 16


class Expected(NamedTuple):
    """What today's reluctance leads one to expect, and the counts behind it."""

    false_alerts_permille_per_30_days: int
    silences_over: int  # of this home's own days
    own_days: int
    prior_days: int


class Population(NamedTuple):
    """What other homes taught. ``rate``: how often a level is exceeded there, in thousandths per 30 days; ``beyond``:
    how often a silence outlasts 12 h, likewise. A budget that would allow more alerts than ``least`` gives keeps that;
    one that even ``most`` cannot keep waits as long as a deadline may."""

    least: int
    most: int
    days: int
    beyond: int
    rate: Callable[[int], int]


class Budget:
    """The largest levels of the last days, and the reluctance that follows from them."""

    def __init__(self, false_alerts_per_30_days: float, population: Population) -> None:
        allowed = round(false_alerts_per_30_days * 1_000)
        self._population = population
        self.least = population.least
        self._beyond = min(population.beyond // 2, allowed // 2)
        self._allowed = allowed - self._beyond  # for silences up to 12 h; thousandths per 30 days
        self._days: list[list[int]] = []  # the largest levels of each whole day, ascending; oldest day first
        self._today: list[int] = []
        self._today_ms = 0  # observed so far, below DAY_MS
        self.reluctance = 0
        self.calibrate()

    def pass_time(self, observed_ms: int) -> bool:
        """Count time that was observed; True if that made a day whole and the reluctance anew."""
        self._today_ms += observed_ms
        if self._today_ms < DAY_MS:
            return False
        self._today_ms -= DAY_MS
        self._days = [*self._days, self._today][-DAYS_KEPT:]
        self._today = []
        self.calibrate()
        return True

    def note(self, level: int) -> None:
        """Learn how a silence at home ended. One that was a false alert counts at once, not from tomorrow."""
        today = self._today
        if len(today) == LEVELS_KEPT:
            if level <= today[0]:
                return
            del today[0]
        insort(today, level)
        if level > self.reluctance:
            self.calibrate()

    def take_back(self, level: int) -> None:
        """A silence that was noted was no false alert: a person said so."""
        for day in (self._today, *reversed(self._days)):
            if level in day:
                day.remove(level)
                self.calibrate()
                return

    def calibrate(self) -> None:
        """The smallest reluctance that keeps the budget."""
        own = self._own()
        low, high = self._population.least, self._population.most
        while low < high:
            middle = (low + high) // 2
            if self._rate(middle, own) <= self._allowed:
                high = middle
            else:
                low = middle + 1
        self.reluctance = low

    def expected(self) -> Expected:
        own, reluctance = self._own(), self.reluctance
        over = len(own) - bisect_right(own, reluctance)
        return Expected(self._rate(reluctance, own) + self._beyond, over, len(self._days), self._population.days)

    def _own(self) -> list[int]:
        return sorted(level for day in (*self._days, self._today) for level in day)

    def _rate(self, reluctance: int, own: list[int]) -> int:
        """False alerts per 30 days, in thousandths: the home's days and the population's, as one record."""
        over = len(own) - bisect_right(own, reluctance)
        own_ms = len(self._days) * DAY_MS + self._today_ms
        prior_ms = self._population.days * DAY_MS
        alerts = over * 30_000 * DAY_MS + self._population.rate(reluctance) * prior_ms
        return alerts // (own_ms + prior_ms)

    def snapshot(self) -> Snapshot:
        return {
            "days": [list(day) for day in self._days],
            "today": list(self._today),
            "today_ms": self._today_ms,
            "reluctance": self.reluctance,
            "allowed": self._allowed,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._days = [list(day) for day in cast(list[list[int]], snapshot["days"])]
        self._today = list(cast(list[int], snapshot["today"]))
        self._today_ms = cast(int, snapshot["today_ms"])
        self.reluctance = cast(int, snapshot["reluctance"])
        if snapshot["allowed"] != self._allowed:  # the plan has another budget since
            self.calibrate()


def population_rate_permille(multiplier: int) -> int:
    """How often a silence of the population exceeds ``multiplier`` times its scale, in thousandths per 30 days."""
    if multiplier <= RATIOS[0]:
        return RATES[0]
    if multiplier >= RATIOS[-1]:
        return RATES[-1]
    right = bisect_right(RATIOS, multiplier)
    left = right - 1
    along, span = multiplier - RATIOS[left], RATIOS[right] - RATIOS[left]
    return RATES[left] - (RATES[left] - RATES[right]) * along // span


# For the rule without a model: levels are ratios, in permille.
WITHOUT_MODEL: Final = Population(250, 100_000, PRIOR_DAYS, BEYOND, population_rate_permille)
