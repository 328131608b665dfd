"""Which key of a device's messages speaks for which sensor of the home.

One device may be several sensors (motion and temperature under one address), and one sensor may have several keys
(two alarms of one smoke detector). What a sensor's ``kind`` in home.toml does not ask for is not read, but smoke,
water, a fall, a call for help and the device's own health are never left out: they go to the sensor of that kind,
or else to the first one at the address.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from agent.nouns import ACTIVITY, Sensor
from agent.sensors.exposes import Input

# What a sensor of a kind is made of, and what to call it. For a bed the first role that the device has is taken.
_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "motion": ("seen",),
    "presence": ("seen",),
    "door": ("open",),
    "vibration": ("vibration",),
    "temperature": ("temperature_mc",),
    "bed": ("open", "pressed", "seen", "vibration", "other"),
}
_QUANTITIES: Final = {"temperature": "temperature_mc"}
# What is never left out: the role, the kind of sensor that it belongs to, and our quantity.
_SHARED: Final[Mapping[str, tuple[str, str]]] = {
    "smoke": ("smoke", "smoke"),
    "leak": ("leak", "leak"),
    "fall": ("fall", "fall"),
    "sos": ("button", "button"),
    "action": ("button", "button"),
    "tamper": ("", "tamper"),
    "battery_low": ("", "battery_low"),
    "battery_percent": ("", "battery_percent"),
}


class Wire(NamedTuple):
    """``table`` gives 1, 0 or SAYS_NOTHING for what may come; without one it is a number, to be put on ``scale``."""

    key: str
    sensor: str
    quantity: str
    table: Mapping[object, int] | None
    scale: int


class Caller(NamedTuple):
    """A key that carries actions. ``any_press``: on a button every press calls; elsewhere only a call for help."""

    key: str
    sensor: str
    any_press: bool


def split(address: str) -> tuple[str, str]:
    """An IEEE address in lower case and the endpoint of a sensor that has only one of the device's: 0x00…#2."""
    device, _, endpoint = address.partition("#")
    return device.lower(), endpoint


def wires(sensors: Sequence[Sensor], inputs: Sequence[Input]) -> tuple[Wire, ...]:
    """Every key that is a level or a number, for the sensors at one address, in the order of home.toml."""
    own = [wire for sensor in sensors for wire in _own(sensor, inputs)]
    return tuple(own + list(_shared(sensors, inputs)))


def callers(sensors: Sequence[Sensor], inputs: Sequence[Input]) -> tuple[Caller, ...]:
    return tuple(
        Caller(each.key, sensor.id, sensor.kind == "button")
        for each in inputs
        if each.role == "action"
        for sensor in _owners(sensors, each)
    )


def _own(sensor: Sensor, inputs: Sequence[Input]) -> Iterator[Wire]:
    asked = _KINDS.get(sensor.kind, ())
    mine = [each for each in inputs if each.role in asked and _at(sensor, each)]
    if sensor.kind == "bed" and mine:
        mine = [min(mine, key=lambda each: asked.index(each.role))]
    for each in mine:
        quantity = _QUANTITIES.get(sensor.kind, sensor.kind)
        # A pad under a mattress closes its contact when somebody lies on it: closed is occupied.
        flip = (sensor.kind == "bed" and each.role == "open") != sensor.inverted
        yield _wire(each, sensor.id, quantity, flip and quantity in ACTIVITY)


def _shared(sensors: Sequence[Sensor], inputs: Iterable[Input]) -> Iterator[Wire]:
    for each in inputs:
        if each.role in _SHARED and each.role != "action":
            kind, quantity = _SHARED[each.role]
            for sensor in _owners(sensors, each):
                yield _wire(each, sensor.id, quantity, flip=sensor.inverted and sensor.kind == kind)


def _owners(sensors: Sequence[Sensor], each: Input) -> list[Sensor]:
    here = [sensor for sensor in sensors if _at(sensor, each)]
    kind = _SHARED[each.role][0]
    return [sensor for sensor in here if sensor.kind == kind] or here[:1]


def _at(sensor: Sensor, each: Input) -> bool:
    endpoint = split(sensor.address)[1]
    return not endpoint or each.endpoint in ("", endpoint) or each.key.endswith(f"_{endpoint}")


def _wire(each: Input, sensor: str, quantity: str, flip: bool) -> Wire:
    table: dict[object, int] = {word: 1 - value if flip and value in (0, 1) else value for word, value in each.words}
    return Wire(each.key, sensor, quantity, table or None, each.scale)
