"""What was said, against what the story says must be said."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

from agent.civil import Wall
from agent.nouns import SECOND_MS, Instant, Step
from agent.simulate.story import Asked, Expected


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


class Question(NamedTuple):
    """The home was asked for ``seconds``. ``answered`` None: not told yet."""

    at: Instant
    seconds: int
    answered: bool | None = None


class Row(NamedTuple):
    """One expectation and what became of it. ``raised_at`` None: it was never said.

    ``taken`` and ``verdict``: the hub holds the centre's signed word that a person has it, and what a person said.
    """

    expected: Expected
    raised_at: Instant | None
    received: bool
    receipted: bool
    taken: bool = False
    verdict: str = ""

    @property
    def good(self) -> bool:
        heard = not self.expected.verdict or (self.taken and self.verdict == self.expected.verdict)
        return self.raised_at is not None and self.received and self.receipted and heard


class Verdict(NamedTuple):
    """``faults`` says what is missing or too much, a line each; none: the demo has shown what it promised."""

    rows: tuple[Row, ...]
    questions: tuple[Question, ...]
    faults: tuple[str, ...]


class Ledger:
    """Everything that was said, who has it, and what the hub holds a verified receipt for."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self.got: list[Got] = []
        self.receipts: set[tuple[int, int]] = set()
        self.taken: set[str] = set()  # incidents that a person at the centre has
        self.verdicts: dict[str, str] = {}  # incident -> what came of it
        self.questions: list[Question] = []
        self.lit = False  # the home's lamp
        self.complaints: list[str] = []

    def got_of(self, said: Said) -> Got | None:
        return next((got for got in self.got if (got.raised, *got[1:4]) == said[:4]), None)

    def receipted(self, said: Said) -> bool:
        got = self.got_of(said)
        return got is not None and (got.epoch, got.seq) in self.receipts

    def hold(self, steps: Iterable[Step]) -> None:
        """What people did counts as far as the hub's journal holds it, whatever was printed."""
        kept = list(steps)
        self.taken = {step.id for step in kept if step.state == "human"}
        self.verdicts = {step.id: step.verdict or "" for step in kept if step.state == "outcome"}


def judge(
    expected: Sequence[Expected], asked: Sequence[Asked], tolerated: Collection[str], ledger: Ledger, wall: Wall
) -> Verdict:
    """Exactly one alert for each expectation, in its window, received and signed for; and nothing besides.

    Whoever should have come to it has; the home was asked when it should be, and its lamp is off in the end.
    """
    rows: list[Row] = []
    faults: list[str] = []
    left = [said for said in ledger.said if said.kind not in tolerated]
    for one in expected:
        said = _pick(one, left)
        row = Row(one, None, False, False)
        if said is not None:
            left.remove(said)
            had = ledger.got_of(said) is not None, ledger.receipted(said)
            row = Row(one, said.at, *had)
            if one.verdict:
                row = row._replace(taken=said.id in ledger.taken, verdict=ledger.verdicts.get(said.id, ""))
        rows.append(row)
        faults += _faults(row, wall)
    faults += [f"{said.kind} {said.state} at {wall.hhmm(said.at)} is not in the story" for said in left]
    faults += _unasked(asked, ledger, wall)
    return Verdict(tuple(rows), tuple(ledger.questions), (*faults, *ledger.complaints))


def _pick(expected: Expected, left: Iterable[Said]) -> Said | None:
    """The alert that meets the expectation; else one of its kind at the wrong time; else none."""
    alike = [said for said in left if (said.kind, said.state) == (expected.kind, expected.state)]
    return next((said for said in alike if expected.after <= said.at <= expected.before), alike[0] if alike else None)


def _faults(row: Row, wall: Wall) -> list[str]:
    expected, at = row.expected, row.raised_at
    what = f"{expected.kind} {expected.state}"
    window = f"between {wall.hhmm(expected.after)} and {wall.hhmm(expected.before)}"
    if at is None:
        return [f"{what} was not said; expected {window}"]
    found = [] if expected.after <= at <= expected.before else [f"{what} was said at {wall.hhmm(at)}, not {window}"]
    if not row.received:
        return [*found, f"{what} did not reach the centre"]
    if not row.receipted:
        found.append(f"{what} reached the centre, and the hub holds no receipt for it")
    if expected.verdict and not row.taken:
        found.append(f"{what}: the hub holds no receipt that a person has it")
    if row.verdict != expected.verdict:
        found.append(f"{what}: the hub holds the outcome {row.verdict or 'of nobody'}, not {expected.verdict}")
    return found


def _unasked(asked: Sequence[Asked], ledger: Ledger, wall: Wall) -> list[str]:
    found: list[str] = []
    questions = list(ledger.questions)
    for one in asked:
        question = next((each for each in questions if one.after <= each.at <= one.before), None)
        if question is None:
            found.append(f"the home was not asked between {wall.hhmm(one.after)} and {wall.hhmm(one.before)}")
            continue
        questions.remove(question)
        if question.answered is not one.answered:
            found.append(f"the home was asked at {wall.hhmm(question.at)}, and {_NEWS[question.answered]}")
        elif not one.answered and not any(_kept(question, said) for said in ledger.said):
            found.append(f"nobody answered at {wall.hhmm(question.at)}, and no alert left at the instant promised")
    found += [f"the home was asked at {wall.hhmm(question.at)}, which is not in the story" for question in questions]
    return [*found, "the lamp was left on"] if ledger.lit else found


_NEWS: Final = {True: "somebody answered", False: "nobody answered", None: "it was not told who answered"}


def _kept(question: Question, said: Said) -> bool:
    """Whether the alert left when the question ended: asking makes nothing later."""
    late_ms = said.at - question.at - question.seconds * SECOND_MS
    return said.kind == "possible_fall" and said.state == "raised" and 0 <= late_ms < SECOND_MS
