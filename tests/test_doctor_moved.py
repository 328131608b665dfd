"""What a doctor finds of a home that was walked: whether each sensor hangs where it hung then."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.engine import Engine
from agent.journal_io import Journal
from agent.nouns import Entry, Outcome, Reading
from agent.provision.walk_file import FILE, home_digest, written
from agent.simulate.fleet import TEN
from tests.doctor_maker import Found, doctor, lay
from tests.test_walk_later import HOME, WALKED, hung, lived


def walked(folder: Path, readings: Sequence[Reading], capsys: pytest.CaptureFixture[str], text: str = "") -> Found:
    """``text``: home.toml now, if it has been changed since the walk."""
    config = lay(folder)
    (folder / "home.toml").write_text(text or HOME.text)
    (folder / FILE).write_bytes(written(WALKED._replace(home_digest=home_digest(HOME))))
    journal = Journal(folder / "state" / "journal.db", HOME.id)
    journal.begin(Engine(HOME), readings[0].at, 1, "test")
    for one in readings:
        journal.put(Entry(0, one.at), Outcome((one,)))
    journal.close()
    return doctor(config, capsys)[1]


def test_a_sensor_that_was_hung_in_another_room_since_the_walk_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = walked(tmp_path, lived(hung("hall-motion", "bathroom"), 1), capsys)["moved"]
    assert (found["code"], found["good"]) == ("moved", False)
    assert "the hall sensor (hall-motion) has moved" in found["found"]


def test_ordinary_weeks_after_a_walk_are_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert walked(tmp_path, lived(TEN, 1), capsys)["moved"]["code"] == "stands"


def test_a_home_file_that_was_changed_since_wants_another_walk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = walked(tmp_path, lived(TEN, 1, count=1), capsys, f"{HOME.text}\n# another word\n")
    assert (found["moved"]["code"], found["moved"]["good"]) == ("home_changed", None)
    (tmp_path / FILE).write_text("{")
    found = doctor(tmp_path / "hub.toml", capsys)[1]
    assert found["moved"]["code"] == "not_walked"
    (tmp_path / FILE).unlink()
    assert doctor(tmp_path / "hub.toml", capsys)[1]["moved"]["found"] == "this home was not walked"
