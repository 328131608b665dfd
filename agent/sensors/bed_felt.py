"""A bed's waveform reduced to a few summaries, at the rim: no sample is kept longer than the second it belongs to.

Each second of hub time becomes ten tenths (of each the mean without its least and its greatest sample, so that a spike
is none), and of them a level and a spread. Seconds that are alike are one stretch, told as a ``Feel`` when it ends:
when the bed begins to move or comes to rest, after five seconds of moving, after fifteen of the rest that follows, and
after a minute at the latest. docs/bed.md has the figures.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from math import sqrt
from statistics import median
from typing import Final

import numpy as np
import numpy.typing as npt

from agent.nouns import SECOND_MS, Instant
from agent.sensors.feel import LASTED_MOST, PARTS, Feel

TENTHS: Final = 10
# Unrest is the spread of half seconds over eight seconds, about a straight line: what a still body does is slow, noise
# is quick, and drift is slower than both.
HALF: Final = 5
GROUP: Final = 16
HEARD_LEAST_PERCENT: Final = 60  # of a second's samples; with fewer it was not heard
LOST_MOST: Final = 2  # seconds that may be missing within a stretch; more, and a new one begins
SECOND_MOST: Final = 200  # samples of one second: twice the highest rate; what a jumping clock adds is dropped
USUAL_OF: Final = 30  # seconds: what moves for longer than half of that becomes the usual
STANDS_OUT: Final = 4  # times the usual spread: it moves; so many times less, for three seconds: it came to rest
SPREAD_LEAST: Final = 0.25  # counts; below it an input of 12 bits tells nothing apart
STEP: Final = 8  # times the usual spread between two seconds: something came or went
MOVING_S: Final = 5  # a moving stretch is cut after so long: it dates who comes and goes
SETTLED_S: Final = 15  # and so is the first still one after it: enough to be certain by (bed_presence.py)
# Stretches that end before their minute are paid for from here: 1,016 a day, and 400 saved for a restless night. With
# the 1,440 minutes that is at most 2,456 a day in the long run. With nothing left, a minute is told as a whole.
CHANGES_SAVED: Final = 400
CHANGE_EVERY_S: Final = 85
STILL, MOVING, RESTING = range(3)


class Felt:
    """One bed. ``feel`` takes what the board measured, in order of time, and gives what came to its end."""

    def __init__(self) -> None:
        self._rate, self._bits = 0, 0
        self._second = -1  # under way, since the epoch
        self._samples: list[int] = []
        self._spreads: deque[float] = deque(maxlen=USUAL_OF)
        self._tenths: list[npt.NDArray[np.float64]] = []  # of the stretch under way, a row for each second of it
        self._levels: list[float] = []
        self._begun = -1
        self._ended = -1  # the second after the last of the stretch
        self._kind, self._before = STILL, STILL
        self._most, self._moved, self._railed = 0.0, 0, 0
        self._saved, self._toward = CHANGES_SAVED, 0

    def feel(self, at: Instant, rate_hz: int, bits: int, samples: Sequence[int]) -> list[Feel]:
        """``at`` is the hub time of the first sample, and may jitter; samples are signed and within ``bits``.

        ValueError for a rate or a width that no board has (README of firmware-bridge).
        """
        if not (50 <= rate_hz <= 100 and 12 <= bits <= 24):
            raise ValueError(f"waveform of {bits} bits at {rate_hz} Hz, not 12 to 24 at 50 to 100")
        told: list[Feel] = []
        if (rate_hz, bits) != (self._rate, self._bits):
            told += self._break()
            self._rate, self._bits = rate_hz, bits
            self._spreads.clear()
        second, start, moment = at // SECOND_MS, 0, int(at)
        while start < len(samples):
            count = -(-((second + 1) * SECOND_MS - moment) * rate_hz // SECOND_MS)
            told += self._put(second, samples[start : start + count])
            start, second, moment = start + count, second + 1, (second + 1) * SECOND_MS
        return told

    def _put(self, second: int, samples: Sequence[int]) -> Iterator[Feel]:
        if second > self._second or second < self._second - 1:  # one that is a little behind is of this second
            if self._second >= 0:
                yield from self._close_second()
            if second < self._second or (self._ended >= 0 and second - self._ended > LOST_MOST):
                yield from self._break()  # what is under way is told only if that is paid for
            self._second = second
        self._samples.extend(samples[: SECOND_MOST - len(self._samples)])

    def _close_second(self) -> Iterator[Feel]:
        samples, self._samples = self._samples, []
        if len(samples) * 100 < self._rate * HEARD_LEAST_PERCENT:
            return
        size = len(samples) // TENTHS
        tenths = np.array(samples[: size * TENTHS], dtype=np.float64).reshape(TENTHS, size)
        tenths.sort(axis=1)
        means = tenths[:, 1:-1].sum(axis=1) / (size - 2)
        level, spread = median(means.tolist()), _spread(means)
        kind = self._what(level, spread)
        if self._levels and (kind != self._kind or self._steps(kind, level)) and self._pays():
            yield self._end()
        self._take(kind, means, level, spread, self._at_rail(samples))
        lasted = self._ended - self._begun
        cut = MOVING_S if kind == MOVING else SETTLED_S if self._before == MOVING else LASTED_MOST
        if lasted >= LASTED_MOST or (lasted >= cut and self._pays()):
            yield self._end()

    def _usual(self) -> float:
        return max(median(self._spreads), SPREAD_LEAST) if self._spreads else SPREAD_LEAST

    def _what(self, level: float, spread: float) -> int:
        lately = max((*list(self._spreads)[-2:], spread))
        usual = self._usual() if self._spreads else max(spread, SPREAD_LEAST)
        self._spreads.append(spread)
        if spread > STANDS_OUT * usual:
            return MOVING
        return RESTING if lately * STANDS_OUT < usual else STILL

    def _steps(self, kind: int, level: float) -> bool:
        return kind != MOVING and abs(level - self._levels[-1]) > STEP * self._usual()

    def _pays(self) -> bool:
        if not self._saved:
            return False
        self._saved -= 1
        return True

    def _at_rail(self, samples: Sequence[int]) -> bool:
        """Half of them within a five-hundredth of an end of the range."""
        top = (1 << self._bits - 1) - 1
        limit = top - top // 512
        if max(samples) < limit and min(samples) > -limit:  # most seconds
            return False
        return sum(abs(sample) >= limit for sample in samples) * 2 >= len(samples)

    def _take(self, kind: int, tenths: npt.NDArray[np.float64], level: float, spread: float, railed: bool) -> None:
        if not self._levels:
            self._begun, self._kind = self._second, kind
        self._ended = self._second + 1
        self._tenths.append(tenths)
        self._levels.append(level)
        self._most = max(self._most, spread)
        self._moved += kind == MOVING
        self._railed += railed
        self._toward += 1
        if self._toward >= CHANGE_EVERY_S:
            self._toward, self._saved = 0, min(self._saved + 1, CHANGES_SAVED)

    def _end(self) -> Feel:
        unrest = _unrest(np.concatenate(self._tenths))
        at, lasted = Instant(self._ended * SECOND_MS), min(self._ended - self._begun, LASTED_MOST)
        said = (round(median(self._levels)), round(unrest * PARTS), round(self._most * PARTS))
        feel = Feel(at, lasted, *said, min(self._moved, lasted), min(self._railed, lasted))
        self._before = self._kind
        self._tenths, self._levels = [], []
        self._most, self._moved, self._railed = 0.0, 0, 0
        self._begun = self._ended
        return feel

    def _break(self) -> Iterator[Feel]:
        """What comes next does not follow on what was."""
        if self._levels and self._pays():
            yield self._end()
        self._tenths, self._levels = [], []
        self._most, self._moved, self._railed = 0.0, 0, 0
        self._before = STILL
        self._second = self._begun = self._ended = -1
        self._samples = []


def _unrest(tenths: npt.NDArray[np.float64]) -> float:
    halves = tenths.reshape(-1, HALF).mean(axis=1)
    size = min(GROUP, len(halves))
    groups = halves[: len(halves) // size * size].reshape(-1, size)
    groups = groups - groups.mean(axis=1, keepdims=True)
    if size > 2:  # two points are a line of their own
        line = np.arange(size) - (size - 1) / 2
        groups = groups - np.outer(groups @ line / (line @ line), line)
    return float(median(np.sqrt((groups**2).mean(axis=1)).tolist()))


def _spread(tenths: npt.NDArray[np.float64]) -> float:
    """Their standard deviation, in a third of the time that numpy's own takes for ten."""
    off = tenths - tenths.sum() / TENTHS
    return sqrt(float(off @ off) / TENTHS)
