"""Sensors that were lost together, because a router went or a shelf of batteries ran out: one loss, told once."""

from collections.abc import Callable
from typing import Final

from agent.nouns import HOUR_MS, Instant

TOGETHER_MS: Final = 2 * HOUR_MS  # sensors last heard within this of each other are one loss


class Losses:
    """Groups by the sensor that was lost first; ``heard`` says when a sensor was last heard."""

    def __init__(self, heard: Callable[[str], Instant]) -> None:
        self._heard = heard
        self.groups: dict[str, list[str]] = {}

    def lose(self, sensor: str) -> str | None:
        """The first of the group that it now belongs to; None if that was said: it came and went again before the
        others were back."""
        since = self._heard(sensor)
        for first, group in self.groups.items():
            if sensor in group:
                return None
            if any(abs(self._heard(other) - since) <= TOGETHER_MS for other in group):
                group.append(sensor)
                return first
        self.groups[sensor] = [sensor]
        return sensor

    def find(self, sensor: str, lost: frozenset[str]) -> tuple[str, list[str]] | None:
        """The group, by its first and whole, whose last lost sensor was found; None while others are lost."""
        for first, group in self.groups.items():
            if sensor in group and lost.isdisjoint(group):
                del self.groups[first]
                return first, group
        return None
