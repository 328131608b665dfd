"""How much a board may tell of itself: what is new of the home is heard always, the rest within a measure. Pure."""

from typing import Final

from agent.nouns import SECOND_MS, Instant

SAVED_MOST: Final = 240  # frames that may come at once
ONE_EACH_MS: Final = 20 * SECOND_MS  # in the long run 4,320 a day; a board with a restless bed tells some 3,900


class Thrift:
    """``dropped`` counts what was too much."""

    def __init__(self) -> None:
        self.dropped = 0
        self._saved = SAVED_MOST
        self._since: Instant | None = None

    def pays(self, at: Instant) -> bool:
        self._since = at if self._since is None or at < self._since else self._since
        earned = (at - self._since) // ONE_EACH_MS
        self._since = Instant(self._since + earned * ONE_EACH_MS)
        self._saved = min(SAVED_MOST, self._saved + earned)
        if not self._saved:
            self.dropped += 1
            return False
        self._saved -= 1
        return True
