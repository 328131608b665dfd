"""How surprising a day is for this person: scores in bits, p-values against their own past, drift over days.

A score is told in bits (1/BIT): among other homes one day in two is beyond 1 bit, one in four beyond 2, one in 32
beyond 5. That is the population's prior. The p-value of a day is the share of the person's own last days that were at
least as surprising, with the prior as if it were ``PRIOR_DAYS`` days more: past days only, and the prior fades as own
days come in. Were days exchangeable, a p-value below one in thirty would come once in thirty days.

Drift is a moving average of the scores of each number with their signs: four bathroom visits in the night are chance
once, and not six nights on end. It is scaled so that in days that do not hang together it varies as a single day does.
"""

from collections.abc import Sequence
from math import isqrt
from typing import Final, cast

from agent.detect.day_features import FEATURES
from agent.detect.detector import OUTPUT_UNIT, Model
from agent.detect.own_days import DAYS_KEPT, MOST, UNIT

BIT: Final = OUTPUT_UNIT
PRIOR_DAYS: Final = 28
PPM: Final = 1_000_000
BITS_MOST: Final = 20
FINE: Final = 64  # of the moving average, so that its rounding does not count
STEP: Final = 4  # a day moves the average by one fourth
SPREAD_PERMILLE: Final = 2_646  # sqrt(2 * STEP - 1): how much narrower the average is than a day
NUMBERS_LEAST: Final = 4  # fewer that can be compared do not make a day
# The rule without a model: how far out a day is on average over its numbers (root of the mean square, in UNIT) for it
# to have 0, 1, 2 ... bits; beyond the last as between the last two. Printed by training.anomaly.
FREE_DAY: Final = (7, 16, 21, 26, 32, 40, 45, 50, 56, 61, 66)
FREE_DRIFT: Final = (8, 19, 25, 30, 35, 43, 53, 62, 71, 79, 88)

Scores = Sequence[int | None]


class Drift:
    """The moving average of each number's score; what is not known on a day counts as usual."""

    def __init__(self) -> None:
        self._means = [0] * len(FEATURES)

    def move(self, scores: Scores) -> None:
        pairs = zip(self._means, scores, strict=True)
        self._means = [mean + ((score or 0) * FINE - mean) // STEP for mean, score in pairs]

    def forget(self) -> None:
        self._means = [0] * len(FEATURES)

    def scores(self, of: Scores) -> list[int | None]:
        """As a day's scores, for the numbers that ``of`` knows."""
        wide = [mean * SPREAD_PERMILLE // (1_000 * FINE) for mean in self._means]
        return [None if known is None else max(-MOST, min(MOST, far)) for far, known in zip(wide, of, strict=True)]

    def plain(self) -> list[int]:
        return self._means

    def take(self, plain: list[int]) -> None:
        self._means = list(plain)


def row(scores: Scores, drift: bool) -> list[int]:
    """What the model is given: each score, whether it is known, and whether this is a day or drift."""
    return [*(score or 0 for score in scores), *(int(score is not None) for score in scores), int(drift)]


def model_bits(model: Model, scores: Scores, drift: bool) -> int:
    """Bits of the model, in 1/BIT. ModelFault if it does not answer."""
    return max(0, min(model.run(row(scores, drift))[0], BITS_MOST * BIT))


def free_bits(scores: Scores, drift: bool) -> int:
    """Bits of the rule without a model, in 1/BIT."""
    known = [score for score in scores if score is not None]
    far = isqrt(sum(score * score for score in known) * BIT * BIT // max(len(known), 1))  # in UNIT / BIT
    knots = FREE_DRIFT if drift else FREE_DAY
    whole = sum(far >= knot * BIT for knot in knots[1:-1])
    low, high = knots[whole] * BIT, knots[whole + 1] * BIT
    return max(0, min(whole * BIT + (far - low) * BIT // (high - low), BITS_MOST * BIT))


def prior_ppm(bits: int) -> int:
    """The share of other homes' days that are at least so surprising; between whole bits on a straight line."""
    whole, part = divmod(bits, BIT)
    return (2 * BIT - part) * PPM // (2 * BIT) >> whole


class OwnPast:
    """How surprising this person's own last days were, to one way of scoring."""

    def __init__(self) -> None:
        self._bits: list[int] = []

    def p_ppm(self, bits: int) -> int:
        over = sum(each >= bits for each in self._bits)
        return (over * PPM + PRIOR_DAYS * prior_ppm(bits)) // (len(self._bits) + PRIOR_DAYS)

    def keep(self, bits: int) -> None:
        self._bits = [*self._bits, bits][-DAYS_KEPT:]

    def plain(self) -> list[int]:
        return self._bits

    def take(self, plain: object) -> None:
        self._bits = list(cast(list[int], plain))


assert MOST == 6 * UNIT  # what the model was trained on
