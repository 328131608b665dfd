"""No sign of getting up. The plan of these homes: up by 10:30, the night ends at 06:30."""

import pytest

from agent.detect.routine import NotUp
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Clock, Instant
from tests.detector_contract import keeps_the_contract
from tests.driver import MIDNIGHT, Drive, a_home


def in_bed() -> Drive:
    """A Monday at 00:30, somebody in bed."""
    home = Drive(a_home(not_up_by=10 * 60 + 30), NotUp)
    home.hear("00:30", "bed", 1)
    return home


def test_the_morning_rule_keeps_the_contract_of_detectors() -> None:
    keeps_the_contract(NotUp)


def test_a_silent_morning_is_told_at_half_past_ten_and_cleared_by_the_first_sign() -> None:
    home = in_bed()
    home.hear("11:45", "kitchen-motion")
    home.until("23:00")
    assert home.diary() == ["10:30 not_up raised", "11:45 not_up cleared"]
    raised = home.said[0][1]
    assert raised.since == home.said[0][0] - 4 * HOUR_MS
    assert (raised.room, dict(raised.words)) == ("bedroom", {"at": "10:30"})
    assert [reading.sensor for reading in raised.evidence] == ["bed"]


@pytest.mark.parametrize(("sensor", "value"), [("kitchen-motion", 1), ("wardrobe", 1), ("bed", 0), ("front", 0)])
@pytest.mark.parametrize("at", ["06:30", "08:00", "10:30"])
def test_signs_of_getting_up(sensor: str, value: int, at: str) -> None:
    home = in_bed()
    home.hear(at, sensor, value)
    home.until("00:00")
    assert home.diary() == ([] if sensor != "wardrobe" else ["10:30 not_up raised"])


@pytest.mark.parametrize(("sensor", "value"), [("bedroom-motion", 1), ("bed", 1), ("kitchen-motion", 0)])
def test_turning_over_in_bed_is_not_getting_up(sensor: str, value: int) -> None:
    home = in_bed()
    home.hear("08:00", sensor, value)
    home.until("11:00")
    assert home.diary() == ["10:30 not_up raised"]


def test_a_visit_to_the_bathroom_before_the_night_ends_is_not_getting_up() -> None:
    home = in_bed()
    home.hear("06:29", "bathroom-motion")
    home.until("11:00")
    assert home.diary() == ["10:30 not_up raised"]


def test_in_a_home_with_sensors_in_the_bedroom_only_any_movement_is_a_sign() -> None:
    home = Drive(a_home(only=["bed", "bedroom-motion", "smoke"], not_up_by=10 * 60 + 30), NotUp)
    home.hear("00:30", "bed", 1)
    home.hear("08:00", "bedroom-motion")
    home.until("12:00")
    assert home.diary() == []


def test_a_bed_sensor_that_cannot_be_believed_gets_nobody_up() -> None:
    home = in_bed()
    home.see("07:00", unseen=frozenset({"bed"}))
    home.hear("08:00", "bed", 0)
    home.until("11:00")
    assert home.diary() == ["10:30 not_up raised"]


def test_who_is_out_is_asked_for_on_the_second_morning_and_not_on_the_first() -> None:
    home = in_bed()
    home.hear("04:50", "bed", 0)
    home.hear("05:00", "front", 1)
    home.until("23:00")
    assert home.diary() == []
    home.days(14)
    assert home.diary() == ["10:30 not_up raised"]
    assert home.said[0][0] < home.now - 12 * DAY_MS


def test_who_lies_in_bed_is_asked_for_although_the_carer_left_and_shut_the_door() -> None:
    home = in_bed()
    home.hear("00:40", "front", 1)
    home.hear("00:40:10", "front", 0)
    home.until("11:00")
    assert home.diary() == ["10:30 not_up raised"]


def test_days_without_any_sign_are_one_incident() -> None:
    home = in_bed()
    home.days(3)
    assert home.diary() == ["10:30 not_up raised"]


def test_every_silent_morning_is_told_once() -> None:
    home = in_bed()
    for _ in range(3):
        home.hear("11:00", "kitchen-motion")
        home.hear("22:00", "bed", 1)
    assert home.diary() == ["10:30 not_up raised", "11:00 not_up cleared"] * 3


def test_a_hub_that_was_off_half_the_morning_does_not_cry_wolf() -> None:
    home = in_bed()
    home.off("05:00", "08:31")
    home.until("12:00")
    assert home.diary() == []


def test_a_hub_that_saw_half_the_morning_says_what_it_did_not_see() -> None:
    home = in_bed()
    home.off("05:00", "08:30")
    home.until("12:00")
    assert home.diary() == ["10:30 not_up raised"]


def test_a_hub_that_is_off_at_half_past_ten_asks_when_it_is_back() -> None:
    home = in_bed()
    home.off("10:25", "10:32")
    home.until("14:00")
    assert home.diary() == ["10:37 not_up raised"]
    assert dict(home.said[0][1].words) == {"at": "10:30"}


def test_a_hub_that_blinks_every_five_minutes_of_the_morning_asks_in_time() -> None:
    home = in_bed()
    for minutes in range(9 * 60, 10 * 60 + 30, 5):
        home.off(f"{minutes // 60}:{minutes % 60:02d}", f"{minutes // 60}:{minutes % 60:02d}:03")
    home.until("10:31")
    assert home.diary() == ["10:30 not_up raised"]


def test_a_home_that_cannot_be_seen_until_the_afternoon_is_not_asked_about_its_morning() -> None:
    home = in_bed()
    home.see("10:00", observed=False)
    home.see("13:45", observed=True)
    home.until("23:00")
    assert home.diary() == []


def test_a_blind_hub_does_not_end_a_silent_morning() -> None:
    home = in_bed()
    home.until("10:30")
    home.see("10:40", observed=False)
    home.see("12:00", observed=True)
    home.until("23:00")
    assert home.diary() == ["10:30 not_up raised"]


def test_a_morning_of_rest_is_quiet_and_the_next_one_is_not() -> None:
    home = in_bed()
    home.rest("06:00", hours=6)
    home.days(2)
    assert home.diary() == ["10:30 not_up raised"]
    assert home.said[0][0] == MIDNIGHT + 34 * HOUR_MS + 30 * MINUTE_MS


def test_a_hub_that_does_not_know_the_time_does_not_know_when_it_is_morning() -> None:
    home = in_bed()
    home.see("01:00", clock=Clock(0, "unknown"))
    home.until("23:00")
    assert home.diary() == []


def test_a_clock_that_boots_in_the_past_and_is_set_in_the_night_loses_no_morning() -> None:
    home = Drive(a_home(not_up_by=10 * 60 + 30), NotUp)
    home.now = Instant(5 * HOUR_MS)
    home.see(home.now, clock=Clock(0, "unknown"))
    home.hear(Instant(home.now + MINUTE_MS), "bathroom-motion")
    home.see(Instant(home.now + MINUTE_MS), clock=Clock(MIDNIGHT, "synced"))
    home.until(Instant(20 * HOUR_MS))
    assert [(at, finding.state) for at, finding in home.said] == [(10 * HOUR_MS + 30 * MINUTE_MS, "raised")]


@pytest.mark.parametrize("seconds", [-3_600, -90, 3, 90, 3_600])
def test_setting_the_clock_in_the_morning_neither_loses_nor_doubles_it(seconds: int) -> None:
    home = in_bed()
    offset_ms = seconds * SECOND_MS
    home.see("09:15", clock=Clock(offset_ms))
    home.until("23:00")
    assert [at for at, _ in home.said] == [MIDNIGHT + 10 * HOUR_MS + 30 * MINUTE_MS - offset_ms]


def test_a_clock_set_back_over_half_past_ten_does_not_ask_twice() -> None:
    home = in_bed()
    home.hear("10:35", "kitchen-motion")
    home.see("10:40", clock=Clock(-30 * MINUTE_MS))
    home.until("23:00")
    assert home.diary() == ["10:30 not_up raised", "10:35 not_up cleared"]


def test_who_was_up_before_the_clock_was_set_is_up() -> None:
    home = in_bed()
    home.hear("06:00", "kitchen-motion")
    home.see("06:05", clock=Clock(HOUR_MS))
    home.until("23:00")
    assert home.diary() == []
