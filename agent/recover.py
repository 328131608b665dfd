"""Start is recovery: the engine as it was after the journal's last entry.

The last snapshot, then what came after it, without saying it again. A home file that has changed since is taken over:
with the same sensors and rooms the memory stays; with others it is learnt anew from the last weeks.
"""

from typing import Final

from agent.clock_io import HubClock, boot_id
from agent.engine import Engine, fill, run
from agent.home import BadHome, parse
from agent.journal_io import Journal
from agent.nouns import DAY_MS, Entry, Home, Instant, Outcome

WARM_DAYS: Final = 35  # of earlier segments that a home with other sensors or rooms is warmed with


class _Muted:
    def put(self, entry: Entry, outcome: Outcome) -> None:
        """What was said then is not said again."""


def resume(journal: Journal, home: Home) -> Engine:
    """The engine as it was after the journal's last entry; with the given home, if that has changed since."""
    segment = journal.last_segment()
    if segment is None:
        return Engine(home)
    before = _home_then(segment.home, home)
    engine = Engine(before, segment.epoch)
    engine.restore(segment.snapshot)
    run(fill(journal.entries(segment.id), engine), engine, _Muted())
    if before.text == home.text:
        return engine
    changed = Engine(home, segment.epoch)
    if _same_identities(before, home):
        changed.restore(engine.snapshot())
    else:
        _warm(changed, journal, engine.now)
        changed.incidents.restore(engine.incidents.snapshot())
    return changed


def _home_then(text: str, now: Home) -> Home:
    try:
        return parse(text)
    except BadHome:  # an older agent took it; what it says of sensors and rooms is not known any more
        return now


def _same_identities(one: Home, other: Home) -> bool:
    return dict(one.rooms) == dict(other.rooms) and dict(one.sensors) == dict(other.sensors)


def _warm(engine: Engine, journal: Journal, now: Instant) -> None:
    for segment in journal.segments():
        if segment.started_at >= now - WARM_DAYS * DAY_MS:
            run(fill(journal.entries(segment.id), engine), engine, _Muted())


def clock_of(engine: Engine, last: Instant | None, start: Instant | None, speed: int) -> HubClock:
    """A clock that goes on where this boot's last run left it, or begins anew after a boot."""
    said = engine.proof.boot
    zero, at = said.get("zero_ms"), said.get("at_ms")
    if said.get("boot") == boot_id() and isinstance(zero, int) and isinstance(at, int):
        return HubClock(last, start=start, speed=speed, anchor=(zero, Instant(at)))
    return HubClock(last, start=start, speed=speed)
