"""Where a sign of life was: kinds of room, and the doors that mean something of their own."""

from typing import Final

PLACES: Final = ("bathroom", "bedroom", "hall", "kitchen", "living", "other", "fridge", "entrance")
FRIDGE: Final = PLACES.index("fridge")
ENTRANCE: Final = PLACES.index("entrance")


def place_of(kind: str, role: str, room_kind: str) -> int:
    """The place that a sensor speaks of."""
    if kind == "door" and role == "entrance":
        return ENTRANCE
    if kind == "door" and role == "fridge":
        return FRIDGE
    return PLACES.index(room_kind) if room_kind in PLACES[:6] else PLACES.index("other")
