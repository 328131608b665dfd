"""From the fall model's whole logits to a deadline: hazards, survival, and least expected harm. Whole numbers only.

The model says, for each bin of silence, how likely it is to end there. From that follows which share of such silences
outlasts each possible deadline. Between two possible deadlines lies a *stretch*, in which a hazard may be corrected
(recalibration.py). A false alert costs the home's ``price``; waiting costs harm, part in minutes and part
along their logarithm (an hour for each factor e). The deadline is the one of least expected cost, moved part of the
way, in steps of the grid, to the first at which so few silences are left that S <= P_SCALE / price. What each part
brings is in docs/detection.md.

Units: cumulative hazard in millionths, survival in 1/ONE, harm in thousandths of a minute, price in minutes of harm
for one false alert. Tables are made once from math.exp and rounded to whole numbers; they are arrays, because tuples of
them take five times the memory.
"""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from math import exp, log, log1p
from operator import sub
from typing import Final

from agent.detect.bins import BINS, DAY_MS, EDGES_MS, LONGEST_MS, MINUTE_MS
from agent.detect.detector import OUTPUT_UNIT

LEAST_WAIT_MS: Final = 5 * MINUTE_MS  # no budget makes the hub more hasty than this
NEVER_MS: Final = DAY_MS  # what "no deadline" is taken to cost
FAR_LOGIT: Final = 20 * OUTPUT_UNIT  # beyond, a hazard is taken for this
MILLION: Final = 1_000_000
ONE: Final = 1 << 30
FACTOR_UNIT: Final = 1_024
PARTS: Final = 6  # possible deadlines in each bin
LOG_PERMILLE: Final = 500  # of the harm along the logarithm
P_PERMILLE: Final = 400  # of the way to the rule of the few
P_SCALE: Final = 250
# Prices: LEVELS of them in equal steps of the logarithm, from 20 minutes to twenty million
LEVELS: Final = 256
RECORD: Final = LEVELS + 1  # numbers of the population's record: silences beyond 12 h, then the rate at each level
PRICES: Final = tuple(round(20 * (2e7 / 20) ** (level / (LEVELS - 1))) for level in range(LEVELS))
# Cumulative hazard of a bin, in millionths, by whole logit
_HAZARD: Final = array(
    "q", [round(MILLION * log1p(exp(each / OUTPUT_UNIT))) for each in range(-FAR_LOGIT, FAR_LOGIT + 1)]
)
_SURVIVAL_STEP: Final = 2_000  # millionths
_SURVIVAL: Final = array("q", [round(ONE * exp(-each * _SURVIVAL_STEP / MILLION)) for each in range(10_500)])  # then 0


def _grid() -> list[tuple[int, int, int]]:
    """Possible deadlines: wait in ms, its bin, and the permille of that bin's hazard passed by then."""
    found = []
    for each in range(1, BINS):
        left, span = EDGES_MS[each], log(EDGES_MS[each + 1] / EDGES_MS[each])
        if left <= LEAST_WAIT_MS < EDGES_MS[each + 1]:
            found.append((LEAST_WAIT_MS, each, round(1_000 * log(LEAST_WAIT_MS / left) / span)))
        for part in range(PARTS):
            wait_ms = round(left * exp(span * part / PARTS))
            if wait_ms > LEAST_WAIT_MS * 1.02:
                found.append((wait_ms, each, round(1_000 * part / PARTS)))
    return sorted([*found, (LONGEST_MS, BINS - 1, 1_000)])


def _harm(wait_ms: int) -> int:
    straight = (1_000 - LOG_PERMILLE) * wait_ms / MINUTE_MS
    return round(straight + LOG_PERMILLE * 60 * log(wait_ms / LEAST_WAIT_MS))


GRID: Final = tuple(_grid())
WAITS_MS: Final = tuple(wait_ms for wait_ms, _, _ in GRID)
HARM: Final = tuple(_harm(wait_ms) for wait_ms in WAITS_MS)
NEVER_HARM: Final = _harm(NEVER_MS)


def hazards(logits: Sequence[int]) -> list[int]:
    """Cumulative hazard of each bin, in millionths."""
    table, far = _HAZARD, FAR_LOGIT
    return [table[max(0, min(2 * far, logit + far))] for logit in logits]


def stretches(hazard: Sequence[int]) -> list[int]:
    """Of each bin's hazard, what lies up to the first of WAITS_MS, then between one of them and the next."""
    before = list(accumulate(hazard, initial=0))
    passed = [before[each] + hazard[each] * permille // 1_000 for _, each, permille in GRID]
    return [passed[0], *map(sub, passed[1:], passed)]


def survival(by_stretch: Sequence[int]) -> list[int]:
    """Share of such silences that outlast each of WAITS_MS, in 1/ONE; of hazards by stretch."""
    last = len(_SURVIVAL) - 1
    return [_SURVIVAL[min(total // _SURVIVAL_STEP, last)] for total in accumulate(by_stretch)]


def wait_ms(left: Sequence[int], price: int, weight_permille: int = 1_000) -> int | None:
    """The deadline after the sign of life, in ms. ``left`` is ``survival``; a harm that weighs less than 1,000 permille
    may not be worth any deadline: then None."""
    price_milli = price * 1_000_000 // weight_permille
    costs = [(price_milli * share >> 30) + harm for share, harm in zip(left, HARM, strict=True)]
    least = min(costs)
    if weight_permille < 1_000 and least > NEVER_HARM:
        return None
    few = P_SCALE * 1_000 * ONE // price_milli
    first = min(bisect_left(left, -few, key=lambda share: -share), len(WAITS_MS) - 1)
    return WAITS_MS[(costs.index(least) * (1_000 - P_PERMILLE) + first * P_PERMILLE + 500) // 1_000]


def critical(left: Sequence[int], silence_ms: int, weight_permille: int = 1_000) -> int:
    """The lowest level of PRICES at which this silence would not have been a false alert; LEVELS: at none."""
    low, high = 0, LEVELS
    while low < high:
        middle = (low + high) // 2
        wait = wait_ms(left, PRICES[middle], weight_permille)
        if wait is None or wait >= silence_ms:
            high = middle
        else:
            low = middle + 1
    return low
