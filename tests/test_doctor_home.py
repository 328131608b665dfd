"""What a doctor finds of the home's sensors: in the journal of a hub that ran until just now."""

from pathlib import Path

import pytest

from agent.clock_io import wall_ms
from agent.doctor.home_parts import board, proof_of_life
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, Clock, Frame, Instant
from tests.doctor_maker import DOOR, PIR, days_until, doctor, lay, live, said, zigbee


def test_each_sensor_is_told_with_its_last_word_its_battery_and_when_it_would_be_missed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, now = lay(tmp_path), wall_ms()
    live(tmp_path / "state", days_until(now, 3), Instant(now))
    _, found = doctor(config, capsys)
    hall = found["sensor hall-motion"]
    assert (hall["good"], hall["code"]) == (True, "well")
    assert hall["found"].startswith("motion in hall, last heard ")
    assert "battery 71%" in hall["found"]
    assert "missed after 2 h" in hall["found"]


def test_a_device_that_is_hardly_heard_is_named_with_its_room(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, now = lay(tmp_path), wall_ms()
    live(tmp_path / "state", days_until(now, 3), Instant(now))
    _, found = doctor(config, capsys)
    assert found["radio hall-motion"]["code"] == "strong"
    weak = found["radio front-door"]
    assert (weak["good"], weak["found"]) == (False, "door in kitchen: link quality 20 of 255")
    assert "repeater" in weak["do"]


def test_a_sensor_that_supervision_has_lost_is_lost_for_the_doctor_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, now = lay(tmp_path), wall_ms()
    live(tmp_path / "state", days_until(now, 4, silent=[DOOR]), Instant(now))
    code, found = doctor(config, capsys)
    assert code == 1
    assert found["sensor front-door"]["code"] == "lost"
    assert found["sensor hall-motion"]["good"] is True


def test_a_battery_that_is_nearly_empty_is_told_before_the_sensor_falls_silent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, now = lay(tmp_path), wall_ms()
    low = zigbee(now - MINUTE_MS, said(PIR, battery=7, linkquality=150, last_seen="now"))
    live(tmp_path / "state", [*days_until(now, 3), low], Instant(now))
    _, found = doctor(config, capsys)
    assert found["sensor hall-motion"]["code"] == "battery_low"
    assert "battery 7%" in found["sensor hall-motion"]["found"]


def test_a_sensor_that_was_never_heard_is_no_sensor_that_is_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, now = lay(tmp_path), wall_ms()
    heard = [one for one in days_until(now, 2) if one[1].address != "Front door"]
    live(tmp_path / "state", heard, Instant(now))
    _, found = doctor(config, capsys)
    assert found["sensor front-door"]["code"] == "unheard"
    assert found["radio front-door"]["code"] == "unknown"


def test_of_a_hub_that_was_off_no_sensor_is_called_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, then = lay(tmp_path), wall_ms() - 2 * DAY_MS
    live(tmp_path / "state", days_until(then, 3), Instant(then))
    _, found = doctor(config, capsys)
    assert found["sensor hall-motion"]["code"] == "old"
    assert found["sensor hall-motion"]["good"] is None


def test_a_board_that_restarts_and_loses_readings_is_told_with_its_firmware_and_supply(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, now = lay(tmp_path, more='[[serial]]\nport = "nowhere"\n'), wall_ms()
    told = [f'{{"hello":{{"boot":{n},"next":0,"firmware":"nano 1.0","reset":4,"channels":[]}}}}' for n in (1, 2, 3)]
    told += ['{"beat":{"boot":3,"next":0,"supply_mv":4980,"refused":0,"blocks_lost":0,"line":null,"on":[]}}']
    spoke = [(Instant(now - HOUR_MS + at), Frame("serial", "bridge-1", body.encode())) for at, body in enumerate(told)]
    live(tmp_path / "state", [*days_until(now - 2 * HOUR_MS, 2), *spoke], Instant(now))
    _, found = doctor(config, capsys)
    assert found["board bridge-1"]["code"] == "restarts"
    assert found["board bridge-1"]["found"] == "firmware nano 1.0, supply 4.98 V, 3 starts in two days"


@pytest.mark.parametrize(
    ("supply_mv", "boots", "lost", "code"),
    [(5_000, 1, 0, "well"), (4_300, 1, 0, "supply"), (5_000, 3, 0, "restarts"), (5_000, 1, 12, "lost")],
)
def test_what_a_board_lacks_is_named_by_what_must_be_done(supply_mv: int, boots: int, lost: int, code: str) -> None:
    assert board("bridge-1", "nano 1.0", supply_mv, boots, lost, heard=True).code == code


NOW = Instant(1_772_400_000_000)


@pytest.mark.parametrize(
    ("called", "receipted", "code"),
    [
        (None, None, "none"),
        (NOW - HOUR_MS, NOW - HOUR_MS + 800, "receipted"),
        (NOW - 10_000, None, "none"),  # its receipt may be on its way
        (NOW - HOUR_MS, None, "unanswered"),
        (NOW - 30 * HOUR_MS, NOW - 30 * HOUR_MS + 800, "overdue"),
    ],
)
def test_the_daily_proof_of_life_counts_once_it_is_signed_for(
    called: Instant | None, receipted: Instant | None, code: str
) -> None:
    assert proof_of_life(called, receipted, NOW, Clock()).code == code
