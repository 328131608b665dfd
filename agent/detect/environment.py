"""``smoke``, ``leak`` and ``low_temperature``: what the house itself says, where such sensors are fitted.

Smoke and water are told at once and end when their sensor says so. Cold has to last and ends only when the room is
clearly warm again, so that a room at the edge is one notice and not a row of them. None of it waits for a pause to
end: the danger is the same while somebody is on holiday.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, cast

from agent.detect.waiting import Wait, cannot_see
from agent.detect.whereabouts import Whereabouts
from agent.nouns import HOUR_MS, Finding, Home, Instant, Reading, Snapshot, Watch

# All three are chosen, not measured: well below what a lived-in room has, for longer than airing it takes, and over
# by a step that a sensor near the edge does not take by itself.
COLD_BELOW_MC: Final = 12_000
WARM_ABOVE_MC: Final = 14_000
COLD_FOR_MS: Final = HOUR_MS

TOLD_AT_ONCE: Final = frozenset({"smoke", "leak"})


@dataclass(slots=True)
class _Cold:
    began: Reading
    wait: Wait | None  # None once it is said


class Environment:
    """Each sensor for itself. A thermometer in a fridge is cold by trade and is not asked."""

    name = "environment"
    hears = TOLD_AT_ONCE | {"temperature_mc"}

    def __init__(self, home: Home, whereabouts: Whereabouts) -> None:
        self._room = {sensor.id: sensor.room for sensor in home.sensors.values()}
        self._fridges = frozenset(sensor.id for sensor in home.sensors.values() if sensor.role == "fridge")
        self._alarms: dict[tuple[str, str], Reading] = {}
        self._cold: dict[str, _Cold] = {}
        self._next: Instant | None = None
        self._watch: Watch | None = None  # as last seen; not memory, only spares looking at it again

    def observe(self, now: Instant, readings: Sequence[Reading], watch: Watch) -> Iterable[Finding]:
        found: list[Finding] = []
        if watch is not self._watch:
            self._watch = watch
            self._hold(now, watch)
        for reading in readings:
            if reading.quantity == "temperature_mc":
                self._measure(reading, watch, found)
            elif reading.quantity in TOLD_AT_ONCE:
                self._alarm(reading, found)
        if self._next is not None and now >= self._next:
            self._look(now, found)
        return found

    def _hold(self, now: Instant, watch: Watch) -> None:
        for sensor, cold in self._cold.items():
            if cold.wait is not None:
                cold.wait.hold(now, cannot_see(watch, sensor))
        self._schedule()

    def _alarm(self, reading: Reading, found: list[Finding]) -> None:
        key = (reading.quantity, reading.sensor)
        began = self._alarms.get(key)
        if reading.value and began is None:
            self._alarms[key] = reading
            found.append(self._finding(reading.quantity, "raised", reading))
        elif not reading.value and began is not None:
            del self._alarms[key]
            found.append(self._finding(reading.quantity, "cleared", began, reading))

    def _measure(self, reading: Reading, watch: Watch, found: list[Finding]) -> None:
        sensor, cold = reading.sensor, self._cold.get(reading.sensor)
        if cold is None:
            if reading.value < COLD_BELOW_MC and sensor not in self._fridges:
                wait = Wait(Instant(reading.at + COLD_FOR_MS))
                wait.hold(reading.at, cannot_see(watch, sensor))
                self._cold[sensor] = _Cold(reading, wait)
                self._schedule()
        elif reading.value >= COLD_BELOW_MC if cold.wait is not None else reading.value > WARM_ABOVE_MC:
            del self._cold[sensor]
            self._schedule()
            if cold.wait is None:
                found.append(self._finding("low_temperature", "cleared", cold.began, reading))

    def _look(self, now: Instant, found: list[Finding]) -> None:
        for cold in self._cold.values():
            if cold.wait is not None and cold.wait.over(now):
                cold.wait = None
                found.append(self._finding("low_temperature", "raised", cold.began))
        self._schedule()

    def _finding(self, kind: str, state: str, began: Reading, *by: Reading) -> Finding:
        room = self._room.get(began.sensor)
        return Finding(kind, state, began.at, began.sensor, room, evidence=(began, *by))

    def _schedule(self) -> None:
        dues = (cold.wait.due for cold in self._cold.values() if cold.wait is not None)
        self._next = min((due for due in dues if due is not None), default=None)

    def deadline(self) -> Instant | None:
        return self._next

    def snapshot(self) -> Snapshot:
        return {
            "alarms": [list(reading) for reading in self._alarms.values()],
            "cold": [[list(cold.began), cold.wait and cold.wait.plain()] for cold in self._cold.values()],
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._alarms, self._cold = {}, {}
        for plain in cast(list[tuple[Instant, str, str, int]], snapshot["alarms"]):
            reading = Reading(*plain)
            self._alarms[reading.quantity, reading.sensor] = reading
        for plain, wait in cast(list[tuple[tuple[Instant, str, str, int], object]], snapshot["cold"]):
            reading = Reading(*plain)
            running = None if wait is None else Wait(*cast(tuple[Instant | None, int | None], wait))
            self._cold[reading.sensor] = _Cold(reading, running)
        self._schedule()
