"""The centre's memory: one SQLite file that its receivers, its operators' pages and its command line share.

Whatever is written is on the disk when ``writing`` ends. Of several that write at once, one at a time decides, so that
nothing is kept twice and nothing is told twice.
"""

from collections.abc import Set
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files
from time import time_ns
from typing import Any, Final, NamedTuple

from agent.book_io import Book
from agent.book_io import Fault as Fault
from agent.nouns import Instant
from agent.transport.envelope import Envelope, Receipt, digest, open_envelope
from centre.incidents import Incident, hear
from centre.receiver import MISSING_MS, SILENT_MS, Hole, Known, holes_after, is_proof_of_life

HALF_OPEN_MS: Final = 150_000  # before a hub is known to be gone it may have been deaf for so long
MOST_SHOWN: Final = 500  # incidents read at once; the rest is counted

LATER: Final = {
    "named_epoch": "INTEGER",
    "named_seq": "INTEGER",
    "again_ms": "INTEGER",
    "before": "TEXT",
    "beside": "TEXT",
}
_COLUMNS: Final = (
    "incident.hub, id, incident.epoch, incident.seq, raised_ms, incident.received_ms, worst, state, by_name, taken_ms,"
    " verdict, reason, closed_ms, named_epoch, named_seq, again_ms, before, incident.beside"
)
_INCIDENTS: Final = (
    f"SELECT {_COLUMNS}, coalesce(beside.digest, alert.digest), coalesce(beside.envelope, alert.envelope)"
    " FROM incident JOIN alert USING (hub, epoch, seq)"
    " LEFT JOIN beside ON beside.hub=incident.hub AND beside.digest=incident.beside"
)
_WHERE: Final = "WHERE hub=? AND epoch=? AND seq=?"


class Noted(NamedTuple):
    """One line of the audit."""

    at: Instant
    who: str
    what: str


class Store(Book):
    """``shared``: more than one thread uses it, one at a time."""

    def __init__(self, path: str, may_make: bool = True, shared: bool = False) -> None:
        super().__init__(path, files("centre").joinpath("centre.sql").read_text(), may_make, shared)
        with self.writing():
            self._complete()

    # -- what hubs say; within ``writing`` -----------------------------------------------------------------------------

    def around(self, said: Envelope) -> Known:
        def hash_of(seq: int) -> str | None:
            row = self.one(f"SELECT digest FROM alert {_WHERE}", said.hub, said.epoch, seq)
            return None if row is None else str(row[0])

        ((epoch,),) = self.ask("SELECT coalesce(max(epoch), 0) FROM numbering WHERE hub=?", said.hub)
        return Known(hash_of(said.seq), self._end_before(said) if said.seq == 1 else hash_of(said.seq - 1), epoch)

    def _end_before(self, said: Envelope) -> str | None:
        row = self.one(
            "SELECT digest FROM alert WHERE hub=? AND epoch<? ORDER BY epoch DESC, seq DESC LIMIT 1",
            said.hub, said.epoch,
        )  # fmt: skip
        return None if row is None else str(row[0])

    def keep(self, said: Envelope, sealed: bytes, received: Instant) -> Incident:
        """One envelope, its incident, and its number."""
        hash_ = digest(sealed)
        self.change(
            "INSERT INTO alert VALUES (?, ?, ?, ?, ?, ?)", said.hub, said.epoch, said.seq, hash_, sealed, received
        )
        return self._fold(said, hash_, received)

    def keep_beside(self, said: Envelope, sealed: bytes, received: Instant) -> bool:
        """One whose number had been used for other words; whether it is news. Those that its hub calls one incident are
        one here."""
        hash_ = digest(sealed)
        if self.one("SELECT 1 FROM beside WHERE hub=? AND digest=?", said.hub, hash_):
            return False
        known = self.one("SELECT incident FROM beside WHERE hub=? AND said_id=?", said.hub, said.id)
        ((count,),) = self.ask("SELECT count(*) FROM beside WHERE hub=?", said.hub)
        id = str(known[0]) if known else f"0-{count + 1}"
        self.change(
            "INSERT INTO beside VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            said.hub, said.epoch, said.seq, hash_, sealed, received, said.id, id,
        )  # fmt: skip
        words = f"number {said.epoch}/{said.seq} told twice: {hash_} is kept beside the first"
        self.note("receiver", words, received, said.hub, id)
        self.put(replace(hear(self.incident(said.hub, id), replace(said, id=id), hash_, received), beside=True))
        return True

    def again(self, said: Envelope) -> None:
        """The hub has said this before: what people answered to it is sent once more too."""
        self.change(f"UPDATE answer SET sent_ms=NULL, tried_ms=0 {_WHERE}", said.hub, said.epoch, said.seq)

    def meet(self, hub: str, now: Instant) -> None:
        """A hub that is pinned here: from now on its daily proof of life is expected."""
        self.change("INSERT OR IGNORE INTO hub VALUES (?, ?, NULL, NULL)", hub, now)

    def expect(self, hubs: Set[str], now: Instant) -> None:
        """Those that are pinned here are expected to show that they live, and no others. Writes by itself."""
        known = {str(name) for (name,) in self.ask("SELECT name FROM hub")}
        if known == hubs:
            return
        with self.writing():
            for hub in sorted(hubs - known):
                self.meet(hub, now)
            for hub in sorted(known - hubs) if hubs else ():  # a folder that is empty is one that is not there
                self.change("DELETE FROM hub WHERE name=?", hub)
                self.note("receiver", "no longer expected: it has no key here", now, hub)

    def part(self, hub: str) -> None:
        """A hub whose key was taken away by a person: nothing is expected of it, be it the last one here."""
        self.change("DELETE FROM hub WHERE name=?", hub)

    def gone(self, hub: str, now: Instant) -> bool:
        """Its Last Will came, or the broker does not know it; whether that is news. What it was told just before, it
        may not have heard."""
        self.meet(hub, now)
        since = now - HALF_OPEN_MS
        news = self.change("UPDATE hub SET gone_ms=? WHERE name=? AND gone_ms IS NULL", now, hub) > 0
        if news:
            self.change("UPDATE answer SET sent_ms=NULL, tried_ms=0 WHERE hub=? AND sent_ms>?", hub, since)
            self.note("receiver", "gone: its Last Will came, or the broker has no line to it", now, hub)
        return news

    def back(self, hub: str, now: Instant) -> bool:
        """It is connected; whether that is news. What it may not have heard since it went is due at once."""
        row = self.one("SELECT gone_ms FROM hub WHERE name=? AND gone_ms<=?", hub, now)
        if row is None:
            return False
        self.change("UPDATE hub SET gone_ms=NULL WHERE name=?", hub)
        self.change(
            "UPDATE answer SET sent_ms=NULL, tried_ms=0 WHERE hub=? AND (sent_ms IS NULL OR sent_ms>=?)", hub, *row
        )
        self.note("receiver", "back: it is connected again", now, hub)
        return True

    def last_received(self) -> list[Receipt]:
        """The receipt of the newest number of each hub that is not gone, as it was given."""
        rows = self.ask(
            "SELECT alert.hub, alert.epoch, seq, digest, 'received', received_ms FROM hub"
            " JOIN numbering ON numbering.hub=name AND numbering.epoch="
            "(SELECT max(epoch) FROM numbering WHERE hub=name)"
            " JOIN alert ON alert.hub=name AND alert.epoch=numbering.epoch AND seq=newest WHERE gone_ms IS NULL"
        )
        return [Receipt(*row) for row in rows]

    def all_gone(self) -> dict[str, Instant]:
        return dict(self.ask("SELECT name, gone_ms FROM hub WHERE gone_ms IS NOT NULL ORDER BY name"))

    def all_silent(self) -> dict[str, Instant]:
        return dict(self.ask("SELECT name, life_ms FROM hub WHERE silent_ms IS NOT NULL ORDER BY name"))

    def missing(self, now: Instant) -> list[tuple[str, int, Hole]]:
        """Numbers that were waited for long enough: each is told once, by whoever asks first."""
        due = (now - MISSING_MS,)
        if not self.ask("SELECT 1 FROM hole WHERE told=0 AND since_ms<=? LIMIT 1", *due):
            return []
        with self.writing():
            found = self.ask("SELECT hub, epoch, first, last, since_ms FROM hole WHERE told=0 AND since_ms<=?", *due)
            self.change("UPDATE hole SET told=1 WHERE told=0 AND since_ms<=?", *due)
            for hub, epoch, first, last, _ in found:
                self.note("receiver", f"missing: no. {epoch}/{first} to {epoch}/{last}", now, hub)
        return [(hub, epoch, Hole(first, last, since)) for hub, epoch, first, last, since in found]

    def silent(self, now: Instant) -> list[str]:
        """Hubs whose daily proof of life is missing: each is told once, by whoever asks first."""
        due = (now - SILENT_MS,)
        if not self.ask("SELECT 1 FROM hub WHERE silent_ms IS NULL AND life_ms<=? LIMIT 1", *due):
            return []
        with self.writing():
            found = self.ask("SELECT name FROM hub WHERE silent_ms IS NULL AND life_ms<=? ORDER BY name", *due)
            self.change("UPDATE hub SET silent_ms=? WHERE silent_ms IS NULL AND life_ms<=?", now, *due)
            for (hub,) in found:
                self.note("receiver", "no daily proof of life", now, hub)
        return [str(hub) for (hub,) in found]

    # -- what people look at -------------------------------------------------------------------------------------------

    def incidents(self, closed: bool = False) -> list[Incident]:
        """Those that need somebody; or the newest closed ones. At most MOST_SHOWN, the most urgent or the newest."""
        order = (
            "closed_ms DESC" if closed else "worst<>'critical', worst<>'high', coalesce(again_ms, incident.received_ms)"
        )
        rows = self.ask(
            f"{_INCIDENTS} WHERE state {'=' if closed else '<>'} 'closed' ORDER BY {order} LIMIT {MOST_SHOWN}"
        )
        return [_incident(row) for row in rows]

    def count_open(self) -> int:
        return int(self.ask("SELECT count(*) FROM incident WHERE state<>'closed'")[0][0])

    def incident(self, hub: str, id: str) -> Incident | None:
        row = self.one(
            f"{_INCIDENTS} WHERE incident.hub=? AND id=?", hub, id,
        )  # fmt: skip
        return None if row is None else _incident(row)

    def said_of(self, hub: str, id: str) -> list[tuple[Envelope, Instant]]:
        """What the hub said of it, and when each came here; the last MOST_SHOWN."""
        rows = self.ask(
            "SELECT envelope, received_ms, epoch, seq FROM alert"
            " WHERE hub=? AND json_extract(CAST(envelope AS TEXT), '$.id')=?"
            " UNION ALL SELECT envelope, received_ms, epoch, seq FROM beside WHERE hub=? AND incident=?"
            " ORDER BY epoch DESC, seq DESC LIMIT ?",
            hub, id, hub, id, MOST_SHOWN,
        )  # fmt: skip
        return [(_opened(envelope), Instant(received)) for envelope, received, _, _ in reversed(rows)]

    def audit_of(self, hub: str, id: str) -> list[Noted]:
        rows = self.ask("SELECT at_ms, who, what FROM audit WHERE hub=? AND incident=? ORDER BY id", hub, id)
        return [Noted(Instant(at), who, what) for at, who, what in rows]

    def _complete(self) -> None:
        """A file of an earlier receiver lacks columns; one of the first holds envelopes alone."""
        known = {name for (name,) in self.ask("SELECT name FROM pragma_table_info('incident')")}
        for column in LATER.keys() - known:
            self.change(f"ALTER TABLE incident ADD COLUMN {column} {LATER[column]}")
        if "named_seq" not in known:
            self.change(
                "UPDATE incident SET (named_epoch, named_seq) = (SELECT epoch, seq FROM answer WHERE kind='outcome'"
                " AND answer.hub=incident.hub AND incident=incident.id ORDER BY answer.id DESC LIMIT 1)"
            )
        if self.ask("SELECT 1 FROM numbering LIMIT 1"):
            return
        for envelope, received in self.ask("SELECT envelope, received_ms FROM alert ORDER BY rowid"):
            self._fold(_opened(envelope), digest(envelope), Instant(received))

    def _fold(self, said: Envelope, hash_: str, received: Instant) -> Incident:
        row = self.one("SELECT newest FROM numbering WHERE hub=? AND epoch=?", said.hub, said.epoch)
        self._number(said, 0 if row is None else row[0], received)
        self.meet(said.hub, received)
        if is_proof_of_life(said):
            self.change("UPDATE hub SET life_ms=?, silent_ms=NULL WHERE name=?", received, said.hub)
        known = self.incident(said.hub, said.id)
        after = hear(known, said, hash_, received)
        self.put(after)
        if known is not None and known.again != after.again:
            words = f"open again: the hub said more after it was closed by {after.before}"
            self.note("receiver", words, received, said.hub, said.id)
        return after

    def _number(self, said: Envelope, newest: int, received: Instant) -> None:
        where = said.hub, said.epoch
        row = self.one(
            "SELECT first, last, since_ms, told FROM hole WHERE hub=? AND epoch=? AND first<=? AND last>=?",
            *where, said.seq, said.seq,
        )  # fmt: skip
        around, told = (None, 0) if row is None else (Hole(*row[:3]), row[3])
        if around is not None:
            self.change("DELETE FROM hole WHERE hub=? AND epoch=? AND first=?", *where, around.first)
        for hole in holes_after(said.seq, newest, around, received):
            self.change("INSERT INTO hole VALUES (?, ?, ?, ?, ?, ?)", *where, *hole, told)
        self.change("INSERT OR REPLACE INTO numbering VALUES (?, ?, ?)", *where, max(newest, said.seq))

    def put(self, one: Incident) -> None:
        """Where an incident stands; within ``writing``."""
        said = one.said
        self.change(
            f"INSERT OR REPLACE INTO incident ({_COLUMNS.replace('incident.', '')}) VALUES ({', '.join('?' * 18)})",
            said.hub, said.id, said.epoch, said.seq, one.raised, one.received, one.worst, one.state, one.by, one.taken,
            one.verdict, one.reason, one.closed, *(one.named or (None, None)), one.again, one.before,
            one.digest if one.beside else None,
        )  # fmt: skip


def now() -> Instant:
    """This centre's clock."""
    return Instant(time_ns() // 1_000_000)


def _incident(row: tuple[Any, ...]) -> Incident:
    *plain, epoch, seq, again, before, beside, hash_, sealed = row[4:]
    raised, received, worst, state, by, taken, verdict, reason, closed = plain
    return Incident(
        _opened(sealed) if beside is None else replace(_opened(sealed), id=row[1]), hash_, raised, received, worst,
        state, by, taken, verdict, reason, closed, None if epoch is None else (epoch, seq), again, before,
        beside is not None,
    )  # fmt: skip


@lru_cache(maxsize=2 * MOST_SHOWN)  # a page that is looked at reads the same ones every two seconds
def _opened(envelope: bytes) -> Envelope:
    return open_envelope(envelope, lambda signature, message: True)  # verified before it was kept
