"""What a bed's waveform came to over a stretch of time, and how the journal holds it.

All whole numbers, in counts of an input whose gain nobody knows. ``bed_felt.py`` makes them at the rim, a few an hour
more than one a minute; ``bed_presence.py`` judges by them, live and in a replay.
"""

from typing import Final, NamedTuple

from agent.nouns import SECOND_MS, BadFrame, Instant
from agent.sensors.payload import parse, shown

LASTED_MOST: Final = 60  # seconds of one stretch: what stays as it is, is told at least once a minute
COUNTS_MOST: Final = 1 << 23  # of an input of 24 bits, either way
PARTS: Final = 64  # of a count: the unit of unrest
AT_MOST: Final = 4_102_444_800_000  # 2100: a later instant is of a clock gone wrong
MAX_FEEL_BYTES: Final = 200  # of the payload; a summary has some 70


class Feel(NamedTuple):
    """One stretch, which ended at ``at`` and was alike throughout: still, or moving.

    ``lasted`` in seconds; ``level`` its middle, in counts; ``unrest`` how much it usually moved about that, and
    ``most`` how much in its most restless second, in sixty-fourths of a count; ``moved`` how many of its seconds stood
    out against what was usual just before; ``railed`` how many the input spent at an end of its range.
    """

    at: Instant
    lasted: int
    level: int
    unrest: int
    most: int
    moved: int
    railed: int

    def since(self) -> Instant:
        return Instant(self.at - self.lasted * SECOND_MS)


def payload(feel: Feel) -> bytes:
    """As a frame of a bed's address carries it: ``{"at":…,"felt":[lasted,level,unrest,most,moved,railed]}``."""
    return f'{{"at":{feel.at},"felt":[{",".join(str(number) for number in feel[1:])}]}}'.encode()


def felt(address: str, said: bytes) -> Feel:
    """What ``payload`` gave. BadFrame, in one line, for anything else."""
    told = parse(address, said, MAX_FEEL_BYTES)
    if not isinstance(told, dict) or told.keys() != {"at", "felt"}:
        raise BadFrame(f"{shown(address)}: a bed's summary has at and felt, and nothing else")
    numbers = told["felt"]
    if not isinstance(numbers, list) or len(numbers) != len(Feel._fields) - 1:
        raise BadFrame(f"{shown(address)}: felt is not a list of {len(Feel._fields) - 1} numbers")
    for name, number in zip(Feel._fields, (told["at"], *numbers), strict=True):
        least, most = _BOUNDS[name]
        if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
            raise BadFrame(f"{shown(address)}: {name} is {shown(number)}, not a whole number of {least} to {most}")
    feel = Feel(told["at"], *numbers)
    if max(feel.moved, feel.railed) > feel.lasted:
        raise BadFrame(f"{shown(address)}: more seconds moved or at the rail than the {feel.lasted} it lasted")
    return feel


_UNREST: Final = (0, 2 * COUNTS_MOST * PARTS)
_BOUNDS: Final = {
    "at": (0, AT_MOST),
    "lasted": (1, LASTED_MOST),
    "level": (-COUNTS_MOST, COUNTS_MOST),
    "unrest": _UNREST,
    "most": _UNREST,
    "moved": (0, LASTED_MOST),
    "railed": (0, LASTED_MOST),
}
