"""The boards of a home, understood: what bridge.py lets through in, what happened in the home out.

A reading has the time at which it was made, which may be long before its frame came: the board kept it while the hub
was off. How a channel was found to stand is told apart from what it did: nobody moved just now.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, cast

from agent.nouns import BINARY, BadFrame, Frame, Instant, Reading, Sensor, Snapshot, link_of
from agent.sensors.bed_presence import BedPresence
from agent.sensors.board_time import Line, Memory
from agent.sensors.feel import felt
from agent.sensors.payload import parse, shown
from agent.sensors.wire import FELT, NUMBERS, TAMPER, TESTS

MAX_BYTES: Final = 2_048  # of a frame; a hello of eight channels has some 250
MAX_TIME: Final = 1 << 62  # of an instant, an uptime; far beyond what any clock shows
_LEVELS: Final = {"door": "door_level", "bed": "bed_level"}  # found to stand so, by nobody who moved now
_ALARMS: Final = frozenset({"smoke", "leak", "fall", "tamper", "button"})  # told also when they stand already


class Bridge:
    """The memory of one board, as the journal has it."""

    def __init__(self, sensors: Iterable[Sensor]) -> None:
        self.sensors = {sensor.address.partition("/")[2]: sensor for sensor in sensors}
        self.memory: Memory | None = None
        self.link: int | None = None
        self.levels: dict[str, int] = {}  # by channel, as told last
        self.beds = {name: BedPresence(each.id) for name, each in self.sensors.items() if name.startswith(FELT)}


class Wired:
    """All boards of the home, by the name before the stroke of a sensor's address: ``bridge-1/door0``."""

    def __init__(self, sensors: Iterable[Sensor]) -> None:
        behind: dict[str, list[Sensor]] = {}
        for sensor in sensors:
            behind.setdefault(link_of(sensor), []).append(sensor)
        self._bridges = {name: Bridge(those) for name, those in behind.items()}

    def memory(self, name: str) -> Memory | None:
        """Where the conversation with this board goes on after a start."""
        return self._bridges[name].memory if name in self._bridges else None

    def decode(self, at: Instant, frame: Frame) -> tuple[Reading, ...]:
        """BadFrame, in one line with whose fault it is, for what cannot be understood."""
        name, _, channel = frame.address.partition("/")
        bridge = self._bridges.get(name)
        if bridge is None:
            raise BadFrame(f"{shown(name)}: no sensor of home.toml is behind this bridge")
        if channel in bridge.beds:
            if bridge.sensors[channel].kind != "bed":
                raise BadFrame(f"{channel} feels a bed, and home.toml calls it a {bridge.sensors[channel].kind}")
            return bridge.beds[channel].hear(at, felt(frame.address, frame.payload))
        data = parse(frame.address, frame.payload, MAX_BYTES)
        if not isinstance(data, dict):
            raise BadFrame(f"{shown(frame.address)}: not a JSON object")
        said = _Said(shown(frame.address), data)
        if channel:
            return tuple(_channel(at, bridge, channel, said))
        return tuple(_board(at, name, bridge, said))

    def miss(self) -> None:
        """What happened until now may not have been heard."""
        for bridge in self._bridges.values():
            for bed in bridge.beds.values():
                bed.missed()

    def snapshot(self) -> Snapshot:
        return {
            name: {
                "memory": bridge.memory,
                "link": bridge.link,
                "levels": bridge.levels,
                "beds": {channel: bed.snapshot() for channel, bed in bridge.beds.items()},
            }
            for name, bridge in self._bridges.items()
        }

    def restore(self, snapshot: Snapshot) -> None:
        for name, told in cast(Mapping[str, Mapping[str, Any]], snapshot).items():
            if name in self._bridges:
                bridge = self._bridges[name]
                bridge.link, bridge.levels = told["link"], dict(told["levels"])
                for channel, bed in told["beds"].items():
                    if channel in bridge.beds:
                        bridge.beds[channel].restore(bed)
                if told["memory"] is not None:
                    boot, wanted, line, presses_lost = told["memory"]
                    bridge.memory = Memory(boot, wanted, None if line is None else Line(*line), presses_lost)


class _Said(NamedTuple):
    """A frame's object, looked at with care: a journal may come from anywhere."""

    address: str
    data: Mapping[str, object]

    def has(self, key: str) -> bool:
        return key in self.data

    def number(self, key: str, most: int, least: int = 0) -> int:
        value = self.data.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise BadFrame(f"{self.address}: {key} is {shown(value)}, not a whole number from {least} to {most}")
        return value

    def within(self, key: str) -> "_Said":
        value = self.data.get(key)
        if not isinstance(value, dict):
            raise BadFrame(f"{self.address}: {key} is {shown(value)}, not an object")
        return _Said(self.address, value)

    def line(self) -> Line | None:
        value = self.data.get("line")
        if value is None:
            return None
        if not isinstance(value, list) or len(value) != len(Line._fields):
            raise BadFrame(f"{self.address}: line is {shown(value)}, not four whole numbers")
        numbers = _Said(self.address, dict(zip(Line._fields, value, strict=True)))
        return Line(
            numbers.number("uptime", MAX_TIME, -MAX_TIME),
            numbers.number("offset", MAX_TIME, -MAX_TIME),
            numbers.number("rise", MAX_TIME, -MAX_TIME),
            numbers.number("run", MAX_TIME, 1),
        )


def _board(at: Instant, name: str, bridge: Bridge, said: _Said) -> Iterable[Reading]:
    """What a board says of itself."""
    if said.has("link"):
        link = said.number("link", 1)
        if link != bridge.link:
            bridge.link = link
            yield Reading(at, name, "link", link)
    elif said.has("hello"):
        hello = said.within("hello")
        boot, wanted = hello.number("boot", NUMBERS - 1), hello.number("next", NUMBERS - 1)
        known = bridge.memory
        same = known is not None and known.boot == boot
        bridge.memory = known._replace(wanted=wanted) if known is not None and same else Memory(boot, wanted, None)
    elif said.has("beat"):
        beat = said.within("beat")
        boot, wanted, line = beat.number("boot", NUMBERS - 1), beat.number("next", NUMBERS - 1), beat.line()
        lost = bridge.memory.presses_lost if bridge.memory is not None and bridge.memory.boot == boot else 0
        bridge.memory = Memory(boot, wanted, line, lost)
        on = beat.data.get("on")
        for channel, sensor in bridge.sensors.items():
            # A bed says by itself whether its input is one; what the board does not have, or look at, is not alive.
            if channel not in bridge.beds and isinstance(on, list) and channel in on:
                yield Reading(at, sensor.id, "checkin", 1)
    elif said.has("lost"):
        count = said.number("lost", NUMBERS - 1)
        _heard(bridge, None, said.number("next", NUMBERS - 1))
        raise BadFrame(f"{name}: {count} readings are lost: the hub was away for longer than the board could keep them")
    elif said.has("selftest"):
        failed = said.within("selftest").data.get("failed")
        if isinstance(failed, list) and TESTS[4] in failed and bridge.beds:
            for channel in bridge.beds:  # supervision says that it is lost, and a person hears of it
                yield Reading(at, bridge.sensors[channel].id, "available", 0)
            return
        if isinstance(failed, list) and failed:
            what = shown(", ".join(map(str, failed)))
            raise BadFrame(f"{name}: the board's own test fails: {what}; look at its wiring and its supply")
    else:
        if said.has("number"):
            _heard(bridge, said.number("boot", NUMBERS - 1), (said.number("number", NUMBERS - 1) + 1) % NUMBERS)
        raise BadFrame(f"{name}: {shown(said.data.get('refused', 'says nothing that is known'))}")


def _heard(bridge: Bridge, boot: int | None, wanted: int) -> None:
    known = bridge.memory
    if known is not None and boot in (None, known.boot):
        bridge.memory = known._replace(wanted=wanted)


def _channel(at: Instant, bridge: Bridge, channel: str, said: _Said) -> Iterable[Reading]:
    """What happened at a channel, or how it was found."""
    when = Instant(min(at, said.number("at", MAX_TIME)))
    if said.has("missed"):
        yield from _press(when, bridge, channel, said.number("missed", 255))
        return
    found = said.has("stands")
    value = said.number("stands" if found else "value", 1)
    known, bridge.levels[channel] = bridge.levels.get(channel), value
    if not found:
        _heard(bridge, said.number("boot", NUMBERS - 1), (said.number("number", NUMBERS - 1) + 1) % NUMBERS)
        yield from _read(when, bridge, channel, value)
    elif value != known:
        for reading in _read(when, bridge, channel, value):
            if _tells(reading, known is not None):
                yield reading._replace(quantity=_LEVELS.get(reading.quantity, reading.quantity))


def _press(when: Instant, bridge: Bridge, channel: str, presses_lost: int) -> Iterable[Reading]:
    """Somebody pressed while nobody could keep it: told now, since when is not known."""
    if bridge.memory is not None:
        bridge.memory = bridge.memory._replace(presses_lost=presses_lost)
    sensor = bridge.sensors.get(channel)
    return [Reading(when, sensor.id, sensor.kind, 1)] if sensor is not None and sensor.kind == "button" else []


def _tells(reading: Reading, known: bool) -> bool:
    """Whether it is news how something was found to stand. ``known``: it stood otherwise before."""
    if reading.quantity in _LEVELS:
        return known or reading.quantity == "bed"  # who lies there already will not be heard to lie down
    return reading.quantity in _ALARMS if reading.value else known


def _read(when: Instant, bridge: Bridge, channel: str, value: int) -> Iterable[Reading]:
    """The case is every sensor's behind it; another channel is the sensor's that home.toml has there, if any."""
    if channel.startswith(TAMPER):
        return [Reading(when, sensor.id, "tamper", value) for sensor in bridge.sensors.values()]
    sensor = bridge.sensors.get(channel)
    if sensor is None:
        return []
    if sensor.kind not in BINARY:
        raise BadFrame(f"{channel} is on or off, and home.toml calls {sensor.id} a {sensor.kind}")
    return [Reading(when, sensor.id, sensor.kind, value ^ int(sensor.inverted))]
