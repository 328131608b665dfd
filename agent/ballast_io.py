"""A few megabytes of the disk that nobody needs, held for the day on which the disk is full."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

BALLAST_BYTES: Final = 4 << 20  # weeks of a journal
ROOM_BYTES: Final = 2 * BALLAST_BYTES  # free on the disk before it is laid: it must not itself fill the disk
FULL_BYTES: Final = 256 << 10  # less than this is full, whatever the database said


class Ballast:
    def __init__(self, state: Path) -> None:
        self._state, self._path = state, state / "ballast"

    def lay(self) -> bool:
        """Whether it lies there now: really written, since a hole would hold no room."""
        with suppress(OSError):
            if self._path.stat().st_size == BALLAST_BYTES:
                return True
        try:
            if _free(self._state) < ROOM_BYTES:
                return False
            with self._path.open("wb") as file:
                for _ in range(BALLAST_BYTES >> 16):
                    file.write(os.urandom(1 << 16))  # what a file system cannot pack
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            self.free()
            return False
        return True

    def free(self) -> bool:
        """Whether there was anything to give."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True

    def needed(self) -> bool:
        """Whether the disk is full."""
        with suppress(OSError):
            return _free(self._state) < FULL_BYTES
        return False


def _free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
