"""Out of bed at night, and not back. The plan of these homes: 30 minutes, night from 22:30 to 06:30."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.detect.bed import RETURN_MS, BedExit
from agent.nouns import SECOND_MS, Home, Instant, Room, Sensor
from tests.detector_contract import keeps_the_contract
from tests.driver import Drive, a_home


def in_bed_since_ten() -> Drive:
    home = Drive(a_home(), BedExit)
    home.hear("22:00", "bed", 1)
    return home


def test_the_bed_rule_keeps_the_contract_of_detectors() -> None:
    keeps_the_contract(BedExit)


def test_somebody_who_left_the_bed_at_two_is_told_at_half_past_and_cleared_when_back() -> None:
    home = in_bed_since_ten()
    home.hear("02:00", "bed", 0)
    home.hear("02:03", "bathroom-motion")
    home.hear("03:10", "bed", 1)
    home.until("06:00")
    assert home.diary() == ["02:30 bed_exit raised", "03:11 bed_exit cleared"]
    assert home.said[0][1].since == home.said[0][0] - 30 * 60 * SECOND_MS
    assert (home.said[0][1].subject, home.said[0][1].room) == ("bed", "bedroom")


def test_a_visit_to_the_bathroom_is_nobodys_business() -> None:
    home = in_bed_since_ten()
    home.hear("02:00", "bed", 0)
    home.hear("02:12", "bed", 1)
    home.until("12:00")
    assert home.diary() == []


def test_back_at_the_very_last_instant_is_back() -> None:
    home = in_bed_since_ten()
    home.hear("02:00", "bed", 0)
    home.hear("02:30", "bed", 1)
    home.until("12:00")
    assert home.diary() == []


def test_a_hand_on_the_mattress_does_not_start_the_half_hour_anew() -> None:
    home = in_bed_since_ten()
    home.hear("02:00", "bed", 0)
    home.hear("02:20", "bed", 1)
    home.hear("02:20:30", "bed", 0)
    home.until("06:00")
    assert home.diary() == ["02:30 bed_exit raised"]


def test_a_minute_in_bed_starts_the_half_hour_anew() -> None:
    home = in_bed_since_ten()
    home.hear("02:00", "bed", 0)
    home.hear("02:20", "bed", 1)
    home.hear("02:21", "bed", 0)
    home.until("06:00")
    assert home.diary() == ["02:51 bed_exit raised"]


def test_a_hand_on_the_mattress_at_the_half_hour_delays_by_that_touch_alone() -> None:
    home = in_bed_since_ten()
    home.hear("02:00", "bed", 0)
    home.hear("02:29:50", "bed", 1)
    home.hear("02:30:20", "bed", 0)
    assert home.diary() == ["02:30 bed_exit raised"]


def test_a_mat_that_chatters_does_not_end_what_was_raised() -> None:
    home = in_bed_since_ten()
    home.hear("02:00", "bed", 0)
    for minute in range(35, 55):
        home.hear(f"02:{minute}", "bed", 1)
        home.hear(f"02:{minute}:05", "bed", 0)
    home.until("06:00")
    assert home.diary() == ["02:30 bed_exit raised"]


def test_getting_up_in_the_morning_is_not_leaving_the_bed_at_night() -> None:
    home = in_bed_since_ten()
    home.hear("06:10", "bed", 0)
    home.until("20:00")
    assert home.diary() == []


def test_leaving_the_bed_in_the_evening_is_not_leaving_it_at_night() -> None:
    home = in_bed_since_ten()
    home.hear("22:20", "bed", 0)
    home.until("06:00")
    assert home.diary() == []


def test_an_exit_of_the_night_ends_with_the_first_activity_of_the_day_not_of_the_night() -> None:
    home = in_bed_since_ten()
    home.hear("02:00", "bed", 0)
    home.hear("04:00", "kitchen-motion")
    home.hear("07:10", "kitchen-motion")
    assert home.diary() == ["02:30 bed_exit raised", "07:10 bed_exit cleared"]


def test_a_silent_morning_does_not_end_an_exit_of_the_night() -> None:
    home = in_bed_since_ten()
    home.hear("02:00", "bed", 0)
    home.until("14:00")
    assert home.diary() == ["02:30 bed_exit raised"]


def test_who_went_out_of_the_house_is_not_told_as_out_of_bed_until_back_and_still_up() -> None:
    home = in_bed_since_ten()
    home.hear("02:00", "bed", 0)
    home.hear("02:05", "front", 1)
    home.hear("02:06", "front", 0)
    home.hear("02:50", "front", 1)
    home.hear("02:52", "kitchen-motion")
    home.until("06:00")
    assert home.diary() == ["03:00 bed_exit raised"]


@pytest.mark.parametrize("watch", [{"observed": False}, {"unseen": frozenset({"bed"})}])
def test_an_empty_bed_that_cannot_be_believed_is_told_when_it_can(watch: dict[str, object]) -> None:
    home = in_bed_since_ten()
    home.hear("02:00", "bed", 0)
    home.see("02:10", **watch)
    home.until("02:40")
    assert home.diary() == []
    home.see("02:50", observed=True, unseen=frozenset())
    home.until("04:00")
    assert home.diary() == ["03:10 bed_exit raised"]


def test_a_hub_that_blinks_every_25_minutes_tells_an_empty_bed_late_by_the_blink_alone() -> None:
    home = in_bed_since_ten()
    home.hear("02:00", "bed", 0)
    left = home.now
    home.off("02:25", "02:25:03")
    home.off("02:50", "02:50:03")
    home.until("06:00")
    assert [at - left for at, _ in home.said] == [30 * 60 * SECOND_MS + 3 * SECOND_MS]


def test_a_bed_left_at_six_is_told_although_the_hub_blinks_at_the_end_of_the_night() -> None:
    home = in_bed_since_ten()
    home.hear("05:59:58", "bed", 0)
    home.off("06:20", "06:20:03")
    home.until("12:00")
    assert home.diary() == ["06:30 bed_exit raised"]


def test_a_hub_that_was_off_does_not_cry_wolf() -> None:
    home = in_bed_since_ten()
    home.hear("02:00", "bed", 0)
    home.off("02:10", "05:00")
    home.hear("05:05", "bed", 1)
    home.until("12:00")
    assert home.diary() == []


def test_the_night_after_a_hub_that_was_off_all_day_is_another_night() -> None:
    home = in_bed_since_ten()
    home.hear("02:00", "bed", 0)
    home.off("02:10", "23:00")
    home.until("04:00")
    assert home.diary() == []


def test_a_carer_who_asked_for_rest_is_not_disturbed_until_it_ends() -> None:
    home = in_bed_since_ten()
    home.hear("01:00", "bed", 0)
    home.rest("01:10", hours=1)
    home.until("06:00")
    assert home.diary() == ["02:30 bed_exit raised"]


def test_two_beds_are_two_incidents() -> None:
    plan = a_home()
    guest = Sensor("guest-bed", "bed", "guest", None, "log", "guest-bed")
    home = Drive(
        Home(
            plan.id,
            plan.timezone,
            2,
            {**plan.rooms, "guest": Room("guest", "bedroom", "Guest")},
            {**plan.sensors, "guest-bed": guest},
        ),
        BedExit,
    )
    home.hear("22:00", "bed", 1)
    home.hear("22:00", "guest-bed", 1, "bed")
    home.hear("01:00", "bed", 0)
    home.hear("01:10", "guest-bed", 0, "bed")
    home.hear("02:00", "guest-bed", 1, "bed")
    home.until("03:00")
    assert [(finding.subject, finding.state) for _, finding in home.said] == [
        ("bed", "raised"),
        ("guest-bed", "raised"),
        ("guest-bed", "cleared"),
    ]


def test_a_bed_that_was_never_occupied_was_never_left() -> None:
    home = Drive(a_home(), BedExit)
    home.hear("23:00", "bed", 0)
    home.until("06:00")
    assert home.diary() == []


@given(st.integers(0, 3 * RETURN_MS), st.integers(0, 40 * 60))
def test_the_half_hour_runs_from_the_last_time_the_bed_was_truly_left(touch_ms: int, after_s: int) -> None:
    home = in_bed_since_ten()
    home.hear("01:00", "bed", 0)
    left = home.now
    touched = Instant(left + after_s * SECOND_MS)
    if after_s <= 30 * 60:
        home.hear(touched, "bed", 1)
        home.hear(Instant(touched + touch_ms), "bed", 0)
    home.until("05:00")
    began = touched + touch_ms if touch_ms >= RETURN_MS and after_s <= 30 * 60 else left
    raised = [at for at, finding in home.said if finding.state == "raised"]
    limit_ms = 30 * 60 * SECOND_MS
    assert raised in ([began + limit_ms], [touched + touch_ms])
    assert raised[0] >= began + limit_ms
