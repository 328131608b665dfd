"""What a family's day is made of, out of a hub's journal."""

import json
from collections.abc import Iterable
from typing import Final

from agent.civil import parse_rfc3339
from agent.journal_file_io import Written
from agent.nouns import MINUTE_MS, Home, Instant
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
    """
    return past_between(journal, home, number, number, since or first_needed(home, number), wall_now)


def past_between(
    journal: Written, home: Home, first: int, last: int, since: Instant, wall_now: Instant
) -> tuple[Past, Instant]:
    """The same for the days of several dates, ``last`` among them, with the readings from ``since`` on."""
    midnight, until = bounds_of(home, first).midnight, bounds_of(home, last).until
    now = known_until(journal, wall_now)
    end = journal.last()
    off = [*_off(journal), Span(Instant(0) if end is None else end[1], now)]
    kinds = ", ".join(f"'{kind}'" for kind in sorted(ABOUT_SIGHT))
    rows = journal.rows(
        "SELECT at, id, kind, state, body, envelope IS NOT NULL FROM alert"
        f" WHERE (at >= ? AND at < ?) OR kind IN ({kinds})"
        " ORDER BY at, epoch, seq",
        (midnight, until),
    )
    said = [_said(row) for row in rows]
    return Past(journal.readings(since, until, READ), said, journal.custody(midnight), off), now


def known_until(journal: Written, wall_now: Instant) -> Instant:
    """What the journal holds last; or now, if the hub wrote nothing for so long that it must have been off."""
    end = journal.last()
    written = Instant(0) if end is None else end[1]
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


def _said(row: tuple[int, str, str, str, str, int]) -> Said:
    at, id, kind, state, body, sent = row
    if kind not in ABOUT_SIGHT:
        return Said(Instant(at), id, kind, state, sent=sent != 0)
    told = json.loads(body)
    return Said(Instant(at), id, kind, state, parse_rfc3339(told["since"]), told["text"], sent != 0)
