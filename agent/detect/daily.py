"""A question that is asked once a local day, at a time on the kitchen wall; and the usual that such a time follows.

Days of 23 and 25 hours, times that do not exist or come twice are the business of ``Wall.instant``: it gives one
instant for each local day, so there is one question for each local day.
"""

from collections.abc import Callable
from typing import Final, cast

from agent.civil import Wall
from agent.detect.waiting import Wait, cannot_see, later
from agent.nouns import HOUR_MS, MINUTE_MS, Clock, Instant, Snapshot, Watch

SEEN_MS: Final = 10 * MINUTE_MS  # a question is asked once so much before it could be seen: a sign may just be coming
LATE_MS: Final = 3 * HOUR_MS  # and no longer than this after its time: then it is not that time's question any more
NEVER: Final = -1


class Daily:
    """Which local day's question comes next, and when. ``due`` and ``look`` are instants like ``at``, not civil.

    Blind spells in the last ``SEEN_MS`` before the question put it off by their length, and by no more.
    """

    def __init__(self, wall: Wall, due_on: Callable[[int], Instant]) -> None:
        self._wall = wall
        self._due_on = due_on  # local day -> when its question is due, civil
        self._settled: Instant | None = None  # the question that was answered last: when it was due, civil
        self.offset_ms = 0
        self.day = NEVER
        self.due: Instant | None = None
        self._wait: Wait | None = None
        self._blind = False  # as last told; not memory

    @property
    def look(self) -> Instant | None:
        """When to ask; for one who sees nothing, when it is too late to ask."""
        if self._wait is None or self.due is None:
            return None
        return self._wait.due if self._wait.due is not None else Instant(self.due + LATE_MS)

    def follow(self, now: Instant, watch: Watch) -> bool:
        """Find the next question if there is none yet or the clock was set; say whether it was looked for."""
        self._blind = cannot_see(watch)
        self._hold(now)
        return self._follow(now, watch.clock)

    def _hold(self, now: Instant) -> None:
        wait = self._wait
        if wait is None or self.due is None:
            return
        wait.hold(now, self._blind)
        if wait.left_ms is not None:
            wait.left_ms = min(wait.left_ms, SEEN_MS)
        elif wait.due is not None and wait.due < self.due:
            wait.due = self.due

    def _follow(self, now: Instant, clock: Clock) -> bool:
        if self.due is None:
            self.offset_ms = clock.offset_ms
            self.find(now)
        elif clock.offset_ms != self.offset_ms:
            self.offset_ms = clock.offset_ms
            self.find(now, LATE_MS)
        else:
            return False
        return True

    def settle(self, now: Instant) -> None:
        """This day's question is answered, one way or another."""
        self._settled = self._due_on(self.day)
        self.find(now)

    def find(self, now: Instant, late_ms: int = 0) -> None:
        """The first unanswered question of today or later; still asked if it was due less than ``late_ms`` ago."""
        civil = Instant(now + self.offset_ms)
        day = self._wall.day(civil)
        while (due := self._due_on(day)) + late_ms <= civil or due == self._settled:
            day += 1
        self.day = day
        self.due = Instant(due - self.offset_ms)
        self._wait = Wait(self.due)
        self._hold(now)

    def put_off(self, now: Instant, watch: Watch) -> bool:
        """Whether the question cannot be judged just now, because the clock is not known, and is asked later."""
        assert self.due is not None
        if now >= self.due + LATE_MS or watch.clock.quality != "unknown":
            return False
        self._wait = Wait(later(now, SEEN_MS))
        return True

    def snapshot(self) -> Snapshot:
        return {
            "settled": self._settled,
            "offset_ms": self.offset_ms,
            "day": self.day,
            "due": self.due,
            "wait": self._wait and self._wait.plain(),
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._settled = cast(Instant | None, snapshot["settled"])
        self.offset_ms, self.day = cast(int, snapshot["offset_ms"]), cast(int, snapshot["day"])
        self.due = cast(Instant | None, snapshot["due"])
        wait = cast(tuple[Instant | None, int | None] | None, snapshot["wait"])
        self._wait = None if wait is None else Wait(*wait)
        if self.due is not None and self.due != self._due_on(self.day) - self.offset_ms:
            self.forget()  # the plan, or the home's time zone, has changed since

    def forget(self) -> None:
        """The question is not this one any more; the next is found at the next ``follow``."""
        self.due = self._wait = None


USUAL_AFTER_DAYS: Final = 14  # days known before the resident's own usual is believed
USUAL_OVER_DAYS: Final = 28  # days that make it; older ones are forgotten
USUAL_MARGIN_MINUTES: Final = 60  # later than the latest of them by this
BEFORE_USUAL_MINUTE: Final = 12 * 60  # until enough days are known
LAST_MINUTE: Final = 24 * 60 - 1


class Usual:
    """When somebody is up at the latest, learned from the first sign of each morning. Minutes of the day, local."""

    def __init__(self, night_ends_minute: int) -> None:
        self._least = night_ends_minute + USUAL_MARGIN_MINUTES
        self._days: dict[int, int] = {}

    def learn(self, day: int, minute: int) -> None:
        self._days[day] = minute
        self._days = {known: at for known, at in self._days.items() if day - USUAL_OVER_DAYS <= known <= day}

    def minute(self, day: int) -> int:
        """The minute of ``day`` by which there should have been a sign; only days before it count."""
        known = [at for before, at in self._days.items() if day - USUAL_OVER_DAYS <= before < day]
        latest = max(known) + USUAL_MARGIN_MINUTES if len(known) >= USUAL_AFTER_DAYS else BEFORE_USUAL_MINUTE
        return min(max(latest, self._least), LAST_MINUTE)

    def plain(self) -> list[tuple[int, int]]:
        return sorted(self._days.items())

    def take(self, plain: list[tuple[int, int]]) -> None:
        self._days = dict(plain)
