"""Which device is for which sensor of the home: what was said is matched with what joins. See plan.py."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from agent.newcomer import Newcomer
from agent.nouns import Instant
from agent.provision.setup import NEXT, Setup


def things(setup: Setup) -> list[tuple[str, str, str]]:
    """Id, kind and address of every sensor and signal that is a Zigbee device's."""
    found = [(sensor.id, sensor.kind, sensor.address) for sensor in setup.sensors if sensor.link == "zigbee"]
    return found + [(signal.id, signal.kind, signal.address) for signal in setup.signals]


def unfit(device: Newcomer, id: str, kind: str) -> str:
    """Why this device cannot be that sensor or signal, or nothing."""
    if kind in device.kinds:
        return ""
    what = f"{device.vendor} {device.model}".strip() or "the device"
    if not device.kinds:
        unknown = "" if device.known else ", and zigbee2mqtt does not know it"
        return f"{id}: {what} ({device.address}) tells nothing that this hub understands{unknown}: use another"
    return f"{id}: {what} ({device.address}) cannot be a {kind}; it may be {', '.join(device.kinds)}"


def device_of(address: str) -> str:
    """The device, without the endpoint of a sensor that has only one of its: 0x00…#2."""
    return address.partition("#")[0]


def waiting(setup: Setup) -> list[tuple[str, str]]:
    """Id and kind of what waits for the next device to join, in order."""
    return [(id, kind) for id, kind, address in things(setup) if address == NEXT]


def expected(setup: Setup) -> list[str]:
    """Addresses of devices that were named and have not joined yet."""
    named = [device_of(address) for _, _, address in things(setup) if address != NEXT]
    return [address for address in dict.fromkeys(named) if setup.devices.get(address, _UNKNOWN).interview != "ready"]


_UNKNOWN: Final = Newcomer("")


def used(setup: Setup, address: str) -> bool:
    """Whether a sensor or a signal of this home has that device."""
    return any(device_of(taken) == address for _, _, taken in things(setup))


def heard(setup: Setup, device: Newcomer, now: Instant) -> Newcomer:
    """What an earlier session heard of its radio and its battery stands until it says otherwise. ``now`` is civil."""
    known = setup.devices.get(device.address, _UNKNOWN)
    if device.link_quality is None:
        device = device._replace(link_quality=known.link_quality)
    if device.battery_percent in (None, known.battery_percent):
        return device._replace(battery_percent=known.battery_percent, battery_at=known.battery_at)
    return device._replace(battery_at=now)


def told(setup: Setup, device: Newcomer) -> Setup:
    """A device as it is now known, whoever it is for."""
    return replace(setup, devices={**setup.devices, device.address: device})


def paired(setup: Setup, device: Newcomer, wanted: str | None = None) -> Setup:
    """A device has joined and can be used: the first sensor or signal that waits for such a one has it now, or the one
    called ``wanted``. One that this home has already, or that fits nothing that waits, is only remembered."""
    setup = told(setup, device)
    if device.interview != "ready" or used(setup, device.address):
        return setup
    fits = [id for id, kind in waiting(setup) if kind in device.kinds and wanted in (None, id)]
    return addressed(setup, fits[0], device.address) if fits else setup


def addressed(setup: Setup, id: str, address: str) -> Setup:
    sensors = tuple(replace(one, address=address) if one.id == id else one for one in setup.sensors)
    signals = tuple(replace(one, address=address) if one.id == id else one for one in setup.signals)
    return replace(setup, sensors=sensors, signals=signals)


def unpaired(setup: Setup, id: str) -> Setup:
    """That sensor or signal is to be replaced."""
    return addressed(setup, id, NEXT)


def passed(setup: Setup, step: str) -> Setup:
    return replace(setup, decided=setup.decided | {step})


def without_device(setup: Setup, address: str) -> Setup:
    """It left the network: what it was is not known any more, and who had it waits for it."""
    devices: Mapping[str, Newcomer] = {key: one for key, one in setup.devices.items() if key != address}
    return replace(setup, devices=devices)
