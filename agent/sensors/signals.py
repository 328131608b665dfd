"""The home's lamps and sounders, switched by zigbee2mqtt: what each must be told, read from its own definition.

As with sensors no device is known by its model. A siren's ``warning`` is taken first, then an ``alarm`` of two or more
words, then the ``state`` of a lamp, a plug or a switch. What a device is told is always something that its definition
allows; where it knows a duration or a volume of its own, those are told too, so that a siren falls silent by itself
should the hub be gone.

``Board`` remembers what was ordered and what was told. Time is handed in, in seconds, and only compared with itself.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, cast

from agent.nouns import Act, BadFrame, Signal
from agent.sensors.exposes import SETTABLE
from agent.sensors.wiring import split
from agent.sensors.zigbee import listed

OFF: Final = "off"
GENTLE: Final = "gentle"
FULL: Final = "full"
MAX_FEATURES: Final = 256  # of one device that are looked at; the longest definition in the catalogue has some 120

_ALARMS: Final = ("alarm", "alarm_switch", "alarm_state", "siren", "buzzer", "sound")
_STILL: Final = ("stop", "normal", "mute", "OFF")  # an alarm's word for silence; without one it is not switched
_SOFT: Final = ("pre_alarm", "prealarm", "beep", "alarm_light", "low", "medium")
_LOUD: Final = ("emergency", "burglar", "alarm_sound_light", "alarm", "ring", "fire", "very_high", "high")
_DURATIONS: Final = ("duration", "max_duration", "alarm_duration", "alarm_time")
_VOLUMES: Final = ("volume", "alarm_volume")
_SWITCHED: Final = frozenset({"switch", "light", ""})  # whose ``state`` is a lamp's or a plug's; a lock's is not

Feature = Mapping[str, Any]


class Driver(NamedTuple):
    """What a device is told, but for the seconds: one message each way."""

    off: dict[str, object]
    gentle: dict[str, object]
    full: dict[str, object]
    duration: Callable[[dict[str, object], int], None] = lambda told, seconds: None

    def payload(self, way: str, seconds: int) -> bytes:
        told = {OFF: self.off, GENTLE: self.gentle, FULL: self.full}[way]
        told = {key: dict(value) if isinstance(value, dict) else value for key, value in told.items()}
        if way != OFF:
            self.duration(told, seconds)
        return json.dumps(told, separators=(",", ":")).encode()


def driver(kind: str, endpoint: str, exposes: object) -> Driver | None:
    """How a device is switched as a lamp or a sounder; None: nothing that it exposes can be used so."""
    features = list(_features(exposes))
    by_name = {str(each.get("name")): each for _, each in features}
    if kind == "sounder":
        found = _warning(by_name.get("warning")) or _alarm(by_name)
        if found is not None:
            return found
    for group, each in features:
        fits = not endpoint or each.get("endpoint") == endpoint
        if each.get("name") == "state" and group in _SWITCHED and fits and _is_switch(each):
            on, off = {_key(each): each["value_on"]}, {_key(each): each["value_off"]}
            return Driver(off, on, on)
    return None


def _features(exposes: object) -> Iterator[tuple[str, Feature]]:
    """What can be set, with the kind of group it stands in, as far as it is a group at all."""
    count = 0
    for expose in exposes if isinstance(exposes, list) else ():
        inner = expose.get("features") if isinstance(expose, dict) else None
        grouped = isinstance(inner, list) and expose.get("type") != "composite"
        group = str(expose.get("type")) if grouped else ""
        for each in cast(list[object], inner) if grouped else [expose]:
            count += 1
            access = each.get("access") if isinstance(each, dict) else None
            if count <= MAX_FEATURES and isinstance(each, dict) and isinstance(access, int) and access & SETTABLE:
                yield group, each


def _key(feature: Feature) -> str:
    return str(feature.get("property", feature.get("name")))


def _is_switch(feature: Feature) -> bool:
    """Under a key of another name (``valve_detection``) it is a setting."""
    named = _key(feature).split("_")[0] == "state"
    return (
        named
        and feature.get("type") == "binary"
        and feature.get("value_on") == "ON"
        and feature.get("value_off") == "OFF"
    )


def _first(words: Iterable[str], values: object) -> str | None:
    return next((word for word in words if isinstance(values, list) and word in values), None)


def _warning(expose: Feature | None) -> Driver | None:
    """An IAS warning device: one object with mode, level, strobe and duration, as far as it has them."""
    inner = expose.get("features") if expose is not None else None
    parts = {str(each.get("name")): each for each in inner if isinstance(each, dict)} if isinstance(inner, list) else {}
    modes = parts.get("mode", {}).get("values")
    loud = _first(_LOUD, modes)
    if expose is None or loud is None or _first(("stop",), modes) is None:
        return None
    levels = parts.get("level", {}).get("values")
    gentle: dict[str, object] = {"mode": loud}
    full: dict[str, object] = {"mode": loud}
    off: dict[str, object] = {"mode": "stop"}
    if soft := _first(("low", "medium"), levels):
        gentle["level"], full["level"] = soft, _first(("very_high", "high", soft), levels)
    if "strobe" in parts:
        gentle["strobe"], full["strobe"], off["strobe"] = True, True, False
    key = _key(expose)

    def lasts(told: dict[str, object], seconds: int) -> None:
        if "duration" in parts:
            cast(dict[str, object], told[key])["duration"] = _within(parts["duration"], seconds)

    return Driver({key: off}, {key: gentle}, {key: full}, lasts)


def _alarm(by_name: Mapping[str, Feature]) -> Driver | None:
    """A siren with two words, or with several; and its own volume and duration, where they can be set."""
    for name in _ALARMS:
        each = by_name.get(name, {})
        if each.get("type") == "binary" and "value_on" in each and "value_off" in each:
            off, gentle, full = each["value_off"], each["value_on"], each["value_on"]
        else:
            off, full = _first(_STILL, each.get("values")), _first(_LOUD, each.get("values"))
            gentle = _first(_SOFT, each.get("values")) or full
        if off is not None and full is not None:
            key = _key(each)
            soft, loud = _volumes(by_name)
            lasting = next((by_name[name] for name in _DURATIONS if name in by_name), None)
            return Driver({key: off}, {**soft, key: gentle}, {**loud, key: full}, _lasting(lasting, key))
    return None


def _lasting(feature: Feature | None, key: str) -> Callable[[dict[str, object], int], None]:
    def lasts(told: dict[str, object], seconds: int) -> None:
        if feature is not None and feature.get("type") == "numeric":
            last = told.pop(key)
            told[_key(feature)] = _within(feature, seconds)
            told[key] = last  # after its duration: what is told first holds when it begins

    return lasts


def _within(feature: Feature, seconds: int) -> int:
    """Seconds in the device's own unit and bounds."""
    value = -(-seconds // 60) if str(feature.get("unit", "")).startswith("m") else seconds
    low, high = feature.get("value_min"), feature.get("value_max")
    if isinstance(high, int | float):
        value = min(value, int(high))
    return max(value, int(low)) if isinstance(low, int | float) else value


def _volumes(by_name: Mapping[str, Feature]) -> tuple[dict[str, object], dict[str, object]]:
    """Soft and loud: the lowest and the highest word, or a quarter and the whole of a number."""
    each = next((by_name[name] for name in _VOLUMES if name in by_name), {})
    low, high = each.get("value_min"), each.get("value_max")
    if each.get("type") == "numeric" and isinstance(low, int) and isinstance(high, int):
        return {_key(each): low + (high - low) // 4}, {_key(each): high}
    soft, loud = _first(("low",), each.get("values")), _first(("high",), each.get("values"))
    return ({_key(each): soft}, {_key(each): loud}) if soft and loud else ({}, {})


class _Order(NamedTuple):
    until_s: float
    quiet: bool


class Board:
    """What the signals are to do and what they have been told. An order ends by itself when its seconds are over.

    ``sound`` is louder than ``ask``: while both run, the home sounds. Until the first order nothing is switched, so
    that a lamp that is a lamp otherwise is left alone by a hub that starts.
    """

    def __init__(self, signals: Iterable[Signal]) -> None:
        self.signals = tuple(signals)
        self._drivers: dict[str, Driver] = {}
        self._orders: dict[str, _Order] = {}
        self._told: dict[str, tuple[str, float]] = {}

    def learn(self, devices: bytes) -> bool:
        """Take over ``bridge/devices``; False if it cannot be understood, and then nothing has changed."""
        try:
            definitions = {str(each.get("ieee_address")).lower(): each.get("definition") for each in listed(devices)}
        except BadFrame:
            return False
        self._drivers = {}
        for signal in self.signals:
            address, endpoint = split(signal.address)
            definition = definitions.get(address)
            found = driver(signal.kind, endpoint, definition.get("exposes") if isinstance(definition, dict) else None)
            if found is not None:
                self._drivers[signal.id] = found
        return True

    def undriven(self) -> list[str]:
        """The signals that cannot be switched, as zigbee2mqtt's list stands."""
        return [signal.id for signal in self.signals if signal.id not in self._drivers]

    def order(self, act: Act, now_s: float) -> None:
        self._orders[act.kind] = _Order(now_s + act.seconds, act.quiet)

    def due(self, now_s: float) -> float | None:
        """In how many seconds the next order ends by itself."""
        return min((one.until_s - now_s for one in self._orders.values() if one.until_s > now_s), default=None)

    def commands(self, now_s: float) -> Iterator[tuple[Signal, bytes]]:
        """What must be told now; ``told`` confirms that it was."""
        for signal in self.signals if self._orders else ():
            found, way = self._drivers.get(signal.id), self._way(signal, now_s)
            if found is not None and self._told.get(signal.id) != way:
                yield signal, found.payload(way[0], max(1, round(way[1] - now_s)))

    def told(self, signal: Signal, now_s: float) -> None:
        self._told[signal.id] = self._way(signal, now_s)

    def _way(self, signal: Signal, now_s: float) -> tuple[str, float]:
        """How the signal should be, and until when."""
        running = {kind: one for kind, one in self._orders.items() if one.until_s > now_s}
        if (sound := running.get("sound")) is not None:
            return FULL, sound.until_s
        ask = running.get("ask")
        if ask is None or (ask.quiet and signal.kind == "sounder" and self._has_lamp()):
            return OFF, 0.0
        return GENTLE, ask.until_s

    def _has_lamp(self) -> bool:
        return any(signal.kind == "lamp" and signal.id in self._drivers for signal in self.signals)
