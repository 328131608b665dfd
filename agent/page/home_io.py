"""What the page knows of its home: the home file as it is now, and the journal, both to read only."""

import os
import sys
import threading
from pathlib import Path
from typing import Any, Final

from agent.civil import Wall, parse_rfc3339
from agent.clock_io import wall_ms
from agent.home import BadHome, parse
from agent.journal_file_io import JournalError, Written
from agent.kinds import TEXTS
from agent.nouns import Home, Instant, Refused
from agent.offsets_io import first_civil
from agent.page.looks import time_of
from agent.page.sent import SENT_ON_A_PAGE, Sent
from agent.page.shelf_io import Shelf
from agent.past_io import known_until
from agent.summary.day import Day
from agent.summary.words import Words

MOST_HOME_BYTES: Final = 1 << 20  # of home.toml; a larger one is no home


class AtHome:
    """``simulated``: the hub's clock is not this machine's, and the journal's last instant is now. ``catalogue``: the
    words in which it is told."""

    def __init__(self, home: Path, state: Path, simulated: bool, catalogue: Words) -> None:
        self.state, self.catalogue = state, catalogue
        self.words = self.catalogue.table("site")
        self._file, self._journal, self._simulated = home, state / "journal.db", simulated
        self._shelf = Shelf(self._journal)
        self._read: tuple[int, int, int] | None = None
        self._home = self.home()

    def home(self) -> Home:
        """The home as its file has it now; while that is wrong, as it was. Refused if it never was right."""
        try:
            found = os.stat(self._file)
            mark = found.st_mtime_ns, found.st_size, found.st_ino
            if mark != self._read:
                self._home = parse(self._file.read_bytes()[:MOST_HOME_BYTES])
                self._read = mark
        except (OSError, BadHome) as fault:
            if self._read is None:
                raise Refused(f"{self._file}: {fault}") from None
        return self._home

    def _wall(self) -> Instant:
        return Instant(0 if self._simulated else wall_ms())

    @property
    def started(self) -> bool:
        """Whether the hub has ever run: before that there is nothing to tell."""
        return self._journal.exists()

    def _opened(self) -> Written:
        if not self.started:
            raise JournalError(f"{self._journal}: is not there yet; start the hub first")
        return Written(self._journal, read_only=True)

    def last_day(self) -> int:
        journal = self._opened()
        try:
            return Wall(self.home().timezone).day(known_until(journal, self._wall(), self._shelf.offsets))
        finally:
            journal.close()

    def first_day(self) -> int:
        journal = self._opened()
        try:
            first = first_civil(journal)
        finally:
            journal.close()
        return self.last_day() if first is None else Wall(self.home().timezone).day(first)

    def day(self, number: int) -> Day:
        return self._shelf.day(self.home(), number, self._wall())

    def days(self, first: int, last: int) -> list[Day]:
        return self._shelf.days(self.home(), first, last, self._wall())

    def not_watched(self) -> str | None:
        """Why this home is not watched now, and since when; None: it is."""
        journal = self._opened()
        try:
            found = journal.rows(
                "SELECT state, json_extract(body, '$.since'), json_extract(body, '$.text') FROM alert"
                " WHERE kind = 'home_not_watched' ORDER BY epoch DESC, seq DESC LIMIT 1"
            )
            state, since, text = next(iter(list(found)), ("cleared", "", ""))
            if state == "cleared":
                return None
            at = parse_rfc3339(since)
            at = self._shelf.offsets.of(journal, at).civil(at)
        finally:
            journal.close()
        wish = text.endswith(TEXTS["home_not_watched/consent"][0].partition("{since}")[2])
        when = time_of(at, Wall(self.home().timezone), self.catalogue)
        return self.words["not_watched_wish" if wish else "not_watched_else"].format(since=when)

    def sent(self, sheet: int) -> tuple[list[Sent], int]:
        """The envelopes of a sheet, the newest first, and how many there are in all."""
        journal = self._opened()
        try:
            ((count,),) = journal.rows("SELECT count(*) FROM alert WHERE envelope IS NOT NULL")
            taken = dict(journal.rows("SELECT id, min(at) FROM custody WHERE state = 'human' GROUP BY id"))
            rows = journal.rows(
                "SELECT at, kind, state, severity, envelope, (SELECT min(at) FROM custody WHERE epoch = alert.epoch"
                " AND seq = alert.seq AND custody.state = 'received'), id FROM alert WHERE envelope IS NOT NULL"
                " ORDER BY epoch DESC, seq DESC LIMIT ? OFFSET ?",
                (SENT_ON_A_PAGE, sheet * SENT_ON_A_PAGE),
            )
            found = [_sent(row, taken) for row in rows]
            clock = self._shelf.offsets.of(journal, min((one.at for one in found), default=Instant(0)))
            return [one.by_the_wall(clock.civil) for one in found], int(count)
        finally:
            journal.close()

    def count_ahead(self) -> None:
        """In a thread of its own: days that somebody will ask for."""
        threading.Thread(target=self._count_ahead, name="ahead", daemon=True).start()

    def _count_ahead(self) -> None:
        try:
            count = self._shelf.count_ahead(self.home(), self._wall())
            print(f"page: {count} days are counted", file=sys.stderr, flush=True)
        except Refused as fault:  # whoever asks is told
            print(f"page: {fault}", file=sys.stderr, flush=True)


def _sent(row: tuple[Any, ...], taken: dict[str, Instant]) -> Sent:
    at, kind, state, severity, envelope, received, id = row
    return Sent(at, kind, state, severity, envelope, received, taken.get(id))
