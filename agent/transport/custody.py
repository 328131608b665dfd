"""Who goes next: the custody of messages that the centre has not yet signed for. Pure; time is an argument.

A message is in our hands until its signed receipt. What happens to it in between:

    waiting  --published-->  in flight  --60 s without receipt-->  due again
    waiting  --refused by the broker (nobody listens, not allowed)-->  due again after 10 s
    any      --connection lost-->  waiting
    any      --receipt-->  gone from the outbox, and with that from here

The most urgent goes first, then the oldest. Times are milliseconds of any clock that never steps.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

RESEND_MS: Final = 60_000  # no receipt for so long: send again
REFUSED_MS: Final = 10_000  # the broker said that it did not get through: try again
MAX_IN_FLIGHT: Final = 100  # published without a receipt; beyond it the rest waits
URGENT_PLACES: Final = 10  # of these, only for critical messages, so that a backlog cannot keep them out
BURST: Final = 20  # sent at once; after that, one each PACE_MS, so that a returning hub does not flood a centre
PACE_MS: Final = 200  # critical messages do not wait for it
CRITICAL: Final = 0


class Waiting(NamedTuple):
    """A message in the outbox, without its content. ``rank`` 0 is critical."""

    rank: int
    epoch: int
    seq: int


class Plan(NamedTuple):
    """What to publish now, in this order, and when to ask again if nothing else happens (None: only then)."""

    publish: list[Waiting]
    again_at_ms: int | None


class Custody:
    """Memory of what was tried when, for one connection at a time."""

    def __init__(self) -> None:
        self._again: dict[Waiting, int] = {}  # in flight -> when it is due again
        self._whole_at_ms = 0  # when the allowance for bursts is whole again

    def lost(self) -> None:
        """The connection ended: nothing is in flight any more."""
        self._again.clear()

    def plan(self, now_ms: int, waiting: Iterable[Waiting]) -> Plan:
        """``waiting`` is all that has no receipt, in any order."""
        everything = sorted(waiting)
        self._again = {message: self._again[message] for message in everything if message in self._again}
        places = MAX_IN_FLIGHT - len(self._again)
        allowance = BURST - -(-max(0, self._whole_at_ms - now_ms) // PACE_MS)
        publish, later = [], []
        for message in everything:
            critical = message.rank == CRITICAL
            again_ms = self._again.get(message)
            if again_ms is None and places <= (0 if critical else URGENT_PLACES):
                continue  # a receipt will make room
            if again_ms is not None and again_ms > now_ms:
                later.append(again_ms)
            elif not critical and allowance <= 0:
                later.append(self._whole_at_ms - (BURST - 1) * PACE_MS)
            else:
                publish.append(message)
                places -= again_ms is None
                allowance -= not critical
        return Plan(publish, min(later, default=None))

    def published(self, now_ms: int, message: Waiting) -> None:
        self._again[message] = now_ms + RESEND_MS
        if message.rank != CRITICAL:
            self._whole_at_ms = max(self._whole_at_ms, now_ms) + PACE_MS

    def refused(self, now_ms: int, message: Waiting) -> None:
        if message in self._again:
            self._again[message] = now_ms + REFUSED_MS
