"""What was said, against what the story says must be said."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from agent.civil import Wall
from agent.nouns import Instant
from agent.simulate.story import Expected


class Said(NamedTuple):
    """One alert as ``watch`` printed it."""

    at: Instant
    id: str
    kind: str
    state: str
    severity: str = "medium"
    text: str = ""


class Got(NamedTuple):
    """One envelope as the centre printed it: its signature was good."""

    raised: Instant
    id: str
    kind: str
    state: str
    epoch: int
    seq: int


class Row(NamedTuple):
    """One expectation and what became of it. ``raised_at`` None: it was never said."""

    expected: Expected
    raised_at: Instant | None
    received: bool
    receipted: bool


class Verdict(NamedTuple):
    """``faults`` says what is missing or too much, a line each; none: the demo has shown what it promised."""

    rows: tuple[Row, ...]
    faults: tuple[str, ...]


class Ledger:
    """Everything that was said, who has it, and what the hub holds a verified receipt for."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self.got: list[Got] = []
        self.receipts: set[tuple[int, int]] = set()
        self.complaints: list[str] = []

    def got_of(self, said: Said) -> Got | None:
        return next((got for got in self.got if (got.raised, *got[1:4]) == said[:4]), None)

    def receipted(self, said: Said) -> bool:
        got = self.got_of(said)
        return got is not None and (got.epoch, got.seq) in self.receipts


def judge(expected: Sequence[Expected], tolerated: Collection[str], ledger: Ledger, wall: Wall) -> Verdict:
    """Exactly one alert for each expectation, in its window, received and signed for; and nothing besides."""
    rows: list[Row] = []
    faults: list[str] = []
    left = [said for said in ledger.said if said.kind not in tolerated]
    for one in expected:
        said = _pick(one, left)
        if said is not None:
            left.remove(said)
        row = Row(
            one,
            said.at if said else None,
            said is not None and ledger.got_of(said) is not None,
            said is not None and ledger.receipted(said),
        )
        rows.append(row)
        faults += _faults(row, wall)
    faults += [f"{said.kind} {said.state} at {wall.hhmm(said.at)} is not in the story" for said in left]
    return Verdict(tuple(rows), (*faults, *ledger.complaints))


def _pick(expected: Expected, left: Iterable[Said]) -> Said | None:
    """The alert that meets the expectation; else one of its kind at the wrong time; else none."""
    alike = [said for said in left if (said.kind, said.state) == (expected.kind, expected.state)]
    return next((said for said in alike if expected.after <= said.at <= expected.before), alike[0] if alike else None)


def _faults(row: Row, wall: Wall) -> list[str]:
    expected, at, received, receipted = row
    what = f"{expected.kind} {expected.state}"
    window = f"between {wall.hhmm(expected.after)} and {wall.hhmm(expected.before)}"
    if at is None:
        return [f"{what} was not said; expected {window}"]
    late = [] if expected.after <= at <= expected.before else [f"{what} was said at {wall.hhmm(at)}, not {window}"]
    if not received:
        return [*late, f"{what} did not reach the centre"]
    return late if receipted else [*late, f"{what} reached the centre, and the hub holds no receipt for it"]
