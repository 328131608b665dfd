"""The wired board of the simulated home: its inputs follow the story, by the hub's clock."""

import json
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from agent.nouns import Instant
from agent.simulate.board import NANO, Board
from agent.simulate.board_io import Plugged
from agent.simulate.story import BOOT, PAD, Story
from agent.simulate.wires import INPUTS

TURN_S: Final = 0.01  # it says what is due so often: a second and a bit of the story


class WiredBoard:
    """Switched on when the story begins, behind a pty that ``port`` leads to. Poll ``fileno``, and ``turn``."""

    def __init__(self, told: Story, port: Path) -> None:
        self._start_at, self._pad = told.start_at, INPUTS.index(PAD.wired)
        self._board = Board(NANO._replace(boot=BOOT + 1))
        self._does = deque(one for one in told.wired if one.quantity == PAD.kind)
        address = PAD.address(told.seed)
        stands = next(frame for _, frame in reversed(told.past) if frame.address == address)
        self._board.level(self._pad, bool(json.loads(stands.payload)["value"]), 0)
        self._plugged = Plugged(self._board, port)

    def fileno(self) -> int:
        return self._plugged.fileno()

    def turn(self, now: Instant) -> None:
        """``now`` by the hub's clock."""
        while self._does and self._does[0].at <= now:
            done = self._does.popleft()
            self._board.level(self._pad, bool(done.value), done.at - self._start_at)
        self._plugged.turn(now - self._start_at)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._plugged.close()
