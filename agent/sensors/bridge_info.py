"""What zigbee2mqtt says of its own settings, and which of them this hub cannot do well with."""

from collections.abc import Mapping
from typing import Any, Final, cast

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


def wrong_settings(info: bytes) -> list[str]:
    """What must be set otherwise, and why, a phrase each. BadFrame if this is not zigbee2mqtt's ``bridge/info``."""
    data = parse(INFO, info, MAX_DEVICES_BYTES)
    config = data.get("config") if isinstance(data, dict) else None
    if not isinstance(config, dict):
        raise BadFrame(f"{INFO}: without the configuration of zigbee2mqtt")
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
