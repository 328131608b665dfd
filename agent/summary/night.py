"""The night before a day, from its bed where there is one."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from agent.measures import BED_BLINK_MS
from agent.nouns import HOUR_MS, MINUTE_MS, Instant, Reading
from agent.summary.bounds import Bounds
from agent.summary.spans import Span, clipped, length_ms

UP_MS: Final = 90 * MINUTE_MS  # out of bed for longer: the night began later, or was over
NIGHT_LEAST_MS: Final = 2 * HOUR_MS  # in bed for less in all was no night


def in_bed(readings: Iterable[Reading], until: Instant) -> tuple[Span, ...]:
    """When a bed was lain on, a time out of it of less than BED_BLINK_MS being none."""
    found: list[Span] = []
    since: Instant | None = None
    for at, _, _, value in readings:
        if value and since is None:
            since = at
            if found and at - found[-1].until < BED_BLINK_MS:
                since = found.pop().since
        elif not value and since is not None:
            if at > since:
                found.append(Span(since, at))
            since = None
    if since is not None and since < until:
        found.append(Span(since, until))
    return tuple(found)


def of_the_night(beds: Sequence[Span], bounds: Bounds) -> tuple[Span, ...]:
    """The times in bed that make the night: of those that follow one another within UP_MS the longest; () for none.
    The first begins when somebody went to bed, the last ends when they were up."""
    chains: list[list[Span]] = []
    for span in clipped(beds, Span(bounds.evening, bounds.noon)):
        if chains and span.since - chains[-1][-1].until <= UP_MS:
            chains[-1].append(span)
        else:
            chains.append([span])
    longest = max(chains, key=length_ms, default=[])
    return tuple(longest) if length_ms(longest) >= NIGHT_LEAST_MS else ()


def out_of_bed(night: Sequence[Span]) -> tuple[Span, ...]:
    """Between the times in bed of one night."""
    return tuple(Span(before.until, after.since) for before, after in pairwise(night))
