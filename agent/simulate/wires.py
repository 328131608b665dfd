"""What is wired to a simulated board: orders such as ``door0 1``, somebody who comes and goes, and a bed.

The inputs have the names that they have in home.toml after the stroke.
"""

from collections.abc import Sequence
from typing import Final

from agent.nouns import HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from agent.simulate.bed import LOAD_12, SimulatedBed, sleeper
from agent.simulate.board import CHANNELS, ENABLED, NANO, Board, Felt

INPUTS: Final = ("motion0", "door0", "button0", "tamper0", "bed0")  # in the order of board.CHANNELS
# A minute of somebody's: seconds from its start, what, and how.
MINUTE: Final = (
    (2, "motion0", 1),
    (8, "motion0", 0),
    (12, "door0", 1),
    (17, "door0", 0),
    (20, "motion0", 1),
    (25, "bed0", 1),
    (28, "motion0", 0),
    (55, "bed0", 0),
)
MOST_LAIN: Final = 8  # times that somebody lay in the bed; earlier ones are felt no more
LONGEST_LAIN_MS: Final = 12 * HOUR_MS  # who is not got up by an order gets up then
BED_SEED: Final = 1


class BadOrder(ValueError):
    """Words that are no order to a board's wires."""


class Wires:
    """A board and what happens at its inputs. ``bed_on``: the bed is felt though no hub has asked for it."""

    def __init__(self, boot: int = 1, bed_on: bool = False) -> None:
        self._lies: list[tuple[Instant, Instant]] = []
        self._told = 0  # how much of the minutes somebody has lived
        self._felt = bed(self._lies)
        strip = CHANNELS[-1]._replace(flags=ENABLED if bed_on else 0)
        self.board = Board(NANO._replace(boot=boot, channels=(*CHANNELS[:-1], strip)), self._feel)

    def _feel(self, at: Instant, count: int, rate_hz: int) -> Sequence[int]:
        return self._felt(at, count, rate_hz)

    def obey(self, order: str, now: int) -> None:
        """``door0 1``: what is wired there is open, seen, pressed, or lain upon, from now on."""
        name, _, value = order.strip().partition(" ")
        if name not in INPUTS or value not in ("0", "1"):
            raise BadOrder(f"{order.strip()!r} is no order; an order is one of {', '.join(INPUTS)}, and 0 or 1")
        self._do(name, value == "1", now)

    def _do(self, name: str, on: bool, now: int) -> None:
        if name != INPUTS[-1]:
            self.board.level(INPUTS.index(name), on, now)
            return
        if self._lies and self._lies[-1][1] > now:  # gets up, or lies down again
            self._lies[-1] = self._lies[-1][0], Instant(now)
        if on:
            self._lies = [*self._lies[-MOST_LAIN + 1 :], (Instant(now), Instant(now + LONGEST_LAIN_MS))]
        self._felt = bed(self._lies)

    def live(self, now: int) -> None:
        """What somebody has done by now who does the same each minute."""
        while (at := self._at(self._told)) <= now:
            _, name, value = MINUTE[self._told % len(MINUTE)]
            self._do(name, value == 1, at)
            self._told += 1

    @staticmethod
    def _at(nth: int) -> int:
        minute, which = divmod(nth, len(MINUTE))
        return minute * MINUTE_MS + MINUTE[which][0] * SECOND_MS


def bed(lain: Sequence[tuple[Instant, Instant]]) -> Felt:
    """What a bed's input feels of somebody who lies in it from each first instant to the second."""
    return SimulatedBed(LOAD_12, sleeper(lain), BED_SEED).signal
