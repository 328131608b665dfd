"""What the floor of ``possible_fall`` owes a home: a deadline, kept to the millisecond, and no false word."""

from dataclasses import replace

import pytest

from agent.detect.silences import AT_THE_DOOR, IN_BED, LONGEST_MS
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, Care, Clock, Instant, Watch
from tests.flat_maker import MORNING, UNOBSERVED, Flat


@pytest.fixture
def flat() -> Flat:
    return Flat()


def test_nobody_heard_yet_means_no_deadline(flat: Flat) -> None:
    assert flat.fall.promise() == (None, "home")
    flat.turn(UNOBSERVED)
    assert flat.fall.promise() == (None, "not_watched")


def test_a_fall_in_the_bathroom_on_the_first_day_is_told_at_the_promised_instant(flat: Flat) -> None:
    flat.hear("hall-motion")
    flat.hear("bathroom-motion", after_ms=MINUTE_MS)
    promise = flat.fall.promise()
    assert promise.state == "home"
    flat.wait(DAY_MS)
    [(at, raised)] = flat.said
    assert at == promise.deadline
    assert (raised.kind, raised.state, raised.subject, raised.room) == ("possible_fall", "raised", "", "bathroom")
    assert raised.since == MORNING + MINUTE_MS
    assert [reading.sensor for reading in raised.evidence] == ["hall-motion", "bathroom-motion"]
    assert 900 <= raised.score_permille <= 1_000


def test_an_open_fall_is_not_repeated_and_the_next_movement_clears_it(flat: Flat) -> None:
    flat.hear("kitchen-motion")
    flat.wait(3 * DAY_MS)
    assert flat.states() == ["raised"]
    flat.hear("hall-motion", after_ms=MINUTE_MS)
    assert flat.states() == ["raised", "cleared"]
    cleared = flat.said[-1][1]
    assert (cleared.room, cleared.evidence[0].sensor) == ("kitchen", "hall-motion")
    assert flat.fall.promise().deadline is not None


def test_movement_at_the_very_instant_of_the_deadline_counts_as_heard(flat: Flat) -> None:
    flat.hear("kitchen-motion")
    flat.hear("kitchen-motion", after_ms=flat.wait_ms())
    assert flat.said == []


def test_somebody_who_left_is_not_on_the_floor_but_one_who_may_have_is_still_looked_for(flat: Flat) -> None:
    flat.hear("front-door")
    assert flat.fall.promise() == (None, "away")
    flat.hear("hall-motion", after_ms=10_000)
    assert flat.where.doubt
    assert flat.fall.promise().state == "home"
    assert flat.wait_ms() == flat.fall.promise_at(AT_THE_DOOR, 10 * 60)
    flat.wait(DAY_MS)
    assert flat.states() == ["raised"]


def test_a_hub_that_was_off_does_not_cry_wolf_and_keeps_what_was_left_of_the_wait(flat: Flat) -> None:
    flat.hear("kitchen-motion")
    wait_ms = flat.wait_ms()
    flat.wait(wait_ms - MINUTE_MS)
    flat.turn(UNOBSERVED)
    assert flat.fall.promise() == (None, "not_watched")
    flat.wait(9 * HOUR_MS)
    flat.turn(Watch())
    assert flat.said == []
    assert flat.wait_ms() == MINUTE_MS


def test_observation_lost_at_the_deadline_itself_still_raises_and_then_says_it_no_longer_sees(flat: Flat) -> None:
    flat.hear("kitchen-motion")
    flat.now = Instant(flat.now + flat.wait_ms())
    flat.turn(UNOBSERVED)
    assert flat.states() == ["raised", "updated"]
    flat.wait(60 * HOUR_MS)
    flat.turn(Watch())
    flat.turn(UNOBSERVED)
    flat.wait(HOUR_MS)
    flat.turn(Watch())
    flat.wait(60 * HOUR_MS)
    assert flat.states() == ["raised", "updated"]  # said once, and the same silence never again
    flat.hear("kitchen-motion")
    assert flat.states() == ["raised", "updated", "cleared"]


def test_a_home_at_rest_has_no_deadline_and_teaches_nothing(flat: Flat) -> None:
    flat.days(1)
    before = flat.fall.wait.floor.silences.snapshot()
    flat.turn(Watch(pause_until=Instant(flat.now + DAY_MS)))
    assert flat.fall.promise() == (None, "home")
    flat.hear("kitchen-motion", after_ms=5 * HOUR_MS)
    flat.hear("kitchen-motion", after_ms=5 * HOUR_MS)
    assert flat.fall.promise() == (None, "home")
    assert flat.fall.wait.floor.silences.snapshot() == before
    flat.turn(Watch())
    assert flat.wait_ms() == flat.fall.promise_at("kitchen", 20 * 60)
    assert flat.said == []


@pytest.mark.parametrize(
    ("sensors", "learnt"),
    [(("kitchen-motion",), True), (("front-door",), False), (("front-door", "hall-motion"), True)],
)
def test_only_silence_at_home_is_learnt(flat: Flat, sensors: tuple[str, ...], learnt: bool) -> None:
    for sensor in sensors:
        flat.hear(sensor, after_ms=1_000)
    flat.hear("living-motion", after_ms=20 * MINUTE_MS)
    assert (flat.fall.wait.floor.silences.snapshot()["counts"] != {}) == learnt


def test_a_silence_beyond_twelve_hours_or_not_wholly_observed_is_not_learnt(flat: Flat) -> None:
    flat.hear("kitchen-motion")
    flat.hear("kitchen-motion", after_ms=LONGEST_MS + 1)
    flat.wait(HOUR_MS)
    flat.turn(UNOBSERVED)
    flat.wait(1)
    flat.turn(Watch())
    flat.hear("kitchen-motion", after_ms=HOUR_MS)
    assert flat.fall.wait.floor.silences.snapshot()["counts"] == {}


def test_one_unraised_outage_lengthens_the_wait_but_does_not_undo_it() -> None:
    calm, shaken = Flat(), Flat()
    for flat in (calm, shaken):
        flat.days(20)
    shaken.hear("kitchen-motion", after_ms=11 * HOUR_MS)
    shaken.days(2)
    calm.days(2)
    place = ("kitchen", 20 * 60)
    assert calm.fall.promise_at(*place) <= shaken.fall.promise_at(*place) < 3 * calm.fall.promise_at(*place)


def test_an_even_life_brings_the_deadline_nearer_and_a_later_deadline_is_never_beyond_twelve_hours(flat: Flat) -> None:
    flat.hear("living-motion")
    first = flat.wait_ms()
    flat.days(30)
    assert flat.fall.promise_at("living", 10 * 60) < first
    patient = Flat(Care(false_alerts_per_30_days=0.01))
    patient.hear("bedroom-motion")
    assert patient.wait_ms() == LONGEST_MS


def test_the_bed_says_asleep_until_something_is_heard_elsewhere(flat: Flat) -> None:
    flat.hear("bed", 1)
    assert flat.fall.promise().state == "asleep"
    assert flat.wait_ms() == flat.fall.promise_at(IN_BED, 10 * 60)
    flat.hear("kitchen-motion", after_ms=HOUR_MS)
    assert flat.fall.promise().state == "home"
    flat.hear("bedroom-motion", after_ms=HOUR_MS)
    flat.turn(replace(flat.watch, unseen=frozenset({"bed"})))
    assert flat.fall.promise().state == "home"


def test_a_bedroom_at_night_is_asleep_by_the_clock_on_the_wall(flat: Flat) -> None:
    flat.hear("bedroom-motion", after_ms=14 * HOUR_MS)
    assert flat.fall.promise().state == "asleep"
    flat.turn(Watch(clock=Clock(offset_ms=-6 * HOUR_MS)))
    flat.hear("bedroom-motion", after_ms=MINUTE_MS)
    assert flat.fall.promise().state == "home"


def test_a_room_that_nothing_sees_lengthens_the_wait_and_teaches_nothing(flat: Flat) -> None:
    flat.hear("hall-motion")
    before = flat.wait_ms()
    flat.turn(Watch(unseen=frozenset({"bedroom-motion"})))
    assert flat.wait_ms() == before  # the bed still sees the bedroom
    flat.turn(Watch(unseen=frozenset({"living-motion"})))
    assert flat.wait_ms() == flat.fall.promise_at("living", 10 * 60) > before
    flat.turn(Watch())
    assert flat.wait_ms() > before  # it does not shorten under somebody's feet
    flat.turn(Watch(unseen=frozenset({"hall-motion", "front-door"})))
    flat.hear("kitchen-motion", after_ms=20 * MINUTE_MS)
    assert flat.fall.wait.floor.silences.snapshot()["counts"] == {}


def test_a_fall_sensor_is_believed_at_once_and_needs_its_zero_and_a_movement_to_be_over(flat: Flat) -> None:
    flat.turn(Watch(pause_until=Instant(flat.now + DAY_MS)))
    flat.hear("radar", 1)
    assert (flat.said[0][1].state, flat.said[0][1].subject, flat.said[0][1].room) == ("raised", "radar", "bathroom")
    flat.hear("kitchen-motion")
    flat.hear("radar", 1)
    flat.hear("radar", 0)
    assert flat.states() == ["raised"]
    for _ in range(9):
        flat.hear("radar", 1)
        flat.hear("radar", 0)
    flat.hear("hall-motion")
    assert flat.states() == ["raised", "updated", "updated", "updated", "cleared"]
    assert {finding.subject for _, finding in flat.said} == {"radar"}
