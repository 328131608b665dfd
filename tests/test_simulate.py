"""The simulated resident: the same seed, the same life; and sensors that behave, and fail, as real ones do."""

import json
from collections.abc import Iterable
from datetime import date
from itertools import groupby, islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.civil import Wall, parse_rfc3339
from agent.home import parse
from agent.nouns import DAY_MS, HOUR_MS, MEASURED, MINUTE_MS, SECOND_MS, Instant, Reading, is_activity
from agent.sensors.decode import Decoder
from agent.simulate.asked import ANSWER, LAMP
from agent.simulate.days import days, fall, night_door
from agent.simulate.definitions import MODELS
from agent.simulate.dialects import Heard, as_log_frames, as_readings, as_zigbee, opening
from agent.simulate.fleet import HEAVY, TEN, home_text, twins
from agent.simulate.resident import Act, Habits, stays
from agent.simulate.sensors import Fault, Signal
from agent.simulate.year import synthetic_year

MONDAY = parse_rfc3339("2026-02-02T00:00:00Z")
NOON = Instant(MONDAY + 12 * HOUR_MS)
SEEDS = st.integers(min_value=0, max_value=2**63)


def told(seed: int = 7, count: int = 2) -> list[Signal]:
    return list(days(seed, MONDAY, count))


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_the_same_seed_tells_the_same_days_in_order_of_time(seed: int) -> None:
    first = told(seed)
    assert first == told(seed)
    assert list(as_zigbee(first, TEN, seed)) == list(as_zigbee(told(seed), TEN, seed))
    assert all(before.at <= after.at for before, after in pairwise(first))
    assert first[0].at >= MONDAY
    assert first[-1].at < MONDAY + 2 * DAY_MS


def test_two_seeds_are_two_people() -> None:
    assert told(1) != told(2)


def test_days_come_one_at_a_time_and_do_not_change_when_more_are_asked_for() -> None:
    long_life = days(7, MONDAY, 100_000)
    short = told(7, 1)
    assert list(islice(long_life, len(short))) == short


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_a_day_has_as_many_firings_as_in_real_homes(seed: int) -> None:
    one_week = list(days(seed, MONDAY, 7))
    firings = [one for one in one_week if one.quantity == "motion" and one.value]
    assert 7 * 150 <= len(firings) <= 7 * 450
    for device in TEN:
        if device.kind == "motion":
            assert any(one.sensor == device.id for one in firings), f"{device.id} never fires"


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(min_value=18_000, max_value=25_000))
def test_she_sleeps_until_the_night_of_her_care_plan_is_over(seed: int, day: int) -> None:
    wall = Wall("Europe/London")
    plan = stays(seed, day, wall, Habits())
    assert plan[0].start >= wall.instant(day, 6 * 60)
    assert all(before.until == after.start and before.start < before.until for before, after in pairwise(plan))
    in_bed = next(stay for stay in plan if stay.place == "bed")
    assert wall.minute_of_day(in_bed.start) < 22 * 60 + 30
    assert plan[-1].until >= wall.instant(day + 1, 6 * 60)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_day_has_the_hours_that_the_wall_clock_gives_it(day: str, hours: int) -> None:
    noon = parse_rfc3339(f"{day}T12:00:00Z")
    sent = list(days(3, noon, 1))
    midnight = Wall("Europe/London").instant((date.fromisoformat(day) - date(1970, 1, 1)).days, 0)
    assert midnight <= sent[0].at
    assert (hours - 1) * HOUR_MS < sent[-1].at - midnight < hours * HOUR_MS


def test_a_pir_that_has_fired_is_blind_for_its_time() -> None:
    for device in TEN:
        fired = [one.at for one in told(count=5) if one.sensor == device.id and one.quantity == "motion" and one.value]
        assert all(after - before >= device.blind_ms for before, after in pairwise(fired))


def test_zigbee2mqtt_clears_a_pir_ninety_seconds_after_its_last_report() -> None:
    living = [one for one in told() if one.sensor == "living-motion" and one.quantity == "motion"]
    clears = [(before, after) for before, after in pairwise(living) if after.value == 0]
    assert clears
    assert all(before.value == 1 and after.at - before.at == 90 * SECOND_MS for before, after in clears)
    assert all(not after.radio for _, after in clears)


def test_every_sensor_checks_in_at_its_own_rhythm() -> None:
    sent = told(count=3)
    for device in TEN:
        spoke = [one.at for one in sent if one.sensor == device.id and one.quantity in device.reports]
        gaps = [after - before for before, after in pairwise(spoke)]
        assert 0.92 * device.every_ms - 1 <= min(gaps)
        assert max(gaps) <= 1.08 * device.every_ms


def test_a_dead_sensor_says_nothing_more_and_changes_nothing_else() -> None:
    dead = list(days(7, MONDAY, 2, faults=[Fault("kitchen-motion", "dead", NOON)]))
    assert any(one.sensor == "kitchen-motion" for one in dead)
    assert not any(one.sensor == "kitchen-motion" and one.at >= NOON and one.radio for one in dead)
    others = [one for one in dead if one.sensor != "kitchen-motion"]
    assert others == [one for one in told() if one.sensor != "kitchen-motion"]


def test_a_mute_sensor_checks_in_but_sees_nobody() -> None:
    until = Instant(NOON + 6 * HOUR_MS)
    sent = list(days(7, MONDAY, 2, faults=[Fault("kitchen-motion", "mute", NOON, until)]))
    during = [one for one in sent if one.sensor == "kitchen-motion" and NOON <= one.at < until]
    assert any(one.quantity == "battery_percent" for one in during)
    assert not any(one.quantity == "motion" and one.value for one in during)
    assert any(one.sensor == "kitchen-motion" and one.quantity == "motion" and one.at >= until for one in sent)


def test_a_stuck_sensor_never_clears() -> None:
    sent = days(7, MONDAY, 2, faults=[Fault("living-motion", "stuck", NOON)])
    seen = [one for one in sent if one.sensor == "living-motion" and one.quantity == "motion" and one.at >= NOON]
    assert seen
    assert all(one.value == 1 for one in seen)


def test_a_chattering_bed_toggles_all_the_time_and_then_rests() -> None:
    until = Instant(NOON + HOUR_MS)
    sent = list(days(7, MONDAY, 2, faults=[Fault("bed", "chattering", NOON, until)]))
    noise = [one.value for one in sent if one.sensor == "bed" and one.quantity == "bed" and NOON <= one.at <= until]
    assert len(noise) > 1_000
    assert all(before != after for before, after in pairwise(noise[:-1]))
    assert noise[-1] == 0
    assert all(before.at <= after.at for before, after in pairwise(sent))


def test_a_fault_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="'asleep' is not one of"):
        next(days(7, MONDAY, 1, faults=[Fault("bed", "asleep", NOON)]))


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.integers(min_value=8 * 60, max_value=20 * 60), st.integers(min_value=15, max_value=180))
def test_after_a_fall_nothing_moves_until_help_comes(seed: int, minute: int, lies_minutes: int) -> None:
    at = Instant(MONDAY + minute * MINUTE_MS)
    until = Instant(at + lies_minutes * MINUTE_MS)
    heard = list(as_readings(days(seed, MONDAY, 1, instead=[fall(at, "bathroom", until)])))
    lying = [one for one in heard if at + MINUTE_MS <= one.at < until]
    assert not any(is_activity(one) for one in lying)
    assert any(one.quantity in MEASURED for one in lying)
    assert any(is_activity(one) for one in heard if one.at >= until)


def test_a_front_door_at_night_opens_twice_and_nobody_moves_in_between() -> None:
    at, back = Instant(MONDAY + 27 * HOUR_MS), Instant(MONDAY + 27 * HOUR_MS + 25 * MINUTE_MS)
    heard = [one for one in as_readings(days(7, MONDAY, 2, instead=[night_door(at, back)])) if is_activity(one)]
    night = [one for one in heard if at <= one.at < back + MINUTE_MS]
    assert [one.value for one in night if one.sensor == "front-door"] == [1, 0, 1, 0]
    assert not [one for one in night if at + MINUTE_MS <= one.at < back]


def test_a_press_of_the_button_is_told_once_and_never_cached() -> None:
    sent = list(days(7, MONDAY, 1, besides=[Act(NOON, "button")]))
    said = [json.loads(one.frame.payload) for one in as_zigbee(sent, TEN, 7) if one.frame.address == "SOS button"]
    assert [one.get("action") for one in said if "action" in one] == ["emergency"]
    assert len(said) > 20


def decoded(seed: int, heard: Iterable[Heard]) -> list[Reading]:
    """What the hub's own decoder makes of it."""
    decoder = Decoder(parse(home_text(seed)))
    return [reading for at, frame in heard for reading in decoder.decode(at, frame)]


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_the_hub_reads_the_same_activity_from_both_dialects(seed: int) -> None:
    sent = told(seed)
    start = [Heard(MONDAY, frame) for frame in opening(TEN, seed)]
    live = [one for one in decoded(seed, start + list(as_zigbee(sent, TEN, seed))) if is_activity(one)]
    log = [one for one in as_readings(sent) if is_activity(one)]
    first = {one.sensor: one for one in reversed(log)}  # nothing is known yet of what stood before these
    assert live == [one for one in log if one is not first[one.sensor]]
    assert decoded(seed, as_log_frames(log)) == log


def test_what_repeats_with_an_old_last_seen_is_the_timer_and_not_a_person() -> None:
    seen: dict[str, str] = {}
    for signal, heard in zip(told(), as_zigbee(told(), TEN, 7), strict=True):
        last_seen = json.loads(heard.frame.payload)["last_seen"]
        assert (last_seen != seen.get(signal.sensor)) == signal.radio
        seen[signal.sensor] = last_seen


def test_a_battery_report_repeats_an_occupancy_that_is_over() -> None:
    sent = told()
    heard = list(as_zigbee(sent, TEN, 7))
    reports = [
        json.loads(one.frame.payload)
        for signal, one in zip(sent, heard, strict=True)
        if signal.quantity == "battery_percent" and signal.sensor == "living-motion"
    ]
    assert all("occupancy" in said and "battery" in said for said in reports[-5:])


def test_the_bridge_describes_every_device_with_what_it_exposes() -> None:
    fleet = (*TEN, ANSWER, LAMP)
    state, devices = opening(fleet, 7)
    assert state.retained
    assert devices.retained
    coordinator, *ends = json.loads(devices.payload)
    assert coordinator["type"] == "Coordinator"
    assert [one["friendly_name"] for one in ends] == [device.name for device in fleet]
    assert {one["definition"]["model"] for one in ends} == set(MODELS)
    contact = next(e for e in ends[0]["definition"]["exposes"] if e["name"] == "contact")
    assert (contact["value_on"], contact["value_off"]) == (False, True)


def test_the_home_file_names_every_sensor_and_is_understood() -> None:
    for seed, fleet, link in ((7, TEN, "zigbee"), (8, twins(), "log")):
        parsed = parse(home_text(seed, fleet, link))
        assert set(parsed.sensors) == {device.id for device in fleet}
        assert {sensor.kind for sensor in parsed.sensors.values()} == {device.kind for device in fleet}
        assert parsed.care.night == (22 * 60 + 30, 6 * 60)


def test_a_year_of_the_bench_is_exactly_as_long_as_asked_and_about_a_year() -> None:
    year = synthetic_year(3, 110_000)
    last = Instant(0)
    count = 0
    for at, frame in year:
        assert at >= last
        assert frame.link == "log"
        last, count = at, count + 1
    assert count == 110_000
    days_told = (last - 1_735_689_600_000) / DAY_MS
    assert 110_000 / days_told == pytest.approx(2_000_000 / 365, rel=0.06)


def test_two_hundred_sensors_see_the_same_year_as_ten() -> None:
    few = [(one.at, one.frame.payload) for one in synthetic_year(3, 30_000)]
    many = list(synthetic_year(3, 30_000, sensors=200))
    assert [(one.at, one.frame.payload) for one in many] == few
    assert len({one.frame.address for one in many} | {"sos-button"}) == 200
    motion = sorted((one for one in many if one.frame.payload.startswith(b"motion")), key=lambda one: one.frame.address)
    for _, of_one in groupby(motion, key=lambda one: one.frame.address):
        assert all(before.frame != after.frame for before, after in pairwise(of_one))
    assert len(twins(HEAVY)) == 200
    with pytest.raises(ValueError, match="10 or 200 sensors, not 11"):
        next(synthetic_year(3, 10, sensors=11))
