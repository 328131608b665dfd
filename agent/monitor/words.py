"""What a board says, in the words of whoever stands before it."""

from collections.abc import Mapping
from typing import Final

from agent.nouns import SECOND_MS

# 0, then 1, by what is wired to an input: the kind in home.toml, else the board's own.
LEVELS: Final = {
    "motion": ("clear", "seen"),
    "door": ("shut", "open"),
    "button": ("not pressed", "pressed"),
    "tamper": ("case shut", "case open"),
    "bed": ("empty", "occupied"),
    "smoke": ("no smoke", "smoke"),
    "leak": ("dry", "wet"),
    "fall": ("no fall", "fall"),
}
RESETS: Final = {1: "switched on", 2: "its reset pin", 4: "its supply fell", 8: "its own watchdog"}
ALL_OFF: Final = "all inputs are off: the hub was told that nobody consents, or no hub has switched them on"
FULL: Final = "the board keeps 64 readings for the hub and is full: of each further one the hub loses the oldest"
GOOD_MV: Final = range(4_500, 5_501)


def level(kind: str, value: int) -> str:
    return LEVELS.get(kind, ("off", "on"))[value]


def reset(bits: int) -> str:
    """Why the board started."""
    causes = [cause for bit, cause in RESETS.items() if bits & bit]
    return ", ".join(causes) or "not known: its bootloader cleared the cause"


def supply(supply_mv: int) -> str:
    if supply_mv == 0:
        return "not measured yet"
    volts = f"{supply_mv / 1_000:.2f} V"
    return volts if supply_mv in GOOD_MV else f"{volts}, not 4.5 to 5.5: try another cable, and another USB port"


def selftest(failed: list[str], beds_on: int) -> str:
    """A bed that is off was not tested."""
    if failed:
        several = f". {beds_on} beds are on, and one with nothing wired to it fails too" if beds_on > 1 else ""
        return f"FAILS: {', '.join(failed)}; look at its wiring and its supply{several}"
    return "passed" if beds_on else "passed (no bed is on, none was tested)"


def count(number: int, what: str, many: str = "") -> str:
    return f"{number:,} {what if number == 1 else many or f'{what}s'}"


def times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


def calls(kept: Mapping[str, int]) -> str:
    """What the board keeps of calls for help: cord (button0) pressed twice."""
    return ", ".join(f"{what} {times(number)}" for what, number in kept.items())


def cut(text: str, room: int) -> str:
    """At most ``room`` characters: what it begins and ends with."""
    if len(text) <= room:
        return text
    head = (room - 1) // 2
    return f"{text[:head]}…{text[len(text) - (room - 1 - head) :]}"


def lasted(span_ms: int) -> str:
    """0:00:12, or with its days in front."""
    minutes, seconds = divmod(span_ms // SECOND_MS, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{f'{days} d ' if days else ''}{hours}:{minutes:02}:{seconds:02}"


def ago(span_ms: int) -> str:
    seconds = span_ms // SECOND_MS
    if seconds < 60:
        return f"{seconds} s ago"
    return f"{seconds // 60} min ago" if seconds < 3_600 else f"{seconds // 3_600} h ago"


def silence(bytes_heard: int, frames: int, odd: int, baud: int) -> str:
    """Why nothing of sense comes, as far as it can be told from here, and what to do."""
    if not bytes_heard:
        return "the port is open and nothing comes: is this the board's port, and does the board have its program?"
    if odd and not frames:
        return "whole frames come, and none can be understood: the board's program is of another version than this one"
    if not frames:
        return f"bytes come, and no frame is among them: another baud than {baud}, or this is no board of ours"
    return "the board says nothing any more: is its cable loose? It starts again when it is pulled out and put back"
