"""One message of one device: what of it is new, and whether it may be said.

zigbee2mqtt repeats everything that it remembers in every message: a battery report says "occupancy: true" when
nobody is there. So three things are asked of a message. Did it come by radio now: not retained, and with the
linkquality that zigbee2mqtt forgets when it stops? Is it new: has ``last_seen`` moved? And is it known what stood
before it? Only then is a change of motion, a door or a bed a sign of life. What fails feeds memory and is not said.

Three things must not be swallowed by this caution, because nobody would ever hear of them again. An action is never
repeated from memory, so it counts unless the broker had retained it. Smoke, water, a fall and a call for help count
as soon as they come by radio, even as the first thing ever heard of a device: only zigbee2mqtt's announcement at its
own start is not believed, which may be days old. And battery, tamper and temperature are compared with what was last
said, not with what was last seen.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from agent.nouns import HOUR_MS, MINUTE_MS, BadFrame, Instant, Reading
from agent.sensors.device import KNOWN, START, Device
from agent.sensors.exposes import SAYS_NOTHING
from agent.sensors.payload import number, shown
from agent.sensors.wiring import Wire

BOUNCE_MS: Final = 40  # zigbee2mqtt's own "false" may come just after the sensor's "true", and before or after again
REPEAT_MS: Final = MINUTE_MS  # a bare report of a button within this of its last press is a press
# A call for help that is a state may stay "true" after its press. Whether a report that repeats it is a second press or
# a check-in, only its time can tell: a device that speaks every few hours, as it does when it checks in, speaks sooner
# when it is pressed. A device with no such rhythm checks in too seldom to be taken for one that cries wolf.
CALL_MS: Final = 10 * MINUTE_MS  # so soon after a press the call is told already
SOONER_PERCENT: Final = 90  # of the shorter of its last two gaps
RHYTHM_MOST_MS: Final = 4 * HOUR_MS
BEATS: Final = 3
MAX_WORD: Final = 64  # characters of an action or a last_seen; longer ones are no word of a sensor
_HINTS: Final = frozenset({"motion", "presence", "vibration"})  # rising edges are facts, levels are only hints
_FACTS: Final = frozenset({"door", "bed"})
_ALARMS: Final = frozenset({"smoke", "leak", "fall", "button"})
_LIMITS: Final = {"battery_percent": (0, 100), "temperature_mc": (-100_000, 200_000)}
_PLAIN: Final = frozenset({bool, str, int, float})
_CALLS: Final = frozenset({"sos", "emergency", "panic"})
_RELEASES: Final = frozenset({"release", "released", "stop", "stopped"})


def hear(at: Instant, device: Device, message: Mapping[str, object], retained: bool) -> tuple[Reading, ...]:
    """What a device's message says. BadFrame names the first value that makes no sense, once, unless more was said."""
    linked = message.get("linkquality") is not None
    stamp = _stamp(message)
    radio = not retained and (linked or not (device.linked or device.pending == START))
    moved = radio and (stamp is None or stamp != device.stamp)
    # A stamp of whole seconds cannot tell two reports of one second apart; what differs then is taken for new.
    new = moved or (radio and isinstance(stamp, str) and "." not in stamp)
    said, odd = _changes(at, device, message, radio, new)
    if device.callers and not retained:
        odd = odd or _odd_action(device, message)
        said = _presses(at, device, message, bare=moved and not said) + said
    if device.calls and moved:
        said = _calls_again(at, device, message, bare=not said) + said
    device.linked = device.linked or linked
    if stamp is not None:
        device.stamp = stamp
    if not retained:
        device.pending = KNOWN
    if odd and not said and odd != device.refused:
        device.refused = odd
        raise BadFrame(f"{shown(device.name)} ({device.address}): {odd}")
    if moved:
        for sensor in device.sensors:
            if not any(reading.sensor == sensor for reading in said):
                said.append(Reading(at, sensor, "checkin", 1))
    return tuple(said)


def _stamp(message: Mapping[str, object]) -> str | int | None:
    stamp = message.get("last_seen")
    if isinstance(stamp, int):
        return stamp
    return stamp if isinstance(stamp, str) and len(stamp) <= MAX_WORD else None


def _changes(
    at: Instant, device: Device, message: Mapping[str, object], radio: bool, new: bool
) -> tuple[list[Reading], str]:
    """What may be said of the levels and numbers, and the first complaint."""
    said: list[Reading] = []
    odd = ""
    for index, wire in enumerate(device.wires):
        raw = message.get(wire.key)
        if raw is None or raw == device.raws[index]:  # null is what zigbee2mqtt does not know yet
            continue
        table = wire.table
        value = _measure(wire, raw) if table is None else table.get(raw) if raw.__class__ in _PLAIN else None
        if value is None:
            odd = odd or f"{shown(wire.key)} is {shown(raw)}, not {_expected(wire)}"
            continue
        was = device.levels[index]
        if value not in (was, SAYS_NOTHING):
            if _tells(at, device, index, value, radio, new):
                said.append(Reading(at, wire.sensor, wire.quantity, value))
            elif wire.quantity == "door" and was is not None and radio:
                # It moved while nobody listened: no sign of life now, but it does not stand as it stood.
                said.append(Reading(at, wire.sensor, "door_level", value))
        if value == device.levels[index]:
            device.raws[index] = raw
    return said, odd


def _tells(at: Instant, device: Device, index: int, value: int, radio: bool, new: bool) -> bool:
    """Remember the new value of a wire, as far as it is believed; whether it is to be said."""
    was, wire = device.levels[index], device.wires[index]
    quantity = wire.quantity
    if quantity in _HINTS or quantity in _FACTS:
        device.levels[index] = value
        if was is None or device.pending != KNOWN:
            return False
        if value:
            risen = device.rises.get(index)
            device.rises[index] = at
            return new and not (quantity in _HINTS and risen is not None and at - risen <= BOUNCE_MS)
        # zigbee2mqtt lets motion end by its own timer, with the last_seen of the report that began it.
        return (new or (radio and quantity in _HINTS)) and not _others_on(device, index)
    if quantity in _ALARMS:
        if radio:
            device.levels[index] = value
            device.rises[index] = at
        return radio and (value == 1 or (was == 1 and quantity != "button" and not _others_on(device, index)))
    if new:
        device.levels[index] = value
    return new and not (was is None and value == 0 and wire.table is not None)


def _others_on(device: Device, index: int) -> bool:
    """Whether another key of the same sensor still says yes: gas beside smoke, the other half of a double PIR."""
    here = device.wires[index]
    return any(
        level == 1 and wire.sensor == here.sensor and wire.quantity == here.quantity
        for wire, level in zip(device.wires, device.levels, strict=True)
    )


def _presses(at: Instant, device: Device, message: Mapping[str, object], bare: bool) -> list[Reading]:
    """A press for each sensor that is called, once.

    ``bare``: a fresh report in which nothing changed. A button that repeats itself with the same transaction number
    comes through zigbee2mqtt like that, so within a minute of a press it is one; it may be a mere check-in, but then
    the incident is open already.
    """
    actions = [(caller, message.get(caller.key)) for caller in device.callers]
    pressed = [caller.sensor for caller, action in actions if _is_press(action, caller.any_press)]
    if pressed:
        device.pressed = at
    elif bare and device.pressed is not None and at - device.pressed <= REPEAT_MS:
        pressed = [] if any(action is not None for _, action in actions) else [caller.sensor for caller, _ in actions]
    return [Reading(at, sensor, "button", 1) for sensor in dict.fromkeys(pressed)]


def _calls_again(at: Instant, device: Device, message: Mapping[str, object], bare: bool) -> list[Reading]:
    """A press for each call that stands, repeated by a fresh report in which nothing changed, if it is no check-in."""
    standing = [
        index
        for index in device.calls
        if device.levels[index] == 1 and message.get(device.wires[index].key) is not None
    ]
    if any(at - device.rises.get(index, 0) <= CALL_MS for index in standing):
        return []  # nor does it tell how often the device checks in
    gaps = [later - earlier for earlier, later in pairwise(device.beats)]
    checks_in = len(device.beats) == BEATS and min(gaps) <= RHYTHM_MOST_MS
    as_usual = checks_in and (at - device.beats[-1]) * 100 >= min(gaps) * SOONER_PERCENT
    device.beats = (*device.beats, at)[-BEATS:]
    if as_usual or not bare:
        return []
    for index in standing:
        device.rises[index] = at
    return [Reading(at, device.wires[index].sensor, "button", 1) for index in standing]


def _odd_action(device: Device, message: Mapping[str, object]) -> str:
    """A complaint about an action that is no word; an empty one only ends the one before."""
    for caller in device.callers:
        action = message.get(caller.key)
        if action is not None and not (isinstance(action, str) and len(action) <= MAX_WORD):
            return f"{shown(caller.key)} is {shown(action)}, not a word"
    return ""


def _is_press(action: object, any_press: bool) -> bool:
    """Letting go of a button is not a press; on anything but a button only a call for help is one."""
    if not isinstance(action, str) or not 0 < len(action) <= MAX_WORD:
        return False
    words = set(action.lower().split("_"))
    if words & _RELEASES and "or" not in words:  # one remote says "press_or_release_all" for a press
        return False
    return any_press or not words.isdisjoint(_CALLS)


def _measure(wire: Wire, raw: object) -> int | None:
    """A number in our unit, or None if it is none or beyond what such a sensor can measure."""
    measured = number(raw)
    if measured is None:
        return None
    if wire.quantity not in _LIMITS:
        return int(measured != 0)  # vibration as a number: how strong
    value = round(measured * wire.scale)
    low, high = _LIMITS[wire.quantity]
    return value if low <= value <= high else None


def _expected(wire: Wire) -> str:
    if wire.table is None:
        return "a number such a sensor can send"
    return " or ".join(shown(word) for word in wire.table)
