"""The rule of ``possible_fall`` without a model: how long to wait at a place and time of day.

The wait is the scale of the home's own silences there (silences.py) x the home's multiplier (budget.py). It always
runs beside the fall model, and speaks for it when that may not be used. Everything that decides is a whole number.

While all that sees a room is lost, mute or stuck, the person may have gone there unseen: then the wait is that of the
place where they were heard or of the unseen room, whichever is longer.
"""

from typing import NamedTuple, cast

from agent.detect.budget import WITHOUT_MODEL, Budget
from agent.detect.hazard import LEAST_WAIT_MS
from agent.detect.sight import seers
from agent.detect.silences import LONGEST_MS, SHORTEST_MS, Silences
from agent.nouns import Home, Snapshot


class Wait(NamedTuple):
    """Where a silence is counted, the scale it had when it began, and how long to wait."""

    cell: int
    scale_ms: int
    wait_ms: int


class Floor:
    """Silences and budget of a home; ``blind`` are rooms that nothing sees just now."""

    def __init__(self, home: Home) -> None:
        self.silences = Silences(home)
        self.budget = Budget(home.care.false_alerts_per_30_days, WITHOUT_MODEL)
        self.blind: tuple[str, ...] = ()
        self._seers = seers(home)
        self._waits: dict[tuple[str, int], Wait] = {}  # by place and part of the day, until anything in it moves

    def see(self, unseen: frozenset[str]) -> None:
        """Other sensors may be believed than before."""
        self.blind = tuple(room for room, eyes in self._seers.items() if eyes <= unseen) if unseen else ()
        self._waits.clear()

    def wait(self, place: str, minute_of_day: int) -> Wait:
        cell = self.silences.cell(place, minute_of_day)
        key = (place, cell)
        found = self._waits.get(key)
        if found is None:
            scale_ms = self.silences.scale_ms[cell]
            if self.blind:
                scale_ms = max(scale_ms, self.blind_scale_ms(minute_of_day))
            found = self._waits[key] = Wait(cell, scale_ms, self.waited(scale_ms))
        return found

    def blind_scale_ms(self, minute_of_day: int) -> int:
        """The longest scale among the rooms that nothing sees; 0 where all are seen."""
        cells = [self.silences.cell(room, minute_of_day) for room in self.blind]
        return max((self.silences.scale_ms[cell] for cell in cells), default=0)

    def waited(self, scale_ms: int) -> int:
        return min(max(scale_ms * self.budget.reluctance // 1_000, LEAST_WAIT_MS), LONGEST_MS)

    def learn(self, wait: Wait, silence_ms: int) -> int | None:
        """How a silence ended that was observed throughout, at a place that is seen; the level that was noted."""
        if not SHORTEST_MS <= silence_ms <= LONGEST_MS:
            return None
        level = silence_ms * 1_000 // wait.scale_ms
        self.silences.learn(wait.cell, silence_ms)
        self.budget.note(level)
        self._waits.clear()
        return level

    def take_back(self, level: int) -> None:
        self.budget.take_back(level)
        self._waits.clear()

    def pass_time(self, observed_ms: int) -> None:
        """Count time that was observed; once a day of it is whole, scales and multiplier are made anew."""
        if self.budget.pass_time(min(observed_ms, LONGEST_MS)):
            self.silences.forget()
            self._waits.clear()

    def snapshot(self) -> Snapshot:
        return {"silences": self.silences.snapshot(), "budget": self.budget.snapshot()}

    def restore(self, snapshot: Snapshot) -> None:
        self.silences.restore(cast(Snapshot, snapshot["silences"]))
        self.budget.restore(cast(Snapshot, snapshot["budget"]))
        self._waits.clear()
