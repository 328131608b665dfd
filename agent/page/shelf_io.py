"""The days of a home, each counted once and kept for whoever asks next.

A day needs the 28 before it for what is usual; read anew, they are 160,000 readings and most of a second. What a day
came to takes a few kilobytes, and stays what it was once the day is long enough over.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from agent.civil import Wall
from agent.journal_file_io import Written
from agent.nouns import Home, Instant
from agent.offsets_io import Offsets, first_civil
from agent.packing import LATEST_MS
from agent.past_io import past_between
from agent.summary.bounds import USUAL_DAYS, bounds_of
from agent.summary.counts import Count, Counted
from agent.summary.day import Day, Days

KEPT_DAYS: Final = 430  # what is older is counted when somebody asks
WAY_S: Final = 0.002  # after each day that is counted ahead, so that somebody who asks goes first


class Shelf:
    """``journal``: of a hub that may be running. One day is counted at a time, whoever asks: its readings are the most
    that is ever in memory."""

    def __init__(self, journal: Path) -> None:
        self._journal, self.offsets = journal, Offsets()
        self._turn = threading.Lock()
        self._home: Home | None = None
        self._known: dict[int, Counted] = {}  # without what their figures rest on

    def day(self, home: Home, number: int, wall_now: Instant) -> Day:
        """One day with all that is told of it. JournalError if it cannot be read."""
        with self._turn:
            known = self._counted(home, range(number - USUAL_DAYS, number), wall_now)
            with self._days(home, number, number, number, wall_now, known) as (days, _):
                return days.day(number)

    def days(self, home: Home, first: int, last: int, wall_now: Instant) -> list[Day]:
        """The days from ``first`` to ``last`` with their figures and nights alone. JournalError as above."""
        with self._turn:
            known = self._counted(home, range(first - USUAL_DAYS, last + 1), wall_now)
            with self._days(home, first, last, last + 1, wall_now, known) as (days, _):
                return [days.day(number) for number in range(first, last + 1)]

    def _counted(self, home: Home, numbers: range, wall_now: Instant, keep: bool = False) -> dict[int, Counted]:
        """What each of these days came to. It is kept if the day is over for good, and goes on from one that is kept,
        or was over before the journal began: how many are there may have been said long ago for the last time."""
        if home != self._home:
            self._home, self._known = home, {}
        kept = self._known
        found: dict[int, Counted] = {}
        began = None if all(number in kept for number in numbers) else self._began()
        for number in numbers:
            if number not in kept:
                before = {number - 1: found[number - 1]} if number - 1 in found else {}
                with self._days(home, number, number, number, wall_now, before) as (days, now):
                    found[number] = _bare(days.count(number))
                until = bounds_of(home, number).until
                if until + LATEST_MS <= now and (keep or number - 1 in kept or (began is not None and until <= began)):
                    kept[number] = found[number]
            else:
                found[number] = kept[number]
        for number in list(kept)[: max(0, len(kept) - KEPT_DAYS)]:
            kept.pop(number, None)
        return found

    def _began(self) -> Instant | None:
        journal = Written(self._journal, read_only=True)
        try:
            return first_civil(journal)
        finally:
            journal.close()

    @contextmanager
    def _days(
        self, home: Home, first: int, last: int, start: int, wall_now: Instant, known: Mapping[int, Counted]
    ) -> Iterator[tuple[Days, Instant]]:
        """For days from ``first`` to ``last``, of which those from ``start`` on are not ``known``."""
        journal = Written(self._journal, read_only=True)
        try:
            past, now = past_between(journal, home, first, last, bounds_of(home, start).since, wall_now, self.offsets)
            yield Days(home, past, now, known), now
        finally:
            journal.close()

    def count_ahead(self, home: Home, wall_now: Instant) -> int:
        """All that will be asked for sooner or later, oldest first, so that each day goes on from the one before; how
        many are kept."""
        journal = Written(self._journal, read_only=True)
        try:
            first, end = first_civil(journal), journal.last()
            if first is None or end is None:
                return 0
            whole = Offsets()  # apart, so that nobody who asks for today waits for all of it
            end_at = whole.of(journal, first).civil(end[1])
            self.offsets = whole
        finally:
            journal.close()
        wall = Wall(home.timezone)
        last = wall.day(end_at)
        for number in range(max(wall.day(first), last - KEPT_DAYS + USUAL_DAYS), last + 1):
            with self._turn:
                self._counted(home, range(number - 1, number + 1), wall_now, keep=True)
            time.sleep(WAY_S)
        return len(self._known)


_alone = cache(Count)  # a year of days has few different numbers in it


def _bare(counted: Counted) -> Counted:
    counts = {name: _alone(count.value) for name, count in counted.counts.items()}
    return replace(counted, counts=counts, stays=(), doors=())
