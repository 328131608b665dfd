"""A hub on a disk of its own that fills up, fails, or is slow: real file systems, real processes, real errors."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from agent.transport.outboxes_io import volatile_folder
from tests.brokers import LONG_S, ROOT, until

DISK_BYTES: Final = 16 << 20
# watch's loop as a process of its own, fed through its standard input: "smoke 1".
HUB: Final = """
import sys, threading
from pathlib import Path
from agent.live_io import frame_queue
from agent.home import parse
from agent.nouns import Frame
from agent.watch_io import live, locked
from tests.living_hub import HOME
from tests.test_watch_process import clock
frames = frame_queue()
def feed():
    for line in sys.stdin:
        frames.put(Frame("log", "smoke", line.strip().encode()))
    frames.put(None)
threading.Thread(target=feed, daemon=True).start()
with locked(Path(sys.argv[1])):
    live(Path(sys.argv[1]), parse(HOME), "hub-1", frames, [None], "test", clock)
"""


class Disk:
    """A small file system in memory, mounted at ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fill(self) -> None:
        """To the last byte."""
        with contextlib.suppress(OSError), (self.path / f"filler-{os.urandom(4).hex()}").open("wb", 0) as filler:
            while True:
                filler.write(bytes(4_096))

    def free(self) -> None:
        for filler in self.path.glob("filler-*"):
            filler.unlink()


@contextlib.contextmanager
def disk(path: Path) -> Iterator[Disk]:
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(path)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no file system may be mounted here: a disk cannot be filled up")
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


class Hub:
    """One run of ``watch``'s loop. What it said is looked at from outside, in the files."""

    def __init__(self, state: Path) -> None:
        self.state, self._memory = state, volatile_folder(str(state))
        self._process = subprocess.Popen(
            [sys.executable, "-c", HUB, str(state)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid
        until((state / "watch.sock").exists, "the hub to start")

    def smoke(self, value: int) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"smoke {value}\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        self._process.kill()
        self._ended()
        (self.state / "watch.sock").unlink()

    def stop(self) -> None:
        """It takes in what it was told, and ends."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._ended() == 0
        (self.state / "watch.sock").unlink(missing_ok=True)

    def _ended(self) -> int:
        code = self._process.wait(LONG_S)
        for pipe in (self._process.stdin, self._process.stderr):
            assert pipe is not None
            pipe.close()
        return code

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._ended()

    def journaled(self) -> list[tuple[int, int, str, str]]:
        return said(self.state / "journal.db", "SELECT epoch, seq, kind, state FROM alert ORDER BY epoch, seq")

    def durable(self) -> list[tuple[int, int]]:
        return said(self.state / "outbox.db", "SELECT epoch, seq FROM message ORDER BY epoch, seq")

    def volatile(self) -> list[tuple[int, int]]:
        return said(self._memory / "outbox.db", "SELECT epoch, seq FROM message ORDER BY epoch, seq")

    def leaving(self) -> set[tuple[int, int]]:
        """What is in either outbox, and so on its way."""
        return {*self.durable(), *self.volatile()}

    def heard(self, kind: str) -> list[str]:
        """What the journal says of that kind."""
        return [state for _, _, what, state in self.journaled() if what == kind]


def said(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """Looked at without a hand on it; nothing while it is being made."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            return list(db.execute(sql))
    except sqlite3.OperationalError:
        return []


@contextlib.contextmanager
def failing(pid: int, call: str, how: str, *paths: Path) -> Iterator[None]:
    """A running process whose system call fails, or stalls, on these files (strace's --inject)."""
    if shutil.which("strace") is None:
        pytest.skip("no strace here: a disk cannot be made to fail")
    words = [
        "strace",
        "-f",
        "-q",
        "-o",
        "/dev/null",
        "-p",
        str(pid),
        "-e",
        f"trace={call}",
        "-e",
        f"inject={call}:{how}",
    ]
    tracer = subprocess.Popen([*words, *(word for path in paths for word in ("-P", str(path)))])
    status = Path(f"/proc/{pid}/task")
    until(lambda: all(_traced(task / "status") for task in status.iterdir()), "the tracer to hold every thread")
    try:
        yield
    finally:
        tracer.terminate()
        tracer.wait(LONG_S)


def _traced(status: Path) -> bool:
    with contextlib.suppress(OSError):
        return "TracerPid:\t0\n" not in status.read_text()
    return True
