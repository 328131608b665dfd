"""A device that joins a home: what the radio tells of it, and what whoever sets up the home goes by."""

from typing import NamedTuple


class Newcomer(NamedTuple):
    """A Zigbee device as whoever sets up a home sees it. ``interview``: running, ready or failed. ``known``: it is in
    zigbee2mqtt's catalogue. ``kinds``: what sensor or signal of a home it may be, the likeliest first; none: nothing
    that this hub understands. ``link_quality`` 0 to 255, None: not heard yet; ``battery_percent`` None: not told, or it
    has none."""

    address: str
    name: str = ""
    vendor: str = ""
    model: str = ""
    interview: str = "running"
    known: bool = True
    kinds: tuple[str, ...] = ()
    link_quality: int | None = None
    battery_percent: int | None = None
