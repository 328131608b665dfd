"""Proof of watch: which minutes of this home were observed at all.

Silence means something only while somebody listens. The home is observed while a link to its sensors is up, the hub
itself was awake, and the sensors' check-ins are not overdue as a whole. A home whose sensors never check in (a log of
activations) cannot prove that; there silence counts as observed for twelve hours, and no longer.

This file makes the ``Watch`` that every other detector is handed. It is called first, for every entry.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, cast

from agent.detect.coverage import Coverage
from agent.detect.health import SensorHealth
from agent.detect.rhythm import HouseRhythm
from agent.nouns import (
    ACTIVITY,
    HOUR_MS,
    MINUTE_MS,
    SECOND_MS,
    BadFrame,
    Clock,
    Finding,
    Frame,
    Home,
    Instant,
    Reading,
    Snapshot,
    Watch,
)

NO_CHECKINS_MS: Final = 12 * HOUR_MS  # contracts.md: without check-ins silence counts as observed this long
LINK_GRACE_MS: Final = 60 * SECOND_MS  # zigbee2mqtt restarts in less
HOME_GRACE_MS: Final = 5 * MINUTE_MS  # unobserved for longer than this -> home_not_watched
GAP_TOLD_MS: Final = 30 * MINUTE_MS  # a hub that was off for longer says so when it is back
UPSTREAM_GRACE_MS: Final = 5 * MINUTE_MS
CLOCK_GRACE_MS: Final = 10 * MINUTE_MS
QUALITIES: Final = frozenset({"synced", "rtc", "unknown"})


class ProofOfWatch:
    """Keeps the ledger of observed time and makes the ``Watch``. Times are instants; nothing here reads a clock."""

    name = "proof_of_watch"
    hears: frozenset[str] = frozenset()  # it hears everything, before the others

    def __init__(self, home: Home) -> None:
        self._home = home
        self._health = SensorHealth(home)
        self._links = {sensor.link: True for sensor in home.sensors.values()}  # up until it says otherwise
        self._down: dict[str, Instant] = {}  # conditions that become alerts when they last: name -> since
        self._told: set[str] = set()
        self._due: Instant | None = None  # never later than the first thing that is due
        self._checks_in = False
        self._heard = Instant(-1)  # any sensor of the home
        self._house = HouseRhythm()
        self._overdue = False
        self._coverage = Coverage()
        self._pause_until: Instant | None = None
        self._clock = Clock()
        self.boot: dict[str, object] = {}  # what the last boot said of itself: a restart continues its clock
        self.watch = Watch()

    # -- sensors -----------------------------------------------------------------------------------------------

    def observe(self, now: Instant, readings: Sequence[Reading], watch: Watch) -> Iterable[Finding]:
        findings: list[Finding] = []
        health = self._health
        for reading in readings:
            quantity = reading.quantity
            if quantity == "link":
                self._link(now, reading)
            elif quantity != "available":
                self._hear(now, reading)
                findings += health.hear(now, reading)
            elif not reading.value:
                findings += health.unreachable(now, reading.sensor)
        if self._overdue and self._heard == now:
            self._overdue = False
            findings += self._turn(now)
        if self._due is not None and now >= self._due:
            findings += self._wake(now)
        elif self.watch.unseen is not health.unseen:
            findings += self._turn(now)
        return findings

    def _hear(self, now: Instant, reading: Reading) -> None:
        if self._heard < 0:
            self._due = now
        self._heard = now
        if self._house.hear(now, reading.sensor):
            self._due = now
        quantity = reading.quantity
        if quantity not in ACTIVITY and quantity != "fall":
            self._checks_in = True

    def _link(self, now: Instant, reading: Reading) -> None:
        self._links[reading.sensor] = reading.value != 0
        self._mark(f"link_lost/{reading.sensor}", not reading.value, now)
        self._due = now

    def _house_ms(self) -> int:
        """How long the whole home may keep silent before it counts as not observed."""
        if not self._checks_in:
            return NO_CHECKINS_MS
        return min(self._house.window_ms(), NO_CHECKINS_MS)

    # -- the hub itself ----------------------------------------------------------------------------------------

    def tell(self, now: Instant, frame: Frame) -> Iterable[Finding]:
        """Take in what the hub, a person or the centre's line says; BadFrame if it is not understood."""
        said = _plain(frame)
        what = (frame.link, frame.address)
        if what == ("hub", "boot"):
            self.boot = said
        if what in (("hub", "boot"), ("hub", "gap")):
            return self._awake(now, Instant(_int(said, "from_ms", now)))
        if what == ("hub", "clock"):
            self._set_clock(now, said)
        elif what == ("care", "pause"):
            until = said.get("until_ms")
            self._pause_until = (
                Instant(_int(said, "until_ms", now) - self._clock.offset_ms) if until is not None else None
            )
        elif what == ("centre", "link"):
            self._mark("upstream_lost", said.get("state") != "online", now)
        elif what == ("hub", "storage"):
            self._mark("storage_fault", not said.get("ok"), now)
        return self._turn(now)

    def asleep_since(self, frame: Frame) -> Instant | None:
        """For a boot or a gap: the instant since which the hub saw nothing; None for any other frame."""
        if frame.link != "hub" or frame.address not in ("boot", "gap"):
            return None
        said = _plain(frame)
        return Instant(_int(said, "from_ms", 0)) if "from_ms" in said else None

    def blind(self, now: Instant) -> None:
        """From ``now`` on the hub saw nothing: the detectors must hear this before they hear that it is back."""
        self.watch = self._made(now, observed=False)

    def _awake(self, now: Instant, since: Instant) -> Iterator[Finding]:
        self._coverage.lost(since, now)
        self._overdue = False
        self._heard = now
        self._house.resume(now)
        self._health.resume(now)
        if now - since >= GAP_TOLD_MS:
            words = (("why", "the hub was off or asleep"),)
            yield Finding("home_not_watched", "raised", since, "hub", None, words=words)
            yield Finding("home_not_watched", "cleared", now, "hub", None, words=words)
        yield from self._turn(now)

    def _set_clock(self, now: Instant, said: dict[str, object]) -> None:
        quality = said.get("quality")
        if quality not in QUALITIES:
            raise BadFrame(f"hub/clock: quality is {quality!r}, not one of {', '.join(sorted(QUALITIES))}")
        self._clock = Clock(_int(said, "offset_ms", 0), str(quality))
        self._mark("clock_unknown", quality == "unknown", now)

    def _mark(self, name: str, down: bool, now: Instant) -> None:
        if not down:
            self._down.pop(name, None)
        else:
            self._down.setdefault(name, now)

    # -- time passing ------------------------------------------------------------------------------------------

    def deadline(self) -> Instant | None:
        """The first thing that may be due. Being heard moves the home's window without moving this: waking early
        costs nothing, and an event stays cheap."""
        return self._due

    def _first_due(self) -> Instant | None:
        due = [self._health.deadline(), self._pause_until]
        due += [Instant(since + self._grace(name)) for name, since in self._down.items() if name not in self._told]
        if self._heard >= 0 and not self._overdue:
            due.append(Instant(self._heard + self._house_ms()))
        return min((at for at in due if at is not None), default=None)

    def _wake(self, now: Instant) -> Iterator[Finding]:
        if self._heard >= 0 and now - self._heard >= self._house_ms():
            self._overdue = True
        if self._pause_until is not None and now >= self._pause_until:
            self._pause_until = None
        yield from self._health.wake(now, self._observed())
        yield from self._turn(now)

    def _observed(self) -> bool:
        return not self._overdue and (not self._links or any(self._links.values()))

    def _turn(self, now: Instant) -> Iterator[Finding]:
        """Make the Watch anew and say which lasting conditions began or ended."""
        observed = self._observed()
        if observed != self.watch.observed:
            self._coverage.turn(now, observed)
            if observed:
                self._house.resume(now)
                self._health.resume(now)
        self._mark("home_not_watched", not observed, now)
        self.watch = self._made(now, observed)
        for name, since in list(self._down.items()):
            if name not in self._told and now - since >= self._grace(name):
                self._told.add(name)
                yield self._finding(name, "raised", since)
        for name in sorted(self._told - self._down.keys()):
            self._told.discard(name)
            yield self._finding(name, "cleared", now)
        self._due = self._first_due()

    def _grace(self, name: str) -> int:
        if name == "home_not_watched" and self._overdue:
            return 0  # the window that ran out was grace enough
        return _grace(name)

    def _finding(self, name: str, state: str, since: Instant) -> Finding:
        kind, _, subject = name.partition("/")
        words = (("link", subject),) if subject else ()
        if kind == "home_not_watched":
            lost = [link for link, up in sorted(self._links.items()) if not up]
            words = (("why", f"{' and '.join(lost)} is lost" if lost else "every sensor is silent"),)
        return Finding(kind, state, since, subject, None, words=words)

    def _made(self, now: Instant, observed: bool) -> Watch:
        since = self.watch.since if observed == self.watch.observed and self.watch.since else now
        coverage = self._coverage.permille(now)
        return Watch(observed, since, self._health.unseen, coverage, self._clock, self._pause_until)

    def coverage_permille(self, now: Instant) -> int:
        """The share of the last 24 hours that was observed."""
        return self._coverage.permille(now)

    # -- snapshot ----------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        return {
            "health": self._health.snapshot(),
            "links": self._links,
            "down": self._down,
            "told": sorted(self._told),
            "due": self._due,
            "checks_in": self._checks_in,
            "heard": self._heard,
            "house": self._house.snapshot(),
            "overdue": self._overdue,
            "coverage": self._coverage.plain(),
            "pause_until": self._pause_until,
            "clock": list(self._clock),
            "boot": self.boot,
            "watch": [self.watch.observed, self.watch.since, self.watch.coverage_permille],
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._health.restore(cast(Snapshot, snapshot["health"]))
        self._links = dict(cast(dict[str, bool], snapshot["links"]))
        self._down = dict(cast(dict[str, Instant], snapshot["down"]))
        self._told = set(cast(list[str], snapshot["told"]))
        self._due = cast(Instant | None, snapshot["due"])
        self._checks_in, self._overdue = bool(snapshot["checks_in"]), bool(snapshot["overdue"])
        self._heard = cast(Instant, snapshot["heard"])
        self._house.restore(cast(Snapshot, snapshot["house"]))
        self._coverage.take(cast(list[list[int]], snapshot["coverage"]))
        self._pause_until = cast(Instant | None, snapshot["pause_until"])
        self.boot = dict(cast(dict[str, object], snapshot["boot"]))
        self._clock = Clock(*cast(tuple[int, str], snapshot["clock"]))
        observed, since, coverage = cast(tuple[bool, Instant, int], snapshot["watch"])
        self.watch = Watch(observed, since, self._health.unseen, coverage, self._clock, self._pause_until)


def _grace(name: str) -> int:
    return {
        "home_not_watched": HOME_GRACE_MS,
        "upstream_lost": UPSTREAM_GRACE_MS,
        "clock_unknown": CLOCK_GRACE_MS,
        "storage_fault": 0,
    }.get(name, LINK_GRACE_MS)


def _plain(frame: Frame) -> dict[str, object]:
    try:
        said = json.loads(frame.payload)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise BadFrame(f"{frame.link}/{frame.address}: the payload is not a JSON object")
    return cast(dict[str, object], said)


def _int(said: dict[str, object], key: str, default: int) -> int:
    value = said.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadFrame(f"{key} is {value!r}, not a whole number of milliseconds")
    return value
