"""A device that joins a home: what the radio tells of it, and what whoever sets up the home goes by."""

from typing import NamedTuple

from agent.nouns import Instant


class Newcomer(NamedTuple):
    """A Zigbee device as whoever sets up a home sees it. ``interview``: running, ready or failed. ``known``: it is in
    zigbee2mqtt's catalogue. ``kinds``: what sensor or signal of a home it may be, the likeliest first; none: nothing
    that this hub understands. ``link_quality`` 0 to 255, None: not heard yet; ``battery_percent`` None: not told, or it
    has none. ``battery_at``: civil, when that was first heard of it; None: not known. zigbee2mqtt repeats it with all
    that the device says, so whoever hears it once more knows nothing new."""

    address: str
    name: str = ""
    vendor: str = ""
    model: str = ""
    interview: str = "running"
    known: bool = True
    kinds: tuple[str, ...] = ()
    link_quality: int | None = None
    battery_percent: int | None = None
    battery_at: Instant | None = None
