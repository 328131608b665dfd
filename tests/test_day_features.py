"""A day in numbers: what is counted, what is not, and what the home does not have. Days run from noon to noon."""

import json

import pytest

from agent.civil import Wall, parse_rfc3339
from agent.detect.day_features import ABSENT, FEATURES, Day, DayCount
from agent.detect.detector import Models
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Clock, Finding, Instant, Watch
from tests.driver import SENSORS, Drive, a_home
from tests.routine_maker import NOON, a_life, detector, routine


def days_of(home: Drive) -> list[Day]:
    """The days as they are closed, in place of judging them."""
    days: list[Day] = []

    def take(now: Instant, day: Day, watch: Watch) -> list[Finding]:
        days.append(day)
        return []

    routine(home).take = take  # type: ignore[method-assign]
    return days


def of(day: Day, name: str) -> int:
    return day.values[FEATURES.index(name)]


def test_a_bathroom_sensor_that_repeats_itself_every_minute_is_one_visit() -> None:
    home = a_life()
    days = days_of(home)
    home.hear("14:00", "hall-motion")
    for minute in range(20):
        home.hear(f"14:{minute + 1:02d}", "bathroom-motion")
    home.hear("14:22", "hall-motion")
    home.hear("14:23", "bathroom-motion")  # back for the glasses: the same visit
    home.hear("14:25", "hall-motion")
    home.hear("23:50", "hall-motion")
    home.hear("23:51", "bathroom-motion")
    home.until(Instant(NOON + DAY_MS))
    assert (of(days[0], "bathroom_day"), of(days[0], "bathroom_night")) == (1, 1)


@pytest.mark.parametrize(
    ("without", "absent"),
    [
        ("fridge", {"fridge"}),
        ("bed", {"bed_outs", "bed_minutes"}),
        ("bathroom-motion", {"bathroom_day", "bathroom_night"}),
    ],
)
def test_what_a_home_does_not_have_is_absent_and_not_none(without: str, absent: set[str]) -> None:
    sensors = [s for s in SENSORS if s != without and not (without == "bathroom-motion" and s == "leak")]
    home = a_life(only=sensors)
    days = days_of(home)
    home.hear("14:00", "hall-motion")
    home.until(Instant(NOON + DAY_MS))
    assert {name for name in absent if of(days[0], name) != ABSENT} == set()
    assert of(days[0], "kitchen") == 0


def test_times_out_of_bed_and_minutes_in_it() -> None:
    home = a_life()
    days = days_of(home)
    home.hear("22:40", "bed", 1)
    home.hear("01:00", "bed", 0)
    home.hear("01:01", "bed", 1)  # a mat that blinks
    home.hear("03:00", "bed", 0)
    home.hear("03:10", "bed", 1)
    home.hear("07:00", "bed", 0)
    home.hear("07:30", "hall-motion")
    home.until(Instant(NOON + DAY_MS))
    assert of(days[0], "bed_outs") == 1
    assert of(days[0], "bed_minutes") == 8 * 60 + 20 - 10
    assert of(days[0], "up") == 24 * 60 + 7 * 60 + 30


def test_an_outing_is_counted_and_taking_out_the_bin_is_not() -> None:
    home = a_life()
    days = days_of(home)
    for out, back in (("14:00", "15:30"), ("18:00", "18:05")):
        home.hear(out, "front", 1)
        home.hear(back, "front", 1)
        home.hear(back, "hall-motion")
        home.hear(f"{back[:4]}9", "kitchen-motion")
    home.until(Instant(NOON + DAY_MS))
    assert (of(days[0], "outings"), of(days[0], "away_minutes")) == (1, 90)


def test_standing_still_in_the_night_is_not_standing_still_by_day() -> None:
    home = a_life()
    days = days_of(home)
    for at in ("12:30", "13:20", "14:40", "15:00", "18:00", "22:00", "07:00", "07:30"):
        home.hear(at, "kitchen-motion")
    home.until(Instant(NOON + DAY_MS))
    assert of(days[0], "still_minutes") == 4 * 60


def test_a_walk_from_room_to_room_is_timed_from_first_firing_to_first_firing() -> None:
    home = a_life()
    days = days_of(home)
    for minute in range(0, 60, 10):
        home.hear(f"14:{minute:02d}", "hall-motion")
        home.hear(Instant(home.now + 7 * SECOND_MS), "kitchen-motion")
        home.hear(Instant(home.now + 2 * MINUTE_MS), "kitchen-motion")
    home.until(Instant(NOON + DAY_MS))
    assert 70 <= of(days[0], "transit_ds") <= 80


@pytest.mark.parametrize(("month", "hours"), [("03-29", 23), ("10-25", 25)])
def test_the_days_on_which_the_clocks_change_have_23_and_25_hours(month: str, hours: int) -> None:
    noon = parse_rfc3339(f"2026-{month}T12:00:00Z")
    before = Instant(noon - DAY_MS - (hours == 25) * HOUR_MS)
    home = Drive(a_home(), detector())
    home.now = before
    home.see(before, observed=True)
    days, wall = days_of(home), Wall("Europe/London")
    on = wall.day(noon)
    home.hear(wall.instant(on - 1, 22 * 60), "bed", 1)
    home.hear(wall.instant(on, 7 * 60 + 10), "bed", 0)
    home.hear(wall.instant(on, 7 * 60 + 15), "kitchen-motion")
    home.until(wall.instant(on, 12 * 60))
    assert home.now - before == hours * HOUR_MS
    assert (of(days[0], "up"), days[0].coverage_permille) == (24 * 60 + 7 * 60 + 15, 1_000)
    assert of(days[0], "bed_minutes") == (9 + hours - 24) * 60 + 10


def test_a_sensor_that_cannot_be_believed_leaves_its_numbers_out() -> None:
    home = a_life()
    days = days_of(home)
    home.see("13:00", unseen=frozenset({"bathroom-motion"}))
    home.hear("14:00", "hall-motion")
    home.hear("14:05", "bathroom-motion")
    home.see("17:00", unseen=frozenset())
    home.until(Instant(NOON + DAY_MS))
    assert days[0].unseen == ("bathroom-motion",)
    assert (of(days[0], "bathroom_day"), of(days[0], "kitchen"), of(days[0], "moves_day")) == (ABSENT, 0, 1)


def test_what_the_hub_did_not_see_and_what_a_person_asked_to_rest_is_not_covered() -> None:
    home = a_life()
    days = days_of(home)
    home.hear("12:30", "hall-motion")
    home.off("13:00", "16:00")
    home.until(Instant(NOON + DAY_MS))
    home.rest("14:00", hours=6)
    home.until(Instant(NOON + 2 * DAY_MS))
    assert [day.coverage_permille for day in days] == [875, 750]


def test_a_night_that_was_not_seen_is_not_made_good_by_a_day_that_was() -> None:
    home = a_life()
    days = days_of(home)
    home.hear("22:50", "hall-motion")
    home.off("23:00", "01:00")
    home.until(Instant(NOON + DAY_MS))
    assert days[0].coverage_permille == 750


def test_a_silence_that_ended_in_the_dark_was_no_observation_either() -> None:
    home = a_life()
    days = days_of(home)
    home.hear("18:00", "hall-motion")
    home.off("06:00", "09:00")
    home.until(Instant(NOON + DAY_MS))
    assert days[0].coverage_permille == 0  # nothing of the night


def test_a_clock_that_was_set_by_hours_makes_a_day_of_which_nothing_is_known() -> None:
    home = a_life()
    days = days_of(home)
    home.see("15:00", clock=Clock(2 * HOUR_MS))
    home.days(1)
    assert [day.coverage_permille for day in days] == [0]
    home.days(1)
    assert days[1].coverage_permille == 1_000


def test_a_hub_that_was_off_for_days_closes_each_of_them_as_not_seen() -> None:
    home = a_life()
    days = days_of(home)
    home.until(Instant(NOON + DAY_MS))
    home.off("13:00", Instant(NOON + 5 * DAY_MS + HOUR_MS))
    assert [day.coverage_permille for day in days] == [1_000, 0, 0, 0, 0]


def test_a_count_goes_on_after_a_restart_in_the_middle_of_the_day() -> None:
    home = a_life()
    home.hear("22:40", "bed", 1)
    home.hear("02:00", "bed", 0)
    home.hear("02:03", "bathroom-motion")
    other = DayCount(home.home, home.whereabouts)
    count = routine(home)._count
    other.restore(json.loads(json.dumps(count.snapshot())))
    other.see(home.now, home.watch)
    assert other.close() == count.close()


def test_models_are_not_needed_to_count() -> None:
    assert routine(a_life(Models()))._count.until == NOON + DAY_MS
