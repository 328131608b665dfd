"""The agent: a function of the entries, the home file and the models. Pure; knows no clock.

``step`` takes one entry and says what it came to; loop.py puts the silences that were due before it, live as in replay.
"""

from collections.abc import Sequence
from typing import Final, cast

from agent.detect.asking import Asking
from agent.detect.button import Sos
from agent.detect.company import Company
from agent.detect.detector import NO_MODELS, Models, Silent
from agent.detect.latecomers import Latecomers
from agent.detect.own_words import asleep_since, plain
from agent.detect.possible_fall import PossibleFall
from agent.detect.roster import detectors
from agent.detect.supervision import ProofOfWatch
from agent.detect.trust import Trust
from agent.detect.whereabouts import Whereabouts
from agent.incidents import Incidents
from agent.nouns import (
    LATE_MS,
    MINUTE_MS,
    NOTHING,
    Alert,
    BadFrame,
    Entry,
    Finding,
    Frame,
    Home,
    Instant,
    Outcome,
    Promise,
    Reading,
    Snapshot,
    is_activity,
)
from agent.sensors.decode import Decoder, of_the_link
from agent.transport.custody import Custody

FORMAT: Final = 3  # of a snapshot; counts up when one that was written before can no longer be restored
FAR: Final = Instant(1 << 62)
OWN_LINKS: Final = frozenset({"hub", "care", "centre"})  # what no sensor said


class OtherFormat(Exception):
    """A snapshot that this agent cannot take back: the memory is learnt again from the entries."""


class Engine:
    """One home. ``next_deadline`` is when ``step`` wants a silence, if nothing is heard before."""

    def __init__(self, home: Home, epoch: int = 1, models: Models = NO_MODELS) -> None:
        self.home = home
        self.now = Instant(0)
        self.models = models
        self.trust = Trust(models)
        self.decoder = Decoder(home)
        self.proof = ProofOfWatch(home)
        self.walk = self.proof.wishes.walk
        self.incidents = Incidents(home, epoch)
        self.custody = Custody()
        self.latecomers = Latecomers(home)
        self.whereabouts = Whereabouts(home)
        self.company = Company(home)
        self._detectors = detectors(home, self.whereabouts, self.company, self.trust, self.proof)
        self.possible_fall = next(each for each in self._detectors if isinstance(each, PossibleFall))
        self.asking = next(each for each in self._detectors if isinstance(each, Asking))
        self.asking.line = self._detectors  # as it stands when one was dropped, too
        self._due = [FAR] * len(self._detectors)
        self.next_due = FAR
        self._proof_due: Instant | None = None
        self._hearers: dict[str, tuple[int, ...]] = {}
        self.tells_promises = True  # a promise costs a run of the model: who needs none at each sign of life, says so

    def next_deadline(self) -> Instant | None:
        return None if self.next_due == FAR else self.next_due

    def step(self, entry: Entry) -> Outcome:
        """What this entry comes to. A frame that cannot be understood is the outcome's ``reject``."""
        outcome = self._step(entry)
        if self.company.news:
            outcome = self.company.add_to(outcome)
        return self.asking.add_to(outcome) if self.asking.news else outcome

    def _step(self, entry: Entry) -> Outcome:
        frame = entry.frame
        if frame is None:
            if entry.at < self.next_due:
                return NOTHING
            self.now = entry.at
            return self._observe(entry.at, ())
        self.now = entry.at
        try:
            if frame.link in OWN_LINKS:
                return self._tell(entry.at, frame)
            readings = self.decoder.decode(entry.at, frame)
        except BadFrame as fault:
            due = entry.at >= self.next_due  # what falls due at this instant does not wait for a better frame
            return (self._observe(entry.at, ()) if due else NOTHING)._replace(reject=str(fault))
        return self._observe(entry.at, readings) if readings or entry.at >= self.next_due else NOTHING

    def _observe(self, now: Instant, readings: tuple[Reading, ...]) -> Outcome:
        proof = self.proof
        before = proof.watch
        findings = proof.observe(now, readings, before)
        heard = self.latecomers.told(now, readings)
        found = self._detect(now, self.walk.told(now, heard), proof.watch is not before)
        held = self.incidents.due
        alerts: tuple[Alert, ...] = ()
        if findings or found or self.trust.news or (held is not None and now >= held):
            alerts = self._alerts(now, [*findings, *found, *self.trust.tell(now)], told=heard)
        asked = self.tells_promises and any(is_activity(reading) for reading in readings)
        outcome = Outcome(readings, alerts, self.promise() if asked else None)
        return outcome if now < self.custody.due else self._escalated(now, outcome)

    def takes_in(self, frame: Frame) -> bool:
        """Whether it may be heard and written down: without consent only what is said of the hub and its bridge."""
        return self.proof.wishes.watched or frame.link in OWN_LINKS or of_the_link(frame)

    def promise(self) -> Promise:
        """What the detector promises; one that was dropped raises nothing any more, nor does any in a walk test."""
        speaks = self.possible_fall in self._detectors and self.walk.until is None
        return self.possible_fall.promise() if speaks else Promise(None, "not_watched")

    def _tell(self, now: Instant, frame: Frame) -> Outcome:
        """What the hub, a person or the centre's line says. A gap is told in two steps: blind since, awake now."""
        if (frame.link, frame.address) == ("centre", "receipt"):
            return self._signed(now, frame)
        since = asleep_since(frame)
        alerts: tuple[Alert, ...] = ()
        if since is not None and since < now:
            self.proof.blind(since)
            alerts = self._alerts(since, self._detect(since, (), True), late=now - since > LATE_MS)
        booted = frame.link == "hub" and frame.address == "boot"
        if booted and plain(frame).get("lines"):
            self.custody.begin()
        findings = self._revive(now) if booted else []
        if frame.link == "hub" and frame.address in ("boot", "model"):
            self.trust.hear(frame)
        findings += self.proof.tell(now, frame)
        if (frame.link, frame.address) == ("care", "consent"):
            self.decoder.missed()
        findings += self._detect(now, self.walk.told(now, ()), True)
        outcome = Outcome(self.proof.wishes.news(), alerts + self._alerts(now, [*findings, *self.trust.tell(now)]))
        return outcome if now < self.custody.due else self._escalated(now, outcome)

    def _escalated(self, now: Instant, outcome: Outcome) -> Outcome:
        """What nobody signed for, or came to, in time."""
        steps, acts = self.custody.wake(now)
        alerts = outcome.alerts + self._alerts(now, self._unsigned(now))
        self._plan()
        return outcome._replace(alerts=alerts, acts=acts, steps=steps)

    def _signed(self, now: Instant, frame: Frame) -> Outcome:
        """A receipt that was believed: the centre has an alert, a person has it, or a person has closed it."""
        due = now >= self.next_due
        steps, acts, closed = self.custody.hear(now, plain(frame))
        if closed is not None:
            self.incidents.close(closed.id)
            for detector in self._detectors:
                if isinstance(detector, PossibleFall | Sos) and detector.name == closed.kind:
                    detector.judged(closed.since, steps[0].verdict)
        outcome = Outcome((), self._alerts(now, self._unsigned(now)), acts=acts, steps=steps)
        # What falls due at this very instant does not wait for another entry.
        later = self._observe(now, ()) if due else NOTHING
        self._plan()
        alerts = outcome.alerts + later.alerts
        return outcome._replace(alerts=alerts, acts=[*acts, *later.acts], steps=[*steps, *later.steps])

    def _unsigned(self, now: Instant) -> Sequence[Finding]:
        """A line that is known to be down has been told already."""
        return self.custody.tell(now, self.incidents.is_open("upstream_lost"))

    def _revive(self, now: Instant) -> list[Finding]:
        """At every start a detector that was dropped is tried again, without its memory."""
        findings = []
        for index, detector in enumerate(self._detectors):
            if isinstance(detector, Silent):
                fresh = detectors(self.home, self.whereabouts, self.company, self.trust, self.proof)[index]
                self._detectors[index] = fresh
                if isinstance(fresh, PossibleFall):
                    self.possible_fall = fresh
                elif isinstance(fresh, Asking):
                    self.asking, fresh.line = fresh, self._detectors
                findings.append(Finding("agent_fault", "cleared", now, fresh.name))
        self._hearers.clear()
        return findings

    def _detect(self, now: Instant, readings: Sequence[Reading], everyone: bool) -> Sequence[Finding]:
        proof_due = self.proof.deadline()
        moved = everyone or proof_due != self._proof_due
        asked = self._asked(now, readings, everyone)
        if not asked and not moved:
            return ()
        findings: list[Finding] = []
        for index in asked:
            detector = self._detectors[index]
            try:
                findings += detector.observe(now, readings, self.proof.watch)
                due = detector.deadline()
                if due is not None and due <= now:
                    raise RuntimeError(f"its deadline {due} did not move past {now}")
            except Exception as fault:
                # The one broad except of the core: a detector of ours that throws must not silence the others.
                findings.append(self._drop(index, now, fault))
                due = None
            due = FAR if due is None else due
            moved |= due != self._due[index]
            self._due[index] = due
        if moved:
            self._proof_due = proof_due
            self._plan()
        return findings

    def _plan(self) -> None:
        """The next instant at which anything is due."""
        others = (self._proof_due, self.incidents.due, self.custody.due)
        self.next_due = min(*self._due, *(FAR if due is None else due for due in others))
        if self.next_due <= self.now:  # ours to prevent; a loop that never leaves an instant would watch over nobody
            self.next_due = Instant(self.now + MINUTE_MS)

    def _asked(self, now: Instant, readings: Sequence[Reading], everyone: bool) -> Sequence[int]:
        """Which detectors are asked: all when the watch has changed, else who hears this and whose time has come."""
        if everyone:
            return range(len(self._detectors))
        if now < self.next_due and len(readings) == 1:
            quantity = readings[0].quantity
            return self._hearers.get(quantity) or self._heard_by(quantity)
        heard = {index for reading in readings for index in self._heard_by(reading.quantity)}
        return sorted(heard | {index for index, due in enumerate(self._due) if due <= now})

    def _heard_by(self, quantity: str) -> tuple[int, ...]:
        hearers = self._hearers.get(quantity)
        if hearers is None:
            hearers = tuple(i for i, detector in enumerate(self._detectors) if quantity in detector.hears)
            self._hearers[quantity] = hearers
        return hearers

    def _drop(self, index: int, now: Instant, fault: Exception) -> Finding:
        detector = self._detectors[index]
        self._detectors[index] = Silent(detector)
        if isinstance(detector, Whereabouts | Company):  # its last word would stand for ever in what the others read
            detector.forget()
        self._hearers.clear()
        words = (("why", f"{type(fault).__name__}: {fault}"[:200]),)
        return Finding("agent_fault", "raised", now, detector.name, None, words=words)

    def _alerts(
        self, now: Instant, findings: Sequence[Finding], late: bool = False, told: Sequence[Reading] = ()
    ) -> tuple[Alert, ...]:
        coverage, held = self.proof.coverage_permille(now), self.incidents.due
        alerts = tuple(self.incidents.take(now, findings, self.proof.watch, coverage, late, told))
        if alerts:
            self.custody.take(now, alerts)
        if alerts or self.incidents.due != held:
            self._plan()
        return alerts

    # -- snapshot ----------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        return {
            "format": FORMAT,
            "now": self.now,
            "decoder": self.decoder.snapshot(),
            "proof": self.proof.snapshot(),
            "incidents": self.incidents.snapshot(),
            "custody": self.custody.snapshot(),
            "trust": self.trust.snapshot(),
            "newest": self.latecomers.newest,
            "detectors": {detector.name: detector.snapshot() for detector in self._detectors},
            "dropped": [detector.name for detector in self._detectors if isinstance(detector, Silent)],
        }

    def restore(self, snapshot: Snapshot) -> None:
        """Take back what ``snapshot`` gave; OtherFormat if an agent wrote it whose memory was of another shape."""
        if snapshot.get("format") != FORMAT:
            raise OtherFormat(f"memory of format {snapshot.get('format')}, and this agent's is {FORMAT}")
        self.now = cast(Instant, snapshot["now"])
        self.decoder.restore(cast(Snapshot, snapshot["decoder"]))
        self.proof.restore(cast(Snapshot, snapshot["proof"]))
        self.incidents.restore(cast(Snapshot, snapshot["incidents"]))
        self.trust.restore(cast(Snapshot, snapshot["trust"]))
        self.latecomers.newest = cast(Instant, snapshot.get("newest", 0))  # the releases before knew of none
        if "custody" in snapshot:
            self.custody.restore(cast(Snapshot, snapshot["custody"]))
        memories = cast(dict[str, Snapshot], snapshot["detectors"])
        dropped = cast(list[str], snapshot["dropped"])
        for index, detector in enumerate(self._detectors):
            if detector.name in dropped:
                self._detectors[index] = Silent(detector)
            elif detector.name in memories:
                detector.restore(memories[detector.name])
        for index, detector in enumerate(self._detectors):
            due = detector.deadline()
            # Under another care plan a question may have been due already: then it is asked at once.
            self._due[index] = FAR if due is None else max(due, Instant(self.now + 1))
        self._proof_due = self.proof.deadline()
        self._plan()
