"""``possible_fall`` with the trained model: everything it remembers of a home, and the wait it asks for.

At a sign of life ``hear`` keeps the features up; ``ask`` runs the model for the moment after it, corrects its hazards
by what this home's own silences have shown (recalibration.py), and takes the deadline of least expected harm at the
home's price (hazard.py, budget.py). ``learn`` is told how that silence ended.

By night a fall is less likely to be found by chance, and harm weighs ``NIGHT_PERMILLE``.
While an entrance is the last thing that was heard, somebody may have left, even where somebody came in by it as far as
can be told, or mostly somebody stays behind: harm then weighs ``DOOR_PERMILLE``, and where that is not worth a false
alert there is no deadline.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final, NamedTuple, cast

from agent.civil import Wall
from agent.detect.bins import BINS, LONGEST_MS, step
from agent.detect.budget import Budget, Population
from agent.detect.detector import Model, ModelFault
from agent.detect.features import Context, Features
from agent.detect.hazard import (
    LEAST_WAIT_MS,
    LEVELS,
    ONE,
    PRICES,
    WAITS_MS,
    critical,
    hazards,
    stretches,
    survival,
    wait_ms,
)
from agent.detect.places import ENTRANCE, place_of
from agent.detect.recalibration import Recalibration, Where, corrected, where
from agent.nouns import DAY_MS, MINUTE_MS, Home, Instant, Snapshot

DOOR_PERMILLE: Final = 30  # how much harm weighs while an entrance was the last thing heard
NIGHT_PERMILLE: Final = 1_070  # and after what else was heard between 22 and 7
PRIOR_ALERTS: Final = 4  # false alerts that the population's record weighs in a home's price
WATCHED_PER_30_DAYS: Final = 60  # a price at which the population would cost more is never asked


class _Asked(NamedTuple):
    """What the model said of the silence that runs."""

    here: Where
    hazard: list[int]  # the model's own, by stretch
    left: list[int]  # survival, corrected
    weight_permille: int


class FallModel:
    """One home. ``prior`` is the population's record: silences beyond 12 h, then the rate at each level of PRICES, in
    thousandths per 30 days."""

    def __init__(self, home: Home, prior: Sequence[int]) -> None:
        rooms = {room.id: room.kind for room in home.rooms.values()}
        self._places = {s.id: place_of(s.kind, s.role or "", rooms.get(s.room, "other")) for s in home.sensors.values()}
        self._wall = Wall(home.timezone)
        self._features = Features()
        self._recalibration = Recalibration()
        self.budget = Budget(home.care.false_alerts_per_30_days, population(prior, home.care.false_alerts_per_30_days))
        self._day = -1
        self._place, self._local, self._stay_at = -1, 0, Instant(0)
        self._since = Instant(0)
        self._asked: _Asked | None = None

    def seen(self, unseen: frozenset[str]) -> int:
        """A bit for each of PLACES that a believed sensor sees."""
        seen = 0
        for sensor, place in self._places.items():
            if sensor not in unseen:
                seen |= 1 << place
        return seen

    def hear(self, now: Instant, offset_ms: int, sensor: str, whole: bool) -> None:
        """A sign of life; ``offset_ms`` as in Clock. ``whole``: what was silent until now may be learnt."""
        local_ms, place = self._wall.local_ms(Instant(now + offset_ms)), self._places[sensor]
        day = local_ms // DAY_MS
        if day != self._day:
            self._day = day
            self._recalibration.turn()
        if place != self._place:
            self._place, self._stay_at = place, now
        self._since, self._local, self._asked = now, local_ms, None
        self._features.hear(now, local_ms, place, whole)

    def ask(self, model: Model, context: Context) -> int | None:
        """How long to wait after the last sign of life, in ms; None: for ever. ModelFault if the model fails."""
        logits = model.run(self._features.row(context))
        if len(logits) != BINS:
            raise ModelFault(f"it answers with {len(logits)} numbers, not {BINS}")
        hazard = stretches(hazards(logits))
        here = where(self._place, self._local % DAY_MS // MINUTE_MS, step(self._since - self._stay_at))
        left = survival(corrected(hazard, self._recalibration.factors(here)))
        weight = DOOR_PERMILLE if self._place == ENTRANCE else NIGHT_PERMILLE if here.night() else 1_000
        self._asked = _Asked(here, hazard, left, weight)
        return wait_ms(left, PRICES[self.budget.reluctance], weight)

    def has_heard(self) -> bool:
        return self._place >= 0

    def empties(self) -> bool:
        """Whether an entrance that moves usually leaves this home silent."""
        return self._features.empties()

    def days_known(self) -> int:
        return self._features.days_known()

    def longer_permille(self, silence_ms: int) -> int:
        """The share of such silences that last longer, rounded up."""
        assert self._asked is not None, "a wait was asked for"
        index = min(bisect_left(WAITS_MS, silence_ms), len(WAITS_MS) - 1)
        return -(-self._asked.left[index] * 1_000 // ONE)

    def learn(self, silence_ms: int) -> int | None:
        """How the silence ended that was asked about, if it was observed throughout; before ``hear``. The level that
        was noted."""
        asked = self._asked
        if asked is None or not LEAST_WAIT_MS <= silence_ms <= LONGEST_MS:
            return None
        self._recalibration.learn(asked.here, asked.hazard, silence_ms)
        wait = wait_ms(asked.left, PRICES[self.budget.least], asked.weight_permille)
        if wait is None or wait >= silence_ms:  # an alert at no price that this home may come to have
            return None
        level = critical(asked.left, silence_ms, asked.weight_permille)
        self.budget.note(level)
        return level

    def pass_time(self, observed_ms: int) -> None:
        """Count time that was observed."""
        self.budget.pass_time(min(observed_ms, LONGEST_MS))

    def snapshot(self) -> Snapshot:
        return {
            "features": self._features.snapshot(),
            "recalibration": self._recalibration.snapshot(),
            "budget": self.budget.snapshot(),
            "last": [self._day, self._place, self._local, self._stay_at, self._since],
            "asked": None if self._asked is None else list(self._asked),
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._features.restore(cast(Snapshot, snapshot["features"]))
        self._recalibration.restore(cast(Snapshot, snapshot["recalibration"]))
        self.budget.restore(cast(Snapshot, snapshot["budget"]))
        last = cast(tuple[int, int, int, Instant, Instant], snapshot["last"])
        self._day, self._place, self._local, self._stay_at, self._since = last
        asked = cast(tuple[list[int], list[int], list[int], int] | None, snapshot["asked"])
        self._asked = None if asked is None else _Asked(Where(*asked[0]), list(asked[1]), list(asked[2]), asked[3])


def population(prior: Sequence[int], false_alerts_per_30_days: float) -> Population:
    """The record of other homes, which weighs as many days as PRIOR_ALERTS take at this budget."""
    beyond, *rates = prior
    least = next((level for level, rate in enumerate(rates) if rate <= WATCHED_PER_30_DAYS * 1_000), 0)
    days = max(1, round(30 * PRIOR_ALERTS / max(false_alerts_per_30_days, 0.1)))
    return Population(least, LEVELS - 1, days, beyond, lambda level: rates[level])
