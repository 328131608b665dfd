"""When something was, by the hub's time, that a board dates by its uptime.

Each pair (uptime, time of arrival) can only be late, never early: the line through the earliest of them is the truth
but for the quickest frame's delay. See "Board time and hub time" in firmware-bridge/README.md. Whole numbers only, so
that a replay comes to the same milliseconds.
"""

from itertools import pairwise
from typing import Final, NamedTuple

from agent.nouns import SECOND_MS, Instant

MOST_PAIRS: Final = 64  # of a line, two minutes of heartbeats; beyond them the oldest goes
NEW_LINE_MS: Final = 30 * SECOND_MS  # so long without a pair, and a new line begins
STEP_MS: Final = SECOND_MS  # a pair further off the line than this and any drift: held up, or a clock was set
HELD_UP_MOST: Final = 2  # pairs in a row that were held up that long; one more, and it was the clock: all begins anew
DRIFT_MOST: Final = 100  # at most one part in a hundred; a ceramic resonator has one in two hundred
WRAP_MS: Final = 1 << 32


class Line(NamedTuple):
    """``offset`` is hub time minus uptime at ``uptime``; it changes by ``rise`` in each ``run``."""

    uptime: int
    offset: int
    rise: int = 0
    run: int = 1

    def at(self, uptime: int) -> int:
        return self.offset + (uptime - self.uptime) * self.rise // self.run


class Memory(NamedTuple):
    """What the journal knows of a board: where a hub goes on that has just started. ``wanted`` is the number of the
    reading that comes next."""

    boot: int
    wanted: int
    line: Line | None
    presses_lost: int = 0  # told of so many presses that the board could not keep


Pair = tuple[int, int]  # (uptime, offset)


def _hull(pairs: list[Pair]) -> list[Pair]:
    """The lower hull of what comes in the order of uptimes."""
    hull: list[Pair] = []
    for u, o in pairs:
        while len(hull) > 1:
            (u0, o0), (u1, o1) = hull[-2:]
            if (o1 - o0) * (u - u0) < (o - o0) * (u1 - u0):
                break
            hull.pop()
        hull.append((u, o))
    return hull


def _below(pairs: list[Pair], rise: int, run: int) -> Line:
    """The highest line below all pairs that rises so."""
    last = pairs[-1][0]
    return min((Line(u, o, rise, run) for u, o in pairs), key=lambda line: line.at(last))


class BoardTime:
    """Of one boot of one board. ``pair`` for what is stamped as it is sent, ``time_of`` for what is dated."""

    def __init__(self, known: Line | None = None) -> None:
        """``known``: a line of before, as ``line`` gave it."""
        self._pairs: list[Pair] = [(known.uptime, known.offset)] if known else []
        self._line = known or Line(0, 0)
        self._before: Line | None = None  # the line before this one, at its end
        self._held_up = HELD_UP_MOST if known else 0  # after a start one of the clocks may well have been set

    def pair(self, uptime: int, at: Instant) -> None:
        """``uptime`` as the board says it, 32 bits."""
        u = self._unwrapped(uptime, at)
        offset = at - u
        if self._pairs:
            last = self._pairs[-1][0]
            if u == last:
                return
            off = offset - self._line.at(u)
            limit = STEP_MS + (u - last) // DRIFT_MOST
            if off > limit and u > last and self._held_up < HELD_UP_MOST:
                self._held_up += 1
                return
            if u < last or abs(off) > limit:
                self._pairs, self._before = [], None
            elif u - last > NEW_LINE_MS:
                self._pairs, self._before = [], self._line._replace(uptime=last, offset=self._line.at(last))
        self._held_up = 0
        self._pairs = [*self._pairs[-MOST_PAIRS + 1 :], (u, offset)]
        self._line = self._laid()

    def time_of(self, uptime: int, arrived: Instant) -> Instant:
        """Never later than its arrival. Before the first pair nothing better is known than the arrival itself."""
        if not self._pairs:
            return arrived
        u = self._unwrapped(uptime, arrived)
        first, before = self._pairs[0][0], self._before
        if before is None or u >= first:
            offset = self._line.at(u)
        elif u <= before.uptime:
            offset = before.at(u)
        else:
            rise = self._line.at(first) - before.offset
            offset = Line(before.uptime, before.offset, rise, first - before.uptime).at(u)
        return Instant(min(u + offset, arrived))

    def _laid(self) -> Line:
        """The edge of the hull under the middle of the pairs; with a single pair, the drift that was known before."""
        hull = _hull(self._pairs)
        if len(hull) == 1:
            drift = self._before or Line(0, 0)
            return Line(*hull[0], drift.rise, drift.run)
        middle = sum(u for u, _ in self._pairs) // len(self._pairs)
        (u0, o0), (u1, o1) = next(edge for edge in pairwise(hull) if edge[1][0] >= middle)
        rise, run = o1 - o0, u1 - u0
        if abs(rise) * DRIFT_MOST > run:
            rise, run = (1 if rise > 0 else -1), DRIFT_MOST
        return _below(self._pairs, rise, run)

    def _unwrapped(self, uptime: int, at: Instant) -> int:
        """The turn of the 32-bit counter that is nearest to where the line expects it."""
        if not self._pairs:
            return uptime
        last = self._pairs[-1][0]
        expected = at - self._line.at(last)
        turns = (expected - uptime + WRAP_MS // 2) // WRAP_MS
        return uptime + turns * WRAP_MS

    def line(self) -> Line | None:
        """The line at its last pair: what a hub must know to go on after it was off."""
        if not self._pairs:
            return None
        last = self._pairs[-1][0]
        return self._line._replace(uptime=last, offset=self._line.at(last))
