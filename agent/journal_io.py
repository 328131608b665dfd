"""The journal on disk: SQLite, WAL, one writer.

Readings are written in batches with ``synchronous=NORMAL``; a transaction that holds an alert is written at once,
with FULL, so that it is on the disk before anybody is told. A power cut may therefore cost the readings of the last
``BATCH_SPAN_MS`` and what the kernel had not yet written back, never an alert.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

from agent.engine import Engine
from agent.journal_file_io import JournalError as JournalError
from agent.journal_file_io import Written, migrate
from agent.loop import fill, run
from agent.nouns import SECOND_MS, Alert, Entry, Instant, Outcome, Snapshot, Step
from agent.packing import alert_line, pack_snapshot, unpack, unpack_snapshot
from agent.pending import Pending

SEGMENT_FRAMES: Final = 50_000  # a longer segment is closed: restart replays no more than this
SEGMENTS: Final = "SELECT id, epoch, first_seq, started_at, agent, home, models, snapshot FROM segment"
AGAIN_MS: Final = 30 * SECOND_MS  # what could not be written is tried again so much later, or with the next alert


class Unwritten(Exception):
    """The journal cannot be written now. What was to be written is kept in memory, and written once it can be."""

    def __init__(self, fault: sqlite3.Error) -> None:
        super().__init__(str(fault))
        code = getattr(fault, "sqlite_errorcode", 0) & 0xFF
        self.full = code == sqlite3.SQLITE_FULL
        self.damaged = code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Sealed(NamedTuple):
    """What was said, and the envelope in which it leaves the house (None: said in a replay only)."""

    alert: Alert
    envelope: bytes | None


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


class Journal(Written):
    """The open journal. ``put`` makes it the sink of the loop; ``seal`` makes an alert's envelope; None: a replay."""

    def __init__(self, path: Path, home_id: str = "") -> None:
        super().__init__(path)
        self._home_id = home_id
        self.seal: Callable[[Alert], bytes] | None = None
        self._pending = Pending()
        self._unwritten: list[Sealed] = []
        self._steps: list[Step] = []
        self.said: list[Sealed] = []  # sealed and not handed over: for whoever carries it away and clears this
        self._again = Instant(0)  # no try to write before that, unless there is an alert
        self.behind = False  # the last try to write failed
        ((newest,),) = self.rows("SELECT coalesce(max(id), -1) FROM batch")
        self._batch = int(newest)
        ((segment,),) = self.rows("SELECT coalesce(max(id), 0) FROM segment")
        self._segment = int(segment)
        self._segment_frames = SEGMENT_FRAMES  # until ours has begun

    # -- writing -----------------------------------------------------------------------------------------------

    def begin(self, engine: Engine, at: Instant, seq: int, version: str) -> None:
        """Start a segment: everything needed to replay what follows, without what came before. Durably, since a start
        reserves its epoch so. Unwritten: the running segment goes on."""
        self.flush()
        models = json.dumps(engine.models.digests())
        memory = pack_snapshot(engine.snapshot())
        row = (engine.incidents.epoch, seq, at, version, engine.home.text, models, memory)
        statement = (
            "INSERT INTO segment (epoch, first_seq, started_at, agent, home, models, snapshot)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)"
        )
        with self._transaction("FULL"):
            self._segment = int(self._db.execute(statement, row).lastrowid or 0)
        self._segment_frames = 0

    def put(self, entry: Entry, outcome: Outcome) -> None:
        """Take one entry in; write when there is enough of it, and at once if it made an alert, which is sealed in
        any case. Unwritten: it is kept, and what was said is to be sent all the same."""
        self._pending.take(entry, outcome.readings)
        self._steps += outcome.steps
        for alert in outcome.alerts:
            sealed = Sealed(alert, self.seal(alert) if self.seal is not None else None)
            self._unwritten.append(sealed)
            if sealed.envelope is not None:
                self.said.append(sealed)
        due = self._pending.due(entry.at) or self.waits or self.behind
        if outcome.alerts or (due and entry.at >= self._again):
            try:
                self.flush()
            except Unwritten:
                self._again = Instant(entry.at + AGAIN_MS)
                raise

    def flush(self) -> None:
        """Write what is pending, in one transaction; what was said, durably before this returns."""
        if not self._pending.entries and not self._unwritten:
            return
        batch = self._batch
        try:
            with self._transaction("FULL" if self._unwritten else "NORMAL"):
                for piece in self._pending.batches():
                    batch = max(piece.from_at, batch + 1)
                    self._db.execute(
                        "INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (batch, self._segment, *piece)
                    )
                for sealed in self._unwritten:
                    self._write_alert(sealed)
                self._db.executemany("INSERT OR IGNORE INTO custody VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self._steps)
        except Unwritten:
            self._pending.bound()
            raise
        # What had to be shed is in no segment: another one must begin, with what is known now.
        self._segment_frames += SEGMENT_FRAMES if self._pending.shed else self._pending.frames
        self._batch, self._again = batch, Instant(0)
        self._pending.clear()
        self._unwritten.clear()
        self._steps.clear()

    def put_back(self, sealed: Iterable[Sealed]) -> None:
        """What was said, and is missing here: it is written with what comes next."""
        self._unwritten += sealed

    @contextmanager
    def _transaction(self, synchronous: str) -> Iterator[None]:
        """All of it is written, or nothing: Unwritten."""
        try:
            self._db.execute(f"PRAGMA synchronous = {synchronous}")
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except sqlite3.Error as fault:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            self.behind = True
            raise Unwritten(fault) from None
        self.behind = False

    def _write_alert(self, sealed: Sealed) -> None:
        alert, envelope = sealed
        said = (alert.id, alert.at, alert.kind, alert.state, alert.severity, alert_line(alert, self._home_id))
        row = (alert.epoch, alert.seq, self._segment, *said, envelope)
        self._db.execute("INSERT INTO alert VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    @property
    def pending(self) -> bool:
        """Whether anything that was taken in is not written."""
        return bool(self._pending.entries)

    @property
    def waits(self) -> bool:
        """Whether anything that was said is not written."""
        return bool(self._unwritten)

    def is_long(self) -> bool:
        """Whether the running segment has grown so long that a new one should begin."""
        return self._segment_frames >= SEGMENT_FRAMES

    # -- reading -----------------------------------------------------------------------------------------------

    def segments(self) -> list[Segment]:
        return [_segment(row) for row in self.rows(f"{SEGMENTS} ORDER BY id")]

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

    def last_said(self) -> tuple[int, int]:
        """The highest epoch, and the last number in it; (0, 0): no segment yet."""
        ((epoch, seq),) = self.rows("SELECT coalesce(max(epoch), 0), 0 FROM segment")
        row = next(self.rows("SELECT epoch, seq FROM alert ORDER BY epoch DESC, seq DESC LIMIT 1"), (0, 0))
        return max((epoch, seq), (row[0], row[1]))

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

    def copy_segment(self, segment: int, path: Path) -> None:
        """One segment with its entries and alerts as a journal of its own: what a technician takes along."""
        migrate(path)
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
