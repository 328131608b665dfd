"""What a family's day is made of, out of a hub's journal or out of sensor logs."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from agent.civil import parse_rfc3339
from agent.engine import Engine
from agent.journal_io import Journal
from agent.loop import fill, run
from agent.models_io import shipped
from agent.nouns import HOUR_MS, MINUTE_MS, Alert, Entry, Home, Instant, Outcome, Reading
from agent.replay import of_lines, told
from agent.summary.bounds import bounds_of, first_needed
from agent.summary.day import Past
from agent.summary.observed import ABOUT_SIGHT, Said
from agent.summary.spans import Span

OFF_LEAST_MS: Final = 2 * MINUTE_MS  # a hub that is started anew within this was hardly away
# A home of which nothing is heard is told as not watched within so long, and then since it was heard last.
TOLD_WITHIN_MS: Final = 13 * HOUR_MS
UNWRITTEN_MS: Final = 15 * MINUTE_MS  # a running hub writes every ten minutes at the latest


def past_of(
    journal: Journal, home: Home, number: int, wall_now: Instant, since: Instant | None = None
) -> tuple[Past, Instant]:
    """For the day of that date, from a journal that a running hub may go on writing; and until when it is known.

    ``wall_now``: the time by this machine. A hub that wrote nothing since was off. The readings are read while the day
    is made of them: the journal must stay open until then. ``since``: from when on, where the days before are counted.
    """
    bounds, since = bounds_of(home, number), since or first_needed(home, number)
    last = journal.last()
    written = Instant(0) if last is None else last[1]
    now = max(written, wall_now if wall_now - written > UNWRITTEN_MS else written)
    off = [*_off(journal), Span(written, now)]
    kinds = ", ".join(f"'{kind}'" for kind in sorted(ABOUT_SIGHT))
    rows = journal.rows(
        "SELECT at, id, kind, state, body, envelope IS NOT NULL FROM alert"
        f" WHERE (at >= ? AND at < ?) OR kind IN ({kinds})"
        " ORDER BY at, epoch, seq",
        (bounds.midnight, bounds.until),
    )
    said = [_said(row) for row in rows]
    return Past(journal.readings(since, bounds.until), said, journal.custody(bounds.midnight), off), now


def _off(journal: Journal) -> Iterable[Span]:
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


Line = tuple[Instant, str, bytes]


def past_of_log(
    home: Home, number: int, lines: Iterable[Line], tell: Callable[[Instant], None]
) -> tuple[Past, Instant | None]:
    """The same from the lines of a log, lived through by the engine; ``tell`` hears how far it has come.

    None: the log holds nothing before that day is over. A log that ends within the day makes a day that is not over;
    a longer one is read for TOLD_WITHIN_MS more, since it may turn out that the evening was not observed.
    """
    lived, engine = Lived(home, number), Engine(home, models=shipped())
    engine.tells_promises = False
    run(fill(told(of_lines(lived.until_the_end(lines)), tell), engine), engine, lived)
    if lived.first is None or lived.first >= bounds_of(home, number).until:
        return Past((), (), (), ()), None
    if lived.goes_on:
        run(fill([Entry(lived.frames, Instant(lived.until - 1))], engine), engine, lived)
    now = lived.until if lived.goes_on else lived.last
    return Past(lived.readings, lived.said, (), [Span(Instant(0), lived.first)]), now


class Lived:
    """A sink that keeps of a log what the day of that date is made of. ``goes_on``: the log holds more than is read."""

    def __init__(self, home: Home, number: int) -> None:
        self.since = first_needed(home, number)
        self.until = Instant(bounds_of(home, number).until + TOLD_WITHIN_MS)
        self.first: Instant | None = None
        self.last = Instant(0)
        self.goes_on = False
        self.frames = 0
        self.readings: list[Reading] = []
        self.said: list[Said] = []

    def until_the_end(self, lines: Iterable[Line]) -> Iterator[Line]:
        for line in lines:
            if line[0] >= self.until:
                self.goes_on = True
                return
            self.first = line[0] if self.first is None else self.first
            self.last = line[0]
            self.frames += 1
            yield line

    def put(self, entry: Entry, outcome: Outcome) -> None:
        self.readings += [one for one in outcome.readings if one.at >= self.since]
        self.said += [_of_alert(alert) for alert in outcome.alerts]


def _of_alert(alert: Alert) -> Said:
    return Said(alert.at, alert.id, alert.kind, alert.state, alert.since, alert.text, sent=False)
