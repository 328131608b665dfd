"""Who this hub is to the centre."""

import os
from pathlib import Path

from agent.files_io import write_whole
from agent.hub import Hub


def hub_id(hub: Hub, folder: Path, state: Path) -> str:
    """hub.toml's id; else the certificate's common name; else, for demos and tests, one made here once."""
    if hub.id is not None:
        return hub.id
    certificate = hub.upstreams[0].certificate
    if certificate is not None:
        from agent.transport.keys_io import common_name  # X.509 is 8 MB that a hub with an id does not need

        return common_name(str(folder / certificate))
    made = state / "hub.id"
    if not made.exists():
        state.mkdir(parents=True, exist_ok=True)
        write_whole(made, f"hub-{os.urandom(4).hex()}\n".encode())
    return made.read_text().strip()
