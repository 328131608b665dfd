"""What was asked at home on a day, and what was told to the monitoring centre and came of it."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from agent.nouns import Instant, Reading, Step
from agent.summary.observed import Said

FOUND: Final = ("true", "false", "test", "visitor")  # what a person may have made of an incident
PROOF: Final = "test_call"  # the hub's daily proof of life is nobody's news


class Asked(NamedTuple):
    """The home was asked before ``kind`` was due. ``answered`` None: it could not be judged."""

    at: Instant
    kind: str
    answered: bool | None


class Incident(NamedTuple):
    """``sent`` false: it would have been told. ``taken_at``: a person of the centre has it. ``verdict``: one of FOUND;
    None: no more is known."""

    at: Instant
    kind: str
    sent: bool = True
    taken_at: Instant | None = None
    closed_at: Instant | None = None
    verdict: str | None = None


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


def incidents(said: Iterable[Said], steps: Sequence[Step]) -> list[Incident]:
    """Each that was raised, with what became of it."""
    found = []
    became: dict[str, list[Step]] = {}
    for step in steps:
        became.setdefault(step.id, []).append(step)
    for one in said:
        if one.state != "raised" or one.kind == PROOF:
            continue
        mine = became.get(one.id, [])
        taken = next((step for step in mine if step.state == "human"), None)
        closed = next((step for step in reversed(mine) if step.state == "outcome"), None)
        found.append(
            Incident(
                one.at,
                one.kind,
                one.sent,
                None if taken is None else taken.at,
                None if closed is None else closed.at,
                None if closed is None else closed.verdict,
            )
        )
    return found
