"""What is wrong with a journal: damaged pages, batches that cannot be read, frames and alerts that are not there."""

from collections.abc import Iterator
from pathlib import Path

from agent.journal_io import Journal, JournalError
from agent.packing import unpack, unpack_readings, unpack_snapshot


def verify(path: Path) -> list[str]:
    """What is wrong with a journal file; nothing: it is whole. JournalError if it is none, or of a newer agent."""
    journal = Journal(path)
    wrong: list[str] = []
    try:
        wrong += [str(row[0]) for row in journal.rows("PRAGMA integrity_check") if row[0] != "ok"]
        for check in (_segments, _batches, _alerts):
            wrong += check(journal)
    except JournalError as fault:
        wrong.append(str(fault))
    finally:
        journal.close()
    return wrong


def _segments(journal: Journal) -> Iterator[str]:
    for id, snapshot in journal.rows("SELECT id, snapshot FROM segment ORDER BY id"):
        try:
            unpack_snapshot(snapshot)
        except ValueError as fault:
            yield f"the snapshot of segment {id} is {fault}"


def _batches(journal: Journal) -> Iterator[str]:
    """Batches that are damaged, and frames that are in none."""
    ((expected,),) = journal.rows("SELECT coalesce(min(first_seq), 1) FROM segment")
    rows = journal.rows("SELECT first_seq, from_at, to_at, frames, entries, readings FROM batch ORDER BY id")
    for first_seq, from_at, to_at, frames, entries, readings in rows:
        if first_seq != expected:
            yield f"frames {expected} to {first_seq - 1} are missing"
        expected = first_seq + frames
        try:
            found = list(unpack(entries, first_seq, from_at))
            said = list(unpack_readings(readings, from_at))
        except ValueError as fault:
            yield f"the batch at frame {first_seq} is {fault}"
            continue
        if sum(entry.frame is not None for entry in found) != frames or found[-1].at != to_at:
            yield f"the batch at frame {first_seq} does not hold the {frames} frames that were written"
        if any(not 0 <= reading.at <= to_at for reading in said):  # before from_at: what a board had kept is told late
            yield f"the readings of the batch at frame {first_seq} are not of its time"
    for first_seq, id in journal.rows("SELECT first_seq, id FROM segment WHERE first_seq > ?", (expected,)):
        yield f"frames {expected} to {first_seq - 1} are missing before segment {id}"


def _alerts(journal: Journal) -> Iterator[str]:
    rows = journal.rows("SELECT epoch, max(seq) - min(seq) + 1 - count(*) FROM alert GROUP BY epoch")
    yield from (f"{missing} alerts of epoch {epoch} are missing" for epoch, missing in rows if missing)
    late = journal.rows("SELECT id FROM alert WHERE at > (SELECT coalesce(max(to_at), 0) FROM batch)")
    yield from (f"alert {id} is newer than every entry: frames are missing at the end" for (id,) in late)
