"""From findings to alerts: names, severities, sentences, and how often one thing may be said.

One incident has one id: epoch and running number, so that the same journal gives the same ids. What is said of it
(raised, updated, cleared) is numbered by ``seq`` without gaps. A critical incident is never held back. For the rest
an episode has limits, so that a flapping door is a few notices and not dozens.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final, cast

from agent.civil import Wall
from agent.kinds import ROOMS, SEVERITY, TEXTS
from agent.nouns import DAY_MS, MINUTE_MS, Alert, Finding, Home, Instant, Reading, Snapshot, Watch, is_late

STATES: Final = ("raised", "updated", "cleared")
ONCE: Final = frozenset({"test_call"})  # over as soon as it is said: the next one is another
UPDATES_MOST: Final = 3  # per incident; later ones are counted, not said
# How often one kind may be raised for one subject within a day; critical: always.
RAISED_MOST: Final = {"high": 12, "medium": 4, "low": 2, "info": 24}
HELD_MS: Final = 30 * MINUTE_MS  # what was raised too often and then stands for so long is said after all
SUBJECTS_MOST: Final = 4_000  # subjects whose history is kept; older than a day are forgotten first


class Incidents:
    """Memory of what is open and of how often each thing was said today."""

    def __init__(self, home: Home, epoch: int = 1) -> None:
        self.epoch = epoch
        self._home = home
        self._wall = Wall(home.timezone)
        self._seq = 0
        self._number = 0
        self._open: dict[str, list[object]] = {}  # "kind subject" -> [id, updates said, since]
        self._raised: dict[str, list[int]] = {}  # "kind subject" -> when, in the last day
        self._held: dict[str, tuple[Instant, Finding]] = {}  # raised too often; since when that still stands
        self.due: Instant | None = None  # when the first of them has stood long enough to be said all the same
        self.held_back = 0
        # What was raised since this agent's start and is not over: "kind subject" -> (id, what). Not memory.
        self._fresh: dict[str, tuple[str, Finding]] = {}

    def take(
        self,
        now: Instant,
        findings: Iterable[Finding],
        watch: Watch,
        coverage_permille: int,
        late: bool = False,
        told: Sequence[Reading] = (),
    ) -> list[Alert]:
        """The alerts that these findings make; a finding about nothing that is open, or too often said, makes none.

        ``late``: they were due at ``now``, and could only be said afterwards (the hub was off or asleep). What was
        found by one of ``told`` that came late was due when that was made.
        """
        alerts = []
        standing = [finding for at, finding in self._held.values() if now - at >= HELD_MS]
        for finding in (*standing, *findings):
            key = f"{finding.kind} {finding.subject}"
            id = self._named(now, key, finding)
            if id is not None:
                self._seq += 1
                due = _was_due(now, finding, told)
                alert = self._alert(due, id, finding, watch, coverage_permille)
                alerts.append(replace(alert, late=late or due < now))
        return alerts

    def _named(self, now: Instant, key: str, finding: Finding) -> str | None:
        standing = self._open.get(key)
        if finding.state == "raised":
            if standing is not None and not self._is_another(finding, standing):
                return None
            return self._raise(now, key, finding)
        if standing is None:
            if finding.state == "cleared":
                self._release(key)
            return None
        if finding.state == "cleared":
            del self._open[key]
            self._fresh.pop(key, None)
            self._release(key)
        elif not self._may_update(now, key, finding, standing):
            return None
        return cast(str, standing[0])

    @property
    def seq(self) -> int:
        """The number of what was said last; 0: nothing in this epoch."""
        return self._seq

    def close(self, id: str) -> None:
        """A person has closed it: what its sensors say of it later is nothing new."""
        for key in [key for key, standing in self._open.items() if standing[0] == id]:
            del self._open[key]
            self._release(key)
            self._fresh.pop(key, None)

    def is_open(self, kind: str, subject: str = "") -> bool:
        return f"{kind} {subject}" in self._open

    @staticmethod
    def _is_another(finding: Finding, standing: list[object]) -> bool:
        """A critical one that began later than the one that stands: that its detector never said "cleared" (it failed,
        or was replaced) must not swallow the next."""
        return SEVERITY[finding.kind] == "critical" and finding.since > cast(int, standing[2])

    def _raise(self, now: Instant, key: str, finding: Finding) -> str | None:
        severity = SEVERITY[finding.kind]
        recent = [at for at in self._raised.get(key, ()) if at > now - DAY_MS]
        if key in self._held:
            if now - self._held[key][0] < HELD_MS:
                return None
            self._release(key)  # it stands: that is no flapping
        elif severity != "critical" and len(recent) >= RAISED_MOST[severity]:
            self.held_back += 1
            self._held[key] = now, finding
            self._await()
            return None
        if severity != "critical":
            self._raised[key] = [*recent, now]
            if len(self._raised) > SUBJECTS_MOST:
                self._raised = {k: ats for k, ats in self._raised.items() if ats[-1] > now - DAY_MS}
        self._number += 1
        id = f"{self.epoch}-{self._number}"
        self._fresh[key] = id, finding
        if finding.kind not in ONCE:
            self._open[key] = [id, 0, finding.since]
        return id

    def _alert(self, now: Instant, id: str, finding: Finding, watch: Watch, coverage_permille: int) -> Alert:
        return Alert(
            seq=self._seq,
            id=id,
            at=now,
            kind=finding.kind,
            state=finding.state,
            severity=SEVERITY[finding.kind],
            since=finding.since,
            room=finding.room,
            text=self._text(now, finding, watch.clock.offset_ms),
            evidence=finding.evidence,
            confidence_permille=finding.score_permille,
            coverage_permille=coverage_permille,
            clock=watch.clock,
            test=finding.kind == "test_call",
            epoch=self.epoch,
        )

    def _text(self, now: Instant, finding: Finding, offset_ms: int) -> str:
        of_sensor = finding.kind == "possible_fall" and finding.subject
        templates = TEXTS["possible_fall/sensor" if of_sensor else finding.kind]
        templates = TEXTS.get(f"{finding.kind}/{finding.subject}", templates)
        words = {
            "since": self._wall.hhmm(Instant(finding.since + offset_ms)),
            "at": self._wall.hhmm(Instant(now + offset_ms)),
            "room": self._room(finding.room),
            "subject": finding.subject,
        }
        return templates[STATES.index(finding.state)].format_map(_Words(words | dict(finding.words)))

    def _room(self, room: str | None) -> str:
        known = self._home.rooms.get(room or "")
        if known is None:
            return "home"
        return ROOMS.get(known.kind, known.kind) if known.kind != "other" else known.id

    def _may_update(self, now: Instant, key: str, finding: Finding, standing: list[object]) -> bool:
        """The first few at once; what comes later is said together, half an hour after the first of it. What is
        critical is never held back; its detectors know their own measure."""
        if SEVERITY[finding.kind] == "critical":
            return True
        held = self._held.get(key)
        if held is not None and now - held[0] >= HELD_MS:
            self._release(key)
            return True
        standing[1] = cast(int, standing[1]) + 1
        if cast(int, standing[1]) > UPDATES_MOST:
            self.held_back += 1
            self._held[key] = (held[0] if held is not None else now), finding
            self._await()
            return False
        return True

    def _release(self, key: str) -> None:
        if self._held.pop(key, None) is not None:
            self._await()

    def _await(self) -> None:
        self.due = min((Instant(at + HELD_MS) for at, _ in self._held.values()), default=None)

    def begin_epoch(self, after: int = 0) -> None:
        """Numbers start anew and nothing stands open: what was said so far was said to nobody (an imported past), or
        is lost while others still hold it (``after``: the last epoch that they know)."""
        self.renumber(max(self.epoch, after) + 1)
        self._open.clear()
        self._held.clear()
        self._await()
        self._raised.clear()

    def say_again(self, now: Instant, said: Collection[str], anew: str) -> None:
        """What was raised since this agent's start was heard by nobody, but for the incidents ``said``: what of it
        still stands is raised with the next entry, in a new epoch. What stood before stands on. ``anew``: "kind
        subject" of what is looked at anew by whoever tells it."""
        self.renumber(self.epoch + 1)
        for key, (id, finding) in self._fresh.items():
            if id not in said:
                self._open.pop(key, None)
                if key != anew:
                    self._held[key] = Instant(now - HELD_MS), finding
        self._fresh.clear()
        self._await()

    def renumber(self, epoch: int) -> None:
        """Go on in a later epoch, with all that stands open: what follows might else bear a number used already."""
        self.epoch = epoch
        self._seq = self._number = 0

    def snapshot(self) -> Snapshot:
        return {
            "seq": self._seq,
            "number": self._number,
            "open": self._open,
            "raised": self._raised,
            "held": {key: [at, list(finding)] for key, (at, finding) in self._held.items()},
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._seq, self._number = cast(int, snapshot["seq"]), cast(int, snapshot["number"])
        self._open = {key: list(open) for key, open in cast(dict[str, list[object]], snapshot["open"]).items()}
        self._raised = {key: list(ats) for key, ats in cast(dict[str, list[int]], snapshot["raised"]).items()}
        held = cast(dict[str, tuple[Instant, list[object]]], snapshot["held"])
        self._held = {key: (at, _finding(plain)) for key, (at, plain) in held.items()}
        self._await()


def _was_due(now: Instant, finding: Finding, told: Sequence[Reading]) -> Instant:
    last = finding.evidence[-1] if finding.evidence else None
    return last.at if last is not None and last in told and is_late(now, last) else now


class _Words(dict[str, str]):
    """A word that a detector did not give reads as 'it' rather than as a crash of the alert."""

    def __missing__(self, key: str) -> str:
        return "it"


def _finding(plain: list[object]) -> Finding:
    *said, evidence, words = plain
    readings = tuple(Reading(*reading) for reading in cast(list[tuple[Instant, str, str, int]], evidence))
    pairs = tuple((word, text) for word, text in cast(list[tuple[str, str]], words))
    return Finding(*cast(tuple[str, str, Instant, str, str | None, int], tuple(said)), readings, pairs)
