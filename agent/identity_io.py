"""Who this hub is to the centre."""

import os
from pathlib import Path

from agent.files_io import write_whole
from agent.hub import HUB_ID, Hub
from agent.nouns import Refused


def hub_id(hub: Hub, folder: Path, state: Path) -> str:
    """hub.toml's id; else the certificate's common name; else, for demos and tests, one made here once.

    Refused where a file that says it cannot be read, or says what is no id.
    """
    if hub.id is not None:
        return hub.id
    certificate = hub.upstreams[0].certificate
    place = folder / certificate if certificate is not None else state / "hub.id"
    try:
        if certificate is not None:
            from agent.transport.keys_io import common_name  # X.509 is 8 MB that a hub with an id does not need

            name = common_name(str(place))
        else:
            name = _made_once(place)
    except (OSError, UnicodeDecodeError) as fault:
        raise Refused(f"{place}: this hub's id cannot be taken from it: {fault}; set id in hub.toml") from None
    if HUB_ID.read(name) is None:
        raise Refused(f"{place}: {name[:40]!r} is no hub id, which is {HUB_ID.expected}; set id in hub.toml")
    return name


def _made_once(place: Path) -> str:
    """watch and uplink may start at once: each lays down an id, the first to link it wins, and both read that one."""
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        mine = place.with_name(f".{place.name}.{os.getpid()}")
        write_whole(mine, f"hub-{os.urandom(4).hex()}\n".encode())
        try:
            os.link(mine, place)
        except FileExistsError:  # the other was first
            pass
        finally:
            mine.unlink()
    return place.read_text(encoding="ascii").strip()
