"""The hub's own files: home, state folder, keys, and who else may read them."""

import os
import stat
from collections.abc import Iterator, Sized
from pathlib import Path
from typing import Final

from agent.doctor.check import Check
from agent.home import BadHome
from agent.home import parse as parse_home
from agent.hub import Hub, unheard
from agent.journal_io import JournalError
from agent.nouns import Home
from agent.transport.keys_io import BadKey, public_path, verifier
from agent.verify_io import verify

FREE_LEAST_BYTES: Final = 200 << 20
_ANYBODY: Final = stat.S_IROTH | stat.S_IWOTH
_KEYS: Final = frozenset({"hub.key", "page.key"})  # of one user alone; the rest may be a group's


def home_of(path: Path, hub: Hub) -> tuple[list[Check], Home | None]:
    try:
        home = parse_home(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as fault:
        return [Check("home", "unreadable", f"{path}: {fault}")], None
    except BadHome as fault:
        mistakes = count(fault.mistakes, "mistake")
        return [Check("home", "mistakes", f"{path}: {mistakes}; the first: {fault.mistakes[0]}")], None
    found = f"{count(home.rooms, 'room')}, {count(home.sensors, 'sensor')}"
    checks = [Check("home", "read", found, figures={"rooms": len(home.rooms), "sensors": len(home.sensors)})]
    if lost := unheard(hub, home):
        checks.append(Check("serial", "unheard", lost))
    return checks, home


def count(things: Sized, what: str) -> str:
    return f"{len(things)} {what}{'' if len(things) == 1 else 's'}"


def ports(hub: Hub, folder: Path, config: Path) -> Iterator[Check]:
    """Whether each port is there and may be opened; it is left alone, since ``watch`` may have it."""
    for serial in hub.serial:
        which = f" --bridge {serial.bridge}" if len(hub.serial) > 1 else ""
        look = f"stop the hub, and `hearthwatch bridge monitor --config {config}{which} --selftest` shows what it says"
        port = folder / serial.port
        code, found, do = "there", f"{port} is there", look
        try:
            device = stat.S_ISCHR(port.stat().st_mode)
        except OSError as fault:
            code, found, do = "missing", f"{port}: {fault.strerror}", ""
        else:
            if not device:
                code, found, do = "not_a_port", f"{port}: is no serial port", ""
            elif not os.access(port, os.R_OK | os.W_OK):
                code, found, do = "no_permission", f"{port}: no permission", ""
        yield Check("serial", code, found, serial.bridge, do)


def state_of(state: Path) -> Iterator[Check]:
    """The folder, and the journal in it."""
    yield _folder(state)
    path = state / "journal.db"
    if not path.exists():
        yield Check("journal", "new", "not begun yet")
        return
    try:
        wrong = verify(path)
    except JournalError as fault:
        wrong = [str(fault)]
    yield Check("journal", "damaged", wrong[0]) if wrong else Check("journal", "whole", "whole")


def _folder(state: Path) -> Check:
    if not state.exists():
        return Check("state", "new", f"{state}: not there yet")
    try:
        free = os.statvfs(state)
    except OSError as fault:
        return Check("state", "not_writable", f"{state}: {fault.strerror}")
    if not state.is_dir():
        return Check("state", "no_folder", f"{state}: is no folder")
    if free.f_flag & os.ST_RDONLY:
        return Check("state", "read_only", f"{state}: its file system is read-only")
    if not os.access(state, os.W_OK):
        return Check("state", "not_writable", f"{state}: cannot be written to")
    mib = free.f_bavail * free.f_frsize >> 20
    code = "writable" if mib >= FREE_LEAST_BYTES >> 20 else "full"
    return Check("state", code, f"{mib} MiB free", figures={"free_mib": mib})


def own_key(state: Path) -> Check:
    """The key that signs alerts, and its public half."""
    key = state / "hub.key"
    public = Path(public_path(str(key)))
    if not key.exists():
        if public.exists():
            return Check("key", "gone", f"{key}: is gone, and {public.name} is there")
        return Check("key", "new", "not made yet")
    try:
        mode = stat.S_IMODE(key.stat().st_mode)
        if mode & 0o077:
            return Check("key", "unusable", f"{key}: others may read it (mode {mode:o})", do=f"chmod 600 {key}")
        verifier(str(public))
    except (BadKey, OSError) as fault:
        return Check("key", "unusable", str(fault))
    return Check("key", "whole", "for its owner alone")


def permissions(hub: Hub, folder: Path, state: Path) -> Iterator[Check]:
    """What anybody on this machine could read: a key, a password, the life of a home."""
    named = [(one.key, "key") for one in hub.upstreams] + [(hub.local.credentials, "password")]
    files = [(folder / name, what) for name, what in named if name is not None]
    files += [(folder / hub.home, "home file")]
    own = folder / hub.page.state if hub.page is not None and hub.page.state else state
    outbox = folder / (hub.outbox or hub.state)
    files += [(own / name, what) for name, what in (("page.key", "key"), ("page.db", "family's names"))]
    files += [(state / "journal.db", "journal"), (outbox / "outbox.db", "outbox"), (state / "hub.key", "key")]
    told = 0
    for path, what in files:
        ours = path.name in _KEYS and path.parent in (state, own)  # the key of a line to a centre may be a group's
        if (mode := _mode(path)) is not None and (_open_to_all(path, mode) or (ours and mode & 0o077)):
            told += 1
            yield Check("file", "open", f"{path}: the {what} (mode {mode:o})", path.name, f"chmod {_less(mode)} {path}")
    if not told:
        yield Check("file", "closed", "keys, passwords and journal are not open to others")


def _less(mode: int) -> str:
    return f"{mode & ~0o007:o}"


def _mode(path: Path) -> int | None:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None


def _open_to_all(path: Path, mode: int) -> bool:
    """A file that anybody may read is closed all the same where they cannot pass a folder above it."""
    if not mode & _ANYBODY:
        return False
    return all((_mode(above) or 0) & stat.S_IXOTH for above in path.resolve().parents)
