"""How long something usually keeps silent: the longest gap of each of the last days, over observed time only."""

from typing import Final

from agent.nouns import DAY_MS, MINUTE_MS, Instant

DAYS_KEPT: Final = 7  # a week holds every day of the week once; older days are forgotten
BLINK_MS: Final = 5 * MINUTE_MS  # a shorter blind spell is left out of a silence; after a longer one it begins anew


def resumed(awaited: Instant, since: Instant, now: Instant) -> Instant:
    """From when a silence counts that began at ``awaited``, after nothing could be heard from ``since`` to ``now``.

    After a blink it goes on: else a hub that is late for a moment every hour would never miss anything. After more,
    words may have been missed, and it begins anew.
    """
    dark = now - max(since, awaited)
    return Instant(awaited + dark) if 0 <= dark < BLINK_MS else now


class LongestGaps:
    """The longest gap of each of the last ``DAYS_KEPT`` days (UTC days: only their number matters)."""

    __slots__ = ("day", "past", "peaks", "today")

    def __init__(self) -> None:
        self.day = -1
        self.today = 0
        self.peaks: list[int] = []  # of whole days past, newest last
        self.past = 0  # the longest of them

    def note(self, now: Instant, gap: int) -> None:
        day = now // DAY_MS
        if day != self.day:
            self._turn(day)
        if gap > self.today:
            self.today = gap

    def _turn(self, day: int) -> None:
        if self.day >= 0:
            self.peaks = [*self.peaks, self.today][-DAYS_KEPT:]
        self.day, self.today = day, 0
        self.past = max(self.peaks, default=0)

    def longest(self) -> int:
        return self.today if self.today > self.past else self.past

    def second(self) -> int:
        """The second longest: one odd day, a stay away or a repair, does not make the rule."""
        days = sorted((self.today, *self.peaks))
        return days[-2] if len(days) > 1 else self.today

    def days(self) -> int:
        """Whole days known."""
        return len(self.peaks)

    def plain(self) -> list[int]:
        return [self.day, self.today, *self.peaks]

    def take(self, plain: list[int]) -> None:
        self.day, self.today, *self.peaks = plain
        self.past = max(self.peaks, default=0)
