"""What a walk found, in words: a line for each sensor, what to do next, and the rooms with their ticks. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from agent.kinds import ROOMS
from agent.nouns import SECOND_MS, Home
from agent.provision.walk import Step, Walk
from agent.provision.walk_findings import WORKING, Found

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
NARROW: Final = 40  # columns: a phone over ssh
DOES: Final = {
    "room": "Go to {name}, and press Enter there",
    "open": "Open {name}",
    "shut": "Shut {name}",
    "sit": "Sit down on {name}",
    "leave": "Get up from {name}",
    "press": "Press Enter, then {name} within 30 s",
}
NOW: Final = DOES | {"room": "Walk about in {name}", "press": "Press {name} now"}


def room_name(home: Home, room: str) -> str:
    """What the family calls it, without letters that are none: they would steer a terminal."""
    return "".join(letter for letter in home.rooms[room].name if letter.isprintable()).strip() or room


def name_of(home: Home, step: Step) -> str:
    return room_name(home, step.what) if step.kind == "room" else step.what


def verdict(found: Found, home: Home) -> str:
    """What is wrong with a sensor, and what to do, in a line; "" if nothing is."""
    rooms = " and ".join(room_name(home, room) for room in found.rooms)
    here = room_name(home, found.room)
    others = " and ".join(found.cycle[1:])
    eye = found.kind in ("motion", "presence", "vibration")
    return {
        WORKING: "",
        "swapped": f"swapped with {others}: give {_both(found)} each other's place, or correct home.toml",
        "wrong_room": (
            f"answers in {rooms} and not in {here}: mount it in {here}, or correct home.toml"
            if eye
            else f"another answered in its place, of {rooms}: look which is where"
        ),
        "badly_placed": f"sees {rooms} too: turn it away; if somebody else moved there, walk again",
        "blind": (
            f"speaks, but saw nobody in {here}: walk there again; else: is it covered, or turned to the wall?"
            if eye
            else "speaks, but did not answer to what was done: are its two halves close enough?"
        ),
        "silent": "was not heard at all: battery or radio; press its own button and see whether it joins",
        "inverted": "says the opposite: set inverted = true for it in home.toml",
        "not_walked": "was not tried: walk there",
    }[found.verdict]


def _both(found: Found) -> str:
    return "the two" if len(found.cycle) == 2 else f"the {len(found.cycle)}"


def notes(found: Found, heard: str = "") -> Iterator[str]:
    """What is well enough today and may not be tomorrow; the first is a fault all the same. ``heard``: when its battery
    was, if that was not just now."""
    if found.low:
        when = f" ({heard})" if heard else ""
        yield f"battery at {found.battery_percent} %{when}: change it; the new one is heard when it next reports"
    if found.weak:
        yield f"weak radio ({found.quality} of 255): a mains-powered plug between it and the hub helps"


def faults(found: Iterable[Found], home: Home, heard: Mapping[str, str] = NOTHING) -> list[str]:
    """A line for each thing that is to be put right before the home is certified. ``heard``: of a sensor, when its
    battery was, where that was not just now."""
    lines = []
    for one in found:
        if said := verdict(one, home):
            lines.append(f"{one.sensor}: {said}")
        if one.low:
            lines.append(f"{one.sensor}: {next(notes(one, heard.get(one.sensor, '')))}")
    return lines


def remarks(found: Iterable[Found]) -> list[str]:
    """What is told and stops nothing."""
    return [f"{one.sensor}: {note}" for one in found if one.weak for note in notes(one) if "radio" in note]


# -- the screen --------------------------------------------------------------------------------------------------


def next_line(walk: Walk) -> str:
    """What to do now, in one line."""
    here = walk.here
    if here is None:
        ahead = walk.ahead()
        if ahead is None:
            return "All rooms are walked"
        return DOES[ahead.kind].format(name=name_of(walk.home, ahead))
    said = NOW[here.kind].format(name=name_of(walk.home, here))
    waits = walk.waits_for()
    if not waits:
        return f"{said}: answered"
    if instead := walk.instead():
        return f"{said}: {instead[0]} answers instead! In another room? Type its number"
    if mute := walk.mute():
        again = "in 2 minutes, or Enter and come back by its number" if here.kind == "room" else "now"
        return f"{said}: {mute[0]} is heard, but its first word only tells how it stands. Once more {again}"
    return f"{said}: waiting for {', '.join(waits)} (Enter goes on)"


def room_lines(walk: Walk, width: int) -> list[str]:
    """The rooms by number, each with a tick when all in it is done."""
    rooms = [step for step in walk.steps if step.kind == "room"]
    lines = []
    for number, step in enumerate(rooms, 1):
        of_room = [one for one in walk.steps if _room(walk.home, one) == step.what]
        done = all(walk.is_done(one) for one in of_room)
        here = walk.here is not None and _room(walk.home, walk.here) == step.what
        mark = ">" if here else "x" if done else " "
        lines.append(cut(f"[{mark}] {number:>2} {room_name(walk.home, step.what)}", width))
    return lines


def _room(home: Home, step: Step) -> str:
    return step.what if step.kind == "room" else home.sensors[step.what].room


def rooms_by_number(walk: Walk) -> list[str]:
    return [step.what for step in walk.steps if step.kind == "room"]


def cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: max(0, width - 1)]}…"


def seconds(ms: int) -> str:
    """To a tenth, up: a time that is promised is not shortened."""
    return f"{-(-ms * 10 // SECOND_MS) / 10:.1f} s"


def kind_name(kind: str) -> str:
    """A room's kind as people say it."""
    return ROOMS.get(kind, kind)


def quantity_name(quantity: str) -> str:
    """What was heard, without its unit."""
    return quantity.partition("_")[0]
