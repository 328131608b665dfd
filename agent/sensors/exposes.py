"""What a device of zigbee2mqtt's catalogue can say, read from its own definition; no device is known by its model.

A definition's ``exposes`` tells for each JSON key what it means and which two values stand for yes and no: of 128
contact sensors 125 say false when open, two say "ON", one says true. An ``Input`` is one such key, put in our words.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

PUBLISHED: Final = 1  # access bits of an expose
SETTABLE: Final = 2
MAX_DEPTH: Final = 8  # features inside features; deeper ones are not looked at
MAX_INPUTS: Final = (
    64  # of one device; the rest is not looked at (the longest definition in the catalogue has 54 of them)
)

# Each word is a role: a quantity of ours, or what a sensor's kind turns into one (see wiring.py).
_ROLES: Final = {
    "occupancy": "seen",
    "presence": "seen",
    "motion": "seen",
    "contact": "open",
    "door_state": "open",
    "opening_state": "open",
    "vibration": "vibration",
    "moving": "vibration",
    "pressure": "pressed",
    "pressure_state": "pressed",
    "smoke": "smoke",
    "smoke_state": "smoke",
    "gas": "smoke",  # gas and carbon monoxide: the same alarm, the same people to call
    "gas_sensor_state": "smoke",
    "carbon_monoxide": "smoke",
    "water_leak": "leak",
    "active_water_leak": "leak",
    "sos": "sos",
    "sos_alarm": "sos",
    "action": "action",
    "tamper": "tamper",
    "tamper_alarm": "tamper",
    "battery_low": "battery_low",
    "battery": "battery_percent",
    "temperature": "temperature_mc",
}
_NUMBERS: Final = {"battery_percent": 1, "temperature_mc": 1_000}
_IAS_ALARM: Final = re.compile(r"_alarm_[12]$")  # an IAS zone with two alarms: smoke_alarm_1, contact_alarm_2
_LEAK: Final = re.compile(r"_leak_detect$")
_AT_REST: Final = frozenset({"none", "normal", "off", "closed", "detecting", "static", "no_fall", "ok"})
SAYS_NOTHING: Final = -1  # the value of a word that tells neither yes nor no
_UNSURE: Final = frozenset({"unknown", "undefined", "error_jammed", "error_unspecified", ""})


class Input(NamedTuple):
    """One JSON key of a device's messages.

    ``endpoint`` is its suffix where a device has several of them. ``words`` pairs what may come with 1, 0 or
    SAYS_NOTHING (for the role "open" 1 is open); numbers have ``scale`` instead, and actions neither.
    """

    key: str
    endpoint: str
    role: str
    words: tuple[tuple[bool | int | str, int], ...] = ()
    scale: int = 0


def inputs(exposes: object) -> tuple[Input, ...]:
    """The keys of a device that tell us something; what is not understood is left out."""
    found: dict[str, Input] = {}
    for expose in _walk(exposes, MAX_DEPTH):
        read = _input(expose)
        if read is not None and len(found) < MAX_INPUTS:
            found.setdefault(read.key, read)
    return tuple(found.values())


def _walk(exposes: object, depth: int) -> Iterator[dict[str, object]]:
    for expose in exposes if isinstance(exposes, list) and depth else ():
        if isinstance(expose, dict):
            yield expose
            # A composite is one JSON object under its own key; the keys of other groups stand beside all others.
            if expose.get("type") != "composite":
                yield from _walk(expose.get("features"), depth - 1)


def _input(expose: dict[str, object]) -> Input | None:
    name, access = expose.get("name"), expose.get("access")
    key, endpoint = expose.get("property", name), expose.get("endpoint", "")
    if not (isinstance(name, str) and isinstance(key, str) and isinstance(endpoint, str) and isinstance(access, int)):
        return None
    role = _role(name, expose.get("type"))
    # What can be set is a setting ("vibration" of a wall switch is its own buzz), but nobody sets a door by radio.
    settable = access & SETTABLE and role != "open"
    if role is None or not access & PUBLISHED or settable or expose.get("category") == "config":
        return None
    if role == "action":
        return Input(key, endpoint, role)
    if expose.get("type") == "numeric":
        scale = 1 if role == "vibration" else _NUMBERS.get(role, 0)
        return Input(key, endpoint, role, scale=scale) if scale else None
    words = _words(expose, role)
    return Input(key, endpoint, role, words) if {value for _, value in words} >= {0, 1} else None


def _role(name: str, kind: object) -> str | None:
    base = _IAS_ALARM.sub("", name)
    if base.startswith("fall_") and kind in ("binary", "enum"):
        return "fall"
    if _LEAK.search(base):
        return "leak"
    role = _ROLES.get(base)
    if kind != "binary":
        return role
    # Any yes or no may be a bed's, if home.toml says that this is a bed.
    return "other" if role is None or role in _NUMBERS else role


def _words(expose: dict[str, object], role: str) -> tuple[tuple[bool | int | str, int], ...]:
    if expose.get("type") == "binary":
        on, off = expose.get("value_on"), expose.get("value_off")
        if isinstance(on, bool | int | str) and isinstance(off, bool | int | str) and on != off:
            return (on, 1), (off, 0)
        return ()
    values = expose.get("values")
    if expose.get("type") != "enum" or not isinstance(values, list):
        return ()
    return tuple(_meanings((word for word in values if isinstance(word, str)), role))


def _meanings(words: Iterable[str], role: str) -> Iterator[tuple[str, int]]:
    """``maybe_fall`` and ``fall_warning`` count as a fall: the alert says *possible*, and a person is asked."""
    for word in words:
        if word in _UNSURE:
            yield word, SAYS_NOTHING
        elif role == "fall":
            yield word, int("fall" in word and word not in _AT_REST)
        else:
            yield word, int(word not in _AT_REST)
