"""What a support bundle holds. By its making it cannot hold more: it is put together from the words of this program and
from whole numbers; no text of the home, of a broker, of a file or of a device is copied into it.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from agent.doctor.check import Check
from agent.hub import BAUD, KEEPALIVE_S, STALL_S, Hub
from agent.kinds import SEVERITY
from agent.near import is_loopback, is_near
from agent.nouns import Home

OWN_WORDS: Final = frozenset({"watch", "uplink", "page"})  # what may stand under its own name
MANIFEST: Final = """\
A hub's support bundle. It was made by `hearthwatch doctor --bundle` and sent to nobody.

{files}

Not in it: names of people, of rooms or of this hub; addresses of devices and of
other machines; what a sensor read; when anything happened at home; keys and
passwords. Where a check concerns one of several (a sensor, a board, a file), it
has a number instead of a name, the same one throughout. No text of the home was
copied into it: all of it is the program's own words, and whole numbers.

How often each kind of alert was raised since the journal began is in it. If who
lives there would rather not tell that, take alerts.json out before you send it.
"""
FILES: Final = {
    "versions.json": "which agent, Python, libraries, models and system",
    "checks.json": "what was found, as names and codes (docs/doctor.md)",
    "hub.json": "what hub.toml sets; of a host only whether near or far",
    "home.json": "how many rooms and sensors, of which kind",
    "alerts.json": "how often each kind of alert was raised",
}


def bundle(
    checks: Iterable[Check], hub: Hub, home: Home | None, alerts: Mapping[str, int], versions: Mapping[str, str]
) -> dict[str, bytes]:
    """Its files, by name; README.txt says what they are."""
    parts: dict[str, object] = {
        "versions.json": dict(versions),
        "checks.json": _checks(checks),
        "hub.json": _hub(hub),
        "home.json": None if home is None else _home(home),
        "alerts.json": {kind: count for kind, count in alerts.items() if kind in SEVERITY},
    }
    return {"README.txt": manifest().encode()} | {
        name: json.dumps(part, indent=1).encode() + b"\n" for name, part in parts.items()
    }


def manifest() -> str:
    """In plain words, before it is sent."""
    return MANIFEST.format(files="\n".join(f"  {name:<14} {what}" for name, what in FILES.items()))


def _checks(checks: Iterable[Check]) -> list[dict[str, Any]]:
    numbers: dict[str, int] = {}
    told = []
    for check in checks:
        which: str | int | None = None
        if check.about:
            which = check.about if check.about in OWN_WORDS else numbers.setdefault(check.about, len(numbers) + 1)
        told.append(
            {"name": check.name, "which": which, "good": check.good, "code": check.code, "figures": dict(check.figures)}
        )
    return told


def _where(host: str) -> str:
    return "this machine" if is_loopback(host) else "near" if is_near(host) else "elsewhere"


def _hub(hub: Hub) -> dict[str, object]:
    """Of a file, or a name, only that it is set."""
    return {
        "id": hub.id is not None,
        "volatile": hub.volatile is not None,
        "stall_seconds": hub.stall_s if hub.stall_s != STALL_S else "as it comes",
        "simulation": hub.simulation is not None,
        "local": {
            "host": _where(hub.local.host),
            "port": hub.local.port,
            "username": hub.local.username is not None,
            "base_topic": "as it comes" if hub.local.base_topic == "zigbee2mqtt" else "another",
        },
        "upstream": [
            {
                "host": _where(one.host),
                "port": one.port,
                "tls": one.ca is not None,
                "receipt_key": one.receipt_key is not None,
                "keepalive_seconds": one.keepalive_s if one.keepalive_s != KEEPALIVE_S else "as it comes",
            }
            for one in hub.upstreams
        ],
        "serial": [one.baud if one.baud != BAUD else "as it comes" for one in hub.serial],
        "page": None if hub.page is None else {"tls": hub.page.secure, "names": len(hub.page.names)},
    }


def _home(home: Home) -> dict[str, object]:
    """Neither who lives there nor by which hours: the care plan is daily life."""
    return {
        "rooms": dict(sorted(Counter(room.kind for room in home.rooms.values()).items())),
        "sensors": dict(sorted(Counter(f"{one.kind}, {one.link}" for one in home.sensors.values()).items())),
        "signals": len(home.signals),
    }
