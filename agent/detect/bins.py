"""Bins of silence and the integer logarithm that features and model share.

A silence lies in one of ``BINS`` bins: the first up to 2 minutes, the others in equal steps of the logarithm up to
12 hours. Edges are whole milliseconds; the last bin has no survivor that is waited for.
"""

from bisect import bisect_right
from typing import Final

from agent.nouns import DAY_MS as DAY_MS
from agent.nouns import HOUR_MS
from agent.nouns import MINUTE_MS as MINUTE_MS

BINS: Final = 23
LONGEST_MS: Final = 12 * HOUR_MS
EDGES_MS: Final = (
    0,
    120_000, 156_811, 204_914, 267_774, 349_916, 457_256, 597_523, 780_819, 1_020_342, 1_333_341, 1_742_356,
    2_276_840, 2_975_282, 3_887_977, 5_080_649, 6_639_185, 8_675_816, 11_337_203, 14_814_994, 19_359_630,
    25_298_374, 33_058_883, 43_200_000,
)  # fmt: skip

# Steps of the fourth root of two from 10 s to about 8 days: what every duration is told to the model in.
STEPS_MS: Final = tuple(round(10_000 * 2 ** (step / 4)) for step in range(65))
STEPS: Final = len(STEPS_MS)


def step(duration_ms: int) -> int:
    """0 (below 10 s) to ``STEPS`` (8 days and more)."""
    return bisect_right(STEPS_MS, duration_ms)


# Parts of a million in steps of the fourth root of two downwards, negative so that they ascend: how shares are told
# to the model.
_SHARES: Final = tuple(-round(1_000_000 * 2 ** (-each / 4)) for each in range(1, 80))


def rarity(share: int) -> int:
    """0 (more than 84 %) to 79 (fewer than two of a million): -4 log2 of a share given in parts of a million."""
    return bisect_right(_SHARES, -share)
