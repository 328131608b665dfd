"""What each half hour of the day has seen in the last weeks, and how long the silences were that began around it."""

from typing import Final, cast

from agent.detect.bins import DAY_MS, MINUTE_MS, step
from agent.detect.habits import SLOT_MS, SLOTS, OfTheMorning, sparse, whole
from agent.detect.places import ENTRANCE, PLACES
from agent.nouns import Snapshot

LINE_DAYS: Final = 35  # days whose half hours are remembered
AHEAD: Final = (0, 2, 4, 8, 16)  # half hours ahead of now
LINE_MS: Final = 5 * MINUTE_MS  # shorter silences leave no mark in a half hour


class HalfHours:
    """What each half hour of the day has seen in the last LINE_DAYS days: silences that ran through it, silences that
    began in it, whether anything was heard. The running day is not asked, so answers are of the morning."""

    def __init__(self) -> None:
        self._reached = [[0] * SLOTS for _ in range(LINE_DAYS)]  # longest silence so far at each half hour, in steps
        self._active = [[0] * SLOTS for _ in range(LINE_DAYS)]  # whether anything was heard
        self._begun = [[[0] * SLOTS for _ in range(LINE_DAYS)] for _ in PLACES]  # longest silence begun there then
        self._day = -1
        self._days: list[int] = []  # of the rings, yesterday first
        self._line = OfTheMorning(self._make_line)
        self._begun_near = OfTheMorning(self._make_begun)
        self._begun_here = OfTheMorning(self._make_here)

    def mark(self, local_ms: int) -> None:
        """Something was heard."""
        self._active[local_ms // DAY_MS % LINE_DAYS][local_ms % DAY_MS // SLOT_MS] = 1

    def learn(self, place: int, began: int, silence_ms: int) -> None:
        """A silence of LINE_MS and more that began at a place, at ``began`` by the wall."""
        day = self._begun[place][began // DAY_MS % LINE_DAYS]
        slot = began % DAY_MS // SLOT_MS
        day[slot] = max(day[slot], step(silence_ms))
        for slot in range(began // SLOT_MS, (began + silence_ms) // SLOT_MS + 1):
            reached = step(min((slot + 1) * SLOT_MS - began, silence_ms))
            day = self._reached[slot // SLOTS % LINE_DAYS]
            day[slot % SLOTS] = max(day[slot % SLOTS], reached)

    def turn(self, day: int, days_known: int) -> None:
        """A new local day begins: what lies LINE_DAYS back is forgotten."""
        for each in range(max(self._day, day - LINE_DAYS) + 1, day + 1):
            self._reached[each % LINE_DAYS] = [0] * SLOTS
            self._active[each % LINE_DAYS] = [0] * SLOTS
            for begun in self._begun:
                begun[each % LINE_DAYS] = [0] * SLOTS
        self._day = day
        self._days = [(day - back) % LINE_DAYS for back in range(1, min(days_known, LINE_DAYS - 1) + 1)]
        for made in (self._line, self._begun_near, self._begun_here):
            made.turn()

    def row(self, local_ms: int, place: int) -> list[int]:
        """The features of now: lines some half hours ahead, silences begun around now, and here."""
        slot = local_ms % DAY_MS // SLOT_MS
        found: list[int] = []
        for ahead in AHEAD:
            found += self._line((slot + ahead) % SLOTS)
        return found + self._begun_near(slot) + self._begun_here(place * SLOTS + slot)

    def _make_line(self, slot: int) -> list[int]:
        """Of a half hour: the longest silence it saw, what a fifth of the days exceeded, permille of days quiet."""
        if not self._days:
            return [0, 0, 0]
        reached = sorted([self._reached[day][slot] for day in self._days], reverse=True)
        quiet = sum(not self._active[day][slot] for day in self._days)
        return [reached[0], reached[len(reached) // 5], quiet * 1_000 // len(self._days)]

    def _make_begun(self, slot: int) -> list[int]:
        """How long the silences were that began around a half hour, at any place but an entrance: the longest of each
        day, then of the days."""
        if not self._days:
            return [0, 0, 0, 0]
        inside = [begun for place, begun in enumerate(self._begun) if place != ENTRANCE]
        near = (slot - 1, slot, slot + 1 - SLOTS)
        each = sorted([max(max(begun[day][s] for s in near) for begun in inside) for day in self._days], reverse=True)
        size = len(each)
        return [each[0], each[min(1, size - 1)], each[size // 5], each[size // 2]]

    def _make_here(self, key: int) -> list[int]:
        """The same at one place, over the days on which it was used, two half hours around."""
        place, slot = divmod(key, SLOTS)
        around = [(slot + shift) % SLOTS for shift in (-2, -1, 0, 1, 2)]
        rows = [row for row in (self._begun[place][day] for day in self._days) if any(row)]
        each = sorted([max([row[a] for a in around]) for row in rows], reverse=True)
        return [each[0], each[min(1, len(each) - 1)], each[len(each) // 5]] if each else [0, 0, 0]

    def snapshot(self) -> Snapshot:
        return {
            "reached": [sparse(row) for row in self._reached],
            "active": [sparse(row) for row in self._active],
            "begun": [[sparse(row) for row in begun] for begun in self._begun],
            "day": self._day,
            "days": self._days,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._reached = [whole(row) for row in cast(list[list[int]], snapshot["reached"])]
        self._active = [whole(row) for row in cast(list[list[int]], snapshot["active"])]
        begun = cast(list[list[list[int]]], snapshot["begun"])
        self._begun = [[whole(row) for row in rows] for rows in begun]
        self._day, self._days = cast(int, snapshot["day"]), list(cast(list[int], snapshot["days"]))
        for made in (self._line, self._begun_near, self._begun_here):
            made.turn()
