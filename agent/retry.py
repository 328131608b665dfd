"""When a lost line is tried again. Pure: time and chance are arguments. Seconds are of a clock that never steps."""

from collections.abc import Callable
from typing import Final

FIRST_BACKOFF_S: Final = 1.0  # doubles with each failure, halved at random
LAST_BACKOFF_S: Final = 30.0
MANY: Final = 10  # failures; more make no attempt rarer
SPREAD_S: Final = 75.0  # over so long the hubs of a centre come back to a broker that all of them lost at once
STEADY_S: Final = 30.0  # a connection that lasted so long starts the backoff anew
SHORT_MOST: Final = 3  # so many connections in a row that did not last, and ended without a word, are told as that
UNSTEADY: Final = "lost soon after it was made, again and again: another client with this hub's id, or a bad network"


class Retry:
    """Memory of how often a line failed in a row.

    ``spread_s``: it is tried again at an instant of our own within so long, since others lost it too; unless it is
    ``needed``.
    """

    def __init__(self, spread_s: float) -> None:
        self.needed = False
        self.soon_s = 0.0  # when to try again if somebody needs it
        self._spread_s = spread_s
        self._failures = self._short = 0

    def unsteady(self, lasted_s: float | None) -> bool:
        """A connection that was up for ``lasted_s`` (None: it never was) ended without a word; whether that happens
        again and again."""
        self._short = self._short + 1 if lasted_s is not None and lasted_s < STEADY_S else 0
        return self._short >= SHORT_MOST

    def fights(self) -> None:
        """Another client takes the line from us: two who want it shall not fight at full speed."""
        self._failures = MANY

    def again_s(self, now_s: float, lasted_s: float | None, chance: Callable[[float, float], float]) -> float:
        """When to try next. ``chance`` is a random number between two."""
        if lasted_s is not None and lasted_s >= STEADY_S:
            self._failures = 0
        backoff_s = min(LAST_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(self._failures, MANY))
        self._failures += 1
        self.soon_s = now_s + chance(0.5, 1.0) * backoff_s
        return max(self.soon_s, now_s + (0.0 if self.needed else chance(0.0, self._spread_s)))
