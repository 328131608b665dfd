"""A home's devices while they are set up: what zigbee2mqtt's bridge says of who joins, understood.

``Pairing`` is fed every message below the base topic, retained ones too, and tells what happened, one ``Event`` each;
``devices`` is what is known of each by now. What a device may be is read from its own definition, by the very wires
that would carry its readings later (wiring.py): what is proposed is what will be heard.

    opened closed            zigbee2mqtt lets devices join, or no longer; ``closes_ms`` is until when
    joined running           a device has joined; it is being asked what it is
    ready failed             it has said so (``words`` tell what it may be), or has not
    announced                one that was known already has come, or come back
    left                     it is not in the network any more
    link battery             its link quality or its battery was heard for the first time, or has changed
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, cast

from agent.newcomer import Newcomer
from agent.nouns import BadFrame, Sensor
from agent.sensors.bridge_info import INFO
from agent.sensors.exposes import Input, inputs
from agent.sensors.payload import MAX_DEVICES_BYTES, number, parse, shown
from agent.sensors.signals import driver
from agent.sensors.wiring import callers, wires
from agent.sensors.zigbee import DEVICES, MAX_NAME, listed

EVENT: Final = "bridge/event"
RESPONSE: Final = "bridge/response/"
MAX_ANSWERS: Final = 16  # to orders that are kept until somebody asks; of more the oldest goes
MAX_WORDS: Final = 60  # characters of a vendor or a model
# The likeliest first: a fall sensor has a button, a door sensor a thermometer; any yes or no may be a bed's.
_KINDS: Final = (
    "fall", "smoke", "leak", "presence", "motion", "door", "vibration", "button", "temperature", "bed",
)  # fmt: skip
_STATES: Final = {"SUCCESSFUL": "ready", "FAILED": "failed", "PENDING": "running", "IN_PROGRESS": "running"}
_STATUSES: Final = {"started": "running", "successful": "ready", "failed": "failed"}


class Event(NamedTuple):
    """``words`` is one line for a person; ``address`` is empty where it is of no device."""

    what: str
    address: str
    words: str


class Answer(NamedTuple):
    """To an order. ``fault`` is zigbee2mqtt's own word, or empty."""

    order: str
    fault: str


def order(what: str, transaction: str, **fields: object) -> tuple[str, bytes]:
    """A request: its topic below the base, and its payload. ``transaction`` comes back with the answer."""
    return f"bridge/request/{what}", json.dumps(fields | {"transaction": transaction}).encode()


def kinds(exposes: object) -> tuple[str, ...]:
    """What sensor or signal of a home a device may be, by its definition."""
    found = inputs(exposes)
    able = [kind for kind in _KINDS if _hears(kind, found)]
    if "motion" in able and not any(each.key.startswith("presence") for each in found):
        able.remove("presence")  # both are somebody seen; a radar says presence, a PIR motion or occupancy
        able.insert(able.index("motion") + 1, "presence")
    lamp, sounder = driver("lamp", "", exposes), driver("sounder", "", exposes)
    if lamp is not None and sounder is not None and lamp.full == sounder.full:
        return (*able, "lamp", "sounder")  # a plug, whatever is plugged into it
    return (*able, *(["sounder"] if sounder else []), *(["lamp"] if lamp else []))


def _hears(kind: str, found: tuple[Input, ...]) -> bool:
    sensor = Sensor("", kind, "", None, "zigbee", "")
    quantity = "temperature_mc" if kind == "temperature" else kind
    pressed = kind == "button" and callers([sensor], found)
    return bool(pressed) or any(wire.quantity == quantity for wire in wires([sensor], found))


class Pairing:
    """The memory. ``open``: devices may join now. ``online``: the bridge has listed its devices, so it is there."""

    def __init__(self) -> None:
        self.devices: dict[str, Newcomer] = {}
        self.open = False
        self.closes_ms: int | None = None  # by zigbee2mqtt's clock, which is this machine's
        self.online = False
        self.answers: dict[str, Answer] = {}  # by transaction
        self._addresses: dict[str, str] = {}  # by friendly name

    def hear(self, topic: str, payload: bytes) -> tuple[Event, ...]:
        """``topic`` is below the base. BadFrame for what cannot be understood: then nothing has changed."""
        if not payload:
            return ()
        if topic == DEVICES:
            return tuple(self._listed(payload))
        if topic == INFO:
            return tuple(self._info(parse(topic, payload, MAX_DEVICES_BYTES)))
        if topic == EVENT:
            return tuple(self._event(parse(topic, payload)))
        if topic.startswith(RESPONSE):
            self._answered(topic.removeprefix(RESPONSE), parse(topic, payload))
            return ()
        if (address := self._addresses.get(topic)) is not None:
            return tuple(self._said(address, parse(topic, payload)))
        return ()

    def _info(self, info: object) -> Iterator[Event]:
        if not isinstance(info, dict):
            raise BadFrame(f"{INFO}: not an object")
        is_open, until = info.get("permit_join") is True, info.get("permit_join_end")
        self.closes_ms = until if is_open and isinstance(until, int) else None
        if is_open != self.open:
            self.open = is_open
            words = "devices may join now" if is_open else "no device may join any more"
            yield Event("opened" if is_open else "closed", "", words)

    def _listed(self, payload: bytes) -> Iterator[Event]:
        """The devices as they stand. What has changed is told, but nothing of a first list: all that is old news."""
        found: dict[str, Newcomer] = {}
        for entry in listed(payload):
            address, name = entry.get("ieee_address"), entry.get("friendly_name")
            if entry.get("type") == "Coordinator" or not isinstance(address, str) or not isinstance(name, str):
                continue
            if 0 < len(name) <= MAX_NAME and not name.startswith("bridge/"):
                found[address.lower()] = self._read(address.lower(), name, entry)
        before, first = self.devices, not self.online
        self.devices, self.online = found, True
        self._addresses = {device.name: address for address, device in found.items()}
        for address, device in found.items():
            known = before.get(address)
            if not first and (known is None or known.interview != device.interview):
                yield from self._told(device, joined=known is None)
        for address in before:
            if address not in found:
                yield Event("left", address, f"{address} has left the network")

    def _read(self, address: str, name: str, entry: Mapping[str, object]) -> Newcomer:
        before = self.devices.get(address, Newcomer(address))
        state = _STATES.get(str(entry.get("interview_state")))
        if state is None:  # zigbee2mqtt 1
            state = "ready" if entry.get("interview_completed") is True else "running"
        definition = entry.get("definition")
        said = cast(Mapping[str, Any], definition) if isinstance(definition, dict) else {}
        return before._replace(
            name=name,
            interview=state,
            vendor=_word(said.get("vendor", entry.get("manufacturer"))),
            model=_word(said.get("model", entry.get("model_id"))),
            known=entry.get("supported") is True or state != "ready",
            kinds=kinds(said.get("exposes")),
        )

    def _event(self, event: object) -> Iterator[Event]:
        """What the list does not say: that an interview began anew, or failed once more, or who is back."""
        data = event.get("data") if isinstance(event, dict) else None
        if not isinstance(event, dict) or not isinstance(data, dict):
            raise BadFrame(f"{EVENT}: not an event")
        address = data.get("ieee_address")
        device = self.devices.get(address.lower()) if isinstance(address, str) else None
        if device is None:
            return
        if event.get("type") == "device_announce" and device.interview == "ready":
            yield Event("announced", device.address, f"{device.address} is {what_it_is(device)}, and was known already")
        if event.get("type") != "device_interview":
            return
        state = _STATUSES.get(str(data.get("status")))
        if state is not None and state != device.interview:
            self.devices[device.address] = device = device._replace(interview=state)
            yield from self._told(device, joined=False)

    def _told(self, device: Newcomer, joined: bool) -> Iterator[Event]:
        address = device.address
        if joined:
            yield Event("joined", address, f"{address} has joined")
        if device.interview == "running":
            yield Event("running", address, f"{address} is being asked what it is; keep it awake")
        elif device.interview == "failed":
            yield Event(
                "failed", address, f"{address} has not said what it is: hold it near the hub, wake it, try again"
            )
        else:
            yield Event("ready", address, f"{address} is {what_it_is(device)}")

    def _said(self, address: str, message: object) -> Iterator[Event]:
        """Of a device's own message the radio and the battery alone."""
        if not isinstance(message, dict):
            return
        device = self.devices[address]
        link, battery = number(message.get("linkquality")), number(message.get("battery"))
        if link is not None and 0 <= link <= 255 and int(link) != device.link_quality:
            device = device._replace(link_quality=int(link))
            yield Event("link", address, f"{address}: link quality {int(link)} of 255")
        if battery is not None and 0 <= battery <= 100 and int(battery) != device.battery_percent:
            device = device._replace(battery_percent=int(battery))
            yield Event("battery", address, f"{address}: battery at {int(battery)} %")
        self.devices[address] = device

    def _answered(self, what: str, answer: object) -> None:
        """Kept for whoever asked."""
        if isinstance(answer, dict) and isinstance(transaction := answer.get("transaction"), str):
            fault = "" if answer.get("status") == "ok" else shown(answer.get("error", "no reason given"))
            self.answers[transaction] = Answer(what, fault)
            while len(self.answers) > MAX_ANSWERS:
                del self.answers[next(iter(self.answers))]


def what_it_is(device: Newcomer) -> str:
    """A device in words: its maker and model, and what it may be in a home."""
    name = f"{device.vendor} {device.model}".strip() or "of no known make"
    guess = "" if device.known else ", which zigbee2mqtt does not know"
    if not device.kinds:
        return f"{name}{guess}: nothing that this hub understands"
    return f"{name}{guess}: {' or '.join(device.kinds)}"


def _word(what: object) -> str:
    return "".join(letter for letter in what if letter.isprintable())[:MAX_WORDS] if isinstance(what, str) else ""
