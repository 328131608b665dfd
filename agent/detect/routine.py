"""``not_up`` and ``not_home``: what the plan expects of a day by a time on the wall."""

from collections.abc import Iterable, Sequence
from typing import Final, cast

from agent.civil import Wall, in_window
from agent.detect.daily import NEVER, Daily, Usual
from agent.detect.waiting import resting
from agent.detect.whereabouts import Whereabouts
from agent.nouns import ACTIVITY, DAY_MS, HOUR_MS, Finding, Home, Instant, Reading, Snapshot, Watch, is_activity

LEAD_MS: Final = 3 * HOUR_MS  # chosen: how long before a time within the night a sign of getting up counts for it
SLOWER_MOST_MINUTES: Final = 60  # a day that raised not_up makes the usual later by no more than this


def _signs(home: Home) -> frozenset[str]:
    """Sensors whose activity is a sign of getting up: outside bedrooms, or all where there are no others.

    Beds are not among them: only leaving one is a sign.
    """
    able = [sensor for sensor in home.sensors.values() if sensor.kind != "bed"]
    outside = [sensor for sensor in able if home.rooms[sensor.room].kind != "bedroom"]
    return frozenset(s.id for s in (outside if any(s.kind in ACTIVITY for s in outside) else able))


class NotUp:
    """No sign of getting up by the plan's time, or by the resident's own usual; once a local day.

    Signs count from the night's end. Where that leaves no time before the plan's (a plan within the night, at its
    very end, or on a day when the clocks change between the two) they count from ``LEAD_MS`` before it: "up by 01:30"
    is asked of the three hours before 01:30. A home that was observed for less than half of that time is not asked.

    Who left within the day before is not asked for: a night at a daughter's is no alarm. On the second morning the
    question is asked, once: the door may have been a visitor's, and then nothing else would ever tell of who stayed.
    A bed that says occupied excuses nobody.
    """

    name = "not_up"
    hears = ACTIVITY

    def __init__(self, home: Home, whereabouts: Whereabouts) -> None:
        self._whereabouts = whereabouts
        self._signs = _signs(home)
        self._answers = frozenset(sensor.id for sensor in home.sensors.values() if sensor.role == "answer")
        self._by, self._night = home.care.not_up_by, home.care.night
        self._wall = Wall(home.timezone)
        self._usual = Usual(self._night[1])
        self._daily = Daily(self._wall, self._due_on)
        self._watch: Watch | None = None  # as last seen; not memory, only spares looking at it again
        self._day = NEVER  # that is asked next
        self._start = Instant(0)  # signs of that day count from here
        self._sign_at: Instant | None = None
        self._observed = True
        self._observed_ms = 0  # of the time since ``_start``, up to ``_tallied_at``
        self._tallied_at = Instant(0)
        self._raised: tuple[Instant, int] | None = None  # since, local day

    def _minute_on(self, day: int) -> int:
        return self._by if self._by is not None else self._usual.minute(day)

    def _due_on(self, day: int) -> Instant:
        return self._wall.instant(day, self._minute_on(day))

    def _start_on(self, day: int) -> Instant:
        due, start = self._due_on(day), self._wall.instant(day, self._night[1])
        in_the_night = self._by is not None and in_window(self._by, self._night)
        return Instant(due - LEAD_MS) if in_the_night or start >= due else start

    def observe(self, now: Instant, readings: Sequence[Reading], watch: Watch) -> Iterable[Finding]:
        if watch is not self._watch:
            self._see(now, watch)
        found: list[Finding] = []
        for reading in readings:
            if self._is_sign(reading):
                self._sign_at = reading.at
                if self._raised is not None or reading.at >= self._start:
                    self._up(reading, watch, found)
        if self._daily.look is not None and now >= self._daily.look:
            self._ask(now, watch, found)
        return found

    def _see(self, now: Instant, watch: Watch) -> None:
        """What can be seen of the home, or the clock, has changed. Being told the same twice changes nothing."""
        self._watch = watch
        if watch.observed != self._observed:
            self._tally(now)
            self._observed = watch.observed
        if self._daily.follow(now, watch):
            self._begin(now)

    def _is_sign(self, reading: Reading) -> bool:
        if self._watch is None or reading.sensor in self._watch.unseen:
            return False
        if reading.quantity == "bed":
            return reading.value == 0
        return (reading.sensor in self._signs or reading.sensor in self._answers) and is_activity(reading)

    def _begin(self, now: Instant) -> None:
        """A question was found: the next one, or the same one after the clock was set."""
        self._tally(now)
        while self._sign_at is not None and self._sign_at >= self._start_on(self._daily.day) - self._daily.offset_ms:
            self._daily.settle(now)
        if self._day != self._daily.day:
            self._day, self._observed_ms = self._daily.day, 0
        self._start = Instant(self._start_on(self._day) - self._daily.offset_ms)

    def _tally(self, now: Instant) -> None:
        if self._observed:
            self._observed_ms += max(0, now - max(self._tallied_at, self._start))
        self._tallied_at = now

    def _up(self, reading: Reading, watch: Watch, found: list[Finding]) -> None:
        civil = Instant(reading.at + watch.clock.offset_ms)
        day, minute = self._wall.day(civil), self._wall.minute_of_day(civil)
        # Who says from bed that all is well is not up: days of answers must not make the usual later and later.
        may_learn = self._by is None and watch.clock.quality != "unknown" and reading.sensor not in self._answers
        may_learn = may_learn and not resting(reading.at, watch)
        if self._raised is not None:
            since, raised_on = self._raised
            self._raised = None
            found.append(Finding("not_up", "cleared", since, room=self._whereabouts.room, evidence=(reading,)))
            if may_learn and day == raised_on:
                self._usual.learn(day, min(minute, self._minute_on(day) + SLOWER_MOST_MINUTES))
                self._daily.find(reading.at)
                self._begin(reading.at)
        if reading.at >= self._start:
            self._tally(reading.at)
            if may_learn and day == self._daily.day and self._observed_ms * 2 >= reading.at - self._start:
                self._usual.learn(day, minute)
            self._next_day(reading.at)

    def _next_day(self, now: Instant) -> None:
        self._daily.settle(now)
        self._begin(now)

    def _ask(self, now: Instant, watch: Watch, found: list[Finding]) -> None:
        self._tally(now)
        if self._daily.put_off(now, watch):
            return
        due = self._daily.due
        assert due is not None
        if self._speaks(now, due, watch, self._observed_ms):
            self._raised = (self._start, self._daily.day)
            last = self._whereabouts.heard
            words = (("at", self._wall.hhmm(Instant(due + self._daily.offset_ms))),)
            evidence = () if last is None else (last,)
            room = self._whereabouts.room
            found.append(Finding("not_up", "raised", self._start, room=room, evidence=evidence, words=words))
        self._next_day(now)

    def _speaks(self, now: Instant, due: Instant, watch: Watch, observed_ms: int) -> bool:
        seen_enough = watch.observed and observed_ms * 2 >= due - self._start
        known = watch.clock.quality != "unknown" and not resting(now, watch)
        return seen_enough and known and self._raised is None and not self._is_out()

    def expects(self, now: Instant, by: Instant) -> Instant | None:
        look, due, watch = self._daily.look, self._daily.due, self._watch
        if look is None or due is None or watch is None or look > by:
            return look
        more_ms = max(0, look - max(self._tallied_at, self._start)) if self._observed else 0
        return look if self._speaks(look, due, watch, self._observed_ms + more_ms) else None

    def _is_out(self) -> bool:
        """Nobody is in, and it is not longer than a day before this morning that somebody left."""
        left = self._whereabouts.entrance_at
        return self._whereabouts.empty and left is not None and left >= self._start - DAY_MS

    def deadline(self) -> Instant | None:
        return self._daily.look

    def snapshot(self) -> Snapshot:
        return {
            "daily": self._daily.snapshot(),
            "usual": self._usual.plain(),
            "day": self._day,
            "start": self._start,
            "sign_at": self._sign_at,
            "observed": self._observed,
            "observed_ms": self._observed_ms,
            "tallied_at": self._tallied_at,
            "raised": self._raised,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._usual.take(cast(list[tuple[int, int]], snapshot["usual"]))
        self._daily.restore(cast(Snapshot, snapshot["daily"]))
        self._day, self._start = cast(int, snapshot["day"]), cast(Instant, snapshot["start"])
        self._sign_at = cast(Instant | None, snapshot["sign_at"])
        self._observed, self._observed_ms = bool(snapshot["observed"]), cast(int, snapshot["observed_ms"])
        self._tallied_at = cast(Instant, snapshot["tallied_at"])
        raised = cast(tuple[Instant, int] | None, snapshot["raised"])
        self._raised = None if raised is None else (raised[0], raised[1])
        if self._day != NEVER and self._start != self._start_on(self._day) - self._daily.offset_ms:
            self._daily.forget()  # the plan has another night since


class NotHome:
    """Out at the time by which the plan wants somebody home. Without such a time there is no rule."""

    name = "not_home"

    def __init__(self, home: Home, whereabouts: Whereabouts) -> None:
        self._by = home.care.home_by
        self.hears = ACTIVITY if self._by is not None else frozenset[str]()
        self._whereabouts = whereabouts
        self._wall = Wall(home.timezone)
        self._daily = Daily(self._wall, self._due_on)
        self._watch: Watch | None = None  # as last seen; not memory, only spares looking at it again
        self._raised: Instant | None = None  # out since

    def _due_on(self, day: int) -> Instant:
        assert self._by is not None
        return self._wall.instant(day, self._by)

    def observe(self, now: Instant, readings: Sequence[Reading], watch: Watch) -> Iterable[Finding]:
        if self._by is None:
            return ()
        if watch is not self._watch:
            self._watch = watch
            self._daily.follow(now, watch)
        found: list[Finding] = []
        if self._raised is not None and not self._whereabouts.empty:
            found.append(self._finding("cleared", self._raised))
            self._raised = None
        if self._daily.look is not None and now >= self._daily.look and not self._daily.put_off(now, watch):
            self._ask(now, watch, found)
        return found

    def _ask(self, now: Instant, watch: Watch, found: list[Finding]) -> None:
        out_since = self._whereabouts.entrance_at
        known = watch.observed and watch.clock.quality != "unknown"
        speaks = known and self._whereabouts.empty and not resting(now, watch)
        if speaks and self._raised is None and out_since is not None:
            assert self._daily.due is not None
            self._raised = out_since
            by = self._wall.hhmm(Instant(self._daily.due + self._daily.offset_ms))
            found.append(self._finding("raised", out_since, (("at", by),)))
        self._daily.settle(now)

    def _finding(self, state: str, since: Instant, words: tuple[tuple[str, str], ...] = ()) -> Finding:
        heard, room = self._whereabouts.heard, self._whereabouts.entrance_room
        evidence = () if heard is None else (heard,)
        return Finding("not_home", state, since, room=room, evidence=evidence, words=words)

    def deadline(self) -> Instant | None:
        return self._daily.look

    def snapshot(self) -> Snapshot:
        return {"daily": self._daily.snapshot(), "raised": self._raised}

    def restore(self, snapshot: Snapshot) -> None:
        if self._by is None:  # the plan does not want the rule any more
            return
        self._daily.restore(cast(Snapshot, snapshot["daily"]))
        self._raised = cast(Instant | None, snapshot["raised"])
