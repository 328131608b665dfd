"""A small Zigbee home for tests: its devices as zigbee2mqtt lists them, and their messages."""

import json
from collections.abc import Sequence
from typing import Any

from agent.nouns import Frame, Home, Instant, Room, Sensor
from agent.sensors.decode import Decoder

Said = list[tuple[str, str, int]]
PIR, DOOR, PENDANT, SMOKE = "0x0000000000000001", "0x0000000000000002", "0x0000000000000003", "0x0000000000000004"
SENSORS = (
    Sensor("hall-motion", "motion", "hall", None, "zigbee", PIR),
    Sensor("hall-warmth", "temperature", "hall", None, "zigbee", PIR),
    Sensor("front-door", "door", "hall", "entrance", "zigbee", DOOR),
    Sensor("pendant", "button", "hall", None, "zigbee", PENDANT),
    Sensor("kitchen-smoke", "smoke", "hall", None, "zigbee", SMOKE),
)


def binary(name: str, on: object = True, off: object = False, **more: object) -> dict[str, Any]:
    return {"type": "binary", "name": name, "property": name, "access": 1, "value_on": on, "value_off": off} | more


def numeric(name: str, **more: object) -> dict[str, Any]:
    return {"type": "numeric", "name": name, "property": name, "access": 1} | more


def enum(name: str, *values: str, **more: object) -> dict[str, Any]:
    return {"type": "enum", "name": name, "property": name, "access": 1, "values": list(values)} | more


def device(address: str, name: str, *exposes: dict[str, Any]) -> dict[str, Any]:
    return {"ieee_address": address, "friendly_name": name, "definition": {"exposes": list(exposes)}}


DEVICES = (
    device(PIR, "PIR", binary("occupancy"), numeric("temperature"), numeric("battery"), binary("tamper")),
    device(DOOR, "Door", binary("contact", False, True), numeric("battery"), binary("battery_low")),
    device(PENDANT, "Pendant", enum("action", "single", "release", "emergency"), numeric("battery")),
    device(SMOKE, "Smoke", binary("smoke"), binary("gas"), numeric("smoke_density")),
)


def home(sensors: Sequence[Sensor] = SENSORS) -> Home:
    rooms = {"hall": Room("hall", "hall", "Hall")}
    return Home("h", "Europe/London", 1, rooms, {sensor.id: sensor for sensor in sensors})


class Hub:
    """A decoder with the devices introduced; time goes on by itself, a minute a message unless told otherwise."""

    def __init__(self, sensors: Sequence[Sensor] = SENSORS, devices: Sequence[dict[str, Any]] = DEVICES) -> None:
        self.sensors = sensors
        self.decoder = Decoder(home(sensors))
        self.at = 1_700_000_000_000
        self.introduce(devices)

    def introduce(self, devices: Sequence[dict[str, Any]]) -> Said:
        return self.raw("bridge/devices", json.dumps(devices).encode())

    def raw(self, address: str, payload: bytes, retained: bool = False, after_ms: int = 60_000) -> Said:
        """What is read from one MQTT message."""
        self.at += after_ms
        frame = Frame("zigbee", address, payload, retained)
        return [reading[1:] for reading in self.decoder.decode(Instant(self.at), frame)]

    def fresh(self, name: str, after_ms: int = 60_000, **fields: object) -> Said:
        """A message that came by radio just now."""
        message = fields | {"last_seen": f"{self.at + after_ms}.000Z", "linkquality": 84}
        return self.raw(name, json.dumps(message).encode(), after_ms=after_ms)

    def cached(self, name: str, after_ms: int = 60_000, retained: bool = False, **fields: object) -> Said:
        """What zigbee2mqtt announces at its start: last_seen of old, and no linkquality."""
        return self.raw(name, json.dumps(fields | {"last_seen": "old.000Z"}).encode(), retained, after_ms)

    def settle(self) -> "Hub":
        """Everything was heard of once: nobody there, the door closed."""
        self.fresh("PIR", occupancy=False, temperature=20, battery=100)
        self.fresh("Door", contact=True, battery=100)
        self.fresh("Pendant", battery=100)
        self.fresh("Smoke", smoke=False, gas=False)
        return self

    def restarted(self) -> "Hub":
        """The same hub from what it had written down."""
        snapshot = json.loads(json.dumps(self.decoder.snapshot()))
        self.decoder = Decoder(home(self.sensors))
        self.decoder.restore(snapshot)
        return self
