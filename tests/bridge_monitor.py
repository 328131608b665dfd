"""`hearthwatch bridge monitor` as a process of its own, and its lines as they come."""

import json
import os
import signal
import subprocess
import sys
from types import TracebackType
from typing import Any, Final, Self

from tests.brokers import until
from tests.conftest import ROOT

ENDS_S: Final = 30


class Monitor:
    """``words`` after the command; ended with the ``with``."""

    def __init__(self, *words: str) -> None:
        command = [sys.executable, "-m", "agent", "bridge", "monitor", *words]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        self._came = b""

    def lines(self) -> list[str]:
        assert self._process.stdout is not None
        self._came += self._process.stdout.read() or b""
        return self._came.decode().splitlines()

    def events(self, kind: str) -> list[dict[str, Any]]:
        whole = self._came.decode().rpartition("\n")[0]
        return [event for event in map(json.loads, whole.splitlines()) if event["event"] == kind]

    def until(self, kind: str, count: int = 1) -> dict[str, Any]:
        until(lambda: self.lines() and len(self.events(kind)) >= count, f"{count} of {kind}", ENDS_S)
        return self.events(kind)[-1]

    def until_says(self, words: str) -> None:
        until(lambda: any(words in line for line in self.lines()), words, ENDS_S)

    def end(self, number: signal.Signals | None = signal.SIGINT) -> tuple[int, str]:
        """The exit status, and what it said on stderr. None: it ends by itself."""
        if number is not None:
            self._process.send_signal(number)
        until(lambda: (self.lines(), self._process.poll() is not None)[1], "the monitor to end", ENDS_S)
        self.lines()
        assert self._process.stderr is not None
        return self._process.returncode, self._process.stderr.read().decode()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            pipe.close()
