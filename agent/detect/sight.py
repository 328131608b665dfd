"""Which sensors see a room."""

from typing import Final

from agent.nouns import Home

SEES_ROOM: Final = frozenset({"motion", "presence", "vibration", "bed"})  # where there is none, doors do


def seers(home: Home) -> dict[str, frozenset[str]]:
    """For each room that something sees: the sensors that do."""
    found: dict[str, frozenset[str]] = {}
    for room in home.rooms:
        here = [sensor for sensor in home.sensors.values() if sensor.room == room]
        seeing = [s.id for s in here if s.kind in SEES_ROOM] or [s.id for s in here if s.kind == "door"]
        if seeing:
            found[room] = frozenset(seeing)
    return found
