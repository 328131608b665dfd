"""What a person asks of a running hub, laid into its state directory as a file."""

import json
import os
from pathlib import Path
from typing import Final

from agent.clock_io import wall_ms
from agent.files_io import write_whole
from agent.transport.door_io import knock, watch_door

REQUEST_MOST_BYTES: Final = 4_096  # of a request from a person at this hub; a larger file is not read


def ask(state: Path, what: str, said: dict[str, object], who: str | None = None) -> bool:
    """Lay a person's request into the state directory; False: nobody is running to read it now.

    ``who``: as whom they are known; None: as this process's user.
    """
    who = who or os.environ.get("SUDO_USER") or os.environ.get("USER") or str(os.getuid())
    requests = state / "requests"
    requests.mkdir(parents=True, exist_ok=True)
    request = json.dumps(said | {"what": what, "asked_by": who})
    write_whole(requests / f"{wall_ms()}-{os.getpid()}.json", request.encode())
    return knock(watch_door(str(state)))
