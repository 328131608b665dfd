"""The day as a family reads it: what was asked at home, what was said, and what a person made of it."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.__main__ import main
from agent.civil import Wall
from agent.engine import Engine
from agent.home import parse
from agent.journal_io import Journal
from agent.nouns import MINUTE_MS, Home, Instant, Reading, Step
from agent.summary.day import Day, Past, summarised
from agent.summary.observed import Said
from agent.summary.sentences import sentences
from agent.summary.told import Asked, questions
from agent.summary.words_io import words
from tests.flat_maker import MORNING
from tests.home_maker import make_home
from tests.test_outcomes import lived
from tests.test_recover import PRESS, TEXT

TODAY = Wall("Europe/London").day(MORNING)
HUB = """
[hub]
id = "h"
state = "state"
home = "home.toml"
[local]
host = "127.0.0.1"
[upstream]
host = "127.0.0.1"
"""


def at(minutes: int) -> Instant:
    return Instant(MORNING + minutes * MINUTE_MS)


def day_of(home: Home, heard: Sequence[Reading], said: Sequence[Said] = (), steps: Sequence[Step] = ()) -> Day:
    return summarised(home, TODAY, Past(heard, said, steps, ()), at(14 * 60))


def lines(day: Day) -> list[str]:
    return [words().say(sentence, day) for sentence in sentences(day)]


def test_a_question_that_was_answered_is_told_with_that_nothing_left_the_home() -> None:
    heard = [Reading(at(0), "possible_fall", "asked", 60), Reading(at(1), "possible_fall", "answered", 1)]
    day = day_of(make_home(), [*heard, Reading(at(2), "hall-motion", "motion", 1)])
    assert lines(day)[-1] == "10:00  The home was asked first (possible fall) and answered: nothing left the home."


def test_questions_of_two_kinds_are_not_taken_for_each_other_and_one_may_stay_open() -> None:
    heard = [
        Reading(at(0), "not_up", "asked", 60),
        Reading(at(0), "possible_fall", "asked", 60),
        Reading(at(1), "possible_fall", "answered", 0),
    ]
    assert questions(heard) == [Asked(at(0), "not_up", None), Asked(at(0), "possible_fall", False)]


def test_an_incident_is_told_once_with_who_took_it_and_what_was_found() -> None:
    said = [Said(at(1), "1-0", "test_call", "raised"), Said(at(5), "1-1", "possible_fall", "raised")]
    said += [Said(at(9), "1-1", "possible_fall", "cleared")]
    steps = [
        Step(at(5), 1, 1, "1-1", "possible_fall", "received"),
        Step(at(6), 1, 1, "1-1", "possible_fall", "human"),
        Step(at(30), 1, 1, "1-1", "possible_fall", "outcome", "true"),
    ]
    heard, taken, closed = lines(day_of(make_home(), [], said, steps))[-1].split("; ")
    assert heard == "10:05  The monitoring centre was told: possible fall"
    assert (taken, closed) == ("a person there took it at 10:06", "closed at 10:30: help was needed.")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("home.toml").write_text(TEXT)
    Path("hub.toml").write_text(HUB)
    Path("state").mkdir()
    journal, engine = Journal(tmp_path / "state" / "journal.db"), Engine(parse(TEXT))
    journal.begin(engine, MORNING, 1, "test")
    lived(journal, engine, (MORNING, "hub", "boot", {}), (at(1), *PRESS[:2], PRESS.payload.decode()))
    journal.close()
    return tmp_path


def test_a_day_is_read_from_the_hubs_journal(hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "--config", "hub.toml", "--day", "2026-03-01", "--json"]) == 0
    *_, line = json.loads(capsys.readouterr().out)["lines"]
    assert line["says"] == "10:01  The monitoring centre would have been told: help button.", "no envelope left it"
    assert main(["summary", "--config", "hub.toml", "--day", "2026-02-20"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Friday 20 February 2026",
        "This home was not observed on this day: nothing can be said of it.",
        "Nothing was asked at home, and nothing was told to the monitoring centre.",
    ]


def test_a_day_to_come_is_refused(hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "--config", "hub.toml", "--day", "2999-01-01", "--html", "day.html"]) == 2
    assert "2999-01-01 is still to come; the last day that is known is 2" in capsys.readouterr().err
    assert not Path("day.html").exists()


def test_a_day_is_not_told_against_the_residents_wish(hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("home.toml").write_text(f"{TEXT}\n[consent]\nsummary_to_family = false\n")
    assert main(["summary", "--config", "hub.toml", "--day", "2026-03-01"]) == 2
    assert "does not want" in capsys.readouterr().err
