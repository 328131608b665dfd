"""What a monitoring centre does with a message, without a world: judge it, and notice which are missing."""

from dataclasses import asdict
from typing import Final, NamedTuple

from agent.civil import rfc3339
from agent.nouns import HOUR_MS, SECOND_MS, BadFrame, Instant
from agent.transport.envelope import FIRST, Envelope, is_hub, topic

MISSING_MS: Final = 150_000  # two resends and a bit: a number that is still missing then is told
LATE_MS: Final = (
    60_000  # from raised to received: more is late, and an operator is told; a hub sends again after as long
)
SILENT_MS: Final = 26 * HOUR_MS  # no daily proof of life for so long: told, though the line may be up
WHATS: Final = ("alert", "will")


class Known(NamedTuple):
    """What the audit holds around a message: hashes of the same number and of the one before (of the newest in the
    epochs before, where it is the first of its own), the newest epoch."""

    same: str | None = None
    before: str | None = None
    newest_epoch: int = 0


def is_proof_of_life(said: Envelope) -> bool:
    """Whether this is the hub's daily word that it is well."""
    return said.kind == "test_call" and said.test


class Verdict(NamedTuple):
    """``keep``: write it down and tell the operator. ``receipt``: answer. ``notes``: what is odd about it."""

    keep: bool
    receipt: bool
    notes: tuple[str, ...] = ()


class Came(NamedTuple):
    """An envelope whose signature was verified, not yet written down."""

    said: Envelope
    sealed: bytes
    received: Instant


class Line(NamedTuple):
    """A hub's Last Will came, or the hub took it back; or the broker says that the hub is not there."""

    hub: str
    there: bool
    at: Instant


class Letter(NamedTuple):
    """A receipt to send. ``about``: the person's answer that it carries, or the hub that is looked for with it."""

    topic: str
    sealed: bytes
    about: int | str | None = None


class Hole(NamedTuple):
    """Numbers ``first`` to ``last`` that a hub has said and nobody here has heard, seen missing at ``since_ms``."""

    first: int
    last: int
    since_ms: int


def address(topic_: str) -> tuple[str, str]:
    """The hub and what it says (alert or will) from a topic; BadFrame if it is not one of ours."""
    parts = topic_.split("/")
    if len(parts) == 4 and is_hub(parts[2]) and parts[3] in WHATS and topic_ == topic(parts[2], parts[3]):
        return parts[2], parts[3]
    raise BadFrame(f"topic {topic_!r:.100} is not one of hearthwatch/v1/HUB/alert or will")


def judge(said: Envelope, hash_: str, known: Known) -> Verdict:
    """What to do with an envelope whose signature was verified.

    | the same number is     | keep | receipt |
    |------------------------|------|---------|
    | not known              | yes  | yes     |
    | known, the same hash   | no   | yes     |  the hub sends again until it has our receipt
    | known, another hash    | no   | no      |  one number, two stories: a restored backup, or a stolen key. It is
    |                        |      |         |  kept beside the first, as an incident of its own: a person may need us
    """
    if known.same == hash_:
        return Verdict(keep=False, receipt=True)
    if known.same is not None:
        return Verdict(False, False, (f"number {said.epoch}/{said.seq} was said before with other words",))
    notes = []
    if said.epoch < known.newest_epoch:
        notes.append(f"of epoch {said.epoch}, after epoch {known.newest_epoch} had begun")
    begins = said.seq == 1 and said.previous == FIRST  # nothing before it, or its hub lost its journal
    unknown = said.seq > 1 and known.before is None  # still to come
    if not begins and not unknown and said.previous != known.before:
        notes.append("does not follow from the one before")
    return Verdict(True, True, tuple(notes))


def holes_after(seq: int, newest: int, around: Hole | None, now_ms: int) -> list[Hole]:
    """Which holes there are once ``seq`` is here: those that are new, or the rest of the one that was ``around`` it.

    ``newest`` is the highest number before. Urgent messages overtake, so a hole is given time: MISSING_MS.
    """
    if seq > newest:
        return [Hole(newest + 1, seq - 1, now_ms)] if seq > newest + 1 else []
    if around is None:
        return []
    parts = [Hole(around.first, seq - 1, around.since_ms), Hole(seq + 1, around.last, around.since_ms)]
    return [part for part in parts if part.first <= part.last]


def is_late(said: Envelope, received: Instant) -> bool | None:
    """Whether it came too long after it was raised; None where the hub did not know what time it was."""
    return None if said.clock == "unknown" else received - said.raised > LATE_MS


def line(said: Envelope, received: Instant, notes: tuple[str, ...]) -> str:
    """One line for an operator: when, how urgent, whose, what, where, since when, how sure, how well it was watched,
    and how long after it was raised we had it; ``received`` is by this centre's clock."""
    age_s = (received - said.raised) // SECOND_MS
    age = {None: "age unknown", False: f"after {age_s} s", True: f"LATE after {age_s} s"}[is_late(said, received)]
    parts = [
        rfc3339(said.raised)[:19].replace("T", " ") + "Z",
        said.severity.upper(),
        said.hub,
        said.kind,
        said.state,
        said.room or "-",
        f"since {rfc3339(said.since)[11:19]}",
        f"sure {said.confidence_permille / 10:g} %",
        f"watched {said.coverage_permille / 10:g} %",
        f"incident {said.id}",
        f"no. {said.epoch}/{said.seq}",
        age,
    ]
    if said.clock != "synced":
        parts.append(f"clock {said.clock}")
    if said.test:
        parts.append("TEST")
    return "  ".join([*parts, *(f"! {note}" for note in notes)])


def record(said: Envelope, received: Instant, notes: tuple[str, ...]) -> dict[str, object]:
    """The same for a program, as one JSON object. ``age_seconds`` and ``late`` are null where the clock is unknown."""
    late = is_late(said, received)
    age_s = None if late is None else (received - said.raised) / SECOND_MS
    times = {"raised": rfc3339(said.raised), "since": rfc3339(said.since), "received": rfc3339(received)}
    return {"event": "alert"} | asdict(said) | times | {"age_seconds": age_s, "late": late, "notes": list(notes)}
