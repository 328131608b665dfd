"""Not back by the plan's 21:00."""

import pytest

from agent.detect.routine import NotHome
from agent.nouns import HOUR_MS, Clock
from tests.detector_contract import keeps_the_contract
from tests.driver import Drive, a_home


def out_since_two() -> Drive:
    home = Drive(a_home(home_by=21 * 60), NotHome)
    home.hear("13:00", "kitchen-motion")
    home.hear("14:00", "front", 1)
    return home


def test_the_evening_rule_keeps_the_contract_of_detectors() -> None:
    keeps_the_contract(NotHome)


def test_who_is_out_at_nine_is_told_and_cleared_when_heard_inside() -> None:
    home = out_since_two()
    home.hear("22:15", "front", 1)
    home.hear("22:16", "kitchen-motion")
    assert home.diary() == ["21:00 not_home raised", "22:16 not_home cleared"]
    raised = home.said[0][1]
    assert raised.since == home.said[0][0] - 7 * HOUR_MS
    assert (raised.room, dict(raised.words)) == ("hall", {"at": "21:00"})


def test_who_came_back_before_nine_is_home() -> None:
    home = out_since_two()
    home.hear("20:50", "front", 1)
    home.hear("20:52", "kitchen-motion")
    home.until("13:00")
    assert home.diary() == []


def test_who_is_heard_at_nine_sharp_is_home() -> None:
    home = out_since_two()
    home.hear("21:00", "kitchen-motion")
    home.until("13:00")
    assert home.diary() == []


def test_who_goes_out_after_nine_is_another_rules_business() -> None:
    home = Drive(a_home(home_by=21 * 60), NotHome)
    home.hear("21:05", "front", 1)
    home.until("20:00")
    assert home.diary() == []


def test_days_away_are_told_once() -> None:
    home = out_since_two()
    home.days(5)
    assert home.diary() == ["21:00 not_home raised"]


def test_a_plan_without_a_time_has_no_rule() -> None:
    home = Drive(a_home(), NotHome)
    home.hear("14:00", "front", 1)
    home.until("13:00")
    assert home.diary() == []
    assert home.detectors[1].deadline() is None


def test_a_hub_that_does_not_know_the_time_does_not_know_when_it_is_nine() -> None:
    home = out_since_two()
    home.see("15:00", clock=Clock(0, "unknown"))
    home.until("13:00")
    assert home.diary() == []


def test_a_clock_that_is_set_within_the_evening_is_still_asked() -> None:
    home = out_since_two()
    home.see("15:00", clock=Clock(0, "unknown"))
    home.see("21:30", clock=Clock(10 * 60_000, "synced"))
    home.until("23:00")
    assert [(finding.kind, finding.state) for _, finding in home.said] == [("not_home", "raised")]


@pytest.mark.parametrize("hours", [-2, 2])
def test_nine_is_nine_on_the_wall_however_the_clock_was_set(hours: int) -> None:
    home = out_since_two()
    home.see("15:00", clock=Clock(hours * HOUR_MS))
    home.until("12:00")
    assert home.diary() == [f"{21 - hours}:00 not_home raised"]


def test_a_blink_at_nine_puts_the_question_off_by_its_own_length() -> None:
    home = out_since_two()
    home.see("20:59", observed=False)
    home.see("21:04", observed=True)
    home.until("23:30")
    assert home.diary() == ["21:05 not_home raised"]


def test_a_home_that_is_blind_all_evening_is_not_told_as_empty() -> None:
    home = out_since_two()
    home.see("20:00", observed=False)
    home.see("01:00", observed=True)
    home.until("12:00")
    assert home.diary() == []


def test_a_holiday_that_was_announced_is_quiet() -> None:
    home = out_since_two()
    home.rest("14:30", hours=20)
    home.until("20:00")
    assert home.diary() == []
