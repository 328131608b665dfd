"""A bed for tests: simulated signals through the rim and the engine's part, in seconds instead of nights."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Final

from agent.nouns import SECOND_MS, Instant, Reading
from agent.sensors.bed_felt import Felt
from agent.sensors.bed_presence import BedPresence
from agent.sensors.feel import Feel
from agent.simulate.bed import (
    LOAD_12,
    LOAD_24,
    LOAD_24_INVERTED,
    PIEZO_12,
    STRIP_12,
    Input,
    Lies,
    SimulatedBed,
    sleeper,
)

EVENING: Final = Instant(1_767_639_600_000)  # 2026-01-05 19:00 UTC
BEDS: Final = {"load": LOAD_24, "inverted": LOAD_24_INVERTED, "board": LOAD_12, "strip": STRIP_12, "piezo": PIEZO_12}
BLOCK: Final = 25
SEED: Final = 4


def at(hours: float) -> Instant:
    """So many hours after that evening began, to the second."""
    return Instant(EVENING + round(hours * 3_600) * SECOND_MS)


# Two short nights, six hours apart: two hours in bed, up for six minutes, in bed again; from one hour after the evening
# began. Twelve hours of signal are enough for what is learnt in the first night to be used in the second.
NIGHTS: Final = [(at(h), at(until)) for h, until in ((1, 3), (3.1, 5), (7, 9), (9.1, 11))]
MORNING: Final = at(11.5)


def blocks(input: Input, on_it: Sequence[Lies], since: Instant, until: Instant) -> Iterator[tuple[Instant, list[int]]]:
    bed, rate = SimulatedBed(input, on_it, SEED), input.rate_hz
    for start in range(since, until, 60 * SECOND_MS):
        samples = bed.signal(Instant(start), 60 * rate)
        for index in range(0, len(samples), BLOCK):
            yield Instant(start + index * SECOND_MS // rate), samples[index : index + BLOCK]


def feels(input: Input, on_it: Sequence[Lies], since: Instant, until: Instant) -> list[Feel]:
    felt = Felt()
    pieces = blocks(input, on_it, since, until)
    return [feel for start, samples in pieces for feel in felt.feel(start, input.rate_hz, input.bits, samples)]


@cache
def two_nights(bed: str, *more: Lies) -> tuple[Feel, ...]:
    """From before the first to after the second, with whatever else lies on the bed."""
    return tuple(feels(BEDS[bed], [*sleeper(NIGHTS), *more], EVENING, MORNING))


def told(those: Iterable[Feel], bed: BedPresence | None = None) -> list[Reading]:
    judge = bed or BedPresence("bed")
    return [reading for feel in those for reading in judge.hear(feel.at, feel)]


def presence(readings: Iterable[Reading]) -> list[tuple[str, int, Instant]]:
    """What was told of somebody being there."""
    return [(r.quantity, r.value, r.at) for r in readings if r.quantity in ("bed", "bed_level", "available")]


def lies(since: float, until: float, kg: float, still: float = 0.0, turns: float = 0.0) -> Lies:
    return Lies(at(since), at(until), kg, still, turns)
