"""A support bundle on the disk: whole or not at all, for its owner alone."""

import gzip
import io
import platform
import tarfile
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from agent import VERSION
from agent.files_io import write_whole
from agent.models_io import shipped
from agent.nouns import Refused

LIBRARIES: Final = ("cryptography", "numpy", "onnxruntime", "paho-mqtt", "pyserial", "waitress", "werkzeug")
FOLDER: Final = "hearthwatch-support"  # within the archive
_GZIP: Final = b"\x1f\x8b"


def fit(file: Path) -> None:
    """Refused if there is another file of that name: a bundle takes the place of a bundle alone."""
    try:
        with file.open("rb") as there:
            if there.read(len(_GZIP)) != _GZIP:
                raise Refused(f"{file}: is there already and is no bundle; name another file")
    except FileNotFoundError:
        return
    except OSError as fault:
        raise Refused(f"{file}: cannot be written: {fault.strerror}") from None


def write(file: Path, parts: Mapping[str, bytes]) -> None:
    """Refused if it cannot be written."""
    try:
        write_whole(file, _packed(parts), mode=0o600)
    except OSError as fault:
        raise Refused(f"{fault.filename or file}: cannot be written: {fault.strerror}") from None


def _packed(parts: Mapping[str, bytes]) -> bytes:
    """The same parts give the same bytes: no time, no user, no name of this machine."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        for name, body in parts.items():
            member = tarfile.TarInfo(f"{FOLDER}/{name}")
            member.size, member.mode = len(body), 0o600
            archive.addfile(member, io.BytesIO(body))
    return gzip.compress(tar.getvalue(), mtime=0)


def versions() -> dict[str, str]:
    found = {"hearthwatch": VERSION, "python": platform.python_version(), "machine": platform.machine()}
    found |= {"kernel": platform.release()}
    with suppress(OSError):
        system = platform.freedesktop_os_release()
        found["system"] = f"{system.get('ID', '')} {system.get('VERSION_ID', '')}".strip()
    for library in LIBRARIES:
        with suppress(PackageNotFoundError):
            found[library] = version(library)
    return found | {f"model {name}": digest for name, digest in sorted(shipped().digests().items())}
