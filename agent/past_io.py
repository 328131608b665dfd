"""What a family's day is made of, out of a hub's journal."""

import json
from collections.abc import Iterable, Iterator
from typing import Final

from agent.civil import parse_rfc3339
from agent.journal_file_io import Written
from agent.nouns import MINUTE_MS, Home, Instant, Reading
from agent.offsets_io import Corrections, Offsets
from agent.packing import by_time
from agent.summary.bounds import bounds_of, first_needed
from agent.summary.day import READ, Past
from agent.summary.observed import ABOUT_SIGHT, Said
from agent.summary.spans import Span

OFF_LEAST_MS: Final = 2 * MINUTE_MS  # a hub that is started anew within this was hardly away
UNWRITTEN_MS: Final = 15 * MINUTE_MS  # a running hub writes every ten minutes at the latest


def past_of(
    journal: Written, home: Home, number: int, wall_now: Instant, since: Instant | None = None
) -> tuple[Past, Instant]:
    """For the day of that date, from a journal that a running hub may go on writing; and until when it is known.

    ``wall_now``: the time by this machine. A hub that wrote nothing since was off. The readings are read while the day
    is made of them: the journal must stay open until then. ``since``: from when on, where the days before are counted.
    All of it is told by the wall clock as it was corrected (offsets_io.py).
    """
    return past_between(journal, home, number, number, since or first_needed(home, number), wall_now, Offsets())


def past_between(
    journal: Written, home: Home, first: int, last: int, since: Instant, wall_now: Instant, offsets: Offsets
) -> tuple[Past, Instant]:
    """The same for the days of several dates, ``last`` among them, with the readings from ``since`` on."""
    midnight, until = bounds_of(home, first).midnight, bounds_of(home, last).until
    clock = offsets.of(journal, min(since, midnight))
    now = _known_until(journal, wall_now, clock)
    end = journal.last()
    off = [Span(clock.civil(a), clock.civil(b)) for a, b in _off(journal)]
    off.append(Span(Instant(0) if end is None else clock.civil(end[1]), now))
    stretches = list(clock.within(midnight, until))
    begin, end_at = (
        min((a for a, _, _ in stretches), default=midnight),
        max((b for _, b, _ in stretches), default=until),
    )
    kinds = ", ".join(f"'{kind}'" for kind in sorted(ABOUT_SIGHT))
    told = f"FROM alert WHERE (at >= ? AND at < ?) OR kind IN ({kinds})"
    rows = journal.rows(
        f"SELECT at, id, kind, state, body, envelope IS NOT NULL {told} ORDER BY at, epoch, seq", (begin, end_at)
    )
    said = [_said(row, clock) for row in rows]
    became = journal.custody(begin, f"id IN (SELECT id {told})", (begin, end_at))
    steps = [step._replace(at=clock.civil(step.at)) for step in became]
    return Past(_readings(journal, since, until, clock), said, steps, off), now


def _readings(journal: Written, since: Instant, until: Instant, clock: Corrections) -> Iterator[Reading]:
    stretches = list(clock.within(since, until))
    found = (
        one._replace(at=Instant(one.at + by)) if by else one
        for begin, end, by in stretches
        for one in journal.readings(begin, end, READ)
    )
    return by_time(found) if len(stretches) > 1 else found  # a clock that was set back comes twice through an hour


def known_until(journal: Written, wall_now: Instant, offsets: Offsets) -> Instant:
    """What the journal holds last, by the wall clock; or now, if the hub wrote nothing for so long that it must have
    been off."""
    end = journal.last()
    return _known_until(journal, wall_now, offsets.of(journal, Instant(0 if end is None else end[1])))


def _known_until(journal: Written, wall_now: Instant, clock: Corrections) -> Instant:
    end = journal.last()
    written = Instant(0) if end is None else clock.civil(end[1])
    return max(written, wall_now if wall_now - written > UNWRITTEN_MS else written)


def _off(journal: Written) -> Iterable[Span]:
    """When the hub did not run: before its first start, and between what it wrote last and the start after that."""
    first = None
    for (started,) in journal.rows("SELECT started_at FROM segment ORDER BY started_at"):
        first = first if first is not None else Span(Instant(0), Instant(started))
        row = next(journal.rows("SELECT to_at FROM batch WHERE id < ? ORDER BY id DESC LIMIT 1", (started,)), None)
        if row is not None and started - row[0] > OFF_LEAST_MS:
            yield Span(Instant(row[0]), Instant(started))
    if first is not None:
        yield first


def _said(row: tuple[int, str, str, str, str, int], clock: Corrections) -> Said:
    """A time of being off is told with the clock that was right in the end: ``since`` goes by what held at ``at``."""
    at, id, kind, state, body, sent = row
    by = clock.by(Instant(at))
    if kind not in ABOUT_SIGHT:
        return Said(Instant(at + by), id, kind, state, sent=sent != 0)
    told = json.loads(body)
    return Said(Instant(at + by), id, kind, state, Instant(parse_rfc3339(told["since"]) + by), told["text"], sent != 0)
