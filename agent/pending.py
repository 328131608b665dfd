"""What waits to be written to the journal: entries and what they were read as, in memory. Pure.

It is bounded. While the journal cannot be written the oldest is shed, counted, and stands in the journal as a gap, in
which nothing was observed. What was said is never shed; it is not kept here.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from agent.nouns import MINUTE_MS, Entry, Frame, Instant, Reading
from agent.packing import pack, pack_readings

BATCH_ENTRIES: Final = 256  # a full batch is written at once
BATCH_BYTES: Final = 1 << 20  # nor does more than this wait: a batch must be small enough to be read again
BATCH_SPAN_MS: Final = 10 * MINUTE_MS  # and no entry waits longer than this
HELD_MOST: Final = 20_000  # entries held while nothing can be written, some days of a home; then the oldest half goes
HELD_MOST_BYTES: Final = 16 << 20  # of their payloads; likewise


class Batch(NamedTuple):
    """A row of the journal, but for its id and its segment."""

    first_seq: int
    frames: int
    from_at: Instant
    to_at: Instant
    entries: bytes
    readings: bytes


class Pending:
    """Memory of what is not written yet. ``shed`` counts the frames that had to go since the last ``clear``."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.clear()

    def clear(self) -> None:
        self.entries, self.readings = [], list[Reading]()
        self.frames = self.bytes = self.shed = 0
        self._since = Instant(0)  # when the oldest entry came, shed or not

    def take(self, entry: Entry, readings: Sequence[Reading]) -> None:
        entries, frame = self.entries, entry.frame
        if not entries:
            self._since = entry.at
        if frame is None and entries and entries[-1].frame is None:
            entries[-1] = entry  # a run of silence is one row: observed until then
        else:
            entries.append(entry)
            if frame is not None:
                self.frames += 1
                self.bytes += len(frame.payload)
        if readings:
            self.readings.extend(readings)

    def due(self, now: Instant) -> bool:
        """Whether there is enough of it, or it has waited long enough."""
        return len(self.entries) >= BATCH_ENTRIES or now - self._since >= BATCH_SPAN_MS or self.bytes >= BATCH_BYTES

    def bound(self) -> None:
        """It could not be written: let the oldest half go if there is too much of it."""
        if len(self.entries) <= HELD_MOST and self.bytes <= HELD_MOST_BYTES:
            return
        half, kept_bytes = len(self.entries) // 2, 0
        cut = len(self.entries) - 1
        while cut > half and kept_bytes <= HELD_MOST_BYTES // 2:
            frame = self.entries[cut].frame
            kept_bytes += len(frame.payload) if frame is not None else 0
            cut -= 1
        while cut < len(self.entries) - 1 and self.entries[cut].frame is None:
            cut += 1  # the gap takes the number of a frame that goes: what follows it must be one
        kept = self.entries[cut:]
        self.shed += sum(entry.frame is not None for entry in self.entries[:cut])
        seq, at = (kept[0].seq - 1, kept[0].at) if kept[0].frame is not None else (kept[0].seq, kept[0].at)
        gap = Entry(seq, at, Frame("hub", "gap", json.dumps({"from_ms": self._since}).encode()))
        self.entries = [gap, *kept]
        self.frames = sum(entry.frame is not None for entry in self.entries)
        self.bytes = sum(len(entry.frame.payload) for entry in self.entries if entry.frame is not None)
        self.readings = [reading for reading in self.readings if reading.at >= at]

    def batches(self) -> Iterator[Batch]:
        """All of it, in pieces that can be read again."""
        readings, start = self.readings, 0
        while start < len(self.entries):
            end, size = start, 0
            while end < len(self.entries) and end - start < BATCH_ENTRIES and (end == start or size < BATCH_BYTES):
                frame = self.entries[end].frame
                size += len(frame.payload) if frame is not None else 0
                end += 1
            piece, last = self.entries[start:end], end == len(self.entries)
            first, to_at = piece[0], piece[-1].at
            told = next((n for n, reading in enumerate(readings) if reading.at > to_at), len(readings))
            told = len(readings) if last else told
            frames = sum(entry.frame is not None for entry in piece)
            first_seq = first.seq if first.frame is not None else first.seq + 1
            packed = pack_readings(readings[:told], first.at)
            yield Batch(first_seq, frames, first.at, to_at, pack(piece), packed)
            readings, start = readings[told:], end
