"""What the model is compared with: each gives every row a scale, past only, that one hindsight multiplier tunes.

fixed: one threshold. quantile: room x 4 h, 99.9 %. cuddihy: alert lines by time of day (Cuddihy and others 2007): the
longest inactivity of the last 45 days at each half hour and its neighbours; the paper's own percentile and buffer are
not reproduced to the letter.
"""

from typing import Final

import numpy as np

from agent.detect.bins import LONGEST_MS
from agent.nouns import DAY_MS, MINUTE_MS

LINE_DAYS: Final = 45
SLOT_MS: Final = 30 * MINUTE_MS
SLOTS: Final = 48


def quantile_scale(
    day: np.ndarray, minute: np.ndarray, place: np.ndarray, silence: np.ndarray, ok: np.ndarray
) -> np.ndarray:
    """99.9 % quantile of all past silences of the cell, else of the home; 12 h where there is none."""
    cell = place * 6 + minute // 240
    scale = np.full(len(day), float(LONGEST_MS))
    for today in np.unique(day)[1:]:
        past, now = (day < today) & ok, np.flatnonzero(day == today)
        whole = np.quantile(silence[past], 0.999) if past.any() else LONGEST_MS
        for each in np.unique(cell[now]):
            own = silence[past & (cell == each)]
            scale[now[cell[now] == each]] = np.quantile(own, 0.999) if len(own) >= 10 else whole
    return scale


def alert_lines(day: np.ndarray, local: np.ndarray, silence: np.ndarray, ok: np.ndarray) -> np.ndarray:
    """(rows, SLOTS): for each row the line of its morning: the longest inactivity that any of the last LINE_DAYS days
    had reached at that half hour or its neighbours, in ms."""
    days = day - day[0]
    reached = np.zeros((days[-1] + 2, SLOTS))
    lines = np.full((len(day), SLOTS), float(LONGEST_MS))
    starts = np.flatnonzero(np.diff(days, prepend=-1))
    for start, stop in zip(starts, [*starts[1:], len(day)], strict=True):
        today = days[start]
        if today:
            past = reached[max(0, today - LINE_DAYS) : today].max(0)
            lines[start:stop] = np.maximum.reduce([np.roll(past, -1), past, np.roll(past, 1)]).clip(5 * MINUTE_MS)
        for row in np.flatnonzero(ok[start:stop]) + start:
            first, last = local[row] // SLOT_MS, (local[row] + silence[row]) // SLOT_MS
            for slot in range(first, last + 1):
                at = min((slot + 1) * SLOT_MS - local[row], silence[row])
                where = (slot * SLOT_MS // DAY_MS - local[0] // DAY_MS, slot % SLOTS)
                if where[0] < len(reached):
                    reached[where] = max(reached[where], at)
    return lines


def line_critical(lines: np.ndarray, local: np.ndarray, silence: np.ndarray) -> np.ndarray:
    """The multiplier below which a silence crosses its line."""
    worst = np.zeros(len(silence))
    for ahead in range(SLOTS // 2 + 1):
        slot = local // SLOT_MS + ahead
        begin = slot * SLOT_MS - local
        reached = np.minimum(begin + SLOT_MS, silence)
        line = lines[np.arange(len(slot)), slot % SLOTS]
        worst = np.where(begin < silence, np.maximum(worst, reached / line), worst)
    return worst


def line_delay(lines: np.ndarray, local: np.ndarray, multiplier: float) -> np.ndarray:
    """When a silence that does not end crosses its line, in ms; 12 h at most."""
    delay = np.full(len(local), float(LONGEST_MS))
    open_ = np.ones(len(local), dtype=bool)
    for ahead in range(SLOTS // 2 + 1):
        slot = local // SLOT_MS + ahead
        begin = np.maximum(slot * SLOT_MS - local, 0)
        cross = np.maximum(begin, multiplier * lines[np.arange(len(slot)), slot % SLOTS])
        hit = open_ & (cross < (slot + 1) * SLOT_MS - local)
        delay[hit] = np.minimum(cross[hit], LONGEST_MS)
        open_ &= ~hit
    found: np.ndarray = np.maximum(delay, 5 * MINUTE_MS)
    return found
