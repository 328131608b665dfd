"""The words everything else is said in.

Times are ``Instant``: milliseconds since the epoch, UTC, as an int. A unit that is not a count stands last in a
name (``limit_ms``, ``battery_percent``, ``temperature_mc`` for thousandths of a degree Celsius). The nouns
that exist once per sensor event are named tuples, because a year holds two million of them; the rest are frozen
dataclasses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, NewType

Instant = NewType("Instant", int)

SECOND_MS: Final = 1_000
MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000

# What a sensor can say. A binary quantity is 1 for the first word and 0 for the second.
ACTIVITY: Final = frozenset({"motion", "presence", "vibration", "door", "bed", "button"})
# ``door_level`` and ``bed_level`` are how one was found to stand after a time in which nobody listened.
BINARY: Final = ACTIVITY | {
    "smoke", "leak", "fall", "tamper", "battery_low", "available", "link", "checkin", "door_level", "bed_level",
}  # fmt: skip
# Measured numbers; these, and ``checkin``, show that a sensor's radio is alive although nobody moved. ``restless`` are
# the seconds of the last quarter of an hour in which who lay in bed moved.
MEASURED: Final = frozenset({"battery_percent", "temperature_mc", "restless"})

LATE_MS: Final = 2 * SECOND_MS  # what could only be said so long after its instant is late

WORDS_MOST: Final = 64  # characters of a person's name or reason that are kept; the rest is cut


class BadFrame(Exception):
    """The world is wrong: what a link delivered cannot be understood. It is counted, never a crash."""


class Refused(Exception):
    """What a person asked cannot be done; the message says why and what to do, in one line."""


class Running(Refused):
    """It cannot be done because another agent holds the same state directory."""


class Frame(NamedTuple):
    """What a link delivered, before anyone understood it.

    ``link`` is zigbee, serial or log; ``hub`` (boot, gap, clock: what the hub knows of itself); ``care`` (what a
    person asked of this hub: pause, walk); or ``centre`` (what came back from outside: receipts, the state of the
    line).
    """

    link: str
    address: str
    payload: bytes
    retained: bool = False


class Entry(NamedTuple):
    """One line of the journal. No frame means: time passed, the hub was awake, nothing arrived.

    A silence is stamped at the instant that was due and carries the number of the frame before it.
    """

    seq: int
    at: Instant
    frame: Frame | None = None


class Reading(NamedTuple):
    """What a frame turned out to say. Only what changed, or what is fresh, becomes a reading.

    ``sensor`` is the id in home.toml, or the link's name for the quantity ``link``, ``company`` for
    ``people`` (how many are there at least) or ``care`` for ``rest`` (asked for by a person, in seconds; 0 ends it).
    Told to detectors only, and never written down: ``call`` (a press during a walk test) and ``walk`` (one is over).
    """

    at: Instant
    sensor: str
    quantity: str
    value: int


def is_activity(reading: Reading) -> bool:
    """Whether somebody must have been there: a person moved, a door or a bed changed, a button was pressed."""
    quantity = reading.quantity
    return quantity in ACTIVITY and (reading.value != 0 or quantity == "door" or quantity == "bed")


def is_late(now: Instant, reading: Reading) -> bool:
    """Whether a reading that came at ``now`` tells of something past: whoever made it could not say it sooner."""
    return now - reading.at > LATE_MS


class Finding(NamedTuple):
    """What a detector says. ``subject`` tells apart two findings of one kind: a sensor, a room, or nothing.

    ``state`` is raised, updated or cleared. ``words`` fill the kind's sentence in incidents.py.
    """

    kind: str
    state: str
    since: Instant
    subject: str = ""
    room: str | None = None
    score_permille: int = 1_000
    evidence: tuple[Reading, ...] = ()
    words: tuple[tuple[str, str], ...] = ()


class Clock(NamedTuple):
    """How this hub's time relates to the world's: civil time = at + offset. Quality is synced, rtc or unknown."""

    offset_ms: int = 0
    quality: str = "synced"


@dataclass(frozen=True, slots=True)
class Watch:
    """What of the home is being observed now, and since when.

    ``observed`` false means that silence says nothing: the hub was off, the coordinator is lost, every sensor is
    overdue. ``unseen`` are sensors that cannot be believed just now: lost, mute, stuck. ``coverage_permille`` is
    the share of the last 24 hours that was observed. ``pause_until`` is set while a person has asked for rest.
    """

    observed: bool = True
    since: Instant = Instant(0)
    unseen: frozenset[str] = frozenset()
    coverage_permille: int = 1_000
    clock: Clock = Clock()
    pause_until: Instant | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """A finding with a name and a life. One id for one incident; ``epoch`` and ``seq`` number what is said about any
    of them. An incident keeps its id when a new epoch begins while it stands."""

    seq: int
    id: str
    at: Instant
    kind: str
    state: str
    severity: str
    since: Instant
    room: str | None
    text: str
    evidence: tuple[Reading, ...]
    confidence_permille: int
    coverage_permille: int
    clock: Clock = Clock()
    late: bool = False
    test: bool = False
    epoch: int = 1


class Promise(NamedTuple):
    """If nothing more is heard, ``possible_fall`` is raised at ``deadline``; None: never from silence alone.

    ``state`` is home, away, asleep or not_watched.
    """

    deadline: Instant | None
    state: str


class Act(NamedTuple):
    """What the hub is to do besides speaking. A replay knows of it and does nothing.

    ``second_path``: send message (``epoch``, ``seq``) on every other line too. ``sound`` and ``ask``: ``seconds`` of
    the home's signals, for an alert that nobody has, or to ask the resident before one is raised; 0 ends it.
    ``quiet``: lamps only, unless the home has none.
    """

    kind: str
    epoch: int = 0
    seq: int = 0
    seconds: int = 0
    quiet: bool = False


class Step(NamedTuple):
    """What became of a message, and so of the incident ``id``: received, human, outcome or cancelled-test, by a
    receipt; or escalated, by the hub itself. ``verdict`` and ``reason`` come with an outcome."""

    at: Instant
    epoch: int
    seq: int
    id: str
    kind: str
    state: str
    verdict: str | None = None
    reason: str | None = None


class Outcome(NamedTuple):
    """What one entry came to."""

    readings: tuple[Reading, ...] = ()
    alerts: tuple[Alert, ...] = ()
    promise: Promise | None = None
    reject: str | None = None
    acts: Sequence[Act] = ()
    steps: Sequence[Step] = ()


NOTHING: Final = Outcome()
Snapshot = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Room:
    """A room of the home. ``name`` is shown to the family only and never leaves the home."""

    id: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Sensor:
    """One sensor as home.toml names it. ``inverted`` flips a binary input (a bed pad that opens when pressed).

    ``role`` is a door's or a button's: one that answers is a sign of life and calls nobody.
    """

    id: str
    kind: str
    room: str
    role: str | None
    link: str
    address: str
    inverted: bool = False


def link_of(sensor: Sensor) -> str:
    """What a sensor is lost with: zigbee, log, or the board that it is wired to, by its name."""
    return sensor.address.partition("/")[0] if sensor.link == "serial" else sensor.link


def is_felt(sensor: Sensor) -> bool:
    """Whether it is a bed that is felt by its load or its waveform, and not by a pad that is on or off."""
    return sensor.kind == "bed" and sensor.link == "serial" and sensor.address.partition("/")[2].startswith("bed")


@dataclass(frozen=True, slots=True)
class Signal:
    """A lamp or a sounder that the hub may switch. ``address`` as a sensor's."""

    id: str
    kind: str
    room: str
    address: str


@dataclass(frozen=True, slots=True)
class Care:
    """The care plan. Times of day are minutes after midnight, local; None: no rule, or the resident's own usual."""

    false_alerts_per_30_days: float = 2.0
    not_up_by: int | None = None
    night: tuple[int, int] = (22 * 60 + 30, 6 * 60 + 30)
    bed_exit_minutes: int = 30
    night_exit: bool = True
    door_open_minutes: int = 20
    home_by: int | None = None
    ask_first_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Consent:
    """``monitoring`` false: who lives there does not want to be watched."""

    monitoring: bool = True
    bathroom_detail_to_family: bool = False
    summary_to_family: bool = True


@dataclass(frozen=True, slots=True)
class Home:
    """The home, its rooms and sensors, its care plan: home.toml, parsed and whole."""

    id: str
    timezone: str
    residents: int
    rooms: Mapping[str, Room]
    sensors: Mapping[str, Sensor]
    care: Care = field(default_factory=Care)
    consent: Consent = field(default_factory=Consent)
    text: str = ""
    signals: tuple[Signal, ...] = ()
