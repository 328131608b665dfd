"""Golden days: what is said of each is committed, and compared byte for byte. See golden_days.py."""

import json
import os
from pathlib import Path

import pytest

from agent.__main__ import main
from tests.golden_days import DAYS, Day, told

GOLDEN = Path(__file__).parent / "golden"
WRITE = os.environ.get("HEARTHWATCH_GOLDEN") == "write"
ODD = [name for name in DAYS if name.endswith(("23h", "25h", "spring", "autumn"))]


def files_of(day: Day) -> dict[str, str]:
    alerts, deadlines = told(day.home, day.lines, day.until, day.boots)
    log = "".join(f"{line}\n" for line in day.lines)
    return {"home.toml": day.home, "log.jsonl": log, "alerts.jsonl": alerts, "deadlines.jsonl": deadlines}


def kinds(name: str) -> list[str]:
    lines = (GOLDEN / f"{name}.alerts.jsonl").read_text().splitlines()
    return [f"{said['kind']} {said['state']}" for said in map(json.loads, lines)]


@pytest.mark.parametrize("name", DAYS)
def test_a_golden_day_is_told_as_it_always_was(name: str) -> None:
    for suffix, text in files_of(DAYS[name]()).items():
        path = GOLDEN / f"{name}.{suffix}"
        if WRITE:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text.encode())
        assert path.read_bytes() == text.encode(), f"{path.name} has changed; if meant: HEARTHWATCH_GOLDEN=write"


@pytest.mark.parametrize("name", [name for name in DAYS if not DAYS[name]().boots])
def test_the_command_line_tells_a_golden_day_in_the_same_bytes(name: str, tmp_path: Path) -> None:
    alerts, deadlines = tmp_path / "alerts", tmp_path / "deadlines"
    words = ["replay", "--home", f"{GOLDEN / name}.home.toml", f"{GOLDEN / name}.log.jsonl"]
    words += ["--alerts", str(alerts), "--deadlines", str(deadlines), "--until", f"{DAYS[name]().until}:00Z"]
    assert main(words) == 0
    assert alerts.read_bytes() == (GOLDEN / f"{name}.alerts.jsonl").read_bytes()
    assert deadlines.read_bytes() == (GOLDEN / f"{name}.deadlines.jsonl").read_bytes()


def test_nothing_is_said_of_an_ordinary_day() -> None:
    assert not kinds("ordinary")


def test_a_fall_is_told_and_ends_when_help_is_heard() -> None:
    assert kinds("fall") == ["possible_fall raised", "possible_fall cleared"]
    raised = json.loads((GOLDEN / "fall.alerts.jsonl").read_text().splitlines()[0])
    promised = [json.loads(line) for line in (GOLDEN / "fall.deadlines.jsonl").read_text().splitlines()]
    assert {said["at"]: said["deadline"] for said in promised}[raised["since"]] == raised["at"], "as was promised"


def test_who_went_out_at_night_and_came_back_is_told_once() -> None:
    assert kinds("night-exit") == ["night_exit raised", "night_exit cleared"]


def test_a_hub_that_was_off_tells_that_and_nothing_else() -> None:
    assert kinds("hub-off") == ["home_not_watched raised", "home_not_watched cleared"]


def test_a_sensor_that_dies_is_told_and_nothing_else() -> None:
    assert kinds("sensor-dies") == ["sensor_lost raised"]


@pytest.mark.parametrize("name", ODD)
def test_of_an_odd_day_nothing_is_said_but_who_is_not_up(name: str) -> None:
    assert kinds(name) == ["not_up raised", "not_up cleared"] * (len(kinds(name)) // 2)


def test_no_golden_file_is_left_over() -> None:
    assert {path.name.split(".")[0] for path in GOLDEN.iterdir()} == set(DAYS)
