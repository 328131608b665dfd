"""Faults of the hub, the radio and the clock: none reads as a fall, each is told, none is told dozens of times."""

import json
from collections import Counter

import pytest

from agent.civil import rfc3339
from agent.loop import fill
from agent.nouns import HOUR_MS, MINUTE_MS, SECOND_MS, Alert, Instant
from agent.simulate.dialects import Heard
from agent.simulate.sensors import Fault
from tests.faulty_home import at, back, bridge, days_after, diary, entries, hub, lived, restarted, settled, without

SEEING = ("bed", "bedroom-motion", "bathroom-motion", "kitchen-motion", "living-motion", "hall-motion")


def nobody_fell(alerts: list[Alert]) -> bool:
    return not diary(alerts, "possible_fall")


def still(frames: list[Heard], since: Instant) -> list[Heard]:
    """The sensors go on checking in, but from ``since`` nobody moves."""
    words = (b'"occupancy":true', b'"contact"', b'"action"')
    return [one for one in frames if one.at < since or not any(word in one.frame.payload for word in words)]


def test_the_days_after_are_quiet_if_nothing_happens() -> None:
    assert not lived()


def test_a_hub_that_was_off_for_a_day_does_not_cry_wolf() -> None:
    said = lived(lambda frames: without(frames, at(9), at(33)) + back(at(33), at(9)))
    assert diary(said) == ["home_not_watched raised", "home_not_watched cleared"]
    assert {alert.at for alert in said} == {at(33)}
    assert said[0].since == at(9)


def test_a_hub_off_in_every_night_never_reads_as_a_fall() -> None:
    def nights(frames: list[Heard]) -> list[Heard]:
        for day in range(4):
            frames = without(frames, at(1, day), at(5, day)) + back(at(5, day), at(1, day))
        return frames

    said = lived(nights)
    assert nobody_fell(said)
    assert Counter(diary(said, "home_not_watched")) == {"home_not_watched raised": 4, "home_not_watched cleared": 4}


@pytest.mark.parametrize("hours", [0.5, 5, 30])
def test_a_lost_coordinator_is_told_in_a_minute_and_is_no_fall(hours: float) -> None:
    end = at(9 + hours)
    said = lived(lambda frames: [*without(frames, at(9), end), bridge(at(9), False), bridge(end, True)])
    assert nobody_fell(said)
    assert [(alert.kind, alert.state, alert.at) for alert in said] == [
        ("link_lost", "raised", at(9) + 60 * SECOND_MS),
        ("home_not_watched", "raised", at(9) + 5 * MINUTE_MS),
        ("link_lost", "cleared", end),
        ("home_not_watched", "cleared", end),
    ]


@pytest.mark.parametrize("hour", [3, 9, 14, 21])
def test_every_sensor_silent_is_told_within_half_an_hour_and_is_no_fall(hour: int) -> None:
    said = lived(lambda frames: without(frames, at(hour), at(hour + 20)))
    assert diary(said) == ["home_not_watched raised", "home_not_watched cleared"]
    assert said[0].at - at(hour) <= 30 * MINUTE_MS
    assert said[0].since <= at(hour)


def test_a_home_that_stays_silent_is_not_said_to_be_observed_again_because_the_hub_was_restarted() -> None:
    def silent(frames: list[Heard]) -> list[Heard]:
        last = Instant(at(12) - 3 * MINUTE_MS)
        return [*without(frames, at(9), at(20)), bridge(last, True, retained=True), *back(at(12), last)]

    said = lived(silent)
    assert diary(said) == ["home_not_watched raised", "home_not_watched cleared"]
    assert said[1].at >= at(20)


def test_a_router_that_takes_most_rooms_with_it_is_told_as_one_loss_and_the_home_as_not_watched() -> None:
    gone = ("bathroom-motion", "kitchen-motion", "hall-motion", "fridge-door")
    said = lived(faults=tuple(Fault(sensor, "dead", at(9)) for sensor in gone))
    assert nobody_fell(said)
    assert Counter(diary(said)) == {"sensor_lost raised": 1, "sensor_lost updated": 3, "home_not_watched raised": 1}
    assert max(alert.at for alert in said) - at(9) <= 4 * HOUR_MS


@pytest.mark.parametrize("hour", [2, 7, 9, 13, 18])
def test_when_all_that_sees_people_dies_the_home_is_not_watched_although_a_thermometer_speaks(hour: int) -> None:
    """Check-ins come by the hour here. Where the wait of a room is hardly longer than that, one fall may be told
    before so many are late; it is not repeated."""
    said = lived(faults=tuple(Fault(sensor, "dead", at(hour)) for sensor in SEEING))
    assert diary(said, "possible_fall").count("possible_fall raised") <= 1
    assert diary(said, "home_not_watched") == ["home_not_watched raised"]
    assert next(alert.at for alert in said if alert.kind == "home_not_watched") - at(hour) <= 100 * MINUTE_MS
    assert len(said) <= 10, diary(said)


@pytest.mark.parametrize("hours", [-3, 1, 7, -24 * 400])
def test_a_clock_that_is_set_by_hours_is_no_fall(hours: int) -> None:
    said = lived(lambda frames: [*frames, hub(at(10, 1), "clock", offset_ms=hours * HOUR_MS, quality="synced")])
    assert nobody_fell(said)
    assert len(said) <= 8, diary(said)  # she goes to bed by another clock than the plan's


def test_a_hub_that_starts_in_1970_and_is_set_right_later_says_that_it_did_not_know_the_time() -> None:
    """``at`` never goes back: it runs on from the journal's last entry, and the true time is an offset. Only when the
    clock is set right does the hub learn how long it was off; then it says so."""
    late = at(5, 2) - at(5)

    def frames_in_1970(frames: list[Heard]) -> list[Heard]:
        before = [one for one in frames if one.at < at(3)]
        after = [Heard(Instant(one.at - late), one.frame) for one in frames if one.at >= at(5, 2)]
        unknown = hub(at(5), "clock", offset_ms=0, quality="unknown")
        set_right = hub(at(9), "clock", offset_ms=late, quality="synced")
        return [*before, *back(at(5), at(3)), unknown, *after, set_right]

    said = lived(frames_in_1970)
    assert nobody_fell(said)
    assert Counter(diary(said)) == {
        "home_not_watched raised": 2,
        "home_not_watched cleared": 2,
        "clock_unknown raised": 1,
        "clock_unknown cleared": 1,
    }


def test_a_fall_told_before_the_home_went_blind_stays_open_and_is_updated_once() -> None:
    def fell(frames: list[Heard]) -> list[Heard]:
        return [*still(without(frames, at(15), at(40)), at(9)), bridge(at(15), False), bridge(at(40), True)]

    said = lived(fell, until=at(60))
    falls = [alert for alert in said if alert.kind == "possible_fall"]
    assert [alert.state for alert in falls] == ["raised", "updated"], diary(said)
    assert falls[0].at < at(15) == falls[1].at
    assert "can no longer be seen" in falls[1].text
    assert len({alert.id for alert in falls}) == 1


def test_after_a_hub_off_at_night_a_morning_without_movement_is_told_from_what_was_observed() -> None:
    """What was left of the wait when the hub went off begins again when it is back: the dark hours do not count. A wait
    that was interrupted is the floor's, and so a few hours longer."""

    def dark_night(frames: list[Heard]) -> list[Heard]:
        return still(without(frames, at(1), at(6)), at(1)) + back(at(6), at(1))

    whole = [alert for alert in lived(lambda frames: still(frames, at(1)), until=at(30)) if alert.state == "raised"]
    dark = [alert for alert in lived(dark_night, until=at(30)) if alert.state == "raised"]
    fall, later = (next(a for a in said if a.kind == "possible_fall") for said in (whole, dark))
    assert 5 * HOUR_MS <= later.at - fall.at <= 9 * HOUR_MS
    assert later.since == fall.since
    up, asked = (next(a for a in said if a.kind == "not_up") for said in (whole, dark))
    assert up.at == asked.at, "somebody who is not up is asked for at the usual time all the same"


def test_a_chattering_hall_is_a_few_messages() -> None:
    said = lived(faults=(Fault("hall-motion", "chattering", at(9), at(9, 2)),))
    assert Counter(diary(said)) == {"sensor_chattering raised": 1, "sensor_chattering cleared": 1}


def test_somebody_who_walks_through_the_hall_all_day_is_not_a_message() -> None:
    def walks(frames: list[Heard]) -> list[Heard]:
        hall = [one for one in frames if one.frame.address == "Hall PIR" and b'"occupancy":true' in one.frame.payload]
        rest = [one for one in frames if one.frame.address != "Hall PIR" or one.at < at(8)]
        said = json.loads(hall[0].frame.payload)
        for n in range(2 * 60 * 12):
            when = Instant(at(8) + n * 30 * SECOND_MS)
            said |= {"occupancy": n % 2 == 0, "last_seen": rfc3339(when)}
            rest.append(Heard(when, hall[0].frame._replace(payload=json.dumps(said).encode())))
        return rest

    assert not [alert for alert in lived(walks) if alert.at < at(20)]


@pytest.mark.parametrize(("down_s", "up_s"), [(60, 60), (20, 100), (600, 600), (5, 5)])
def test_a_flapping_link_is_a_few_notices_a_day(down_s: int, up_s: int) -> None:
    def flapping(frames: list[Heard]) -> list[Heard]:
        when = at(9)
        while when < at(33):
            frames = [*frames, bridge(when, False), bridge(Instant(when + down_s * SECOND_MS), True)]
            when = Instant(when + (down_s + up_s) * SECOND_MS)
        return frames

    said = lived(flapping)
    told = Counter(diary(said))
    assert nobody_fell(said)
    assert told["link_lost raised"] in ((0,) if (down_s, up_s) == (20, 100) else (1, 2))
    assert sum(told.values()) <= 8, told
    for kind in ("link_lost", "home_not_watched"):
        assert told[f"{kind} raised"] == told[f"{kind} cleared"], "when it is steady again, that is said"


def test_a_link_that_restarts_once_a_day_is_not_worth_a_word() -> None:
    def restarts(frames: list[Heard]) -> list[Heard]:
        ends = [(at(4, day), Instant(at(4, day) + 20 * SECOND_MS)) for day in range(4)]
        return frames + [bridge(when, up) for pair in ends for when, up in zip(pair, (False, True), strict=True)]

    assert not lived(restarts)


def test_a_hub_that_is_late_for_a_moment_every_half_hour_still_misses_a_dead_sensor() -> None:
    def late(frames: list[Heard]) -> list[Heard]:
        gaps = [at(n / 2) for n in range(2 * 24 * 4)]
        return frames + [hub(when, "gap", from_ms=when - 3 * SECOND_MS) for when in gaps]

    said = lived(late, faults=(Fault("kitchen-motion", "dead", at(9)),))
    assert diary(said) == ["sensor_lost raised"]
    assert said[0].at - at(9) <= 4 * HOUR_MS


@pytest.mark.parametrize("kind", ["dead", "mute", "chattering", "stuck"])
def test_a_restart_in_the_middle_of_a_fault_changes_nothing_that_is_said(kind: str) -> None:
    end = at(11) if kind == "chattering" else at(8, 3)
    faults = tuple(Fault(sensor, kind, at(9), end) for sensor in SEEING[1:])

    def flapping(frames: list[Heard]) -> list[Heard]:
        ends = [bridge(Instant(at(12) + n * 2 * MINUTE_MS), bool(n % 2)) for n in range(60)]
        return [*without(frames, at(20), at(22)), *ends, *back(at(22), at(20))]

    said = lived(flapping, faults)
    assert said
    assert restarted(flapping, faults) == said


def test_an_idle_day_wakes_the_hub_less_than_ten_times_an_hour() -> None:
    """The minute grid apart. Many are a silence that has lasted five minutes: only then a wait is reckoned."""
    engine = settled()
    wakes = 0
    for entry in fill(entries([one for one in days_after() if one.at < at(24)]), engine):
        wakes += entry.frame is None
        engine.step(entry)
    assert wakes <= 240, wakes
