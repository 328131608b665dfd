"""When to call a broker again that could not be reached, or that ended the line."""

import random
from time import monotonic
from typing import Final

FIRST_BACKOFF_S: Final = 1.0  # doubles with each failure, halved at random
LAST_BACKOFF_S: Final = 30.0
SPREAD_S: Final = 75.0  # over so long the hubs of a centre come back to a broker that all of them lost at once
MANY: Final = 10  # failures; more make no attempt rarer
SHORT_MOST: Final = 3  # so many connections in a row that ended unsteady and without a word are told as that
UNSTEADY: Final = "lost soon after it was made, again and again: another client with this hub's id, or a bad network"


class Patience:
    """Memory of how often it failed. ``due`` is when to try again, by the monotonic clock.

    ``spread_s``: a lost line is tried again at an instant of our own within so long, since others lost it too; not when
    somebody needs it, nor after a line that had just been made: that is trouble of our own.
    """

    def __init__(self, spread_s: float = 0.0) -> None:
        self.due = 0.0
        self._spread_s, self._needed = spread_s, False
        self._failures = 0
        self._soon = 0.0  # when to try again if somebody needs the line

    def hurry(self, needed: bool) -> None:
        """Whether somebody needs the line."""
        self._needed = needed
        if needed:
            self.due = min(self.due, self._soon)

    def steady(self) -> None:
        """The line had lasted: waiting starts anew."""
        self._failures = 0

    def fought(self) -> None:
        """Somebody else wants the line's name: two who fight for it shall not fight at full speed."""
        self._failures = MANY

    def failed(self, alone: bool = False) -> None:
        """``alone``: others are not likely to have lost the line as well."""
        now = monotonic()
        backoff_s = min(LAST_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(self._failures, MANY))
        self._soon = now + random.uniform(0.5, 1.0) * backoff_s
        spread_s = 0.0 if self._needed or alone else random.uniform(0.0, self._spread_s)
        self.due = max(self._soon, now + spread_s)
        self._failures += 1
