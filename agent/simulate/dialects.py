"""The same traffic in its dialects: readings of a sensor log, what zigbee2mqtt publishes, what a wired bed feels."""

import json
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import NamedTuple

from agent.civil import rfc3339
from agent.nouns import MEASURED, MINUTE_MS, SECOND_MS, Frame, Instant, Reading
from agent.sensors.bed_felt import Felt
from agent.sensors.feel import payload
from agent.simulate.bed import SimulatedBed
from agent.simulate.definitions import bridge_devices
from agent.simulate.fleet import BRIDGE, Device
from agent.simulate.sensors import Signal


class Heard(NamedTuple):
    """A frame and when the hub heard it."""

    at: Instant
    frame: Frame


def as_readings(sent: Iterable[Signal]) -> Iterator[Reading]:
    """What a decoder may know of ``sent``: changes and measured values; what repeats is a ``checkin``.

    A level that zigbee2mqtt's timer repeats says nothing, and gives nothing.
    """
    levels: dict[str, int] = {}
    for signal in sent:
        at, sensor, quantity, value, radio = signal
        if quantity in MEASURED or quantity == "button":
            yield Reading(at, sensor, quantity, value)
        elif quantity == "illuminance" or levels.get(sensor) == value:
            if radio:
                yield Reading(at, sensor, "checkin", 1)
        else:
            levels[sensor] = value
            yield Reading(at, sensor, quantity, value)


def as_log_frames(readings: Iterable[Reading]) -> Iterator[Heard]:
    """Readings as frames of the link ``log``."""
    for at, sensor, quantity, value in readings:
        yield Heard(at, Frame("log", sensor, f"{quantity} {value}".encode()))


def opening(fleet: Sequence[Device], seed: int) -> tuple[Frame, Frame]:
    """What a broker holds for whoever subscribes: the bridge is online, and these are its devices."""
    radio = [device for device in fleet if not device.wired]
    return (
        Frame("zigbee", "bridge/state", b'{"state":"online"}', retained=True),
        Frame("zigbee", "bridge/devices", bridge_devices(radio, seed), retained=True),
    )


def as_zigbee(sent: Iterable[Signal], fleet: Sequence[Device], seed: int) -> Iterator[Heard]:
    """Each signal as zigbee2mqtt publishes it: the device's whole cached state, whatever of it was reported.

    So a battery report repeats an old occupancy with a new ``last_seen``, and a clear by zigbee2mqtt's own timer
    keeps the old one (field notes 1, 2 and 15). A press is told once and never cached. What is wired is not heard.
    """
    rng = Random(f"{seed}/linkquality")
    names = {device.id: device.name for device in fleet if not device.wired}
    states: dict[str, dict[str, object]] = {device.id: {} for device in fleet}
    meta: dict[str, dict[str, object]] = {}
    for signal in sent:
        if signal.sensor not in names:
            continue
        if signal.radio:
            last_seen = rfc3339(signal.at)
            meta[signal.sensor] = {"last_seen": last_seen, "linkquality": rng.randrange(40, 200)}
        said = _attributes(signal)
        state = states[signal.sensor]
        message = {**state, **said, **meta.get(signal.sensor, {})}
        if signal.quantity != "button":
            state.update(said)
        payload = json.dumps(message, sort_keys=True, separators=(",", ":")).encode()
        yield Heard(signal.at, Frame("zigbee", names[signal.sensor], payload))


def as_felt(bed: SimulatedBed, device: Device, since: Instant, until: Instant) -> Iterator[Heard]:
    """What a hub keeps of a wired bed in [since, until): the summaries of its waveform."""
    felt, input = Felt(), bed.input
    for at in range(since, until, MINUTE_MS):
        count = min(MINUTE_MS, until - at) * input.rate_hz // SECOND_MS
        samples = bed.signal(Instant(at), count)
        for feel in felt.feel(Instant(at), input.rate_hz, input.bits, samples):
            yield Heard(feel.at, Frame("serial", f"{BRIDGE}/{device.wired}", payload(feel)))


def _attributes(signal: Signal) -> dict[str, object]:
    quantity, value = signal.quantity, signal.value
    if quantity == "door":
        return {"contact": value == 0}  # false is open
    if quantity == "button":
        return {"action": "emergency"}
    if quantity == "temperature_mc":
        return {"temperature": value / 1_000}
    if quantity == "bed":
        return {"contact": value != 0}  # the pad closes the contact
    if quantity == "motion":
        return {"occupancy": value != 0}
    return {"battery" if quantity == "battery_percent" else quantity: value}
