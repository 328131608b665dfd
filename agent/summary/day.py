"""One day of a home in sentences, from what its journal holds: what was asked at home, what was said, what came of it.

No room is named and no reading told: whether the family may know of those is the resident's consent, and not asked
here.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from agent.civil import Wall
from agent.nouns import Instant, Reading, Step

FOUND = {
    "true": "help was needed",
    "false": "help was not needed",
    "test": "it was a test",
    "visitor": "it was a visitor",
}

PROOF = "test_call"  # the hub's daily proof of life is nobody's news


class Said(NamedTuple):
    """An alert as the journal keeps it."""

    at: Instant
    id: str
    kind: str
    state: str


class Asked(NamedTuple):
    """The home was asked before ``kind`` was due. ``answered`` None: it could not be judged."""

    at: Instant
    kind: str
    answered: bool | None


def questions(readings: Iterable[Reading]) -> list[Asked]:
    """What was asked; ``readings`` in order of time, of one day."""
    found: list[Asked] = []
    for at, kind, quantity, value in readings:
        if quantity == "asked":
            found.append(Asked(at, kind, None))
        elif quantity == "answered":
            open_one = next((n for n, one in enumerate(found) if one.kind == kind and one.answered is None), None)
            if open_one is not None:
                found[open_one] = found[open_one]._replace(answered=value != 0)
    return found


def told(asked: Sequence[Asked], said: Sequence[Said], steps: Sequence[Step], wall: Wall) -> list[str]:
    """A sentence for each question and each incident that began on the day, in order of time."""
    lines = [(one.at, _question(one, wall)) for one in asked]
    lines += [(one.at, _incident(one, steps, wall)) for one in said if one.state == "raised" and one.kind != PROOF]
    return [line for _, line in sorted(lines)] or ["Nothing was asked at home, and nothing was said."]


def _question(one: Asked, wall: Wall) -> str:
    what = f"{wall.hhmm(one.at)}  The home was asked first ({_plain(one.kind)})"
    if one.answered is None:
        return f"{what}; whether anybody answered could not be told."
    return f"{what} and answered: nothing left the home." if one.answered else f"{what}; nobody answered."


def _incident(one: Said, steps: Sequence[Step], wall: Wall) -> str:
    parts = [f"{wall.hhmm(one.at)}  {_plain(one.kind).capitalize()} was told to the monitoring centre"]
    for step in steps:
        if step.id == one.id and step.state == "human":
            parts.append(f"a person there took it at {wall.hhmm(step.at)}")
        elif step.id == one.id and step.state == "outcome":
            parts.append(f"closed at {wall.hhmm(step.at)}: {FOUND.get(step.verdict or '', 'no more is known')}")
    return "; ".join(parts) + "."


def _plain(kind: str) -> str:
    return kind.replace("_", " ")
