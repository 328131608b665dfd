"""The only loop, live and in replay, and the silences between its entries."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from agent.engine import Engine
from agent.nouns import Entry, Frame, Outcome


class Sink(Protocol):
    def put(self, entry: Entry, outcome: Outcome) -> None: ...


def sees_nothing_before(frame: Frame | None) -> bool:
    """Whether the time before this frame was not observed, so that no silence may be put there."""
    return frame is not None and frame.link == "hub" and frame.address in ("boot", "gap")


def fill(entries: Iterable[Entry], engine: Engine) -> Iterator[Entry]:
    """The entries, and before each the silences that the engine was waiting for.

    A frame that arrives at the very instant of a deadline counts as heard, so only earlier deadlines are put. Each
    carries the number of the frame before it.
    """
    for entry in entries:
        if not sees_nothing_before(entry.frame):
            before = entry.seq if entry.frame is None else entry.seq - 1
            while engine.next_due < entry.at:
                yield Entry(before, engine.next_due)
        yield entry


def run(entries: Iterable[Entry], engine: Engine, sink: Sink) -> None:
    """The only loop, live and in replay."""
    for entry in entries:
        sink.put(entry, engine.step(entry))
