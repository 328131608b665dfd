"""At home first: the home asks before an alert is raised, and nothing is later, or other, because it asked."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.detect.asking import ASKED_MOST
from agent.engine import Engine
from agent.home import parse
from agent.loop import fill, run
from agent.models_io import shipped
from agent.nouns import (
    HOUR_MS,
    MINUTE_MS,
    SECOND_MS,
    Act,
    Alert,
    Care,
    Entry,
    Frame,
    Home,
    Instant,
    Outcome,
    Reading,
    Sensor,
    Signal,
)
from agent.packing import alert_line
from agent.transport.envelope import FIRST, envelope, seal
from tests.golden_days import DAYS, told
from tests.home_maker import make_home

MORNING: Final = Instant(1_772_438_400_000)  # Monday 2026-03-02, 08:00 in London, where it is UTC
NIGHT: Final = Instant(MORNING + 17 * HOUR_MS)  # 01:00
LAMP: Final = Signal("lamp", "lamp", "hall", "0x00158d0001a2b3ff")
ANSWER: Final = Sensor("yes", "button", "bedroom", "answer", "log", "yes")
PENDANT: Final = Sensor("pendant", "button", "hall", "help", "log", "pendant")
BED: Final = Sensor("bed", "bed", "bedroom", None, "log", "bed")
MODELS: Final = shipped()
FALL: Final = "possible_fall"
Said = tuple[int, str, bytes]


def home(seconds: int = 60, **care: object) -> Home:
    plan = replace(Care(ask_first_seconds=seconds), **care)  # type: ignore[arg-type]  # as the caller has it
    return replace(make_home(ANSWER, PENDANT, BED, care=plan), signals=(LAMP,))


class Diary:
    """A sink that keeps everything: who says what, when."""

    def __init__(self) -> None:
        self.alerts: list[Alert] = []
        self.acts: list[tuple[int, Act]] = []
        self.asked: list[Reading] = []

    def put(self, entry: Entry, outcome: Outcome) -> None:
        self.alerts += outcome.alerts
        self.acts += [(entry.at, act) for act in outcome.acts]
        self.asked += [reading for reading in outcome.readings if reading.quantity in ("asked", "answered")]

    def kinds(self) -> list[str]:
        return [f"{alert.kind} {alert.state}" for alert in self.alerts]

    def words(self) -> list[tuple[str, str, int]]:
        return [reading[1:] for reading in self.asked]


def entries(said: Iterable[Said], start: Instant = MORNING) -> list[Entry]:
    """(milliseconds after the one before, sensor, payload); an empty sensor is silence, another link is "link/what"."""
    told, at = [], start
    for seq, (after_ms, sensor, payload) in enumerate(said, 1):
        at = Instant(at + after_ms)
        link, _, address = sensor.partition("/")
        told.append(Entry(seq, at, (Frame(link, address, payload) if address else Frame("log", sensor, payload))
                          if sensor else None))  # fmt: skip
    return told


def lived(home: Home, *said: Said, start: Instant = MORNING, restarted: bool = False) -> Diary:
    engine, diary = Engine(home, models=MODELS), Diary()
    engine.tells_promises = False
    for entry in entries(said, start):
        run(fill([entry], engine), engine, diary)
        if restarted:
            memory = json.loads(json.dumps(engine.snapshot()))
            engine = Engine(home, models=MODELS)
            engine.tells_promises = False
            engine.restore(memory)
    return diary


def motion(room: str, after_ms: int = 0) -> Said:
    return after_ms, f"{room}-motion", b"motion 1"


def silence(ms: int) -> Said:
    return ms, "", b""


def due(seconds: int = 60, start: Instant = MORNING) -> Instant:
    """When a fall in the kitchen is told, if nothing more is heard."""
    said = lived(home(seconds), motion("kitchen"), silence(9 * HOUR_MS), start=start).alerts
    return next(alert.at for alert in said if alert.kind == "possible_fall")


# -- what costs nothing ----------------------------------------------------------------------------------------


def sealed(diary: Diary) -> list[bytes]:
    """What leaves the home, by the one function that makes it."""
    return [seal(envelope(alert, "hub-1", 1, "other", FIRST), lambda message: b"x" * 64) for alert in diary.alerts]


SENSORS: Final = ("kitchen", "bedroom", "bathroom", "hall", "living")
HAPPENINGS: Final = st.one_of(
    st.sampled_from([(f"{room}-motion", b"motion 1") for room in SENSORS]),
    st.sampled_from([("kitchen-motion", b"checkin 1"), ("front-door", b"door 1"), ("front-door", b"door 0")]),
    st.sampled_from([("bed", b"bed 1"), ("bed", b"bed 0"), ("pendant", b"button 1"), ("", b"")]),
    st.sampled_from([("hub/gap", b""), ("care/pause", b""), ("hub/clock", b'{"offset_ms":-7200000,"quality":"rtc"}')]),
)
GAPS_MS: Final = st.sampled_from(
    [0, 1, SECOND_MS, 59 * SECOND_MS, 4 * MINUTE_MS, 5 * MINUTE_MS, 17 * MINUTE_MS, 2 * HOUR_MS, 9 * HOUR_MS]
)


def happened(steps: list[tuple[int, tuple[str, bytes]]], start: Instant) -> list[Said]:
    """The steps, with the times that a gap and a rest must name filled in."""
    said, at = [], start
    for after_ms, (sensor, payload) in steps:
        before, at = at, Instant(at + after_ms)
        if sensor == "hub/gap":
            payload = json.dumps({"from_ms": before}).encode()
        elif sensor == "care/pause":
            payload = json.dumps({"until_ms": at + 3 * HOUR_MS}).encode()
        said.append((after_ms, sensor, payload))
    return said


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(GAPS_MS, HAPPENINGS), max_size=25), st.sampled_from([10, 60, 240]), st.sampled_from([None, 630])
)
def test_whatever_happens_in_a_home_asking_changes_no_alert_and_not_a_byte_of_what_leaves_it(
    steps: list[tuple[int, tuple[str, bytes]]], seconds: int, not_up_by: int | None
) -> None:
    said = [*happened(steps, MORNING), silence(40 * HOUR_MS)]
    asking, silent = (lived(home(each, not_up_by=not_up_by), *said) for each in (seconds, 0))
    assert [alert_line(alert, "h") for alert in asking.alerts] == [alert_line(alert, "h") for alert in silent.alerts]
    assert sealed(asking) == sealed(silent)
    assert not silent.acts
    assert not silent.asked
    on = False  # every question ends, and none is put while one stands
    for _, act in asking.acts:
        assert act.kind == "ask"
        on = act.seconds > 0
    assert not on


@pytest.mark.parametrize("name", DAYS)
def test_a_golden_day_is_told_in_the_same_bytes_by_a_home_that_asks_first(name: str) -> None:
    day = DAYS[name]()
    signal = '[[signal]]\nid = "lamp"\nkind = "lamp"\nroom = "hall"\nlink = "zigbee"\naddress = "0x00158d0001a2b3ff"\n'
    text = f"{day.home}ask_first_seconds = 240\n{signal}"
    assert parse(text).signals
    assert told(text, day.lines, day.until, day.boots) == told(day.home, day.lines, day.until, day.boots)


# -- the question ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("restarted", [False, True])
def test_nobody_answers_and_the_alert_comes_when_it_was_due(restarted: bool) -> None:
    at = due(0)
    diary = lived(home(), motion("kitchen"), silence(1), silence(3 * HOUR_MS), restarted=restarted)
    assert diary.alerts[0].at == at
    assert diary.acts[:2] == [(at - 60 * SECOND_MS, Act("ask", seconds=60)), (at, Act("ask"))]
    assert diary.words()[:2] == [("possible_fall", "asked", 60), ("possible_fall", "answered", 0)]


@pytest.mark.parametrize("answer", [("yes", b"button 1"), ("hall-motion", b"motion 1")])
def test_who_answers_or_moves_is_left_in_peace_and_nothing_leaves_the_home(answer: tuple[str, bytes]) -> None:
    asked_after_ms = due(0) - MORNING - 60 * SECOND_MS
    diary = lived(home(), motion("kitchen"), (asked_after_ms + 17 * SECOND_MS, *answer))
    assert not diary.alerts
    assert diary.acts == [
        (MORNING + asked_after_ms, Act("ask", seconds=60)),
        (MORNING + asked_after_ms + 17 * SECOND_MS, Act("ask")),
    ]
    assert diary.words() == [("possible_fall", "asked", 60), ("possible_fall", "answered", 1)]


def test_the_shortest_wait_is_asked_about_too() -> None:
    plan = {"false_alerts_per_30_days": 60.0}
    silent = lived(home(0, **plan), motion("bathroom"), silence(12 * HOUR_MS))
    asking = lived(home(240, **plan), motion("bathroom"), silence(12 * HOUR_MS))
    assert asking.alerts == silent.alerts
    assert asking.acts[0] == (asking.alerts[0].at - 240 * SECOND_MS, Act("ask", seconds=240))


def test_a_help_button_is_never_asked_about_not_even_during_a_question() -> None:
    asked_after_ms = due(0) - MORNING - 60 * SECOND_MS
    diary = lived(home(), motion("kitchen"), (asked_after_ms + SECOND_MS, "pendant", b"button 1"))
    assert diary.kinds() == ["sos raised"]
    assert diary.alerts[0].at == MORNING + asked_after_ms + SECOND_MS


def test_an_answer_takes_back_no_call_for_help() -> None:
    diary = lived(home(), (0, "pendant", b"button 1"), (SECOND_MS, "yes", b"button 1"), silence(MINUTE_MS))
    assert diary.kinds() == ["sos raised"]


def test_at_night_it_is_asked_quietly() -> None:
    diary = lived(home(false_alerts_per_30_days=60.0), motion("bathroom"), silence(5 * HOUR_MS), start=NIGHT)
    assert diary.acts[0][1] == Act("ask", seconds=60, quiet=True)


def test_a_home_at_rest_or_out_of_sight_is_not_asked_and_a_question_ends_when_a_rest_begins() -> None:
    asked_after_ms = due(0) - MORNING - 60 * SECOND_MS
    rest = json.dumps({"until_ms": MORNING + 20 * HOUR_MS}).encode()
    diary = lived(home(), motion("kitchen"), (1, "care/pause", rest), silence(9 * HOUR_MS))
    assert not diary.acts
    diary = lived(home(), motion("kitchen"), (asked_after_ms + 1, "care/pause", rest), silence(9 * HOUR_MS))
    assert [act.seconds for _, act in diary.acts] == [60, 0]
    assert diary.words() == [("possible_fall", "asked", 60)]  # nobody answered, and nobody failed to


def test_a_day_has_so_many_questions_and_the_silences_after_them_are_told_as_ever() -> None:
    plan = {"false_alerts_per_30_days": 60.0}
    falls = [motion("kitchen"), silence(3 * HOUR_MS)] * (ASKED_MOST + 2)
    asking, silent = (lived(home(seconds, **plan), *falls) for seconds in (10, 0))
    assert asking.alerts == silent.alerts
    within = [at for at, act in asking.acts if act.seconds and at < MORNING + 24 * HOUR_MS]
    assert 2 <= len(within) <= ASKED_MOST
