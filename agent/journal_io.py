"""The journal on disk: SQLite, WAL, one writer.

Readings are written in batches with ``synchronous=NORMAL``; a transaction that holds an alert is written at once,
with FULL, so that it is on the disk before anybody is told. A power cut may therefore cost the readings of the last
``BATCH_SPAN_MS`` and what the kernel had not yet written back, never an alert.
"""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

from agent.engine import Engine
from agent.loop import fill, run
from agent.nouns import MINUTE_MS, Alert, Entry, Instant, Outcome, Reading, Refused, Snapshot, Step
from agent.packing import (
    alert_line,
    pack,
    pack_readings,
    pack_snapshot,
    unpack,
    unpack_readings,
    unpack_snapshot,
)

SCHEMA: Final = 2
BATCH_ENTRIES: Final = 256  # a full batch is written at once
BATCH_BYTES: Final = 1 << 20  # nor does more than this wait: a batch must be small enough to be read again
BATCH_SPAN_MS: Final = 10 * MINUTE_MS  # and no entry waits longer than this
SEGMENT_FRAMES: Final = 50_000  # a longer segment is closed: restart replays no more than this
SEGMENTS: Final = "SELECT id, epoch, first_seq, started_at, agent, home, models, snapshot FROM segment"
BUSY_S: Final = 10.0  # readers hold no locks in WAL; another writer is a mistake, found by the state folder's lock


class JournalError(Refused):
    """The journal cannot be used; the message says why and what to do, in one line."""


@dataclass(frozen=True, slots=True)
class Segment:
    id: int
    epoch: int
    first_seq: int
    started_at: Instant
    agent: str
    home: str
    models: Mapping[str, str]  # name -> digest
    snapshot: Snapshot


class Journal:
    """The open journal. ``put`` makes it the sink of the loop; ``seal`` makes an alert's envelope; None: a replay."""

    def __init__(self, path: Path, home_id: str = "") -> None:
        self._db = _open(path)
        self._home_id = home_id
        self.seal: Callable[[Alert], bytes] | None = None
        self._pending: list[Entry] = []
        self._frames = 0
        self._since = Instant(0)  # when the oldest entry that is pending came
        self._bytes = 0  # of payloads that are pending
        self._readings: list[Reading] = []
        self._steps: list[Step] = []
        self._path = path
        ((newest,),) = self.rows("SELECT coalesce(max(id), -1) FROM batch")
        self._batch = int(newest)
        self._segment = 0
        self._segment_frames = 0

    # -- writing -----------------------------------------------------------------------------------------------

    def begin(self, engine: Engine, at: Instant, seq: int, version: str) -> None:
        """Start a segment: everything needed to replay what follows, without what came before."""
        self.flush()
        models = json.dumps(engine.models.digests())
        with self._db:
            cursor = self._db.execute(
                "INSERT INTO segment (epoch, first_seq, started_at, agent, home, models, snapshot)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (engine.incidents.epoch, seq, at, version, engine.home.text, models, pack_snapshot(engine.snapshot())),
            )
        self._segment, self._segment_frames = int(cursor.lastrowid or 0), 0

    def put(self, entry: Entry, outcome: Outcome) -> None:
        """Take one entry in; write when there is enough of it, and at once if it made an alert."""
        pending, frame = self._pending, entry.frame
        if not pending:
            self._since = entry.at
        if frame is None and pending and pending[-1].frame is None:
            pending[-1] = entry  # a run of silence is one row: observed until then
        else:
            pending.append(entry)
            if frame is not None:
                self._frames += 1
                self._bytes += len(frame.payload)
        if outcome.readings:
            self._readings.extend(outcome.readings)
        self._steps.extend(outcome.steps)
        if outcome.alerts:
            self.flush(outcome.alerts)
        elif len(pending) >= BATCH_ENTRIES or entry.at - self._since >= BATCH_SPAN_MS or self._bytes >= BATCH_BYTES:
            self.flush()

    def flush(self, alerts: tuple[Alert, ...] = ()) -> None:
        """Write what is pending, in one transaction; with alerts, durably before this returns."""
        if not self._pending and not alerts:
            return
        db = self._db
        db.execute(f"PRAGMA synchronous = {'FULL' if alerts else 'NORMAL'}")
        with db:
            db.execute("BEGIN IMMEDIATE")
            if self._pending:
                self._write_batch()
            for alert in alerts:
                self._write_alert(alert)
            self._db.executemany("INSERT OR IGNORE INTO custody VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self._steps)
        self._steps = []
        self._segment_frames += self._frames
        self._pending, self._readings, self._frames, self._bytes = [], [], 0, 0

    def _write_batch(self) -> None:
        first, last = self._pending[0], self._pending[-1]
        first_seq = first.seq if first.frame is not None else first.seq + 1
        self._batch = max(first.at, self._batch + 1)
        entries, readings = pack(self._pending), pack_readings(self._readings, first.at)
        self._db.execute(
            "INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (self._batch, self._segment, first_seq, self._frames, first.at, last.at, entries, readings),
        )

    def _write_alert(self, alert: Alert) -> None:
        epoch = int(alert.id.partition("-")[0])
        envelope = self.seal(alert) if self.seal is not None else None
        said = (alert.id, alert.at, alert.kind, alert.state, alert.severity, alert_line(alert, self._home_id))
        row = (epoch, alert.seq, self._segment, *said, envelope)
        self._db.execute("INSERT INTO alert VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def is_long(self) -> bool:
        """Whether the running segment has grown so long that a new one should begin."""
        return self._segment_frames >= SEGMENT_FRAMES

    # -- reading -----------------------------------------------------------------------------------------------

    def rows(self, sql: str, values: tuple[object, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """What is found; JournalError where the file is damaged."""
        try:
            yield from self._db.execute(sql, values)
        except sqlite3.DatabaseError as fault:
            raise JournalError(f"{self._path}: {fault}; `hearthwatch journal verify` says more") from None

    def segments(self) -> list[Segment]:
        rows = self.rows(f"{SEGMENTS} ORDER BY id")
        return [_segment(row) for row in rows]

    def last_segment(self) -> Segment | None:
        row = next(self.rows(f"{SEGMENTS} ORDER BY id DESC LIMIT 1"), None)
        return _segment(row) if row else None

    def entries(self, segment: int) -> Iterator[Entry]:
        """Every entry of a segment, runs of silence as their last instant."""
        rows = self.rows("SELECT first_seq, from_at, entries FROM batch WHERE segment = ? ORDER BY id", (segment,))
        for first_seq, from_at, body in rows:
            try:
                yield from unpack(body, first_seq, from_at)
            except ValueError as fault:
                raise JournalError(f"the batch at frame {first_seq} is {fault}; export what is before it") from None

    def last_told(self) -> int | None:
        """The last segment in which anything came."""
        ((found,),) = self.rows("SELECT max(segment) FROM batch WHERE frames > 0")
        return None if found is None else int(found)

    def last(self) -> tuple[int, Instant] | None:
        """Number of the last frame and instant of the last entry; None: the journal is empty."""
        row = next(self.rows("SELECT first_seq + frames - 1, to_at FROM batch ORDER BY id DESC LIMIT 1"), None)
        return (row[0], Instant(row[1])) if row else None

    def alerts(self, epoch: int | None = None) -> list[tuple[int, int, str]]:
        """(epoch, seq, line) of every alert, or of one epoch's."""
        where, values = ("WHERE epoch = ?", (epoch,)) if epoch is not None else ("", ())
        rows = self.rows(f"SELECT epoch, seq, body FROM alert {where} ORDER BY epoch, seq", values)
        return [(row[0], row[1], row[2]) for row in rows]

    def custody(self, since: Instant = Instant(0)) -> list[Step]:
        """What became of every alert from then on, in order of time."""
        rows = self.rows("SELECT at, epoch, seq, id, kind, state, verdict, reason FROM custody WHERE at >= ?", (since,))
        return sorted(Step(*row) for row in rows)

    def last_sealed(self) -> tuple[int, int]:
        """(epoch, seq) of the last alert that left with an envelope; (0, 0): none."""
        row = self._db.execute(
            "SELECT epoch, seq FROM alert WHERE envelope IS NOT NULL ORDER BY epoch DESC, seq DESC LIMIT 1"
        ).fetchone()
        return (row[0], row[1]) if row else (0, 0)

    def envelopes(self, after: tuple[int, int]) -> list[tuple[int, int, str, str, bytes]]:
        """(epoch, seq, id, severity, envelope) of every sealed alert later than (epoch, seq)."""
        rows = self.rows(
            "SELECT epoch, seq, id, severity, envelope FROM alert WHERE envelope IS NOT NULL AND (epoch, seq) > (?, ?)"
            " ORDER BY epoch, seq",
            after,
        )
        return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]

    def readings(self, since: Instant, until: Instant) -> Iterator[Reading]:
        """Readings in [since, until), in order of time."""
        ((before,),) = self.rows("SELECT coalesce(max(id), 0) FROM batch WHERE id <= ?", (since,))
        rows = self.rows("SELECT from_at, readings FROM batch WHERE id >= ? AND id < ? ORDER BY id", (before, until))
        for from_at, body in rows:
            try:
                yield from (reading for reading in unpack_readings(body, from_at) if since <= reading.at < until)
            except ValueError as fault:
                raise JournalError(f"the readings from {from_at} on are {fault}; export what is before them") from None

    def copy_segment(self, segment: int, path: Path) -> None:
        """One segment with its entries and alerts as a journal of its own: what a technician takes along."""
        _migrate(path)
        self._db.execute("ATTACH ? AS copy", (str(path),))
        with self._db:
            self._db.execute("BEGIN")
            for table, column in (("segment", "id"), ("batch", "segment"), ("alert", "segment")):
                self._db.execute(f"INSERT INTO copy.{table} SELECT * FROM {table} WHERE {column} = ?", (segment,))
        self._db.execute("PRAGMA copy.journal_mode = DELETE")  # one file, without a log beside it
        self._db.execute("DETACH copy")

    def close(self) -> None:
        self.flush()
        self._db.close()


def lay_down(journal: Journal, engine: Engine, past: Iterable[Entry], version: str) -> None:
    """A past that this hub did not live, before its own entries and in an epoch of its own; nothing of it is sent."""
    entries = iter(past)
    first = next(entries, None)
    if first is None:
        return
    journal.begin(engine, first.at, first.seq, version)
    engine.tells_promises = False
    run(fill(chain((first,), entries), engine), engine, journal)
    journal.flush()
    engine.incidents.begin_epoch()
    last = journal.last()
    assert last is not None, "an entry was written just now"
    journal.begin(engine, engine.now, last[0] + 1, version)


def _segment(row: tuple[int, int, int, int, str, str, str, bytes]) -> Segment:
    id, epoch, first_seq, started_at, agent, home, models, snapshot = row
    try:
        memory = unpack_snapshot(snapshot)
    except ValueError as fault:
        raise JournalError(
            f"the snapshot of segment {id} is {fault}; `hearthwatch journal export` still works"
        ) from None
    return Segment(id, epoch, first_seq, Instant(started_at), agent, home, json.loads(models), memory)


def _open(path: Path) -> sqlite3.Connection:
    """Open a journal of this agent's schema, migrating in a child process if need be."""
    try:
        if _version(path) != SCHEMA:
            _migrate(path)
        db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA cache_size = -1024")
        db.execute("PRAGMA wal_autocheckpoint = 1000")
    except sqlite3.Error as fault:
        raise JournalError(f"{path}: {fault}; is this a journal of this hub?") from None
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


def _migrate(path: Path) -> None:
    job = [sys.executable, "-m", "agent.migrate_io", str(path)]
    done = subprocess.run(job, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise JournalError(f"{path}: cannot be brought up to date: {said}")
