"""A home and its detectors, driven the way the engine drives them; told back in lines that read like a diary."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from agent.civil import Wall
from agent.detect.detector import Detector
from agent.detect.whereabouts import Whereabouts
from agent.nouns import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    SECOND_MS,
    Care,
    Finding,
    Home,
    Instant,
    Reading,
    Room,
    Sensor,
    Watch,
)

Build = Callable[[Home, Whereabouts], Detector]

MIDNIGHT: Final = Instant(int(datetime(2026, 1, 12, tzinfo=UTC).timestamp()) * SECOND_MS)  # London is on UTC then
ROOMS: Final = ("bedroom", "bathroom", "kitchen", "hall")
SENSORS: Final = {
    "bed": ("bed", "bedroom", None),
    "bedroom-motion": ("motion", "bedroom", None),
    "bathroom-motion": ("motion", "bathroom", None),
    "kitchen-motion": ("motion", "kitchen", None),
    "hall-motion": ("motion", "hall", None),
    "front": ("door", "hall", "entrance"),
    "back": ("door", "kitchen", "entrance"),
    "wardrobe": ("door", "bedroom", "cupboard"),
    "pendant": ("button", "hall", None),
    "smoke": ("smoke", "kitchen", None),
    "leak": ("leak", "bathroom", None),
    "thermometer": ("temperature", "bedroom", None),
    "fridge": ("door", "kitchen", "fridge"),
}


def a_home(timezone: str = "Europe/London", only: Sequence[str] = tuple(SENSORS), **care: object) -> Home:
    """A home of four rooms; ``only`` leaves out sensors, ``care`` changes the plan."""
    rooms = {room: Room(room, room, room) for room in ROOMS}
    sensors = {id: Sensor(id, kind, room, role, "log", id) for id, (kind, room, role) in SENSORS.items() if id in only}
    return Home("elm-12", timezone, 1, rooms, sensors, replace(Care(), **care))  # type: ignore[arg-type]


class Drive:
    """``Whereabouts`` and the detectors under test, in order, with a clock that only goes forward.

    Times are instants, or "22:40" and "22:40:30": the next time that the clock on the wall shows that. What is due
    is due strictly before what is heard at that instant.
    """

    def __init__(self, home: Home, *builds: Build) -> None:
        self.home, self.builds = home, builds
        self.whereabouts = Whereabouts(home)
        self.detectors: list[Detector] = [self.whereabouts, *(build(home, self.whereabouts) for build in builds)]
        self.watch = Watch()
        self.now = MIDNIGHT
        self.said: list[tuple[Instant, Finding]] = []
        self._wall = Wall(home.timezone)
        self._shown: Watch | None = None

    def hear(self, at: Instant | str, sensor: str, value: int = 1, quantity: str | None = None) -> None:
        moment = self._pass(at)
        self._step(moment, (Reading(moment, sensor, quantity or SENSORS[sensor][0], value),))

    def until(self, at: Instant | str) -> None:
        """Nothing is heard until then, and what is due at that very instant is still asked for."""
        moment = self._pass(at)
        if (due := self._due()) is not None and due <= moment:
            self._step(moment, ())

    def days(self, count: int) -> None:
        """Nothing is heard for so many days."""
        self.until(Instant(self.now + count * DAY_MS))

    def see(self, at: Instant | str, **watch: object) -> None:
        """What can be seen of the home changes."""
        moment = self._pass(at)
        if "observed" in watch:
            watch.setdefault("since", moment)
        self.watch = replace(self.watch, **watch)  # type: ignore[arg-type]
        self._step(moment, ())

    def rest(self, since: Instant | str, hours: int) -> None:
        """A person asked for rest."""
        moment = self._pass(since)
        self.see(moment, pause_until=moment + hours * HOUR_MS)

    def off(self, since: Instant | str, back: Instant | str) -> None:
        """The hub was off: known only afterwards, and nothing that was due in between was asked for."""
        self.see(since, observed=False)
        self.now = self._moment(back)
        self.watch = replace(self.watch, observed=True, since=self.now)
        self._step(self.now, ())

    def reborn(self) -> "Drive":
        """The same home after a restart: fresh detectors with the memory of these, by way of JSON."""
        other = Drive(self.home, *self.builds)
        for old, new in zip(self.detectors, other.detectors, strict=True):
            new.restore(json.loads(json.dumps(old.snapshot(), allow_nan=False)))
        other.now, other.watch, other._shown = self.now, self.watch, self.watch
        return other

    def diary(self) -> list[str]:
        """What was said: "02:35 bed_exit raised"."""
        return [f"{self._wall.hhmm(at)} {finding.kind} {finding.state}" for at, finding in self.said]

    def _moment(self, at: Instant | str) -> Instant:
        if not isinstance(at, str):
            return at
        hours, minutes, seconds = (int(part) for part in f"{at}:00".split(":")[:3])
        of_day = (hours * 60 + minutes) * MINUTE_MS + seconds * SECOND_MS
        return Instant(self.now + (of_day - self._wall.local_ms(self.now)) % DAY_MS)

    def _due(self) -> Instant | None:
        return min((due for due in (d.deadline() for d in self.detectors) if due is not None), default=None)

    def _pass(self, at: Instant | str) -> Instant:
        moment = self._moment(at)
        assert moment >= self.now, "the clock only goes forward"
        while (due := self._due()) is not None and due < moment:
            self._step(due, ())
        return moment

    def _step(self, now: Instant, readings: Sequence[Reading]) -> None:
        self.now = now
        everyone = self.watch is not self._shown
        self._shown = self.watch
        for detector in self.detectors:
            due = detector.deadline()
            if everyone or (due is not None and due <= now) or any(r.quantity in detector.hears for r in readings):
                self.said += [(now, finding) for finding in detector.observe(now, readings, self.watch)]
                due = detector.deadline()
                assert due is None or due > now, f"{detector.name}: its deadline {due} did not move past {now}"
