"""The way from the loop to the thread that speaks with zigbee2mqtt: what the home's signals are to do."""

import os
import queue
from collections.abc import Iterator
from typing import Final

from agent.nouns import Act

ORDERS_MOST: Final = 16  # that wait to be taken; a further one takes the place of the oldest


class Orders:
    """``give`` from any thread, never blocking; whoever takes polls ``fileno``."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[Act] = queue.Queue(ORDERS_MOST)
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def fileno(self) -> int:
        return self._bell

    def give(self, act: Act) -> None:
        while True:
            try:
                self._waiting.put_nowait(act)
                break
            except queue.Full:
                self._take()
        os.eventfd_write(self._bell, 1)

    def taken(self) -> Iterator[Act]:
        """All that waits, in order."""
        try:
            os.eventfd_read(self._bell)
        except BlockingIOError:
            return
        while (act := self._take()) is not None:
            yield act

    def _take(self) -> Act | None:
        try:
            return self._waiting.get_nowait()
        except queue.Empty:
            return None
