"""The journal's file: opened at this agent's schema, or refused in one line; and what pages and exports read of it.

Whoever only reads needs nothing of the engine that made it.
"""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any, Final

from agent.nouns import Instant, Reading, Refused, Step
from agent.packing import LATEST_MS, by_time, unpack_readings

SCHEMA: Final = 2
# Readers hold no locks in WAL; another writer is a mistake, found by the state folder's lock. Whoever holds the file
# longer than this has it to himself: an alert leaves without being stored.
BUSY_S: Final = 2.0


class JournalError(Refused):
    """The journal cannot be used; the message says why and what to do, in one line."""


class Written:
    """What a journal holds. ``read_only``: nothing of it is changed, nor brought up to date; it may be of a hub that
    runs."""

    def __init__(self, path: Path, read_only: bool = False) -> None:
        self._db = _looked_at(path) if read_only else connect(path)
        self.path = path

    def rows(self, sql: str, values: tuple[object, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """What is found; JournalError where the file is damaged."""
        try:
            yield from self._db.execute(sql, values)
        except sqlite3.DatabaseError as fault:
            raise JournalError(f"{self.path}: {fault}; `hearthwatch journal verify` says more") from None

    def first(self) -> Instant | None:
        """When the first entry came; None: the journal is empty."""
        row = next(self.rows("SELECT from_at FROM batch ORDER BY id LIMIT 1"), None)
        return None if row is None else Instant(row[0])

    def last(self) -> tuple[int, Instant] | None:
        """Number of the last frame and instant of the last entry; None: the journal is empty."""
        row = next(self.rows("SELECT first_seq + frames - 1, to_at FROM batch ORDER BY id DESC LIMIT 1"), None)
        return (row[0], Instant(row[1])) if row else None

    def alerts(self, epoch: int | None = None) -> list[tuple[int, int, str]]:
        """(epoch, seq, line) of every alert, or of one epoch's."""
        where, values = ("WHERE epoch = ?", (epoch,)) if epoch is not None else ("", ())
        rows = self.rows(f"SELECT epoch, seq, body FROM alert {where} ORDER BY epoch, seq", values)
        return [(row[0], row[1], row[2]) for row in rows]

    def custody(self, since: Instant = Instant(0), only: str = "true", of: tuple[object, ...] = ()) -> list[Step]:
        """What became of every alert from then on, in order of time; or of some alone, as SQL has it."""
        columns = "at, epoch, seq, id, kind, state, verdict, reason"
        rows = self.rows(f"SELECT {columns} FROM custody WHERE at >= ? AND ({only})", (since, *of))
        return sorted(Step(*row) for row in rows)

    def readings(self, since: Instant, until: Instant, quantities: Container[str] | None = None) -> Iterator[Reading]:
        """Readings in [since, until), in order of time; of these ``quantities`` alone."""
        yield from by_time(self._readings(since, until, quantities))

    def _readings(self, since: Instant, until: Instant, quantities: Container[str] | None) -> Iterator[Reading]:
        """As they came."""
        ((before,),) = self.rows("SELECT coalesce(max(id), 0) FROM batch WHERE id <= ?", (since,))
        which = "SELECT from_at, readings FROM batch WHERE id >= ? AND id < ? ORDER BY id"
        for from_at, body in self.rows(which, (before, until + LATEST_MS)):
            try:
                yield from unpack_readings(body, from_at, since, until, quantities)
            except ValueError as fault:
                raise JournalError(f"the readings from {from_at} on are {fault}; export what is before them") from None

    def close(self) -> None:
        self._db.close()


def connect(path: Path) -> sqlite3.Connection:
    """Open a journal of this agent's schema, migrating in a child process if need be."""
    try:
        if _version(path) != SCHEMA:
            migrate(path)
        db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA cache_size = -1024")
        db.execute("PRAGMA wal_autocheckpoint = 1000")
    except sqlite3.Error as fault:
        raise JournalError(f"{path}: {fault}; is this a journal of this hub?") from None
    return db


def _looked_at(path: Path) -> sqlite3.Connection:
    # Who may not write beside it can make no log, and needs none where there is none: then nobody writes.
    alone = not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()
    place = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if alone else ''}"
    try:
        db = sqlite3.connect(place, uri=True, timeout=BUSY_S, isolation_level=None)
        db.execute("PRAGMA cache_size = -256")
        (version,) = db.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as fault:
        raise JournalError(f"{path}: {fault}; has the hub been started?") from None
    if version != SCHEMA:
        db.close()
        raise JournalError(f"{path}: is of schema {version}, and this agent reads {SCHEMA}; start the hub first")
    return db


def _version(path: Path) -> int:
    if not path.exists():
        return 0
    db = sqlite3.connect(path, timeout=BUSY_S)
    try:
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        ours = "name NOT LIKE '\\_sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        tables = db.execute(f"SELECT count(*) FROM sqlite_master WHERE type = 'table' AND {ours}").fetchone()[0]
    finally:
        db.close()
    if version == 0 and tables:
        raise JournalError(f"{path}: is a database, but no journal of this agent")
    if version > SCHEMA:
        raise JournalError(f"{path}: written by a newer agent (schema {version}); install that agent to read it")
    return version


def migrate(path: Path) -> None:
    job = [sys.executable, "-m", "agent.migrate_io", str(path)]
    done = subprocess.run(job, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise JournalError(f"{path}: cannot be brought up to date: {said}")
