"""A bed that is felt, for homes that have none: simulated from when somebody was last seen in the bedroom.

A silence that began in the bedroom and is long enough is taken to be spent in bed; two of them with only the bedroom
between them are one stay. The bed says "occupied" a minute or two after the last movement, and "empty" a little before
the next room. It is not perfect: now and then it misses a stay, so that the model does not lean on it.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from random import Random
from typing import Final

from agent.civil import Wall
from agent.nouns import MINUTE_MS, SECOND_MS, Home, Instant, Reading

BED: Final = "simulated-bed"
BED_ROOM: Final = "bedroom"
NIGHT: Final = (21 * 60, 10 * 60)  # minutes of the day
LEAST_NIGHT_MS: Final = 15 * MINUTE_MS
LEAST_DAY_MS: Final = 40 * MINUTE_MS
MISSED_PERCENT: Final = 8


def with_bed(home: Home, heard: Sequence[Reading], rng: Random) -> list[Reading]:
    """The readings with those of a bed among them, in order of time."""
    told = [each for stay in _stays(home, heard) if rng.randrange(100) >= MISSED_PERCENT for each in _felt(stay, rng)]
    return sorted([*heard, *told], key=lambda reading: reading.at)


def _felt(stay: tuple[int, int], rng: Random) -> Iterator[Reading]:
    since, until = stay
    begin = since + rng.randrange(20, 120) * SECOND_MS
    end = max(begin + SECOND_MS, until - rng.randrange(2, 20) * SECOND_MS)
    yield Reading(Instant(begin), BED, "bed", 1)
    yield Reading(Instant(end), BED, "bed", 0)


def _stays(home: Home, heard: Sequence[Reading]) -> Iterator[tuple[int, int]]:
    """From the last movement before each stay in bed to the first after it."""
    wall = Wall(home.timezone)
    bedroom = {s.id for s in home.sensors.values() if home.rooms[s.room].kind == BED_ROOM and s.kind != "door"}
    stay: tuple[int, int] | None = None
    for reading, after in pairwise(heard):
        if reading.sensor not in bedroom:
            if stay is not None:
                yield stay
            stay = None
            continue
        minute = wall.minute_of_day(reading.at)
        least_ms = LEAST_NIGHT_MS if minute >= NIGHT[0] or minute < NIGHT[1] else LEAST_DAY_MS
        if after.at - reading.at >= least_ms:
            stay = (stay[0] if stay is not None else reading.at, after.at)
    if stay is not None:
        yield stay
