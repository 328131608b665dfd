"""Start is recovery: the engine as it was after the journal's last entry.

The last snapshot, then what came after it, without saying it again. A home file that has changed since is taken over:
with the same sensors and rooms the memory stays; with others, or with another model, it is learnt anew from the last
weeks.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple, cast

from agent.civil import parse_rfc3339, rfc3339
from agent.clock_io import HubClock, boot_id
from agent.detect.detector import NO_MODELS, Models
from agent.detect.upstream import KIND
from agent.engine import Engine, OtherFormat
from agent.home import BadHome, parse
from agent.journal_io import Journal, Sealed, Segment
from agent.loop import fill, run
from agent.nouns import DAY_MS, Alert, Entry, Home, Instant, Outcome, Snapshot, Step
from agent.salvage_io import second_copy
from agent.transport.custody import UNSIGNED, Custody
from agent.transport.envelope import RECEIPTS, Verify

WARM_DAYS: Final = 35  # of earlier segments that a home with other sensors or rooms is warmed with


def missing(journal: Journal, second: Iterable[tuple[int, int, bytes]], verify: Verify) -> Iterator[Sealed]:
    """What the outbox holds and the journal does not: it was said when nothing could be written, or is lost."""
    known = {(epoch, seq) for epoch, seq, _ in journal.alerts()}
    for epoch, seq, sealed in second:
        alert = second_copy(sealed, verify) if (epoch, seq) not in known else None
        if alert is not None:
            yield Sealed(alert, sealed)


class _Muted:
    """What was said then is not said again; ``told`` is what this agent would have said."""

    def __init__(self) -> None:
        self.told: list[_Said] = []

    def put(self, entry: Entry, outcome: Outcome) -> None:
        self.told += [_Said(one.epoch, one.seq, one.id, one.kind, one.state) for one in outcome.alerts]


class _Said(NamedTuple):
    """One message, by what tells it from any other."""

    epoch: int
    seq: int
    id: str
    kind: str
    state: str


def resume(journal: Journal, home: Home, models: Models = NO_MODELS) -> Engine:
    """The engine as it was after the journal's last entry; with the given home and models, if those have changed."""
    segment = journal.last_segment()
    if segment is None:
        return Engine(home, models=models)
    before = _home_then(segment.home, home)
    # What is at fault with a model is told aloud by the boot that comes next, and not by entries that are muted here.
    models = models._replace(faults={})
    engine = Engine(before, segment.epoch, models)
    try:
        engine.restore(segment.snapshot)
    except OtherFormat:
        return _anew(home, journal, segment, models)
    muted = _Muted()
    run(fill(journal.entries(segment.id), engine), engine, muted)
    agreed = _agreed(engine, journal, segment, muted.told)
    same_models = _same_models(segment.models, models.digests())
    if agreed and before.text == home.text and same_models:
        return engine
    changed = Engine(home, engine.incidents.epoch, models)
    if _same_identities(before, home) and same_models:
        changed.restore(engine.snapshot())
        return changed
    _warm(changed, journal, engine.now)
    if not engine.incidents.is_open("possible_fall"):
        changed.possible_fall.say_again()
    memory = engine.snapshot()
    call = cast(dict[str, Snapshot], memory["detectors"])["daily_call"].get("due")
    return _keeping(changed, call, {part: memory[part] for part in ("incidents", "custody", "trust")})


def _keeping(learnt: Engine, call: object, kept: Snapshot) -> Engine:
    """What was learnt anew, with the memory that is not for learning: ``kept``, and when the next ``call`` is due (what
    is muted calls nobody)."""
    memory = learnt.snapshot()
    detectors = {**cast(Snapshot, memory["detectors"]), "daily_call": {"due": call}}
    engine = Engine(learnt.home, learnt.incidents.epoch, learnt.models)
    engine.restore({**memory, **kept, "detectors": detectors})
    return engine


def _agreed(engine: Engine, journal: Journal, segment: Segment, told: Iterable[_Said]) -> bool:
    """Whether all that was said since the snapshot would be said the same today. Else (another model, another release)
    numbers go on in a new epoch, since none may be used twice and none may be missing; what this agent would have said
    and nobody did is said now, if it still stands; and custody is of what really was said."""
    said = {_Said(one.epoch, one.seq, one.id, one.kind, one.state) for one in _alerts(journal, segment)}
    if said == set(told):
        return True
    stands = {one.id for one in said.intersection(told) if one.state == "raised"}
    engine.incidents.say_again(engine.now, stands, anew=f"{KIND} {UNSIGNED}")
    engine.custody = _custody(engine, journal, segment)
    return False


def _alerts(journal: Journal, segment: Segment) -> list[Alert]:
    """What was said since the snapshot, without its words and its evidence."""
    what = "SELECT epoch, seq, id, at, kind, state, severity, body FROM alert WHERE segment = ? AND epoch = ?"
    found = []
    for epoch, seq, id, at, kind, state, severity, body in journal.rows(what, (segment.id, segment.epoch)):
        line = json.loads(body)
        since, test = parse_rfc3339(line["since"]), bool(line.get("test"))
        said = (seq, id, Instant(at), kind, state, severity, since, line.get("room"), "", (), 0, 0)
        found.append(Alert(*said, test=test, epoch=epoch))
    return found


def _custody(engine: Engine, journal: Journal, segment: Segment) -> Custody:
    """Who has what, by what was said and signed for since the snapshot. What was called for then is not again."""
    custody = Custody()
    if "custody" in segment.snapshot:
        custody.restore(cast(Snapshot, segment.snapshot["custody"]))
    if engine.proof.boot.get("lines"):
        custody.begin()
    lost = engine.incidents.is_open(KIND, UNSIGNED)  # that nobody signs was told, and stands
    past: list[Alert | Step] = [*_alerts(journal, segment), *journal.custody(segment.started_at)]
    for one in sorted(past, key=lambda one: one.at):  # of one instant, what was said comes first
        _pass(custody, one.at, lost)
        if isinstance(one, Alert):
            custody.take(one.at, [one])
        elif one.state in RECEIPTS:
            said = {"epoch": one.epoch, "seq": one.seq, "kind": one.state, "verdict": one.verdict, "reason": one.reason}
            custody.hear(one.at, said)
    _pass(custody, engine.now, lost)
    return custody


def _pass(custody: Custody, now: Instant, lost: bool) -> None:
    while (due := custody.due) <= now:
        custody.wake(due)
        custody.tell(due, known=not lost)


def _same_models(then: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Whether each model that is here was there. One that is missing now changes nothing that was learnt."""
    return all(then.get(name) == digest for name, digest in now.items())


def _anew(home: Home, journal: Journal, segment: Segment, models: Models) -> Engine:
    """An older agent's memory: everything is learnt again from the last weeks, in an epoch of its own. Who has what of
    the alerts that it said, and when it called last, is in the journal."""
    last = journal.last()
    engine = Engine(home, max(segment.epoch for segment in journal.segments()), models)
    _warm(engine, journal, last[1] if last else Instant(0))
    engine.incidents.begin_epoch()
    if not _fall_told(engine, journal):
        engine.possible_fall.say_again()
    custody = _custody(engine, journal, segment)
    calls = [Instant(at) for (at,) in journal.rows("SELECT max(at) FROM alert WHERE kind = 'test_call'") if at]
    call = Instant(calls[0] + DAY_MS) if calls else None
    return _keeping(engine, call, {"custody": custody.snapshot()})


def _fall_told(engine: Engine, journal: Journal) -> bool:
    """Whether the silence that runs was told by whoever watched over it."""
    (since, *_) = cast(list[Instant], engine.possible_fall.snapshot()["since"])
    bodies = journal.rows("SELECT body FROM alert WHERE kind = 'possible_fall' AND at >= ?", (since,))
    return any(json.loads(body)["since"] == rfc3339(since) for (body,) in bodies)


def _home_then(text: str, now: Home) -> Home:
    try:
        return parse(text)
    except BadHome:  # an older agent took it; what it says of sensors and rooms is not known any more
        return now


def _same_identities(one: Home, other: Home) -> bool:
    """The same rooms and sensors; what the family calls a room does not matter."""
    kinds = [{room.id: room.kind for room in home.rooms.values()} for home in (one, other)]
    return kinds[0] == kinds[1] and dict(one.sensors) == dict(other.sensors)


def _warm(engine: Engine, journal: Journal, now: Instant) -> None:
    segments = journal.segments()
    ends = [*(segment.started_at for segment in segments[1:]), now]
    begun = False
    for segment, end in zip(segments, ends, strict=True):
        if end >= now - WARM_DAYS * DAY_MS:
            if not begun and isinstance(proof := segment.snapshot.get("proof"), dict):
                engine.proof.wishes.take(proof)
            begun = True
            run(fill(journal.entries(segment.id), engine), engine, _Muted())


def clock_of(engine: Engine, last: Instant | None, start: Instant | None, speed: int) -> HubClock:
    """A clock that goes on where this boot's last run left it, or begins anew after a boot."""
    said = engine.proof.boot
    zero, at = said.get("zero_ms"), said.get("at_ms")
    if said.get("boot") == boot_id() and isinstance(zero, int) and isinstance(at, int):
        return HubClock(last, start=start, speed=speed, anchor=(zero, Instant(at)))
    return HubClock(last, start=start, speed=speed)
