"""What the fall model is told at a sign of life: small whole numbers, from the past only, kept up as readings come.

Durations are steps of the fourth root of two (bins.step); shares are steps of the fourth root of two downwards
(bins.rarity); rates are active minutes an hour, times ten. What a home does not have, or nobody told (a bed, company,
a sensor that is lost), is 0, which is also its value in most of training: the model has no opinion about it.

How often a sensor repeats itself says nothing (field note 3), so what is counted are active minutes, silences of a
minute and more, and changes of place. All arithmetic is of whole numbers. Time of the wall clock is handed in.
"""

from bisect import bisect_left
from collections import deque
from typing import Final, NamedTuple, cast

from agent.detect.bins import LONGEST_MS, STEPS, step
from agent.detect.places import ENTRANCE, PLACES
from agent.detect.usual import Usual
from agent.detect.usual import names as usual_names
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, Snapshot

NEVER: Final = STEPS  # "since" of what never happened
LONG_MS: Final = (30 * MINUTE_MS, 2 * HOUR_MS)  # silences remembered apart
WEEK_HOURS: Final = 7 * 24
RECENT: Final = (10, 60, 180)  # minutes
# 1000 x sine of a turn in 96 parts (quarter hours of the day), by hand so that no libm decides
_SINE_QUARTER: Final = (0, 65, 131, 195, 259, 321, 383, 442, 500, 556, 609, 659, 707, 752, 793, 832, 866, 897, 924,
                        947, 966, 981, 991, 998, 1000)  # fmt: skip


class Context(NamedTuple):
    """What is known besides the readings. ``doubt`` as in Whereabouts; ``bed``: 1 somebody lies in it, -1 nobody, 0
    none can tell; ``company``: people beyond one, as a lower bound; ``seen``: a bit for each of PLACES that a believed
    sensor sees."""

    doubt: bool = False
    bed: int = 0
    company: int = 0
    seen: int = (1 << len(PLACES)) - 1


def sine(quarter: int) -> int:
    """1000 x the sine of ``quarter``/96 of a turn."""
    quarter %= 96
    sign = 1 if quarter < 48 else -1
    quarter %= 48
    return sign * _SINE_QUARTER[quarter if quarter <= 24 else 48 - quarter]


def names() -> list[str]:
    """One name for each feature, in order."""
    found = [f"{when}_{place}" for when in ("here", "before", "earlier") for place in PLACES]
    found += ["gap_1", "gap_2", "gap_3", "stay", "stay_before"] + [f"since_{place}" for place in PLACES]
    found += [f"active_{minutes}" for minutes in RECENT] + ["rooms_60"]
    for minutes in (30, 120):
        found += [f"since_silence_{minutes}", f"length_silence_{minutes}"]
    found += ["sin_1", "cos_1", "sin_2", "cos_2", "minute", "weekend"]
    found += ["rate_1d", "rate_7d", "usual_now", "usual_next", "usual_next_3", "days_known"]
    found += ["active_since_entrance", "places_since_entrance", "entrances_60", "moves_10", "moves_60"]
    found += usual_names()
    found += [f"seen_{place}" for place in PLACES]
    return [*found, "door_doubt", "bed", "company"]


class Features:
    """One home. ``hear`` takes a sign of life; ``row`` says what the model is told about the moment after it."""

    def __init__(self) -> None:
        count = len(PLACES)
        self._at = self._minute = -1  # the last sign of life; below 0: none yet
        self._local = 0  # what the wall showed then, in ms since 1970
        self._place = -1
        self._gaps = [NEVER] * 3  # the last silences of a minute and more, newest first
        self._runs = [-1, -1, -1]  # this place, the one before, the one before that
        self._run_at = 0  # when this stay began
        self._stay_before = NEVER
        self._since = [-1] * count
        self._minutes: deque[int] = deque()  # active minutes of the last three hours
        self._long = [(-1, NEVER)] * len(LONG_MS)  # end and length in steps of the last such silence
        self._hours = [0] * WEEK_HOURS  # active minutes by hour, a ring
        self._hour = -1
        self._first_at = -1  # the first sign of life
        self._usual_rates = [0] * 5  # of this hour
        self._hours_known = 0  # since then, at the turn of this hour
        self._day = -1
        self._inside = 0  # active minutes since an entrance moved
        self._inside_places = 0  # places heard since, one bit each
        self._entrances: deque[int] = deque()  # minutes of the last hour in which one moved
        self._moves: deque[int] = deque()  # changes of place of the last hour
        self._usual = Usual()

    # -- what is heard -------------------------------------------------------------------------------------------

    def hear(self, at: int, local_ms: int, place: int, whole: bool = True) -> None:
        """A sign of life at ``at``. ``whole``: the silence before it was observed throughout, so that it teaches."""
        minute = at // MINUTE_MS
        if minute == self._minute and place == self._place:  # most are this: nothing but the time moves
            self._at = self._since[place] = at
            self._local = local_ms
            return
        hour = local_ms // HOUR_MS
        if hour != self._hour:
            self._turn(hour, at)
        if minute != self._minute:
            if self._at >= 0:
                self._end(at - self._at, at, local_ms, whole)
            self._minute = minute
            self._mark(minute, hour, local_ms)
        if place != self._place:
            self._move(at, place)
        if place == ENTRANCE:
            self._inside = self._inside_places = 0
            if not self._entrances or self._entrances[-1] != minute:
                self._entrances.append(minute)
        self._inside_places |= 1 << place
        self._at = self._since[place] = at
        self._local = local_ms

    def _mark(self, minute: int, hour: int, local_ms: int) -> None:
        """A minute in which somebody was heard."""
        self._usual.mark(local_ms)
        self._minutes.append(minute)
        self._hours[hour % WEEK_HOURS] += 1
        self._inside += 1
        for past, least in ((self._minutes, minute - RECENT[-1]), (self._entrances, minute - 60)):
            while past and past[0] <= least:
                past.popleft()

    def _move(self, at: int, place: int) -> None:
        """From one place to another."""
        if self._place >= 0:
            self._usual.learn_stay(self._place, at - self._run_at)
            self._stay_before = step(at - self._run_at)
        self._runs = [place, self._runs[0], self._runs[1]]
        self._place, self._run_at = place, at
        self._moves.append(at)
        while self._moves[0] <= at - HOUR_MS:
            self._moves.popleft()

    def _end(self, silence_ms: int, at: int, local_ms: int, whole: bool) -> None:
        """A silence that ran into another minute has ended."""
        if silence_ms >= MINUTE_MS:
            length = step(silence_ms)
            self._gaps = [length, self._gaps[0], self._gaps[1]]
            for index, least_ms in enumerate(LONG_MS):
                if silence_ms >= least_ms:
                    self._long[index] = (at, length)
        if whole and silence_ms <= LONGEST_MS:
            self._usual.learn_silence(self._place, local_ms - silence_ms, silence_ms)

    def _turn(self, hour: int, at: int) -> None:
        """Another hour of the wall clock; perhaps another day."""
        self._hours_known = 0 if self._first_at < 0 else (at - self._first_at) // HOUR_MS
        if self._first_at < 0:
            self._first_at = at
        else:
            for each in range(max(self._hour, hour - WEEK_HOURS) + 1, hour + 1):
                self._hours[each % WEEK_HOURS] = 0
        self._hour = hour
        self._usual_rates = self._rates()
        if hour // 24 != self._day:
            self._day = hour // 24
            self._usual.turn(self._day, self.days_known())

    def _rates(self) -> list[int]:
        """How busy the last day and week were, and how busy it usually is now, in the next hour, in the next three."""
        known, ring, now = self._hours_known, self._hours, self._hour % WEEK_HOURS
        day = sum(ring[(now - each) % WEEK_HOURS] for each in range(1, 25))
        usual = [sum(ring[(now + ahead - 24 * back) % WEEK_HOURS] for back in range(1, 8)) for ahead in range(4)]
        days = max(min(known // 24, 7), 1)
        rates = [day * 10 // max(min(known, 24), 1), sum(ring) * 10 // max(min(known, WEEK_HOURS), 1)]
        return [*rates, usual[0] * 10 // days, usual[1] * 10 // days, sum(usual[1:]) * 10 // (3 * days)]

    def days_known(self) -> int:
        """Whole days since the first sign of life, of time and not of the wall clock; 60 at most."""
        return min(self._hours_known // 24, 60)

    # -- what the model is told ----------------------------------------------------------------------------------

    def row(self, context: Context) -> list[int]:
        """The features of the last sign of life."""
        at, local_ms = self._at, self._local
        found = [0] * (3 * len(PLACES))
        for index, run in enumerate(self._runs):
            if run >= 0:
                found[index * len(PLACES) + run] = 1
        found += [*self._gaps, step(at - self._run_at), self._stay_before]
        found += [step(at - since) if since >= 0 else NEVER for since in self._since]
        found += self._activity(at)
        found += self._calendar(local_ms)
        found += [step(self._inside * MINUTE_MS), self._inside_places.bit_count()]
        hour, tenth = at - HOUR_MS, at - 10 * MINUTE_MS
        found.append(sum(minute > self._minute - 60 for minute in self._entrances))
        found += [sum(move > since for move in self._moves) for since in (tenth, hour)]
        found += self._usual.row(local_ms, self._place)
        found += [context.seen >> place & 1 for place in range(len(PLACES))]
        return [*found, int(context.doubt), context.bed, context.company]

    def _activity(self, at: int) -> list[int]:
        """How busy it was, and the last long silences."""
        minutes = self._minutes
        found = [len(minutes) - bisect_left(minutes, self._minute - recent + 1) for recent in RECENT]
        found.append(sum(since > at - HOUR_MS for since in self._since))
        for ended, length in self._long:
            found += [step(at - ended) if ended >= 0 else NEVER, length]
        return found

    def _calendar(self, local_ms: int) -> list[int]:
        """The time of day, and how busy this home usually is around it."""
        minute = local_ms % DAY_MS // MINUTE_MS
        quarter = minute // 15
        found = [sine(quarter), sine(quarter + 24), sine(2 * quarter), sine(2 * quarter + 24), minute]
        found.append(int((local_ms // DAY_MS + 3) % 7 >= 5))
        return [*found, *self._usual_rates, self.days_known()]

    def empties(self) -> bool:
        """Whether an entrance that moves usually leaves this home silent."""
        return self._usual.empties()

    # -- snapshot ------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        return {
            "last": [self._at, self._minute, self._local, self._place],
            "runs": [self._gaps, self._runs, self._run_at, self._stay_before],
            "since": self._since,
            "minutes": list(self._minutes),
            "long": [list(each) for each in self._long],
            "hours": [self._hour, self._first_at, self._hours_known, self._day, *self._hours],
            "rates": self._usual_rates,
            "inside": [self._inside, self._inside_places],
            "entrances": list(self._entrances),
            "moves": list(self._moves),
            "usual": self._usual.snapshot(),
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._at, self._minute, self._local, self._place = cast(list[int], snapshot["last"])
        gaps, runs, self._run_at, self._stay_before = cast(tuple[list[int], list[int], int, int], snapshot["runs"])
        self._gaps, self._runs = list(gaps), list(runs)
        self._since = list(cast(list[int], snapshot["since"]))
        self._minutes = deque(cast(list[int], snapshot["minutes"]))
        self._long = [(ended, length) for ended, length in cast(list[tuple[int, int]], snapshot["long"])]
        self._hour, self._first_at, self._hours_known, self._day, *self._hours = cast(list[int], snapshot["hours"])
        self._usual_rates = list(cast(list[int], snapshot["rates"]))
        self._inside, self._inside_places = cast(list[int], snapshot["inside"])
        self._entrances = deque(cast(list[int], snapshot["entrances"]))
        self._moves = deque(cast(list[int], snapshot["moves"]))
        self._usual.restore(cast(Snapshot, snapshot["usual"]))
