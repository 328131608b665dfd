"""The outbox: sealed envelopes on their way out, and what came back. The only thing ``uplink`` ever sees.

Two processes share the file. ``watch`` puts envelopes, reads what came back, and marks what it has verified;
``uplink`` reads what has no receipt, notes what the broker said, and appends what came back, as it came. It is the
second copy of every alert, and only that is synced to the disk: the broker's word is a hint, and a receipt comes again
when the alert is sent again. Each of journal and outbox is filled from the other: a damaged one is set aside, and
costs nothing but doubles.
"""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from agent.database_io import with_log
from agent.files_io import set_aside
from agent.owner_io import open_as_folder
from agent.transport.envelope import ENVELOPE_BYTES, MAX_RECEIPT_BYTES, SEVERITIES
from agent.transport.sending import Waiting

FORMAT: Final = 2  # PRAGMA user_version; 1 had one line only; another one is refused
FIRST_LINE: Final = 1
BUSY_MS: Final = 10_000  # to wait for the other process's transaction before giving up
KEPT: Final = 1_000  # envelopes kept after their receipt, to be looked at
MAX_RETURNED: Final = 10_000  # rows that ``watch`` has not taken; beyond it what comes back is refused
_DAMAGE: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}  # the last: tables not ours
Fault = sqlite3.DatabaseError  # what every method raises when the file cannot be used, for who has no database else
RANK: Final = {severity: min(rank, 3) for rank, severity in enumerate(SEVERITIES)}  # low and info are one rank

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS message (
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,           -- what is said is numbered without gaps within an epoch
  rank INTEGER NOT NULL,          -- 0 critical .. 3 low: who goes first
  envelope BLOB NOT NULL,         -- sealed, as it goes out
  broker_said INTEGER,            -- the last PUBACK's reason, a hint: 16 nobody listens, from 128 refused
  receipted INTEGER NOT NULL DEFAULT 0, -- by the first line's centre
  PRIMARY KEY (epoch, seq)
) STRICT;
CREATE INDEX IF NOT EXISTS waiting ON message (rank, epoch, seq) WHERE receipted = 0;
CREATE TABLE IF NOT EXISTS escalated ( -- what goes on another line too, because nobody answered in time
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  line INTEGER NOT NULL,          -- 2 and up, as hub.toml names its upstreams
  receipted INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (epoch, seq, line)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS returned (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  what TEXT NOT NULL CHECK (what IN ('receipt', 'link')),
  payload BLOB NOT NULL,          -- a receipt as it came, not yet verified; the state of the line as JSON
  line INTEGER NOT NULL DEFAULT 1 -- on which it came
) STRICT;
"""


class Message(NamedTuple):
    """A message as the page and ``doctor`` may look at it."""

    epoch: int
    seq: int
    rank: int
    broker_said: int | None
    receipted: bool


class Returned(NamedTuple):
    """Something that came back from outside, and on which line: ``what`` is receipt or link."""

    id: int
    what: str
    payload: bytes
    line: int = FIRST_LINE


class Outbox:
    """One process's hand on outbox.db. sqlite3.DatabaseError when the file cannot be used."""

    def __init__(self, path: str, durable: bool = True, busy_ms: int | None = None) -> None:
        """``durable``: every change is on the disk before its method returns; else what ``sync`` was called after."""
        self._path = path
        _make(path)
        wait_s = (BUSY_MS if busy_ms is None else busy_ms) / 1_000
        self._db = sqlite3.connect(path, timeout=wait_s, isolation_level=None)
        try:
            self._open(path, durable, wait_s)
        except sqlite3.Error:
            self._db.close()
            raise
        self._file = _identity(path)

    def _open(self, path: str, durable: bool, wait_s: float) -> None:
        with_log(self._db, wait_s)
        self._db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        if self._db.execute("PRAGMA user_version").fetchone() == (FORMAT,):
            return  # nothing is written: a full disk can still be read
        self._db.execute("BEGIN IMMEDIATE")  # two processes may make the file at once
        (found,) = self._db.execute("PRAGMA user_version").fetchone()
        if found not in (0, 1, FORMAT):
            raise sqlite3.DatabaseError(f"{path}: outbox of format {found}, not {FORMAT}; update this program")
        if found == 1:
            self._db.execute("ALTER TABLE returned ADD COLUMN line INTEGER NOT NULL DEFAULT 1")
        for statement in _SCHEMA.strip().split(";\n"):
            self._db.execute(statement)
        self._db.execute(f"PRAGMA user_version={FORMAT}")
        self._db.execute("COMMIT")

    # watch

    def put(self, epoch: int, seq: int, severity: str, envelope: bytes) -> bool:
        """Take an envelope into custody. False: it is there already, and stays as it was."""
        if len(envelope) != ENVELOPE_BYTES:
            raise ValueError(f"envelope of {len(envelope)} bytes, not {ENVELOPE_BYTES}")
        done = self._db.execute(
            "INSERT OR IGNORE INTO message (epoch, seq, rank, envelope) VALUES (?, ?, ?, ?)",
            (epoch, seq, RANK[severity], envelope),
        )
        return done.rowcount == 1

    def sync(self) -> None:
        """What was put is there after a power cut; OSError where the disk says that it cannot promise it."""
        with suppress(FileNotFoundError):  # without a log all of it is in the file, and synced
            handle = os.open(f"{self._path}-wal", os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def newest(self) -> tuple[int, int, bytes] | None:
        """Epoch, seq and envelope of what was put last: where a restart goes on."""
        row: tuple[int, int, bytes] | None = self._db.execute(
            "SELECT epoch, seq, envelope FROM message ORDER BY epoch DESC, seq DESC LIMIT 1"
        ).fetchone()
        return row

    def numbers(self) -> tuple[tuple[int, int], set[tuple[int, int]]]:
        """The (epoch, seq) up to which something may have been forgotten, and all that is held after it."""
        forgotten: tuple[int, int] = self._db.execute(
            "SELECT epoch, seq FROM message ORDER BY epoch DESC, seq DESC LIMIT 1 OFFSET ?", (KEPT - 1,)
        ).fetchone() or (0, 0)
        held = self._db.execute("SELECT epoch, seq FROM message WHERE (epoch, seq) > (?, ?)", forgotten)
        return forgotten, {(epoch, seq) for epoch, seq in held}

    def receipted(self, epoch: int, seq: int, line: int = FIRST_LINE) -> bool:
        """A verified receipt names this message, hash and all: on its line it is out of our hands. False: it did not
        wait there."""
        self._db.execute("BEGIN IMMEDIATE")
        table = (
            "message SET receipted = 1 WHERE"
            if line == FIRST_LINE
            else (f"escalated SET receipted = 1 WHERE line = {int(line)} AND")
        )
        done = self._db.execute(f"UPDATE {table} epoch = ? AND seq = ? AND receipted = 0", (epoch, seq))
        self._db.execute(
            "DELETE FROM message WHERE receipted = 1 AND (epoch, seq) <= "
            "(SELECT epoch, seq FROM message ORDER BY epoch DESC, seq DESC LIMIT 1 OFFSET ?)"
            " AND NOT EXISTS (SELECT 1 FROM escalated e WHERE e.epoch = message.epoch AND e.seq = message.seq"
            " AND e.receipted = 0)",
            (KEPT,),
        )
        self._db.execute(
            "DELETE FROM escalated WHERE receipted = 1 AND (epoch, seq) NOT IN (SELECT epoch, seq FROM message)"
        )
        self._db.execute("COMMIT")
        return done.rowcount == 1

    def returned(self, after: int, limit: int = 100) -> list[Returned]:
        """What came back later than the row ``after``, oldest first."""
        rows = self._db.execute(
            "SELECT id, what, payload, line FROM returned WHERE id > ? ORDER BY id LIMIT ?", (after, limit)
        )
        return [Returned(*row) for row in rows]

    def forget_returned(self, upto: int) -> None:
        """These rows are in the journal now."""
        self._db.execute("DELETE FROM returned WHERE id <= ?", (upto,))

    def forget_refused(self, ids: Sequence[int]) -> None:
        """These rows, and none before them, are nothing that can be believed."""
        marks = ",".join("?" * len(ids))
        self._db.execute(f"DELETE FROM returned WHERE id IN ({marks})", tuple(ids))

    def escalate(self, epoch: int, seq: int, line: int) -> None:
        """Send this message on that line too, whatever became of it on the first."""
        self._db.execute("INSERT OR IGNORE INTO escalated (epoch, seq, line) VALUES (?, ?, ?)", (epoch, seq, line))

    # uplink

    def waiting(self, limit: int = -1, line: int = FIRST_LINE) -> list[Waiting]:
        """What has no receipt on this line, most urgent first; all of it, or the first ``limit``."""
        if line == FIRST_LINE:
            found = "message WHERE receipted = 0"
        else:
            found = f"escalated e JOIN message USING (epoch, seq) WHERE e.receipted = 0 AND e.line = {int(line)}"
        rows = self._db.execute(f"SELECT rank, epoch, seq FROM {found} ORDER BY rank, epoch, seq LIMIT ?", (limit,))
        return [Waiting(*row) for row in rows]

    def envelope(self, epoch: int, seq: int) -> bytes:
        """The sealed bytes of a message that ``waiting`` named; KeyError if it has gone meanwhile."""
        row = self._db.execute("SELECT envelope FROM message WHERE epoch = ? AND seq = ?", (epoch, seq)).fetchone()
        if row is None:
            raise KeyError((epoch, seq))
        envelope: bytes = row[0]
        return envelope

    def envelopes(self) -> list[tuple[int, int, bytes]]:
        """(epoch, seq, envelope) of all that is kept: the second copy of what was said."""
        return list(self._db.execute("SELECT epoch, seq, envelope FROM message ORDER BY epoch, seq"))

    def broker_said(self, epoch: int, seq: int, code: int) -> None:
        self._db.execute("UPDATE message SET broker_said = ? WHERE epoch = ? AND seq = ?", (code, epoch, seq))

    def give_back(self, what: str, payload: bytes, line: int = FIRST_LINE) -> bool:
        """Append what came back for ``watch``; False: refused, because it is too long or too much is waiting."""
        if len(payload) > MAX_RECEIPT_BYTES:
            return False
        done = self._db.execute(
            "INSERT INTO returned (what, payload, line) SELECT ?, ?, ? WHERE (SELECT count(*) FROM returned) < ?",
            (what, payload, line, MAX_RETURNED),
        )
        return done.rowcount == 1

    # everybody

    def messages(self) -> list[Message]:
        """All that is kept, oldest first."""
        rows = self._db.execute("SELECT epoch, seq, rank, broker_said, receipted FROM message ORDER BY epoch, seq")
        return [Message(epoch, seq, rank, said, bool(receipted)) for epoch, seq, rank, said, receipted in rows]

    def check(self) -> None:
        """Read all of it once; sqlite3.DatabaseError if it is damaged, or a database of somebody else."""
        (found,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(f"{self._path}: {found}")
        self.newest()
        self.messages()
        self.returned(after=0, limit=1)

    def replaced(self) -> bool:
        """Whether another file has taken the place of ours: what is put there would never reach us."""
        return _identity(self._path) != self._file

    def close(self) -> None:
        self._db.close()


def fresh_if_damaged(path: str) -> str | None:
    """Set a damaged or foreign outbox aside, so that the next one begins empty; returns where it lies now.

    None: it is whole, or there is none yet. It is renamed and never deleted. sqlite3.OperationalError where it cannot
    be told, because the disk or the folder is the trouble and not the file.
    """
    if not os.path.exists(path):
        return None
    try:
        outbox = Outbox(path, durable=False)
        try:
            outbox.check()
        finally:
            outbox.close()
    except sqlite3.DatabaseError as fault:
        if getattr(fault, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF not in _DAMAGE:
            raise
    else:
        return None
    return set_aside(path)


def _make(path: str) -> None:
    """An empty file where there is none, for whoever its folder is for. What cannot be made SQLite complains of."""
    with suppress(OSError):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            open_as_folder(handle, os.path.dirname(path) or ".")
        finally:
            os.close(handle)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
