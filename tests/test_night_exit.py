"""An outside door opened at night, and nobody came back. Told five minutes after the door last moved."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.detect.doors import NIGHT_EXIT_WAIT_MS, NightExit
from agent.nouns import HOUR_MS, SECOND_MS, Instant
from tests.detector_contract import keeps_the_contract
from tests.driver import Drive, a_home


def asleep() -> Drive:
    home = Drive(a_home(), NightExit)
    home.hear("22:00", "bedroom-motion")
    return home


def test_the_night_door_rule_keeps_the_contract_of_detectors() -> None:
    keeps_the_contract(NightExit)


def test_somebody_who_leaves_at_two_is_told_at_five_past_and_cleared_when_heard_inside() -> None:
    home = asleep()
    home.hear("02:00", "front", 1)
    home.hear("03:30", "front", 1)
    home.hear("03:30:20", "hall-motion")
    home.hear("03:31", "kitchen-motion")
    assert home.diary() == ["02:05 night_exit raised", "03:31 night_exit cleared"]
    assert home.said[0][1].room == "hall"


def test_the_wait_runs_from_the_last_movement_of_the_door() -> None:
    home = asleep()
    home.hear("02:00", "front", 1)
    home.hear("02:03", "front", 0)
    home.until("06:00")
    assert home.diary() == ["02:08 night_exit raised"]
    assert home.said[0][1].since == home.said[0][0] - 8 * 60 * SECOND_MS


def test_taking_in_the_milk_is_not_going_out() -> None:
    home = asleep()
    home.hear("02:00", "front", 1)
    home.hear("02:00:20", "front", 0)
    home.hear("02:01", "kitchen-motion")
    home.until("12:00")
    assert home.diary() == []


def test_movement_in_the_hall_while_walking_out_is_not_coming_back() -> None:
    home = asleep()
    home.hear("02:00", "front", 1)
    home.hear("02:00:30", "hall-motion")
    home.until("06:00")
    assert home.diary() == ["02:05 night_exit raised"]


def test_movement_in_the_hall_minutes_after_the_door_is_somebody_inside() -> None:
    home = asleep()
    home.hear("02:00", "front", 1)
    home.hear("02:01:30", "hall-motion")
    home.until("06:00")
    assert home.diary() == []


def test_who_is_heard_at_the_very_last_instant_has_come_back() -> None:
    home = asleep()
    home.hear("02:00", "front", 1)
    home.hear("02:05", "kitchen-motion")
    home.until("06:00")
    assert home.diary() == []


def test_going_out_by_day_is_nobodys_business() -> None:
    home = asleep()
    home.hear("12:00", "front", 1)
    home.hear("12:01", "front", 0)
    home.until("20:00")
    assert home.diary() == []


def test_closing_at_night_what_was_opened_in_the_evening_is_not_an_opening() -> None:
    home = asleep()
    home.hear("22:29", "front", 1)
    home.hear("22:31", "front", 0)
    home.until("06:00")
    assert home.diary() == []


def test_a_door_opened_in_the_last_minute_of_the_night_still_gets_its_five() -> None:
    home = asleep()
    home.hear("06:29", "front", 1)
    home.until("12:00")
    assert home.diary() == ["06:34 night_exit raised"]


def test_a_cupboard_is_not_a_way_out() -> None:
    home = asleep()
    home.hear("02:00", "wardrobe", 1)
    home.until("12:00")
    assert home.diary() == []


def test_a_plan_without_the_rule_has_no_rule() -> None:
    home = Drive(a_home(night_exit=False), NightExit)
    home.hear("02:00", "front", 1)
    home.until("12:00")
    assert home.diary() == []


def test_one_outing_is_told_once_however_often_the_doors_move() -> None:
    home = asleep()
    home.hear("02:00", "front", 1)
    for hour in ("03", "04", "05"):
        home.hear(f"{hour}:00", "front", 1)
        home.hear(f"{hour}:01", "back", 0)
    home.until("12:00")
    assert home.diary() == ["02:05 night_exit raised"]


def test_an_empty_home_is_told_only_after_five_minutes_that_were_observed() -> None:
    home = asleep()
    home.hear("02:00", "front", 1)
    home.see("02:02", observed=False)
    home.until("02:30")
    assert home.diary() == []
    home.see("02:40", observed=True)
    home.until("06:00")
    assert home.diary() == ["02:43 night_exit raised"]


def test_a_hub_that_blinks_twice_a_minute_delays_the_night_door_by_the_blinks_alone() -> None:
    home = asleep()
    home.hear("02:00", "front", 1)
    opened = home.now
    for minute in range(5):
        home.off(f"02:0{minute}:20", f"02:0{minute}:23")
        home.off(f"02:0{minute}:50", f"02:0{minute}:53")
    home.until("02:06")
    assert [at - opened for at, _ in home.said] == [NIGHT_EXIT_WAIT_MS + 30 * SECOND_MS]


def test_a_blink_at_the_end_of_the_night_does_not_leave_an_open_door_unsaid() -> None:
    home = asleep()
    home.hear("06:25", "front", 1)
    home.off("06:29:58", "06:30:01")
    home.until("12:00")
    assert home.diary() == ["06:30 night_exit raised"]


def test_a_hub_that_was_off_until_the_day_does_not_cry_wolf() -> None:
    home = asleep()
    home.hear("02:00", "front", 1)
    home.off("02:02", "14:00")
    home.until("20:00")
    assert home.diary() == []


def test_visitors_who_asked_for_rest_may_leave_at_midnight() -> None:
    home = asleep()
    home.rest("22:40", hours=3)
    home.hear("23:50", "front", 1)
    home.until("12:00")
    assert home.diary() == []


@pytest.mark.parametrize("observed", [True, False])
def test_a_blind_hub_ends_nothing_and_a_person_inside_does(observed: bool) -> None:
    home = asleep()
    home.hear("02:00", "front", 1)
    home.see("02:10", observed=observed)
    home.until("05:00")
    assert home.diary() == ["02:05 night_exit raised"]
    home.hear("05:01", "bathroom-motion")
    assert home.diary()[1:] == ["05:01 night_exit cleared"]


@given(st.lists(st.integers(1, NIGHT_EXIT_WAIT_MS), max_size=20))
def test_a_door_that_keeps_moving_is_told_five_minutes_after_it_rests(gaps_ms: list[int]) -> None:
    home = asleep()
    home.hear("02:00", "front", 1)
    for value, gap_ms in enumerate(gaps_ms):
        home.hear(Instant(home.now + gap_ms), "front", value % 2)
    rests = home.now
    home.until(Instant(rests + HOUR_MS))
    assert [at for at, _ in home.said] == [rests + NIGHT_EXIT_WAIT_MS]


def test_a_carer_who_leaves_at_night_is_not_the_resident_in_the_bed() -> None:
    home = asleep()
    home.hear("22:35", "bed", 1)
    home.hear("22:39", "hall-motion")
    home.hear("22:40", "front", 1)
    home.hear("22:40:10", "front", 0)
    home.until("06:00")
    assert home.diary() == []


def test_a_bed_that_nobody_believes_keeps_nobody_in() -> None:
    home = asleep()
    home.hear("22:35", "bed", 1)
    home.see("23:00", unseen=frozenset({"bed"}))
    home.hear("02:00", "front", 1)
    home.until("06:00")
    assert home.diary() == ["02:05 night_exit raised"]


def test_where_two_live_a_door_at_night_is_told_although_one_is_in_bed() -> None:
    home = Drive(replace(a_home(), residents=2), NightExit)
    home.hear("22:35", "bed", 1)
    home.hear("02:00", "front", 1)
    home.until("06:00")
    assert home.diary() == ["02:05 night_exit raised"]
