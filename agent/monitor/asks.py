"""What somebody who looks on says to a board: the hub's half of the conversation, of a hub that has no disk.

The board hears that its readings were heard, so it says all of them; not that they are kept, so it keeps them for the
hub. What is to be looked at is switched on, and put back in the end.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from agent.nouns import Instant
from agent.sensors import wire
from agent.sensors.board_time import Memory
from agent.sensors.bridge import Board
from agent.sensors.framing import VERSION, pack, unpack

EVERY: Final = frozenset(f"{kind}{nth}" for kind in wire.KINDS.values() for nth in range(wire.MAX_CHANNELS))


class Asks:
    """``used``: the inputs that are switched on besides those that are; None: all. None is, where all are found off:
    a hub does that when who lives there does not want to be watched."""

    def __init__(self, used: Iterable[str] | None, selftest: bool) -> None:
        self._used = EVERY if used is None else frozenset(used)
        self._selftest = selftest
        self._board: Board | None = None
        self._boot = self._oldest = self._next = 0
        self._found: frozenset[str] = frozenset()  # inputs that were on
        self._forgets = self._again = False

    def hear(self, at: Instant, said: bytes) -> None:
        """A frame's body; one that cannot be understood changes nothing. ``at`` is of a clock that never goes back."""
        body = unpack(said)
        if body is None or body.version != VERSION:
            return
        with suppress(ValueError):
            if body.type == wire.HELLO:
                self._hello(wire.hello(body.payload))
            elif body.type == wire.HEARTBEAT:
                self._stands(wire.heartbeat(body.payload).state)
            if self._board is not None:
                self._board.hear(at, said)
                orders = self._board.orders
                orders.waiting = [order for order in orders.waiting if self._may(order[0])]
                self._again = body.type == wire.DONE and not orders.configures()

    def _hello(self, said: wire.Hello) -> None:
        if self._board is None or self._boot != said.state.boot:
            self._boot = said.state.boot
            self._found = frozenset(channel.name for channel in said.channels if channel.flags & wire.ENABLED)
            self._board = Board("", self._found | self._used)
        self._stands(said.state)

    def _stands(self, state: wire.State) -> None:
        if state.boot == self._boot:
            self._oldest, self._next = state.oldest, state.next

    def _may(self, order: int) -> bool:
        return bool(self._found) if order == wire.CONFIGURE else self._selftest

    def answer(self, at: Instant) -> tuple[bytes, ...]:
        """The bodies to send back now."""
        if self._board is None:
            return (pack(wire.ASK_HELLO, 0),)
        kept = self._board.wanted if self._forgets else self._oldest
        self._board.told(True, Memory(self._boot, kept, None))
        again = self._again or (self._forgets and not self.left)  # it says how its inputs are, and what it keeps
        self._again = False
        return self._board.answer(at) + ((pack(wire.ASK_HELLO, 0),) if again else ())

    def leave(self, forget: bool) -> None:
        """From now on its inputs are put back; ``forget``: and the board may forget all that was heard."""
        if self._board is not None:
            self._board.used = self._found
            self._board.silent()  # so that it is asked who it is, and told anew
            self._used, self._forgets, self._selftest = frozenset(), forget, False

    @property
    def left(self) -> bool:
        """Whether the board is as it was found, and has forgotten what it may."""
        if self._board is None:
            return True
        forgot = not self._forgets or self._oldest == self._next
        return self._board.boot is not None and not self._board.orders.configures() and forgot
