"""The help button: at once, always, and never taken back by a sensor."""

from hypothesis import given
from hypothesis import strategies as st

from agent.detect.button import EPISODE_MS, UPDATES_MOST, Sos
from agent.nouns import MINUTE_MS, Instant
from tests.detector_contract import keeps_the_contract
from tests.driver import MIDNIGHT, Drive, a_home


def test_the_help_button_keeps_the_contract_of_detectors() -> None:
    keeps_the_contract(Sos)


def test_a_press_is_told_at_once_with_its_room() -> None:
    home = Drive(a_home(), Sos)
    home.hear("14:00", "pendant")
    (at, finding), *more = home.said
    assert (at, finding.since, finding.room, more) == (home.now, home.now, "hall", [])
    assert [reading.sensor for reading in finding.evidence] == ["pendant"]


def test_a_press_passes_a_pause_a_blind_hub_and_a_button_that_nobody_believes() -> None:
    home = Drive(a_home(), Sos)
    home.see("13:00", observed=False, unseen=frozenset({"pendant"}))
    home.rest("13:00", hours=24)
    home.hear("14:00", "pendant")
    assert home.diary() == ["14:00 sos raised"]


def test_somebody_who_keeps_pressing_is_one_call_with_a_few_updates() -> None:
    home = Drive(a_home(), Sos)
    for minute in range(10):
        home.hear(f"14:{minute:02d}", "pendant")
    assert home.diary() == ["14:00 sos raised", "14:01 sos updated", "14:02 sos updated", "14:03 sos updated"]
    assert len({finding.subject for _, finding in home.said}) == 1


def test_somebody_who_presses_every_nine_minutes_all_night_is_not_one_call_long_gone() -> None:
    home = Drive(a_home(), Sos)
    home.hear("02:00", "pendant")
    for _ in range(19):
        home.hear(Instant(home.now + 9 * MINUTE_MS), "pendant")
    states = [finding.state for _, finding in home.said]
    assert (states.count("raised"), states.count("updated")) == (10, 10)


def test_a_press_later_than_the_episode_is_a_new_call_even_if_the_first_is_still_open() -> None:
    home = Drive(a_home(), Sos)
    home.hear("14:00", "pendant")
    home.hear("14:10", "pendant")
    home.hear("14:20:01", "pendant")
    assert home.diary() == ["14:00 sos raised", "14:10 sos updated", "14:20 sos raised"]
    assert home.said[0][1].subject != home.said[2][1].subject


def test_a_restart_between_two_calls_does_not_give_the_second_the_name_of_the_first() -> None:
    home = Drive(a_home(), Sos)
    home.hear("14:00", "pendant")
    after = home.reborn()
    after.hear("15:00", "pendant")
    assert home.said[0][1].subject != after.said[0][1].subject


def test_a_button_that_is_let_go_says_nothing() -> None:
    home = Drive(a_home(), Sos)
    home.hear("14:00", "pendant", 0)
    assert home.diary() == []


def test_nothing_that_happens_in_the_home_takes_back_a_call_for_help() -> None:
    home = Drive(a_home(), Sos)
    home.hear("14:00", "pendant")
    for sensor in ("kitchen-motion", "front", "bed", "smoke"):
        home.hear("14:01", sensor)
        home.hear("14:01", sensor, 0)
    home.hear("14:02", "pendant", 0)
    home.until("13:00")
    assert home.diary() == ["14:00 sos raised"]


@given(st.lists(st.integers(0, 3 * EPISODE_MS), min_size=1, max_size=40))
def test_every_press_belongs_to_a_call_that_was_told(gaps_ms: list[int]) -> None:
    home = Drive(a_home(), Sos)
    at, calls = MIDNIGHT, 0
    first = Instant(0)
    for gap_ms in gaps_ms:
        at = Instant(at + gap_ms)
        home.hear(at, "pendant")
        if at - first > EPISODE_MS:
            first, calls = at, calls + 1
    states = [finding.state for _, finding in home.said]
    assert states.count("raised") == calls
    assert states.count("updated") <= UPDATES_MOST * calls
