"""Simulated walks for tests: who walks, what the sensors of each place say, and what is wrong with the home."""

from collections.abc import Mapping
from typing import Final

from agent.nouns import SECOND_MS, Home, Instant, Reading, Sensor
from agent.provision.walk import EYES, OF_STEP, Mark, Walk
from tests.home_maker import make_home

AT: Final = Instant(1_772_438_400_000)
BED: Final = Sensor("bed", "bed", "bedroom", None, "log", "bed")
PENDANT: Final = Sensor("pendant", "button", "hall", "help", "log", "pendant")
SMOKE: Final = Sensor("smoke", "smoke", "kitchen", None, "log", "smoke")
FLAT: Final = make_home(BED, PENDANT, SMOKE)
WAY_MS: Final = 4 * SECOND_MS  # from one room to the next


class Walker:
    """Follows the script, or goes where told; says where it is. ``mounted``: sensor -> where it really hangs (a room;
    for a door, a bed or a button the sensor in whose place it is). ``dead`` say nothing; ``sees``: rooms that an eye
    sees besides its own; ``inverted`` say the opposite."""

    def __init__(
        self,
        home: Home = FLAT,
        mounted: Mapping[str, str] | None = None,
        dead: frozenset[str] = frozenset(),
        sees: Mapping[str, str] | None = None,
        inverted: frozenset[str] = frozenset(),
        chosen: tuple[str, ...] = (),
    ) -> None:
        self.home, self.now = home, AT
        self._mounted, self._dead, self._sees, self._inverted = mounted or {}, dead, sees or {}, inverted
        self.walk = Walk(home, chosen)

    def all(self) -> Walk:
        while (step := self.walk.ahead()) is not None:
            self.do(step.kind, step.what)
        return self.walk

    def do(self, kind: str, what: str, stay_ms: int = 20 * SECOND_MS) -> None:
        if kind != "room":
            self._mark(kind, what)
            self._thing(kind, what)
            return
        self.now = Instant(self.now + WAY_MS)
        self._mark("room", what)
        for after_ms in range(1_000, stay_ms, 6_000):
            self._stand(what, Instant(self.now + after_ms))
        self.now = Instant(self.now + stay_ms)
        self._mark("done", what)

    def _mark(self, kind: str, what: str) -> None:
        self.now = Instant(self.now + 100)
        self.walk.mark(Mark(self.now, kind, what))

    def _stand(self, room: str, at: Instant) -> None:
        for sensor in self.home.sensors.values():
            hangs = self._mounted.get(sensor.id, sensor.room)
            if sensor.kind in EYES and room in (hangs, self._sees.get(sensor.id)):
                self._say(at, sensor, 1)
                self._say(Instant(at + 500), sensor, 0)

    def _thing(self, kind: str, what: str) -> None:
        value = int(kind in ("open", "sit", "press"))
        self.now = Instant(self.now + 2_000)
        for sensor in self.home.sensors.values():
            if sensor.kind == OF_STEP[kind] and self._mounted.get(sensor.id, sensor.id) == what:
                self._say(self.now, sensor, value ^ int(sensor.id in self._inverted))
        self.now = Instant(self.now + 1_000)

    def _say(self, at: Instant, sensor: Sensor, value: int) -> None:
        if sensor.id not in self._dead:
            self.walk.hear([Reading(at, sensor.id, sensor.kind, value)])
