"""A walk test: while somebody walks on purpose, what sensors say teaches nothing and alarms nobody but for a call."""

import json
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.detect.detector import NO_MODELS, Models
from agent.engine import Engine
from agent.loop import fill, run
from agent.models_io import shipped
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Care, Entry, Frame, Home, Instant, Reading, Sensor
from agent.replay import Record
from tests.home_maker import make_home

MORNING: Final = Instant(1_772_438_400_000)  # Monday 2026-03-02, 08:00 in London, where it is UTC
PENDANT: Final = Sensor("pendant", "button", "hall", None, "log", "pendant")
SECOND: Final = Sensor("cord", "button", "bathroom", None, "log", "cord")
SMOKE: Final = Sensor("smoke", "smoke", "kitchen", None, "log", "smoke")
FLAT: Final = make_home(PENDANT, SECOND, SMOKE, care=Care(not_up_by=10 * 60))
Told = tuple[int, Frame | None]


def walk(minutes: int = 60) -> Frame:
    return Frame("care", "walk", json.dumps({"seconds": minutes * 60, "by": "Ines", "asked_by": "root"}).encode())


def press_now(sensor: str = "pendant") -> Frame:
    return Frame("care", "walk", json.dumps({"step": "press", "of": sensor, "asked_by": "root"}).encode())


def heard(sensor: str, words: str = "motion 1") -> Frame:
    return Frame("log", sensor, words.encode())


def lived(*told: Told, home: Home = FLAT, restarted: bool = False, models: Models = NO_MODELS) -> tuple[Record, Engine]:
    engine, record = Engine(home, models=models), Record("elm-12")
    for seq, (after_ms, frame) in enumerate(told, 1):
        run(fill([Entry(seq, Instant(MORNING + after_ms), frame)], engine), engine, record)
        if restarted:
            memory = json.loads(json.dumps(engine.snapshot()))
            engine = Engine(home)
            engine.restore(memory)
    return record, engine


def diary(record: Record) -> list[str]:
    return [f"{(alert.at - MORNING) / MINUTE_MS:g} {alert.kind} {alert.state}" for alert in record.said]


def test_no_door_that_is_tried_at_night_raises_an_alarm() -> None:
    night = 15 * HOUR_MS
    tried = [(night + MINUTE_MS, heard("front-door", "door 1")), (night + 30 * MINUTE_MS, None)]
    alarmed, _ = lived((0, heard("hall-motion")), (night, heard("hall-motion")), *tried)
    assert "906 night_exit raised" in diary(alarmed)
    record, _ = lived((0, heard("hall-motion")), (night, walk()), *tried, (night + 90 * MINUTE_MS, None))
    assert not [line for line in diary(record) if "night_exit" in line or "door" in line]


def test_a_help_button_and_smoke_are_heard_as_on_any_other_day() -> None:
    record, _ = lived(
        (0, walk()),
        (MINUTE_MS, heard("pendant", "button 1")),
        (2 * MINUTE_MS, heard("smoke", "smoke 1")),
    )
    assert diary(record) == ["1 sos raised", "2 smoke raised"]
    assert not any(alert.test for alert in record.said)
    assert record.said[0].evidence[0].quantity == "button"


def test_the_one_press_that_was_asked_for_is_a_test_and_the_next_is_none() -> None:
    record, _ = lived(
        (0, walk()),
        (MINUTE_MS, press_now()),
        (MINUTE_MS + 5_000, heard("pendant", "button 1")),
        (MINUTE_MS + 6_000, heard("pendant", "button 1")),  # the radio repeats itself
        (MINUTE_MS + 20_000, heard("pendant", "button 1")),
    )
    assert [(alert.kind, alert.test, alert.severity) for alert in record.said] == [
        ("test_call", True, "info"),
        ("sos", False, "critical"),
    ]


@pytest.mark.parametrize(
    ("button", "after_ms"),
    [("cord", 5_000), ("pendant", -1_000), ("pendant", 31_000)],
    ids=["another button", "before it was asked for", "long after"],
)
def test_any_other_press_is_a_call_for_help(button: str, after_ms: int) -> None:
    steps = [(MINUTE_MS, press_now()), (MINUTE_MS + after_ms, heard(button, "button 1"))]
    record, _ = lived((0, walk()), *sorted(steps, key=lambda step: step[0]))
    assert [(alert.kind, alert.test) for alert in record.said] == [("sos", False)]


def test_without_a_walk_nothing_that_a_walk_asks_for_makes_a_test_of_a_press() -> None:
    record, _ = lived((0, press_now()), (5_000, heard("pendant", "button 1")))
    assert [alert.kind for alert in record.said] == ["sos"]


@pytest.mark.parametrize("restarted", [False, True])
def test_a_forgotten_walk_ends_by_itself_and_a_silence_counts_from_there(restarted: bool) -> None:
    steps = ((0, walk()), (10 * MINUTE_MS, heard("kitchen-motion")), (20 * HOUR_MS, None))
    record, _ = lived(*steps, restarted=restarted)
    (fall,) = (alert for alert in record.said if (alert.kind, alert.state) == ("possible_fall", "raised"))
    assert (fall.since - MORNING, fall.room) == (HOUR_MS, "kitchen")
    assert fall.at > fall.since + 5 * MINUTE_MS


def test_who_was_out_before_a_walk_is_not_taken_for_away_after_it() -> None:
    out = [(0, heard("hall-motion")), (1_000, heard("front-door", "door 1")), (2_000, heard("front-door", "door 0"))]
    record, _ = lived(*out, (20 * HOUR_MS, None))
    assert not [alert for alert in record.said if alert.kind == "possible_fall"]
    walked = [(HOUR_MS, walk(30)), (HOUR_MS + MINUTE_MS, heard("kitchen-motion"))]
    record, _ = lived(*out, *walked, (30 * HOUR_MS, None))
    falls = [alert.since - MORNING for alert in record.said if (alert.kind, alert.state) == ("possible_fall", "raised")]
    assert falls == [90 * MINUTE_MS]


def test_a_door_that_the_installer_shut_is_not_left_open() -> None:
    opened = [(0, heard("front-door", "door 0")), (1_000, heard("front-door", "door 1"))]
    shut = [(2 * MINUTE_MS, walk(10)), (3 * MINUTE_MS, heard("front-door", "door 0"))]
    alone, _ = lived(*opened, (HOUR_MS, None))
    assert "door_left_open raised" in " ".join(diary(alone))
    record, _ = lived(*opened, *shut, (HOUR_MS, None))
    assert not [line for line in diary(record) if "door_left_open" in line]


def test_a_door_that_the_installer_left_open_is_told_once_the_walk_is_over() -> None:
    shut = [(0, heard("front-door", "door 0")), (MINUTE_MS, walk(10)), (2 * MINUTE_MS, heard("front-door", "door 1"))]
    record, _ = lived(*shut, (HOUR_MS, None))
    assert diary(record) == ["31 door_left_open raised"]


def test_a_fall_that_was_told_before_the_walk_stays_told() -> None:
    before, _ = lived((0, heard("kitchen-motion")), (20 * HOUR_MS, None))
    after, _ = lived(
        (0, heard("kitchen-motion")),
        (18 * HOUR_MS, walk(30)),
        (18 * HOUR_MS + MINUTE_MS, heard("hall-motion")),
        (20 * HOUR_MS, None),
    )
    falls = [line for line in diary(before) if "possible_fall" in line]
    assert falls
    assert falls == [line for line in diary(after) if "possible_fall" in line]


def test_a_rest_that_stood_before_goes_on_after_the_walk() -> None:
    rest = Frame("care", "pause", json.dumps({"until_ms": MORNING + 11 * HOUR_MS, "asked_by": "carer"}).encode())
    walked = [(2, walk(30)), (MINUTE_MS, heard("hall-motion"))]
    record, engine = lived((0, heard("kitchen-motion")), (1, rest), *walked, (11 * HOUR_MS - 1, None))
    assert diary(record) == []
    assert [what for what, _ in engine.proof.wishes.words(0)] == ["rest"]


def test_a_sensor_that_was_taken_out_while_somebody_walked_is_told_to_nobody() -> None:
    _, before = lived((0, walk()), (1_000, heard("front-door", "door 1")), (MINUTE_MS, heard("kitchen-motion")))
    left = {id: sensor for id, sensor in FLAT.sensors.items() if id not in ("front-door", "kitchen-motion")}
    engine, record = Engine(replace(FLAT, sensors=left)), Record("elm-12")
    engine.proof.wishes.take(json.loads(json.dumps(before.snapshot()["proof"])))
    over, motion = Entry(1, Instant(MORNING + 2 * MINUTE_MS), walk(0)), heard("hall-motion")
    run(fill([over, Entry(2, Instant(MORNING + HOUR_MS), motion)], engine), engine, record)
    assert diary(record) == []


def test_what_is_on_is_told_in_a_line_with_whose_it_is() -> None:
    _, engine = lived((0, walk(30)))
    assert list(engine.proof.wishes.words(0)) == [
        (
            "walk",
            "a walk test is on until 2026-03-02T08:30:00.000Z, asked for by Ines at 2026-03-02T08:00:00.000Z",
        )
    ]


def test_a_test_call_is_said_at_once_and_marked() -> None:
    record, _ = lived((5, Frame("care", "test_call", b'{"asked_by": "root"}')))
    assert [(alert.kind, alert.test, alert.at - MORNING) for alert in record.said] == [("test_call", True, 5)]


@pytest.mark.parametrize("said", [{}, {"seconds": -1}, {"seconds": True}, {"seconds": 7_201}, {"seconds": "60"}])
def test_a_walk_without_a_bound_is_none(said: dict[str, object]) -> None:
    record, engine = lived((0, Frame("care", "walk", json.dumps(said).encode())))
    assert record.rejected == 1
    assert engine.walk.until is None


def learnt(engine: Engine) -> dict[str, object]:
    """What a home's own days have taught, without where somebody was last and how its doors stand."""
    all_of_it = json.loads(json.dumps(engine.snapshot()["detectors"]))
    company, fall = all_of_it["company"], all_of_it["possible_fall"]
    return {
        "paths": company["paths"],
        "usual company": company["usual"],
        "silences": {part: fall["wait"][part] for part in ("floor", "model")},
        "told": fall["told"],
        "up": all_of_it["not_up"]["usual"],
        "days": {part: each for part, each in all_of_it["routine_change"].items() if part != "raised"},
        "doors at night": all_of_it["night_exit"],
        "nights": all_of_it["bed_exit"],
    }


SENSORS: Final = ("bedroom-motion", "bathroom-motion", "kitchen-motion", "hall-motion", "front-door", "fridge")
STEPS: Final = st.lists(st.tuples(st.sampled_from(SENSORS), st.integers(1, 40), st.booleans()), max_size=60)


ALARMS: Final = {"possible_fall", "night_exit", "bed_exit", "door_left_open", "not_up", "not_home", "routine_change"}


def with_a_walk(
    walked: list[tuple[str, int, bool]], hours: int, minutes: int, models: Models = NO_MODELS
) -> tuple[Engine, Engine, set[str]]:
    """The same days with a walk in which much is heard, and with one in which nothing is; what was raised in it."""
    days = [
        (day * DAY_MS + quarter * 15 * MINUTE_MS + 100 + 30_000 * (not on), heard(SENSORS[(day + quarter) % 4], said))
        for day in range(3)
        for quarter in range(56)
        for on, said in ((1, "motion 1"), (0, "motion 0"))
    ]
    begun = DAY_MS + hours * HOUR_MS + 1_000
    end, at = begun + minutes * MINUTE_MS, begun
    within: list[Told] = []
    for sensor, seconds, on in walked:
        at += seconds * SECOND_MS
        what = "door" if sensor in ("front-door", "fridge") else "motion"
        within += [(at, heard(sensor, f"{what} {int(on)}"))] if at < end else []
    before = [step for step in days if step[0] < begun]
    after = [step for step in days if step[0] >= end]
    # What fired just before comes to rest in the walk, in both: one that never does is told as stuck, by supervision.
    clears = [(at, frame) for at, frame in days if begun <= at < end and frame.payload == b"motion 0"]
    _, silent = lived(*before, (begun, walk(minutes)), *clears, *after, models=models)
    in_it = sorted([*clears, *within], key=lambda step: step[0])
    record, trodden = lived(*before, (begun, walk(minutes)), *in_it, *after, models=models)
    raised = {one.kind for one in record.said if begun <= one.at - MORNING < end and one.state == "raised"}
    return silent, trodden, raised


@given(walked=STEPS, hours=st.integers(0, 20), minutes=st.integers(1, 120))
@settings(max_examples=60, deadline=None)
def test_a_walk_teaches_nothing_and_alarms_nobody(
    walked: list[tuple[str, int, bool]], hours: int, minutes: int
) -> None:
    silent, trodden, raised = with_a_walk(walked, hours, minutes)
    assert learnt(trodden) == learnt(silent)
    assert not raised & ALARMS


def test_a_walk_teaches_the_models_nothing_either() -> None:
    models = shipped()
    assert not models.faults
    steps = [(SENSORS[nth % len(SENSORS)], 7, nth % 3 != 0) for nth in range(200)]
    silent, trodden, _ = with_a_walk(steps, hours=3, minutes=30, models=models)
    assert learnt(trodden) == learnt(silent)
    assert learnt(trodden)["silences"] != learnt(with_a_walk([], hours=9, minutes=120, models=models)[1])["silences"]


def test_a_familys_day_leaves_a_walk_out_as_it_does_a_rest() -> None:
    engine = Engine(FLAT)
    told: list[Reading] = []
    steps = [(0, walk(30)), (MINUTE_MS, heard("hall-motion")), (2 * MINUTE_MS, walk(0))]
    for seq, (after_ms, frame) in enumerate(steps, 1):
        told += engine.step(Entry(seq, Instant(MORNING + after_ms), frame)).readings
    assert [(one.sensor, one.quantity, one.value) for one in told] == [
        ("care", "rest", 30 * 60),
        ("hall-motion", "motion", 1),
        ("care", "rest", 0),
    ]


def test_in_a_walk_nothing_is_promised() -> None:
    _, engine = lived((0, heard("kitchen-motion")), (1_000, walk(30)), (2_000, heard("hall-motion")))
    assert engine.promise().state == "not_watched"
    _, engine = lived((0, walk(30)), (2_000, heard("hall-motion")), (31 * MINUTE_MS, None))
    assert engine.promise().state == "home"
    assert engine.promise().deadline is not None
