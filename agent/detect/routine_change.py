"""``routine_change``: a day, or a drift over days, unlike what is usual for this person.

Asked once a day, at noon, of the 24 hours before: they hold one whole night, and noon is an hour at which a word of
low severity is read and can be asked about. Each number of the day is held against the person's own last days
(own_days.py); the model makes one figure of them, the rule without a model another, and both run all the time
(surprise.py). It speaks when the p-value of the day, or of the drift, is small, and is quiet again once both are usual.

A day of which less than nine tenths was seen, or that was spent elsewhere, or whose clock is not known, is told apart:
not scored, not learnt, remembered as such, and told with what is said next.
"""

from collections.abc import Iterable, Sequence
from typing import Final, cast

from agent.detect import routine_words
from agent.detect.day_features import FEATURES, Day, DayCount
from agent.detect.detector import ModelFault
from agent.detect.own_days import OwnDays
from agent.detect.surprise import NUMBERS_LEAST, PPM, Drift, OwnPast, Scores, free_bits, model_bits
from agent.detect.trust import Trust
from agent.detect.waiting import resting
from agent.detect.whereabouts import Whereabouts
from agent.measures import DAYS_LEAST
from agent.nouns import ACTIVITY, DAY_MS, Finding, Home, Instant, Reading, Snapshot, Watch

VERSION: Final = 1  # of the memory; another one is not taken back, and the usual is learnt anew
MODEL: Final = "anomaly"
COVERAGE_LEAST_PERMILLE: Final = 900
AWAY_MOST_MINUTES: Final = 18 * 60  # a home that was empty for longer does not tell how somebody lives in it
ALERTS_PER_30_DAYS_PERMILLE: Final = 1_000
# The p-value below which a day is told, at one alert per 30 days. One in thirty would hold for days that have nothing
# to do with each other; unusual days come together and are one alert, so that it may be higher: bench.routine.
TOLD_PPM: Final = 83_000
DAY_SHARE_PERCENT: Final = 25  # of it for single days; the rest for drift, which finds more
USUAL_AGAIN_PPM: Final = 200_000
FORGET_DRIFT_AFTER: Final = 7  # days told apart in a row: what was under way before says nothing of what is now
APART_KEPT: Final = 28
WEEK: Final = 7
REASONS_MOST: Final = 3
REASON_LEAST: Final = 16  # one width: less is no reason
SHOWN_DAYS_MOST: Final = 7


def is_apart(day: Day) -> bool:
    """Whether a day is not to be held against others, nor others against it."""
    away = day.values[FEATURES.index("away_minutes")]
    return day.coverage_permille < COVERAGE_LEAST_PERMILLE or away > AWAY_MOST_MINUTES


def verdict(p_day: int, p_drift: int, told_ppm: int) -> str:
    """What two p-values come to: the day or the drift is told, all is usual, or neither ("")."""
    of_day, of_drift = (told_ppm * share // 100 for share in (DAY_SHARE_PERCENT, 100 - DAY_SHARE_PERCENT))
    if p_day <= of_day or p_drift <= of_drift:  # what is rarer, against what it is allowed, is what is told
        return "drift" if p_drift * of_day < p_day * of_drift else "day"
    return "usual" if min(p_day, p_drift) >= USUAL_AGAIN_PPM else ""


class RoutineChange:
    name = "routine_change"
    hears = ACTIVITY

    def __init__(
        self, home: Home, whereabouts: Whereabouts, trust: Trust, budget_permille: int = ALERTS_PER_30_DAYS_PERMILLE
    ) -> None:
        self._whereabouts = whereabouts
        self._trust = trust
        self._told_ppm = TOLD_PPM * budget_permille // 1_000
        self._count = DayCount(home, whereabouts)
        self._days = OwnDays()
        self._drift = Drift()
        self._past = {way: OwnPast() for way in ("free_day", "free_drift", "model_day", "model_drift")}
        self._digest = ""  # of the model whose past scores are kept
        self._apart: list[tuple[int, int]] = []  # day, coverage permille; APART_KEPT of them
        self._unscored = 0  # days told apart in a row
        self._raised: Instant | None = None
        self._watch: Watch | None = None  # as last seen; not memory, only spares looking at it again

    def observe(self, now: Instant, readings: Sequence[Reading], watch: Watch) -> Iterable[Finding]:
        found: list[Finding] = []
        self._pass(now, watch, found)  # by what was seen until now, and only then by what is seen from now on
        if watch is not self._watch:
            self._watch = watch
            self._count.see(now, watch)
            self._pass(now, watch, found)  # the clock may have been set past noon
        unseen = watch.unseen
        for reading in readings:
            quantity = reading.quantity
            moved = reading.value or quantity == "door" or quantity == "bed"
            if moved and quantity in ACTIVITY and reading.sensor not in unseen:
                self._count.hear(reading)
        return found

    def _pass(self, now: Instant, watch: Watch, found: list[Finding]) -> None:
        """Close the days that are over."""
        count = self._count
        if (until := count.until) is None or now < until:
            return
        if count.skip(now):
            self._drift.forget()
        while now >= count.seen.until:
            found += self.take(now, count.close(), watch)

    def take(self, now: Instant, day: Day, watch: Watch) -> list[Finding]:
        """A day is over: score it against the days before it, then learn it."""
        found: list[Finding] = []
        if is_apart(day):
            self._apart = [*self._apart, (day.number, day.coverage_permille)][-APART_KEPT:]
            self._unscored += 1
            if self._unscored == FORGET_DRIFT_AFTER:
                self._drift.forget()
            return found
        self._unscored = 0
        scores = self._days.scores(day)
        if sum(score is not None for score in scores) >= NUMBERS_LEAST:
            self._drift.move(scores)
            self._judge(now, day, scores, watch, found)
        self._days.keep(day)
        return found

    def _judge(self, now: Instant, day: Day, scores: Scores, watch: Watch, found: list[Finding]) -> None:
        by_drift = self._drift.scores(scores)
        p_day, p_drift = self._p_values(scores, by_drift)
        said = verdict(p_day, p_drift, self._told_ppm)
        if said in ("day", "drift"):
            drifts = said == "drift"
            if not resting(now, watch) and (self._raised is None or not drifts):
                self._tell(day, by_drift if drifts else scores, drifts, min(p_day, p_drift), found)
        elif said == "usual" and self._raised is not None and watch.observed:
            last = self._whereabouts.heard
            if last is not None:
                found.append(Finding("routine_change", "cleared", self._raised, evidence=(last,)))
                self._raised = None

    def _p_values(self, scores: Scores, by_drift: Scores) -> tuple[int, int]:
        """Of the day and of the drift: the model's where it may be used. Both ways learn, whichever is asked."""
        kinds = (("day", scores, False), ("drift", by_drift, True))
        p = [self._learn(f"free_{kind}", self._free_bits(each, drift)) for kind, each, drift in kinds]
        model = self._trust.model(MODEL)
        if model is not None:
            if model.digest != self._digest:
                self._digest = model.digest
                self._past |= {"model_day": OwnPast(), "model_drift": OwnPast()}
            try:
                bits = [model_bits(model, each, drift) for _, each, drift in kinds]
            except ModelFault as fault:
                self._trust.doubt(MODEL, str(fault))
            else:
                p = [self._learn(f"model_{kind}", each) for (kind, _, _), each in zip(kinds, bits, strict=True)]
        return p[0], p[1]

    def _learn(self, way: str, bits: int) -> int:
        past = self._past[way]
        p_ppm = past.p_ppm(bits)
        past.keep(bits)
        return p_ppm

    # -- what is said --------------------------------------------------------------------------------------------

    def _tell(self, day: Day, scores: Scores, drifts: bool, p_ppm: int, found: list[Finding]) -> None:
        reasons = self._reasons(scores, drifts)
        days = self._days_shown(day, reasons[0]) if drifts and reasons else 1
        parts = [self._part(day, index, days) for index in reasons]
        parts = [part for part in parts if part.outside][:REASONS_MOST] or parts[:1]
        if not parts:
            return
        week = sum(number > day.number - WEEK for number, _ in self._apart)
        words = (("why", routine_words.sentence(days, [part.said for part in parts], week)),)
        state = "raised" if self._raised is None else "updated"
        if self._raised is None:
            self._raised = Instant(day.since - (days - 1) * DAY_MS)
        last = self._whereabouts.heard
        evidence = () if last is None else (last,)
        if state == "raised" or evidence:
            score = 1_000 - min(p_ppm * 1_000 // PPM, 1_000)
            found.append(
                Finding("routine_change", state, self._raised, score_permille=score, evidence=evidence, words=words)
            )

    def _reasons(self, scores: Scores, drift: bool) -> list[int]:
        """The numbers without which the day would be least surprising, most telling first."""
        whole = self._bits(scores, drift)
        gains = []
        for index, score in enumerate(scores):
            if score is not None and abs(score) >= REASON_LEAST:
                without = [0 if other == index else each for other, each in enumerate(scores)]
                gains.append((whole - self._bits(without, drift), abs(score), -index))
        return [-index for _, _, index in sorted(gains, reverse=True)]

    def _bits(self, scores: Scores, drift: bool) -> int:
        model = self._trust.model(MODEL)
        if model is not None:
            try:
                return model_bits(model, scores, drift)
            except ModelFault as fault:
                self._trust.doubt(MODEL, str(fault))
        return self._free_bits(scores, drift)

    def _free_bits(self, scores: Scores, drift: bool) -> int:
        """The rule without a model; bench.routine puts others in its place, to compare."""
        return free_bits(scores, drift)

    def _days_shown(self, day: Day, index: int) -> int:
        """Over how many of the last days a drift stands out most: two days to a week."""
        known = self._days.known(index, day.unseen)
        middle = known[len(known) // 2]
        most = min(SHOWN_DAYS_MOST, len(known))
        return max(range(2, most + 1), key=lambda days: (self._mean(day, index, days) - middle) ** 2 * days)

    def _mean(self, day: Day, index: int, days: int) -> int:
        before = self._days.recent(index, days - 1) if days > 1 else []
        values = [*before, day.values[index]]
        return (2 * sum(values) + len(values)) // (2 * len(values))

    def _part(self, day: Day, index: int, days: int) -> routine_words.Part:
        return routine_words.one(index, self._mean(day, index, days), self._days.known(index, day.unseen), days)

    # -- the rest of the contract ----------------------------------------------------------------------------------

    def days_known(self) -> int:
        """Days that make the usual; below DAYS_LEAST nothing is said."""
        return len(self._days)

    def told_apart(self) -> Sequence[tuple[int, int]]:
        """The last days that were not counted: the local date of their noon, and their coverage in permille."""
        return tuple(self._apart)

    def deadline(self) -> Instant | None:
        return self._count.until

    def snapshot(self) -> Snapshot:
        return {
            "version": VERSION,
            "count": self._count.snapshot(),
            "days": self._days.plain(),
            "drift": self._drift.plain(),
            "past": {way: past.plain() for way, past in self._past.items()},
            "digest": self._digest,
            "apart": [list(each) for each in self._apart],
            "unscored": self._unscored,
            "raised": self._raised,
        }

    def restore(self, snapshot: Snapshot) -> None:
        if snapshot.get("version") != VERSION:
            return
        self._count.restore(cast(Snapshot, snapshot["count"]))
        self._days.take(cast(list[object], snapshot["days"]))
        self._drift.take(cast(list[int], snapshot["drift"]))
        for way, bits in cast(dict[str, list[int]], snapshot["past"]).items():
            self._past[way].take(bits)
        self._digest = cast(str, snapshot["digest"])
        self._apart = [(day, coverage) for day, coverage in cast(list[tuple[int, int]], snapshot["apart"])]
        self._unscored = cast(int, snapshot["unscored"])
        self._raised = cast(Instant | None, snapshot["raised"])


assert DAYS_LEAST >= 2 * WEEK  # two of each day of the week
