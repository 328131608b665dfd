"""Proof of watch: what of the home was observed, and which sensor can be believed."""

import json
from collections.abc import Iterable, Iterator

from agent.detect.own_words import asleep_since
from agent.detect.supervision import ProofOfWatch
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Finding, Frame, Instant, Reading, Sensor
from tests.home_maker import make_home

T0 = Instant(1_767_571_200_000)  # 2026-01-05 00:00 UTC
Said = tuple[Instant, Finding]


def walk(proof: ProofOfWatch, readings: Iterable[Reading], until: Instant | None = None) -> list[Said]:
    """Readings in order, and before each the deadlines that were due; then silence to ``until``."""
    said: list[Said] = []

    def wake(limit: Instant) -> None:
        while (due := proof.deadline()) is not None and due < limit:
            said.extend((due, finding) for finding in proof.observe(due, (), proof.watch))
            after = proof.deadline()
            assert after is None or after > due, "a deadline must move"

    for reading in readings:
        wake(reading.at)
        said.extend((reading.at, finding) for finding in proof.observe(reading.at, (reading,), proof.watch))
    if until is not None:
        wake(Instant(until + 1))
    return said


def kinds(said: Iterable[Said], kind: str) -> list[tuple[Instant, str, str]]:
    return [(at, finding.state, finding.subject) for at, finding in said if finding.kind == kind]


def live(hours: int, start: Instant = T0, silent: frozenset[str] = frozenset(), blind: str = "") -> Iterator[Reading]:
    """Seven sensors that check in every hour, ten minutes apart, and somebody who walks about by day."""
    home = make_home(link="zigbee")
    for minute in range(hours * 60):
        at = Instant(start + minute * MINUTE_MS)
        for index, sensor in enumerate(home.sensors):
            if sensor in silent:
                continue
            if minute % 60 == index * 8:
                yield Reading(at, sensor, "checkin", 1)
            awake = 8 <= minute // 60 % 24 < 22
            if awake and sensor.endswith("motion") and sensor != blind and minute % 12 == index:
                yield Reading(Instant(at + index), sensor, "motion", 1)


def test_a_sensor_that_dies_is_told_within_four_hours_where_it_checks_in_hourly() -> None:
    proof = ProofOfWatch(make_home(link="zigbee"))
    said = walk(proof, live(72))
    assert not said
    dead = Instant(T0 + 72 * HOUR_MS)
    said = walk(proof, live(6, dead, frozenset({"kitchen-motion"})))
    assert [(state, subject) for _, state, subject in kinds(said, "sensor_lost")] == [("raised", "kitchen-motion")]
    assert kinds(said, "sensor_lost")[0][0] - dead <= 4 * HOUR_MS
    assert proof.watch.unseen == {"kitchen-motion"}
    said = walk(proof, [Reading(Instant(dead + 7 * HOUR_MS), "kitchen-motion", "checkin", 1)])
    assert [state for _, state, _ in kinds(said, "sensor_lost")] == ["cleared"]
    assert not proof.watch.unseen


def test_sensors_that_go_together_are_told_once() -> None:
    proof = ProofOfWatch(make_home(link="zigbee"))
    walk(proof, live(72))
    gone = frozenset({"kitchen-motion", "fridge", "living-motion"})
    said = walk(proof, live(6, Instant(T0 + 72 * HOUR_MS), gone))
    assert [state for _, state, _ in kinds(said, "sensor_lost")] == ["raised", "updated", "updated"]
    assert len({subject for _, _, subject in kinds(said, "sensor_lost")}) == 1


def test_a_pir_that_checks_in_but_no_longer_sees_is_mute() -> None:
    proof = ProofOfWatch(make_home(link="zigbee"))
    walk(proof, live(5 * 24))
    start = Instant(T0 + 5 * DAY_MS)
    said = walk(proof, live(3 * 24, start, blind="hall-motion"))
    assert [(state, subject) for _, state, subject in kinds(said, "sensor_mute")] == [("raised", "hall-motion")]
    assert kinds(said, "sensor_mute")[0][0] - start <= 48 * HOUR_MS
    assert "hall-motion" in proof.watch.unseen


def test_a_quiet_night_is_observed_while_sensors_check_in() -> None:
    proof = ProofOfWatch(make_home(link="zigbee"))
    said = walk(proof, live(5 * 24))
    assert not said
    assert proof.watch.observed
    assert proof.coverage_permille(Instant(T0 + 5 * DAY_MS)) == 1_000


def test_a_home_that_falls_silent_as_a_whole_is_not_watched_within_half_an_hour() -> None:
    proof = ProofOfWatch(make_home(link="zigbee"))
    walk(proof, live(5 * 24))
    end = Instant(T0 + 5 * DAY_MS)
    said = walk(proof, [], Instant(end + 30 * HOUR_MS))
    assert [state for _, state, _ in kinds(said, "home_not_watched")] == ["raised"]
    assert kinds(said, "home_not_watched")[0][0] - end <= 30 * MINUTE_MS
    assert not kinds(said, "sensor_lost"), "the home as a whole says it once"
    said = walk(proof, [Reading(Instant(end + 30 * HOUR_MS), "fridge", "checkin", 1)])
    assert [state for _, state, _ in kinds(said, "home_not_watched")] == ["cleared"]
    assert proof.coverage_permille(Instant(end + 30 * HOUR_MS)) < 100


def test_without_check_ins_silence_counts_as_observed_for_twelve_hours() -> None:
    proof = ProofOfWatch(make_home())
    said = walk(proof, [Reading(T0, "hall-motion", "motion", 1)], Instant(T0 + 40 * HOUR_MS))
    assert kinds(said, "home_not_watched") == [(T0 + 12 * HOUR_MS, "raised", "")]
    assert proof.watch.observed is False


def test_a_lost_coordinator_is_told_in_a_minute_and_the_home_is_then_not_watched() -> None:
    proof = ProofOfWatch(make_home(link="zigbee"))
    walk(proof, live(24))
    down = Instant(T0 + DAY_MS)
    said = walk(proof, [Reading(down, "zigbee", "link", 0)], Instant(down + HOUR_MS))
    assert kinds(said, "link_lost") == [(down + 60 * SECOND_MS, "raised", "zigbee")]
    assert kinds(said, "home_not_watched") == [(down + 5 * MINUTE_MS, "raised", "")]
    said = walk(proof, [Reading(Instant(down + 2 * HOUR_MS), "zigbee", "link", 1)])
    assert [state for _, state, _ in kinds(said, "link_lost")] == ["cleared"]
    assert [state for _, state, _ in kinds(said, "home_not_watched")] == ["cleared"]


def test_a_restart_of_zigbee2mqtt_is_not_worth_a_word() -> None:
    proof = ProofOfWatch(make_home(link="zigbee"))
    down = Instant(T0 + DAY_MS)
    readings = [Reading(down, "zigbee", "link", 0), Reading(Instant(down + 20 * SECOND_MS), "zigbee", "link", 1)]
    assert not walk(proof, [*live(24), *readings], Instant(down + 10 * MINUTE_MS))


def test_a_hub_that_was_off_counts_the_gap_as_not_observed() -> None:
    proof = ProofOfWatch(make_home())
    walk(proof, [Reading(T0, "hall-motion", "motion", 1)])
    back = Instant(T0 + 6 * HOUR_MS)
    frame = Frame("hub", "boot", json.dumps({"from_ms": T0 + HOUR_MS}).encode())
    assert asleep_since(frame) == T0 + HOUR_MS
    said = [(back, finding) for finding in proof.tell(back, frame)]
    assert [state for _, state, _ in kinds(said, "home_not_watched")] == ["raised", "cleared"]
    assert proof.watch.observed
    assert proof.coverage_permille(back) == 1_000 - 5 * 1_000 // 24


def test_a_mat_that_makes_four_fifths_of_all_events_is_told_within_a_day() -> None:
    home = make_home(Sensor("mat", "bed", "bedroom", None, "log", "mat"))
    proof = ProofOfWatch(home)
    readings = [Reading(Instant(T0 + minute * MINUTE_MS), "mat", "bed", minute % 2) for minute in range(1, 24 * 60)]
    readings += [Reading(Instant(T0 + m * 5 * MINUTE_MS + 7), "hall-motion", "motion", 1) for m in range(1, 12 * 24)]
    said = walk(proof, sorted(readings))
    assert [(state, subject) for _, state, subject in kinds(said, "sensor_chattering")] == [("raised", "mat")]


def test_a_mat_stuck_on_occupied_is_told_within_a_day_and_not_believed() -> None:
    home = make_home(Sensor("mat", "bed", "bedroom", None, "log", "mat"))
    proof = ProofOfWatch(home)
    stuck = Instant(T0 + HOUR_MS)
    readings = [Reading(T0, "mat", "bed", 0), Reading(stuck, "mat", "bed", 1)]
    readings += [Reading(Instant(stuck + m * 20 * MINUTE_MS + 7), "hall-motion", "motion", 1) for m in range(1, 80)]
    said = walk(proof, readings)
    assert [(state, subject) for _, state, subject in kinds(said, "sensor_stuck")] == [("raised", "mat")]
    assert proof.watch.unseen == {"mat"}


def test_a_low_battery_is_said_once_and_clears_with_hysteresis() -> None:
    proof = ProofOfWatch(make_home())
    levels = [40, 10, 11, 9, 15, 100]
    readings = [Reading(Instant(T0 + n * HOUR_MS), "fridge", "battery_percent", p) for n, p in enumerate(levels)]
    assert [state for _, state, _ in kinds(walk(proof, readings), "battery_low")] == ["raised", "cleared"]


def test_tamper_is_said_and_clears() -> None:
    proof = ProofOfWatch(make_home())
    readings = [Reading(Instant(T0 + n * HOUR_MS), "fridge", "tamper", value) for n, value in enumerate((0, 1, 1, 0))]
    assert [state for _, state, _ in kinds(walk(proof, readings), "tamper")] == ["raised", "cleared"]


def test_a_restored_memory_says_the_same_ever_after() -> None:
    gone = frozenset({"kitchen-motion"})
    whole = ProofOfWatch(make_home(link="zigbee"))
    walk(whole, live(60))
    copy = ProofOfWatch(make_home(link="zigbee"))
    copy.restore(json.loads(json.dumps(whole.snapshot())))
    assert copy.snapshot() == whole.snapshot()
    rest = list(live(30, Instant(T0 + 60 * HOUR_MS), gone))
    assert walk(copy, rest) == walk(whole, rest)


def test_the_death_of_the_one_sensor_that_always_speaks_is_not_the_silence_of_the_home() -> None:
    proof = ProofOfWatch(make_home(link="zigbee"))
    end = Instant(T0 + 4 * DAY_MS)
    dense = [Reading(Instant(T0 + n * 5 * MINUTE_MS + 3), "fridge", "checkin", 1) for n in range(4 * 24 * 12)]
    quiet = [reading for reading in live(4 * 24 + 12) if reading.sensor != "fridge"]
    said = walk(proof, sorted([*dense, *quiet]))
    assert not kinds(said, "home_not_watched")
    lost = kinds(said, "sensor_lost")
    assert [(state, subject) for _, state, subject in lost] == [("raised", "fridge")]
    assert lost[0][0] - end <= HOUR_MS
