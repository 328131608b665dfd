"""Start is recovery: the engine as it was after the journal's last entry.

The last snapshot, then what came after it, without saying it again. A home file that has changed since is taken over:
with the same sensors and rooms the memory stays; with others, or with another model, it is learnt anew from the last
weeks.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from agent.clock_io import HubClock, boot_id
from agent.detect.detector import NO_MODELS, Models
from agent.engine import Engine, OtherFormat
from agent.home import BadHome, parse
from agent.journal_io import Journal, Sealed
from agent.loop import fill, run
from agent.nouns import DAY_MS, Entry, Home, Instant, Outcome
from agent.salvage_io import second_copy
from agent.transport.custody import Custody
from agent.transport.envelope import Verify

WARM_DAYS: Final = 35  # of earlier segments that a home with other sensors or rooms is warmed with


def missing(journal: Journal, second: Iterable[tuple[int, int, bytes]], verify: Verify) -> Iterator[Sealed]:
    """What the outbox holds and the journal does not: it was said when nothing could be written, or is lost."""
    known = {(epoch, seq) for epoch, seq, _ in journal.alerts()}
    for epoch, seq, sealed in second:
        alert = second_copy(sealed, verify) if (epoch, seq) not in known else None
        if alert is not None:
            yield Sealed(alert, sealed)


class _Muted:
    def put(self, entry: Entry, outcome: Outcome) -> None:
        """What was said then is not said again."""


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
        return _anew(home, journal, models)
    run(fill(journal.entries(segment.id), engine), engine, _Muted())
    same_models = _same_models(segment.models, models.digests())
    if before.text == home.text and same_models:
        return _numbered(engine, journal)
    changed = Engine(home, segment.epoch, models)
    if _same_identities(before, home) and same_models:
        changed.restore(engine.snapshot())
    else:
        _warm(changed, journal, engine.now)
        changed.incidents.restore(engine.incidents.snapshot())
        changed.custody.restore(engine.custody.snapshot())
        if not changed.incidents.is_open("possible_fall"):
            changed.possible_fall.say_again()
    return _numbered(changed, journal)


def _numbered(engine: Engine, journal: Journal) -> Engine:
    """If what was said since the snapshot would be said otherwise today (another model, another release), numbers go on
    in a new epoch: none may be used twice, and none may be missing."""
    said = journal.alerts(engine.incidents.epoch)
    if engine.incidents.seq != (said[-1][1] if said else 0):
        engine.incidents.begin_epoch()
    return engine


def _same_models(then: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Whether each model that is here was there. One that is missing now changes nothing that was learnt."""
    return all(then.get(name) == digest for name, digest in now.items())


def _anew(home: Home, journal: Journal, models: Models) -> Engine:
    """An older agent's memory: everything is learnt again from the last weeks, in an epoch of its own."""
    last = journal.last()
    engine = Engine(home, max(segment.epoch for segment in journal.segments()), models)
    _warm(engine, journal, last[1] if last else Instant(0))
    engine.incidents.begin_epoch()
    engine.custody = Custody()  # the weeks told again were numbered otherwise: receipts still come, nobody is called
    return engine


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
