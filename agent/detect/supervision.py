"""Proof of watch: which minutes of this home were observed at all.

Silence means something only while somebody listens. The home is observed while the hub itself is awake, the sensors'
check-ins are not overdue as a whole, and at least half of the rooms are seen: each by a sensor whose link is up, and
which is not late, lost, mute or stuck. With less, somebody who walks about is out of sight as often as not, and their
silence says nothing. A home whose sensors never check in (a log of activations) cannot prove that; there silence
counts as observed for twelve hours, and no longer.

This file makes the ``Watch`` that every other detector is handed. It is called first, for every entry.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, cast

from agent.detect.coverage import Coverage
from agent.detect.health import SensorHealth
from agent.detect.lasting import Lasting, grace_ms
from agent.detect.own_words import plain, told_clock, told_storage, was_off, whole
from agent.detect.rhythm import HouseRhythm
from agent.detect.sight import seers
from agent.detect.upstream import KIND, Lines
from agent.detect.window import resumed
from agent.detect.wishes import Wishes
from agent.nouns import (
    ACTIVITY,
    HOUR_MS,
    MINUTE_MS,
    Clock,
    Finding,
    Frame,
    Home,
    Instant,
    Reading,
    Snapshot,
    Watch,
    link_of,
)

NO_CHECKINS_MS: Final = 12 * HOUR_MS  # contracts.md: without check-ins silence counts as observed this long
GAP_TOLD_MS: Final = 30 * MINUTE_MS  # a hub that was off for longer says so when it is back


class ProofOfWatch:
    """Keeps the ledger of observed time and makes the ``Watch``. Times are instants; nothing here reads a clock."""

    name = "proof_of_watch"
    hears: frozenset[str] = frozenset()  # it hears everything, before the others

    def __init__(self, home: Home) -> None:
        self._home = home
        self._health = SensorHealth(home)
        self._rooms = list(seers(home).values())
        links = {link_of(sensor) for sensor in home.sensors.values()}
        self._on = {link: [s.id for s in home.sensors.values() if link_of(s) == link] for link in links}
        self._down: dict[str, Instant] = {}  # links that are down, since when; up until they say otherwise
        self._dark: frozenset[str] = frozenset()  # their sensors
        self._lasting = Lasting(self._grace)
        self._due: Instant | None = None  # never later than the first thing that is due
        self._checks_in = False
        self._heard = Instant(-1)  # any sensor of the home
        self._awaited = Instant(-1)  # the home's silence counts from here
        self._house = HouseRhythm()
        self._overdue = False
        self._ill: frozenset[str] = frozenset()  # health.unseen, as it was taken into the Watch last
        self._coverage = Coverage()
        self.wishes = Wishes(home)
        self._clock = Clock()
        self._lines = Lines()
        self.boot: dict[str, object] = {}  # what the last boot said of itself: a restart continues its clock
        self.watch = Watch()

    # -- sensors -----------------------------------------------------------------------------------------------

    def observe(self, now: Instant, readings: Sequence[Reading], watch: Watch) -> Iterable[Finding]:
        walk = self.wishes.walk
        findings = [] if walk.until is None else list(walk.observe(now, readings))
        health = self._health
        for reading in readings:
            quantity = reading.quantity
            if quantity == "link":
                self._link(now, reading)
            elif quantity != "available":
                self._hear(now, reading)
                findings += health.hear(now, reading, self._dark)
            elif not reading.value:
                findings += health.unreachable(now, reading.sensor)
        if self._overdue and self._heard == now:
            self._overdue = False
            self._resume(self.watch.since, now, None)
            findings += self._turn(now)
        if self._due is not None and now >= self._due:
            findings += self._wake(now)
        elif self._ill is not health.unseen:
            findings += self._turn(now)
        return findings

    def _hear(self, now: Instant, reading: Reading) -> None:
        sensor, first = reading.sensor, self._heard < 0
        self._heard = self._awaited = now
        if self._house.hear(now, sensor) or first or sensor in self._health.late or sensor in self._dark:
            self._dark -= {sensor}  # whatever its link says of itself, it was heard
            self._due = now
        quantity = reading.quantity
        if quantity not in ACTIVITY and quantity != "fall":
            self._checks_in = True

    def _link(self, now: Instant, reading: Reading) -> None:
        """A link went down or came up; its sensors could not be heard meanwhile."""
        link, up = reading.sensor, reading.value != 0
        since = self._down.pop(link, None)
        if not up:
            self._down[link] = now if since is None else since
        elif since is not None:
            self._resume(since, now, self._on.get(link, ()))
        self._dark = frozenset(sensor for down in self._down for sensor in self._on.get(down, ()))
        self._lasting.mark(f"link_lost/{link}", not up, now)
        self._due = now

    def _resume(self, since: Instant, now: Instant, sensors: Iterable[str] | None) -> None:
        """Nothing could be heard from ``since`` to ``now``, of these sensors or of all."""
        self._awaited = resumed(self._awaited, since, now) if self._awaited >= 0 else now
        self._house.resume(since, now)
        self._health.resume(since, now, sensors)

    def _house_ms(self) -> int:
        """How long the whole home may keep silent before it counts as not observed."""
        if not self._checks_in:
            return NO_CHECKINS_MS
        return min(self._house.window_ms(), NO_CHECKINS_MS)

    # -- the hub itself ----------------------------------------------------------------------------------------

    def tell(self, now: Instant, frame: Frame) -> Iterable[Finding]:
        """Take in what the hub, a person or the centre's line says; BadFrame if it is not understood."""
        said = plain(frame)
        what = (frame.link, frame.address)
        if what == ("hub", "boot"):
            self.boot = said
        if what in (("hub", "boot"), ("hub", "gap")):
            return self._awake(now, Instant(whole(said, "from_ms", now)))
        if what == ("hub", "clock"):
            return [*self._set_clock(now, said), *self._turn(now)]
        if what == ("hub", "storage"):
            return [*told_storage(said, self._lasting, now), *self._turn(now)]
        if frame.link == "care":
            self._ask(now, frame.address, said)
        elif what == ("centre", "link"):
            self._lasting.mark(*self._lines.hear(said), now)
        return self._turn(now)

    def _ask(self, now: Instant, what: str, said: dict[str, object]) -> None:
        self.wishes.hear(now, what, said, self._clock.offset_ms)
        if self.wishes.watched and self.wishes.told is not None:  # nothing was heard meanwhile
            self._resume(self.wishes.told, now, None)

    def blind(self, now: Instant) -> None:
        """From ``now`` on the hub saw nothing: the detectors must hear this before they hear that it is back."""
        self.watch = self._made(now, observed=False)

    def _awake(self, now: Instant, since: Instant) -> Iterator[Finding]:
        self._coverage.lost(since, now)
        self._resume(since, now, None)
        if now - since >= GAP_TOLD_MS and self.wishes.watched:
            yield from was_off(since, now)
        yield from self._wake(now)  # what fell due while nobody looked is looked at now

    def _set_clock(self, now: Instant, said: dict[str, object]) -> Iterator[Finding]:
        """A hub without a clock battery starts where its clock stood: only this tells how long it was off."""
        clock = told_clock(said)
        since = Instant(now - (clock.offset_ms - self._clock.offset_ms))
        if now - since >= GAP_TOLD_MS and self.wishes.watched:
            self._coverage.lost(since, now)
            yield from was_off(since, now)
        self.wishes.set_clock(now, clock.offset_ms - self._clock.offset_ms)
        self._clock = clock
        self._lasting.mark("clock_unknown", clock.quality == "unknown", now)

    # -- time passing ------------------------------------------------------------------------------------------

    def deadline(self) -> Instant | None:
        """The first thing that may be due. Being heard moves the home's window without moving this: waking early
        costs nothing, and an event stays cheap."""
        return self._due

    def _first_due(self) -> Instant | None:
        due = [self._health.deadline(), self.wishes.due, self._lasting.due()]
        if self._may_be_overdue():
            due.append(Instant(self._awaited + self._house_ms()))
        return min((at for at in due if at is not None), default=None)

    def _may_be_overdue(self) -> bool:
        return self._awaited >= 0 and not self._overdue and not self._all_down() and self.wishes.watched

    def _all_down(self) -> bool:
        return bool(self._on) and self._on.keys() <= self._down.keys()

    def _wake(self, now: Instant) -> Iterator[Finding]:
        if self._may_be_overdue() and now - self._awaited >= self._house_ms():
            self._overdue = True
        self.wishes.wake(now)
        listens = self.wishes.watched and not (self._overdue or self._all_down())
        yield from self._health.wake(now, listens, self._dark)
        yield from self._turn(now)

    def _observed(self) -> bool:
        if self._overdue or self._all_down() or not self.wishes.watched:
            return False
        unseen = self._health.unseen | self._health.late | self._dark
        blind = sum(seeing <= unseen for seeing in self._rooms) if unseen else 0
        return blind * 2 <= len(self._rooms)

    def _turn(self, now: Instant) -> Iterator[Finding]:
        """Make the Watch anew and say which lasting conditions began or ended."""
        observed = self._observed()
        if observed != self.watch.observed:
            self._coverage.turn(now, observed)
        if self.wishes.watched:  # else it is told as a wish
            self._lasting.mark("home_not_watched", not observed, now)
        self.watch = self._made(now, observed)
        yield from self.wishes.tell(now)
        for name, state, since in self._lasting.tell(now):
            yield self._finding(name, state, since)
        self._due = self._first_due()

    def _grace(self, name: str) -> int:
        if name == "home_not_watched" and self._overdue:
            return 0  # the window that ran out was grace enough
        return grace_ms(name)

    def _finding(self, name: str, state: str, since: Instant) -> Finding:
        kind, _, subject = name.partition("/")
        words: tuple[tuple[str, str], ...] = (("link", subject),) if subject else ()
        if kind == "home_not_watched":
            if state == "raised" and self._overdue and self._heard >= 0:
                since = self._heard
            words = (("why", self._why()),)
        elif kind == KIND:
            words = self._lines.words(name)
        return Finding(kind, state, since, subject, None, words=words)

    def _why(self) -> str:
        if self._down:
            return f"{' and '.join(sorted(self._down))} is lost"
        return "every sensor is silent" if self._overdue else "most of its rooms are out of sight"

    def _made(self, now: Instant, observed: bool) -> Watch:
        since = self.watch.since if observed == self.watch.observed and self.watch.since else now
        coverage = self._coverage.permille(now)
        self._ill = self._health.unseen
        return Watch(observed, since, self._ill | self._dark, coverage, self._clock, self.wishes.quiet_until)

    def coverage_permille(self, now: Instant) -> int:
        """The share of the last 24 hours that was observed."""
        return self._coverage.permille(now)

    # -- snapshot ----------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        return {
            "health": self._health.snapshot(),
            "down": self._down,
            "dark": sorted(self._dark),
            "lasting": self._lasting.plain(),
            "due": self._due,
            "checks_in": self._checks_in,
            "heard": [self._heard, self._awaited],
            "house": self._house.snapshot(),
            "overdue": self._overdue,
            "coverage": self._coverage.plain(),
            "wishes": self.wishes.snapshot(),
            "clock": list(self._clock),
            "boot": self.boot,
            "lines": self._lines.snapshot(),
            "watch": [self.watch.observed, self.watch.since, self.watch.coverage_permille],
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._health.restore(cast(Snapshot, snapshot["health"]))
        self._down = dict(cast(dict[str, Instant], snapshot["down"]))
        self._dark = frozenset(cast(list[str], snapshot["dark"]))
        self._lasting.take(cast(dict[str, list[object]], snapshot["lasting"]))
        self._due = cast(Instant | None, snapshot["due"])
        self._checks_in, self._overdue = bool(snapshot["checks_in"]), bool(snapshot["overdue"])
        self._heard, self._awaited = cast(tuple[Instant, Instant], snapshot["heard"])
        self._house.restore(cast(Snapshot, snapshot["house"]))
        self._coverage.take(cast(list[list[int]], snapshot["coverage"]))
        self.wishes.take(snapshot)
        self._lines.restore(cast(Snapshot, snapshot.get("lines", {})))
        self.boot = dict(cast(dict[str, object], snapshot["boot"]))
        self._clock = Clock(*cast(tuple[int, str], snapshot["clock"]))
        observed, since, coverage = cast(tuple[bool, Instant, int], snapshot["watch"])
        self._ill = self._health.unseen
        self.watch = Watch(observed, since, self._ill | self._dark, coverage, self._clock, self.wishes.quiet_until)
