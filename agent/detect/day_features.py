"""One day of a home in some twenty whole numbers: what ``routine_change`` holds against the days before.

Visits are counted, never firings: a sensor that repeats itself every 60 s is one visit (a visit is new when somebody
was heard elsewhere, and in this room not for ``VISIT_MS``). What a home does not have is ``ABSENT``, which is not
none; so is what hung on a sensor that could not be believed for a tenth of the day.
"""

from typing import Final, NamedTuple, cast

from agent.detect.day_seen import IN_THE_EVENING, MORNING, NEVER, NIGHT, DaySeen
from agent.detect.sight import seers
from agent.detect.whereabouts import Whereabouts
from agent.measures import BED_BLINK_MS, OUTING_MS, VISIT_MS
from agent.nouns import DAY_MS, MINUTE_MS, SECOND_MS, Home, Instant, Reading, Snapshot, Watch

ABSENT: Final = -1
BLIND_MS: Final = 90 * SECOND_MS  # a sensor that fired may see nothing for so long (5 to 90 s, by make)
TRANSIT_SECONDS: Final = 30  # from a room's first firing to the next room's: longer is no walk
TRANSITS_LEAST: Final = 5  # walks in a day that make a median

FEATURES: Final = (
    "bathroom_day", "bathroom_night", "bed_outs", "bed_minutes", "up", "down", "active_afternoon", "active_evening",
    "active_night", "active_morning", "moves_day", "moves_night", "kitchen", "fridge", "outings", "away_minutes",
    "still_minutes", "bedroom_day", "transit_ds",
)  # fmt: skip
# Those that every sensor of the home has its part in: comparable only among days that the same sensors saw.
WHOLE_HOME: Final = frozenset(
    {"up", "down", "active_afternoon", "active_evening", "active_night", "active_morning", "moves_day", "moves_night",
     "still_minutes", "transit_ds"}
)  # fmt: skip


class Day(NamedTuple):
    """A day that is over. ``values`` stand in the order of FEATURES."""

    number: int  # the date of the noon that ended it
    since: Instant
    coverage_permille: int
    unseen: tuple[str, ...]
    values: tuple[int, ...]


class DayCount:
    """Counts the day that is running. Whoever holds it calls ``close`` at ``until``, before ``hear``."""

    def __init__(self, home: Home, whereabouts: Whereabouts) -> None:
        self._whereabouts = whereabouts
        self.seen = DaySeen(home)
        self._ends = self.seen.ends  # as it stands there; not memory, only spares looking it up
        sensors = home.sensors.values()
        self._room = {sensor.id: sensor.room for sensor in sensors}
        self._kind = {room.id: room.kind for room in home.rooms.values()}
        self._walks = frozenset(s.id for s in sensors if s.kind in ("motion", "presence"))
        self._fridges = frozenset(s.id for s in sensors if s.role == "fridge")
        self._bed = min((s.id for s in sensors if s.kind == "bed"), default=None)
        rest = frozenset(room for room, kind in self._kind.items() if kind in ("bedroom", "bathroom"))
        self._resting = rest if any(room not in rest for room in seers(home)) else frozenset[str]()
        self._needs = _needs(home, self._bed)
        # What is remembered from one reading to the next, over noon as well.
        self._here = ""  # the room
        self._heard_at = self._entered_at = self._bed_at = self._fridge_at = -DAY_MS
        self._fresh = False  # the room's sensor could see when somebody came into it
        self._rooms: dict[str, int] = {}  # when each was heard last
        self._out_since = NEVER
        self._in_bed = False
        self._clear()

    def _clear(self) -> None:
        self._part = 0
        self._minute = NEVER
        self._active = [0, 0, 0, 0]  # minutes, by part of the day
        self._moves = [0, 0]  # from room to room, by day and by night
        self._visits: dict[str, list[int]] = {}  # kind of room -> by day, by night
        self._bed_outs = self._bed_ms = self._fridge = self._outings = self._away_ms = self._still_ms = 0
        self._first = self._last = NEVER
        self._walked = [0] * (TRANSIT_SECONDS + 1)

    @property
    def until(self) -> Instant | None:
        return self.seen.until if self.seen.number != NEVER else None

    def see(self, now: Instant, watch: Watch) -> None:
        """What can be seen of the home has changed."""
        if self.seen.see(now, watch, self._heard_at):
            self._clear()
        self._ends = self.seen.ends

    def hear(self, reading: Reading) -> None:
        """Somebody was there: activity of a sensor that is believed."""
        at, sensor = reading.at, reading.sensor
        room = self._room[sensor]
        while at >= self._ends[self._part]:
            self._part += 1
        if room != self._here:
            self._enter(room, at, sensor)
        minute = at // MINUTE_MS
        if minute != self._minute:
            self._minute = minute
            self._active[self._part] += 1
            if at - self._heard_at > self._still_ms:
                self._stand_still(at)
        if room not in self._resting:
            if at < self.seen.up_from:
                self._last = at
            elif self._first < 0:
                self._first = at
        if self._out_since >= 0 or self._whereabouts.empty:
            self._go(at)
        self._heard_at = self._rooms[room] = at
        if reading.quantity == "bed":
            if sensor == self._bed:
                self._lie(at, reading.value)
        elif sensor in self._fridges and reading.value:
            self._fridge += at - self._fridge_at > VISIT_MS
            self._fridge_at = at

    def _enter(self, room: str, at: Instant, sensor: str) -> None:
        """Somebody came from another room."""
        by_night = self._part == NIGHT
        not_for_ms = at - self._rooms.get(room, -DAY_MS)
        fresh = not_for_ms > BLIND_MS and sensor in self._walks
        walk_ms = at - self._entered_at
        if fresh and self._fresh and walk_ms <= TRANSIT_SECONDS * SECOND_MS:
            self._walked[walk_ms // SECOND_MS] += 1
        self._here, self._entered_at, self._fresh = room, at, fresh
        self._moves[by_night] += 1
        if not_for_ms > VISIT_MS:
            self._visits.setdefault(self._kind[room], [0, 0])[by_night] += 1

    def _stand_still(self, at: int) -> None:
        """Nobody was heard for longer than ever today; what of it was by day and at home counts."""
        if self._part != NIGHT and self._out_since < 0:
            since = self._ends[NIGHT] if self._part == MORNING else self.seen.since
            self._still_ms = max(self._still_ms, at - max(self._heard_at, since))

    def _go(self, at: int) -> None:
        """Out, or back."""
        if self._whereabouts.empty:
            self._out_since = at if self._out_since < 0 else self._out_since
            return
        if at - self._out_since >= OUTING_MS:
            self._outings += 1
            self._away_ms += at - max(self._out_since, self.seen.since)
        self._out_since = NEVER

    def _lie(self, at: int, value: int) -> None:
        if value and not self._in_bed:
            out_ms = at - self._bed_at
            if out_ms < BED_BLINK_MS:
                self._bed_ms += at - max(self._bed_at, self.seen.since)
            elif self._bed_at >= self._ends[IN_THE_EVENING] and self._part == NIGHT:
                self._bed_outs += 1
            self._bed_at = at
        elif not value and self._in_bed:
            self._bed_ms += at - max(self._bed_at, self.seen.since)
            self._bed_at = at
        self._in_bed = value != 0

    def close(self) -> Day:
        """The day is over; the next one runs."""
        seen = self.seen
        number, since, until = seen.number, seen.since, seen.until
        if self._out_since >= 0:
            self._away_ms += until - max(self._out_since, since)
        if self._in_bed:
            self._bed_ms += until - max(self._bed_at, since)
        first = until if self._first < 0 and self._out_since < 0 else self._first
        up, down = (ABSENT if at < 0 else seen.wall_minute(at) for at in (first, self._last))
        coverage, unseen = seen.close(self._heard_at)
        values = self._values(up, down, unseen)
        self._ends = seen.ends
        self._clear()
        return Day(number, since, coverage, unseen, values)

    def skip(self, now: Instant) -> bool:
        """Whether nobody looked for months: then another day runs."""
        if not self.seen.skip(now):
            return False
        self._clear()
        self._ends = self.seen.ends
        return True

    def _values(self, up: int, down: int, unseen: tuple[str, ...]) -> tuple[int, ...]:
        visits = {kind: self._visits.get(kind, [0, 0]) for kind in ("bathroom", "kitchen", "bedroom")}
        found = (
            *visits["bathroom"], self._bed_outs, self._bed_ms // MINUTE_MS, up, down, *self._active, *self._moves,
            sum(visits["kitchen"]), self._fridge, self._outings, self._away_ms // MINUTE_MS,
            self._still_ms // MINUTE_MS, visits["bedroom"][0], self._transit_ds(),
        )  # fmt: skip
        return tuple(
            value if (needs := self._needs.get(name)) is not None and needs.isdisjoint(unseen) else ABSENT
            for name, value in zip(FEATURES, found, strict=True)
        )

    def _transit_ds(self) -> int:
        """The median walk from room to room in tenths of a second, as if walks were spread evenly in a second."""
        walks, below = sum(self._walked), 0
        if walks < TRANSITS_LEAST:
            return ABSENT
        for second, count in enumerate(self._walked):
            if (below + count) * 2 >= walks:
                return second * 10 + (walks - 2 * below) * 10 // (2 * count)
            below += count
        return ABSENT

    # A word for each number that is remembered, in the order in which the snapshot has them.
    MEMORY: Final = (
        "_here", "_heard_at", "_entered_at", "_bed_at", "_fridge_at", "_fresh", "_rooms", "_out_since", "_in_bed",
        "_part", "_minute", "_active", "_moves", "_visits", "_bed_outs", "_bed_ms", "_fridge", "_outings", "_away_ms",
        "_still_ms", "_first", "_last", "_walked",
    )  # fmt: skip

    def snapshot(self) -> Snapshot:
        return {"seen": self.seen.plain(), "day": [_again(getattr(self, name)) for name in self.MEMORY]}

    def restore(self, snapshot: Snapshot) -> None:
        self.seen.take(cast(list[object], snapshot["seen"]))
        for name, value in zip(self.MEMORY, cast(list[object], snapshot["day"]), strict=True):
            setattr(self, name, _again(value))
        self._ends = self.seen.ends


def _again(value: object) -> object:
    """A copy: a memory that is lived on from must not change the one that it came from."""
    if isinstance(value, dict):
        return {key: _again(each) for key, each in value.items()}
    return list(value) if isinstance(value, list) else value


def _needs(home: Home, bed: str | None) -> dict[str, frozenset[str]]:
    """For each feature that this home has: the sensors without which it says nothing."""
    kinds = {room.id: room.kind for room in home.rooms.values()}
    seeing = seers(home)
    rooms: dict[str, set[str]] = {}
    for room, sensors in seeing.items():
        rooms.setdefault(kinds[room], set()).update(sensors)
    doors = {s.id for s in home.sensors.values() if s.role == "entrance"}
    fridges = {s.id for s in home.sensors.values() if s.role == "fridge"}
    needs = {name: frozenset[str]() for name in WHOLE_HOME if len(seeing) > 1}
    for name, wanted in (
        ("bathroom_day", rooms.get("bathroom")), ("bathroom_night", rooms.get("bathroom")),
        ("bed_outs", {bed} if bed else None), ("bed_minutes", {bed} if bed else None),
        ("kitchen", rooms.get("kitchen")), ("fridge", fridges), ("outings", doors), ("away_minutes", doors),
        ("bedroom_day", rooms.get("bedroom")),
    ):  # fmt: skip
        if wanted:
            needs[name] = frozenset(wanted)
    return needs
