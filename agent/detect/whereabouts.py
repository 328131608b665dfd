"""Where the resident was last known to be. The first in the line of detectors; the others are handed it and read it.

One rule for leaving: an entrance moved and nothing was heard inside since. One rule for being in: something was
heard in another room, or in the entrance's own room later than ``SETTLE_MS`` after the door. What the entrance's
own room says sooner than that may be the person walking out through the door: then ``doubt`` is set, and whoever
reads it decides (a fall is still looked for; "came back" is not yet believed).
"""

from collections.abc import Iterable, Sequence
from typing import Final, cast

from agent.nouns import ACTIVITY, Finding, Home, Instant, Reading, Snapshot, Watch, is_activity

SETTLE_MS: Final = 60_000


class Whereabouts:
    name = "whereabouts"
    hears = ACTIVITY

    def __init__(self, home: Home) -> None:
        self._room = {sensor.id: sensor.room for sensor in home.sensors.values()}
        self._kind = {room.id: room.kind for room in home.rooms.values()}
        self._entrances = frozenset(s.id for s in home.sensors.values() if s.kind == "door" and s.role == "entrance")
        self.heard_at: Instant | None = None  # the last sign of life
        self.heard: Reading | None = None
        self.room: str | None = None  # where that was
        self.entrance_at: Instant | None = None  # the last time an entrance moved, either way
        self.entrance_room: str | None = None
        self.away = False  # an entrance, then nothing
        self.doubt = False  # an entrance, then only its own room, at once
        self.in_bed: frozenset[str] = frozenset()  # bed sensors that say occupied

    def observe(self, now: Instant, readings: Sequence[Reading], watch: Watch) -> Iterable[Finding]:
        for reading in readings:
            if is_activity(reading):
                self._hear(reading)
        return ()

    def _hear(self, reading: Reading) -> None:
        sensor = reading.sensor
        self.heard_at, self.heard, self.room = reading.at, reading, self._room[sensor]
        if reading.quantity == "door" and sensor in self._entrances:
            self.entrance_at, self.entrance_room = reading.at, self.room
            self.away, self.doubt = True, False
            return
        if reading.quantity == "bed":
            self.in_bed = self.in_bed | {sensor} if reading.value else self.in_bed - {sensor}
        if self.away or self.doubt:
            assert self.entrance_at is not None
            self.away = False
            self.doubt = self.room == self.entrance_room and reading.at - self.entrance_at <= SETTLE_MS

    def kind_of(self, room: str | None) -> str:
        """The kind of a room; "other" for one that is not known."""
        return self._kind.get(room, "other") if room is not None else "other"

    def deadline(self) -> Instant | None:
        return None

    def snapshot(self) -> Snapshot:
        return {
            "heard": self.heard,
            "entrance_at": self.entrance_at,
            "entrance_room": self.entrance_room,
            "away": self.away,
            "doubt": self.doubt,
            "in_bed": sorted(self.in_bed),
        }

    def restore(self, snapshot: Snapshot) -> None:
        heard = snapshot["heard"]
        if heard is not None:
            self.heard = Reading(*cast(tuple[Instant, str, str, int], heard))
            self.heard_at, self.room = self.heard.at, self._room.get(self.heard.sensor)
        self.entrance_at = cast(Instant | None, snapshot["entrance_at"])
        self.entrance_room = cast(str | None, snapshot["entrance_room"])
        self.away, self.doubt = bool(snapshot["away"]), bool(snapshot["doubt"])
        self.in_bed = frozenset(cast(list[str], snapshot["in_bed"]))
