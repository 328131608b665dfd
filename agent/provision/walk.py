"""The walk test as a script, and what was heard while somebody followed it. Pure: times are the hub's own.

Whoever walks says where they stand (a mark), in any order; what they do there to a door, a bed or a button is asked of
them at once. A room is left when all of its eyes have answered, or when whoever walks goes on. Between two rooms they
are on their way, and whoever answers then may be in either.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from agent.nouns import SECOND_MS, Home, Instant, Reading, Sensor

EYES: Final = frozenset({"motion", "presence", "vibration"})  # kinds that answer to whoever walks about
STAY_MS: Final = 10 * SECOND_MS  # in each room at least: so long a neighbour has time to answer, if it sees the room
# A press counts as asked for within half a minute (detect/walking.py); the rest is only asked for.
STEPS: Final = {"door": ("open", "shut"), "bed": ("sit", "leave"), "button": ("press",)}
OF_STEP: Final = {"open": "door", "shut": "door", "sit": "bed", "leave": "bed", "press": "button"}
READINGS_MOST: Final = 20_000  # of one walk; what is heard beyond is not looked at


class Step(NamedTuple):
    """``kind`` is room, open, shut, sit, leave or press; ``what`` the room's id, or the sensor's."""

    kind: str
    what: str


class Mark(NamedTuple):
    """A step begins at ``at``; or, ``done``, the one before it is over."""

    at: Instant
    kind: str
    what: str


class Stay(NamedTuple):
    """In one room, from the mark on; ``entered`` is when whoever walks set out for it."""

    room: str
    entered: Instant
    since: Instant
    until: Instant


def rooms_of(home: Home, chosen: Sequence[str] = ()) -> tuple[str, ...]:
    """The order in which the rooms are proposed: as chosen, then from the entrance's room on as home.toml has them."""
    doors = [sensor.room for sensor in home.sensors.values() if sensor.role == "entrance"]
    halls = [room.id for room in home.rooms.values() if room.kind == "hall"]
    proposed = [*chosen, *doors[:1], *halls, *home.rooms]
    walked = {sensor.room for sensor in home.sensors.values() if sensor.kind in EYES or sensor.kind in STEPS}
    return tuple(room for room in dict.fromkeys(proposed) if room in walked)


def script(home: Home, chosen: Sequence[str] = ()) -> tuple[Step, ...]:
    """Every step of the walk: each room, and what is to be done in it."""
    steps: list[Step] = []
    for room in rooms_of(home, chosen):
        steps.append(Step("room", room))
        for sensor in home.sensors.values():
            if sensor.room == room:
                steps += [Step(kind, sensor.id) for kind in STEPS.get(sensor.kind, ())]
    return tuple(steps)


class Walk:
    """What was marked and heard so far, in order of time. ``stay_ms``: how long a room must be stayed in."""

    def __init__(self, home: Home, chosen: Sequence[str] = (), stay_ms: int = STAY_MS) -> None:
        self.home, self.stay_ms = home, stay_ms
        self.steps = script(home, chosen)
        self.marks: list[Mark] = []
        self.readings: list[Reading] = []
        self.quality: dict[str, int] = {}  # the worst of each sensor's radio, 0 to 255
        self.heard: set[str] = set()  # sensors that said anything at all
        self.here: Step | None = None  # begun and not over
        self.calls: list[str] = []  # help buttons that were pressed unasked: each was a call for help
        self._done: set[Step] = set()

    # -- what is told ------------------------------------------------------------------------------------------

    def mark(self, mark: Mark) -> None:
        """A mark of something that this home does not have is none."""
        step = Step(mark.kind, mark.what)
        if mark.kind == "done":
            self._over()
        elif step in self.steps:
            if self.here is not None and not self.here.kind == mark.kind == "room":  # else it corrects that one
                self._over()
            self.here = step
        else:
            return
        self.marks.append(mark)

    def _over(self) -> None:
        if self.here is not None:
            self._done.add(self.here)
        self.here = None

    def hear(self, readings: Iterable[Reading]) -> None:
        for reading in readings:
            if reading.sensor in self.home.sensors and len(self.readings) < READINGS_MOST:
                self.readings.append(reading)
                self.heard.add(reading.sensor)
                if self._is_call(reading):
                    self.calls.append(reading.sensor)

    def _is_call(self, reading: Reading) -> bool:
        asked = self.here == Step("press", reading.sensor)
        help_asked = self.home.sensors[reading.sensor].role != "answer"
        return reading.quantity == "button" and bool(reading.value) and help_asked and not asked

    def radio(self, sensor: str, quality: int) -> None:
        self.quality[sensor] = min(quality, self.quality.get(sensor, quality))

    # -- where it stands ---------------------------------------------------------------------------------------

    def ahead(self) -> Step | None:
        """What is proposed next: the first that has not been done. None: all has."""
        return next((step for step in self.steps if step not in self._done and step != self.here), None)

    def is_done(self, step: Step) -> bool:
        return step in self._done

    @property
    def latest(self) -> Step | None:
        """The step that began last, over or not."""
        return next((Step(one.kind, one.what) for one in reversed(self.marks) if one.kind != "done"), None)

    @property
    def since(self) -> Instant:
        """When the step that is on began."""
        return self.marks[-1].at if self.marks else Instant(0)

    def answered(self, sensor: Sensor) -> bool:
        """Whether it has answered to the step that is on. An eye may have seen whoever walked in."""
        if self.here is None:
            return False
        since = self._left_before() if self.here.kind == "room" else self.since
        return any(
            reading.sensor == sensor.id and reading.at >= since and _answers(reading, sensor)
            for reading in reversed(self.readings)
        )

    def _left_before(self) -> Instant:
        """When the room before was left."""
        return next((mark.at for mark in reversed(self.marks[:-1]) if mark.kind != "room"), Instant(0))

    def waits_for(self) -> tuple[str, ...]:
        """The sensors that the step that is on still waits for."""
        return tuple(sensor.id for sensor in self.asked() if not self.answered(sensor))

    def mute(self) -> tuple[str, ...]:
        """Of these, who speaks and has not answered: the first that is ever heard of one only tells how it stands, and
        an eye that has seen somebody is blind until it, or zigbee2mqtt, has forgotten that."""
        last = {one.sensor: one.quantity for one in self.readings if one.at >= self.since}
        spoke = {id for id, quantity in last.items() if quantity != self.home.sensors[id].kind}
        return tuple(id for id in self.waits_for() if id in spoke and self.home.sensors[id].kind != "button")

    def asked(self) -> tuple[Sensor, ...]:
        """The sensors that the step that is on is about."""
        if self.here is None:
            return ()
        kind, what = self.here
        if kind != "room":
            return (self.home.sensors[what],)
        return tuple(sensor for sensor in self.home.sensors.values() if sensor.room == what and sensor.kind in EYES)

    def instead(self) -> tuple[str, ...]:
        """Others of that kind that have answered since the step began, while what was asked for has not."""
        asked = {sensor.id for sensor in self.asked()}
        if self.here is None or not self.waits_for():
            return ()
        kinds = EYES if self.here.kind == "room" else {OF_STEP[self.here.kind]}
        others = (one for one in self.readings if one.at >= self.since and one.sensor not in asked)
        heard = [one.sensor for one in others if self.home.sensors[one.sensor].kind in kinds and one.value]
        return tuple(dict.fromkeys(heard))

    def is_over(self, now: Instant) -> bool:
        """Whether the step that is on has all that it waits for."""
        if self.here is None or self.waits_for():
            return False
        return self.here.kind != "room" or now - self.since >= self.stay_ms

    # -- what it came to ---------------------------------------------------------------------------------------

    def stays(self) -> tuple[Stay, ...]:
        """The rooms that were stayed in. A room that is marked right after another corrects it."""
        found: list[Stay] = []
        left = self.marks[0].at if self.marks else Instant(0)
        for mark, after in zip(self.marks, [*self.marks[1:], None], strict=True):
            if mark.kind != "room":
                left = mark.at
            elif after is None or after.kind != "room":
                until = after.at if after is not None else self._last()
                found.append(Stay(mark.what, left, mark.at, until))
        return tuple(found)

    def windows(self, kind: str, sensor: str) -> tuple[tuple[Instant, Instant], ...]:
        """When that was asked of that sensor: from the mark to the next one."""
        afters = [*(mark.at for mark in self.marks[1:]), Instant(self._last() + 1)]
        return tuple(
            (mark.at, after)
            for mark, after in zip(self.marks, afters, strict=True)
            if (mark.kind, mark.what) == (kind, sensor)
        )

    def _last(self) -> Instant:
        """The latest instant of which anything is known."""
        marked = self.marks[-1].at if self.marks else Instant(0)
        return max(marked, self.readings[-1].at) if self.readings else marked


def _answers(reading: Reading, sensor: Sensor) -> bool:
    """A door or a bed answers by any change: it may be wired the other way round."""
    return reading.quantity == sensor.kind and (reading.value != 0 or sensor.kind in ("door", "bed"))
