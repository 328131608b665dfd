"""``possible_fall`` without a model: no sign of life by a deadline that the home's own silences set.

At each sign of life the deadline is: now + scale of the place and time of day x the home's multiplier. silences.py
makes the scale, budget.py the multiplier; both move once a day at most, or when an alarm turned out false. Whether
the person is out is for ``Whereabouts`` to say: away there is no deadline; in doubt there is one, with a cell of its
own. Everything that decides is a whole number.

Silence accrues only while the home is observed and nobody asked for rest; meanwhile what is left of the wait is kept.
A silence is told once: after an outage only a new sign of life begins a new one. Nothing is learnt from a silence
that was not observed throughout, was spent away, lasted beyond 12 h, or began in a room that was not seen. Without
check-ins a short outage cannot be told from stillness, and is learnt as one long silence: one among the few that the
budget allows, one among a hundred and more in a scale, so it can lengthen the wait but not undo it.

While all that sees a room is lost, mute or stuck, the person may have gone there unseen: then the wait is that of the
place where they were heard or of the unseen room, whichever is longer. It never shortens within one silence.
"""

from collections.abc import Iterable, Sequence
from typing import Final, cast

from agent.civil import Wall, in_window
from agent.detect.budget import Budget, Expected
from agent.detect.fall_sensors import FallSensors
from agent.detect.sight import seers
from agent.detect.silences import AT_THE_DOOR, IN_BED, LONGEST_MS, SHORTEST_MS, Silences
from agent.detect.whereabouts import Whereabouts
from agent.nouns import ACTIVITY, MINUTE_MS, Finding, Home, Instant, Promise, Reading, Snapshot, Watch, is_activity

LEAST_WAIT_MS: Final = 5 * MINUTE_MS  # no budget makes the hub more hasty than this
SLOT_MS: Final = 15 * MINUTE_MS  # wall clocks change on quarter hours, and so do parts of the day


class PossibleFall:
    name = "possible_fall"
    hears = ACTIVITY | {"fall"}

    def __init__(self, home: Home, whereabouts: Whereabouts) -> None:
        self.silences = Silences(home)
        self.budget = Budget(home.care.false_alerts_per_30_days)
        self._whereabouts = whereabouts
        self._falls = FallSensors(home)
        self._wall = Wall(home.timezone)
        self._night = home.care.night
        self._bed_room = {sensor.id: sensor.room for sensor in home.sensors.values() if sensor.kind == "bed"}
        self._seers = seers(home)
        self._slot, self._minute = -1, 0  # quarter hour of the wall clock, and its first minute of the day
        self._waits: dict[str, tuple[int, int, int]] = {}  # place -> _set_wait of it, until anything in it moves
        self._watch = Watch()
        self._unseen: frozenset[str] = frozenset()
        self._blind: tuple[str, ...] = ()  # rooms that nothing sees just now
        self._frozen = False  # silence does not accrue
        self._observed = True
        # The silence that runs since the last sign of life
        self._heard: tuple[Reading, ...] = ()  # up to three readings before it, the last one last; empty: none yet
        self._since = Instant(0)
        self._offset_ms = 0  # of the wall clock then
        self._room: str | None = None
        self._cell = 0
        self._away = False
        self._scale_ms = 0
        self._wait_ms = 0
        self._due: Instant | None = None
        self._left_ms: int | None = None  # what was left of the wait when it was frozen
        self._whole = True  # observed throughout, so far
        self._said: str | None = None  # raised, then perhaps updated

    # -- what it is told -----------------------------------------------------------------------------------------

    def observe(self, now: Instant, readings: Sequence[Reading], watch: Watch) -> Iterable[Finding]:
        findings: list[Finding] = []
        moved: Reading | None = None
        for reading in readings:
            if is_activity(reading):
                if reading.sensor not in watch.unseen:
                    moved = reading
            elif reading.quantity == "fall":
                findings += self._falls.hear(reading)
        if self._due is not None and (now > self._due or (now == self._due and moved is None)):
            findings.append(self._raise())
        if moved is not None:
            self._end(now, moved, findings)
        if watch is not self._watch:
            self._watch = watch
            self._see(watch.unseen)
            self._turn(now, watch, findings)
            if self._away and not self._whereabouts.away and moved is None:
                self._stay(now)
        if moved is not None:
            self._begin(now, moved)
        return findings

    def _raise(self) -> Finding:
        self._due, self._said = None, "raised"
        score = 1_000 - self.silences.longer_permille(self._cell, self._wait_ms)
        return self._finding("raised", self._heard, score)

    def _finding(self, state: str, evidence: tuple[Reading, ...], score_permille: int = 1_000) -> Finding:
        return Finding("possible_fall", state, self._since, "", self._room, score_permille, evidence)

    def _end(self, now: Instant, moved: Reading, findings: list[Finding]) -> None:
        """A sign of life: what was said is over; what was observed is learnt."""
        if self._said is not None:
            self._said = None
            findings.append(self._finding("cleared", (moved,)))
        if self._falls.open:
            findings += self._falls.move(moved)
        if self._whole and self._heard:
            silence_ms = now - self._since
            if silence_ms >= SHORTEST_MS and silence_ms <= LONGEST_MS and not self._away:
                self._learn(silence_ms)
            if self.budget.pass_time(silence_ms if silence_ms < LONGEST_MS else LONGEST_MS):
                self.silences.forget()
                self._waits.clear()

    def _learn(self, silence_ms: int) -> None:
        if self._room is not None and self._room not in self._blind:
            self.silences.learn(self._cell, silence_ms)
            self.budget.note(silence_ms * 1_000 // self._scale_ms)
            self._waits.clear()

    def _begin(self, now: Instant, moved: Reading) -> None:
        """A new silence begins at a sign of life."""
        where = self._whereabouts
        self._heard = (*self._heard[-2:], moved)
        self._since, self._room, self._away = now, where.room, where.away
        self._offset_ms = self._watch.clock.offset_ms
        self._whole = not self._frozen
        self._due = self._left_ms = None
        if not where.away and where.room is not None:
            self._await(now)

    def _stay(self, now: Instant) -> None:
        """Who was taken for away lies in a bed that is believed again: the wait begins, and nothing is learnt of it."""
        self._room, self._away, self._whole = self._whereabouts.room, False, False
        if self._room is not None:
            self._await(now)

    def _await(self, now: Instant) -> None:
        where = self._whereabouts
        assert where.room is not None
        slot = (now + self._offset_ms) // SLOT_MS
        if slot != self._slot:
            self._slot, self._minute = slot, self._wall.minute_of_day(Instant(slot * SLOT_MS))
            self._waits.clear()
        place = AT_THE_DOOR if where.doubt else IN_BED if where.in_bed and self._bed_says_so() else where.room
        wait = self._waits.get(place)
        if wait is None:
            wait = self._waits[place] = self._set_wait(place)
        self._cell, self._scale_ms, self._wait_ms = wait
        if self._frozen:
            self._left_ms = self._wait_ms
        else:
            self._due = Instant(now + self._wait_ms)

    def _set_wait(self, place: str) -> tuple[int, int, int]:
        """Cell, scale and wait of a place, just now."""
        cell = self.silences.cell(place, self._minute)
        scale_ms = self.silences.scale_ms[cell]
        if self._blind:
            scale_ms = max(scale_ms, self._longest_blind())
        return cell, scale_ms, self._wait(scale_ms)

    def _bed_says_so(self) -> bool:
        """Occupied, believed, and nothing was heard elsewhere since: a mat may stick, a second person may walk."""
        beds = self._whereabouts.in_bed
        return bool(beds) and any(bed not in self._unseen and self._bed_room.get(bed) == self._room for bed in beds)

    # -- what is observed ----------------------------------------------------------------------------------------

    def _turn(self, now: Instant, watch: Watch, findings: list[Finding]) -> None:
        """Observation was lost or is back, or a rest begins or ends."""
        self._observed = watch.observed
        if not watch.observed and self._said == "raised":
            self._said = "updated"
            findings.append(self._finding("updated", self._heard[-1:]))
        frozen = not watch.observed or watch.pause_until is not None
        if frozen == self._frozen:
            return
        self._frozen = frozen
        if frozen:
            self._whole = False
            if self._due is not None:
                self._left_ms, self._due = self._due - now, None
        elif self._left_ms is not None:
            self._due, self._left_ms = Instant(now + self._left_ms), None

    def _see(self, unseen: frozenset[str]) -> None:
        """Other sensors may be believed than before; a wait that runs may become longer."""
        if unseen == self._unseen:
            return
        self._unseen = unseen
        self._blind = self._blind_rooms()
        self._waits.clear()
        if not self._blind or (self._due is None and self._left_ms is None):
            return
        self._scale_ms = max(self._scale_ms, self._longest_blind())
        longer_ms = max(0, self._wait(self._scale_ms) - self._wait_ms)
        self._wait_ms += longer_ms
        if self._due is not None:
            self._due = Instant(self._due + longer_ms)
        elif self._left_ms is not None:
            self._left_ms += longer_ms

    def _blind_rooms(self) -> tuple[str, ...]:
        unseen = self._unseen
        return tuple(room for room, eyes in self._seers.items() if eyes <= unseen) if unseen else ()

    def _longest_blind(self) -> int:
        silences = self.silences
        return max(silences.scale_ms[silences.cell(room, self._minute)] for room in self._blind)

    def _wait(self, scale_ms: int) -> int:
        return min(max(scale_ms * self.budget.multiplier_permille // 1_000, LEAST_WAIT_MS), LONGEST_MS)

    # -- what it answers -----------------------------------------------------------------------------------------

    def deadline(self) -> Instant | None:
        return self._due

    def promise(self) -> Promise:
        """What happens if nothing more is heard and observation goes on."""
        if not self._observed:
            return Promise(None, "not_watched")
        if self._away and not self._frozen:
            return Promise(None, "away")
        return Promise(self._due, "asleep" if self._asleep() else "home")

    def _asleep(self) -> bool:
        if self._frozen or self._room is None:
            return False
        if self._bed_says_so():
            return True
        bedroom = self._whereabouts.kind_of(self._room) == "bedroom"
        return bedroom and in_window(self._wall.minute_of_day(Instant(self._since + self._offset_ms)), self._night)

    def promise_at(self, place: str, minute_of_day: int) -> int:
        """The wait in ms, were somebody last heard at ``place`` (a room, IN_BED, AT_THE_DOOR) at that local minute:
        with today's calibration, everything seen."""
        return self._wait(self.silences.scale_ms[self.silences.cell(place, minute_of_day)])

    def expected(self) -> Expected:
        """The false alerts to expect per 30 days, and the counts on which that rests."""
        return self.budget.expected()

    # -- snapshot ------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        return {
            "silences": self.silences.snapshot(),
            "budget": self.budget.snapshot(),
            "falls": self._falls.snapshot(),
            "unseen": sorted(self._unseen),
            "minute": self._minute,
            "frozen": self._frozen,
            "observed": self._observed,
            "heard": [list(reading) for reading in self._heard],
            "since": [self._since, self._offset_ms],
            "where": [self._room, self._cell, self._away],
            "wait": [self._scale_ms, self._wait_ms, self._due, self._left_ms],
            "whole": self._whole,
            "said": self._said,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self.silences.restore(cast(Snapshot, snapshot["silences"]))
        self.budget.restore(cast(Snapshot, snapshot["budget"]))
        self._falls.restore(cast(Snapshot, snapshot["falls"]))
        self._unseen = frozenset(cast(list[str], snapshot["unseen"]))
        self._blind = self._blind_rooms()
        self._minute, self._slot = cast(int, snapshot["minute"]), -1
        self._frozen, self._observed = bool(snapshot["frozen"]), bool(snapshot["observed"])
        self._heard = tuple(Reading(*plain) for plain in cast(list[tuple[Instant, str, str, int]], snapshot["heard"]))
        self._since, self._offset_ms = cast(tuple[Instant, int], snapshot["since"])
        self._room, self._cell, self._away = cast(tuple[str | None, int, bool], snapshot["where"])
        self._scale_ms, self._wait_ms, self._due, self._left_ms = cast(
            tuple[int, int, Instant | None, int | None], snapshot["wait"]
        )
        self._whole, self._said = bool(snapshot["whole"]), cast(str | None, snapshot["said"])
