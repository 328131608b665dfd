"""The files of setting up a home: its progress, the lock of one installer, and what is written in the end.

``setup.json`` lies beside hub.toml, is written whole at each change, and can be read by root alone: it holds names.
home.toml and hub.toml are written together, whole or not at all; what stood there before is kept as ``.before``.
"""

import fcntl
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Final

from agent.files_io import write_together, write_whole
from agent.home import BadHome
from agent.home import parse as parse_home
from agent.hub import BadHub, Hub
from agent.hub import parse as parse_hub
from agent.nouns import Home, Refused, Running
from agent.provision.answers import BadAnswers, read, read_again
from agent.provision.kept import BadSetup, kept
from agent.provision.setup import Setup, begun, gone_on
from agent.provision.writing import home_text, hub_text
from agent.toml_mistakes import BadToml

PROGRESS: Final = "setup.json"
LOCK: Final = "setup.lock"
DEFAULTS: Final = "defaults.toml"  # an answers file of what the package knows of this machine: state, [local]
BEFORE: Final = ".before"  # after the name of a file: what it was before provision wrote it last


@contextmanager
def alone(config: Path) -> Iterator[None]:
    """One installer at a time; Running if there is another. Refused if the folder cannot be written to."""
    place = config.parent / LOCK
    try:
        handle = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        raise Refused(f"{place}: {fault.strerror}; run this as root, or name a folder that you may write to") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        who = os.read(handle, 20).decode("ascii", "replace").strip()
        os.close(handle)
        raise Running(f"another installer is setting up this hub (process {who}); end that one first") from None
    try:
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(handle)


def load(config: Path) -> Setup:
    """What was said and found so far; at the first time what hub.toml and home.toml say, or else defaults.toml, as far
    as they are there. Files that were changed by hand since are gone on with. Refused for any of them that cannot be
    read."""
    progress = config.parent / PROGRESS
    data = _bytes(progress)
    if data is None:
        return _begun(config)
    try:
        setup = read_again(data)
    except BadSetup as fault:
        raise Refused(f"{progress}: {fault}; move it away to begin anew: devices stay paired") from None
    files = (config.parent / setup.home_file, config)
    if not setup.written or not all(path.exists() for path in files) or _are_ours(config, setup):
        return setup
    home, hub = _parsed(config)
    return gone_on(setup, home, hub) if home is not None and hub is not None else setup


def _are_ours(config: Path, setup: Setup) -> bool:
    """Whether each of the two is as it was written last, or as it is to be: somebody may have been interrupted between
    them, which is no change by hand."""
    texts = _texts(config, setup)
    to_be = [sha256(text).hexdigest() for text in texts.values()]
    return all(now in (last, then) for now, last, then in zip(digests(texts), setup.written, to_be, strict=True))


def digests(files: Iterable[Path]) -> tuple[str, ...]:
    """Of home.toml and hub.toml, as they are now."""
    return tuple(sha256(_bytes(path) or b"").hexdigest() for path in files)


def _begun(config: Path) -> Setup:
    home, hub = _parsed(config)
    setup = begun(home, hub)
    defaults = _bytes(config.parent / DEFAULTS) if hub is None else None
    try:
        return read(defaults, setup) if defaults is not None else setup
    except BadAnswers as fault:
        raise _refused(config.parent / DEFAULTS, fault) from None


def _parsed(config: Path) -> tuple[Home | None, Hub | None]:
    """The home and the hub as their files say, where there are such."""
    said = _bytes(config)
    try:
        hub = parse_hub(said) if said is not None else None
    except BadHub as fault:
        raise _refused(config, fault) from None
    place = config.parent / (hub.home if hub is not None else "home.toml")
    text = _bytes(place)
    try:
        return parse_home(text) if text is not None else None, hub
    except BadHome as fault:
        raise _refused(place, fault) from None


def _refused(path: Path, fault: BadToml) -> Refused:
    return Refused("\n".join(f"{path}: {mistake}" for mistake in fault.mistakes) + "\ncorrect it, or move it away")


def _bytes(path: Path) -> bytes | None:
    """None: there is no such file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise Refused(f"{path}: cannot be read: {fault.strerror}") from None


def keep(config: Path, setup: Setup) -> None:
    progress = config.parent / PROGRESS
    try:
        write_whole(progress, kept(setup), 0o600)
    except OSError as fault:
        raise Refused(f"{progress}: cannot be written: {fault.strerror}; nothing more can be kept") from None


def _texts(config: Path, setup: Setup) -> dict[Path, bytes]:
    return {config.parent / setup.home_file: home_text(setup).encode(), config: hub_text(setup).encode()}


def is_written(config: Path, setup: Setup) -> bool:
    """Whether both files say what was said, in whatever words."""
    try:
        home, hub = parse_home(home_text(setup)), parse_hub(hub_text(setup))
        its_home, its_hub = _parsed(config)
    except (BadToml, Refused):
        return False
    return its_hub == hub and its_home is not None and replace(its_home, text="") == replace(home, text="")


def write(config: Path, setup: Setup) -> list[Path]:
    """home.toml and hub.toml; which files they are. Refused, and nothing is written, if they would not be taken."""
    texts = _texts(config, setup)
    home, hub = texts
    for path, parse in ((home, parse_home), (hub, parse_hub)):
        try:
            parse(texts[path])
        except BadToml as fault:
            raise Refused("\n".join(f"{path} would not be taken: {mistake}" for mistake in fault.mistakes)) from None
    before: dict[Path, bytes] = {}
    for path, text in texts.items():
        old = _bytes(path)
        if old is not None and old != text:
            before[path.with_name(path.name + BEFORE)] = old
    stood = home.stat() if home.exists() else None
    try:
        write_together(before, 0o600)  # what a home was is nobody's business but the installer's
        write_together(texts)  # hub.toml last: where it is, there is the home that it names
    except OSError as fault:
        raise Refused(f"{fault.filename}: cannot be written: {fault.strerror}; both files are as they were") from None
    if stood is not None:
        _readable_as(home, stood)
    return list(texts)


def _readable_as(path: Path, before: os.stat_result) -> None:
    """On an installed hub home.toml is for watch and page to read, and for nobody else; that is not ours to change."""
    with suppress(OSError):  # where there are no owners, none are kept
        path.chmod(stat.S_IMODE(before.st_mode))
        if os.geteuid() == 0:
            os.chown(path, before.st_uid, before.st_gid)
