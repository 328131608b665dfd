"""A home lived through up to the days that ``routine_change`` judges: proof of watch, whereabouts, the count of days.

The same parts in the same order as in the engine, without the detectors that it does not read. Its memory is kept at
each noon, so that a changed stretch of the log can be lived from there without living all that came before it.
"""

import json
from collections.abc import Iterable, Sequence
from typing import cast

from agent.detect.day_features import Day
from agent.detect.routine_change import RoutineChange
from agent.detect.supervision import ProofOfWatch
from agent.detect.trust import Trust
from agent.detect.whereabouts import Whereabouts
from agent.nouns import DAY_MS, Finding, Home, Instant, Reading, Snapshot, Watch
from bench.homes import outage


class Recorder(RoutineChange):
    """Writes down each day that is over, in place of judging it."""

    def __init__(self, home: Home, whereabouts: Whereabouts) -> None:
        super().__init__(home, whereabouts, Trust())
        self.days: list[Day] = []

    def take(self, now: Instant, day: Day, watch: Watch) -> list[Finding]:
        self.days.append(day)
        return []


class Life:
    """One home. ``days`` are those that are over; ``noons`` the memory at the noon that begins each, by its number."""

    def __init__(self, home: Home) -> None:
        self._proof = ProofOfWatch(home)
        self._whereabouts = Whereabouts(home)
        self._recorder = Recorder(home, self._whereabouts)
        self._watch: Watch | None = None
        self.days = self._recorder.days
        self.noons: dict[int, str] = {}

    def live(self, readings: Iterable[Reading], until: Instant) -> None:
        for reading in readings:
            self._pass(reading.at)
            self._step(reading.at, (reading,))
        self._pass(Instant(until + 1))

    def _pass(self, at: Instant) -> None:
        while (due := self._due()) is not None and due < at:
            self._step(due, ())

    def _due(self) -> Instant | None:
        due = (self._proof.deadline(), self._recorder.deadline())
        return min((at for at in due if at is not None), default=None)

    def _step(self, now: Instant, readings: Sequence[Reading]) -> None:
        over = len(self.days)
        self._proof.observe(now, readings, self._proof.watch)
        self._whereabouts.observe(now, readings, self._proof.watch)
        self._recorder.observe(now, readings, self._proof.watch)
        if len(self.days) > over:
            memory = [part.snapshot() for part in (self._proof, self._whereabouts, self._recorder)]
            self.noons[self.days[-1].number + 1] = json.dumps(memory)

    def again(self, home: Home, number: int) -> "Life":
        """The same home at the noon that begins that day."""
        other = Life(home)
        proof, whereabouts, recorder = cast(list[Snapshot], json.loads(self.noons[number]))
        other._proof.restore(proof)
        other._whereabouts.restore(whereabouts)
        other._recorder.restore(recorder)
        return other


def masked(days: Iterable[Day]) -> list[Day]:
    """The days, those that touch a known outage as ones of which nothing was seen."""
    return [
        day._replace(coverage_permille=0) if outage(day.since, Instant(day.since + DAY_MS)) else day for day in days
    ]


def whole(home: Home, readings: Sequence[Reading]) -> Life:
    """The whole log."""
    life = Life(home)
    life.live(readings, Instant(readings[-1].at if readings else DAY_MS))
    return life
