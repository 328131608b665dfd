"""What is remembered of one Zigbee device: what it can say, what it said last, and whether we know what came before."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from agent.nouns import Instant, Sensor, Snapshot
from agent.sensors.exposes import Input
from agent.sensors.wiring import Caller, Wire, callers, wires

# Why the next message of a device tells only what is, not what happened: we cannot say when it did.
KNOWN: Final = ""  # nothing is missing between the last message and the next
GAP: Final = "gap"  # never heard before, renamed, come back, or our line to the broker was down
START: Final = "start"  # zigbee2mqtt has just started and will announce what it remembers, which may be days old


class Device:
    """``levels`` stand beside ``wires``: the last value of each, None when unknown, and ``raws`` the JSON value
    that it came from, so that what is merely repeated costs little. ``stamp`` is the last last_seen.

    ``linked``: its messages have carried a linkquality. ``rises``: when a wire last rose. ``pressed``: when an action
    was last a press. ``calls``: the wires that are a call for help while they say yes; ``beats``: when a device with
    such wires was last heard, a few times. ``refused`` is the last complaint, so that a device that always says
    something odd is reported once and goes on being heard.
    """

    __slots__ = (
        "_homes", "address", "available", "beats", "callers", "calls", "inputs", "levels", "linked", "name", "pending",
        "pressed", "raws", "refused", "rises", "sensors", "stamp", "wires",
    )  # fmt: skip

    def __init__(self, address: str, homes: Sequence[Sensor]) -> None:
        self.address = address
        self._homes = tuple(homes)
        self.sensors = tuple(sensor.id for sensor in homes)
        self.name = ""
        self.inputs: tuple[Input, ...] = ()
        self.wires: tuple[Wire, ...] = ()
        self.callers: tuple[Caller, ...] = ()
        self.calls: tuple[int, ...] = ()
        self.beats: tuple[Instant, ...] = ()
        self.levels: list[int | None] = []
        self.raws: list[object] = []
        self.rises: dict[int, Instant] = {}
        self.stamp: str | int | None = None
        self.linked = False
        self.pending = GAP
        self.pressed: Instant | None = None
        self.available: bool | None = None
        self.refused = ""

    def learn(self, inputs: tuple[Input, ...]) -> None:
        """Take over what the device's definition says; what was known of a key that stays is kept."""
        if inputs == self.inputs:
            return
        known = {wire[:3]: level for wire, level in zip(self.wires, self.levels, strict=True)}
        self.inputs = inputs
        self.wires = wires(self._homes, inputs)
        self.callers = callers(self._homes, inputs)
        self.calls = tuple(index for index, wire in enumerate(self.wires) if wire.quantity == "button")
        self.levels = [known.get(wire[:3]) for wire in self.wires]
        self.raws = [None] * len(self.wires)
        self.rises = {}

    def snapshot(self) -> Snapshot:
        return {
            "name": self.name,
            "inputs": [[*each[:3], [list(pair) for pair in each.words], each.scale] for each in self.inputs],
            "levels": list(self.levels),
            "rises": [list(pair) for pair in self.rises.items()],
            "stamp": self.stamp,
            "linked": self.linked,
            "pending": self.pending,
            "pressed": self.pressed,
            "beats": list(self.beats),
            "available": self.available,
            "refused": self.refused,
        }

    def restore(self, snapshot: Mapping[str, object]) -> None:
        told = cast(Mapping[str, Any], snapshot)
        self.learn(
            tuple(Input(k, e, r, tuple((raw, v) for raw, v in words), s) for k, e, r, words, s in told["inputs"])
        )
        if len(told["levels"]) == len(self.levels):  # else home.toml has since given the address other sensors
            self.levels = list(told["levels"])
            self.rises = {index: Instant(at) for index, at in told["rises"]}
        self.name, self.stamp, self.linked = told["name"], told["stamp"], told["linked"]
        self.pending, self.pressed = told["pending"], told["pressed"]
        self.available, self.refused = told["available"], told["refused"]
        self.beats = tuple(Instant(at) for at in told["beats"])
