"""zigbee2mqtt, understood: its MQTT messages in, what changed in the home out.

Devices are known by their IEEE address; the names in the topics are learned from the retained ``bridge/devices``,
and so is what each device can say. Who is in no home.toml is not listened to. What a message is worth is weighed in
message.py; here are the bridge's own topics: who is there, and whether anybody listens at all.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from agent.nouns import BadFrame, Frame, Instant, Reading, Sensor, Snapshot
from agent.sensors.device import GAP, START, Device
from agent.sensors.exposes import inputs
from agent.sensors.message import hear
from agent.sensors.payload import MAX_DEVICES_BYTES, parse, shown, state
from agent.sensors.wiring import split

LINK: Final = "zigbee"
DEVICES: Final = "bridge/devices"
STATE: Final = "bridge/state"
CONNECTION: Final = "bridge/connection"  # not of zigbee2mqtt: zigbee_io says so when the local broker is lost or found
AVAILABILITY: Final = "/availability"
MAX_NAME: Final = 256  # characters of a friendly name; a device with a longer one is refused


class Rim:
    """Which topics are those of this home's devices, as the decoder will know them.

    What others say, a plug that is in no home.toml and measures every second, would fill the journal, and is not ours
    to record. Until a list of devices has come, and after an odd one, everything might be ours.
    """

    def __init__(self, sensors: Iterable[Sensor]) -> None:
        self._addresses = {split(sensor.address)[0] for sensor in sensors if sensor.link == LINK}
        self._ours: frozenset[str] | None = None

    def learn(self, payload: bytes) -> None:
        """Take over ``bridge/devices``; one that cannot be understood changes nothing, here as in the decoder."""
        try:
            known, odd = _named(listed(payload), dict.fromkeys(self._addresses, ""))
        except BadFrame:
            return
        self._ours = None if odd else frozenset(name for name, _ in known.values())

    def lets_in(self, address: str) -> bool:
        """Whether a topic below the base may be ours; the bridge's own always may."""
        ours = self._ours
        return ours is None or address.startswith("bridge/") or address in ours or _speaker(address) in ours


class Zigbee:
    """The memory of one zigbee2mqtt. ``link`` is up while the local broker answers and the bridge says online."""

    def __init__(self, sensors: Iterable[Sensor]) -> None:
        homes: dict[str, list[Sensor]] = {}
        for sensor in sensors:
            homes.setdefault(split(sensor.address)[0], []).append(sensor)
        self._devices = {address: Device(address, here) for address, here in homes.items()}
        self._names: dict[str, Device] = {}
        self._listed: int | None = None
        self._connected = True
        self._online: bool | None = None
        self._link: int | None = None

    def decode(self, at: Instant, frame: Frame) -> tuple[Reading, ...]:
        device = self._names.get(frame.address)
        if device is None:
            return self._bridge(at, frame)
        if not frame.payload:  # a rename clears the old topic
            return ()
        message = parse(frame.address, frame.payload)
        if not isinstance(message, dict):
            raise BadFrame(f"{shown(frame.address)} ({device.address}): not a JSON object")
        return hear(at, device, message, frame.retained)

    def _bridge(self, at: Instant, frame: Frame) -> tuple[Reading, ...]:
        if frame.address == DEVICES:
            return self._learn(at, frame.payload)
        if frame.address == STATE and frame.payload:
            online = state(frame.address, frame.payload)
            if online and not self._online and not frame.retained:
                self._forget_what_came_before(START)
            self._online = online
            return self._said_link(at)
        if frame.address == CONNECTION:
            self._connected = state(frame.address, frame.payload)
            self._online = None  # what the bridge said before may have changed meanwhile; the broker repeats it
            self._forget_what_came_before(GAP)
            return self._said_link(at)
        if frame.address.endswith(AVAILABILITY) and frame.payload:
            device = self._names.get(_speaker(frame.address))
            if device is not None:
                return _available(at, device, state(frame.address, frame.payload))
        return ()

    def sensors_of(self, name: str) -> tuple[str, ...]:
        """The sensors of the device that goes by this name; none, if it is not known."""
        device = self._names.get(name)
        return () if device is None else device.sensors

    def miss(self) -> None:
        self._forget_what_came_before(GAP)

    def _forget_what_came_before(self, why: str) -> None:
        for device in self._devices.values():
            device.pending = why

    def _said_link(self, at: Instant) -> tuple[Reading, ...]:
        """The link when it has changed. Nothing is said while the broker answers and the bridge has not spoken."""
        if self._connected and self._online is None:
            return ()
        link = int(self._connected and self._online is True)
        if link == self._link:
            return ()
        self._link = link
        return (Reading(at, LINK, "link", link),)

    def _learn(self, at: Instant, payload: bytes) -> tuple[Reading, ...]:
        """Take over the list of devices; an exact repetition is recognised by its hash and costs nothing.

        A device that has left is no longer listed, and zigbee2mqtt says nothing else about it: it is unavailable.
        """
        if hash(payload) == self._listed:
            return ()
        known, odd = _named(listed(payload), {device.address: device.name for device in self._devices.values()})
        for address, (_, definition) in known.items():
            if isinstance(definition, dict):  # null while a device is being interviewed
                self._devices[address].learn(inputs(definition.get("exposes")))
        self._listed = None if odd else hash(payload)
        said: list[Reading] = []
        for device in self._devices.values():
            name = known[device.address][0] if device.address in known else ""
            if name != device.name:
                if not (name and device.name):  # it left, or came back: a rename is neither
                    said += _available(at, device, bool(name)) if device.name or device.available is False else ()
                device.name, device.pending = name, device.pending or GAP
        self._names = {device.name: device for device in self._devices.values() if device.name}
        if odd and not said:
            raise BadFrame(odd)
        return tuple(said)

    def snapshot(self) -> Snapshot:
        return {
            "connected": self._connected,
            "online": self._online,
            "link": self._link,
            "devices": {address: device.snapshot() for address, device in self._devices.items()},
        }

    def restore(self, snapshot: Mapping[str, object]) -> None:
        told = cast(Mapping[str, Any], snapshot)
        self._connected, self._online, self._link = told["connected"], told["online"], told["link"]
        for address, device in told["devices"].items():
            if address in self._devices:
                self._devices[address].restore(device)
        self._names = {device.name: device for device in self._devices.values() if device.name}


def _available(at: Instant, device: Device, available: bool) -> tuple[Reading, ...]:
    """What zigbee2mqtt believes of a device, when that has changed: its announcement, never a sign of life."""
    if available == device.available:
        return ()
    device.available = available
    return tuple(Reading(at, sensor, "available", int(available)) for sensor in device.sensors)


def _speaker(address: str) -> str:
    """Whose availability a topic tells."""
    return address.removesuffix(AVAILABILITY)


def listed(payload: bytes) -> list[dict[str, object]]:
    """The devices that ``bridge/devices`` lists; BadFrame if it is no list."""
    found = parse(DEVICES, payload, MAX_DEVICES_BYTES)
    if not isinstance(found, list):
        raise BadFrame(f"{DEVICES}: not a list")
    return [entry for entry in found if isinstance(entry, dict)]


def _named(
    entries: Iterable[dict[str, object]], before: Mapping[str, str]
) -> tuple[dict[str, tuple[str, object]], str]:
    """Name and definition of each listed device of this home by its address, and the first complaint.

    ``before`` has every address of this home, and the name by which the device there was known, if it was.
    """
    found: dict[str, tuple[str, object]] = {}
    taken: set[str] = set()
    odd = ""
    for entry in entries:
        address, name = entry.get("ieee_address"), entry.get("friendly_name")
        address = address.lower() if isinstance(address, str) else ""
        if address not in before:
            continue
        if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME or name.startswith("bridge/"):
            odd = odd or f"{DEVICES}: {address} has no usable friendly name, but {shown(name)}"
            name = before[address]  # it is there all the same
        if address in found or name in taken:
            odd = odd or f"{DEVICES}: {shown(name)} ({address}) is listed twice"
        elif name:
            found[address] = name, entry.get("definition")
            taken.add(name)
    return found, odd
