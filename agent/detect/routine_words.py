"""What ``routine_change`` says: what was seen, in counts and times, against what is usual for this person."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from agent.detect.day_features import FEATURES

# How one number reads, with {} where it stands; one of a thing reads as the second.
COUNTS: Final = {
    "bathroom_day": ("{} bathroom visits by day", "{} bathroom visit by day"),
    "bathroom_night": ("{} bathroom visits in the night", "{} bathroom visit in the night"),
    "bed_outs": ("{} times out of bed and back in the night", "once out of bed and back in the night"),
    "active_afternoon": ("{} minutes with movement in the afternoon", "{} minute with movement in the afternoon"),
    "active_evening": ("{} minutes with movement in the evening", "{} minute with movement in the evening"),
    "active_night": ("{} minutes with movement in the night", "{} minute with movement in the night"),
    "active_morning": ("{} minutes with movement in the morning", "{} minute with movement in the morning"),
    "moves_day": ("{} walks between rooms by day", "{} walk between rooms by day"),
    "moves_night": ("{} walks between rooms in the night", "{} walk between rooms in the night"),
    "kitchen": ("{} visits to the kitchen", "{} visit to the kitchen"),
    "fridge": ("fridge opened {} times", "fridge opened once"),
    "outings": ("out {} times", "out once"),
    "bedroom_day": ("{} visits to the bedroom by day", "{} visit to the bedroom by day"),
}
TIMES: Final = {"up": "up at {}", "down": "quiet from {}"}
LENGTHS: Final = {
    "bed_minutes": "{} in bed",
    "away_minutes": "{} away from home",
    "still_minutes": "up to {} without movement by day",
}
TRANSIT: Final = "{} from room to room"


def _count(value: int) -> str:
    return str(value)


def _time(value: int) -> str:
    return f"{value // 60 % 24:02d}:{value % 60:02d}"


def _length(value: int) -> str:
    hours, minutes = divmod(value, 60)
    return f"{minutes} min" if not hours else f"{hours} h {minutes:02d} min"


def _seconds(value: int) -> str:
    return f"{value // 10}.{value % 10} s"


def _forms(name: str) -> tuple[str, str, Callable[[int], str]]:
    if name in COUNTS:
        return (*COUNTS[name], _count)
    if name in TIMES:
        return TIMES[name], TIMES[name], _time
    if name in LENGTHS:
        return LENGTHS[name], LENGTHS[name], _length
    return TRANSIT, TRANSIT, _seconds


class Part(NamedTuple):
    """One reason in words. ``outside``: what is shown lies outside of what is shown as usual."""

    said: str
    outside: bool


def one(index: int, value: int, known: Sequence[int], days: int) -> Part:
    """ "4 bathroom visits in the night, usually 1–2". ``known``: what it was on the days before, ascending.

    Usual is the middle three fifths of them; for an average of days the middle third, because averages vary less.
    """
    many, single, form = _forms(FEATURES[index])
    cut = len(known) // (5 if days == 1 else 3)
    low, high = known[cut], known[-1 - cut]
    span = form(low) if form(low) == form(high) else f"{form(low)}–{form(high)}"
    said = f"{(single if value == 1 else many).format(form(value))}, usually {span}"
    return Part(said, not low <= value <= high)


def sentence(days: int, parts: Sequence[str], apart: int) -> str:
    """The whole: of one day, or on average of the last days; and how many of the last week could not be judged."""
    said = "; ".join(parts)
    said = f"On average over the last {days} days: {said}." if days > 1 else f"{said[:1].upper()}{said[1:]}."
    if apart:
        said += f" {apart} of the last 7 days could not be seen well enough to be counted."
    return said
