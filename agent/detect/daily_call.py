"""The hub's daily proof of life: a test call, once a day, that says to the centre that all of the way still works.

It depends on nothing that happens in the home: it is due some minutes after the hub's first start, and a day after
each call. A hub that was off then calls when it starts. The number that it carries shows the centre whether anything
that was said before is missing.
"""

from collections.abc import Iterable, Sequence
from typing import Final, cast

from agent.detect.supervision import ProofOfWatch
from agent.nouns import DAY_MS, MINUTE_MS, Finding, Instant, Reading, Snapshot, Watch

FIRST_MS: Final = 5 * MINUTE_MS  # after the first start: the line is up by then, and an installer is still there


class DailyCall:
    """Only a hub calls, and only one with a line to a centre: a sensor log that is replayed has none."""

    name = "daily_call"
    hears: frozenset[str] = frozenset()

    def __init__(self, proof: ProofOfWatch) -> None:
        self._proof = proof
        self._due: Instant | None = None

    def observe(self, now: Instant, readings: Sequence[Reading], watch: Watch) -> Iterable[Finding]:
        if self._due is None:
            if self._proof.boot.get("lines"):
                self._due = Instant(now + FIRST_MS)
        elif now >= self._due:
            self._due = Instant(now + DAY_MS)
            return (Finding("test_call", "raised", now, "daily"),)
        return ()

    def deadline(self) -> Instant | None:
        return self._due

    def snapshot(self) -> Snapshot:
        return {"due": self._due}

    def restore(self, snapshot: Snapshot) -> None:
        self._due = cast(Instant | None, snapshot["due"])
