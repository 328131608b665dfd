"""The real parts of the demo: child processes that die with it, two brokers, and the line between hub and centre."""

import os
import shutil
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Collection, Sequence
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Final, Self

from agent.keep_io import die_with_parent

HOST: Final = "127.0.0.1"
START_S: Final = 20.0  # a part that has not begun by then will not
LOOK_S: Final = 0.02
READ_BYTES: Final = 65_536
KEPT_WORDS: Final = 20  # lines of a part that are no JSON, kept to say why it ended

# Both brokers are on loopback and for the demo alone.
_MOSQUITTO: Final = "listener {port} {host}\nallow_anonymous true\nuser root\nlog_type error\n"
_AMQTT: Final = """listeners:
  default:
    type: tcp
    bind: {host}:{port}
plugins:
  amqtt.plugins.authentication.AnonymousAuthPlugin:
    allow_anonymous: true
"""


class NoPart(Exception):
    """A part of the demo is missing, or ended when it should not have; the message says which, and what to do."""


class Part:
    """A child process. What it prints, on either stream, is taken line by line.

    ``errand``: it ends by itself, and well; ``over`` says that it has.
    """

    def __init__(self, name: str, words: Sequence[str], errand: bool = False) -> None:
        self.name = name
        self.over = False
        self._errand = errand
        self.words: deque[str] = deque(maxlen=KEPT_WORDS)  # what it said that is no line of JSON
        self._half = b""
        # In a session of its own: Ctrl-C is for the demo, which then ends its parts.
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self._pipe = self._process.stdout.fileno()
        os.set_blocking(self._pipe, False)

    def fileno(self) -> int:
        return self._pipe

    def lines(self) -> list[str]:
        """The JSON lines that it has printed since the last call. NoPart if it has ended."""
        try:
            came = os.read(self._pipe, READ_BYTES)
        except BlockingIOError:
            return []
        if not came:
            code = self._process.wait()
            if self._errand and code == 0:
                self.over = True
                return []
            raise NoPart(f"{self.name} ended with {code}: {' / '.join(self.words) or 'it said nothing'}")
        *whole, self._half = (self._half + came).split(b"\n")
        lines = [line.decode(errors="replace") for line in whole]
        self.words.extend(line for line in lines if not line.startswith("{"))
        return [line for line in lines if line.startswith("{")]

    def says(self, word: str) -> bool:
        """Whether the word is in what it said lately, lines of JSON apart."""
        return any(word in line for line in self.words)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def agent(name: str, *words: str, errand: bool = False) -> Part:
    """One of our own processes: ``hearthwatch WORDS``."""
    return Part(name, [sys.executable, "-m", "agent", *words], errand)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def mosquitto() -> str | None:
    """Where mosquitto is; Debian keeps it where an ordinary user's PATH does not look."""
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def broker(name: str, folder: Path, port: int, embedded: bool) -> Part:
    """A broker on ``port``, listening; ``embedded``: the pure-Python one, though mosquitto may be here."""
    where = None if embedded else mosquitto()
    if where is None and find_spec("amqtt") is None:
        raise NoPart("no MQTT broker is here: install mosquitto, or run `make demo`, which brings one in Python")
    config = folder / f"{name}-broker.conf"
    config.write_text((_AMQTT if where is None else _MOSQUITTO).format(host=HOST, port=port))
    python = [sys.executable, "-m", "amqtt.scripts.broker_script"]
    return Part(f"the broker of the {name}", [*([where] if where else python), "-c", str(config)])


def wait_for(port: int, part: Part) -> None:
    """Until ``part`` listens on ``port``."""
    end = monotonic() + START_S
    while True:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        part.lines()
        if monotonic() > end:
            raise NoPart(f"{part.name} does not answer on port {port}: {' / '.join(part.words)}")
        sleep(LOOK_S)


class Line:
    """The line from the hub to the centre: a relay on this machine that can be cut and restored, as a line can.

    It lives in its caller's thread: poll ``filenos``, then ``carry`` for those that can be read.
    """

    def __init__(self, to: int) -> None:
        self._to, self.port = to, free_port()
        self._ear: socket.socket | None = None
        self._ends: dict[int, tuple[socket.socket, socket.socket]] = {}  # descriptor -> its socket, the other end
        self.restore()

    def restore(self) -> None:
        if self._ear is None:
            self._ear = socket.create_server((HOST, self.port))

    def cut(self) -> None:
        if self._ear is not None:
            self._ear.close()
            self._ear = None
        for end, _ in self._ends.values():
            end.close()
        self._ends.clear()

    def filenos(self) -> list[int]:
        ear = [] if self._ear is None else [self._ear.fileno()]
        return [*ear, *self._ends]

    def carry(self, ready: Collection[int]) -> None:
        if self._ear is not None and self._ear.fileno() in ready:
            near, _ = self._ear.accept()
            far = socket.create_connection((HOST, self._to))
            self._ends[near.fileno()], self._ends[far.fileno()] = (near, far), (far, near)
        for descriptor in ready:
            if descriptor in self._ends:
                self._pass_on(*self._ends[descriptor])

    def _pass_on(self, here: socket.socket, there: socket.socket) -> None:
        try:
            came = here.recv(READ_BYTES)
            there.sendall(came)
        except OSError:
            came = b""
        if not came:
            for end in (here, there):
                del self._ends[end.fileno()]
                end.close()
