"""A wall clock of our own for processes: a hub without a clock battery, which starts in 1970."""

import subprocess
from pathlib import Path

import pytest


class WallClock:
    """The wall clock of processes that are started with ``env`` (libfaketime); time since boot runs as it does."""

    def __init__(self, folder: Path) -> None:
        found = subprocess.run(["sh", "-c", "ls /usr/lib/*/faketime/libfaketime.so.1"], capture_output=True, text=True)
        if found.returncode != 0:
            pytest.skip("libfaketime is not here; install Debian's package faketime")
        self._file = folder / "clock"
        self.env = {
            "LD_PRELOAD": found.stdout.split()[0],
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
            "TZ": "UTC",
        }
        self._set("@1970-01-01 00:00:10")

    def _set(self, said: str) -> None:
        part = self._file.with_suffix(".part")
        part.write_text(said)
        part.replace(self._file)

    def is_set(self) -> None:
        """A time server has told it what time it is."""
        self._set("+0")
