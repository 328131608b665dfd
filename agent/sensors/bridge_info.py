"""What zigbee2mqtt says of its own settings, and which of them this hub cannot do well with."""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, cast

from agent.nouns import BadFrame
from agent.sensors.payload import MAX_DEVICES_BYTES, parse, shown

INFO: Final = "bridge/info"  # retained; its ``config`` is zigbee2mqtt's configuration with all defaults filled in
# Of [advanced]: the setting, what it must be, what it is where it is not said, and what is amiss otherwise.
_WANTED: Final = (
    ("last_seen", "ISO_8601", "disable", "what a sensor says anew cannot be told from what is repeated"),
    ("output", "json", "json", "messages of another form are not understood"),
    ("cache_state", True, True, "after a start doors and beds are unknown until they change"),
    ("cache_state_send_on_startup", True, True, "after a start doors and beds are unknown until they change"),
)


FRONTEND_PORT: Final = 8080
_VERSION: Final = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})")


class About(NamedTuple):
    """What else zigbee2mqtt says of itself. ``frontend``: the port of its own page; None: it has none."""

    version: tuple[int, ...]  # () where it says none that can be understood
    joins: bool  # whether devices may join now
    frontend: int | None


def about(info: bytes) -> About:
    """BadFrame if this is not zigbee2mqtt's ``bridge/info``."""
    data, config = _read(info)
    found = _VERSION.match(str(data.get("version", "")))
    page = config.get("frontend")
    port = page.get("port", FRONTEND_PORT) if isinstance(page, dict) else FRONTEND_PORT
    on = page.get("enabled", True) is True if isinstance(page, dict) else page is True
    good = type(port) is int and 0 < port < 65_536
    version = tuple(int(part) for part in found.groups()) if found else ()
    return About(version, data.get("permit_join") is True, (port if good else FRONTEND_PORT) if on else None)


def _read(info: bytes) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What it says of itself, and its configuration in it."""
    data = parse(INFO, info, MAX_DEVICES_BYTES)
    config = data.get("config") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(config, dict):
        raise BadFrame(f"{INFO}: without the configuration of zigbee2mqtt")
    return cast(Mapping[str, Any], data), cast(Mapping[str, Any], config)


def wrong_settings(info: bytes) -> list[str]:
    """What must be set otherwise, and why, a phrase each. BadFrame if this is not zigbee2mqtt's ``bridge/info``."""
    _, config = _read(info)
    said = config.get("advanced")
    advanced = cast(Mapping[str, Any], said) if isinstance(said, dict) else {}
    wrong = [
        f"advanced.{name} is {shown(found)}, not {_yaml(wanted)}: {why}"
        for name, wanted, default, why in _WANTED
        if (found := advanced.get(name, default)) != wanted
    ]
    if not _available(config.get("availability")):
        wrong.append("availability.enabled is not true: a device that is out of reach is noticed late")
    return wrong


def _available(said: object) -> bool:
    """Version 2 says {"enabled": true}; version 1 said true, or an object without that key."""
    return said.get("enabled", True) is True if isinstance(said, dict) else said is True


def _yaml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
