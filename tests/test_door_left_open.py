"""An outside door left open for longer than the plan's 20 minutes."""

from hypothesis import given
from hypothesis import strategies as st

from agent.detect.doors import DoorLeftOpen
from agent.nouns import MINUTE_MS, Instant
from tests.detector_contract import keeps_the_contract
from tests.driver import Drive, a_home


def closed() -> Drive:
    home = Drive(a_home(), DoorLeftOpen)
    home.hear("09:00", "front", 0)
    home.hear("09:00", "back", 0)
    return home


def test_the_open_door_rule_keeps_the_contract_of_detectors() -> None:
    keeps_the_contract(DoorLeftOpen)


def test_an_open_door_is_told_after_twenty_minutes_and_cleared_when_closed() -> None:
    home = closed()
    home.hear("10:00", "front", 1)
    home.hear("11:00", "front", 0)
    assert home.diary() == ["10:20 door_left_open raised", "11:00 door_left_open cleared"]
    assert (home.said[0][1].subject, home.said[0][1].room) == ("front", "hall")


def test_a_door_closed_at_the_very_last_instant_is_closed() -> None:
    home = closed()
    home.hear("10:00", "front", 1)
    home.hear("10:20", "front", 0)
    home.until("12:00")
    assert home.diary() == []


def test_a_contact_that_repeats_itself_does_not_start_the_wait_anew() -> None:
    home = closed()
    home.hear("10:00", "front", 1)
    home.hear("10:15", "front", 1)
    home.until("12:00")
    assert home.diary() == ["10:20 door_left_open raised"]


def test_a_log_of_openings_alone_never_leaves_a_door_open() -> None:
    home = Drive(a_home(), DoorLeftOpen)
    home.hear("10:00", "front", 1)
    home.hear("15:00", "front", 1)
    home.until("09:00")
    assert home.diary() == []


def test_a_wardrobe_may_stay_open() -> None:
    home = closed()
    home.hear("10:00", "wardrobe", 0)
    home.hear("10:01", "wardrobe", 1)
    home.until("20:00")
    assert home.diary() == []


def test_two_doors_are_two_incidents() -> None:
    home = closed()
    home.hear("10:00", "front", 1)
    home.hear("10:10", "back", 1)
    home.hear("10:25", "front", 0)
    home.until("12:00")
    assert home.diary() == [
        "10:20 door_left_open raised",
        "10:25 door_left_open cleared",
        "10:30 door_left_open raised",
    ]


def test_a_contact_that_was_lost_neither_raises_nor_clears() -> None:
    home = closed()
    home.hear("10:00", "front", 1)
    home.see("10:05", unseen=frozenset({"front"}))
    home.hear("10:10", "back", 1)
    home.see("10:40", unseen=frozenset({"front", "back"}))
    home.until("14:00")
    assert [(finding.subject, finding.state) for _, finding in home.said] == [("back", "raised")]


def test_a_contact_that_is_heard_again_is_told_within_one_more_wait() -> None:
    home = closed()
    home.hear("10:00", "front", 1)
    home.see("10:05", unseen=frozenset({"front"}))
    home.see("10:25", unseen=frozenset())
    home.until("14:00")
    assert home.diary() == ["10:40 door_left_open raised"]


def test_a_door_that_was_open_when_the_hub_went_off_is_told_after_what_was_left_of_the_wait() -> None:
    home = closed()
    home.hear("10:00", "front", 1)
    home.off("10:05", "13:00")
    home.until("13:14")
    assert home.diary() == []
    home.until("14:00")
    assert home.diary() == ["13:15 door_left_open raised"]


def test_a_door_held_open_for_visitors_who_asked_for_rest_is_told_after_the_rest() -> None:
    home = closed()
    home.rest("09:30", hours=2)
    home.hear("10:00", "front", 1)
    home.until("11:30")
    assert home.diary() == []
    home.until("12:00")
    assert home.diary() == ["11:40 door_left_open raised"]


@given(st.lists(st.integers(1, 60), min_size=1, max_size=20), st.integers(1, 60))
def test_exactly_the_openings_longer_than_the_plan_are_told(minutes: list[int], limit: int) -> None:
    home = Drive(a_home(door_open_minutes=limit), DoorLeftOpen)
    home.hear("09:00", "front", 0)
    for lasting in minutes:
        home.hear(Instant(home.now + MINUTE_MS), "front", 1)
        home.hear(Instant(home.now + lasting * MINUTE_MS), "front", 0)
    raised = [finding for _, finding in home.said if finding.state == "raised"]
    assert len(raised) == sum(lasting > limit for lasting in minutes)


def test_a_door_that_was_closed_while_nobody_listened_is_no_longer_open() -> None:
    home = closed()
    home.hear("10:00", "front", 1)
    home.until("10:30")
    home.hear("10:40", "front", 0, "door_level")
    home.until("12:00")
    assert home.diary() == ["10:20 door_left_open raised", "10:40 door_left_open cleared"]
