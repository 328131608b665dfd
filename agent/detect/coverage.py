"""How much of the last day was observed."""

from typing import Final

from agent.nouns import DAY_MS, Instant

SPANS_MOST: Final = 200  # unobserved spans kept; beyond it the oldest two become one as long as both


class Coverage:
    """The unobserved spans of the last 24 hours, oldest first; the last one may still be open (end -1)."""

    def __init__(self) -> None:
        self._spans: list[list[int]] = []

    def turn(self, now: Instant, observed: bool) -> None:
        """Observation began or ended at ``now``."""
        self._forget(now)
        is_open = bool(self._spans) and self._spans[-1][1] < 0
        if observed and is_open:
            self._spans[-1][1] = now
        elif not observed and not is_open:
            self._spans.append([now, -1])

    def lost(self, since: Instant, until: Instant) -> None:
        """Nothing was observed between the two, as is only known afterwards."""
        if self._spans and self._spans[-1][1] < 0:
            return
        self._spans.append([since, until])
        self._forget(until)

    def permille(self, now: Instant) -> int:
        start = now - DAY_MS
        dark = sum(max(0, (until if until >= 0 else now) - max(since, start)) for since, until in self._spans)
        return 1_000 - min(dark, DAY_MS) * 1_000 // DAY_MS

    def _forget(self, now: Instant) -> None:
        self._spans = [span for span in self._spans if span[1] < 0 or span[1] > now - DAY_MS]
        if len(self._spans) > SPANS_MOST:
            first, second, *rest = self._spans
            self._spans = [[second[0] - (first[1] - first[0]), second[1]], *rest]

    def plain(self) -> list[list[int]]:
        return [list(span) for span in self._spans]

    def take(self, plain: list[list[int]]) -> None:
        self._spans = [list(span) for span in plain]
