"""From the model's whole logits to a deadline, one sign of life at a time: whole numbers only, no numpy.

The same steps as calibrate.py says for whole arrays: hazards, the factors of this morning, survival at every possible
deadline, and the one of least expected harm at the home's price. Cumulative hazard is in millionths, survival in 2^-30,
harm in thousandths of a minute. Tables are made once from math.exp and rounded to whole numbers.
"""

from bisect import bisect_right
from collections.abc import Sequence
from math import exp, log, log1p
from typing import Final

from training.bins import BINS, EDGES_MS, LONGEST_MS, MINUTE_MS

LOGIT_UNIT: Final = 64
FAR_LOGIT: Final = 20 * LOGIT_UNIT  # beyond, a hazard is taken for this
MILLION: Final = 1_000_000
ONE: Final = 1 << 30
LEAST_WAIT_MS: Final = 5 * MINUTE_MS
BANDS: Final = (0, 4, 8, 11, 14, 17)
FACTOR_UNIT: Final = 1_024
# Cumulative hazard of a bin, in millionths, by whole logit
HAZARD: Final = tuple(round(MILLION * (log1p(exp(each / LOGIT_UNIT)))) for each in range(-FAR_LOGIT, FAR_LOGIT + 1))
SURVIVAL_STEP: Final = 1_000  # millionths
SURVIVAL: Final = tuple(round(ONE * exp(-each * SURVIVAL_STEP / MILLION)) for each in range(21_000))  # then 0
_BAND: Final = tuple(bisect_right(BANDS, each) - 1 for each in range(BINS))


def hazards(logits: Sequence[int], factors: Sequence[int]) -> list[int]:
    """Recalibrated cumulative hazard of each bin, in millionths. ``factors`` by band, in FACTOR_UNIT."""
    return [
        HAZARD[max(-FAR_LOGIT, min(FAR_LOGIT, logit)) + FAR_LOGIT] * factors[band] // FACTOR_UNIT
        for logit, band in zip(logits, _BAND, strict=True)
    ]


class Grid:
    """Possible deadlines: ``sub`` in each bin from five minutes on, with their harm. ``log_permille`` of the harm is
    counted along the logarithm (an hour for each factor e), the rest in minutes. ``p_permille`` of the way, in steps of
    the grid, the deadline goes to the first at which so few are left that S <= p_scale / price."""

    def __init__(self, sub: int, log_permille: int, p_permille: int, p_scale: int) -> None:
        self._p_permille, self._p_scale = p_permille, p_scale
        self.waits_ms: list[int] = []
        self._at: list[tuple[int, int]] = []  # bin, and permille of its hazard passed
        edges = EDGES_MS
        for each in range(1, BINS):
            span = log(edges[each + 1] / edges[each])
            for part in range(sub):
                wait_ms = round(edges[each] * exp(span * part / sub))
                if wait_ms > LEAST_WAIT_MS * 1.02:
                    self._add(wait_ms, each, round(1_000 * part / sub))
                elif not self.waits_ms and wait_ms <= LEAST_WAIT_MS < edges[each + 1]:
                    self._add(LEAST_WAIT_MS, each, round(1_000 * log(LEAST_WAIT_MS / edges[each]) / span))
        self._add(LONGEST_MS, BINS - 1, 1_000)
        first = self.waits_ms[0]
        self.harm = [
            round((1_000 - log_permille) * wait / MINUTE_MS + log_permille * 60 * log(wait / first))
            for wait in self.waits_ms
        ]

    def _add(self, wait_ms: int, each: int, permille: int) -> None:
        if self.waits_ms and self.waits_ms[-1] == wait_ms == LEAST_WAIT_MS:
            return
        self.waits_ms.append(wait_ms)
        self._at.append((each, permille))

    def survival(self, hazard: Sequence[int]) -> list[int]:
        """Share of such silences that outlast each possible deadline, in 1/ONE."""
        before, total = [0], 0
        for each in hazard:
            total += each
            before.append(total)
        last = len(SURVIVAL) - 1
        return [
            SURVIVAL[min((before[each] + hazard[each] * permille // 1_000) // SURVIVAL_STEP, last)]
            for each, permille in self._at
        ]

    def wait_ms(self, survival: Sequence[int], price_milliminutes: int) -> int:
        """The deadline: least expected harm (the first of the best), mixed with the p-value rule."""
        best, least, first = 0, -1, -1
        few = self._p_scale * 1_000 * ONE // price_milliminutes
        for index, (left, harm) in enumerate(zip(survival, self.harm, strict=True)):
            cost = (price_milliminutes * left >> 30) + harm
            if least < 0 or cost < least:
                best, least = index, cost
            if first < 0 and left <= few:
                first = index
        first = first if first >= 0 else len(self.harm) - 1
        return self.waits_ms[(best * (1_000 - self._p_permille) + first * self._p_permille + 500) // 1_000]
