"""``possible_fall``: no sign of life by a deadline that is set at each sign of life.

How long to wait is for the fall model to say (fall_model.py), and for the rule without a model (floor.py) where none
may be used. Both learn all the time. Whether the person is out is for ``Whereabouts`` to say: away there is no
deadline. It is not believed where somebody came in, or in a home that its doors hardly ever leave silent. A wait is
never shorter than ``LEAST_WAIT_MS``, so it is reckoned only once a silence has lasted that long: most never do.

Silence accrues only while the home is observed and nobody asked for rest; meanwhile what is left of the wait is kept.
A silence is told once: after an outage only a new sign of life begins a new one. Nothing is learnt from a silence
that was not observed throughout, that visitors filled, lasted beyond 12 h, or began in a room that was not seen.
Without check-ins a short outage cannot be told from stillness, and is learnt as one long silence: one among the few
that the budget allows, so it can lengthen the wait but not undo it.

Other sensors may be lost, mute or stuck while a silence runs: it may become longer by that, and never shorter.
"""

from collections.abc import Iterable, Sequence
from typing import Final, cast

from agent.civil import Wall, in_window
from agent.detect.budget import Expected
from agent.detect.company import Company
from agent.detect.fall_sensors import FallSensors
from agent.detect.fall_wait import FallWait, Levels, Start
from agent.detect.features import Context
from agent.detect.hazard import LEAST_WAIT_MS
from agent.detect.silences import AT_THE_DOOR, IN_BED, LONGEST_MS
from agent.detect.trust import Trust
from agent.detect.whereabouts import Whereabouts
from agent.nouns import ACTIVITY, Finding, Home, Instant, Promise, Reading, Snapshot, Watch, is_activity, is_late

NO_FALSE_ALERT: Final = frozenset({"true", "test"})  # verdicts after which a silence is no measure of this home
TOLD_MOST: Final = 16  # told silences that a verdict may still be given on; the oldest is left as it was learnt


class PossibleFall:
    name = "possible_fall"
    hears = ACTIVITY | {"fall", "walk"}

    def __init__(
        self, home: Home, whereabouts: Whereabouts, trust: Trust | None = None, company: Company | None = None
    ) -> None:
        self.wait = FallWait(home, trust or Trust())
        self._company = company or Company(home)
        self._whereabouts = whereabouts
        self._falls = FallSensors(home)
        self._wall = Wall(home.timezone)
        self._night = home.care.night
        self._bed_room = {sensor.id: sensor.room for sensor in home.sensors.values() if sensor.kind == "bed"}
        self._watch = Watch()
        self._unseen: frozenset[str] = frozenset()
        self._seen = self.wait.seen(self._unseen)
        self._frozen = False  # silence does not accrue
        self._observed = True
        # The silence that runs since the last sign of life
        self._heard: tuple[Reading, ...] = ()  # up to three readings before it, the last one last; empty: none yet
        self._since = Instant(0)
        self._from = Instant(0)  # the wait runs from here: the last sign of life, but for who is found to be in
        self._offset_ms = 0  # of the wall clock at the last sign of life
        self._room: str | None = None
        self._away = False
        self._woken = True  # LEAST_WAIT_MS have passed, or something made the wait known sooner
        self._due: Instant | None = None
        self._left_ms: int | None = None  # what was left of the wait when it was frozen
        self._whole = True  # observed throughout, so far
        self._visited = False  # visitors were there when it began
        self._said: str | None = None  # raised, then perhaps updated
        self._told: dict[Instant, Levels] = {}  # silences that were told and have ended, by their beginning

    # -- what it is told -----------------------------------------------------------------------------------------

    def observe(self, now: Instant, readings: Sequence[Reading], watch: Watch) -> Iterable[Finding]:
        findings: list[Finding] = []
        moved: Reading | None = None
        walked: Reading | None = None
        for reading in readings:
            if is_activity(reading):
                if is_late(now, reading):  # somebody moved then, which says nothing of now
                    self._whole = False
                elif reading.sensor not in watch.unseen:
                    moved = reading
            elif reading.quantity == "fall":
                findings += self._falls.hear(reading)
            elif reading.quantity == "walk" and self._said is None:
                walked = reading
        if not self._woken and not self._frozen and now >= self._from + LEAST_WAIT_MS:
            self._wake()
        if self._due is not None and self._woken and (now > self._due or (now == self._due and moved is None)):
            findings.append(self._raise())
        if moved is not None:
            self._end(now, moved, findings)
        if watch is not self._watch:
            self._watch = watch
            self._see(watch.unseen)
            self._turn(now, watch, findings)
            if self._away and not self._whereabouts.away and moved is None:
                self._stay(now)
        if (begins := moved or walked) is not None:
            self._begin(now, begins)
        return findings

    def _raise(self) -> Finding:
        self._due, self._said = None, "raised"
        return self._finding("raised", self._heard, 1_000 - self.wait.longer_permille())

    def _finding(self, state: str, evidence: tuple[Reading, ...], score_permille: int = 1_000) -> Finding:
        return Finding("possible_fall", state, self._since, "", self._room, score_permille, evidence)

    def _end(self, now: Instant, moved: Reading, findings: list[Finding]) -> None:
        """A sign of life: what was said is over; what was observed is learnt."""
        told = self._said is not None
        if told:
            self._said = None
            findings.append(self._finding("cleared", (moved,)))
        if self._falls.open:
            findings += self._falls.move(moved)
        whole = self._whole and bool(self._heard) and not self._visited
        if whole:
            levels = self.wait.end(now - self._since)
            if told:
                self._told = dict([*self._told.items(), (self._since, levels)][-TOLD_MOST:])
            self.wait.pass_time(now - self._since)
        self.wait.hear(now, self._watch.clock.offset_ms, moved.sensor, whole)

    def _begin(self, now: Instant, moved: Reading) -> None:
        """A new silence begins at a sign of life; or at a walk test's end, of which nothing is learnt."""
        where, lived = self._whereabouts, moved.quantity != "walk"
        self._heard = (*self._heard[-2:], moved)
        self._since = self._from = now
        self._room, self._away = where.room, where.away and not where.came_in and self.wait.empties()
        self._offset_ms = self._watch.clock.offset_ms
        self._whole = lived and not self._frozen
        self._visited = self._company.visiting
        self._await(now, Context(where.doubt, self._bed(where), self._company.people - 1, self._seen), lived)

    def _await(self, now: Instant, context: Context, for_model: bool = True) -> None:
        """A wait begins; how long it is, is reckoned when that matters."""
        where = self._whereabouts
        in_bed = where.in_bed and self._bed_says_so()
        place = AT_THE_DOOR if where.doubt or where.away else IN_BED if in_bed else where.room
        self._from, self._due, self._left_ms = now, None, None
        self._woken = self._room is None
        counted = None if self._away else place
        self.wait.begin(Start(self._since, self._offset_ms, self._room, counted, context, for_model))

    def _stay(self, now: Instant) -> None:
        """Who was taken for away lies in a bed that is believed again: the wait begins, and nothing is learnt of it."""
        self._room, self._away, self._whole = self._whereabouts.room, False, False
        self._await(now, Context(bed=1, seen=self._seen), for_model=False)

    def _wake(self) -> None:
        """The wait must be known now."""
        if self._woken:
            return
        self._woken = True
        wait_ms = self.wait.reckon()
        self.wait.own_up()
        if wait_ms is not None and self._frozen:
            self._left_ms = wait_ms
        elif wait_ms is not None:
            self._due = Instant(self._from + wait_ms)

    def _bed(self, where: Whereabouts) -> int:
        """What a bed says: 1 somebody is in it and nothing is heard elsewhere, -1 nobody, 0 none that is believed."""
        if not self._bed_room.keys() - self._unseen:
            return 0
        return int(self._bed_says_so()) if where.in_bed else -1

    def _bed_says_so(self) -> bool:
        """Occupied, believed, and nothing was heard elsewhere since: a mat may stick, a second person may walk."""
        beds = self._whereabouts.in_bed
        return bool(beds) and any(bed not in self._unseen and self._bed_room.get(bed) == self._room for bed in beds)

    def judged(self, since: Instant, verdict: str | None) -> None:
        """What a person found of the silence that began then. One that was no false alert costs no budget."""
        self._falls.judged(since)
        if verdict not in NO_FALSE_ALERT:
            return
        if since == self._since:
            self._whole = False  # it still runs, and teaches nothing
        elif (levels := self._told.pop(since, None)) is not None:
            self.wait.take_back(levels)

    def say_again(self) -> None:
        """What was said while nobody listened is said at the next entry."""
        wait_ms = self.wait.reckon()
        if self._said is not None and wait_ms is not None:
            self._said, self._woken = None, True
            self._due = Instant(self._from + wait_ms)

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
        self._wake()
        self._frozen = frozen
        if frozen:
            self._whole = False
            if self._due is not None:
                self._left_ms, self._due = self._due - now + self.wait.interrupt(), None
        elif self._left_ms is not None:
            self._due, self._left_ms = Instant(now + self._left_ms), None

    def _see(self, unseen: frozenset[str]) -> None:
        """Other sensors may be believed than before; a wait that runs may become longer."""
        if unseen == self._unseen:
            return
        self._wake()
        self._unseen = unseen
        self._seen = self.wait.seen(unseen)
        self.wait.floor.see(unseen)
        if self._due is not None:
            self._due = Instant(self._due + self.wait.lengthen())
        elif self._left_ms is not None:
            self._left_ms += self.wait.lengthen()

    # -- what it answers -----------------------------------------------------------------------------------------

    def deadline(self) -> Instant | None:
        """Before LEAST_WAIT_MS have passed: their end, when the wait is reckoned."""
        if self._woken or self._frozen:
            return self._due
        return Instant(self._from + LEAST_WAIT_MS)

    def expects(self, now: Instant, by: Instant) -> Instant | None:
        due = self.deadline()
        return self.promise().deadline if due is not None and due <= by and not self._woken else due

    def promise(self) -> Promise:
        """What happens if nothing more is heard and observation goes on."""
        if not self._observed:
            return Promise(None, "not_watched")
        wait_ms = self.wait.reckon()
        if wait_ms is None and self._room is not None and not self._frozen:
            return Promise(None, "away")
        due, rest = self._due, self._watch.pause_until
        if not self._woken and not self._frozen and wait_ms is not None:
            due = Instant(self._from + wait_ms)
        elif self._frozen and rest is not None:  # the rest ends by itself, and the wait goes on then
            left_ms = self._left_ms if self._woken else wait_ms
            soon = left_ms is not None and rest + left_ms <= self._since + LONGEST_MS
            due = Instant(rest + (left_ms or 0)) if soon else None
        return Promise(due, "asleep" if self._asleep() else "home")

    def _asleep(self) -> bool:
        if self._frozen or self._room is None:
            return False
        if self._bed_says_so():
            return True
        bedroom = self._whereabouts.kind_of(self._room) == "bedroom"
        return bedroom and in_window(self._wall.minute_of_day(Instant(self._since + self._offset_ms)), self._night)

    def promise_at(self, place: str, minute_of_day: int) -> int:
        """The wait of the rule without a model in ms, were somebody last heard at ``place`` (a room, IN_BED,
        AT_THE_DOOR) at that local minute: with today's calibration, everything seen."""
        return self.wait.promise_at(place, minute_of_day)

    def expected(self) -> Expected:
        """The false alerts to expect per 30 days, and the counts on which that rests."""
        return self.wait.expected()

    # -- snapshot ------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        return {
            "wait": self.wait.snapshot(),
            "falls": self._falls.snapshot(),
            "unseen": sorted(self._unseen),
            "watched": [self._frozen, self._observed],
            "heard": [list(reading) for reading in self._heard],
            "since": [self._since, self._from, self._offset_ms],
            "where": [self._room, self._away],
            "deadline": [self._woken, self._due, self._left_ms],
            "whole": [self._whole, self._visited],
            "said": self._said,
            "told": [[since, *levels] for since, levels in self._told.items()],
        }

    def restore(self, snapshot: Snapshot) -> None:
        self.wait.restore(cast(Snapshot, snapshot["wait"]))
        self._falls.restore(cast(Snapshot, snapshot["falls"]))
        self._unseen = frozenset(cast(list[str], snapshot["unseen"]))
        self._seen = self.wait.seen(self._unseen)
        self.wait.floor.see(self._unseen)
        self._frozen, self._observed = cast(tuple[bool, bool], snapshot["watched"])
        self._heard = tuple(Reading(*plain) for plain in cast(list[tuple[Instant, str, str, int]], snapshot["heard"]))
        self._since, self._from, self._offset_ms = cast(tuple[Instant, Instant, int], snapshot["since"])
        self._room, self._away = cast(tuple[str | None, bool], snapshot["where"])
        self._woken, self._due, self._left_ms = cast(tuple[bool, Instant | None, int | None], snapshot["deadline"])
        self._whole, self._visited = cast(tuple[bool, bool], snapshot["whole"])
        self._said = cast(str | None, snapshot["said"])
        told = cast(list[tuple[Instant, int | None, int | None]], snapshot.get("told", []))
        self._told = {since: (floor, model) for since, floor, model in told}
