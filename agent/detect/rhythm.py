"""How long a home whose sensors check in is ever silent as a whole.

Learnt without the sensor that spoke most on the day before: when that one dies, the home is quieter, and not yet
unobserved. A silence of more than twice the window is an outage, and nothing is learnt from it.
"""

from typing import Final, cast

from agent.detect.window import LongestGaps, resumed
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, Instant, Snapshot

UNKNOWN_MS: Final = 3 * HOUR_MS  # before the first whole day is known
LEAST_MS: Final = 15 * MINUTE_MS
OUTAGE_FACTOR: Final = 2


class HouseRhythm:
    """The longest gaps between any two words of the home, its most talkative sensor left out."""

    def __init__(self) -> None:
        self._gaps = LongestGaps()
        self._heard = Instant(-1)
        self._day = -1
        self._counts: dict[str, int] = {}
        self._talkative = ""

    def hear(self, now: Instant, sensor: str) -> bool:
        """Take in that a sensor spoke; True if a new day began, and with it perhaps another window."""
        turned = now // DAY_MS != self._day
        if turned:
            self._turn(now // DAY_MS)
        self._counts[sensor] = self._counts.get(sensor, 0) + 1
        if sensor != self._talkative:
            if self._heard >= 0:
                self._note(now, now - self._heard)
            self._heard = now
        return turned

    def _note(self, now: Instant, gap_ms: int) -> None:
        if gap_ms > LEAST_MS:
            window_ms = self.window_ms()
            if gap_ms > window_ms * OUTAGE_FACTOR:
                return
            gap_ms = min(gap_ms, window_ms)
        self._gaps.note(now, gap_ms)

    def _turn(self, day: int) -> None:
        if self._day >= 0 and len(self._counts) > 1:
            self._talkative = max(sorted(self._counts), key=self._counts.__getitem__)
        self._day, self._counts = day, {}

    def resume(self, since: Instant, now: Instant) -> None:
        """Nothing could be heard from ``since`` to ``now``: that says nothing about the home."""
        if self._heard >= 0:
            self._heard = resumed(self._heard, since, now)

    def window_ms(self) -> int:
        if not self._gaps.days():
            return UNKNOWN_MS
        return max(self._gaps.longest() * 5 // 4, LEAST_MS)

    def snapshot(self) -> Snapshot:
        return {
            "gaps": self._gaps.plain(),
            "heard": self._heard,
            "day": self._day,
            "counts": self._counts,
            "talkative": self._talkative,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._gaps.take(cast(list[int], snapshot["gaps"]))
        self._heard, self._day = cast(Instant, snapshot["heard"]), cast(int, snapshot["day"])
        self._counts = dict(cast(dict[str, int], snapshot["counts"]))
        self._talkative = cast(str, snapshot["talkative"])
