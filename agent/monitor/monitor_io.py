"""Looks at one board over its port, live. Nothing is taken from it: no reading is acknowledged, nothing is set."""

import select
import signal
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import Final, Protocol, Self

from agent.hub import Serial
from agent.monitor.heard import Event, Heard
from agent.monitor.words import silence
from agent.nouns import Refused
from agent.sensors.framing import pack
from agent.sensors.serial_io import Held, Line, PortError
from agent.sensors.wire import ASK_HELLO, ASK_SELFTEST

LOOK_S: Final = 0.25  # the view is drawn so often
ASK_S: Final = 1.0  # what was not answered is asked again
AGAIN_S: Final = 1.0  # a port that was pulled out is looked for again
SILENT_S: Final = 5.0  # two heartbeats missed


class View(Protocol):
    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...

    def tell(self, event: Event) -> None:
        """Once for each."""
        ...

    def show(self, heard: Heard, line: str) -> None:
        """Several times a second; ``line`` says how the line is."""
        ...


def monitor(port: Serial, heard: Heard, view: View, limit_s: float | None, selftest: bool) -> bool:
    """Until ``limit_s`` are over (None: until interrupted). Whether the board is heard, and has no fault of its own.

    Refused if the port cannot be opened at the start; one that is pulled out later is waited for.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: the terminal is put back
    watched = _Watched(port, heard, selftest)
    watched.open()
    end_s = None if limit_s is None else monotonic() + limit_s
    try:
        with suppress(KeyboardInterrupt), view:
            while end_s is None or monotonic() < end_s:
                for event in watched.turn(LOOK_S if end_s is None else min(LOOK_S, max(0.0, end_s - monotonic()))):
                    view.tell(event)
                view.show(heard, watched.state)
    finally:
        watched.close()
    return watched.good


class _Watched:
    """The port and what is asked through it."""

    def __init__(self, port: Serial, heard: Heard, selftest: bool) -> None:
        self._port, self._heard, self._selftest = port, heard, selftest
        self._line: Line | None = None
        self._asked_s = self._again_s = 0.0
        self._sense_s = monotonic()  # when something of sense was heard last
        self.why = ""  # nothing is heard; "": it is
        self._before = 0, 0  # bytes and refused frames of lines before this one

    @property
    def good(self) -> bool:
        return self._heard.hello is not None and not self.why and not self._heard.tested

    @property
    def state(self) -> str:
        where = f"{self._port.bridge} at {self._port.port}"
        return f"{where}: {self.why}" if self.why else where

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
        try:
            if self._line is None:
                self._reopen()
            if self._line is None:
                select.select([], [], [], limit_s)
                return
            self._ask(self._line)
            if select.select([self._line], [], [], limit_s)[0]:
                yield from self._read(self._line)
            if monotonic() - self._sense_s >= SILENT_S:
                heard = self._heard
                yield from self._unheard(silence(self._line.bytes, heard.frames, heard.odd, self._port.baud))
        except PortError as fault:
            self.close()
            yield from self._unheard(str(fault))

    def _reopen(self) -> None:
        if monotonic() >= self._again_s:
            self._again_s = monotonic() + AGAIN_S
            self._line = Line(self._port.port, self._port.baud)
            self._sense_s = monotonic()

    def _read(self, line: Line) -> Iterator[Event]:
        for body in line.read():
            odd = self._heard.odd
            yield from self._heard.hear(body)
            if self._heard.odd == odd:
                self._sense_s, self.why = monotonic(), ""
        self._heard.bytes = self._before[0] + line.bytes
        self._heard.refused = self._before[1] + line.deframer.refused + self._heard.odd

    def _ask(self, line: Line) -> None:
        wanted = [ASK_HELLO] if self._heard.hello is None else []
        wanted += [ASK_SELFTEST] if self._selftest and self._heard.tested is None else []
        if wanted and monotonic() - self._asked_s >= ASK_S:
            self._asked_s = monotonic()
            line.send(*(pack(order, 0) for order in wanted))

    def _unheard(self, why: str) -> Iterator[Event]:
        """Told once, until something else is."""
        if why != self.why:
            self.why = why
            yield self._heard.lost(why)

    def close(self) -> None:
        if self._line is not None:
            self._before = self._heard.bytes, self._before[1] + self._line.deframer.refused
            self._line.close()
            self._line = None
