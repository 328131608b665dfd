"""Some days side by side: their small pictures, what these say in words, and what of the days could not be seen."""

from agent.nouns import Instant
from agent.page.trends import Trend, trends, unmeasured, unwatched
from agent.summary.observed import Said
from agent.summary.spans import Span
from agent.summary.words_io import words
from tests.day_maker import A_DAY, TODAY, at, day_of, heard, weeks
from tests.home_maker import make_home

HOME = make_home()
BEGAN = Span(Instant(0), at("00:00", TODAY - 28))


def trend(name: str, told: str = A_DAY, now: str = "24:00", dark: Span | None = None) -> Trend:
    off = [BEGAN] if dark is None else [BEGAN, dark]
    day = day_of([*weeks(), *heard(told)], HOME, now=at(now), off=off)
    return next(one for one in trends([day], words()) if one.name == name)


def test_a_day_that_is_not_over_is_not_said_to_be_one_of_which_nothing_is_known() -> None:
    assert trend("Visits to the kitchen", now="13:00").says.endswith(
        "days measured: 1. Usual at last: 3. Not held against what is usual: the day is not over, or was not observed"
        " whole."
    )
    assert trend("Visits to the kitchen").says == (
        "The same each time: 3; days measured: 1. Usual at last: 3. None of them out of the usual."
    )
    young = trends([day_of(heard(A_DAY), HOME)], words())
    assert all("What is usual is not known yet." in one.says for one in young)


def test_a_picture_says_what_its_upper_and_its_lower_end_are() -> None:
    late = trend("Up", A_DAY.replace("07:40 kitchen, 07:42 fridge", "08:10 kitchen"))
    assert (late.high, late.low) == ("08:10", "07:30")
    assert [dot.odd for dot in late.dots] == [True]
    same = trend("Visits to the kitchen")
    assert same.high == same.low == "3"


def test_a_dot_that_counts_as_usual_lies_in_the_band() -> None:
    nearly = trend("Up", A_DAY.replace("07:40 kitchen, 07:42 fridge", "07:50 kitchen"))
    (dot,), (band,) = nearly.dots, nearly.bands
    assert not dot.odd
    assert float(band.y) <= float(dot.y) <= float(band.y) + float(band.height)


def test_none_of_a_part_of_a_day_is_not_drawn_as_none_of_a_whole_one() -> None:
    hour = Span(at("12:00"), at("13:00"))
    quiet = A_DAY.replace("07:40 kitchen, 07:42 fridge, ", "").replace(" 18:01 fridge,", "")
    whole, part = trend("Times the fridge was opened", quiet), trend("Times the fridge was opened", quiet, dark=hour)
    assert float(part.dots[0].r) < float(whole.dots[0].r)
    assert part.cells[0].value == "none while the home was observed"
    assert part.says.endswith("Days of which only a part is known: 1.")
    assert "a part is known" not in whole.says
    assert trend("Visits to the kitchen", dark=hour).cells[0].value == "3 while the home was observed"
    assert trend("Up", dark=hour).cells[0].value == "07:40", "a time is one, whatever was not observed after it"


def test_what_of_the_days_was_not_observed_is_named_and_a_start_anew_is_not() -> None:
    lost = Said(at("09:00"), "1-1", "sensor_lost", "raised", at("08:00"), "kitchen-motion is lost")
    dark, short = Span(at("12:00"), at("18:00")), Span(at("12:00"), at("12:04"))
    told = unwatched([day_of(heard(A_DAY), HOME, off=[BEGAN, dark], said=[lost])], words())
    assert told == [
        "Wed 11 Mar: the hub watched 75 % of it. What happened in the rest is not told here.",
        "Wed 11 Mar: a sensor could not be relied on (kitchen).",
    ]
    assert unwatched([day_of(heard(A_DAY), HOME, off=[BEGAN, short])], words()) == []


def test_what_was_measured_on_no_day_is_named_and_the_bathroom_is_not() -> None:
    names = unmeasured([day_of(heard(A_DAY), HOME)], words())
    assert "In bed" in names
    assert "Times the fridge was opened" not in names
    assert not [name for name in names if "athroom" in name and "bedroom and bathroom" not in name]
