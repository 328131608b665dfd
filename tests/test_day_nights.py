"""A night in a bed that tells, of which the hub did not see all."""

from agent.nouns import Instant
from agent.summary.observed import Said
from agent.summary.spans import Span
from tests.day_maker import A_DAY, SHOWN, TODAY, at, day_of, heard, lines, silent, weeks
from tests.home_maker import make_home

SMALL = make_home()


def test_a_night_that_was_not_observed_throughout_is_not_told_as_one_without_a_time_out_of_bed() -> None:
    told = [*heard("23:05 bed", TODAY - 1), *heard("06:30 bed 0, 06:31 hall, 06:40 kitchen, 20:00 living")]
    off = [Span(Instant(0), at("12:00", TODAY - 1)), Span(at("01:00"), at("04:00"))]
    day = day_of(told, off=off)
    assert lines(day)[:3] == [
        "From 01:00 to 04:00 this home was not observed: what happened then is not told here.",
        "Up at 06:30.",
        "To bed at 23:05 the night before.",
    ]
    assert {day.figures[name].value for name in ("in_bed", "bed_outs", "bed_out", "restless")} == {None}
    assert day.has_bed
    assert day.beds == (Span(at("23:05", TODAY - 1), at("01:00")), Span(at("04:00"), at("06:30")))
    assert day.nights[-1].beds == day.beds


def test_a_bed_of_which_nothing_was_heard_because_the_hub_was_off_was_not_empty_all_night() -> None:
    off = [Span(Instant(0), at("12:00", TODAY - 1)), Span(at("21:00", TODAY - 1), at("07:00"))]
    day = day_of([*heard("14:00 bed, 14:30 bed 0", TODAY - 1), *heard("07:10 kitchen, 20:00 living")], off=off)
    assert day.figures["in_bed"].value is None


def test_who_is_in_bed_when_the_hub_comes_back_did_not_go_to_bed_just_then() -> None:
    off = [Span(Instant(0), at("12:00", TODAY - 1)), Span(at("21:00", TODAY - 1), at("23:30", TODAY - 1))]
    night = heard("14:00 bed, 14:30 bed 0, 23:31 bed", TODAY - 1)
    day = day_of([*night, *heard("06:30 bed 0, 06:40 kitchen, 20:00 living")], off=off)
    assert {day.figures[name].value for name in ("to_bed", "in_bed", "bed_outs", "bed_out")} == {None}
    assert lines(day)[1] == "Up at 06:30."


def test_who_is_out_of_bed_when_the_hub_comes_back_did_not_get_up_just_then() -> None:
    off = [Span(Instant(0), at("12:00", TODAY - 1)), Span(at("05:00"), at("08:00"))]
    day = day_of([*heard("22:30 bed", TODAY - 1), *heard("08:01 bed 0, 08:05 kitchen, 20:00 living")], off=off)
    assert day.figures["up"].value is None
    assert day.figures["to_bed"].value == 22 * 60 + 30


def test_a_night_of_which_the_hub_saw_half_an_hour_is_not_told_as_one_without_movement() -> None:
    off = [Span(Instant(0), at("12:00", TODAY - 1)), Span(at("22:00", TODAY - 1), at("06:00"))]
    told = [*heard("14:00 living", TODAY - 1), *heard("07:10 kitchen, 20:00 living")]
    day = day_of(told, SHOWN, off=off)
    assert {day.figures[name].value for name in ("night_moves", "bathroom_night")} == {None}
    assert not [line for line in lines(day) if "between 22:30 and 06:30" in line or "in the night" in line]


def test_a_night_of_which_most_was_observed_is_a_figure_that_is_held_against_nothing() -> None:
    off = [Span(at("03:00"), at("05:00"))]
    night = day_of([*weeks(), *heard(A_DAY)], off=off).figures["night_moves"]
    assert (night.value, night.usual, night.whole, night.compared()) == (2, (2, 2), False, "")


def test_a_sensor_that_was_lost_for_an_hour_of_the_night_makes_no_night_without_movement() -> None:
    lost = Said(at("03:30"), "1-1", "sensor_lost", "raised", at("02:30"), "Not heard since 02:30: hall-motion.")
    back = Said(at("03:35"), "1-1", "sensor_lost", "cleared", at("02:30"))
    day = day_of([*weeks(), *heard(A_DAY)], said=[lost, back])
    assert day.figures["night_moves"].value is None
    assert lines(day)[0] == "A sensor could not be relied on, so part of what happened here is missing: hall."


def test_a_home_that_was_off_for_most_of_the_time_between_two_nights_tells_no_bathroom_by_day() -> None:
    off = [Span(Instant(0), at("12:00", TODAY - 1)), Span(at("10:00"), at("19:00"))]
    day = day_of([*heard("14:00 living", TODAY - 1), *heard("07:10 kitchen, 20:00 living")], SHOWN, off=off)
    assert day.figures["bathroom_day"].value is None


def test_who_may_have_been_up_before_while_a_sensor_of_theirs_was_lost_has_no_time_at_which_they_were_up() -> None:
    """The hall was blind from half past five to half past seven; a tenth of noon to noon is more than that."""
    night = heard("21:50 hall, 22:00 bedroom", TODAY - 1)
    told = [*night, *heard("08:00 kitchen, 20:00 living")]
    lost = silent("hall-motion", "05:30", "07:30")
    assert day_of(told, SMALL, said=lost).figures["up"].value is None
    assert day_of(told, SMALL, said=silent("bedroom-motion", "05:30", "07:30")).figures["up"].value == (24 + 8) * 60
    assert day_of(told, SMALL, said=silent("hall-motion", "08:30", "10:30")).figures["up"].value == (24 + 8) * 60
    assert day_of(told, SMALL, said=lost).figures["quiet"].value == 21 * 60 + 50
    late = silent("hall-motion", "00:30", "02:30")
    assert day_of(told, SMALL, said=late).figures["quiet"].value is None


def test_a_bed_that_was_lost_when_they_lay_down_or_rose_tells_neither_time_nor_how_long_they_lay() -> None:
    night = [*heard("22:40 bed", TODAY - 1), *heard("06:50 bed 0, 07:30 hall, 20:00 living")]
    whole = day_of(night).figures
    assert [whole[name].value for name in ("to_bed", "in_bed", "up")] == [22 * 60 + 40, 490, (24 + 6) * 60 + 50]
    rose = day_of(night, said=silent("bed", "05:30", "06:50")).figures
    assert [rose[name].value for name in ("to_bed", "in_bed", "up")] == [22 * 60 + 40, None, (24 + 7) * 60 + 30]
    assert {rose[name].value for name in ("bed_outs", "bed_out")} == {None}
    assert day_of(night, said=silent("bed", "05:30", "06:50")).beds == (Span(at("22:40", TODAY - 1), at("05:30")),)
    lay = [Said(at("22:40", TODAY - 1), "1-1", "sensor_lost", "raised", at("21:30", TODAY - 1), "Not heard: bed.")]
    lain = day_of(night, said=[*lay, lay[0]._replace(state="cleared")]).figures
    assert [lain[name].value for name in ("to_bed", "in_bed", "up")] == [None, None, (24 + 6) * 60 + 50]
