"""Stretches of time, from an instant up to another: put together, cut, and measured."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from agent.nouns import Instant


class Span(NamedTuple):
    since: Instant
    until: Instant


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """In order, those that touch as one; empty ones left out."""
    found: list[Span] = []
    for span in sorted(spans):
        if span.until <= span.since:
            continue
        if found and span.since <= found[-1].until:
            found[-1] = Span(found[-1].since, max(found[-1].until, span.until))
        else:
            found.append(span)
    return tuple(found)


def clipped(spans: Iterable[Span], bounds: Span) -> tuple[Span, ...]:
    """What of them lies within the bounds."""
    inner = (Span(max(span.since, bounds.since), min(span.until, bounds.until)) for span in spans)
    return tuple(span for span in inner if span.since < span.until)


def length_ms(spans: Iterable[Span]) -> int:
    return sum(until - since for since, until in spans)


def without(span: Span, holes: Sequence[Span]) -> tuple[Span, ...]:
    """What is left of a span; ``holes`` as ``merged`` gives them."""
    left: list[Span] = []
    since = span.since
    for hole in clipped(holes, span):
        if since < hole.since:
            left.append(Span(since, hole.since))
        since = hole.until
    return (*left, Span(since, span.until)) if since < span.until else tuple(left)
