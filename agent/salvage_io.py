"""A damaged journal: set aside, never deleted, and begun anew from what can still be read of it.

Every batch and every snapshot says itself whether it is whole (zlib's sum, and what its other columns say of it). What
is whole goes over; frames are counted anew; where something is missing stands a gap, in which nothing was observed.
What was said is taken over too; what is missing of it, every start puts back from the outbox.
"""

import errno
import json
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from agent.ballast_io import Ballast
from agent.engine import Engine
from agent.files_io import set_aside, sync_folder
from agent.journal_file_io import SCHEMA, JournalError, connect, migrate
from agent.nouns import Alert, BadFrame, Clock, Entry, Frame, Home, Instant
from agent.packing import pack, pack_snapshot, unpack, unpack_readings, unpack_snapshot
from agent.transport.envelope import Verify, open_envelope

SALVAGED: Final = "salvaged.db"  # beside the journal, until it takes its place
READING: Final = "reading.db"  # a copy of the damaged one
LATEST: Final = 1 << 44  # ms; a later instant, a larger number of an epoch or a segment, is damage
MOVED_MS: Final = 1_000_000  # how far a batch's id may lie after its first entry: one for each batch of that instant
FARTHEST: Final = 1 << 45  # how far is looked for a row that can be read again
Row = tuple[Any, ...]
SEGMENT: Final = "id, epoch, first_seq, started_at, agent, home, models, snapshot"
BATCH: Final = "id, first_seq, frames, from_at, to_at, entries, readings"
ALERT: Final = "epoch, seq, segment, id, at, kind, state, severity, body, envelope"
DAMAGE: Final = (sqlite3.DatabaseError, UnicodeDecodeError)  # the second: of a message that names what is garbled
CUSTODY: Final = "at, epoch, seq, id, kind, state, verdict, reason"
# What damaged columns raise, the last where the next journal does not take one.
BAD: Final = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, sqlite3.IntegrityError)


def is_damaged(path: Path) -> bool:
    """Whether a hub cannot start with this journal. JournalError where it is none, or of a newer agent."""
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path, timeout=2.0, isolation_level=None)) as db:
            if db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                return True
            tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if not {"segment", "batch", "alert"} <= tables:
                connect(path).close()  # none yet, or refused
                return False
            (migrations,) = db.execute("SELECT count(*) FROM _sqlite_migrations").fetchone()
            if version != migrations:
                return True
            if version > SCHEMA:
                connect(path).close()
            return not _starts(db)
    except DAMAGE as fault:
        code = getattr(fault, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL):
            raise JournalError(f"{path}: {fault}") from None
        return True


def _starts(db: sqlite3.Connection) -> bool:
    """Whether every segment, and every batch of the last one, is whole."""
    segments = list(db.execute(f"SELECT {SEGMENT} FROM segment ORDER BY id"))
    if not all(_segment(row) for row in segments):
        return False
    last = segments[-1][0] if segments else 0
    rows = list(db.execute(f"SELECT {BATCH} FROM batch WHERE segment = ? ORDER BY id", (last,)))
    (strays,) = db.execute("SELECT count(*) FROM batch WHERE segment NOT IN (SELECT id FROM segment)").fetchone()
    whole = [_batch(row) for row in rows]
    return not strays and all(whole) and all(a[1] + a[2] == b[1] and a[4] <= b[3] for a, b in pairwise(rows))


def begin_anew(path: Path, home: Home) -> Path:
    """Write the next journal from what can be read of this one, and set this one aside; returns where it lies.

    The ballast goes first. Where the disk has no room even then the next one begins empty, and that is said: what was
    said comes back from the outbox. Cut off anywhere, the next start does it again, or finds it done."""
    fresh = path.with_name(SALVAGED)
    Ballast(path.parent).free()
    try:
        _tidy(path)
        migrate(fresh)
        _save(path, fresh, home)
    except (OSError, sqlite3.Error) as fault:
        if not _no_room(fault):
            raise
        _tidy(path)
        print(f"watch: no room for what can be read of {path}: the next journal begins empty", file=sys.stderr)
        migrate(fresh)
    for leftover in path.parent.glob(f"{READING}*"):
        leftover.unlink()
    aside = Path(set_aside(str(path)))
    take_over(path)
    return aside


def _tidy(path: Path) -> None:
    for leftover in (*path.parent.glob(f"{SALVAGED}*"), *path.parent.glob(f"{READING}*")):
        leftover.unlink()


def _save(path: Path, fresh: Path, home: Home) -> None:
    reading = path.with_name(READING)
    for part in ("", "-wal"):  # looked at in a copy: opening it would already change it
        with suppress(FileNotFoundError):
            shutil.copyfile(f"{path}{part}", f"{reading}{part}")
    with closing(sqlite3.connect(fresh, isolation_level=None)) as new:
        new.execute("PRAGMA synchronous = FULL")
        new.execute("BEGIN")
        _carry_over(reading, new, home)
        new.execute("COMMIT")
        new.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _no_room(fault: Exception) -> bool:
    if isinstance(fault, OSError):
        return fault.errno in (errno.ENOSPC, errno.EDQUOT)
    return getattr(fault, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL


def take_over(path: Path) -> None:
    """Where the damaged journal has been set aside, and the next one was written: that is the journal."""
    fresh = path.with_name(SALVAGED)
    if not path.exists() and fresh.exists():
        fresh.replace(path)
        sync_folder(path.parent)


def second_copy(sealed: bytes, verify: Verify) -> Alert | None:
    """An alert from the envelope in which it left: without its words and its evidence. None: it is not ours."""
    try:
        said = open_envelope(sealed, verify)
    except BadFrame:
        return None
    text, clock = "(The words of this alert were lost with a damaged journal.)", Clock(0, said.clock)
    return Alert(
        said.seq, said.id, said.raised, said.kind, said.state, said.severity, said.since, said.room, text, (),
        said.confidence_permille, said.coverage_permille, clock, False, said.test, said.epoch,
    )  # fmt: skip


def _carry_over(reading: Path, new: sqlite3.Connection, home: Home) -> None:
    """What cannot be read is left out; what cannot be written is raised."""
    with closing(sqlite3.connect(reading, isolation_level=None)) as old:
        old.text_factory = bytes
        segments = [row for row in _rows(old, "segment", SEGMENT) if _segment(row)]
        _batches(old, new, segments, home)
        _alerts(old, new)
        _custody(old, new)


def _rows(db: sqlite3.Connection, table: str, columns: str) -> Iterator[Row]:
    """Every row that can be read, in order of its id; past a place that cannot, from where it can be again."""
    after, step = -1, 1
    while step < FARTHEST:
        try:
            for row in db.execute(f"SELECT {columns} FROM {table} WHERE id > ? ORDER BY id", (after,)):
                if not isinstance(row[0], int) or row[0] <= after:
                    raise sqlite3.DatabaseError("out of order")
                after, step = row[0], 1
                yield row
            return
        except DAMAGE as fault:
            if _no_room(fault):
                raise
            after += step
            step *= 2


def _as_far(db: sqlite3.Connection, sql: str) -> Iterator[Row]:
    """Every row before the first place that cannot be read."""
    try:
        yield from db.execute(sql)
    except DAMAGE as fault:
        if _no_room(fault):
            raise


def _segment(row: Row) -> bool:
    """Whether a segment's header is whole."""
    id, epoch, first_seq, started_at, agent, home, models, snapshot = row
    try:
        numbers = all(0 <= number < LATEST for number in (id, epoch, first_seq, started_at))
        texts = [text.decode() if isinstance(text, bytes) else text for text in (agent, home, models)]
        return numbers and isinstance(json.loads(texts[2]), dict) and "now" in unpack_snapshot(snapshot)
    except BAD:
        return False


def _batch(row: Row) -> list[Entry]:
    """Its entries; none: it is damaged."""
    id, first_seq, frames, from_at, to_at, body, readings = row
    try:
        found = list(unpack(body, first_seq, from_at))
        times = [reading.at for reading in unpack_readings(readings, from_at)]
        ats = [entry.at for entry in found]
        sound = 0 <= id - from_at < MOVED_MS and from_at >= 0 and ats[-1] == to_at < LATEST and ats == sorted(ats)
        sound = sound and all(0 <= at <= to_at for at in times)  # before from_at: what a board had kept is told late
        return found if sound and sum(entry.frame is not None for entry in found) == frames else []
    except BAD:
        return []


def _batches(old: sqlite3.Connection, new: sqlite3.Connection, segments: list[Row], home: Home) -> None:
    """Whole batches, each into the last segment that had begun by then, with gaps where some are missing."""
    seq, expected, until, current, count, at_id = 1, None, None, None, 0, -1
    for row in _rows(old, "batch", BATCH):
        id, first_seq, frames, from_at, to_at, body, readings = row
        entries = _batch(row)
        if not entries or (until is not None and from_at < until):
            continue
        begun = [segment for segment in segments if segment[3] <= from_at]
        header = begun[-1] if begun else None
        if count == 0 or header is not current:
            _begin(new, header, seq, from_at, home)
        if until is not None and first_seq != expected:
            gap = Frame("hub", "gap", json.dumps({"from_ms": until}).encode())
            body, frames = pack([Entry(0, Instant(from_at), gap), *entries]), frames + 1
            expected = first_seq - 1
        at_id = max(id, at_id + 1)
        try:
            new.execute(
                "INSERT INTO batch SELECT ?, max(id), ?, ?, ?, ?, ?, ? FROM segment",
                (at_id, seq, frames, from_at, to_at, body, readings),
            )
        except sqlite3.IntegrityError:
            continue
        expected, until, current = first_seq + row[2], to_at, header
        seq, count = seq + frames, count + 1


def _begin(new: sqlite3.Connection, header: Row | None, seq: int, at: int, home: Home) -> None:
    """A segment with its own memory; without a header, with none."""
    words = [text.decode(errors="replace") for text in header[4:7]] if header else ["damaged", home.text, "{}"]
    epoch, started_at = (header[1], header[3]) if header else (1, at)
    memory = header[7] if header else pack_snapshot(Engine(home).snapshot())
    new.execute(
        "INSERT INTO segment (epoch, first_seq, started_at, agent, home, models, snapshot)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (epoch, seq, started_at, *words, memory),
    )


def _alerts(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """From both ends, as far as it can be read; what lies between is in the second copy."""
    for order in ("epoch, seq", "epoch DESC, seq DESC"):
        for row in _as_far(old, f"SELECT {ALERT} FROM alert ORDER BY {order}"):
            with suppress(*BAD):
                words = [word.decode() for word in (row[3], *row[5:9])]
                json.loads(words[-1])
                if all(0 <= number < LATEST for number in (row[0], row[1], row[4])):
                    said = (row[0], row[1], 0, words[0], row[4], *words[1:], row[9])
                    new.execute("INSERT OR IGNORE INTO alert VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", said)


def _custody(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """What became of what was said: from both ends, likewise."""
    for order in ("ASC", "DESC"):
        for row in _as_far(old, f"SELECT {CUSTODY} FROM custody ORDER BY at {order}"):
            with suppress(*BAD):
                words = [word.decode() if isinstance(word, bytes) else word for word in row[3:]]
                if all(0 <= number < LATEST for number in row[:3]):
                    values = (*row[:3], *words)
                    new.execute(f"INSERT OR IGNORE INTO custody ({CUSTODY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
