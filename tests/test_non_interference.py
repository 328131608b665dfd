"""Privacy, proved and not promised: what leaves the home is a function of what its detectors say, and of nothing else.

Two homes under one hub key that differ in every name, in their sensors and in what these report, and whose detectors
say the same at the same instants, send the same bytes on the same topics at the same instants.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.engine import Engine
from agent.incidents import Incidents
from agent.journal_io import Journal
from agent.kinds import SEVERITY
from agent.loop import fill
from agent.nouns import HOUR_MS, MINUTE_MS, Alert, Entry, Finding, Frame, Home, Instant, Reading, Room, Sensor, Watch
from agent.sink_io import Sealer
from agent.transport.envelope import ENVELOPE_BYTES, topic
from agent.transport.outbox_io import RANK, Outbox
from agent.transport.sending import Waiting
from tests.brokers import until
from tests.living_hub import HUB, Alarm, LivingHub
from tests.recorder import Recorder
from tests.virtual_line import drained
from tests.zigbee_maker import SMOKE

MONDAY: Final = Instant(1_768_176_000_000)  # 2026-01-12, 00:00; London is on UTC
KINDS: Final = ("bedroom", "bathroom", "kitchen", "living", "hall")
# What is fitted, and in which of the rooms; "temperature" is what only one of two homes may hear.
FITTED: Final = (
    *(("motion", place) for place in range(5)), ("door", 4), ("button", 4), ("smoke", 2), ("leak", 1), ("bed", 0),
    ("temperature", 3),
)  # fmt: skip
THERMOMETER: Final = len(FITTED) - 1


class Upstream(NamedTuple):
    """One message as the centre's broker sees it."""

    at_ms: int
    topic: str
    sealed: bytes


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("key") / "hub.key"


def sent(home: Home, alerts: Iterable[Alert], key: Path) -> list[Upstream]:
    """Sealed, put into an outbox, and sent in virtual time."""
    path = key.with_name("outbox.db")
    path.unlink(missing_ok=True)
    sealer, outbox, later = Sealer(HUB, home, key, None), Outbox(str(path), durable=False), {}
    for alert in alerts:
        epoch = int(alert.id.partition("-")[0])
        outbox.put(epoch, alert.seq, alert.severity, sealer(alert))
        later[Waiting(RANK[alert.severity], epoch, alert.seq)] = alert.at
    line = drained([], later)
    found = [Upstream(at_ms, topic(HUB, "alert"), outbox.envelope(of.epoch, of.seq)) for at_ms, of in line]
    outbox.close()
    return found


ids = st.from_regex(r"[a-z0-9][a-z0-9-]{0,30}", fullmatch=True)
names = st.text(min_size=1, max_size=40)


@st.composite
def homes(draw: st.DrawFn) -> Home:
    """A home of five rooms and what is fitted in them; all that a family chooses is drawn."""
    rooms = draw(st.lists(ids, min_size=5, max_size=5, unique=True))
    sensors = draw(st.lists(ids, min_size=len(FITTED), max_size=len(FITTED), unique=True))
    fitted = [
        Sensor(id, kind, rooms[place], "entrance" if kind == "door" else None, "log", f"at-{id}")
        for id, (kind, place) in zip(sensors, FITTED, strict=True)
    ]
    named = {id: Room(id, kind, draw(names)) for id, kind in zip(rooms, KINDS, strict=True)}
    return Home(draw(ids), "Europe/London", 1, named, {sensor.id: sensor for sensor in fitted})


class Told(NamedTuple):
    """A finding without what only the home knows: places and sensors are numbers."""

    kind: str
    state: str
    after_ms: int
    lasted_ms: int
    sensor: int | None
    room: int | None
    score_permille: int


told = st.builds(
    Told,
    st.sampled_from(sorted(SEVERITY)),
    st.sampled_from(["raised", "raised", "updated", "cleared"]),
    st.integers(0, 6 * HOUR_MS),
    st.integers(0, HOUR_MS),
    st.none() | st.integers(0, 3),
    st.none() | st.integers(0, 4),
    st.integers(0, 1_000),
)


def alerts_of(home: Home, findings: Sequence[Told], readings: Sequence[int]) -> list[Alert]:
    """What a home whose detectors say this makes of it, with evidence and words of its own."""
    incidents, now, alerts = Incidents(home), MONDAY, list[Alert]()
    rooms, sensors = list(home.rooms), list(home.sensors)
    for said in findings:
        now = Instant(now + said.after_ms)
        subject = "" if said.sensor is None else sensors[said.sensor]
        evidence = tuple(Reading(now, sensors[0], "temperature_mc", value) for value in readings)
        words = (("why", home.id), ("sensor", subject), ("model", home.id), ("count", str(readings)))
        finding = Finding(
            said.kind, said.state, Instant(now - said.lasted_ms), subject,
            None if said.room is None else rooms[said.room], said.score_permille, evidence, words,
        )  # fmt: skip
        alerts += incidents.take(now, [finding], Watch(), 1_000)
    return alerts


values = st.lists(st.integers(-40_000, 60_000), max_size=3)


@given(homes(), homes(), st.lists(told, max_size=30), values, values)
@settings(deadline=None)
def test_two_homes_whose_detectors_say_the_same_are_the_same_to_the_centre(
    key: Path, one: Home, other: Home, findings: list[Told], warm: list[int], cold: list[int]
) -> None:
    upstream = sent(one, alerts_of(one, findings, warm), key)
    assert upstream == sent(other, alerts_of(other, findings, cold), key)
    assert {len(message.sealed) for message in upstream} <= {ENVELOPE_BYTES}


class Heard(NamedTuple):
    """What happens in both homes: the sensor by its number."""

    after_ms: int
    sensor: int
    value: int


life = st.lists(
    st.builds(Heard, st.integers(1, 40 * MINUTE_MS), st.integers(0, THERMOMETER - 1), st.integers(0, 1)),
    min_size=5,
    max_size=40,
)
degrees = st.lists(st.integers(17, 24), min_size=40, max_size=40)


def lived(home: Home, life: Sequence[Heard], degrees: Sequence[int]) -> list[Alert]:
    """The whole engine over the frames of this home, a thermometer of its own among them; then six hours of silence."""
    engine, sensors, now = Engine(home), list(home.sensors.values()), MONDAY
    engine.tells_promises = False
    entries, seq = list[Entry](), 0
    for heard, warmth in zip(life, degrees, strict=False):
        for index, value, after_ms in ((heard.sensor, heard.value, heard.after_ms), (THERMOMETER, warmth, 1)):
            now, seq = Instant(now + after_ms), seq + 1
            said = f"temperature_mc {value * 1_000}" if index == THERMOMETER else f"{FITTED[index][0]} {value}"
            entries.append(Entry(seq, now, Frame("log", sensors[index].address, said.encode())))
    entries.append(Entry(seq, Instant(now + 6 * HOUR_MS)))
    outcomes = [engine.step(entry) for entry in fill(entries, engine)]
    assert not any(outcome.reject for outcome in outcomes)
    return [alert for outcome in outcomes for alert in outcome.alerts]


@given(homes(), homes(), life, degrees, degrees)
@settings(deadline=None, max_examples=40)
def test_two_homes_in_which_the_same_happens_are_the_same_to_the_centre_whatever_they_are_called(
    key: Path, one: Home, other: Home, life: list[Heard], warm: list[int], cold: list[int]
) -> None:
    assert sent(one, lived(one, life, warm), key) == sent(other, lived(other, life, cold), key)


PRESSED: Final = [Heard(MINUTE_MS, 6, 1), Heard(MINUTE_MS, 7, 1), Heard(MINUTE_MS, 5, 1)]


@given(homes())
@settings(deadline=None, max_examples=5)
def test_what_detectors_do_say_is_seen_by_the_centre(key: Path, home: Home) -> None:
    """The law above is not empty: something is sent, and another instant or another room is other bytes."""
    upstream = sent(home, lived(home, PRESSED, [20] * 3), key)
    assert len(upstream) >= 2
    later = [PRESSED[0]._replace(after_ms=MINUTE_MS + 1), *PRESSED[1:]]
    assert upstream != sent(home, lived(home, later, [20] * 3), key)


CANARY: Final = f"""
[home]
id = "canary-home"
timezone = "Europe/London"
residents = 1
[[room]]
id = "canary-room"
kind = "kitchen"
name = "Canary's"
[[sensor]]
id = "canary-sensor"
kind = "smoke"
room = "canary-room"
link = "zigbee"
address = "{SMOKE}"
"""


def test_no_name_of_the_home_and_no_reading_is_on_the_wire(tmp_path: Path) -> None:
    with Recorder() as wire, LivingHub(tmp_path, CANARY, wire.port) as hub:
        wire.to(hub.line.port)
        with Alarm(hub.home.client("radio"), "Canary"):
            until(lambda: hub.heard() >= 20, "alerts at the centre")
        hub.drained()
        journal = Journal(hub.state / "journal.db")
        inside = " ".join(line for _, _, line in journal.alerts())
        journal.close()
        assert all(name in inside for name in ("canary-home", "canary-room", "canary-sensor")), "they are there to see"
    outside = bytes(wire.sent).lower()
    assert outside.count(b'"kind":"smoke"') >= 20
    assert outside.count(topic(HUB, "alert").encode()) >= 20
    assert b"canary" not in outside
    assert b"linkquality" not in outside
