"""The wired board of the simulated home: its bed follows the story, by the hub's clock."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from agent.nouns import SECOND_MS, Instant
from agent.simulate.board import Board
from agent.simulate.board_io import Plugged
from agent.simulate.story import Story

TURN_S: Final = 0.01  # it says what is due so often: a second and a bit of the story
PIECE: Final = 6_000  # samples: a minute


class WiredBoard:
    """Switched on when the story begins, behind a pty that ``port`` leads to. Poll ``fileno``, and ``turn``."""

    def __init__(self, told: Story, port: Path) -> None:
        self._start_at, self._bed = told.start_at, told.bed
        self._piece: list[int] = []
        self._piece_at = Instant(0)
        self._plugged = Plugged(Board(felt=self._felt), port)

    def _felt(self, uptime: Instant, count: int, rate_hz: int) -> Sequence[int]:
        """Out of a piece that is reckoned ahead, which costs a fifth of many small ones."""
        first = (uptime - self._piece_at) * rate_hz // SECOND_MS
        if not 0 <= first <= len(self._piece) - count:
            first, self._piece_at = 0, uptime
            self._piece = self._bed.signal(Instant(self._start_at + uptime), PIECE, rate_hz)
        return self._piece[first : first + count]

    def fileno(self) -> int:
        return self._plugged.fileno()

    def turn(self, now: Instant) -> None:
        """``now`` by the hub's clock."""
        self._plugged.turn(now - self._start_at)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._plugged.close()
