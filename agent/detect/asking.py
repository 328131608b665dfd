"""At home first: before ``possible_fall`` or ``not_up`` is raised, the home asks whether all is well.

Asking costs no delay. It fills the last seconds before the instant at which the alert is due anyway, and nothing that
another detector says depends on it: whoever moves or presses the answer button ends the silence by that, nothing is
raised, and nothing leaves the home; whoever does not is told of at the instant that was promised. ``sos``, a fall
sensor and smoke never wait for an answer.

What was asked is told as readings, so that the journal keeps it and the day can tell it: ``asked`` with the seconds
there were, then ``answered`` with 1, or 0 where nobody did. A question that could not be judged has no second one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, cast, runtime_checkable

from agent.civil import Wall, in_window
from agent.detect.detector import Detector
from agent.nouns import (
    ACTIVITY,
    DAY_MS,
    SECOND_MS,
    Act,
    Finding,
    Home,
    Instant,
    Outcome,
    Reading,
    Snapshot,
    Watch,
    is_activity,
)

ASKED_MOST: Final = 6  # questions within a day; a silence beyond them is told without one, and no later
LEAST_MS: Final = 5 * SECOND_MS  # with less left nobody could answer, and none is put
BY_DAY: Final = frozenset({"not_up"})  # what is not asked at night: it would wake who sleeps


@runtime_checkable
class Expecting(Protocol):
    """A detector that can say beforehand when it will speak."""

    name: str

    def expects(self, now: Instant, by: Instant) -> Instant | None:
        """When it raises if nothing more is heard and the home stays observed; None: never. Exact where that is not
        later than ``by``, and else no later than the truth."""
        ...


@dataclass(slots=True)
class _Question:
    due: Instant
    quiet: bool


class Asking:
    """The last in the line of detectors; it raises nothing. Without seconds in the plan it is never asked itself."""

    name = "ask_first"

    def __init__(self, home: Home, line: Sequence[Detector]) -> None:
        """``line``: all detectors, as they stand at any time."""
        self.line = line
        self._seconds = home.care.ask_first_seconds if home.signals else 0
        self.hears: frozenset[str] = ACTIVITY if self._seconds else frozenset[str]()
        self._wall = Wall(home.timezone)
        self._night = home.care.night
        self._open: dict[str, _Question] = {}
        self._asked: list[Instant] = []  # within the last day
        self._due: Instant | None = None
        self._told: list[Reading] = []  # not taken yet; not memory
        self._acts: list[Act] = []
        self.news = False  # whether ``add_to`` has something to add

    def observe(self, now: Instant, readings: Sequence[Reading], watch: Watch) -> Iterable[Finding]:
        if not self._seconds:
            self._due = None
            return ()
        before = _longest(self._open)
        waits = {each.name: each.expects(now, self._by(now)) for each in self.line if isinstance(each, Expecting)}
        for kind, question in list(self._open.items()):
            if waits.get(kind) != question.due or question.due <= now:
                self._close(now, kind, readings, watch)
        self._due = min((one.due for one in self._open.values()), default=None)
        for kind, due in waits.items():
            if due is not None and due > now and kind not in self._open:
                self._consider(now, kind, due, watch)
        self._signal(now, before)
        return ()

    def _by(self, now: Instant) -> Instant:
        return Instant(now + self._seconds * SECOND_MS)

    def _consider(self, now: Instant, kind: str, due: Instant, watch: Watch) -> None:
        """Put the question now, or be woken when it is time to."""
        at = Instant(due - self._seconds * SECOND_MS)
        if at > now:
            self._wake(at)
        elif self._may_ask(now, kind, due, watch):
            self._open[kind] = _Question(due, self._at_night(now, watch))
            self._wake(due)
            self._asked.append(now)
            self._told.append(Reading(now, kind, "asked", (due - now) // SECOND_MS))

    def _wake(self, at: Instant) -> None:
        self._due = at if self._due is None else min(self._due, at)

    def _close(self, now: Instant, kind: str, readings: Sequence[Reading], watch: Watch) -> None:
        """The silence is over, or its alert is raised just now; one that cannot be judged any more is neither."""
        question = self._open.pop(kind)
        moved = any(is_activity(reading) and reading.sensor not in watch.unseen for reading in readings)
        if moved or now >= question.due:
            self._told.append(Reading(now, kind, "answered", int(moved)))

    def _may_ask(self, now: Instant, kind: str, due: Instant, watch: Watch) -> bool:
        self._asked = [at for at in self._asked if at > now - DAY_MS]
        if due - now < LEAST_MS or len(self._asked) >= ASKED_MOST or watch.pause_until is not None:
            return False
        return kind not in BY_DAY or not self._at_night(now, watch)

    def _at_night(self, now: Instant, watch: Watch) -> bool:
        """By the clock on the wall; a hub that does not know the time is as quiet as at night."""
        if watch.clock.quality == "unknown":
            return True
        return in_window(self._wall.minute_of_day(Instant(now + watch.clock.offset_ms)), self._night)

    def _signal(self, now: Instant, before: _Question | None) -> None:
        after = _longest(self._open)
        if after != before:
            seconds = 0 if after is None else (after.due - now) // SECOND_MS
            self._acts.append(Act("ask", seconds=seconds, quiet=after is not None and after.quiet))
        self.news = bool(self._told or self._acts)

    def add_to(self, outcome: Outcome) -> Outcome:
        """The outcome of this entry, with what was asked and answered in it."""
        told, acts = (*outcome.readings, *self._told), (*outcome.acts, *self._acts)
        self._told, self._acts, self.news = [], [], False
        return outcome._replace(readings=told, acts=acts)

    def deadline(self) -> Instant | None:
        return self._due

    def snapshot(self) -> Snapshot:
        return {
            "seconds": self._seconds,
            "due": self._due,
            "open": {kind: [one.due, one.quiet] for kind, one in self._open.items()},
            "asked": list(self._asked),
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._asked = list(cast(list[Instant], snapshot["asked"]))
        opened = cast(dict[str, tuple[Instant, bool]], snapshot["open"])
        self._open = {kind: _Question(*one) for kind, one in opened.items()}
        # Under another plan it is looked at at once what is to be asked.
        same = snapshot["seconds"] == self._seconds
        self._due = cast(Instant | None, snapshot["due"]) if same else Instant(0)


def _longest(questions: Mapping[str, _Question]) -> _Question | None:
    """Two questions are one to who is asked: the one that goes on longest."""
    return max(questions.values(), key=lambda one: one.due, default=None)
