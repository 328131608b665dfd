"""The outside doors: ``night_exit`` (opened at night and nobody came back) and ``door_left_open``."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, cast

from agent.civil import Wall, in_window
from agent.detect.waiting import Wait, begun, cannot_see, later, resting
from agent.detect.whereabouts import Whereabouts
from agent.nouns import ACTIVITY, MINUTE_MS, Finding, Home, Instant, Reading, Snapshot, Watch, is_activity

NIGHT_EXIT_WAIT_MS: Final = 5 * MINUTE_MS  # chosen: long enough to take in the milk, short enough to be found near


def _entrances(home: Home) -> dict[str, str]:
    """Sensor -> room of every door to the outside."""
    return {s.id: s.room for s in home.sensors.values() if s.kind == "door" and s.role == "entrance"}


class NightExit:
    """One outing of the home at a time, told ``NIGHT_EXIT_WAIT_MS`` after the last movement of an entrance.

    Back is who is heard inside, as ``Whereabouts`` judges it. An opening while the hub rests is not followed, and
    what had to be put off until the day, by longer than the wait itself, is not said any more.
    """

    name = "night_exit"
    hears = ACTIVITY

    def __init__(self, home: Home, whereabouts: Whereabouts) -> None:
        self._entrances = _entrances(home) if home.care.night_exit else {}
        self._whereabouts = whereabouts
        self._wall = Wall(home.timezone)
        self._night = home.care.night
        self._opened: Reading | None = None
        self._moved: Reading | None = None
        self._wait: Wait | None = None
        self._raised = False
        self._watch: Watch | None = None  # as last seen; not memory, only spares looking at it again

    def observe(self, now: Instant, readings: Sequence[Reading], watch: Watch) -> Iterable[Finding]:
        found: list[Finding] = []
        if watch is not self._watch:
            self._watch = watch
            if self._wait is not None:
                self._wait.hold(now, cannot_see(watch))
        for reading in readings:
            if reading.sensor in watch.unseen:
                continue
            if reading.quantity == "door" and reading.sensor in self._entrances:
                self._move(now, reading, watch)
            elif self._opened is not None and is_activity(reading) and self._is_in():
                self._end(reading, found)
        if self._wait is not None and self._wait.over(now):
            self._look(now, watch, found)
        return found

    def _is_in(self) -> bool:
        return not (self._whereabouts.away or self._whereabouts.doubt)

    def _is_night(self, at: Instant, watch: Watch) -> bool:
        return in_window(self._wall.minute_of_day(Instant(at + watch.clock.offset_ms)), self._night)

    def _move(self, now: Instant, reading: Reading, watch: Watch) -> None:
        opens = reading.value == 1 and self._is_night(reading.at, watch) and not resting(reading.at, watch)
        if self._opened is None:
            if not opens:
                return
            self._opened = reading
        self._moved = reading
        if not self._raised:
            self._wait = begun(now, reading.at, NIGHT_EXIT_WAIT_MS)
            self._wait.hold(reading.at, cannot_see(watch))

    def _look(self, now: Instant, watch: Watch, found: list[Finding]) -> None:
        assert self._moved is not None
        self._wait = None
        put_off_ms = now - self._moved.at - NIGHT_EXIT_WAIT_MS
        too_late = put_off_ms > NIGHT_EXIT_WAIT_MS and not self._is_night(now, watch)
        if self._is_in() or resting(now, watch) or too_late:
            self._opened = None
        else:
            self._raised = True
            found.append(self._finding("raised"))

    def _end(self, by: Reading, found: list[Finding]) -> None:
        if self._raised:
            found.append(self._finding("cleared", by))
        self._opened = self._wait = None
        self._raised = False

    def _finding(self, state: str, *by: Reading) -> Finding:
        opened, moved = self._opened, self._moved
        assert opened is not None
        assert moved is not None
        evidence = (opened, *by) if moved == opened else (opened, moved, *by)
        return Finding("night_exit", state, opened.at, "", self._entrances.get(opened.sensor), evidence=evidence)

    def deadline(self) -> Instant | None:
        return self._wait.due if self._wait is not None else None

    def snapshot(self) -> Snapshot:
        wait = self._wait and self._wait.plain()
        return {"opened": self._opened, "moved": self._moved, "wait": wait, "raised": self._raised}

    def restore(self, snapshot: Snapshot) -> None:
        if not self._entrances:  # the plan does not want the rule any more
            return
        self._opened, self._moved = _reading(snapshot["opened"]), _reading(snapshot["moved"])
        self._wait = _wait(snapshot["wait"])
        self._raised = bool(snapshot["raised"])


@dataclass(slots=True)
class _Open:
    opened: Reading
    wait: Wait | None  # None once it is said


class DoorLeftOpen:
    """Each entrance for itself. A contact that never said closed tells openings only: it cannot be left open."""

    name = "door_left_open"
    hears = frozenset({"door", "door_level"})

    def __init__(self, home: Home, whereabouts: Whereabouts) -> None:
        self._entrances = _entrances(home)
        self._limit_ms = home.care.door_open_minutes * MINUTE_MS
        self._closes: set[str] = set()  # contacts that have ever said closed
        self._open: dict[str, _Open] = {}
        self._next: Instant | None = None
        self._watch: Watch | None = None  # as last seen; not memory, only spares looking at it again

    def observe(self, now: Instant, readings: Sequence[Reading], watch: Watch) -> Iterable[Finding]:
        found: list[Finding] = []
        if watch is not self._watch:
            self._watch = watch
            self._hold(now, watch)
        for reading in readings:
            if reading.quantity in self.hears and reading.sensor in self._entrances:
                self._move(now, reading, watch, found)
        if self._next is not None and now >= self._next:
            self._look(now, watch, found)
        return found

    def _hold(self, now: Instant, watch: Watch) -> None:
        for sensor, door in self._open.items():
            if door.wait is not None:
                door.wait.hold(now, cannot_see(watch, sensor))
        self._schedule()

    def _move(self, now: Instant, reading: Reading, watch: Watch, found: list[Finding]) -> None:
        sensor = reading.sensor
        if sensor in watch.unseen:
            self._note(reading)
        elif reading.value:
            if sensor in self._closes and sensor not in self._open:
                wait = begun(now, reading.at, self._limit_ms)
                wait.hold(reading.at, cannot_see(watch, sensor))
                self._open[sensor] = _Open(reading, wait)
        else:
            self._closes.add(sensor)
            was = self._open.pop(sensor, None)
            if was is not None and was.wait is None:
                found.append(self._finding("cleared", was.opened, reading))
        self._schedule()

    def _note(self, reading: Reading) -> None:
        """What a contact says that is not believed: a door that was not told yet is not waited for any more, but
        what was told is ended only by a contact that is believed."""
        door = self._open.get(reading.sensor)
        if not reading.value and door is not None and door.wait is not None:
            del self._open[reading.sensor]

    def _look(self, now: Instant, watch: Watch, found: list[Finding]) -> None:
        for door in self._open.values():
            if door.wait is None or not door.wait.over(now):
                continue
            if resting(now, watch):
                door.wait.due = later(now, self._limit_ms)
            else:
                door.wait = None
                found.append(self._finding("raised", door.opened))
        self._schedule()

    def _finding(self, state: str, opened: Reading, *by: Reading) -> Finding:
        room = self._entrances[opened.sensor]
        return Finding("door_left_open", state, opened.at, opened.sensor, room, evidence=(opened, *by))

    def _schedule(self) -> None:
        dues = (door.wait.due for door in self._open.values() if door.wait is not None)
        self._next = min((due for due in dues if due is not None), default=None)

    def deadline(self) -> Instant | None:
        return self._next

    def snapshot(self) -> Snapshot:
        return {
            "closes": sorted(self._closes),
            "open": [[list(door.opened), door.wait and door.wait.plain()] for door in self._open.values()],
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._closes = set(cast(list[str], snapshot["closes"]))
        self._open = {}
        for opened, wait in cast(list[tuple[tuple[Instant, str, str, int], object]], snapshot["open"]):
            self._open[opened[1]] = _Open(Reading(*opened), _wait(wait))
        self._schedule()


def _reading(plain: object) -> Reading | None:
    return None if plain is None else Reading(*cast(tuple[Instant, str, str, int], plain))


def _wait(plain: object) -> Wait | None:
    return None if plain is None else Wait(*cast(tuple[Instant | None, int | None], plain))
