"""Plain words for who lives there: what is fitted where, what it can and cannot tell, who sees what, how to stop it."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from agent.nouns import Home
from agent.provision.walk_words import room_name

NAMES_MOST: Final = 60  # characters of the names of the rooms with one kind of sensor; the rest is counted
_WHO: Final = "who it is or what they do: no camera, no microphone"
# kind -> what it is, what it tells, what it cannot tell.
KINDS: Final = {
    "motion": ("Movement sensor", "that somebody moves in the room", _WHO),
    "presence": ("Presence sensor", "that somebody is in the room", _WHO),
    "vibration": ("Touch sensor", "that the thing it is fixed to is moved", "who moves it"),
    "door": ("Door sensor", "that the door is opened or shut", "who goes through it"),
    "bed": ("Bed sensor", "that somebody lies down, gets up or turns over", "who it is, or what they do there"),
    "button": ("Help button", "that it is pressed", "what is said: it does not listen"),
    "smoke": ("Smoke alarm", "that there is smoke or gas", "anything of you"),
    "leak": ("Water sensor", "that there is water on the floor", "anything of you"),
    "temperature": ("Thermometer", "how warm the room is", "anything of you"),
    "fall": ("Fall sensor", "that somebody seems to have fallen there", "who it is: it keeps no picture"),
}  # fmt: skip


class Row(NamedTuple):
    """One kind of sensor, and the rooms where it is fitted."""

    what: str
    rooms: str
    tells: str
    cannot: str


class Sheet(NamedTuple):
    """All words of the sheet but its headings."""

    rows: tuple[Row, ...]
    sees: tuple[str, ...]
    leaves: tuple[str, ...]
    stop: tuple[str, ...]


def sheet(home: Home) -> Sheet:
    rows = tuple(_rows(home))
    return Sheet(rows, tuple(_sees(home)), LEAVES, STOP)


def _rows(home: Home) -> Iterator[Row]:
    for kind, (what, tells, cannot) in KINDS.items():
        rooms = dict.fromkeys(sensor.room for sensor in home.sensors.values() if sensor.kind == kind)
        names = [room_name(home, room) for room in rooms]
        if names:
            yield Row(what, _listed(names), tells, cannot)


def _listed(names: list[str]) -> str:
    """As many as there is room for, and how many more."""
    kept = 1
    while kept < len(names) and len(", ".join(names[: kept + 1])) <= NAMES_MOST:
        kept += 1
    more = f" and {len(names) - kept} more" if kept < len(names) else ""
    return ", ".join(names[:kept]) + more


def _sees(home: Home) -> Iterator[str]:
    if home.consent.summary_to_family:
        bathroom = "with" if home.consent.bathroom_detail_to_family else "without"
        yield f"Your family, if you invited them: a summary of each day, {bathroom} what happens in the bathroom."
    else:
        yield "Your family: nothing. You did not want the day to be told."
    yield "The monitoring centre: only when there is an alarm: what kind it is, in what kind of room, and when."
    yield "Nobody else. There is no camera and no microphone in this system."


LEAVES: Final = (
    "Alarms, and once a day a sign that the system works. They hold no name, no address and no movements.",
    "Everything else stays on the small computer in your home.",
)
STOP: Final = (
    "You may stop it at any time, and you need give no reason: tell whoever set it up, or the monitoring centre.",
    "It can also rest for a while, for visitors or a holiday: then only the help button and smoke are heard.",
    "If you stop it, nothing is watched, and THE HELP BUTTON DOES NOT WORK until you start it again.",
)
