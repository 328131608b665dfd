"""What a person found comes back to the hub: it is kept, it closes the incident, and the hub learns from it."""

import json
from pathlib import Path

import pytest

from agent.engine import Engine
from agent.home import parse
from agent.journal_io import Journal
from agent.loop import fill, run
from agent.nouns import HOUR_MS, MINUTE_MS, Entry, Frame, Instant, Outcome, Sensor, Step
from agent.recover import resume
from tests.flat_maker import MORNING, Flat
from tests.home_maker import make_home
from tests.test_recover import ADDED, PRESS, TEXT

PENDANT = Sensor("pendant", "button", "living", None, "log", "pendant")
PENDANT_HOME = make_home(PENDANT)


def told_and_moved(flat: Flat) -> tuple[Instant, int]:
    """A silence that was told and then ended by itself; its beginning, and the false alerts that it counts as."""
    flat.hear("kitchen-motion")
    since = flat.now
    wait_ms = flat.wait_ms()
    flat.wait(wait_ms + MINUTE_MS)
    flat.hear("hall-motion", after_ms=MINUTE_MS)
    assert flat.states() == ["raised", "cleared"]
    return since, flat.fall.expected().silences_over


@pytest.mark.parametrize(("verdict", "counts"), [("true", False), ("test", False), ("false", True), ("visitor", True)])
def test_help_that_was_needed_is_no_false_alert_of_this_home(verdict: str, counts: bool) -> None:
    flat = Flat()
    since, before = told_and_moved(flat)
    waited = flat.fall.wait.floor.budget.snapshot()["today"]
    flat.fall.judged(since, verdict)
    assert (flat.fall.wait.floor.budget.snapshot()["today"] == waited) == counts
    flat.fall.judged(since, verdict)
    assert flat.fall.expected().silences_over <= before, "a verdict that comes twice takes nothing more back"


def test_a_fall_that_is_confirmed_while_the_silence_lasts_teaches_nothing() -> None:
    flat = Flat()
    flat.hear("kitchen-motion")
    flat.wait(flat.wait_ms() + MINUTE_MS)
    flat.fall.judged(flat.fall.snapshot()["since"][0], "true")  # type: ignore[index]
    flat.hear("hall-motion", after_ms=MINUTE_MS)
    assert flat.fall.wait.floor.budget.snapshot()["today"] == []


def lived(journal: Journal, engine: Engine, *told: tuple[int, str, str, dict[str, object] | str]) -> list[Outcome]:
    """Frames of the hub's own links, and the silences between them; what each came to, journaled."""
    kept: list[Outcome] = []

    class Sink:
        def put(self, entry: Entry, outcome: Outcome) -> None:
            journal.put(entry, outcome)
            kept.append(outcome)

    entries = [
        Entry(seq, Instant(at), Frame(link, address, (said if isinstance(said, str) else json.dumps(said)).encode()))
        for seq, (at, link, address, said) in enumerate(told, 1)
    ]
    run(fill(entries, engine), engine, Sink())
    journal.flush()
    return kept


def test_a_help_call_is_escalated_taken_and_closed_and_the_journal_tells_all_of_it(tmp_path: Path) -> None:
    journal, engine = Journal(tmp_path / "journal.db", "h"), Engine(PENDANT_HOME)
    journal.begin(engine, MORNING, 1, "test")
    receipt = {"epoch": 1, "seq": 1, "alert": "0" * 64}
    outcomes = lived(
        journal,
        engine,
        (MORNING, "hub", "boot", {"boot": "b", "zero_ms": 0, "at_ms": MORNING, "lines": 2}),
        (MORNING + 1_000, "log", "pendant", "button 1"),
        (MORNING + 90_000, "centre", "receipt", receipt | {"kind": "received"}),
        (MORNING + 95_000, "centre", "receipt", receipt | {"kind": "human"}),
        (MORNING + 300_000, "centre", "receipt", receipt | {"kind": "outcome", "verdict": "false", "reason": "other"}),
    )
    assert [act.kind for outcome in outcomes for act in outcome.acts] == ["second_path", "sound", "sound"]
    assert [(step.at - MORNING, step.state, step.verdict) for step in journal.custody()] == [
        (61_000, "escalated", None),
        (90_000, "received", None),
        (95_000, "human", None),
        (300_000, "outcome", "false"),
    ]
    assert not engine.incidents.is_open("sos", "pendant@1")


def test_a_replay_of_the_journal_takes_the_same_steps(tmp_path: Path) -> None:
    journal, engine = Journal(tmp_path / "journal.db", "h"), Engine(PENDANT_HOME)
    journal.begin(engine, MORNING, 1, "test")
    lived(
        journal,
        engine,
        (MORNING, "hub", "boot", {"boot": "b", "zero_ms": 0, "at_ms": MORNING, "lines": 1}),
        (MORNING + 1_000, "log", "pendant", "button 1"),
        (MORNING + HOUR_MS, "log", "kitchen-motion", "motion 1"),
    )
    again = Engine(PENDANT_HOME)
    steps: list[Step] = []
    for entry in fill(journal.entries(1), again):
        steps += again.step(entry).steps
    assert steps == journal.custody()
    assert len(steps) > 1
    assert again.snapshot() == engine.snapshot()


def test_an_alert_that_nobody_has_is_still_followed_after_a_sensor_was_added(tmp_path: Path) -> None:
    journal, engine = Journal(tmp_path / "journal.db", "h"), Engine(parse(TEXT))
    journal.begin(engine, MORNING, 1, "test")
    lived(
        journal,
        engine,
        (MORNING, "hub", "boot", {"boot": "b", "zero_ms": 0, "at_ms": MORNING, "lines": 1}),
        (MORNING + 1_000, *PRESS[:2], PRESS.payload.decode()),
    )
    again = resume(journal, parse(TEXT.replace("[care]\n", f"{ADDED}\n[care]\n")))
    assert "back-door" in again.home.sensors
    assert again.custody.due == MORNING + 61_000


def pressed(*after_ms: int) -> list[tuple[int, str, str, dict[str, object] | str]]:
    return [(MORNING + each, "log", "pendant", "button 1") for each in after_ms]


def test_a_press_after_a_person_closed_the_last_one_is_a_new_call_for_help(tmp_path: Path) -> None:
    journal, engine = Journal(tmp_path / "journal.db", "h"), Engine(PENDANT_HOME)
    journal.begin(engine, MORNING, 1, "test")
    closed = {"epoch": 1, "seq": 1, "alert": "0" * 64, "kind": "outcome", "verdict": "false", "reason": "other"}
    outcomes = lived(
        journal,
        engine,
        (MORNING, "hub", "boot", {"boot": "b", "zero_ms": 0, "at_ms": MORNING, "lines": 1}),
        *pressed(10_000),
        (MORNING + 90_000, "centre", "receipt", closed),
        *pressed(240_000, 300_000),
    )
    said = [(alert.id, alert.state) for outcome in outcomes for alert in outcome.alerts if alert.kind == "sos"]
    assert said == [("1-1", "raised"), ("1-2", "raised"), ("1-2", "updated")]


def test_what_falls_due_at_the_very_instant_of_a_receipt_does_not_wait(tmp_path: Path) -> None:
    journal, engine = Journal(tmp_path / "journal.db", "h"), Engine(PENDANT_HOME)
    journal.begin(engine, MORNING, 1, "test")
    outcomes = lived(
        journal,
        engine,
        (MORNING, "hub", "boot", {"boot": "b", "zero_ms": 0, "at_ms": MORNING, "lines": 1}),
        *pressed(10_000),
        (MORNING + 70_000, "centre", "receipt", {"epoch": 7, "seq": 7, "kind": "received"}),
    )
    assert [act.kind for act in outcomes[-1].acts] == ["second_path", "sound"]


def test_a_second_fall_that_a_sensor_reports_after_the_first_was_closed_is_another_one() -> None:
    flat = Flat()
    flat.hear("radar")
    flat.fall.judged(flat.now, "false")
    flat.hear("radar", 0, after_ms=MINUTE_MS)
    flat.hear("radar", after_ms=MINUTE_MS)
    assert flat.states() == ["raised", "raised"]
