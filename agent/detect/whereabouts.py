"""Where the resident was last known to be. The first in the line of detectors; the others are handed it and read it.

One rule for leaving: an entrance moved and nothing was heard inside since. One rule for being in: something was
heard in another room, or in the entrance's own room later than ``SETTLE_MS`` after the door. What the entrance's
own room says sooner than that may be the person walking out through the door: then ``doubt`` is set, and whoever
reads it decides (a fall is still looked for; "came back" is not yet believed). Doubt is also a door shut after
somebody was heard inside: they may have come in and shut it behind them. A door that is shut, with nothing heard
since it was opened, is still somebody leaving.

Leaving needs evidence: somebody was heard shortly before the door. One that moves after ``QUIET_MS`` in which nothing
was heard at all was opened from outside: somebody came home, or came to see them. ``empty`` is not changed by that,
since nobody has been heard inside yet, but ``came_in`` is set, and a fall is looked for.

Two more things keep a person from being taken for away. A bed that says occupied, and is believed: who lives there is
in it, and whoever moved the door was a visitor. And a second resident: that one left says nothing of the other, nor
does a bed say whose it is, so every movement of an entrance is doubt: a fall is looked for, and at night the door is
told. ``empty`` is what can still be said of such a home as a whole.

What a sensor in ``watch.unseen`` says is no sign of life, here and in every rule: a stuck one and one that chatters
speak without anybody there. A lost or mute one leaves ``unseen`` by speaking, before anybody is asked.
"""

from collections.abc import Iterable, Sequence
from typing import Final, cast

from agent.measures import QUIET_MS
from agent.nouns import ACTIVITY, Finding, Home, Instant, Reading, Snapshot, Watch, is_activity

SETTLE_MS: Final = 60_000


class Whereabouts:
    name = "whereabouts"
    hears = ACTIVITY | {"bed_level", "walk"}

    def __init__(self, home: Home) -> None:
        self._room = {sensor.id: sensor.room for sensor in home.sensors.values()}
        self._kind = {room.id: room.kind for room in home.rooms.values()}
        self._alone = home.residents == 1
        self._watch: Watch | None = None  # as last seen; not memory, only spares looking at it again
        self._entrances = frozenset(s.id for s in home.sensors.values() if s.kind == "door" and s.role == "entrance")
        self.heard_at: Instant | None = None  # the last sign of life
        self.heard: Reading | None = None
        self.room: str | None = None  # where that was
        self.entrance_at: Instant | None = None  # the last time an entrance moved, either way
        self.entrance_room: str | None = None
        self.empty = False  # an entrance, then nothing, and nobody known in bed
        self.away = False  # empty, and it was the one resident
        self.came_in = False  # the entrance that moved last was opened from outside, and nothing was heard since
        self.doubt = False  # an entrance moved, and it cannot be said who is in
        self.in_bed: frozenset[str] = frozenset()  # bed sensors that say occupied

    def observe(self, now: Instant, readings: Sequence[Reading], watch: Watch) -> Iterable[Finding]:
        if watch is not self._watch:
            self._watch = watch
            if self.empty and (bed := self._bed(watch)) is not None:  # it was not believed when the door moved
                self.empty = self.away = False
                self.room = self._room[bed]
        for reading in readings:
            if reading.quantity in ("bed", "bed_level"):
                self.in_bed = self.in_bed | {reading.sensor} if reading.value else self.in_bed - {reading.sensor}
            if reading.quantity == "walk":  # a walk test is over: somebody is in, and was heard there last
                self.forget(beds=False)
                self.heard_at, self.heard, self.room = reading.at, reading, self._room[reading.sensor]
            if is_activity(reading) and reading.sensor not in watch.unseen:
                self._hear(reading, watch)
        return ()

    def _bed(self, watch: Watch) -> str | None:
        """A bed that says occupied and is believed."""
        return min(self.in_bed - watch.unseen, default=None)

    def _hear(self, reading: Reading, watch: Watch) -> None:
        sensor, before = reading.sensor, self.heard_at
        self.heard_at, self.heard, self.room = reading.at, reading, self._room[sensor]
        if reading.quantity == "door" and sensor in self._entrances:
            quiet = before is not None and watch.observed and reading.at - max(before, watch.since) >= QUIET_MS
            self.came_in = quiet or (self.came_in and self.entrance_at == before)
            self._move(reading, self._bed(watch))
            return
        self.came_in = False
        if self.empty or self.doubt:
            assert self.entrance_at is not None
            self.empty = self.away = False
            self.doubt = self.room == self.entrance_room and reading.at - self.entrance_at <= SETTLE_MS

    def _move(self, reading: Reading, bed: str | None) -> None:
        """An entrance was opened or shut; ``bed``: somebody is known to lie there."""
        self.entrance_at, self.entrance_room = reading.at, self._room[reading.sensor]
        self.empty = bed is None and (self.empty or reading.value == 1)
        self.away = self.empty and self._alone
        self.doubt = not self.away and not (bed is not None and self._alone)
        if bed is not None and self._alone:
            self.room = self._room[bed]

    def forget(self, beds: bool = True) -> None:
        """It failed, or begins anew: nobody is known to be away, or in bed."""
        self.empty = self.away = self.doubt = self.came_in = False
        self.in_bed = frozenset() if beds else self.in_bed

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
            "room": self.room,
            "empty": self.empty,
            "away": self.away,
            "came_in": self.came_in,
            "doubt": self.doubt,
            "in_bed": sorted(self.in_bed),
        }

    def restore(self, snapshot: Snapshot) -> None:
        heard = snapshot["heard"]
        if heard is not None:
            self.heard = Reading(*cast(tuple[Instant, str, str, int], heard))
            self.heard_at, self.room = self.heard.at, cast(str | None, snapshot["room"])
        self.entrance_at = cast(Instant | None, snapshot["entrance_at"])
        self.entrance_room = cast(str | None, snapshot["entrance_room"])
        self.empty = bool(snapshot["empty"])
        self.away, self.doubt = bool(snapshot["away"]), bool(snapshot["doubt"])
        self.came_in = bool(snapshot["came_in"])
        self.in_bed = frozenset(cast(list[str], snapshot["in_bed"]))
