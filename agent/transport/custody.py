"""The life of an alert until a person has it. Pure: a table, with time as an argument.

    state    | what happens                       | state    | what the hub does
    ---------|------------------------------------|----------|------------------------------------------------------
    raised   | RECEIPT_MS, and a message unsigned | raised   | that message by the second path; sound if critical
    raised   | received                           | received | no more sound for want of a receipt
    any      | human                              | human    | no more sound
    any      | HUMAN_MS, and no human             | the same | the newest message by the second path; sound, likewise
    any      | outcome; of a test: cancelled-test | closed   | no more sound; forgotten once all of it is signed for
    any      | outcome, but of an older message   | the same | more was said since: a person is awaited anew
    closed   | more is said of it                 | raised   | the same

``sent`` is no state here: what the broker says is a hint, which ``uplink`` keeps for itself. Only what is critical or
high, and no test, waits for a human; it is asked for again as often as MOST_ASKED says. A critical incident is closed
by a person's outcome alone. Any other is forgotten once the hub itself has cleared it, or a person has it, and
everything said of it is signed for. A test is followed until the centre cancels it, or a newer one comes. Where the
line says that it is up and nobody signs, ``upstream_lost`` is told.

Times are instants, so a restart or a clock that is set changes none of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Final, cast

from agent.nouns import MINUTE_MS, SECOND_MS, Act, Alert, BadFrame, Finding, Instant, Snapshot, Step
from agent.transport.envelope import RECEIPTS

RECEIPT_MS: Final = 60 * SECOND_MS
HUMAN_MS: Final = 5 * MINUTE_MS
UNSIGNED_MS: Final = 4 * MINUTE_MS  # a receipt was missed for so long: the centre is not there, whatever the line says
UNSIGNED: Final = "unsigned"  # the subject of upstream_lost then
SOUND_S: Final = 60  # one sounding of the home's signals
MOST_ASKED: Final = 12  # soundings and second paths for want of a human: an hour of them
MOST_LIVES: Final = 20_000  # incidents followed; beyond it the oldest that is not critical is left to its receipts
AWAITED: Final = frozenset({"critical", "high"})
FAR: Final = Instant(1 << 62)


Message = tuple[int, int]  # epoch, seq


@dataclass(slots=True)
class Life:
    """One incident. ``unsigned``: messages without a receipt -> when one is missed (FAR: it was, and was told).
    ``said``: every message of it; ``rank``: which incident it was, of those that are followed."""

    id: str
    kind: str
    severity: str
    test: bool
    since: Instant  # of the silence, the press, whatever it is about
    newest: Message = (0, 0)
    cleared: bool = False
    human: bool = False
    closed: bool = False  # by a person; what is not signed for is still followed
    asked: int = 0
    human_due: Instant = FAR
    unsigned: dict[Message, Instant] = field(default_factory=dict)
    said: list[Message] = field(default_factory=list)
    rank: int = 0

    @property
    def due(self) -> Instant:
        return min(self.human_due, *self.unsigned.values()) if self.unsigned else self.human_due

    def ended(self) -> bool:
        unasked = not self.awaits() and not self.test  # whether a test is cancelled shows that somebody answers
        over = self.closed or (self.severity != "critical" and (self.cleared or self.human or unasked))
        return over and not self.unsigned

    def calls(self) -> bool:
        """Whether the home's signals may call for it."""
        return self.severity == "critical" and not self.human and not self.closed

    def awaits(self) -> bool:
        return self.severity in AWAITED and not self.test


class Custody:
    """Memory of every incident that nobody has yet. It begins with the hub's first start: a log has no centre."""

    def __init__(self) -> None:
        self.due = FAR
        self._live = False
        self._lives: dict[str, Life] = {}
        self._of: dict[Message, str] = {}  # message -> its incident
        # (due, rank, id) of each life that waits for an instant. What was planned otherwise since is passed over, so
        # that an alert costs the same however many incidents nobody has closed.
        self._agenda: list[tuple[Instant, int, str]] = []
        self._rank = 0
        self._sounding = False
        self._missed: Instant | None = None  # since when a receipt is missed
        self._told = False  # that nobody signs

    def begin(self) -> None:
        """The hub has started: from now on somebody is expected to sign."""
        self._live = True

    def take(self, now: Instant, alerts: Iterable[Alert]) -> None:
        if not self._live:
            return
        for alert in alerts:
            life = self._lives.get(alert.id)
            if life is None:
                self._forget_tests(alert)
                life = Life(alert.id, alert.kind, alert.severity, alert.test, alert.since)
                self._follow(life)
                if life.awaits():
                    life.human_due = Instant(now + HUMAN_MS)
            elif life.closed and alert.state != "cleared":  # it goes on: a person is awaited anew
                life.closed = life.human = False
                life.asked, life.human_due = 0, Instant(now + HUMAN_MS)
            life.newest = (alert.epoch, alert.seq)
            life.cleared = alert.state == "cleared"
            if life.cleared and life.severity != "critical":
                life.human_due = FAR
            life.unsigned[life.newest] = Instant(now + RECEIPT_MS)
            life.said.append(life.newest)
            self._of[life.newest] = alert.id
            self._await(life)
        self._shed()
        self._plan()

    def wake(self, now: Instant) -> tuple[list[Step], list[Act]]:
        """What was due by now."""
        steps: list[Step] = []
        acts: list[Act] = []
        for life in self._woken(now):
            late = [message for message, due in life.unsigned.items() if due <= now]
            if late and self._missed is None:
                self._missed = now
            life.unsigned |= dict.fromkeys(late, FAR)
            if life.human_due <= now:
                life.asked += 1
                life.human_due = Instant(now + HUMAN_MS) if life.asked < MOST_ASKED else FAR
                late = sorted({*late, life.newest})
            self._await(life)
            steps += [Step(now, *message, life.id, life.kind, "escalated") for message in late]
            acts += [Act("second_path", *message) for message in late]
            if late and life.calls():
                self._sounding = True
                acts.append(Act("sound", *life.newest, SOUND_S))
        self._plan()
        return steps, acts

    def hear(self, now: Instant, said: Mapping[str, object]) -> tuple[list[Step], list[Act], Life | None]:
        """A receipt that was believed. The life that it closed comes last. BadFrame: it is none of ours."""
        epoch, seq, what = said.get("epoch"), said.get("seq"), said.get("kind")
        if type(epoch) is not int or type(seq) is not int or what not in RECEIPTS:
            raise BadFrame(f"a receipt of {epoch!r:.20}/{seq!r:.20} and kind {what!r:.20}")
        self._missed = None  # somebody is there and signs
        id = self._of.get((epoch, seq))
        life = self._lives.get(id or "")
        if life is None:
            self._plan()
            return [], [], None  # signed for before, or of a hub that was here before us
        verdict, reason = _word(said.get("verdict")), _word(said.get("reason"))
        step = Step(now, epoch, seq, life.id, life.kind, str(what), verdict, reason)
        life.unsigned.pop((epoch, seq), None)
        closes = what == "outcome" or (what == "cancelled-test" and life.test)
        if closes and (epoch, seq) < life.newest and not life.cleared:
            # More was said than the person knew who closed it: somebody is to look again.
            closes, life.human, life.human_due = False, False, Instant(now + HUMAN_MS)
        elif what == "human" or closes:
            life.human, life.human_due, life.closed = True, FAR, closes
        self._await(life)
        if life.ended():
            self._forget(life)
        self._plan()
        return [step], self._quiet(), life if closes else None

    def tell(self, now: Instant, known: bool) -> list[Finding]:
        """After ``wake`` and ``hear``: that nobody signs, or signs again. ``known``: that the centre is not there has
        been said already; then this is looked at again later."""
        found = []
        if self._missed is None:
            if self._told:
                found.append(Finding("upstream_lost", "cleared", now, UNSIGNED))
            self._told = False
        elif not self._told and now >= self._missed + UNSIGNED_MS:
            if known:
                self._missed = now
            else:
                self._told = True
                found.append(Finding("upstream_lost", "raised", self._missed, UNSIGNED))
        self._plan()
        return found

    def missed(self) -> list[Message]:
        """What is to go by the second path too, because its receipt was missed."""
        return [message for life in self._lives.values() for message, due in life.unsigned.items() if due == FAR]

    def _quiet(self) -> list[Act]:
        """An end of the sound, if one is on and nobody is left whom it should call for."""
        if not self._sounding:
            return []
        if any(life.calls() and (life.asked or FAR in life.unsigned.values()) for life in self._lives.values()):
            return []
        self._sounding = False
        return [Act("sound")]

    def _shed(self) -> None:
        while len(self._lives) > MOST_LIVES:
            others = (life for life in self._lives.values() if life.severity != "critical")
            self._forget(next(others, None) or next(iter(self._lives.values())))

    def _forget_tests(self, alert: Alert) -> None:
        """A newer test is followed; an older one that is signed for proves nothing more."""
        for life in list(self._lives.values()) if alert.test else ():
            if life.test and not life.unsigned:
                self._forget(life)

    def _follow(self, life: Life) -> None:
        self._rank += 1
        life.rank = self._rank
        self._lives[life.id] = life

    def _forget(self, life: Life) -> None:
        del self._lives[life.id]
        for message in life.said:
            self._of.pop(message, None)

    def _await(self, life: Life) -> None:
        if (due := life.due) < FAR:
            heappush(self._agenda, (due, life.rank, life.id))

    def _next(self) -> Instant:
        while self._agenda:
            due, _, id = self._agenda[0]
            life = self._lives.get(id)
            if life is not None and life.due == due:
                return due
            heappop(self._agenda)
        return FAR

    def _woken(self, now: Instant) -> list[Life]:
        """Whose time has come, in the order in which they began."""
        found: dict[int, Life] = {}
        while self._next() <= now:
            _, rank, id = heappop(self._agenda)
            found[rank] = self._lives[id]
        return [found[rank] for rank in sorted(found)]

    def _plan(self) -> None:
        told = FAR if self._missed is None or self._told else Instant(self._missed + UNSIGNED_MS)
        self.due = min(told, self._next())

    def snapshot(self) -> Snapshot:
        def plain(life: Life) -> list[object]:
            unsigned = [[*message, due] for message, due in life.unsigned.items()]
            known = [life.id, life.kind, life.severity, life.test, life.since, life.newest]
            return [*known, life.cleared, life.human, life.closed, life.asked, life.human_due, unsigned]

        return {
            "live": self._live,
            "lives": [plain(life) for life in self._lives.values()],
            "of": [[*message, id] for message, id in self._of.items()],
            "sounding": self._sounding,
            "missed": [self._missed, self._told],
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._live, self._sounding = bool(snapshot["live"]), bool(snapshot["sounding"])
        self._missed, self._told = cast(tuple[Instant | None, bool], snapshot["missed"])
        self._lives, self._of, self._agenda = {}, {}, []
        for row in cast(list[list[object]], snapshot["lives"]):
            self._follow(_life(row))
        for epoch, seq, id in cast(list[tuple[int, int, str]], snapshot["of"]):
            self._of[epoch, seq] = id
            self._lives[id].said.append((epoch, seq))
        for life in self._lives.values():
            self._await(life)
        self._plan()


def _life(row: list[object]) -> Life:
    *known, unsigned = row
    life = Life(*cast(tuple[str, str, str, bool, Instant, Message, bool, bool, bool, int, Instant], tuple(known)))
    epoch, seq = life.newest  # a list, where it went through JSON
    life.newest = epoch, seq
    life.unsigned = {(epoch, seq): due for epoch, seq, due in cast(list[tuple[int, int, Instant]], unsigned)}
    return life


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None
