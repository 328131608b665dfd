"""Whether somebody is in bed, judged from summaries of its waveform. Pure; whole numbers; the engine's decoder.

bed_scale.py learns what the input means and says what a stretch speaks for; here that becomes a state that changes once
it is certain, dated back to the movement that changed it. Until the first long stay nothing is said. An input that is
none (flat, at an end of its range, loud without a pause, never moved) is told as not available: then nothing more comes
of it, no check-in either, and supervision says that the sensor is lost. docs/bed.md has the figures.
"""

from collections.abc import Iterator
from typing import Any, Final, cast

from agent.nouns import MINUTE_MS, SECOND_MS, Instant, Reading, Snapshot
from agent.sensors.bed_scale import SETTLE_S, Scale, dull, moving
from agent.sensors.feel import Feel

GAP_MS: Final = 30 * SECOND_MS  # unheard for longer: how the bed stands is then found, not felt
SURE_S: Final = 10  # that a change must last where there is a level; else SETTLE_S of rest after the movement
EDGE_MS: Final = 2 * MINUTE_MS  # who sat on the edge for up to so long and then lay down came when they sat down
MOVED_MS: Final = MINUTE_MS  # a movement that long ago no longer explains a change
UNMOVED_S: Final = 600  # that a change without any movement must last; it is found, not felt
RESTLESS_MS: Final = 15 * MINUTE_MS
THRASHES: Final = 4  # times the unrest of who lies still: the whole stretch is movement
# An input that is none. What stands at occupied is told within hours, and all of it within a day.
DULL_OCCUPIED_S: Final = 2 * 3_600  # flat or at an end of its range; a body is neither for so long
DULL_EMPTY_S: Final = 20 * 3_600  # a strip may well rest at an end of its range while nobody is there
LOUD_S: Final = 2 * 3_600  # beyond what any body does, without a pause
UNTURNED_S: Final = 8 * 3_600  # occupied, and never a movement


class BedPresence:
    """One bed. ``hear`` takes its summaries in order and gives readings: bed, bed_level, restless, checkin, available.

    A reading's time is the instant of which it speaks, up to two minutes before ``now`` and never after it. Those of
    bed and bed_level never go back: ``bed`` is what was felt to happen, ``bed_level`` how it was found to stand. A
    check-in comes once a minute at most, and only of an input that is one.
    """

    def __init__(self, sensor: str) -> None:
        self._sensor = sensor
        self._scale = Scale()
        self._ended = 0  # of the last summary
        self._said_at = 0
        self._state: int | None = None
        self._unsure = True
        self._value: int | None = None  # what speaks against the state, since when, and for how many seconds
        self._value_since = 0
        self._value_s = 0
        self._agreed_until = 0  # nothing spoke against the state
        self._moving_since: int | None = None  # the movement under way, or the last one
        self._moving_until = 0
        self._restless_since = 0
        self._restless_s = 0
        self._dull_s = self._loud_s = self._unturned_s = 0
        self._believed = True
        self._checked_in = 0

    def hear(self, now: Instant, feel: Feel) -> tuple[Reading, ...]:
        """What the summary came to. One that is not later than the last was told before, and says nothing."""
        if not self._ended < feel.at <= now:
            return ()
        if feel.since() - self._ended > GAP_MS:
            self.missed()
        self._ended = feel.at
        said = list(self._believe(feel))
        if self._believed:
            self._scale.learn(feel, self._state == 1)
            said += self._judge(feel)
            said += self._restless(feel)
            if not said and feel.at - self._checked_in >= MINUTE_MS:
                said.append(Reading(feel.at, self._sensor, "checkin", 1))
            if said:
                self._checked_in = feel.at
        return tuple(said)

    def missed(self) -> None:
        """What happened until now may not have been felt."""
        self._scale.missed()
        self._unsure, self._value, self._moving_since = True, None, None
        self._agreed_until = self._restless_since = self._restless_s = self._unturned_s = 0

    # -- an input that is none -------------------------------------------------------------------------------------

    def _believe(self, feel: Feel) -> Iterator[Reading]:
        lasted, loud = feel.lasted, self._scale.loud(feel)
        self._dull_s = self._dull_s + lasted if dull(feel) else 0
        self._loud_s = self._loud_s + lasted if loud else 0
        self._unturned_s = self._unturned_s + lasted if self._state == 1 and not feel.moved else 0
        dull_most_s = DULL_OCCUPIED_S if self._state == 1 else DULL_EMPTY_S
        dead = self._dull_s >= dull_most_s or self._loud_s >= LOUD_S or self._unturned_s >= UNTURNED_S
        if dead and self._believed:
            self._believed, self._state = False, None
            self.missed()
            yield self._says("available", 0, feel.at)
        elif not self._believed and not (dull(feel) or loud) and feel.moved:
            self._believed = True
            yield self._says("available", 1, feel.at)

    # -- in and out ------------------------------------------------------------------------------------------------

    def _judge(self, feel: Feel) -> Iterator[Reading]:
        if moving(feel):
            self._moving_since = feel.since() if self._moving_since is None else self._moving_since
            self._moving_until = feel.at
        value = self._scale.speaks_for(feel)
        if value is None:
            return
        if value == self._state and not self._unsure:
            self._value, self._agreed_until = None, feel.at
            if not moving(feel):
                self._moving_since = None
            return
        if value != self._value:
            self._value, self._value_s, self._value_since = value, 0, self._since(feel, value)
        self._value_s += feel.lasted
        moved = self._moving_since is not None and self._value_since - self._moving_until <= MOVED_MS
        sure_s = SURE_S if self._scale.has_level else SETTLE_S
        if self._value_s < (sure_s if moved or self._unsure else UNMOVED_S):
            return
        felt = moved and not self._unsure
        self._state, self._unsure, self._value, self._moving_since = value, False, None, None
        yield self._says("bed" if felt else "bed_level", value, self._value_since if felt else feel.at)

    def _since(self, feel: Feel, value: int) -> int:
        """Who comes on a level is there from when it was no longer nobody's, who goes from when it is. Without a level,
        who comes began to move then, and who goes moved until then."""
        since = feel.since()
        if self._scale.has_level and value and since - self._agreed_until <= EDGE_MS:
            return self._agreed_until
        if self._scale.has_level or self._moving_since is None:
            return since
        return self._moving_since if value else self._moving_until

    def _restless(self, feel: Feel) -> Iterator[Reading]:
        if self._state == 1:
            self._restless_since = self._restless_since or feel.since()
            thrashes = feel.unrest > THRASHES * self._scale.alive
            self._restless_s += feel.lasted if thrashes else feel.moved
        if self._restless_since and (self._state != 1 or feel.at - self._restless_since >= RESTLESS_MS):
            yield Reading(feel.at, self._sensor, "restless", self._restless_s)
            self._restless_since = self._restless_s = 0

    def _says(self, quantity: str, value: int, at: int) -> Reading:
        self._said_at = max(self._said_at, at)
        return Reading(Instant(self._said_at), self._sensor, quantity, value)

    def snapshot(self) -> Snapshot:
        own = {name[1:]: value for name, value in vars(self).items() if name not in ("_sensor", "_scale")}
        return own | {"scale": self._scale.snapshot()}

    def restore(self, snapshot: Snapshot) -> None:
        told = dict(cast(dict[str, Any], snapshot))
        self._scale.restore(told.pop("scale"))
        for name, value in told.items():
            setattr(self, f"_{name}", value)
