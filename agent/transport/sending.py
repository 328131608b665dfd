"""Who goes next on one line: messages that the centre has not yet signed for. Pure; time is an argument.

A message is in our hands until its signed receipt. What happens to it in between:

    waiting    --published-->  in flight
    in flight  --60 s without receipt-->  due again
    in flight  --refused by the broker (nobody listens, not allowed)-->  waiting, and the line counts as deaf
    any        --connection lost-->  waiting
    any        --receipt-->  gone from the outbox, and with that from here

Over a deaf line one message goes every 5 s, the most urgent one, until the broker takes it; then all go. The most
urgent goes first, then the oldest. Times are milliseconds of any clock that never steps.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

RESEND_MS: Final = 60_000  # no receipt for so long: send again
DEAF_MS: Final = 5_000  # the broker said that a message did not get through: try one again after that
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


class Sending:
    """Memory of what was tried when, for one connection at a time."""

    def __init__(self) -> None:
        self._again: dict[Waiting, int] = {}  # in flight -> when it is due again
        self._whole_at_ms = 0  # when the allowance for bursts is whole again
        self._deaf_until_ms: int | None = None  # None: the line hears

    def lost(self) -> None:
        """The connection ended: nothing is in flight any more."""
        self._again.clear()
        self._deaf_until_ms = None

    def plan(self, now_ms: int, waiting: Iterable[Waiting]) -> Plan:
        """``waiting`` is all that has no receipt, in any order."""
        if self._deaf_until_ms is not None and now_ms < self._deaf_until_ms:
            return Plan([], self._deaf_until_ms)
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
        return Plan(publish if self._deaf_until_ms is None else publish[:1], min(later, default=None))

    def published(self, now_ms: int, message: Waiting) -> None:
        self._again[message] = now_ms + RESEND_MS
        if message.rank != CRITICAL:
            self._whole_at_ms = max(self._whole_at_ms, now_ms) + PACE_MS
        if self._deaf_until_ms is not None:
            self._deaf_until_ms = now_ms + DEAF_MS

    def taken(self) -> None:
        """The broker took a message, and somebody listens."""
        self._deaf_until_ms = None

    def refused(self, now_ms: int, message: Waiting) -> None:
        self._again.pop(message, None)
        self._deaf_until_ms = now_ms + DEAF_MS
