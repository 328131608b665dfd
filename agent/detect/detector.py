"""What a detector is.

A detector is memory and three verbs. It knows only what it is told through ``observe``; it may keep what it wants,
and must be able to write it down (``snapshot``) and to take it back (``restore``) so that a restart and a replay
say the same. It has no clock, no thread, no file.

When it is called: for every entry with a reading whose quantity is in ``hears``; at its own ``deadline``, if
nothing came before; and whenever the ``Watch`` has changed. A deadline that is due must be gone, or have moved
into the future, when ``observe`` returns.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

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


class Silent:
    """Stands where a detector was dropped; the incident ``agent_fault`` stays open."""

    hears: frozenset[str] = frozenset()

    def __init__(self, dropped: Detector) -> None:
        self.name = dropped.name

    def observe(self, now: Instant, readings: Sequence[Reading], watch: Watch) -> Iterable[Finding]:
        return ()

    def deadline(self) -> Instant | None:
        return None

    def snapshot(self) -> Snapshot:
        return {}

    def restore(self, snapshot: Snapshot) -> None:
        return None


class ModelFault(Exception):
    """A model cannot be used, or did not answer with numbers; the message says why. The rule without it takes over."""


class Model(Protocol):
    """A trained model. What it returns is quantised to whole numbers before anything depends on it."""

    digest: str  # SHA-256 of its file, in hex

    def run(self, features: Sequence[int]) -> Sequence[int]:
        """The answer to one row, in 1/OUTPUT_UNIT; ModelFault if it is not finite."""
        ...


OUTPUT_UNIT: Final = 64  # of a model's outputs: coarse enough that two machines round alike but for ties


class Models(NamedTuple):
    """The models of this agent by name, and why those are missing that should be here.

    Without any (the default) every rule runs without a model, and says nothing of it.
    """

    by_name: Mapping[str, Model] = {}
    faults: Mapping[str, str] = {}
    priors: Mapping[str, Sequence[int]] = {}  # what the population taught beside a model, as whole numbers

    def state(self) -> dict[str, str]:
        """Why each cannot be used; "" for one that can."""
        return {**dict.fromkeys(self.by_name, ""), **self.faults}

    def digests(self) -> dict[str, str]:
        return {name: model.digest for name, model in sorted(self.by_name.items())}


NO_MODELS: Final = Models()
