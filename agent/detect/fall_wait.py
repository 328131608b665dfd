"""How long ``possible_fall`` waits after a sign of life: the fall model's word where it may be used, else the floor's.

Both are told everything and learn all the time. A wait is reckoned when it is first asked for: most silences end
before anybody asks. While all that sees a room is lost, mute or stuck, a wait of the floor is at least that of the
room; the model has learnt what it is not to see a place, and is told so. (Lengthening its waits as well cost 3 % of the
mean delay on 44 homes, and spared 3 of 102 false alerts.)
"""

from typing import Final, NamedTuple, cast

from agent.civil import Wall
from agent.detect.budget import Expected
from agent.detect.detector import ModelFault
from agent.detect.fall_model import FallModel
from agent.detect.features import Context
from agent.detect.floor import Floor
from agent.detect.hazard import RECORD
from agent.detect.silences import LONGEST_MS
from agent.detect.trust import Trust
from agent.nouns import MINUTE_MS, Home, Instant, Snapshot

SLOT_MS: Final = 15 * MINUTE_MS  # wall clocks change on quarter hours, and so do parts of the day
FALL: Final = "fall"  # the model's name
# A wait of the model is at most so much of the floor's. Of a home that it has known for less than a day it says
# little: of 44 homes' first days, at most the floor's wait took a third off the delay for one more false alert.
MOST_PERCENT: Final = 300
FIRST_DAY_PERCENT: Final = 100
Levels = tuple[int | None, int | None]  # noted by the floor, and by the model


class Start(NamedTuple):
    """How a silence began. ``place`` is where it is counted; None: nowhere, the person is away. ``for_model`` false: it
    began in a way that the model has not been taught."""

    since: Instant
    offset_ms: int  # of the wall clock then
    room: str | None
    place: str | None
    context: Context
    for_model: bool = True


NOT_YET: Final = Start(Instant(0), 0, None, None, Context(), False)


class FallWait:
    def __init__(self, home: Home, trust: Trust) -> None:
        self._trust = trust
        self.floor = Floor(home)
        prior = trust.prior(FALL)
        self.model = FallModel(home, prior) if prior is not None and len(prior) == RECORD else None
        self._wall = Wall(home.timezone)
        self._slot, self._minute = -1, 0  # quarter hour of the wall clock, and its first minute of the day
        self._start = NOT_YET
        self._known = True
        self._by_model = False
        self._wait_ms: int | None = None  # None: never from silence alone
        self._fault = ""  # of the model, when it was asked about this silence

    def begin(self, start: Start) -> None:
        self._start = start
        self._known = start.room is None
        self._by_model, self._wait_ms, self._fault = False, None, ""

    def reckon(self) -> int | None:
        """The wait of the silence that runs, in ms; None: never from silence alone."""
        if not self._known:
            self._known = True
            self._wait_ms = self._ask_model()
            if not self._by_model and self._start.place is not None:
                self._wait_ms = self.floor.wait(self._start.place, self._minute_then()).wait_ms
            self.lengthen()
        return self._wait_ms

    def interrupt(self) -> int:
        """Nobody looks any more: how much longer the wait becomes, in ms. The model's is for a silence that is watched
        throughout; whoever moves or leaves meanwhile is not heard, so an interrupted one waits as the floor does."""
        if self._wait_ms is None or not self._by_model or self._start.place is None:
            return 0
        longer_ms = max(0, self.floor.wait(self._start.place, self._minute_then()).wait_ms - self._wait_ms)
        self._wait_ms += longer_ms
        return longer_ms

    def own_up(self) -> None:
        """The wait is needed, and not only asked for: a fault of the model now puts it out of use."""
        if self._fault:
            self._trust.doubt(FALL, self._fault)

    def lengthen(self) -> int:
        """Other sensors may be believed than before: a wait of the floor that is known may become longer; by how much,
        in ms."""
        if self._wait_ms is None or self._by_model or not self.floor.blind:
            return 0
        blind_ms = self.floor.waited(self.floor.blind_scale_ms(self._minute_then()))
        longer_ms = max(0, blind_ms - self._wait_ms)
        self._wait_ms += longer_ms
        return longer_ms

    def _ask_model(self) -> int | None:
        """What the model says; ``_by_model`` tells whether it could be asked."""
        model = self._trust.model(FALL)
        asked = self._start.place is not None and self._start.for_model
        if self.model is None or model is None or not asked or not self.model.has_heard():
            return None
        try:
            wait_ms = self.model.ask(model, self._start.context)
        except ModelFault as fault:
            self._fault = str(fault)
            return None
        self._by_model = True
        return None if wait_ms is None else min(wait_ms, self._most_ms())

    def _most_ms(self) -> int:
        """The longest wait that the model is believed: in a home unlike those that taught it, the floor knows more."""
        assert self.model is not None, "it was asked"
        assert self._start.place is not None, "it was asked"
        times = FIRST_DAY_PERCENT if self.model.days_known() == 0 else MOST_PERCENT
        floor_ms = self.floor.wait(self._start.place, self._minute_then()).wait_ms
        return min(floor_ms * times // 100, LONGEST_MS)

    def _minute_then(self) -> int:
        """The minute of the day at the last sign of life, to a quarter of an hour."""
        slot = (self._start.since + self._start.offset_ms) // SLOT_MS
        if slot != self._slot:
            self._slot, self._minute = slot, self._wall.minute_of_day(Instant(slot * SLOT_MS))
        return self._minute

    def longer_permille(self) -> int:
        """The share of such silences that outlast the wait, rounded up."""
        assert self._wait_ms is not None, "there is a wait"
        if self._by_model and self.model is not None:
            return self.model.longer_permille(self._wait_ms)
        assert self._start.place is not None, "the floor set it"
        return self.floor.silences.longer_permille(
            self.floor.wait(self._start.place, self._minute_then()).cell, self._wait_ms
        )

    # -- learning ------------------------------------------------------------------------------------------------

    def end(self, silence_ms: int) -> Levels:
        """The silence ended; it was observed throughout, and teaches if the room was seen. What the floor and the model
        noted in their budgets."""
        start, floor, model = self._start, None, None
        if start.room is not None and start.room not in self.floor.blind:
            if silence_ms >= MINUTE_MS and start.place is not None:
                floor = self.floor.learn(self.floor.wait(start.place, self._minute_then()), silence_ms)
            if self._by_model and self.model is not None:
                model = self.model.learn(silence_ms)
        return floor, model

    def take_back(self, levels: Levels) -> None:
        """The silence that these were noted of was no false alert."""
        floor, model = levels
        if floor is not None:
            self.floor.take_back(floor)
        if model is not None and self.model is not None:
            self.model.budget.take_back(model)

    def pass_time(self, observed_ms: int) -> None:
        self.floor.pass_time(observed_ms)
        if self.model is not None:
            self.model.pass_time(observed_ms)

    def hear(self, now: Instant, offset_ms: int, sensor: str, whole: bool) -> None:
        """A sign of life, after ``end``. ``whole``: the silence before it may be learnt."""
        if self.model is not None:
            self.model.hear(now, offset_ms, sensor, whole)

    # -- what it answers -----------------------------------------------------------------------------------------

    def seen(self, unseen: frozenset[str]) -> int:
        """A bit for each place that a believed sensor sees."""
        return self.model.seen(unseen) if self.model is not None else 0

    def promise_at(self, place: str, minute_of_day: int) -> int:
        silences = self.floor.silences
        return self.floor.waited(silences.scale_ms[silences.cell(place, minute_of_day)])

    def empties(self) -> bool:
        """Whether an entrance that moves usually leaves this home silent; without a model that is always believed."""
        return self.model is None or self._trust.model(FALL) is None or self.model.empties()

    def expected(self) -> Expected:
        if self.model is not None and self._trust.model(FALL) is not None:
            return self.model.budget.expected()
        return self.floor.budget.expected()

    def snapshot(self) -> Snapshot:
        return {
            "floor": self.floor.snapshot(),
            "model": None if self.model is None else self.model.snapshot(),
            "start": [*self._start[:4], list(self._start.context), self._start.for_model],
            "wait": [self._known, self._by_model, self._wait_ms, self._fault],
        }

    def restore(self, snapshot: Snapshot) -> None:
        self.floor.restore(cast(Snapshot, snapshot["floor"]))
        if self.model is not None and snapshot["model"] is not None:
            self.model.restore(cast(Snapshot, snapshot["model"]))
        start = cast(tuple[Instant, int, str | None, str | None, list[int], bool], snapshot["start"])
        doubt, bed, company, seen = start[4]
        self._start = Start(*start[:4], Context(bool(doubt), bed, company, seen), start[5])
        wait = cast(tuple[bool, bool, int | None, str], snapshot["wait"])
        self._known, self._by_model, self._wait_ms, self._fault = wait
