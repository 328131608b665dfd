"""The population's record for a home's price: how often silences of other homes are beyond each price.

Every home is lived by the product's own code with a model that never saw it; what comes out is the level of each of
its silences (budget.py). A record is made from any set of homes: a fold's from all others, the shipped one from all.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from agent.detect.budget import Population
from agent.detect.company import Company
from agent.detect.detector import Model, Models
from agent.detect.hazard import LEVELS
from agent.detect.possible_fall import PossibleFall
from agent.detect.trust import Trust
from agent.detect.whereabouts import Whereabouts
from agent.nouns import HOUR_MS, Home, Watch, is_activity
from bench.homes import outage, readings
from bench.prior import WARM_DAYS, Listening

SILENT = Population(0, LEVELS - 1, 30, 0, lambda level: 0)
NOBODY = [0] * (LEVELS + 1)  # no record: every price is the least, so that every silence is asked about


class Heard(NamedTuple):
    """Of one home: levels of its silences, how many outlasted 12 h at home, over how many days."""

    levels: list[int]
    beyond: int
    days: int


def listen(home: Home, log: Path, model: Model) -> Heard:
    where, company, watch = Whereabouts(home), Company(home), Watch()
    detector = PossibleFall(home, where, Trust(Models({"fall": model}, {}, {"fall": NOBODY})), company)
    assert detector.wait.model is not None, "a record was given"
    budget = detector.wait.model.budget = Listening(SILENT)
    beyond, last = 0, None
    for reading in readings(log, home):
        if not is_activity(reading):
            continue
        at = reading.at
        if last is not None and at - last > 12 * HOUR_MS and budget.days >= WARM_DAYS and not where.away:
            beyond += not outage(last, at)
        while (due := detector.deadline()) is not None and due < at:
            detector.observe(due, (), watch)
        where.observe(at, (reading,), watch)
        company.observe(at, (reading,), watch)
        detector.observe(at, (reading,), watch)
        last = at
    return Heard(budget.levels, beyond, max(0, budget.days - WARM_DAYS))


def record(homes: Sequence[Heard]) -> list[int]:
    """Silences beyond 12 h, then the rate at each level of price, all in thousandths per 30 days."""
    days = max(1, sum(home.days for home in homes))
    counts = [0] * (LEVELS + 1)
    for home in homes:
        for level in home.levels:
            counts[level] += 1
    over, rates = 0, []
    for level in range(LEVELS - 1, -1, -1):
        over += counts[level + 1]
        rates.append(over * 30_000 // days)
    return [sum(home.beyond for home in homes) * 30_000 // days, *reversed(rates)]
