"""Laws of the engine: whatever a home goes through, what is said depends on the entries alone."""

import json
from collections.abc import Iterable, Sequence
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.engine import Engine
from agent.loop import fill, run
from agent.nouns import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    SECOND_MS,
    Care,
    Entry,
    Frame,
    Home,
    Instant,
    Promise,
    Reading,
    Sensor,
)
from agent.replay import Record
from tests.home_maker import make_home

MONDAY: Final = Instant(1_772_409_600_000)  # 2026-03-02 00:00 in London, where it is UTC
BED: Final = Sensor("bed", "bed", "bedroom", None, "log", "bed")
PENDANT: Final = Sensor("pendant", "button", "hall", None, "log", "pendant")
WIRED: Final = (
    Sensor("back-door", "door", "hall", "entrance", "serial", "bridge-1/door0"),
    Sensor("mat", "bed", "bedroom", None, "serial", "bridge-1/door1"),
    Sensor("cord", "button", "bathroom", None, "serial", "bridge-1/button0"),
    Sensor("stairs", "motion", "hall", None, "serial", "bridge-1/motion0"),
)
HOME: Final = make_home(BED, PENDANT, *WIRED, care=Care(not_up_by=630, home_by=21 * 60))
SAYINGS: Final = (
    *(f"{room}-motion motion 1" for room in ("bedroom", "bathroom", "kitchen", "living", "hall")),
    "kitchen-motion motion 0", "front-door door 1", "front-door door 0", "fridge door 1", "bed bed 1", "bed bed 0",
    "pendant button 1", "hall-motion checkin 1", "fridge temperature_mc 4000", "living-motion battery_percent 7",
    "bedroom-motion available 0", "bathroom-motion tamper 1", "no-such motion 1", "kitchen-motion nonsense",
    *(f"bridge-1/{channel} {value} {late_s}" for channel in ("door0", "door1", "button0", "motion0", "tamper0")
      for value in (0, 1) for late_s in (0, 1, 90, 2_400, 90_000)),
    "bridge-1/door1 stands", "bridge-1/door0 stands", "bridge-1 link 0", "bridge-1 link 1",
)  # fmt: skip
GAPS_MS: Final = st.one_of(
    st.sampled_from([0, 1, 10 * SECOND_MS, MINUTE_MS, 7 * MINUTE_MS, HOUR_MS, 5 * HOUR_MS]),
    st.integers(0, 40 * MINUTE_MS),
    st.integers(0, 30 * HOUR_MS),
)
HEARD: Final = st.sampled_from(SAYINGS)
KNOWN_OF_ITSELF: Final = st.sampled_from(
    ["boot", "gap", "clock", "pause", "over", "end", "offline", "online", "unreadable"]
)
WHAT: Final = st.integers(0, 9).flatmap(lambda dice: KNOWN_OF_ITSELF if dice == 9 else HEARD)
LIFE: Final = st.lists(st.tuples(GAPS_MS, WHAT), min_size=1, max_size=70)


def frame(what: str, at: int, before: int) -> Frame:
    own = {
        "boot": ("hub", "boot", {"boot": "b", "zero_ms": 0, "at_ms": at, "from_ms": before}),
        "gap": ("hub", "gap", {"from_ms": before}),
        "clock": ("hub", "clock", {"offset_ms": at % 7_200_000 - HOUR_MS, "quality": "rtc"}),
        "pause": ("care", "pause", {"until_ms": at + 3 * HOUR_MS, "why": "visitors"}),
        "over": ("care", "pause", {"until_ms": at - HOUR_MS, "why": "holiday"}),
        "end": ("care", "pause", {"until_ms": None}),
        "offline": ("centre", "link", {"state": "offline"}),
        "online": ("centre", "link", {"state": "online"}),
    }
    if what in own:
        link, address, said = own[what]
        return Frame(link, address, json.dumps(said).encode())
    if what == "unreadable":
        return Frame("hub", "clock", b"not JSON")
    if what.startswith("bridge-1"):
        return wired(at, *what.split())
    sensor, _, payload = what.partition(" ")
    return Frame("log", sensor, payload.encode())


def wired(at: int, address: str, what: str, late_s: str = "") -> Frame:
    """What a board says: the state of its line, how a channel stands, or what it did, made ``late_s`` before."""
    said: dict[str, int] = {"at": at - 1_000 * int(late_s or 0)}
    if "/" not in address:
        said = {"link": int(late_s)}
    elif what == "stands":
        said |= {"stands": at // MINUTE_MS % 2}
    else:
        said |= {"value": int(what), "boot": 1, "number": at % 65_536}
    return Frame("serial", address, json.dumps(said).encode())


def entries(life: Sequence[tuple[int, str]]) -> list[Entry]:
    told: list[Entry] = []
    at = MONDAY
    for seq, (gap_ms, what) in enumerate(life, 1):
        before, at = at, Instant(at + gap_ms)
        told.append(Entry(seq, at, frame(what, at, before)))
    return told


def lived(life: Iterable[Entry], engine: Engine) -> list[str]:
    """Everything that was said, promised and refused."""
    record = Record("elm-12", deadlines=True)
    run(fill(life, engine), engine, record)
    return [*record.alerts, *record.deadlines, *record.rejects]


def reborn(engine: Engine, home: Home = HOME) -> Engine:
    again = Engine(home)
    again.restore(json.loads(json.dumps(engine.snapshot(), allow_nan=False)))
    return again


@settings(max_examples=100, deadline=None)
@given(LIFE, st.integers(0, 70))
def test_a_restart_anywhere_says_the_same_ever_after(life: list[tuple[int, str]], cut: int) -> None:
    told = entries(life)
    before, after = told[:cut], [*told[cut:], Entry(len(told), Instant(told[-1].at + 2 * DAY_MS))]
    engine = Engine(HOME)
    lived(before, engine)
    again = reborn(engine)
    assert json.dumps(again.snapshot()) == json.dumps(engine.snapshot())
    assert again.next_deadline() == engine.next_deadline()
    assert lived(after, again) == lived(after, engine)
    assert json.dumps(again.snapshot()) == json.dumps(engine.snapshot())


@settings(max_examples=60, deadline=None)
@given(LIFE)
def test_asking_every_minute_besides_what_is_due_changes_nothing(life: list[tuple[int, str]]) -> None:
    told = entries(life)
    every_minute: list[Entry] = []
    for seq, entry in enumerate(told):
        last = told[seq - 1].at if seq else entry.at
        blind = entry.frame is not None and entry.frame.address in ("boot", "gap")
        grid = range(last - last % MINUTE_MS + MINUTE_MS, entry.at, MINUTE_MS) if not blind else ()
        every_minute += [Entry(seq, Instant(at)) for at in grid]
        every_minute.append(entry)
    one, other = Engine(HOME), Engine(HOME)
    assert lived(every_minute, other) == lived(told, one)
    assert json.dumps(other.snapshot()) == json.dumps(one.snapshot())


@settings(max_examples=100, deadline=None)
@given(LIFE)
def test_however_late_a_reading_comes_no_detector_fails_and_a_cord_that_was_pulled_is_told(
    life: list[tuple[int, str]],
) -> None:
    told = [*entries(life), Entry(len(life), Instant(entries(life)[-1].at + 2 * DAY_MS))]
    record = Record("elm-12")
    engine = Engine(HOME)
    run(fill(told, engine), engine, record)
    assert not [alert for alert in record.said if alert.kind == "agent_fault"]
    pulled = [
        Instant(entry.at - 1_000 * int(what.split()[2]))
        for entry, (_, what) in zip(told, life, strict=False)
        if what.startswith("bridge-1/button0 1")
    ]
    calls = [alert for alert in record.said if alert.kind == "sos" and alert.evidence[-1].sensor == "cord"]
    assert {alert.since for alert in calls if alert.state == "raised"} <= set(pulled)
    assert bool(calls) == bool(pulled)


@settings(max_examples=60, deadline=None)
@given(LIFE)
def test_the_same_entries_twice_give_the_same_bytes_and_time_never_runs_back(life: list[tuple[int, str]]) -> None:
    told = [*entries(life), Entry(len(life), Instant(entries(life)[-1].at + 9 * DAY_MS))]
    assert lived(told, Engine(HOME)) == lived(told, Engine(HOME))
    engine = Engine(HOME)
    instants = []
    for entry in fill(told, engine):
        instants.append(entry.at)
        engine.step(entry)
    assert instants == sorted(instants)


@settings(max_examples=100, deadline=None)
@given(LIFE, st.integers(0, 20), st.integers(0, 70), st.sampled_from(range(10)))
def test_a_detector_that_throws_is_dropped_and_said_and_the_others_go_on(
    life: list[tuple[int, str]], calls: int, cut: int, which: int
) -> None:
    told = [*entries(life), Entry(len(life), Instant(entries(life)[-1].at + 9 * DAY_MS))]
    engine = Engine(HOME)
    name = throws_after(engine, which, calls)
    said = lived(told[:cut], engine)
    if any('"agent_fault"' in line for line in said):
        engine = reborn(engine)
    said += lived(told[cut:], engine)
    faults = [json.loads(line) for line in said if '"agent_fault"' in line]
    states = [fault["state"] for fault in faults]
    assert states == [("raised", "cleared")[number % 2] for number in range(len(states))]
    assert states.count("raised") <= 1 + [what for _, what in life].count("boot"), "a start tries it again"
    assert all(f"The {name} detector failed" in fault["text"] for fault in faults if fault["state"] == "raised")
    assert engine.snapshot()["dropped"] == ([name] if states[-1:] == ["raised"] else [])


def throws_after(engine: Engine, which: int, calls: int) -> str:
    """Makes one detector of a running engine fail at its (calls + 1)th call; its name."""
    detector = engine._detectors[which]
    observe, left = detector.observe, [calls]

    def failing(now: Instant, readings: Sequence[Reading], watch: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise ZeroDivisionError("a mistake of ours")
        return observe(now, readings, watch)  # type: ignore[arg-type]  # it is the Watch that the engine hands on

    detector.observe = failing  # type: ignore[method-assign,assignment]  # the one way to have a detector throw
    return detector.name


@pytest.mark.parametrize("restarted", [False, True])
def test_without_the_fall_detector_nothing_is_promised_any_more(restarted: bool) -> None:
    engine = Engine(HOME)
    throws_after(engine, engine._detectors.index(engine.possible_fall), 0)
    engine.step(Entry(1, MONDAY, frame("kitchen-motion motion 1", MONDAY, MONDAY)))
    engine = reborn(engine) if restarted else engine
    outcome = engine.step(Entry(2, Instant(MONDAY + 1), frame("hall-motion motion 1", MONDAY, MONDAY)))
    assert outcome.promise == Promise(None, "not_watched")
    assert [
        alert.kind for alert in engine.step(Entry(3, Instant(MONDAY + 2), frame("pendant button 1", 0, 0))).alerts
    ] == ["sos"]


def test_a_sign_of_life_at_the_very_deadline_counts_as_heard() -> None:
    engine = Engine(HOME)
    first = engine.step(Entry(1, MONDAY, frame("kitchen-motion motion 1", MONDAY, MONDAY)))
    assert first.promise is not None
    deadline = first.promise.deadline
    assert deadline is not None
    for late_ms, heard in ((0, []), (1, ["raised"])):
        again = reborn(engine)
        record = Record("elm-12")
        told = [Entry(2, Instant(deadline + late_ms), frame("hall-motion motion 1", 0, 0))]
        run(fill(told, again), again, record)
        states = [alert.state for alert in record.said if alert.kind == "possible_fall"]
        assert states[:1] == heard
        assert ("cleared" in states) == bool(heard)
