"""A day as its family reads it: figures against what is usual, and what was not seen said before anything else."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, Consent, Instant, Reading, Sensor
from agent.summary.counts import FIGURES
from agent.summary.day import Days, Past
from agent.summary.observed import Said
from agent.summary.plain import plain
from agent.summary.rooms import OUT, UNSEEN
from agent.summary.sentences import sentences
from agent.summary.spans import Span, length_ms
from agent.summary.view import dark
from agent.summary.words_io import words
from tests.day_maker import A_DAY, FLAT, SHOWN, TODAY, WALL, at, day_of, heard, lines, number, weeks
from tests.home_maker import make_home

SMALL = make_home()


def test_a_day_like_any_other_is_told_as_usual() -> None:
    day = day_of([*weeks(), *heard(A_DAY)], SMALL)
    assert lines(day) == [
        "Up at 07:40, as usual.",
        "Before the morning, last seen outside bedroom and bathroom at 22:50, as usual.",
        "Movement was seen in 2 different minutes between 22:30 and 06:30, the bathroom not counted, as usual.",
        "In the kitchen 3 times, as usual.",
        "The fridge was opened 2 times, as usual.",
        "Between the nights, last seen longest here, the bathroom not told apart: living, 10 h 40 min.",
        "Out once, as usual.",
        "Out of the home for 1 h 30 min, as usual.",
        "Nothing was asked at home, and nothing was told to the monitoring centre.",
    ]


def test_nothing_is_claimed_of_what_is_usual_before_two_weeks_are_known() -> None:
    assert lines(day_of([*weeks(14), *heard(A_DAY)], SMALL))[0] == "Up at 07:40."
    # The first of the days has no evening before it, so it is not one of them.
    assert lines(day_of([*weeks(15), *heard(A_DAY)], SMALL))[0] == "Up at 07:40, as usual."


def test_what_differs_is_told_with_what_is_usual() -> None:
    today = A_DAY.replace("07:40 kitchen, 07:42 fridge", "09:40 kitchen").replace("18:01 fridge,", "")
    told = lines(day_of([*weeks(), *heard(today)], SMALL))
    assert told[0] == "Up at 08:30, later than usual (07:40)."
    assert "The fridge was not opened, less often than usual (2)." in told


def test_a_figure_that_is_none_and_one_that_is_not_measured_look_different() -> None:
    without_fridge = replace(SMALL, sensors={id: s for id, s in SMALL.sensors.items() if id != "fridge"})
    quiet = heard("00:01 living, 12:00 living")
    day, blind = day_of(quiet, SMALL), day_of(quiet, without_fridge)
    assert (day.figures["fridge"].value, blind.figures["fridge"].value) == (0, None)
    assert words().figure(day.figures["fridge"], day) == "none"
    assert words().figure(blind.figures["fridge"], blind) == "not measured"
    assert "The fridge was not opened." in lines(day)
    assert not [line for line in lines(blind) if "fridge" in line]


def test_a_day_with_an_outage_says_so_before_anything_else() -> None:
    said = [
        Said(at("15:00"), "1-1", "home_not_watched", "raised", at("14:00")),
        Said(at("16:30"), "1-1", "home_not_watched", "cleared", at("14:00")),
    ]
    first, second, *_ = lines(day_of([*weeks(), *heard(A_DAY)], SMALL, said=said))
    assert first == "From 14:00 to 16:30 this home was not observed: what happened then is not told here."
    assert second.startswith("Up at")


def test_a_hub_that_was_off_over_night_says_when_and_does_not_say_when_somebody_was_up() -> None:
    off = [Span(at("22:00", TODAY - 1), at("09:00"))]
    day = day_of([*weeks(), *heard("09:05 kitchen, 12:00 living")], SMALL, off=off)
    assert lines(day)[0].startswith("From 22:00 the day before to 09:00 this home was not observed")
    assert day.figures["up"].value is None
    assert day.stays[0].place == UNSEEN
    assert day.observed_permille == 625


def test_a_day_of_which_nothing_was_observed_claims_nothing() -> None:
    day = day_of(weeks(), SMALL, off=[Span(at("12:00", TODAY - 1), at("24:00"))])
    assert lines(day)[0] == "This home was not observed on this day: nothing can be said of it."
    assert len(lines(day)) == 2
    assert {figure.value for figure in day.figures.values()} == {None}


def test_days_that_were_not_observed_make_no_usual() -> None:
    off = [Span(at("00:00", TODAY - 28), at("00:00", TODAY - 10))]
    assert lines(day_of([*weeks(), *heard(A_DAY)], SMALL, off=off))[0] == "Up at 07:40."


def test_a_sensor_that_could_not_be_believed_leaves_its_figures_out_and_is_named_by_its_room() -> None:
    said = [Said(at("06:00"), "1-1", "sensor_lost", "raised", at("01:00"), "Not heard since 01:00: kitchen-motion.")]
    day = day_of([*weeks(), *heard(A_DAY)], SMALL, said=said)
    assert day.figures["kitchen"].value is None
    assert day.figures["fridge"].value == 2
    assert lines(day)[0] == "A sensor could not be relied on, so part of what happened here is missing: kitchen."
    assert sentences(day)[0].evidence == (Span(at("01:00"), day.until),)
    assert dark(day, words())[-1] == "A sensor here could not be relied on: kitchen, 01:00 to midnight"


def test_who_only_opens_the_door_to_somebody_was_not_out() -> None:
    """Leaving needs somebody who was heard shortly before, and nobody in bed."""
    asleep = heard("08:00 living, 09:00 front-door, 09:00:10 front-door 0, 11:00 living")
    assert day_of(asleep, SMALL).figures["outings"].value == 0
    in_bed = heard("13:00 living, 13:01 bed, 13:05 front-door, 15:00 bed 0, 15:01 living")
    assert day_of(in_bed).figures["outings"].value == 0
    the_bin = heard("13:00 hall, 13:00:05 front-door, 13:09 hall")
    assert day_of(the_bin, SMALL).figures["outings"].value == 0
    out = day_of(heard("13:00 hall, 13:00:05 front-door, 13:11 hall"), SMALL)
    assert out.figures["outings"].evidence == (Span(at("13:00:05"), at("13:11")),)
    assert OUT in {stay.place for stay in out.stays}


def test_a_night_in_a_bed_that_tells_is_told_with_its_times_out_of_bed() -> None:
    night = heard("22:40 bed, 23:59 bed 0", TODAY - 1) + heard("00:00:30 bed, 03:00 bed 0, 03:12 bed, 07:30 bed 0")
    felt = [Reading(at("02:00"), "bed", "restless", 240), Reading(at("04:00"), "bed", "restless", 660)]
    day = day_of([*night, *felt, *heard("07:40 kitchen, 20:00 living")])
    assert lines(day)[:5] == [
        "Up at 07:30.",
        "To bed at 22:40 the night before.",
        "8 h 38 min in bed.",
        "Out of bed and back once in the night, for 12 min.",
        "Moved in bed for 15 min in all.",
    ]
    assert day.figures["bed_outs"].evidence == (Span(at("03:00"), at("03:12")),)


def test_a_nap_is_no_night_and_an_evening_on_the_bed_is_not_going_to_bed() -> None:
    told = heard("19:00 bed, 19:20 bed 0, 23:00 bed", TODAY - 1) + heard("06:50 bed 0, 14:00 bed, 15:30 bed 0")
    day = day_of(told)
    assert [day.figures[name].value for name in ("to_bed", "up", "bed_outs")] == [23 * 60, 1_440 + 410, 0]


def test_company_is_told_as_how_it_looked_and_its_absence_is_no_claim() -> None:
    there = heard("00:01 company, 10:00 company 2, 10:20 company 3, 10:50 company 1, 18:00 company 2")
    told = lines(day_of([*there, *heard("09:00 living, 18:00 living")], SMALL))
    assert "It looked as if more than one person was at home 2 times, first at 10:00." in told
    told = lines(day_of(heard("00:01 company, 09:00 living, 18:00 living"), SMALL))
    assert "Nothing looked like a second person at home, which does not mean that nobody came." in told
    assert day_of(heard("09:00 living"), SMALL).figures["company"].value is None
    assert day_of(there, replace(SMALL, residents=2)).figures["company"].value is None, "two live there"


def test_who_walks_past_a_dead_sensor_is_not_told_as_company() -> None:
    there = heard("00:01 company, 09:00 living, 10:00 company 2, 18:00 living")
    dead = [Said(at("12:00"), "1-1", "sensor_lost", "raised", at("03:00"), "Not heard since 03:00: hall-motion.")]
    assert day_of(there, SMALL, said=dead).figures["company"].value is None


@pytest.mark.parametrize(("day", "hours"), [("2026-03-28", 24), ("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_day_has_the_hours_that_its_clock_gives_it(day: str, hours: int) -> None:
    today = number(day)
    told = day_of([*weeks(before=today), *heard(A_DAY, today)], SMALL, day=today)
    assert told.until - told.since == hours * HOUR_MS
    assert told.stays[0].since == told.since
    assert sum(stay.until - stay.since for stay in told.stays) == hours * HOUR_MS
    assert lines(told)[0] == "Up at 07:40, as usual.", "by the wall clock, whatever the night did"
    assert told.figures["away"].value == 90


def test_a_night_in_which_the_clock_changes_is_as_long_as_it_was() -> None:
    for day, hours in (("2026-03-29", 7), ("2026-10-25", 9)):
        today = number(day)
        night = [*heard("23:00 bed", today - 1), *heard("07:00 bed 0, 07:10 kitchen", today)]
        assert day_of(night, day=today).figures["in_bed"].value == hours * 60


def test_a_day_that_is_not_over_is_held_against_nothing_but_its_night() -> None:
    day = day_of([*weeks(), *heard(A_DAY)], SMALL, now=at("14:00"))
    assert not day.over
    assert day.until == at("14:00")
    told = lines(day)
    assert told[0] == "Up at 07:40, as usual."
    assert "In the kitchen 2 times." in told


def test_a_day_is_the_same_whether_more_of_the_past_is_known_or_not() -> None:
    long_ago = [*weeks(60), *heard(A_DAY)]
    assert lines(day_of(long_ago, SMALL)) == lines(day_of([*weeks(29), *heard(A_DAY)], SMALL))


@pytest.mark.parametrize(
    "also",
    [
        [],
        heard("02:00 bed", TODAY - 3) + heard("00:01 company, 09:00 company 2", TODAY - 2),
        heard("00:01 company", TODAY - 5),
        [Reading(at("09:00", TODAY - 2), "care", "rest", 3 * 86_400)],
    ],
    ids=["plain", "in bed and with company for days", "alone", "at rest for days"],
)
def test_a_day_is_the_same_from_days_that_were_counted_before_and_the_last_readings(also: list[Reading]) -> None:
    readings = sorted([*weeks(), *heard(A_DAY), *also])
    off = [Span(Instant(0), readings[0].at)]
    yesterday = Days(FLAT, Past(readings, (), (), off), at("00:00"))
    known = {day: yesterday.count(day) for day in range(TODAY - 28, TODAY)}
    late = [one for one in readings if one.at >= at("12:00", TODAY - 1)]
    day = Days(FLAT, Past(late, (), (), off), at("24:00"), known).day(TODAY)
    assert day == day_of(readings, off=off)


def test_the_family_is_told_of_the_bathroom_only_if_the_resident_agrees() -> None:
    told = [*weeks(), *heard(A_DAY)]
    shown = day_of(told, SHOWN)
    assert "In the bathroom 2 times in the night, as usual." in lines(shown)
    assert "bathroom" in {stay.place for stay in shown.stays}
    hidden = plain(day_of(told), words())
    for part in ("ribbon", "figures", "lines"):
        assert "'bathroom'" not in str(hidden[part]), part
    assert "bathroom-motion" not in str(hidden)


# While somebody is known to be in, and not near the door: nothing that the bathroom's sensor says may change a word.
@given(st.lists(st.integers(at("12:20") // MINUTE_MS, at("22:40") // MINUTE_MS), max_size=12))
def test_what_happens_in_the_bathroom_changes_nothing_that_a_family_reads(minutes: list[int]) -> None:
    plainly = heard(A_DAY)
    there = [Reading(Instant(minute * MINUTE_MS), "bathroom-motion", "motion", 1) for minute in minutes]
    assert plain(day_of([*plainly, *there]), words()) == plain(day_of(plainly), words())


@given(
    st.lists(
        st.tuples(
            st.integers(at("12:00", TODAY - 1), at("24:00") - 1),
            st.sampled_from(["living-motion", "kitchen-motion", "bedroom-motion", "bathroom-motion", "front-door"]),
        ),
        max_size=60,
    ),
    st.lists(st.tuples(st.integers(0, 36), st.integers(0, 36)), max_size=3),
)
def test_a_ribbon_has_no_hole_and_no_overlap_whatever_was_heard(
    told: list[tuple[int, str]], holes: list[tuple[int, int]]
) -> None:
    start = at("12:00", TODAY - 1)
    off = [Span(Instant(start + a * HOUR_MS), Instant(start + b * HOUR_MS)) for a, b in holes]
    kinds = {sensor.id: sensor.kind for sensor in FLAT.sensors.values()}
    day = day_of([Reading(Instant(when), sensor, kinds[sensor], 1) for when, sensor in told], off=off)
    edges = [(stay.since, stay.until) for stay in day.stays]
    assert edges[0][0] == day.since
    assert edges[-1][1] == day.until
    assert all(before[1] == after[0] for before, after in pairwise(edges))
    unseen = [Span(stay.since, stay.until) for stay in day.stays if stay.place == UNSEEN]
    dark = [Span(max(a, day.since), b) for a, b in day.dark if b > day.since]
    assert length_ms(unseen) == length_ms(dark)
    assert set(day.figures) == set(FIGURES)


def test_what_happens_while_a_person_asked_for_rest_is_not_told() -> None:
    asked = [Reading(at("09:00"), "care", "rest", 4 * 3_600)]
    day = day_of([*weeks(), *heard(A_DAY), *asked], SMALL)
    assert lines(day) == [
        "From 09:00 to 13:00 this home was not observed: what happened then is not told here.",
        "Between the nights, last seen longest here, the bathroom not told apart: living, 4 h 00 min.",
        "Nothing was asked at home, and nothing was told to the monitoring centre.",
    ]
    assert not day.doors
    assert UNSEEN in {stay.place for stay in day.stays}
    seen = [one.at for figure in day.figures.values() for one in figure.evidence if isinstance(one, Reading)]
    assert not [one for one in seen if at("09:00") < one < at("13:00")]


def test_a_rest_that_is_ended_early_is_over_then() -> None:
    asked = [Reading(at("09:00"), "care", "rest", 4 * 3_600), Reading(at("09:30"), "care", "rest", 0)]
    assert "From 09:00 to 09:30" in lines(day_of([*heard(A_DAY), *asked], SMALL))[0]
    assert day_of([*heard(A_DAY), *asked], SMALL).figures["outings"].value is None, "who knows what was in it"


def test_a_night_of_rest_says_nothing_of_the_bed() -> None:
    told = [*heard("22:40 bed", TODAY - 1), *heard("03:00 bed 0, 03:12 bed, 07:15 bed 0, 18:00 living")]
    day = day_of([*told, Reading(at("23:00", TODAY - 1), "care", "rest", 3_600)])
    assert {day.figures[name].value for name in ("to_bed", "up", "bed_outs", "in_bed", "night_moves")} == {None}
    assert not [span for span in day.beds if span.since < at("00:00") and span.until > at("23:00", TODAY - 1)]


def test_a_home_without_consent_to_be_watched_is_told_as_not_observed() -> None:
    said = [Said(at("10:00"), "1-1", "home_not_watched", "raised", at("10:00"))]
    assert "to midnight this home was not observed" in lines(day_of(heard("09:00 living"), SMALL, said=said))[0]


def test_what_several_people_do_is_not_told_as_if_one_had_done_it() -> None:
    pair = replace(SMALL, residents=2)
    assert "Nobody at home once." in lines(day_of(heard(A_DAY), pair))


def test_readings_of_a_sensor_that_the_home_no_longer_has_are_left_out() -> None:
    gone = Sensor("attic", "motion", "attic", None, "log", "attic")
    assert day_of([*heard(A_DAY), Reading(at("13:00"), gone.id, "motion", 1)], SMALL) == day_of(heard(A_DAY), SMALL)


def test_a_days_length_does_not_depend_on_the_hour_at_which_it_is_asked_for() -> None:
    assert WALL.instant(TODAY + 1, 0) - day_of([], SMALL).since == DAY_MS
    assert Consent().bathroom_detail_to_family is False
