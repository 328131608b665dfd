"""What of a home could be seen: from what the hub said of itself, and from when it was running at all.

A stretch in which the home was not watched is no stretch in which nothing happened.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from agent.nouns import Home, Instant, link_of
from agent.summary.spans import Span, merged

NOT_WATCHED: Final = "home_not_watched"
OF_A_SENSOR: Final = frozenset({"sensor_lost", "sensor_mute", "sensor_stuck", "sensor_chattering"})
OF_A_LINK: Final = "link_lost"
ABOUT_SIGHT: Final = OF_A_SENSOR | {OF_A_LINK, NOT_WATCHED}


class Said(NamedTuple):
    """An alert as the journal keeps it. ``text`` names the sensor or link of which it speaks. ``sent`` false: it was
    said of a past that was only replayed, to nobody."""

    at: Instant
    id: str
    kind: str
    state: str
    since: Instant | None = None
    text: str = ""
    sent: bool = True


def dark(said: Iterable[Said], off: Iterable[Span], until: Instant) -> tuple[Span, ...]:
    """When nothing was observed. ``off``: when the hub did not run, as the journal shows it."""
    told = (span for _, span in _lasting(said, frozenset({NOT_WATCHED}), until))
    return merged([*off, *told])


def ill(said: Iterable[Said], home: Home, until: Instant) -> Mapping[str, tuple[Span, ...]]:
    """For each sensor that was not to be believed: when."""
    found: dict[str, list[Span]] = {}
    for first, span in _lasting(said, OF_A_SENSOR | {OF_A_LINK}, until):
        words = frozenset(re.findall(r"(?<![\w:])[a-z0-9-]+(?![\w:]*:\d)", first.text))  # a time names no sensor
        for sensor in home.sensors.values():
            if (link_of(sensor) if first.kind == OF_A_LINK else sensor.id) in words:
                found.setdefault(sensor.id, []).append(span)
    return {sensor: merged(spans) for sensor, spans in found.items()}


def _lasting(said: Iterable[Said], kinds: frozenset[str], until: Instant) -> Iterator[tuple[Said, Span]]:
    """Each incident of these kinds with when it stood; one that nobody ended stands until ``until``."""
    standing: dict[str, list[Said]] = {}
    for one in said:
        if one.kind not in kinds:
            continue
        if one.state == "cleared":
            for first in standing.pop(one.id, ()):
                yield first, _span(first, one.at)
        else:  # raised, or more went with it
            standing.setdefault(one.id, []).append(one)
    for ones in standing.values():
        yield from ((first, _span(first, until)) for first in ones)


def _span(first: Said, until: Instant) -> Span:
    return Span(first.at if first.since is None else first.since, until)


def unseen(ill: Mapping[str, Sequence[Span]], window: Span, permille: int) -> frozenset[str]:
    """The sensors that were not to be believed for more of a window than ``permille``."""
    length = max(1, window.until - window.since)
    return frozenset(
        sensor
        for sensor, spans in ill.items()
        if sum(max(0, min(b, window.until) - max(a, window.since)) for a, b in spans) * 1_000 > length * permille
    )
