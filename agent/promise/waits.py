"""How soon a fall would have been told: what was promised after each sign of life of a home's last weeks.

A sink of the loop, as a technician's Record is one. A wait is from a sign of life to its deadline; it belongs to the
room in which the sign was heard and to the hour of the home's day. A cell that rests on hardly anything is not the
home's own: ten firings while somebody cooked once say little about that hour. It then shows what the rule without a
model would wait there.

Time without a deadline is told apart: somebody who is out is not waited for, and a hub that sees nothing cannot wait.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from agent.civil import Wall
from agent.detect.budget import Expected
from agent.engine import Engine
from agent.loop import sees_nothing_before
from agent.nouns import ACTIVITY, DAY_MS, HOUR_MS, Entry, Home, Instant, Outcome, is_activity

DAYS: Final = 28
HOURS: Final = 24
LEAST_SIGNS: Final = 5  # a cell with fewer, or from fewer days, is not the home's own
LEAST_DAYS: Final = 3
HEARS: Final = ACTIVITY - {"button"}  # kinds of sensors that somebody cannot help but move
WATCHED: Final = "watched"
NO_DEADLINE: Final = ("away", "not_watched", "paused")


class Cell(NamedTuple):
    """A room in an hour of the day. Not ``own``: both waits are the rule's, whatever little was heard there."""

    median_ms: int
    nine_in_ten_ms: int
    signs: int  # of life that were given a deadline
    without: int  # that were not
    own: bool


class Promised(NamedTuple):
    """What a home may be told. ``spent_ms``: by state, and there by hour of the day, of the time that was looked at."""

    home: Home
    rooms: Mapping[str, tuple[Cell, ...]]
    spent_ms: Mapping[str, tuple[int, ...]]
    since: Instant
    until: Instant
    expected: Expected

    @property
    def unheard(self) -> tuple[str, ...]:
        """Rooms in which no sensor hears anybody: there is nothing to promise of them."""
        return tuple(room for room in self.home.rooms if room not in self.rooms)

    @property
    def young(self) -> bool:
        """Whether there is less than a day to speak of."""
        return self.until - self.since < DAY_MS

    def without_permille(self, state: str, hour: int | None = None) -> int:
        """The share of the time, or of an hour of the day, spent in a state."""
        hours = range(HOURS) if hour is None else (hour,)
        whole = sum(spent[at] for spent in self.spent_ms.values() for at in hours)
        return sum(self.spent_ms[state][at] for at in hours) * 1_000 // whole if whole else 0


class _Day:
    def __init__(self) -> None:
        self.waits_ms: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        self.without: Counter[tuple[str, int]] = Counter()
        self.spent_ms: Counter[tuple[str, int]] = Counter()


class Waits:
    """The waits of the last ``DAYS`` days of a home. ``follow`` says through which engine the next entries go."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._wall = Wall(home.timezone)
        self._rooms: Mapping[str, str] = {}
        self._days: dict[int, _Day] = {}
        self._last: Instant | None = None  # the entry before; None: no sign of life yet
        self._state = WATCHED  # since then
        self._away = False

    def follow(self, engine: Engine) -> None:
        self._proof = engine.proof
        self._rooms = {sensor.id: sensor.room for sensor in engine.home.sensors.values()}

    def put(self, entry: Entry, outcome: Outcome) -> None:
        now, promise, watch = entry.at, outcome.promise, self._proof.watch
        if self._last is not None and now > self._last:
            state = "not_watched" if sees_nothing_before(entry.frame) else self._state
            self._spend(self._last, now, state, watch.clock.offset_ms)
        if promise is not None and self._proof.wishes.walk.until is None:  # a walk test is nobody's day
            self._away = promise.state == "away"
            self._hear(now, outcome, promise.deadline, watch.clock.offset_ms)
        if self._last is not None or promise is not None:
            self._last = now
        if not watch.observed:
            self._state = "not_watched"
        elif watch.pause_until is not None:
            self._state = "paused"
        else:
            self._state = "away" if self._away else WATCHED

    def _hear(self, now: Instant, outcome: Outcome, deadline: Instant | None, offset_ms: int) -> None:
        heard = [self._rooms.get(reading.sensor) for reading in outcome.readings if is_activity(reading)]
        room = heard[-1] if heard else None
        if room is None:
            return
        civil = Instant(now + offset_ms)
        cell = room, self._wall.minute_of_day(civil) // 60
        day = self._day(self._wall.day(civil))
        if deadline is None:
            day.without[cell] += 1
        else:
            day.waits_ms[cell].append(deadline - now)

    def _spend(self, since: Instant, until: Instant, state: str, offset_ms: int) -> None:
        """Count time in the hours of the day in which it passed."""
        at = max(since, Instant(until - DAYS * DAY_MS))
        while at < until:
            local = self._wall.local_ms(Instant(at + offset_ms))
            end = min(until, Instant(at + HOUR_MS - local % HOUR_MS))
            self._day(local // DAY_MS).spent_ms[state, local % DAY_MS // HOUR_MS] += end - at
            at = end

    def _day(self, number: int) -> _Day:
        day = self._days.get(number)
        if day is None:
            day = self._days[number] = _Day()
            newest = max(self._days)
            self._days = {each: kept for each, kept in self._days.items() if each > newest - DAYS}
        return day

    def promised(self, rule: Callable[[str, int], int], expected: Expected) -> Promised:
        """What comes of it; ``rule`` is the wait without a model, of a room and a minute of the day."""
        heard = {sensor.room for sensor in self._home.sensors.values() if sensor.kind in HEARS}
        rooms = {
            room: tuple(self._cell(room, hour, rule(room, hour * 60 + 30)) for hour in range(HOURS))
            for room in self._home.rooms
            if room in heard
        }
        spent = {state: tuple(self._spent(state, hour) for hour in range(HOURS)) for state in (WATCHED, *NO_DEADLINE)}
        until = self._last or Instant(0)
        looked_at_ms = sum(map(sum, spent.values()))
        return Promised(self._home, rooms, spent, Instant(until - looked_at_ms), until, expected)

    def _cell(self, room: str, hour: int, rule_ms: int) -> Cell:
        days = [day.waits_ms[room, hour] for day in self._days.values() if (room, hour) in day.waits_ms]
        waits = sorted(wait for day in days for wait in day)
        without = sum(day.without[room, hour] for day in self._days.values())
        if len(waits) < LEAST_SIGNS or len(days) < LEAST_DAYS:
            return Cell(rule_ms, rule_ms, len(waits), without, own=False)
        return Cell(_ranked(waits, 500), _ranked(waits, 900), len(waits), without, own=True)

    def _spent(self, state: str, hour: int) -> int:
        return sum(day.spent_ms[state, hour] for day in self._days.values())


def _ranked(ascending: list[int], permille: int) -> int:
    """The smallest that at least so many of a thousand do not exceed."""
    return ascending[-(-len(ascending) * permille // 1_000) - 1]
