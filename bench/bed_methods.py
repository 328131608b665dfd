"""Simpler ways to judge a bed, held against bed_presence.py in the same run. They see each second's level and spread.

Each is told more than the product is: the fixed threshold by an installer who lay down on the first evening.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from agent.nouns import SECOND_MS, Instant, Reading

SURE_S: Final = 15
Array = npt.NDArray[np.float64]


class Seconds(NamedTuple):
    """A signal by the second from ``begin``; not a number where it was not heard."""

    begin: Instant
    level: Array
    spread: Array


def fixed(seconds: Seconds, empty: slice, lying: slice) -> list[Reading]:
    """The level halfway between an empty bed and one that is lain in, as calibrated on the first evening."""
    low, high = np.nanmedian(seconds.level[empty]), np.nanmedian(seconds.level[lying])
    return list(_lasting(seconds.begin, (seconds.level - low) / (high - low) >= 0.5))


def unrest(seconds: Seconds, empty: slice, lying: slice) -> list[Reading]:
    """Unrest alone, halfway (by ratio) between the same two; it must be so for most of fifteen seconds."""
    low, high = np.nanmedian(seconds.spread[empty]), np.nanmedian(seconds.spread[lying])
    above = (np.nan_to_num(seconds.spread) >= np.sqrt(max(low, 0.05) * high)).astype(float)
    return list(_lasting(seconds.begin, np.convolve(above, np.ones(SURE_S) / SURE_S, "same") >= 0.5))


def clusters(seconds: Seconds, empty: slice, lying: slice) -> list[Reading]:
    """Two centres that each draw near to the levels nearest to them; who is in bed makes the level higher."""
    low, high = float(np.nanmedian(seconds.level[empty])), float(np.nanmedian(seconds.level[lying]))
    found = np.zeros(len(seconds.level), dtype=bool)
    for index, level in enumerate(np.nan_to_num(seconds.level, nan=low).tolist()):
        found[index] = abs(level - high) < abs(level - low)
        if found[index]:
            high += (level - high) / 3_600
        else:
            low += (level - low) / 3_600
    return list(_lasting(seconds.begin, found))


def steps(seconds: Seconds, empty: slice, lying: slice) -> list[Reading]:
    """Change points of the level alone: a step of half a body up is in, down is out."""
    body = float(np.nanmedian(seconds.level[lying]) - np.nanmedian(seconds.level[empty]))
    level = np.nan_to_num(seconds.level, nan=float(np.nanmedian(seconds.level)))
    means = np.convolve(level, np.ones(SURE_S) / SURE_S, "valid")
    step = (means[SURE_S:] - means[:-SURE_S]) / body
    told: list[Reading] = []
    index = 0
    while index < len(step):
        if abs(step[index]) >= 0.5:
            ahead = step[index : index + 2 * SURE_S]
            best = index + int(np.argmax(np.abs(ahead)))
            value = int(step[best] > 0)
            if value != (told[-1].value if told else 0):
                told.append(_reading(seconds.begin, best + SURE_S, value))
            index = best + 2 * SURE_S
        index += 1
    return told


def _lasting(begin: Instant, occupied: npt.NDArray[np.bool_]) -> Iterator[Reading]:
    """What lasts for fifteen seconds, dated to its beginning."""
    state, since, before = 0, 0, 0
    for index, value in enumerate(occupied.tolist()):
        if value != before:
            before, since = value, index
        if value != state and index - since >= SURE_S:
            state = value
            yield _reading(begin, since, int(value))


def _reading(begin: Instant, second: int, value: int) -> Reading:
    return Reading(Instant(begin + second * SECOND_MS), "bed", "bed", value)


METHODS: Final = {
    "threshold, calibrated": fixed,
    "level clusters": clusters,
    "steps of the level": steps,
    "unrest alone": unrest,
}
