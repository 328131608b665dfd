"""``hearthwatch bridge simulate`` as a process of its own."""

import signal
import subprocess
import sys
from types import TracebackType
from typing import Final, Self

from tests.conftest import ROOT

ENDS_S: Final = 20


class PretendBoard:
    """Plugged in until the end of the ``with``. ``port`` is the first line that it prints."""

    def __init__(self, *words: str) -> None:
        command = [sys.executable, "-m", "agent", "bridge", "simulate", *words]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port = self._process.stdout.readline().strip()

    def say(self, order: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()

    def end(self, number: signal.Signals | None = signal.SIGINT) -> tuple[int, str]:
        """The exit status, and what it said on stderr. None: it ends by itself."""
        if number is not None:
            self._process.send_signal(number)
        said = self._process.communicate(timeout=ENDS_S)[1]
        return self._process.returncode, said

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process.poll() is None:
            self.end(signal.SIGKILL)
