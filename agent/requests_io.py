"""What a person asks of a running hub, laid into its state directory as a file; and which of that is heeded.

On an installed hub that folder is written by two: by root, whose files are given to ``watch``, and by ``page``, which
browsers talk to. Whoever takes over the page must not be able to have this home tested while somebody lies there.
"""

import errno
import json
import os
import stat
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Final

from agent.clock_io import wall_ms
from agent.files_io import write_whole
from agent.nouns import SECOND_MS, Refused
from agent.transport.door_io import knock, watch_door

REQUEST_MOST_BYTES: Final = 4_096  # of a request from a person at this hub; a larger file is not read
FRESH_MS: Final = 60 * SECOND_MS  # who asked to walk and was not heard for so long has given up: nobody walks now

_NUMBERS: Final = count(1)  # two requests of one millisecond are two files


def ask(state: Path, what: str, said: dict[str, object], who: str | None = None) -> bool:
    """Lay a person's request into the state directory; False: nobody is running to read it now.

    ``who``: as whom they are known; None: as this process's user. Refused for another user than ``watch`` would heed.
    """
    if not _may(os.geteuid(), _owner(state), what, said):
        raise Refused(f"{state}: is another user's, who would not heed this: use sudo")
    who = who or os.environ.get("SUDO_USER") or os.environ.get("USER") or str(os.getuid())
    requests = state / "requests"
    requests.mkdir(parents=True, exist_ok=True)
    request = json.dumps(said | {"what": what, "asked_by": who})
    write_whole(requests / f"{wall_ms()}-{os.getpid()}-{next(_NUMBERS)}.json", request.encode())
    return knock(watch_door(str(state)))


def _owner(state: Path) -> int:
    """Whose ``watch`` runs there; where nothing is yet, this process's; -1: somebody's who lets nobody look."""
    try:
        return state.stat().st_uid
    except FileNotFoundError:
        return os.geteuid()
    except PermissionError:
        return -1


def _may(user: int, watch: int, what: str, said: Mapping[str, object]) -> bool:
    return user in (0, watch) or (what == "consent" and said.get("given") is False)


def laid(path: Path) -> tuple[bytes, os.stat_result]:
    """What a request says, and whose it is since when. OSError for what is no file: nobody waits at a pipe."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is no file")
        return file.read(REQUEST_MOST_BYTES), found


def unheeded(what: str, said: Mapping[str, object], found: os.stat_result) -> str:
    """Why nobody does what that request asks, in words; or nothing. Another user may end the watch, which the centre is
    told, and nothing else. A walk is not begun by what was left lying there: it would keep the home unwatched."""
    if not _may(found.st_uid, os.geteuid(), what, said):
        return f"user {found.st_uid} may withdraw consent, and ask nothing else"
    ends = what == "walk" and said.get("seconds") == 0
    if what in ("walk", "test_call") and not ends and abs(wall_ms() - found.st_mtime_ns // 1_000_000) > FRESH_MS:
        return f"it is older than {FRESH_MS // SECOND_MS} s: whoever wanted to test this home has given up"
    return ""
