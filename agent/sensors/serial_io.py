"""The ear on the serial ports: what boards say becomes frames, for as long as the caller takes turns.

All ports of the home in one thread, asleep in one ``poll``. A port that is not there, or was pulled out, is tried again
until it is back. It is opened with DTR held, so that closing and opening it does not reset a board, and what is found
in it then is thrown away: it was said nobody knows when.
"""

import errno
import os
import select
import termios
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from time import monotonic
from typing import Final

import serial

from agent.hub import Serial
from agent.nouns import Frame, Instant, Sensor, link_of
from agent.sensors.board_time import Memory
from agent.sensors.bridge import Board
from agent.sensors.framing import Deframer, encode
from agent.sensors.kept_io import Kept
from agent.sensors.wire import LINK

AGAIN_S: Final = 2.0  # a port that is not there is looked for again
SILENT_S: Final = 10.0  # five heartbeats missed: the link is lost, whatever the port says of itself
READ_MOST: Final = 4_096  # bytes taken from one port in one turn; the rest waits for the next
_END: Final = b"\0"
_BROKEN: Final = (OSError, termios.error, serial.SerialException, ValueError)
_WHY: Final = {
    errno.EACCES: "no permission: the user that runs hearthwatch must be in the group dialout",
    errno.ENOENT: "nothing is there: is the board plugged in?",
    errno.EAGAIN: "another program has it open; stop that one first",
    errno.EISDIR: "is no serial port; `ls /dev/serial/by-id` shows those that are",
    errno.ENOTTY: "is no serial port; `ls /dev/serial/by-id` shows those that are",
}


class PortError(Exception):
    """The port cannot be opened, or is lost; in one line, whose fault it is."""


class Held(PortError):
    """Another program has the port open."""


class Line:
    """One open port: bodies in, bodies out. PortError when it is lost."""

    def __init__(self, port: str, baud: int) -> None:
        try:
            self._port = serial.Serial(port, baud, timeout=0, exclusive=True)
        except _BROKEN as fault:
            kind = Held if _code(fault) == errno.EAGAIN else PortError
            raise kind(_why(port, fault)) from None
        self._fd = self._port.fileno()
        self.deframer = Deframer()
        self.bytes = 0
        try:
            settings = termios.tcgetattr(self._fd)
            settings[2] &= ~termios.HUPCL
            termios.tcsetattr(self._fd, termios.TCSANOW, settings)
            self._port.reset_input_buffer()
            self._write(_END)
        except (*_BROKEN, PortError) as fault:  # it went away while it was opened
            self.close()
            raise PortError(_why(port, fault)) from None

    def fileno(self) -> int:
        return self._fd

    def read(self) -> Iterator[bytes]:
        """The bodies that have arrived."""
        try:
            data = os.read(self._fd, READ_MOST)
        except BlockingIOError:
            return
        except OSError as fault:
            raise PortError(_why(self._port.name, fault)) from None
        if not data:
            raise PortError(f"{self._port.name}: the board was pulled out")
        self.bytes += len(data)
        yield from self.deframer.feed(data)

    def send(self, *bodies: bytes) -> None:
        """What finds no room is lost, as on the wire; whoever needs it says it again."""
        for body in bodies:
            self._write(encode(body))

    def _write(self, data: bytes) -> None:
        try:
            os.write(self._fd, data)
        except BlockingIOError:
            pass
        except OSError as fault:
            raise PortError(_why(self._port.name, fault)) from None

    def close(self) -> None:
        with suppress(*_BROKEN):
            self._port.close()


def _why(port: str | None, fault: Exception) -> str:
    code = _code(fault)
    return f"{port}: {_WHY.get(code or 0) or (os.strerror(code) if code else str(fault))}"


def _code(fault: Exception) -> int | None:
    """pyserial and termios each have their own way with it; at times it is only in what pyserial made its own of."""
    code = getattr(fault, "errno", None) or (fault.args[0] if fault.args else None)
    if isinstance(code, int):
        return code
    return _code(fault.__context__) if isinstance(fault.__context__, Exception) else None


class _Wire:
    """A board of the home, and the port that leads to it, if hub.toml names one."""

    def __init__(self, board: Board, port: Serial | None) -> None:
        self.board, self.port = board, port
        self.line: Line | None = None
        self.again_s = monotonic()  # when it is opened, or tried again
        self.heard_s = monotonic()  # when something of sense was heard last
        self.lost = port is None  # it was told that nothing is heard
        self.said = ""
        self.odd = 0  # bodies that made no sense


class Ports:
    """``hand`` gets the frames, ``say`` a line for a person. ``memory`` is what the journal knows of a board; ``now``
    the hub's time. Lives in its caller's thread."""

    def __init__(
        self,
        ports: Iterable[Serial],
        sensors: Iterable[Sensor],
        memory: Callable[[str], Memory | None],
        now: Callable[[], Instant],
        hand: Callable[[Frame], None],
        say: Callable[[str], None],
        kept: Kept,
    ) -> None:
        self._now, self._hand, self._say, self._kept = now, hand, say, kept
        used: dict[str, list[str]] = {port.bridge: [] for port in ports}
        for sensor in sensors:
            if sensor.link == LINK:
                used.setdefault(link_of(sensor), []).append(sensor.address.partition("/")[2])
        named = {port.bridge: port for port in ports}
        self._wires = [_Wire(Board(name, on, memory(name)), named.get(name)) for name, on in used.items()]
        self._begun = False

    def turn(self, limit_s: float) -> None:
        """Sleep until something comes, at most ``limit_s``, and deal with it."""
        if not self._begun:
            self._begun = True
            for unheard in self._wires:
                if unheard.port is None:
                    self._tell(unheard.board.silent())
        self._open()
        for fd in self._ready(limit_s):
            wire = next((wire for wire in self._wires if wire.line is not None and wire.line.fileno() == fd), None)
            if wire is not None:
                self._guarded(wire, self._read)
        kept = self._kept.taken()
        for wire in self._wires:
            board = wire.board
            if board.told(kept.watched, kept.boards.get(board.name)):
                self._guarded(wire, self._answer)
            if not wire.lost and monotonic() - wire.heard_s >= SILENT_S:
                self._mute(wire)

    def _ready(self, limit_s: float) -> list[int]:
        poll = select.poll()
        poll.register(self._kept.fileno(), select.POLLIN)
        due_s = monotonic() + limit_s
        for wire in self._wires:
            if wire.line is not None:
                poll.register(wire.line.fileno(), select.POLLIN)
            elif wire.port is not None:
                due_s = min(due_s, wire.again_s)
            if not wire.lost:
                due_s = min(due_s, wire.heard_s + SILENT_S)
        return [fd for fd, _ in poll.poll(max(0.0, due_s - monotonic()) * 1_000)]

    def _open(self) -> None:
        for wire in self._wires:
            if wire.line is None and wire.port is not None and monotonic() >= wire.again_s:
                try:
                    wire.line = Line(wire.port.port, wire.port.baud)
                except PortError as fault:
                    wire.again_s = monotonic() + AGAIN_S
                    self._once(wire, str(fault))
                else:
                    self._guarded(wire, self._answer)

    def _guarded(self, wire: _Wire, do: Callable[[_Wire, Line], None]) -> None:
        """A line that is lost meanwhile is closed, told, and tried again."""
        if wire.line is None:
            return
        try:
            do(wire, wire.line)
        except PortError as fault:
            wire.line.close()
            wire.line, wire.again_s = None, monotonic() + AGAIN_S
            self._once(wire, str(fault))
            self._tell(wire.board.silent())
            wire.lost = True

    def _read(self, wire: _Wire, line: Line) -> None:
        for body in line.read():
            try:
                self._tell(wire.board.hear(self._now(), body))
            except ValueError as fault:
                self._refuse(wire, str(fault))
                continue
            wire.heard_s, wire.lost, wire.said = monotonic(), False, ""
            if wire.board.is_answered(body):
                line.send(*wire.board.answer(self._now()))

    def _answer(self, wire: _Wire, line: Line) -> None:
        line.send(*wire.board.answer(self._now()))

    def _mute(self, wire: _Wire) -> None:
        """Nothing of sense for too long."""
        wire.lost = True
        self._tell(wire.board.silent())
        if wire.line is not None and wire.port is not None:
            garbage = wire.line.deframer.refused or wire.line.deframer.kept
            why = f"{wire.line.bytes} bytes and no frame: is this the board, at {wire.port.baud} baud?"
            self._once(wire, why if garbage else "the port is open and the board says nothing")

    def _refuse(self, wire: _Wire, why: str) -> None:
        """Told at the first, second, fourth, eighth … time: a board gone mad shall not fill the journal."""
        wire.odd += 1
        if wire.odd & (wire.odd - 1) == 0:
            self._tell([wire.board.refuse(why)])

    def _once(self, wire: _Wire, why: str) -> None:
        if why != wire.said:
            wire.said = why
            self._say(f"{wire.board.name}: {why}")

    def _tell(self, frames: Iterable[Frame]) -> None:
        for frame in frames:
            self._hand(frame)

    def close(self) -> None:
        for wire in self._wires:
            if wire.line is not None:
                wire.line.close()
