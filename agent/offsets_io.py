"""By how much the wall clock of a hub stood ahead of its instants, as its journal tells it: civil time is at + offset.

A hub without a clock battery starts where its clock stood, and a time server corrects it: hours, or days, later.
"""

import json
import threading
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from agent.journal_file_io import JournalError, Written
from agent.nouns import SECOND_MS, Instant
from agent.packing import EVER, frames_of, unpack_snapshot

FIRST_BATCHES: Final = 8  # in which what is said within BOOT_MS stands
BOOT_MS: Final = 10 * SECOND_MS  # a correction so soon after a start holds from the start on


class Corrections:
    """``found``: from which instant on, and by how much (ms); what is before the first is as it was after it."""

    def __init__(self, found: Sequence[tuple[int, int]]) -> None:
        self._ats = [at for at, _ in found]
        self._by = [by for _, by in found] or [0]

    def by(self, at: Instant) -> int:
        return self._by[max(0, bisect_right(self._ats, at) - 1)]

    def civil(self, at: Instant) -> Instant:
        return Instant(at + self.by(at))

    def within(self, since: Instant, until: Instant) -> Iterator[tuple[Instant, Instant, int]]:
        """The stretches of instants, each with its offset, at which the wall may have shown [since, until)."""
        begins = [-EVER, *self._ats[1:]]
        for begin, end, by in zip(begins, [*begins[1:], EVER], self._by, strict=True):
            first, last = max(begin, since - by), min(end, until - by)
            if first < last:
                yield Instant(first), Instant(last), by


class Offsets:
    """What of a journal has been looked through for it; several threads may ask. Each batch is looked at once, as long
    as nobody asks for what was before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: int | None = None
        self._last = -1
        self._boot = -EVER
        self._found: list[tuple[int, int]] = []

    def of(self, journal: Written, since: Instant, most: int = -1) -> Corrections:
        """For what the wall showed from ``since`` on, in so many batches at most. JournalError if the journal cannot be
        read."""
        with self._lock:
            if self._since is None or since < self._since:
                self._begin(journal, since)
            for id, from_at, entries in journal.rows(
                "SELECT id, from_at, entries FROM batch WHERE id > ? ORDER BY id LIMIT ?", (self._last, most)
            ):
                self._hear(id, from_at, entries)
            return Corrections(tuple(self._found))

    def _begin(self, journal: Written, since: Instant) -> None:
        """At the segment that began before ``since``: it knows what held when it did."""
        started, by = _segment(journal, since)
        if by > 0:
            started, by = _segment(journal, Instant(since - by))
        self._since, self._last, self._boot, self._found = since, started - 1, -EVER, [(started, by)]

    def _hear(self, id: int, from_at: int, entries: bytes) -> None:
        try:
            for at, address, payload in frames_of(entries, from_at, "hub"):
                if address == "boot":
                    self._boot = at
                elif address == "clock":
                    with suppress(ValueError, KeyError, TypeError):  # nothing that was believed
                        self._correct(at, int(json.loads(payload)["offset_ms"]))
        except ValueError as fault:
            raise JournalError(f"the batch from {from_at} on is {fault}; export what is before it") from None
        self._last = id

    def _correct(self, at: Instant, by: int) -> None:
        if by != self._found[-1][1]:
            since, before = self._boot if at - self._boot <= BOOT_MS else at, self._found[-1][0]
            if since <= before:
                self._found.pop()
            self._found.append((max(since, before), by))


def first_civil(journal: Written) -> Instant | None:
    """What the wall showed when the first entry came; None: the journal is empty."""
    first = journal.first()
    return None if first is None else Offsets().of(journal, first, most=FIRST_BATCHES).civil(first)


def _segment(journal: Written, at: Instant) -> tuple[int, int]:
    """When the last segment that had begun at ``at`` did, and the offset then; else of the first."""
    rows: list[tuple[Any, ...]] = list(
        journal.rows(
            "SELECT started_at, snapshot FROM segment ORDER BY started_at > ?, abs(started_at - ?) LIMIT 1", (at, at)
        )
    )
    for started, snapshot in rows:
        with suppress(ValueError, KeyError, TypeError, IndexError):  # of another format: it began with no offset
            known: Any = unpack_snapshot(snapshot)
            return int(started), int(known["proof"]["clock"][0])
        return int(started), 0
    return 0, 0
