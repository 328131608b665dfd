"""What a board is told besides what is kept: one order at a time, and given again until it is answered. Pure."""

from collections.abc import Callable, Iterable
from typing import Final

from agent.nouns import SECOND_MS, Instant
from agent.sensors import wire
from agent.sensors.framing import pack

AGAIN_MS: Final = SECOND_MS  # an order that was answered by nothing is given again


class BoardOrders:
    """The first of ``waiting`` (type, number, payload) has been given, or is to be."""

    def __init__(self) -> None:
        self.waiting: list[tuple[int, int, bytes]] = []
        self._given: Instant | None = None
        self._counts: dict[int, int] = {}

    def body(self, type: int, payload: bytes = b"") -> bytes:
        return pack(type, self._number(type), payload)

    def _number(self, type: int) -> int:
        number = self._counts.get(type, 0)
        self._counts[type] = (number + 1) % wire.NUMBERS
        return number

    def plan(self, channels: Iterable[wire.Channel], uses: Callable[[wire.Channel], bool]) -> None:
        """The channels as they are wanted, and then the board's own test."""
        self.clear()
        for index, channel in enumerate(channels):
            flags = channel.flags & ~wire.ENABLED | (wire.ENABLED if uses(channel) else 0)
            if flags != channel.flags:
                order = wire.configure(index, flags, channel.debounce_ms)
                self.waiting.append((wire.CONFIGURE, self._number(wire.CONFIGURE), order))
        self.waiting.append((wire.ASK_SELFTEST, self._number(wire.ASK_SELFTEST), b""))

    def clear(self) -> None:
        self.waiting, self._given = [], None

    def configures(self) -> bool:
        """Whether what the board's levels mean may still change."""
        return any(type == wire.CONFIGURE for type, _, _ in self.waiting)

    def due(self, at: Instant) -> tuple[bytes, ...]:
        if not self.waiting or (self._given is not None and at - self._given < AGAIN_MS):
            return ()
        self._given = at
        type, number, payload = self.waiting[0]
        return (pack(type, number, payload),)

    def answered(self, type: int, number: int) -> bytes | None:
        """The payload of the order that this answers, which is then done with; None: nobody gave it."""
        if not self.waiting or self.waiting[0][:2] != (type, number):
            return None
        self._given = None
        return self.waiting.pop(0)[2]
