"""A setup as one JSON file, ``setup.json`` beside hub.toml, version 1; ``answers.read_again`` reads it again."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from agent.newcomer import Newcomer
from agent.provision.setup import BoardSeen, Setup, plain

VERSION: Final = 1  # of setup.json; another one is refused, not guessed at
KEPT_MOST_BYTES: Final = 1 << 20  # of setup.json; a larger one is not read


class BadSetup(Exception):
    """setup.json cannot be gone on with; the message says why in one line."""


def kept(setup: Setup) -> bytes:
    """The whole of it, for setup.json. ``answers.read_again`` is its inverse."""
    found = {
        "devices": [one._asdict() for one in setup.devices.values()],
        "boards": [one._asdict() for one in setup.boards.values()],
        "invited": list(setup.invited),
        "decided": sorted(setup.decided),
        "written": list(setup.written),
    }
    whole = {"version": VERSION, "said": plain(setup), "found": found}
    return (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode()


def kept_parts(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was said and what was found, of setup.json. BadSetup if it is none of this version."""
    if len(data) > KEPT_MOST_BYTES:
        raise BadSetup(f"is {len(data)} bytes long, more than {KEPT_MOST_BYTES}")
    try:
        whole = json.loads(data)
        version, said, found = whole["version"], whole["said"], whole["found"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadSetup("is no progress of provisioning") from None
    if version != VERSION:
        raise BadSetup(f"is of version {str(version)[:20]}, and this agent knows {VERSION}")
    if not isinstance(said, dict) or not isinstance(found, dict):
        raise BadSetup("is no progress of provisioning")
    return said, found


def found_again(found: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a Setup that tell what was found. BadSetup if they cannot be understood."""
    try:
        devices = [Newcomer(**(each | {"kinds": tuple(each["kinds"])})) for each in found["devices"]]
        boards = [BoardSeen(**(each | {"channels": tuple(each["channels"])})) for each in found["boards"]]
        invited, decided = tuple(_words(found["invited"])), frozenset(_words(found["decided"]))
        written = tuple(_words(found["written"]))
    except (KeyError, TypeError):
        raise BadSetup("does not tell what was found as this agent wrote it") from None
    return {
        "devices": {one.address: one for one in devices},
        "boards": {one.bridge: one for one in boards},
        "invited": invited,
        "decided": decided,
        "written": written,
    }


def _words(values: Iterable[object]) -> Iterable[str]:
    return [value for value in values if isinstance(value, str)]
