"""What was none is told with how far that is known: silence is not taken for safety."""

import pytest

from agent.nouns import Instant, Reading
from agent.summary.observed import Said
from agent.summary.sentences import sentences
from agent.summary.spans import Span
from agent.summary.words_io import words
from tests.day_maker import TODAY, at, day_of, heard, lines, silent, weeks
from tests.home_maker import make_home

SMALL = make_home()


def test_what_was_not_seen_while_the_hub_was_off_is_told_as_not_seen_while_it_watched() -> None:
    off = [Span(Instant(0), at("12:00", TODAY - 1)), Span(at("10:00"), at("19:00"))]
    day = day_of(heard("00:01 company, 07:40 hall, 20:00 hall"), SMALL, off=off)
    told = lines(day)
    assert told[3:7] == [
        "Not seen in the kitchen while the home was observed.",
        "The fridge was not opened while the home was observed.",
        "Between the nights, last seen longest here, the bathroom not told apart: hall, 4 h 50 min.",
        "Nobody was seen to go out while the home was observed.",
    ]
    assert words().figure(day.figures["fridge"], day) == "none while the home was observed"
    assert words().say(sentences(day)[7], day) == (
        "Nothing looked like a second person at home while the home was observed, which does not mean that nobody came."
    )


def test_an_hour_unobserved_is_said_behind_what_was_none_though_the_day_is_held_against_others() -> None:
    off = [Span(at("12:00"), at("13:00"))]
    told = lines(day_of([*weeks(), *heard("07:40 hall, 20:00 living")], SMALL, off=off))
    assert "The fridge was not opened while the home was observed, less often than usual (2)." in told


def test_what_was_none_of_a_day_that_is_running_is_none_so_far() -> None:
    day = day_of(heard("00:01 living, 07:40 living"), SMALL, now=at("09:00"))
    assert "The fridge was not opened so far." in lines(day)
    assert words().figure(day.figures["fridge"], day) == "none so far"
    early = lines(day_of(heard("14:00 living", TODAY - 1), SMALL, now=at("03:00")))
    assert "No movement was seen between 22:30 and 06:30 so far, the bathroom not counted." in early


def test_the_first_day_of_a_home_says_since_when_it_is_observed() -> None:
    day = day_of(heard("08:00 hall, 20:00 hall"), SMALL, off=[Span(Instant(0), at("08:00"))])
    assert lines(day)[0] == "This home has been observed since 08:00: what happened before is not told here."
    later = day_of(heard("12:10 hall"), SMALL, off=[Span(Instant(0), at("08:00")), Span(at("09:00"), at("12:00"))])
    assert lines(later)[1] == "From 09:00 to 12:00 this home was not observed: what happened then is not told here."


def test_an_alert_of_this_very_moment_is_told_and_no_day_that_is_running_is_said_to_be_without_one() -> None:
    """The journal ends with the alert until the hub has written on, ten minutes later perhaps."""
    pressed = at("13:00")
    sos = Said(pressed, "1-1", "sos", "raised")
    asked = Reading(pressed, "not_up", "asked", 1)
    told = lines(day_of([*heard("00:01 living, 12:00 living"), asked], SMALL, said=[sos], now=pressed))
    assert told[-2:] == [
        "13:00  The home was asked first (not up); whether anybody answered could not be told.",
        "13:00  The monitoring centre was told: help button.",
    ]
    calm = "Nothing was asked at home, and nothing was told to the monitoring centre"
    earlier = Instant(pressed - 1)
    running = lines(day_of(heard("00:01 living, 12:00 living"), SMALL, said=[sos], now=earlier))
    assert running[-1] == f"{calm} so far."
    eve = Said(at("24:00"), "1-2", "sos", "raised")
    assert lines(day_of(heard("00:01 living, 12:00 living"), SMALL, said=[eve]))[-1] == f"{calm}."


@pytest.mark.parametrize(("sensor", "line"), [
    ("fridge", "The fridge was not opened"),
    ("kitchen-motion", "Not seen in the kitchen"),
    ("front-door", "Nobody was seen to go out"),
])  # fmt: skip
def test_none_is_told_flat_only_where_its_own_sensor_was_believed_all_the_time(sensor: str, line: str) -> None:
    """An hour and a half is less than a tenth of the day: the figure stands, but not for the hour and a half."""
    some = " while the sensors for it could be relied on"
    told = lines(day_of(heard("07:40 hall, 20:00 hall"), SMALL, said=silent(sensor, "13:00", "14:30")))
    assert f"{line}{some}." in told
    assert [one for one in told if some in one] == [f"{line}{some}."], "the others stand for the whole day"
    assert f"{line}." in lines(day_of(heard("07:40 hall, 20:00 hall"), SMALL, said=silent(sensor, "13:00", "13:15")))


def test_no_movement_in_the_night_is_not_told_flat_where_a_sensor_was_lost_for_half_an_hour_of_it() -> None:
    day = day_of(heard("07:40 hall, 20:00 hall"), SMALL, said=silent("hall-motion", "02:00", "02:40"))
    assert (
        "No movement was seen between 22:30 and 06:30 while the sensors for it could be relied on,"
        " the bathroom not counted." in lines(day)
    )
    assert words().figure(day.figures["night_moves"], day) == "none while the sensors for it could be relied on"


def test_what_home_and_sensor_both_missed_is_told_once_by_what_was_missed_most() -> None:
    off = [Span(Instant(0), at("12:00", TODAY - 1)), Span(at("12:00"), at("13:00"))]
    heard_there = heard("07:40 hall, 20:00 hall")
    within = day_of(heard_there, SMALL, said=silent("fridge", "12:00", "13:10"), off=off)
    assert "The fridge was not opened while the home was observed." in lines(within)
    longer = day_of(heard_there, SMALL, said=silent("fridge", "12:00", "13:30"), off=off)
    assert "The fridge was not opened while the sensors for it could be relied on." in lines(longer)
    little = [Span(Instant(0), at("12:00", TODAY - 1)), Span(at("12:00"), at("12:10"))]
    both = day_of(heard_there, SMALL, said=silent("fridge", "15:00", "15:10"), off=little)
    assert "The fridge was not opened while the home was observed." in lines(both)
