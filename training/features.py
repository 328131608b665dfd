"""What the fall model is told at a sign of life: small whole numbers, from the past only, kept up as readings come.

Durations are steps of the fourth root of two (bins.step); rates are active minutes an hour, times ten; a habit's
length is a quantile of this home's own silences or stays. What a home does not have (a bed, company) is 0, which is
also the value in training: the model has no opinion about it. All arithmetic is of whole numbers, so every machine
says the same. Cost: about ten microseconds a reading.

Time of the wall clock is handed in; nothing here reads a clock.
"""

from bisect import bisect_left
from collections import deque
from typing import Final

from training.bins import DAY_MS, HOUR_MS, LONGEST_MS, MINUTE_MS, STEPS, step
from training.habits import AHEAD, LINE_MS, UNIT, Habits, HalfHours, quantiles
from training.places import ENTRANCE, PLACES

PARTS: Final = 4  # parts of the day that habits are kept apart for
CELL_WEIGHT: Final = 30  # silences that place and whole home each weigh beside a cell's own
DEFAULT_WEIGHT: Final = 10  # silences of a home that nobody knows yet
QUANTILES: Final = (500, 900, 990, 998)  # permille, of silences
DWELLS: Final = (500, 900)  # permille, of stays in a place
NEVER: Final = STEPS  # "since" of what never happened
LONG_MS: Final = (30 * MINUTE_MS, 2 * HOUR_MS)  # silences remembered apart
WEEK_HOURS: Final = 7 * 24
RECENT: Final = (10, 60, 180)  # minutes
# 1000 x sine of a turn in 96 parts (quarter hours of the day), by hand so that no libm decides
_SINE_QUARTER: Final = (0, 65, 131, 195, 259, 321, 383, 442, 500, 556, 609, 659, 707, 752, 793, 832, 866, 897, 924,
                        947, 966, 981, 991, 998, 1000)  # fmt: skip
# Half a silence in each quarter-octave fewer: what is taken for a home before it has said anything
_DEFAULT: Final = tuple(max(UNIT * 2 ** max(0, 10 - abs(each - 14) // 4), 1) if each >= 10 else 0
                        for each in range(STEPS + 1))  # fmt: skip


def sine(quarter: int) -> int:
    """1000 x the sine of ``quarter``/96 of a turn."""
    quarter %= 96
    sign = 1 if quarter < 48 else -1
    quarter %= 48
    return sign * _SINE_QUARTER[quarter if quarter <= 24 else 48 - quarter]


def names() -> list[str]:
    """One name for each feature, in order."""
    found = [f"here_{place}" for place in PLACES] + [f"before_{place}" for place in PLACES]
    found += [f"earlier_{place}" for place in PLACES]
    found += ["gap_1", "gap_2", "gap_3", "stay", "stay_before"] + [f"since_{place}" for place in PLACES]
    found += [f"active_{minutes}" for minutes in RECENT] + ["rooms_60", "door_doubt"]
    for minutes in (30, 120):
        found += [f"since_silence_{minutes}", f"length_silence_{minutes}"]
    found += ["sin_1", "cos_1", "sin_2", "cos_2", "minute", "weekend"]
    found += ["rate_1d", "rate_7d", "usual_now", "usual_next", "usual_next_3", "days_known"]
    found += [f"silence_q{quantile}" for quantile in QUANTILES] + [f"home_q{quantile}" for quantile in QUANTILES]
    found += [f"dwell_q{quantile}" for quantile in DWELLS] + ["cell_weight"]
    found += ["active_since_entrance", "places_since_entrance", "entrances_60", "moves_10", "moves_60"]
    for ahead in AHEAD:
        found += [f"line_most_{ahead}", f"line_fifth_{ahead}", f"quiet_{ahead}"]
    found += ["begun_most", "begun_second", "begun_fifth", "begun_half", "place_most", "place_second", "place_fifth"]
    return [*found, "bed", "door_open", "company"]


class Features:
    """One home. ``hear`` takes a sign of life; ``row`` says what the model is told about the moment after it."""

    def __init__(self) -> None:
        count = len(PLACES)
        self._at = -1  # the last sign of life; below 0: none yet
        self._place = -1
        self._gaps = [NEVER] * 3  # newest first
        self._runs = [-1, -1, -1]  # this place, the one before, the one before that
        self._run_at = 0  # when this stay began
        self._stay_before = NEVER
        self._since = [-1] * count
        self._minutes: deque[int] = deque()  # active minutes of the last three hours
        self._long = [(-1, NEVER)] * len(LONG_MS)  # end and length in steps of the last such silence
        self._hours = [0] * WEEK_HOURS  # active minutes by hour, a ring
        self._hour = -1
        self._first_hour = 0
        self._usual = (0, 0, 0, 0, 0)  # rate_1d, rate_7d, usual_now, usual_next, usual_next_3
        self._day = -1
        self._days_known = 0
        self.silences = Habits(count * PARTS)
        self.stays = Habits(count)
        self._silence_q: list[list[int]] = []
        self._home_q: list[int] = []
        self._dwell_q: list[list[int]] = []
        self._cell = -1
        self._inside = 0  # active minutes since an entrance moved
        self._inside_places = 0  # places heard since, one bit each
        self._entrances: deque[int] = deque()  # instants of the last hour
        self._moves: deque[int] = deque()  # changes of place of the last hour
        self._half_hours = HalfHours()
        self._morning()

    def hear(self, at: int, local_ms: int, place: int) -> None:
        """A sign of life at ``at``; ``local_ms`` is what the wall shows, in ms since 1970."""
        hour = local_ms // HOUR_MS
        if hour != self._hour:
            self._turn(hour)
        if self._at >= 0:
            self._end(at - self._at, at, local_ms)
        self._half_hours.mark(local_ms)
        minute = at // MINUTE_MS
        if not self._minutes or self._minutes[-1] != minute:
            self._minutes.append(minute)
            self._hours[hour % WEEK_HOURS] += 1
            self._inside += 1
            while self._minutes[0] <= minute - RECENT[-1]:
                self._minutes.popleft()
        if place != self._runs[0]:
            if self._runs[0] >= 0:
                self.stays.learn(self._runs[0], at - self._run_at)
                self._stay_before = step(at - self._run_at)
            self._runs = [place, self._runs[0], self._runs[1]]
            self._run_at = at
            self._moves.append(at)
        self._inside_places |= 1 << place
        if place == ENTRANCE:
            self._inside = self._inside_places = 0
            self._entrances.append(at)
        for past in (self._entrances, self._moves):
            while past and past[0] <= at - HOUR_MS:
                past.popleft()
        self._at, self._place = at, place
        self._since[place] = at
        self._cell = place * PARTS + local_ms % DAY_MS * PARTS // DAY_MS
        self._local = local_ms

    def _end(self, silence_ms: int, at: int, local_ms: int) -> None:
        length = step(silence_ms)
        self._gaps = [length, self._gaps[0], self._gaps[1]]
        for index, least_ms in enumerate(LONG_MS):
            if silence_ms >= least_ms:
                self._long[index] = (at, length)
        if MINUTE_MS <= silence_ms <= LONGEST_MS:
            self.silences.learn(self._cell, silence_ms)
        if LINE_MS <= silence_ms <= LONGEST_MS and self._place != ENTRANCE:
            self._half_hours.learn(self._place, local_ms - silence_ms, silence_ms)

    def _turn(self, hour: int) -> None:
        """Another hour of the wall clock."""
        if self._hour < 0:
            self._first_hour = hour
        else:
            for each in range(max(self._hour, hour - WEEK_HOURS) + 1, hour + 1):
                self._hours[each % WEEK_HOURS] = 0
        self._hour = hour
        known = hour - self._first_hour
        ring, now = self._hours, hour % WEEK_HOURS
        day = sum(ring[(now - each) % WEEK_HOURS] for each in range(1, 25))
        usual = [sum(ring[(now + ahead - 24 * back) % WEEK_HOURS] for back in range(1, 8)) for ahead in range(4)]
        days = max(min(known // 24, 7), 1)
        self._usual = (
            day * 10 // max(min(known, 24), 1),
            sum(ring) * 10 // max(min(known, WEEK_HOURS), 1),
            usual[0] * 10 // days,
            usual[1] * 10 // days,
            (usual[1] + usual[2] + usual[3]) * 10 // (3 * days),
        )
        if hour // 24 != self._day:
            self._half_hours.turn(hour // 24)
            self._day = hour // 24
            self._days_known = min(known // 24, 60)
            self.silences.forget()
            self.stays.forget()
            self._morning()

    def _morning(self) -> None:
        """The habits that hold until tomorrow."""
        silences, weights = self.silences.counts, self.silences.weight
        count = len(PLACES)
        by_place = [
            [sum(each) for each in zip(*silences[p * PARTS : p * PARTS + PARTS], strict=True)] for p in range(count)
        ]
        home = [sum(each) for each in zip(*by_place, strict=True)]
        default = (_DEFAULT, sum(_DEFAULT), DEFAULT_WEIGHT * UNIT)
        whole = (home, sum(home), CELL_WEIGHT * UNIT)
        places = [(by_place[p], sum(by_place[p]), CELL_WEIGHT * UNIT) for p in range(count)]
        self._silence_q = [
            quantiles(
                ((silences[cell], weights[cell], weights[cell]), places[cell // PARTS], whole, default), QUANTILES
            )
            for cell in range(count * PARTS)
        ]
        self._home_q = quantiles(((home, whole[1], whole[1]), default), QUANTILES)
        stays, dwell = self.stays.counts, self.stays.weight
        self._dwell_q = [quantiles(((stays[p], dwell[p], dwell[p]), default), DWELLS) for p in range(count)]
        self._half_hours.morning(self._days_known)

    def row(self, doubt: bool, bed: int = 0, door_open: int = 0, company: int = 0) -> list[int]:
        """The features of the last sign of life. ``doubt`` as in Whereabouts; bed, door_open, company: -1 no, 1 yes,
        0 not known."""
        at, place, local_ms = self._at, self._place, self._local
        found = [0] * (3 * len(PLACES))
        for index, run in enumerate(self._runs):
            if run >= 0:
                found[index * len(PLACES) + run] = 1
        found += self._gaps
        found.append(step(at - self._run_at))
        found.append(self._stay_before)
        found += [step(at - since) if since >= 0 else NEVER for since in self._since]
        minute, minutes = at // MINUTE_MS, self._minutes
        size = len(minutes)
        for recent in RECENT:
            found.append(size - bisect_left(minutes, minute - recent + 1))
        hour_ago = at - HOUR_MS
        found.append(sum(since > hour_ago for since in self._since))
        found.append(int(doubt))
        for ended, length in self._long:
            found.append(step(at - ended) if ended >= 0 else NEVER)
            found.append(length)
        minute_of_day = local_ms % DAY_MS // MINUTE_MS
        quarter = minute_of_day // 15
        found += [sine(quarter), sine(quarter + 24), sine(2 * quarter), sine(2 * quarter + 24), minute_of_day]
        found.append(int((local_ms // DAY_MS + 3) % 7 >= 5))
        found += self._usual
        found.append(self._days_known)
        found += self._silence_q[self._cell]
        found += self._home_q
        found += self._dwell_q[place]
        found.append(step(self.silences.weight[self._cell] * 100))
        found += [step(self._inside * MINUTE_MS), self._inside_places.bit_count(), len(self._entrances)]
        tenth = at - 10 * MINUTE_MS
        found += [sum(move > tenth for move in self._moves), len(self._moves)]
        found += self._half_hours.row(local_ms, place)
        found += [bed, door_open, company]
        return found
