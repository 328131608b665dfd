"""Removing a file so that as little of it is left as a program can bring about."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from agent.erase.things import Thing
from agent.files_io import sync_folder

CHUNK: Final = 1 << 20
LARGEST_SEARCHED: Final = 64 << 20  # a larger file is not looked through, and that is said
MOST_SEARCHED: Final = 5_000  # files; likewise


def remove(path: Path) -> None:
    """Overwritten, cut, gone, each on the disk before the next. OSError if it cannot be; nothing if it is gone."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISREG(found.st_mode):
        _overwrite(path, found.st_size)
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


def _overwrite(path: Path, size: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    try:
        zeros = bytes(CHUNK)
        for start in range(0, size, CHUNK):
            os.pwrite(handle, zeros[: size - start], start)
        os.fsync(handle)
        os.ftruncate(handle, 0)
        os.fsync(handle)
    finally:
        os.close(handle)


def files_in(folder: Path) -> Iterator[Path]:
    """Every file below it, links themselves and not what they point to, the deepest first."""
    for above, _, names in os.walk(folder, topdown=False, followlinks=False):
        yield from (Path(above, name) for name in sorted(names))
        for name in sorted(os.listdir(above)) if os.path.isdir(above) else ():
            if Path(above, name).is_symlink() and Path(above, name).is_dir():
                yield Path(above, name)


def thing(kind: str, path: Path) -> Thing | None:
    """None: it is not there."""
    try:
        return Thing(kind, str(path), path.lstat().st_size)
    except OSError:
        return None


def clear_folders(folder: Path, itself: bool) -> None:
    """Empty folders below it, and perhaps itself; one that is not empty stays."""
    for above, _, _ in os.walk(folder, topdown=False):
        if itself or Path(above) != folder:
            with suppress(OSError):
                os.rmdir(above)


def holding(folders: Sequence[Path], secrets: Sequence[bytes]) -> tuple[list[str], int, int]:
    """Files below these folders that hold one of ``secrets``; how many were looked through, and how many were not."""
    holders, seen, skipped = [], 0, 0
    for path in (path for folder in folders for path in files_in(folder)):
        try:
            found = path.lstat()
            if not stat.S_ISREG(found.st_mode):
                continue
            if found.st_size > LARGEST_SEARCHED or seen >= MOST_SEARCHED:
                skipped += 1
                continue
            body = path.read_bytes()
        except OSError:
            skipped += 1
            continue
        seen += 1
        if any(secret in body for secret in secrets):
            holders.append(str(path.absolute()))
    return holders, seen, skipped
