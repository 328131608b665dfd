"""A plan without a time: up by noon at first, then by the resident's own usual."""

from hypothesis import given
from hypothesis import strategies as st

from agent.detect.daily import Usual
from agent.detect.routine import NotUp
from tests.driver import Drive, a_home


def mornings(*times: str, start: Drive | None = None) -> Drive:
    """A home whose resident was heard at these times, a day each, and went to bed at ten each night."""
    home = start or Drive(a_home(), NotUp)
    home.hear("00:30", "bed", 1)
    for time in times:
        home.hear(time, "kitchen-motion")
        home.hear("22:00", "bed", 1)
    return home


def test_at_first_a_silent_morning_is_told_at_noon() -> None:
    home = mornings(*["07:30"] * 13)
    home.until("20:00")
    assert home.diary() == ["12:00 not_up raised"]


def test_after_two_weeks_a_silent_morning_is_told_an_hour_after_the_latest_usual() -> None:
    home = mornings(*["07:30"] * 6, "08:10", *["07:30"] * 7)
    home.until("20:00")
    assert home.diary() == ["09:10 not_up raised"]


def test_a_lie_in_is_forgotten_after_four_weeks() -> None:
    home = mornings("09:30", *["07:30"] * 28)
    home.until("20:00")
    assert home.diary() == ["08:30 not_up raised"]


def test_an_early_riser_is_not_looked_for_within_an_hour_of_the_nights_end() -> None:
    home = mornings(*["06:30"] * 14)
    home.until("20:00")
    assert home.diary() == ["07:30 not_up raised"]


def test_a_day_that_raised_an_alert_makes_the_usual_later_by_an_hour_at_most() -> None:
    home = mornings(*["07:30"] * 14, "15:00")
    home.until("20:00")
    assert home.diary() == ["08:30 not_up raised", "15:00 not_up cleared", "10:30 not_up raised"]


def test_mornings_that_were_hardly_observed_teach_nothing() -> None:
    home = mornings(*["07:30"] * 14)
    home.off("05:00", "11:00")
    home.hear("11:30", "kitchen-motion")
    home.hear("22:00", "bed", 1)
    home.until("20:00")
    assert home.diary() == ["08:30 not_up raised"]


def test_mornings_of_rest_teach_nothing() -> None:
    home = mornings(*["07:30"] * 14)
    home.rest("05:00", hours=12)
    home.hear("11:30", "kitchen-motion")
    home.hear("22:00", "bed", 1)
    home.until("20:00")
    assert home.diary() == ["08:30 not_up raised"]


def test_days_away_teach_nothing() -> None:
    home = mornings(*["07:30"] * 13)
    home.hear("22:30", "front", 1)
    home.days(3)
    home.hear("23:30", "kitchen-motion")
    home.hear("23:59", "bed", 1)
    home.until("20:00")
    assert home.diary()[-1] == "12:00 not_up raised"


def test_what_was_learned_survives_a_restart() -> None:
    home = mornings(*["07:30"] * 14).reborn()
    home.until("20:00")
    assert home.diary() == ["08:30 not_up raised"]


@given(st.integers(0, 1_439), st.dictionaries(st.integers(0, 80), st.integers(0, 1_439)), st.integers(0, 80))
def test_the_usual_is_a_time_of_that_day_after_the_night(ends: int, days: dict[int, int], today: int) -> None:
    usual = Usual(ends)
    for day, minute in sorted(days.items()):
        usual.learn(day, minute)
    at = usual.minute(today)
    assert min(ends + 60, 1_439) <= at < 1_440
    assert len(usual.plain()) <= 29
