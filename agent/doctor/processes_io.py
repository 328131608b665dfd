"""Which parts of the agent run with this hub.toml, as whom, and what systemd says of their units."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
SYSTEMD: Final = Path("/run/systemd/system")  # is there where systemd runs
SYSTEMCTL_S: Final = 5.0
_ASKED: Final = "LoadState,ActiveState,SubState,Result,NRestarts"


def running(config: Path, parts: Sequence[str], proc: Path = PROC) -> list[tuple[str, int | None, str]]:
    """Of each part: its name, and the user whom it runs as; None: it does not run."""
    seen = dict(_seen(config.resolve(), parts, proc))
    return [(part, seen.get(part), _name(seen[part]) if part in seen else "") for part in parts]


def _seen(config: Path, parts: Sequence[str], proc: Path) -> Iterator[tuple[str, int]]:
    for folder in proc.iterdir():
        if not folder.name.isdecimal():
            continue
        with suppress(OSError):  # it has ended meanwhile, or is somebody else's
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            part = next((word for word in words if word in parts), None)
            after = words[words.index("--config") + 1 :][:1] if "--config" in words else []
            if part is not None and after and (folder / "cwd").resolve().joinpath(after[0]).resolve() == config:
                yield part, os.stat(folder).st_uid


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def units(parts: Sequence[str]) -> dict[str, dict[str, str]]:
    """What systemd says of each part's unit; nothing where it does not run, or has none of that name."""
    program = shutil.which("systemctl")
    if program is None or not SYSTEMD.is_dir():
        return {}
    return {part: said for part in parts if (said := _show(program, f"hearthwatch-{part}.service"))}


def _show(program: str, unit: str) -> dict[str, str]:
    asked = [program, "show", unit, f"--property={_ASKED}"]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=SYSTEMCTL_S).stdout
    except (OSError, subprocess.TimeoutExpired):
        return {}
    said = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
    return said if said.get("LoadState") == "loaded" else {}
