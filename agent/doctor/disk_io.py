"""What the disk says of itself: how much is written to it, how worn and how old it is."""

import os
import re
from pathlib import Path
from typing import Final, NamedTuple

from agent.clock_io import boot_ms
from agent.doctor.check import Check
from agent.nouns import DAY_MS, HOUR_MS

SYS: Final = Path("/sys")
SECTOR_BYTES: Final = 512  # of /sys/block/*/stat, whatever the disk's own are
# A rule of thumb: the agent writes less than 1 MB a day, a quiet system some hundred times as much.
HEAVY_MIB_A_DAY: Final = 2_048
SHORTEST_MS: Final = HOUR_MS  # after a start of the machine much is written: judged after so long
WORN_PERCENT: Final = 90  # of its life, as an eMMC reckons it in steps of ten
_WRITTEN: Final = 6  # the field of stat: sectors written since the start


class Disk(NamedTuple):
    """None: it does not say."""

    written_mib_a_day: int | None
    used_percent: int | None  # of its life
    warns: bool  # it says itself that it is near its end
    made: str | None  # month and year


def disk_of(state: Path, sys: Path = SYS, up_ms: int | None = None) -> Disk:
    """The whole disk under that folder. ``up_ms``: since the machine was started."""
    up_ms = boot_ms() if up_ms is None else up_ms
    try:
        number = os.stat(state).st_dev
        disk = (sys / "dev" / "block" / f"{os.major(number)}:{os.minor(number)}").resolve(strict=True)
    except OSError:
        return Disk(None, None, False, None)
    if (disk / "partition").exists():
        disk = disk.parent
    fields = _line(disk / "stat").split()
    written = None
    if len(fields) > _WRITTEN and fields[_WRITTEN].isdecimal() and up_ms >= SHORTEST_MS:
        written = int(fields[_WRITTEN]) * SECTOR_BYTES * DAY_MS // up_ms >> 20
    tenths = [int(one, 16) for one in re.findall(r"0x[0-9a-f]{1,2}", _line(disk / "device" / "life_time"))]
    used = 10 * max(tenths) if tenths and 0 < max(tenths) <= 11 else None
    warns = _line(disk / "device" / "pre_eol_info") in ("0x02", "0x03")
    made = re.fullmatch(r"(\d\d/\d{4})", _line(disk / "device" / "date"))
    return Disk(written, used, warns, made[1] if made else None)


def wear(disk: Disk, journal_kib_a_day: int | None) -> Check:
    """``journal_kib_a_day``: what the journal took of the last days."""
    said, figures = [], {}
    if disk.written_mib_a_day is not None:
        said.append(f"{disk.written_mib_a_day} MiB are written a day")
        figures["written_mib_a_day"] = disk.written_mib_a_day
    if journal_kib_a_day is not None:
        said.append(
            f"{journal_kib_a_day} KiB of it by the journal" if said else f"journal: {journal_kib_a_day} KiB a day"
        )
    if disk.used_percent is not None:
        said.append(f"{disk.used_percent} % of its life is used")
        figures["life_used_percent"] = disk.used_percent
    if disk.made is not None:
        said.append(f"made {disk.made}")
    found = ", ".join(said) or "does not say what is written to it"
    if disk.warns or (disk.used_percent or 0) >= WORN_PERCENT:
        return Check("disk", "worn", found, figures=figures)
    if disk.written_mib_a_day is None and disk.used_percent is None:
        return Check("disk", "unknown", found, figures=figures)
    heavy = (disk.written_mib_a_day or 0) >= HEAVY_MIB_A_DAY
    return Check("disk", "heavy" if heavy else "light", found, figures=figures)


def _line(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
