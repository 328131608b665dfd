"""The days of a home, each counted once and kept for whoever asks next.

A day needs the 28 before it for what is usual; read anew, they are 160,000 readings and most of a second. What a day
came to takes a few kilobytes, and stays what it was once the day is long enough over.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Final

from agent.civil import Wall
from agent.journal_file_io import Written
from agent.nouns import Home, Instant, Reading
from agent.packing import LATEST_MS
from agent.past_io import past_between
from agent.summary.bounds import USUAL_DAYS, bounds_of
from agent.summary.counts import Count, Counted
from agent.summary.day import Day, Days, Past
from agent.summary.signs import IN_BED

KEPT_DAYS: Final = 430  # what is older is counted when somebody asks
STATES: Final = IN_BED | {"people"}  # what a day begins with is what was said of these last


class Known(Days):
    """Days of which some are counted already."""

    def __init__(self, home: Home, past: Past, now: Instant, known: dict[int, Counted]) -> None:
        super().__init__(home, past, now)
        self._known = known

    def count(self, number: int) -> Counted:
        return self._known.get(number) or super().count(number)


class Shelf:
    """``journal``: of a hub that may be running. Of several threads that ask at once one counts at a time: three
    days' readings are the most that is ever in memory."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._counting = threading.Lock()
        self._home: Home | None = None
        self._known: dict[int, Counted] = {}  # without what their figures rest on
        self._begins: dict[int, tuple[Reading, ...]] = {}  # day -> what was last said of STATES before its noon before

    def day(self, home: Home, number: int, wall_now: Instant) -> Day:
        """One day with all that is told of it. JournalError if it cannot be read."""
        return self._days(home, number, number, wall_now, whole=True)[0]

    def days(self, home: Home, first: int, last: int, wall_now: Instant) -> list[Day]:
        """The days from ``first`` to ``last`` with their figures and nights alone. JournalError as above."""
        return self._days(home, first, last, wall_now, whole=False)

    def _days(self, home: Home, first: int, last: int, wall_now: Instant, whole: bool) -> list[Day]:
        if home != self._home:
            self._home, self._known, self._begins = home, {}, {}
        numbers = range(first - USUAL_DAYS, last + (not whole))
        known = {number: self._known[number] for number in numbers if number in self._known}
        for number in numbers:
            if number not in known:
                with self._counting, self._opened(home, number, number, number, wall_now, known) as (days, now):
                    known[number] = _bare(days.count(number))
                if bounds_of(home, number).until + LATEST_MS <= now:
                    self._known[number] = known[number]
        for number in list(self._known)[: max(0, len(self._known) - KEPT_DAYS)]:
            self._known.pop(number, None)
            self._begins.pop(number, None)
        with (
            self._counting,
            self._opened(home, first, last, first if whole else last + 1, wall_now, known) as (days, _),
        ):
            return [days.day(number) for number in range(first, last + 1)]

    @contextmanager
    def _opened(
        self, home: Home, first: int, last: int, start: int, wall_now: Instant, known: dict[int, Counted]
    ) -> Iterator[tuple[Days, Instant]]:
        """For days from ``first`` to ``last``, of which those from ``start`` on are not ``known``."""
        journal = Written(self._journal, read_only=True)
        try:
            past, now = past_between(journal, home, first, last, bounds_of(home, start).since, wall_now)
            told = _noted(home, start, chain(self._begins.get(start, ()), past.readings), self._begins)
            yield Known(home, past._replace(readings=told), now, known), now
        finally:
            journal.close()

    def count_ahead(self, home: Home, wall_now: Instant) -> None:
        """All that will be asked for sooner or later, oldest first, so that each day begins as the one before ended."""
        journal = Written(self._journal, read_only=True)
        try:
            first, end = journal.first(), journal.last()
        finally:
            journal.close()
        if first is None or end is None:
            return
        wall = Wall(home.timezone)
        last = wall.day(end[1])
        for number in range(max(wall.day(first), last - KEPT_DAYS + USUAL_DAYS), last + 1):
            self.days(home, number, number, wall_now)


def _bare(counted: Counted) -> Counted:
    counts = {name: Count(count.value) for name, count in counted.counts.items()}
    return replace(counted, counts=counts, stays=(), doors=())


def _noted(
    home: Home, start: int, readings: Iterable[Reading], begins: dict[int, tuple[Reading, ...]]
) -> Iterator[Reading]:
    """The readings as they are; what was last said of STATES is noted at each noon."""
    last: dict[tuple[str, str], Reading] = {}
    number, noon = start + 1, bounds_of(home, start + 1).since
    for reading in readings:
        while reading.at >= noon:
            begins[number] = tuple(sorted(last.values()))
            number, noon = number + 1, bounds_of(home, number + 1).since
        if reading.quantity in STATES:
            last[reading.sensor, reading.quantity] = reading
        yield reading
