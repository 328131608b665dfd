"""``bed_exit``: out of bed at night for longer than the plan allows, and not back.

A return is a bed that stays occupied for ``RETURN_MS``; anything shorter (a hand on the mattress, a mat that
chatters) neither stops the clock nor ends what was raised. What was raised also ends with the first activity after
the night: being up is then what everybody expects. Silence alone never ends it, nor does a fault: somebody may be on
the floor. What was put off because nothing could be seen is still said after the night, if it was put off by no more
than the plan's own minutes. The night is that of the best clock the hub has; a clock that is not known is told by
``clock_unknown``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, cast

from agent.civil import Wall, in_window
from agent.detect.waiting import Wait, begun, cannot_see, later, resting
from agent.detect.whereabouts import Whereabouts
from agent.nouns import ACTIVITY, MINUTE_MS, Finding, Home, Instant, Reading, Snapshot, Watch, is_activity

RETURN_MS: Final = 60_000  # chosen, not measured: the shortest time in bed that counts as being back


@dataclass(slots=True)
class _Exit:
    left: Reading
    night_ends: Instant
    wait: Wait  # then to speak; moved on whenever that could not be judged
    back: Reading | None = None  # occupied again, for less than RETURN_MS as yet
    settles: Wait | None = None  # then ``back`` will have been a return
    raised: bool = False

    def look_at(self) -> Instant | None:
        if self.settles is not None:
            return self.settles.due
        return None if self.raised else self.wait.due

    def hold(self, now: Instant, still: bool) -> None:
        self.wait.hold(now, still)
        if self.settles is not None:
            self.settles.hold(now, still)


class BedExit:
    """Each bed for itself: the subject is the bed's sensor."""

    name = "bed_exit"
    hears = ACTIVITY | {"bed_level"}

    def __init__(self, home: Home, whereabouts: Whereabouts) -> None:
        self._room = {sensor.id: sensor.room for sensor in home.sensors.values()}
        self._whereabouts = whereabouts
        self._wall = Wall(home.timezone)
        self._night = home.care.night
        self._limit_ms = home.care.bed_exit_minutes * MINUTE_MS
        self._occupied: set[str] = set()
        self._exits: dict[str, _Exit] = {}
        self._next: Instant | None = None
        self._watch: Watch | None = None  # as last seen; not memory, only spares looking at it again

    def observe(self, now: Instant, readings: Sequence[Reading], watch: Watch) -> Iterable[Finding]:
        found: list[Finding] = []
        if watch is not self._watch:
            self._watch = watch
            for sensor, exit in self._exits.items():
                exit.hold(now, cannot_see(watch, sensor))
            self._schedule()
        for reading in readings:
            if reading.quantity in ("bed", "bed_level"):  # who was found to have left has left
                self._stir(now, reading, watch, found)
            elif self._exits and is_activity(reading) and reading.sensor not in watch.unseen:
                self._up(reading, found)
        if self._next is not None and now >= self._next:
            for sensor in list(self._exits):
                self._look(now, sensor, watch, found)
            self._schedule()
        return found

    def _stir(self, now: Instant, reading: Reading, watch: Watch, found: list[Finding]) -> None:
        exit = self._exits.get(reading.sensor)
        if reading.sensor in watch.unseen:
            self._note(reading, exit)
        elif reading.value:
            self._occupied.add(reading.sensor)
            if exit is not None and exit.back is None:
                exit.back, exit.settles = reading, begun(now, reading.at, RETURN_MS)
                exit.settles.hold(reading.at, cannot_see(watch, reading.sensor))
        elif reading.sensor in self._occupied:
            self._occupied.discard(reading.sensor)
            if exit is not None and exit.back is not None and reading.at - exit.back.at < RETURN_MS:
                exit.back = exit.settles = None
            else:
                if exit is not None:
                    self._end(exit, exit.back or reading, found)
                self._leave(now, reading, watch)
        self._schedule()

    def _note(self, reading: Reading, exit: _Exit | None) -> None:
        """What a bed says that is not believed: how it stands is remembered, but nobody went or came back."""
        if reading.value:
            self._occupied.add(reading.sensor)
            return
        self._occupied.discard(reading.sensor)
        if exit is not None:
            exit.back = exit.settles = None

    def _leave(self, now: Instant, reading: Reading, watch: Watch) -> None:
        offset_ms = watch.clock.offset_ms
        civil = Instant(reading.at + offset_ms)
        if in_window(self._wall.minute_of_day(civil), self._night):
            night_ends = Instant(self._wall.next(civil, self._night[1]) - offset_ms)
            exit = _Exit(reading, night_ends, begun(now, reading.at, self._limit_ms))
            exit.hold(reading.at, cannot_see(watch, reading.sensor))
            self._exits[reading.sensor] = exit

    def _up(self, reading: Reading, found: list[Finding]) -> None:
        """Activity after the night. What a bed says speaks for that bed only and does not come here."""
        for exit in list(self._exits.values()):
            if reading.at >= exit.night_ends and exit.back is None:
                self._end(exit, reading, found)
                self._schedule()

    def _look(self, now: Instant, sensor: str, watch: Watch, found: list[Finding]) -> None:
        exit = self._exits[sensor]
        look_at = exit.look_at()
        if look_at is None or look_at > now:
            return
        if exit.back is not None:
            self._end(exit, exit.back, found)
        elif now >= exit.night_ends and not self._of_the_night(now, exit):
            del self._exits[sensor]
        elif resting(now, watch) or self._whereabouts.away:
            exit.wait.due = later(now, self._limit_ms)  # away: night_exit speaks, and back home the wait begins anew
        else:
            exit.raised = True
            found.append(self._finding("raised", exit, (exit.left,)))

    def _of_the_night(self, now: Instant, exit: _Exit) -> bool:
        """Whether what is asked in the day should have been asked in the night, and not so long ago."""
        asked = exit.left.at + self._limit_ms
        return asked < exit.night_ends and now - asked <= self._limit_ms

    def _end(self, exit: _Exit, by: Reading, found: list[Finding]) -> None:
        if exit.raised:
            found.append(self._finding("cleared", exit, (exit.left, by)))
        del self._exits[exit.left.sensor]

    def _finding(self, state: str, exit: _Exit, evidence: tuple[Reading, ...]) -> Finding:
        sensor = exit.left.sensor
        return Finding("bed_exit", state, exit.left.at, sensor, self._room.get(sensor), evidence=evidence)

    def _schedule(self) -> None:
        looks = (exit.look_at() for exit in self._exits.values())
        self._next = min((at for at in looks if at is not None), default=None)

    def deadline(self) -> Instant | None:
        return self._next

    def snapshot(self) -> Snapshot:
        return {
            "occupied": sorted(self._occupied),
            "exits": [
                [list(e.left), e.night_ends, e.wait.plain(), e.back, e.settles and e.settles.plain(), e.raised]
                for e in self._exits.values()
            ],
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._occupied = set(cast(list[str], snapshot["occupied"]))
        self._exits = {}
        for left, night_ends, wait, back, settles, raised in cast(list[list[object]], snapshot["exits"]):
            exit = _Exit(_reading(left), cast(Instant, night_ends), _wait(wait), raised=bool(raised))
            exit.back, exit.settles = _reading(back) if back else None, _wait(settles) if settles else None
            self._exits[exit.left.sensor] = exit
        self._schedule()


def _reading(plain: object) -> Reading:
    return Reading(*cast(tuple[Instant, str, str, int], plain))


def _wait(plain: object) -> Wait:
    return Wait(*cast(tuple[Instant | None, int | None], plain))
