"""What a detector is.

A detector is memory and three verbs. It knows only what it is told through ``observe``; it may keep what it wants,
and must be able to write it down (``snapshot``) and to take it back (``restore``) so that a restart and a replay
say the same. It has no clock, no thread, no file.

When it is called: for every entry with a reading whose quantity is in ``hears``; at its own ``deadline``, if
nothing came before; and whenever the ``Watch`` has changed. A deadline that is due must be gone, or have moved
into the future, when ``observe`` returns.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from agent.nouns import Finding, Instant, Reading, Snapshot, Watch


class Detector(Protocol):
    name: str
    hears: frozenset[str]

    def observe(self, now: Instant, readings: Sequence[Reading], watch: Watch) -> Iterable[Finding]:
        """Take in what was read at ``now`` (nothing, when only time has passed) and say what follows."""
        ...

    def deadline(self) -> Instant | None:
        """'Wake me then, if nothing happens.'"""
        ...

    def snapshot(self) -> Snapshot:
        """All memory as plain JSON data; ``restore`` of it on a fresh detector must change nothing that is said."""
        ...

    def restore(self, snapshot: Snapshot) -> None: ...


class Model(Protocol):
    """A trained model. What it returns is quantised to integers before anything depends on it."""

    digest: str

    def run(self, features: Sequence[float]) -> Sequence[float]: ...
