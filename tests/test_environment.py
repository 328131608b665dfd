"""Smoke, water and cold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.detect.environment import COLD_BELOW_MC, WARM_ABOVE_MC, Environment
from agent.nouns import HOUR_MS, MINUTE_MS, Instant
from tests.detector_contract import keeps_the_contract
from tests.driver import Drive, a_home


def measured(home: Drive, at: Instant | str, degrees: float, sensor: str = "thermometer") -> None:
    home.hear(at, sensor, round(degrees * 1_000), "temperature_mc")


def test_the_house_itself_keeps_the_contract_of_detectors() -> None:
    keeps_the_contract(Environment)


@pytest.mark.parametrize(("sensor", "room"), [("smoke", "kitchen"), ("leak", "bathroom")])
def test_smoke_and_water_are_told_at_once_and_end_when_their_sensor_says_so(sensor: str, room: str) -> None:
    home = Drive(a_home(), Environment)
    home.hear("03:00", sensor, 0)
    home.hear("03:10", sensor, 1)
    home.hear("03:11", sensor, 1)
    home.hear("03:40", sensor, 0)
    assert home.diary() == [f"03:10 {sensor} raised", f"03:40 {sensor} cleared"]
    assert (home.said[0][1].subject, home.said[0][1].room) == (sensor, room)


@pytest.mark.parametrize("sensor", ["smoke", "leak"])
def test_smoke_and_water_pass_a_pause_and_a_blind_hub(sensor: str) -> None:
    home = Drive(a_home(), Environment)
    home.see("01:00", observed=False, unseen=frozenset({sensor}))
    home.rest("01:00", hours=24)
    home.hear("03:10", sensor, 1)
    assert home.diary() == [f"03:10 {sensor} raised"]


def test_a_room_that_is_cold_for_an_hour_is_told_and_cleared_when_clearly_warm() -> None:
    home = Drive(a_home(), Environment)
    measured(home, "08:00", 11.5)
    measured(home, "08:30", 11.0)
    measured(home, "10:00", 13.0)
    measured(home, "11:00", 14.0)
    measured(home, "11:30", 14.1)
    assert home.diary() == ["09:00 low_temperature raised", "11:30 low_temperature cleared"]


def test_airing_a_room_is_not_cold() -> None:
    home = Drive(a_home(), Environment)
    measured(home, "08:00", 11.5)
    measured(home, "08:40", 12.0)
    home.until("20:00")
    assert home.diary() == []


def test_a_fridge_is_cold_by_trade() -> None:
    home = Drive(a_home(), Environment)
    measured(home, "08:00", 4.0, "fridge")
    home.until("20:00")
    assert home.diary() == []


def test_a_thermometer_that_was_lost_while_cold_is_not_believed_until_heard_again() -> None:
    home = Drive(a_home(), Environment)
    measured(home, "08:00", 11.5)
    home.see("08:30", unseen=frozenset({"thermometer"}))
    home.until("11:30")
    assert home.diary() == []
    home.see("11:40", unseen=frozenset())
    home.until("14:00")
    assert home.diary() == ["12:10 low_temperature raised"]


def test_a_cold_house_is_told_on_holiday_too() -> None:
    home = Drive(a_home(), Environment)
    home.rest("07:00", hours=24)
    measured(home, "08:00", 5.0)
    home.until("12:00")
    assert home.diary() == ["09:00 low_temperature raised"]


@given(st.lists(st.integers(COLD_BELOW_MC - 500, WARM_ABOVE_MC), min_size=1, max_size=50))
def test_a_room_at_the_edge_is_one_notice_at_most(levels_mc: list[int]) -> None:
    home = Drive(a_home(), Environment)
    for level_mc in levels_mc:
        home.hear(Instant(home.now + 20 * MINUTE_MS), "thermometer", level_mc, "temperature_mc")
    home.until(Instant(home.now + 2 * HOUR_MS))
    assert len(home.said) <= 1
