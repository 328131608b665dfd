"""A simulated board on a pty: for the demo, for tests, and for a technician who has no board at hand."""

import os
import select
import signal
import sys
import tty
from contextlib import suppress
from errno import EEXIST
from pathlib import Path
from time import monotonic_ns
from types import TracebackType
from typing import Final, NoReturn, Self

from agent.nouns import Refused
from agent.simulate.board import Board
from agent.simulate.wires import BadOrder, Wires

LOOK_S: Final = 0.01  # what happens at its inputs is seen so often; a board itself looks every millisecond
READ_MOST: Final = 4_096
LONGEST_ORDER: Final = 64  # bytes of a line on stdin; what is longer is no order


class Plugged:
    """``board`` behind a pty, as behind a USB port; ``link``: a path that leads there. Lives in its caller's thread.

    What finds no room in the pty is lost, as on a wire. Readers may come and go.
    """

    def __init__(self, board: Board, link: Path | None = None) -> None:
        self._board, self._link = board, link
        self._line, self._other = os.openpty()
        tty.setraw(self._other)
        os.set_blocking(self._line, False)
        self.path = os.ttyname(self._other)
        if link is not None:
            try:
                self._lay(link)
            except OSError as fault:
                self.close()
                what = "is there already: name a path that is not" if fault.errno == EEXIST else fault.strerror
                raise Refused(f"{link}: cannot lead to the board: {what}") from None

    def _lay(self, link: Path) -> None:
        if link.is_symlink():  # of one that was killed
            link.unlink()
        link.symlink_to(self.path)

    def fileno(self) -> int:
        return self._line

    def turn(self, now: int) -> None:
        """Hear what has come, and say what is due by ``now``, its uptime."""
        with suppress(BlockingIOError):
            self._board.receive(os.read(self._line, READ_MOST))
        if said := self._board.turn(now):
            with suppress(BlockingIOError):
                os.write(self._line, said)

    def close(self) -> None:
        """Pulled out. Its link goes with it, unless it leads to another by now."""
        if self._link is not None and self._link.is_symlink() and os.readlink(self._link) == self.path:
            self._link.unlink()
        for end in (self._line, self._other):
            os.close(end)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def simulate(speed: int, link: Path | None, bed_on: bool, lively: bool, boot: int) -> NoReturn:
    """Print the path of the board's port, and be the board until interrupted; orders come on stdin, a line each.

    Its uptime runs ``speed`` times as fast as the clock, as the time of a hub with the same speed does.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    wires, orders = Wires(boot, bed_on), _Orders()
    start = monotonic_ns()
    with Plugged(wires.board, link) as plugged:
        print(link or plugged.path, flush=True)
        while True:
            select.select([plugged.fileno(), *orders.ears()], [], [], LOOK_S)
            now = (monotonic_ns() - start) * speed // 1_000_000
            if lively:
                wires.live(now)
            for order in orders.came():
                try:
                    wires.obey(order, now)
                except BadOrder as fault:
                    print(f"hearthwatch: {fault}", file=sys.stderr, flush=True)
            plugged.turn(now)


class _Orders:
    """Lines of stdin, until it ends."""

    def __init__(self) -> None:
        self._open, self._half = True, b""

    def ears(self) -> list[int]:
        return [sys.stdin.fileno()] if self._open else []

    def came(self) -> list[str]:
        if not self._open or not select.select(self.ears(), [], [], 0)[0]:
            return []
        data = os.read(sys.stdin.fileno(), READ_MOST)
        self._open = bool(data)
        *whole, half = (self._half + data).split(b"\n")
        self._half = half[:LONGEST_ORDER]
        return [line[:LONGEST_ORDER].decode(errors="replace") for line in whole if line.strip()]
