"""Files are written whole or not at all; a damaged one is set aside, not deleted."""

import errno
import fcntl
import itertools
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from agent.nouns import Running
from agent.owner_io import given

_PARTS: Final = ("-wal", "-shm", "")  # of a database on the disk


def write_whole(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Replace ``path`` by ``data``, durably; OSError, naming the path, leaves what was there."""
    write_together({path: data}, mode)


def write_together(files: Mapping[Path, bytes], mode: int = 0o644) -> None:
    """Several files, all or none: each is on the disk under another name before the first takes its own.

    What is there already and is no file (a device, a pipe) is written to, not replaced; of a link, what it points to.
    """
    ready: dict[Path, str] = {}
    try:
        for path, data in files.items():
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
            if path.is_file() or not path.exists():
                ready[path.resolve()] = _laid_beside(path, data, mode)
        for path, data in files.items():
            if path.exists() and not path.is_file():
                path.write_bytes(data)
        for place, name in ready.items():
            os.replace(name, place)
    except BaseException:
        for name in ready.values():
            Path(name).unlink(missing_ok=True)
        raise
    for folder in {place.parent for place in ready}:
        sync_folder(folder)


def _laid_beside(path: Path, data: bytes, mode: int) -> str:
    """The data in a new file beside where ``path`` is to be, durably."""
    place = path.resolve()
    try:
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name[:80]}.")
    except OSError as fault:
        raise OSError(fault.errno, fault.strerror, str(path)) from None
    try:
        with os.fdopen(handle, "wb") as file:
            given(handle, str(place.parent))
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
    except OSError as fault:
        Path(name).unlink(missing_ok=True)
        raise OSError(fault.errno, fault.strerror, str(path)) from None
    return name


def give_to_owner_of_folder(*paths: Path) -> None:
    """What root makes belongs to whom the folder belongs to: the one process that is to read it."""
    for path in paths:
        if os.geteuid() == 0 and path.exists():
            whose = path.parent.stat()
            os.chown(path, whose.st_uid, whose.st_gid)


@contextmanager
def locked_by_us(path: Path, taken: str) -> Iterator[None]:
    """Nobody else holds that lock until the end, be it by a kill. Running, in the words ``taken``, if somebody does."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise Running(taken) from None
    try:
        yield
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """A new name itself must outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def set_aside(path: str) -> str:
    """Rename a damaged database, log and all; returns its new name. The file itself goes last: a log that stayed behind
    alone would be taken for that of the next one."""
    taken = (f"{path}.damaged-{count}" for count in itertools.count(1))
    aside = next(name for name in taken if not any(os.path.exists(name + part) for part in _PARTS))
    for part in _PARTS:
        if os.path.exists(path + part):
            os.rename(path + part, aside + part)
    return aside


def as_lines(lines: Iterable[str]) -> bytes:
    """Lines of text, each with its end."""
    return "".join(f"{line}\n" for line in lines).encode()
