"""The life of an incident at a monitoring centre. Pure: tables, with time as an argument.

    state  | what happens                   | state  | and then
    -------|--------------------------------|--------|-------------------------------------------------
    open   | a person takes it              | taken  | the hub is told: human
    open   | a person says what came of it  | closed | the hub is told: outcome
    taken  | a person takes it              | taken  | it changes hands; the hub is told again
    taken  | a person says what came of it  | closed | the hub is told: outcome
    closed | a person says what came of it  | closed | only if nobody has yet: it had closed by itself
    open,  | the hub says that the          | closed | but never a critical one: that is closed by a
    taken  | condition ended                |        | person's outcome alone
    open   | it is a test                   | closed | the receiver cancels it
    closed | the hub says more of a         | open   | whatever the outcome was: it is of what the person knew, and
           | critical one than the outcome  |        | somebody may have pressed again since; it waits anew
           | named, and not that it ended   |        |

What a hub says of one incident may come in any order; the highest number counts, so the order makes no difference.
One that closed by itself opens again if its hub says more of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from agent.transport.envelope import REASONS, SEVERITIES, VERDICTS, Envelope
from centre.receiver import is_late

OVERDUE_MS: Final = 60 * SECOND_MS  # a critical incident that nobody has taken for so long is marked
CRITICAL: Final = "critical"

State = Literal["open", "taken", "closed"]


class NotNow(Exception):
    """What a person asks for cannot be done; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person says of an incident: ``human`` (I have it) or ``outcome``, with a verdict and perhaps a reason."""

    kind: str
    by: str
    at: Instant
    verdict: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """``said`` is the newest of what its hub said of it, ``digest`` that envelope's hash; ``received`` is when the
    first of it came here. ``worst`` is the most urgent severity that it ever had. ``named`` is the newest number that
    the last outcome knew of; ``again`` is since when it is open again after one, and ``before`` says what that was.
    ``beside``: its number had been used for other words; ``said.id`` is then ours, and the hub is not answered."""

    said: Envelope
    digest: str
    raised: Instant
    received: Instant
    worst: str
    state: State = "open"
    by: str | None = None
    taken: Instant | None = None
    verdict: str | None = None
    reason: str | None = None
    closed: Instant | None = None
    named: tuple[int, int] | None = None
    again: Instant | None = None
    before: str | None = None
    beside: bool = False

    @property
    def waits_since(self) -> Instant:
        """Since when it awaits a person, if nobody has it."""
        return self.received if self.again is None else self.again

    @property
    def ended(self) -> bool:
        """The condition ended, as far as the hub can see; that alone makes nobody safe."""
        return self.said.state == "cleared"


def hear(known: Incident | None, said: Envelope, digest: str, received: Instant) -> Incident:
    """The incident after one more envelope of it."""
    if known is None:
        now = Incident(said, digest, said.raised, received, said.severity)
    else:
        newer = (said.epoch, said.seq) > (known.said.epoch, known.said.seq)
        now = replace(
            known,
            said=said if newer else known.said,
            digest=digest if newer else known.digest,
            raised=min(known.raised, said.raised),
            received=min(known.received, received),
            worst=min(known.worst, said.severity, key=SEVERITIES.index),
        )
    if known is not None and known.verdict is not None:
        return _again(now, received) if _says_more(now, said) else now
    if now.said.test or (now.ended and now.worst != CRITICAL):
        return replace(now, state="closed", closed=now.closed or received)
    return replace(now, state="open" if now.taken is None else "taken", closed=None)


def _says_more(closed: Incident, said: Envelope) -> bool:
    """Whether the person who closed it did not know of this, and must."""
    unknown = closed.named is not None and (said.epoch, said.seq) > closed.named
    return unknown and closed.worst == CRITICAL and said.state != "cleared" and not said.test


def _again(closed: Incident, at: Instant) -> Incident:
    assert closed.verdict is not None
    before = f"{closed.by}: {outcome_words(closed.verdict, closed.reason)}"
    return replace(
        closed, state="open", by=None, taken=None, verdict=None, reason=None, closed=None, again=at, before=before
    )


def answer(known: Incident, said: Answer) -> Incident:
    """The incident after a person's word. NotNow if that word comes too late, or makes no sense."""
    if known.said.test:
        raise NotNow("this was a test; it needs nobody")
    if known.verdict is not None:
        raise NotNow(f"it was closed already, by {known.by}: {outcome_words(known.verdict, known.reason)}")
    if said.kind == "human":
        if known.state == "closed":
            raise NotNow("it closed by itself: the hub says that the condition has ended")
        if known.state == "taken" and known.by == said.by:
            raise NotNow("you have it already")
        return replace(known, state="taken", by=said.by, taken=said.at)
    if said.verdict not in VERDICTS:
        raise NotNow(f"what came of it? One of {', '.join(VERDICTS)}")
    if (said.verdict == "false") != (said.reason is not None) or said.reason not in (None, *REASONS):
        raise NotNow(f"a false alarm has a reason, and nothing else has: one of {', '.join(REASONS)}")
    named = known.said.epoch, known.said.seq
    return replace(
        known, state="closed", by=said.by, verdict=said.verdict, reason=said.reason, closed=said.at, named=named
    )


def in_order(incidents: Iterable[Incident]) -> list[Incident]:
    """Those that nobody has come first, then the most urgent, then the one that has waited longest."""

    def urgency(one: Incident) -> tuple[object, ...]:
        return one.state != "open", SEVERITIES.index(one.worst), one.waits_since, one.said.hub, one.said.id

    return sorted(incidents, key=urgency)


def is_overdue(one: Incident, now: Instant) -> bool:
    """Whether a person is missing: critical, and nobody has taken it in time."""
    return one.state == "open" and one.worst == CRITICAL and now - one.waits_since > OVERDUE_MS


WHY: Final = {
    "sos": "A button or pendant was pressed",
    "possible_fall": "No sign of life for longer than fits this person, or a fall sensor says so",
    "bed_exit": "Out of bed at night, and not back",
    "night_exit": "An outside door opened at night, and nobody came back",
    "not_up": "Not up by the usual time",
    "not_home": "Not back home by the time agreed",
    "door_left_open": "An outside door was left open",
    "smoke": "A smoke alarm sounds",
    "leak": "Water where it should not be",
    "low_temperature": "It is too cold in there",
    "routine_change": "A day unlike this person's usual days",
    "home_not_watched": "The home cannot be observed",
    "sensor_lost": "A sensor is no longer heard",
    "sensor_mute": "A sensor speaks and no longer sees",
    "sensor_stuck": "A sensor is stuck",
    "sensor_chattering": "A sensor chatters",
    "battery_low": "A battery is low",
    "tamper": "A sensor was opened or moved",
    "link_lost": "The hub has lost its sensors' radio or bridge",
    "upstream_lost": "The hub had lost its line to us",
    "clock_unknown": "The hub does not know what time it is",
    "storage_fault": "The hub cannot store",
    "model_fault": "The hub works without one of its models",
    "agent_fault": "A part of the hub's program failed",
    "power_fault": "The hub's power is poor",
    "test_call": "Somebody tries whether the call arrives",
}
VERDICT_WORDS: Final = {
    "true": "help was needed",
    "false": "false alarm",
    "test": "it was a test",
    "visitor": "a visitor or carer was there",
}
REASON_WORDS: Final = {
    "asleep": "asleep or resting",
    "away": "not at home",
    "moving": "up and about, not seen",
    "sensor": "a sensor was wrong",
    "other": "something else",
}


def title(one: Incident) -> str:
    """What it is, in a word or two, and where: "Possible fall, bathroom"."""
    kind = "SOS" if one.said.kind == "sos" else one.said.kind.replace("_", " ").capitalize()
    return f"{kind}, {one.said.room}" if one.said.room else kind


def outcome_words(verdict: str, reason: str | None) -> str:
    words = VERDICT_WORDS[verdict]
    return words if reason is None else f"{words} ({REASON_WORDS[reason]})"


def span(ms: int) -> str:
    """How long, to two parts at most: 45 s, 12 min, 3 h 5 min, 2 d 4 h."""
    ms = max(ms, 0)
    if ms < MINUTE_MS:
        return f"{ms // SECOND_MS} s"
    if ms < HOUR_MS:
        return f"{ms // MINUTE_MS} min"
    if ms < DAY_MS:
        return f"{ms // HOUR_MS} h {ms % HOUR_MS // MINUTE_MS} min"
    return f"{ms // DAY_MS} d {ms % DAY_MS // HOUR_MS} h"


def why(one: Incident, now: Instant) -> str:
    """What an operator must know within a minute: why now, since when, how long it has waited, how late it came, how
    sure the hub is, how well the home was observed, and whatever makes these times doubtful."""
    said = one.said
    parts = [f"{WHY[said.kind]}."] if said.kind in WHY else []  # a kind that this centre does not know yet: its title
    here = f"ere for {span(now - one.received)}"
    if said.clock == "unknown":
        parts.append(f"H{here}; the hub does not know the time, so its age is unknown.")
    else:
        first = replace(said, raised=one.raised)
        late = (
            f"{span(one.received - one.raised)} after it was raised"
            if is_late(first, one.received)
            else "without delay"
        )
        parts.append(f"Holds for {span(now - said.since)}; h{here}, {late}.")
    if said.kind == "possible_fall":  # how rare the silence is: not how likely a fall
        parts.append(f"Of 1,000 such silences {1_000 - said.confidence_permille} last as long;")
    else:
        parts.append(f"{said.confidence_permille / 10:g} % sure;")
    parts.append(f"home observed {said.coverage_permille / 10:g} % of the day.")
    if said.clock == "rtc":
        parts.append("The hub's clock was not compared lately.")
    if one.again is not None:
        parts.append(f"Open again for {span(now - one.again)}: the hub said more after it was closed by {one.before}.")
    if one.beside:
        parts.append(
            "Number told twice: the hub had used it for other words. It was restored from a copy, or somebody has its"
            " key; it gets no receipt. Act as always, and call the technician."
        )
    if one.ended:
        parts.append("The hub says that this has ended.")
    return " ".join(parts)
