"""How a home that is being set up is shown: the plan's own lines, without what only an answers file needs. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from agent.newcomer import Newcomer
from agent.nouns import Room, Sensor, Signal
from agent.provision.joined import device_of, unfit, used
from agent.provision.plan import FILES, LOW_BATTERY_PERCENT, WEAK_LINK, battery_heard
from agent.provision.setup import NEXT, Setup
from agent.setup_page.fields import THINGS

GOOD_LINK: Final = 100  # of 255; from here on a link has room for a closed door and a wet day
_TABLES: Final = re.compile(r" \(\[[^()]*\)")  # where an answers file says it
_INTERVIEW: Final = {
    "running": "is being asked what it is: keep it awake, and near",
    "ready": "is ready",
    "failed": "has not said what it is: hold it near the hub, wake it, and ask again",
}


def in_plain(line: str) -> str:
    return _TABLES.sub("", line)


def overview(view: Mapping[str, Any]) -> dict[str, Any]:
    """The view with numbers and words for a list of steps."""
    titles = {one["name"]: one["title"] for one in view["steps"]}
    steps = [
        one
        | {
            "number": number,
            "state_words": _state(one, view["next"], titles),
            "missing": [in_plain(line) for line in one["missing"]],
            "waits_for": [] if one["name"] == FILES else [(name, titles[name]) for name in one["waits_for"]],
        }
        for number, one in enumerate(view["steps"], 1)
    ]
    done = sum(one["state"] == "done" for one in steps)
    return dict(view) | {"steps": steps, "done": done, "titles": titles}


def _state(one: Mapping[str, Any], following: str | None, titles: Mapping[str, str]) -> str:
    if one["state"] == "done":
        return "Done"
    if one["state"] == "waits" and one["name"] == FILES:
        return "Waits for the steps before it"
    if one["state"] == "waits":
        return f"Waits for: {', '.join(titles[name] for name in one['waits_for'])}"
    if one["name"] == following:
        return "Next"
    return "May be left out" if one["optional"] and not one["missing"] else "To do"


def waited_for(view: Mapping[str, Any], name: str) -> list[str]:
    """What comes before that step and is not done, in one line or none."""
    titles = {one["name"]: one["title"] for one in view["steps"]}
    stand = next((one for one in view["steps"] if one["name"] == name), None)
    if stand is None or stand["state"] != "waits":
        return []
    return [f"First: {', '.join(titles[one] for one in stand['waits_for'])}."]


class Row(NamedTuple):
    """A sensor or a signal of the home, as a line of the list. ``paired``: it has what it needs."""

    id: str
    what: str
    room: str
    paired: bool
    state: str
    device: Newcomer | None
    wired: bool


def room_of(setup: Setup, id: str) -> Room | None:
    return next((room for room in setup.rooms if room.id == id), None)


def what_of(one: Sensor | Signal) -> str:
    role = getattr(one, "role", None)
    return f"{one.kind} {role}" if role else one.kind


def rows(setup: Setup) -> list[Row]:
    return [_row(setup, one) for one in setup.things]


def _row(setup: Setup, one: Sensor | Signal) -> Row:
    room = room_of(setup, one.room)
    what, where = THINGS.get(what_of(one), one.kind), room.name if room else one.room
    if isinstance(one, Sensor) and one.link != "zigbee":
        return Row(one.id, what, where, True, f"Wired: {one.address}", None, True)
    if one.address == NEXT:
        return Row(one.id, what, where, False, "Waits for its device", None, False)
    device = setup.devices.get(device_of(one.address))
    if device is None:
        return Row(one.id, what, where, False, f"Waits for {one.address} to join", None, False)
    if device.interview != "ready":
        return Row(one.id, what, where, False, f"{make(device)} {_INTERVIEW[device.interview]}", device, False)
    wrong = unfit(device, one.id, one.kind)
    return Row(one.id, what, where, not wrong, wrong or make(device), device, False)


def make(device: Newcomer) -> str:
    return f"{device.vendor} {device.model}".strip() or device.address


def link_words(device: Newcomer) -> str:
    if device.link_quality is None:
        return "radio not heard yet"
    words = "weak" if device.link_quality < WEAK_LINK else "fair" if device.link_quality < GOOD_LINK else "good"
    return f"radio {words} ({device.link_quality} of 255)"


def battery_words(device: Newcomer) -> str:
    """Empty: it has said nothing of one."""
    if device.battery_percent is None:
        return ""
    words = f"battery {device.battery_percent} %"
    if device.battery_percent >= LOW_BATTERY_PERCENT:
        return words
    return f"{words}: put a new one in (heard {battery_heard(device)}; a new one is heard when it next reports)"


class Stranger(NamedTuple):
    """A device that is for no sensor of this home yet. ``fits``: the ids of those that wait for such a one."""

    device: Newcomer
    state: str
    fits: tuple[str, ...]


def strangers(setup: Setup) -> list[Stranger]:
    return [stranger(setup, one) for one in setup.devices.values() if not used(setup, one.address)]


def stranger(setup: Setup, device: Newcomer) -> Stranger:
    waits = [one for one in setup.things if one.address == NEXT]
    fits = tuple(one.id for one in waits if one.kind in device.kinds)
    return Stranger(device, _stranger_words(device, fits), fits if device.interview == "ready" else ())


def _stranger_words(device: Newcomer, fits: Iterable[str]) -> str:
    if device.interview != "ready":
        return _INTERVIEW.get(device.interview, device.interview)
    guess = "" if device.known else " zigbee2mqtt does not know this model, and guesses."
    if not device.kinds:
        return f"tells nothing that this hub understands: use another.{guess}"
    able = " or ".join(device.kinds)
    return f"may be: {able}.{guess}" + ("" if fits else " No sensor here waits for such a one.")
