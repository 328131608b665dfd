"""Somebody on the wire: a relay of TCP that keeps every byte that went from the hub to the centre."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Final, Self

MOST_BYTES: Final = 65_536


class Recorder:
    """Listens on ``port`` and relays to where ``to`` says; ``sent`` is what came from those who connected here."""

    def __init__(self) -> None:
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        self.sent = bytearray()
        self._to, self._ends = 0, list[socket.socket]()

    def to(self, port: int) -> None:
        self._to = port
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # the door is closed: over
            while True:
                hub, _ = self._door.accept()
                centre = socket.create_connection(("127.0.0.1", self._to))
                self._ends += [hub, centre]
                threading.Thread(target=self._pump, args=(hub, centre, self.sent), daemon=True).start()
                threading.Thread(target=self._pump, args=(centre, hub, bytearray()), daemon=True).start()

    @staticmethod
    def _pump(one: socket.socket, other: socket.socket, kept: bytearray) -> None:
        with contextlib.suppress(OSError):
            while found := one.recv(MOST_BYTES):
                kept += found
                other.sendall(found)
            other.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for end in (self._door, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
