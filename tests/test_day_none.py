"""What was none is told with how far that is known: silence is not taken for safety."""

from agent.nouns import Instant, Reading
from agent.summary.observed import Said
from agent.summary.sentences import sentences
from agent.summary.spans import Span
from agent.summary.words_io import words
from tests.day_maker import TODAY, at, day_of, heard, lines, weeks
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
    assert lines(day)[0] == "This home is observed since 08:00: what happened before is not told here."
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
