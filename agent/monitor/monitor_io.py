"""Looks at one board over its port, live. What it keeps stays in it, and what was switched on is put back."""

import select
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import Final, Protocol, Self

from agent.hub import Serial
from agent.monitor.asks import Asks
from agent.monitor.heard import Heard
from agent.monitor.inputs import Event
from agent.monitor.sheet import NOT_PUT_BACK, facts, kept, sheet, thrown
from agent.monitor.words import silence
from agent.nouns import SECOND_MS, Instant, Refused
from agent.sensors.bridge import Board
from agent.sensors.framing import pack
from agent.sensors.serial_io import Held, Line, PortError
from agent.sensors.wire import ASK_HELLO

LOOK_S: Final = 0.25  # the view is drawn so often
ASK_S: Final = 1.0  # what was not answered is asked again
AGAIN_S: Final = 1.0  # a port that was pulled out is looked for again
SILENT_S: Final = 5.0  # two heartbeats missed
LEAVE_S: Final = 3.0  # a board that has not put its inputs back by then is told of


class View(Protocol):
    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...

    def tell(self, event: Event) -> None:
        """Once for each."""
        ...

    def show(self, heard: Heard, where: str) -> None:
        """Several times a second; ``where`` is the board's name and its port."""
        ...

    def sum_up(self, lines: Sequence[str], facts: Mapping[str, object]) -> None:
        """Once, when all is over: the same in words and for a program."""
        ...


def monitor(port: Serial, heard: Heard, asks: Asks, view: View, limit_s: float | None, forget: bool) -> bool:
    """Until ``limit_s`` are over (None: until interrupted). Whether the board is heard, and has no fault of its own.

    ``forget``: in the end the board loses what it keeps for the hub. Refused if the port cannot be opened at the start;
    one that is pulled out later is waited for.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: the terminal is put back
    watched = _Watched(port, heard, asks)
    watched.open()
    begun_s = monotonic()
    end_s = None if limit_s is None else begun_s + limit_s
    where = f"{port.bridge} at {port.port}"
    try:
        with suppress(KeyboardInterrupt), view:
            view.tell(Event("port", 0, where, {"bridge": port.bridge, "port": port.port}))
            while end_s is None or monotonic() < end_s:
                for event in watched.turn(LOOK_S if end_s is None else min(LOOK_S, max(0.0, end_s - monotonic()))):
                    view.tell(event)
                view.show(heard, where)
        good = heard.hello is not None and not heard.gone and not heard.tested and not heard.missing
        lines, known = sheet(heard, where, int((monotonic() - begun_s) * SECOND_MS)), facts(heard)
        view.sum_up([*lines, *watched.leave(forget)], known)
    finally:
        watched.close()
    return good


class _Watched:
    """The port and what is asked through it."""

    def __init__(self, port: Serial, heard: Heard, asks: Asks) -> None:
        self._port, self._heard, self._asks = port, heard, asks
        self._line: Line | None = None
        self._asked_s = self._again_s = 0.0
        self._sense_s = self._opened_s = monotonic()  # when something of sense was heard last; when it was opened
        self._before = 0, 0  # bytes and refused frames of lines before this one

    def open(self) -> None:
        try:
            self._line = Line(self._port.port, self._port.baud)
        except Held as fault:
            hub = "if that is `hearthwatch watch`, nobody watches meanwhile: start it again afterwards"
            raise Refused(f"{fault}; {hub}") from None
        except PortError as fault:
            raise Refused(str(fault)) from None

    def turn(self, limit_s: float) -> Iterator[Event]:
        """Sleep until something comes, at most so long; what there is to tell."""
        self._heard.silent_ms = int((monotonic() - self._sense_s) * SECOND_MS)
        try:
            if self._line is None:
                self._reopen()
            if self._line is None:
                select.select([], [], [], limit_s)
                return
            self._ask(self._line)
            if select.select([self._line], [], [], limit_s)[0]:
                yield from self._read(self._line)
            if monotonic() - max(self._sense_s, self._opened_s) >= SILENT_S:
                heard = self._heard
                yield from self._unheard(silence(self._line.bytes, heard.frames, heard.odd, self._port.baud))
        except PortError as fault:
            self.close()
            yield from self._unheard(str(fault).removeprefix(f"{self._port.port}: "))

    def _reopen(self) -> None:
        if monotonic() >= self._again_s:
            self._again_s = monotonic() + AGAIN_S
            self._line = Line(self._port.port, self._port.baud)
            self._opened_s = monotonic()

    def _read(self, line: Line) -> Iterator[Event]:
        for body in line.read():
            odd = self._heard.odd
            yield from self._heard.hear(body)
            if self._heard.odd == odd:
                self._sense_s = monotonic()
                self._heard.silent_ms = 0
                self._answer(line, body)
        self._heard.bytes = self._before[0] + line.bytes
        self._heard.refused = self._before[1] + line.deframer.refused + self._heard.odd

    def _answer(self, line: Line, body: bytes) -> None:
        now = Instant(int(monotonic() * SECOND_MS))
        self._asks.hear(now, body)
        if Board.is_answered(body):
            line.send(*self._asks.answer(now))

    def _ask(self, line: Line) -> None:
        if self._heard.hello is None and monotonic() - self._asked_s >= ASK_S:
            self._asked_s = monotonic()
            line.send(pack(ASK_HELLO, 0))

    def _unheard(self, why: str) -> Iterator[Event]:
        """Told once, until something else is."""
        if why != self._heard.gone:
            yield self._heard.lost(why)

    def leave(self, forget: bool) -> list[str]:
        """Put the board's inputs back, and let it forget if it may; what there is to say of that."""
        stays, readings, calls = list(kept(self._heard)), self._heard.kept, self._heard.calls
        self._asks.leave(forget)
        with suppress(PortError, KeyboardInterrupt):  # whoever is in a hurry is told all the same
            self._put_back()
        if forget and self._heard.who is not None:
            return [thrown(readings, calls, self._asks.left), *([] if self._asks.left else stays)]
        return [*([] if self._asks.left or self._heard.gone else [NOT_PUT_BACK]), *stays]

    def _put_back(self) -> None:
        end_s = monotonic() + LEAVE_S
        self._heard.hello = None
        while self._line is not None and not self._heard.gone and not self._asks.left and monotonic() < end_s:
            self._ask(self._line)
            if select.select([self._line], [], [], LOOK_S)[0]:
                for body in self._line.read():
                    self._answer(self._line, body)

    def close(self) -> None:
        if self._line is not None:
            self._before = self._heard.bytes, self._before[1] + self._line.deframer.refused
            self._line.close()
            self._line = None
