"""Readings that came late: a board kept them while the hub was off, or its cable out.

Nothing later was told yet: then they are told as they happened. Else what they say of somebody who moved is no news,
and would turn round what is known of where that person is now; but an alarm is told all the same, and so is how a door
or a bed stands. A sign of life it is in neither case (possible_fall.py): that somebody moved then says nothing of now.

A felt bed is sure of who comes or goes only after a while. Who lies down lies there now, whoever moved meanwhile; who
got up and was heard elsewhere since is known to be there.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from agent.nouns import ACTIVITY, LATE_MS, MINUTE_MS, Home, Instant, Reading, is_activity, is_felt, is_late

FELT_LATE_MS: Final = 4 * MINUTE_MS  # a felt bed is sure of a change by then (sensors/bed_presence.py)
_LEVELS: Final = {"door": "door_level", "bed": "bed_level"}
_MOVED: Final = ACTIVITY - {"door", "bed", "button"}


class Latecomers:
    """``newest`` is when the latest of what was told of anybody was made."""

    def __init__(self, home: Home) -> None:
        self.newest = Instant(0)
        self._felt = frozenset(sensor.id for sensor in home.sensors.values() if is_felt(sensor))

    def told(self, now: Instant, readings: Sequence[Reading]) -> Sequence[Reading]:
        """What the detectors are told of it."""
        for reading in readings:
            if is_late(now, reading):
                return list(self._in_order(now, readings))
            if is_activity(reading):
                self.newest = max(self.newest, reading.at)
        return readings

    def _in_order(self, now: Instant, readings: Sequence[Reading]) -> Iterator[Reading]:
        for reading in readings:
            if self._is_felt(now, reading) and (reading.value or reading.at >= self.newest):
                reading = reading._replace(at=Instant(max(reading.at, self.newest, now - LATE_MS)))
            if not is_late(now, reading) or reading.at >= self.newest:
                if is_activity(reading):
                    self.newest = max(self.newest, reading.at)
                yield reading
            elif reading.quantity not in _MOVED or not reading.value:
                yield reading._replace(quantity=_LEVELS.get(reading.quantity, reading.quantity))

    def _is_felt(self, now: Instant, reading: Reading) -> bool:
        return reading.quantity == "bed" and reading.sensor in self._felt and now - reading.at <= FELT_LATE_MS
