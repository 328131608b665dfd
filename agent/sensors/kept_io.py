"""The way from the loop to the thread that reads the serial ports: what the journal has, and whether any of it may be
taken in at all."""

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from agent.sensors.board_time import Memory
from agent.sensors.wire import NUMBERS


class State(NamedTuple):
    """``watched`` false: who lives here does not want it. ``boards``: what the journal has of each, by name."""

    watched: bool
    boards: Mapping[str, Memory]


class Kept:
    """Told from the loop, never blocking; whoever reads it polls ``fileno``. Only the newest state counts."""

    def __init__(self) -> None:
        self._state = State(True, {})
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def fileno(self) -> int:
        return self._bell

    def more(self, name: str, memory: Memory) -> int | None:
        """How many readings more than were told of last; None: of this boot nothing was told."""
        known = self._state.boards.get(name)
        return None if known is None or known.boot != memory.boot else (memory.wanted - known.wanted) % NUMBERS

    def tell(self, boards: Mapping[str, Memory]) -> None:
        self._turn(self._state._replace(boards={**self._state.boards, **boards}))

    def watch(self, on: bool) -> None:
        if on != self._state.watched:
            self._turn(self._state._replace(watched=on))

    def _turn(self, state: State) -> None:
        self._state = state
        os.eventfd_write(self._bell, 1)

    def taken(self) -> State:
        with suppress(BlockingIOError):  # woken by something else; the state is as good
            os.eventfd_read(self._bell)
        return self._state
