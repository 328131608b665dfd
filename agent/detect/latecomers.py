"""Readings that came late: a board kept them while the hub was off, or its cable out.

Nothing later was told yet: then they are told as they happened. Else what they say of somebody who moved is no news,
and would turn round what is known of where that person is now; but an alarm is told all the same, and so is how a door
or a bed stands. A sign of life it is in neither case (possible_fall.py): that somebody moved then says nothing of now.

A felt bed is sure of who comes or goes only after a while. Who lies down lies there now, whoever moved meanwhile; who
got up and was heard elsewhere since is known to be there.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from agent.nouns import ACTIVITY, LATE_MS, Instant, Reading, is_activity, is_late

_LEVELS: Final = {"door": "door_level", "bed": "bed_level"}
_MOVED: Final = ACTIVITY - {"door", "bed", "button"}


class Latecomers:
    """``newest`` is when the latest of what was told of anybody was made."""

    def __init__(self) -> None:
        self.newest = Instant(0)

    def told(self, now: Instant, readings: Sequence[Reading]) -> Sequence[Reading]:
        """What the detectors are told of it."""
        for reading in readings:
            if now - reading.at > LATE_MS:
                return list(self._in_order(now, readings))
            if is_activity(reading):
                self.newest = max(self.newest, reading.at)
        return readings

    def _in_order(self, now: Instant, readings: Sequence[Reading]) -> Iterator[Reading]:
        for reading in readings:
            if reading.quantity == "bed" and reading.value and not is_late(now, reading):
                reading = reading._replace(at=max(reading.at, self.newest))  # who is felt to lie there does so now
            if now - reading.at <= LATE_MS or reading.at >= self.newest:
                if is_activity(reading):
                    self.newest = max(self.newest, reading.at)
                yield reading
            elif reading.quantity not in _MOVED or not reading.value:
                yield reading._replace(quantity=_LEVELS.get(reading.quantity, reading.quantity))
