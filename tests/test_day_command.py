"""`hearthwatch summary`: from a hub or from logs, as text, as JSON, as one file; whole or not at all."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from agent.__main__ import main
from agent.engine import Engine
from agent.home import parse
from agent.journal_io import Journal
from agent.nouns import HOUR_MS, Entry, Frame, Instant, Reading, Step
from agent.past_io import past_of
from agent.past_log_io import Lived
from agent.sensors.log import write
from agent.summary.counts import FIGURES
from agent.summary.observed import Said
from agent.summary.plain import plain
from agent.summary.schema import document, schema
from agent.summary.words_io import words
from tests.conftest import ROOT
from tests.day_maker import A_DAY, FLAT, SHOWN, TODAY, at, day_of, heard, lines, weeks

ROOMS = "".join(f'[[room]]\nid = "{id}"\nkind = "{id}"\n' for id in FLAT.rooms)
SENSORS = "".join(
    f'[[sensor]]\nid = "{one.id}"\nkind = "{one.kind}"\nroom = "{one.room}"\nlink = "log"\naddress = "{one.id}"\n'
    + (f'role = "{one.role}"\n' if one.role else "")
    for one in FLAT.sensors.values()
    if one.kind != "bed"
)
HOME = f'[home]\nid = "elm"\ntimezone = "Europe/London"\nresidents = 1\n{ROOMS}{SENSORS}'
DAY = ["--day", "2026-03-11"]


def log_of(readings: list[Reading], path: Path) -> Path:
    path.write_text("".join(f"{write(one)}\n" for one in sorted(readings)))
    return path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("home.toml").write_text(HOME)
    log_of([*weeks(), *heard(A_DAY), *heard("07:00 living", TODAY + 1)], tmp_path / "log.jsonl")
    return tmp_path


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_a_day_is_read_from_a_log(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "--home", "home.toml", "log.jsonl", *DAY]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[:2] == ["Wednesday 11 March 2026", "Up at 07:40, as usual."]


def test_a_log_that_ends_within_the_day_makes_a_day_that_is_not_over(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log_of([*weeks(), *[one for one in heard(A_DAY) if one.at < at("13:00")]], here / "short.jsonl")
    assert main(["summary", "--home", "home.toml", "short.jsonl", *DAY, "--json"]) == 0
    found = told(capsys)
    assert (found["over"], found["until"]) == (False, "2026-03-11T12:20:00.000Z")
    assert main(["summary", "--home", "home.toml", "log.jsonl", *DAY, "--json"]) == 0
    assert told(capsys)["over"]


def test_what_is_printed_as_json_is_as_its_schema_says(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Draft202012Validator.check_schema(schema())
    valid = Draft202012Validator(schema())
    assert main(["summary", "--home", "home.toml", "log.jsonl", *DAY, "--json"]) == 0
    valid.validate(told(capsys))
    said = [Said(at("12:00"), "1-1", "sos", "raised"), Said(at("13:00"), "1-2", "leak", "raised", sent=False)]
    steps = [
        Step(at("12:01"), 1, 1, "1-1", "sos", "human"),
        Step(at("12:09"), 1, 1, "1-1", "sos", "outcome", "true"),
    ]
    asked = [Reading(at("11:00"), "not_up", "asked", 60), Reading(at("11:01"), "not_up", "answered", 1)]
    valid.validate(plain(day_of([*heard(A_DAY), *asked], said=said, steps=steps), words()))
    for day in (day_of([]), day_of(heard(A_DAY), SHOWN), day_of(heard(A_DAY), now=at("13:00"))):
        valid.validate(plain(day, words()))
    assert set(schema()["properties"]["figures"]["properties"]) == set(FIGURES)


def test_the_schema_in_docs_is_what_the_code_says() -> None:
    for name, text in document().items():
        assert (ROOT / "docs" / name).read_text() == text, "make contract writes it anew"


def test_the_file_is_written_whole_or_not_at_all(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "--home", "home.toml", "log.jsonl", *DAY, "--html", "day.html"]) == 0
    page = Path("day.html").read_text()
    assert page.startswith("<!DOCTYPE html>")
    assert "Up at 07:40, as usual." in page
    assert capsys.readouterr() == ("", "written to day.html\n")
    assert main(["summary", "--home", "home.toml", "log.jsonl", *DAY, "--html", "nowhere/day.html"]) == 2
    assert re.fullmatch(r"nowhere/day.html: cannot be written: .*\n", _said(capsys))
    assert not [file for file in here.iterdir() if file.name.startswith(".")]


def _said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err.removeprefix("hearthwatch: ")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--day", "2026-03-11"], "summary needs --config HUB, or --home HOME with sensor logs"),
        (["--home", "home.toml", "--day", "2026-03-11"], "summary needs --config HUB"),
        (["--home", "home.toml", "log.jsonl", "--config", "hub.toml", "--day", "2026-03-11"], "summary needs --config"),
        (["--home", "home.toml", "log.jsonl", "--day", "2025-03-11"], "the logs hold nothing of that day"),
        (["--home", "home.toml", "log.jsonl", "--day", "2026-03-13"], "2026-03-13 is still to come; the last day"),
        (["--home", "home.toml", "home.toml", "--day", "2026-03-11"], "is no sensor log"),
        (["--home", "none.toml", "log.jsonl", "--day", "2026-03-11"], "none.toml: cannot be read"),
    ],
)
def test_bad_input_is_one_clear_line(
    here: Path, capsys: pytest.CaptureFixture[str], words: list[str], why: str
) -> None:
    assert main(["summary", *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert why in said.err
    assert "Traceback" not in said.err


def test_a_resident_who_does_not_want_it_is_not_told_of_at_all(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("home.toml").write_text(f"{HOME}[consent]\nsummary_to_family = false\n")
    assert main(["summary", "--home", "home.toml", "log.jsonl", *DAY, "--html", "day.html"]) == 2
    assert "does not want" in capsys.readouterr().err
    assert not Path("day.html").exists()


def test_a_line_of_the_log_that_is_bad_is_said_and_the_day_told_all_the_same(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = here / "log.jsonl"
    log.write_text(log.read_text() + "nonsense\n")
    assert main(["summary", "--home", "home.toml", "log.jsonl", "--day", "2026-03-12"]) == 1
    assert "not one JSON object" in capsys.readouterr().err


def test_a_hub_that_was_off_for_hours_says_so_first_and_the_rest_is_as_from_a_log(here: Path) -> None:
    """Two starts, three hours apart, in one journal."""
    home, path = parse(HOME), here / "journal.db"
    readings = [one for one in [*weeks(), *heard(A_DAY)] if not at("13:00") < one.at < at("17:00")]
    journal, engine = Journal(path), Engine(home)
    engine.tells_promises = False
    journal.begin(engine, readings[0].at, 1, "test")
    for seq, (when, sensor, quantity, value) in enumerate(readings, 1):
        if when == at("18:00"):
            journal.begin(engine, at("16:00"), seq, "test")
        entry = Entry(seq, when, Frame("log", sensor, f"{quantity} {value}".encode()))
        journal.put(entry, engine.step(entry))
    journal.flush()
    past, now = past_of(journal, home, TODAY, Instant(at("24:00") + HOUR_MS))
    day = day_of(past.readings, home, said=past.said, off=past.off, now=now)
    journal.close()
    assert lines(day)[0] == "From 12:20 to 16:00 this home was not observed: what happened then is not told here."
    assert "Up at 07:40, as usual." in lines(day)
    assert day.over


def test_a_rest_that_a_person_asked_for_is_kept_so_that_the_family_is_not_told_of_it() -> None:
    engine = Engine(parse(HOME))

    def asked(when: str, until: str | None) -> list[Reading]:
        said = {"until_ms": None if until is None else at(until), "by": "Ann", "why": "privacy"}
        told = engine.step(Entry(1, at(when), Frame("care", "pause", json.dumps(said).encode()))).readings
        return [one for one in told if one.quantity == "rest"]

    assert asked("09:00", "13:00") == [Reading(at("09:00"), "care", "rest", 4 * 3_600)]
    assert asked("10:00", None) == [Reading(at("10:00"), "care", "rest", 0)]
    assert write(asked("11:00", "12:00")[0]) is None, "a sensor log says what sensors said"


def test_the_hub_says_in_its_journal_how_many_are_there_and_says_it_once() -> None:
    lived, engine = Lived(parse(HOME), TODAY), Engine(parse(HOME))
    for seq, one in enumerate(heard(A_DAY), 1):
        entry = Entry(seq, one.at, Frame("log", one.sensor, f"{one.quantity} {one.value}".encode()))
        lived.put(entry, engine.step(entry))
    assert [one for one in lived.readings if one.quantity == "people"] == [Reading(at("07:20"), "company", "people", 1)]
