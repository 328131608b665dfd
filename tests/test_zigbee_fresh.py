"""Only what happened now counts: nothing that zigbee2mqtt or the broker merely repeats is a sign of life."""

import pytest

from tests.zigbee_maker import PIR, Hub, binary, device

SEEN, CLEAR = ("hall-motion", "motion", 1), ("hall-motion", "motion", 0)
ALIVE = [("hall-motion", "checkin", 1), ("hall-warmth", "checkin", 1)]
WARMTH_ALIVE = ("hall-warmth", "checkin", 1)


def test_a_battery_report_that_repeats_occupancy_is_a_check_in() -> None:
    hub = Hub().settle()
    assert hub.fresh("PIR", occupancy=True) == [SEEN, WARMTH_ALIVE]
    assert hub.fresh("PIR", occupancy=True, voltage=2_900) == ALIVE
    assert hub.fresh("PIR", occupancy=True, battery=97) == [("hall-motion", "battery_percent", 97), WARMTH_ALIVE]


def test_the_same_seen_again_a_minute_later_says_nothing_of_the_person() -> None:
    hub = Hub().settle()
    hub.fresh("PIR", occupancy=True)
    assert hub.fresh("PIR", after_ms=60_000, occupancy=True) == ALIVE


def test_zigbee2mqtts_own_timer_ends_a_motion_without_a_word_from_the_radio() -> None:
    hub = Hub().settle()
    hub.fresh("PIR", occupancy=True)
    stamp = f"{hub.at}.000Z"
    assert hub.raw("PIR", b'{"occupancy":false,"linkquality":84,"last_seen":"%s"}' % stamp.encode()) == [CLEAR]


def test_motion_is_not_believed_while_last_seen_stands_still() -> None:
    hub = Hub().settle()
    stamp = f"{hub.at}.000Z".encode()
    hub.raw("PIR", b'{"occupancy":false,"linkquality":84,"last_seen":"%s"}' % stamp)
    assert hub.raw("PIR", b'{"occupancy":true,"linkquality":84,"last_seen":"%s"}' % stamp) == []
    assert hub.fresh("PIR", occupancy=True) == ALIVE  # it has been true all the while, for all that we know


def test_two_reports_within_one_second_of_a_coarse_last_seen_are_both_heard() -> None:
    hub = Hub().settle()
    message = b'{"contact":%s,"linkquality":84,"last_seen":"2026-03-01T10:00:00+01:00"}'
    assert hub.raw("Door", message % b"false") == [("front-door", "door", 1)]
    assert hub.raw("Door", message % b"true", after_ms=400) == [("front-door", "door", 0)]
    assert hub.raw("Door", message % b"true", after_ms=400) == []


def test_without_last_seen_a_change_is_still_a_change() -> None:
    hub = Hub()
    hub.raw("PIR", b'{"occupancy":false,"linkquality":84}')
    assert hub.raw("PIR", b'{"occupancy":true,"linkquality":84}') == [SEEN, WARMTH_ALIVE]
    assert hub.raw("PIR", b'{"occupancy":true,"linkquality":84}') == ALIVE


def test_what_the_broker_retained_is_remembered_and_not_said() -> None:
    hub = Hub().settle()
    assert hub.cached("PIR", retained=True, occupancy=True, battery=12) == []
    assert hub.fresh("PIR", occupancy=True, battery=12) == [("hall-motion", "battery_percent", 12), WARMTH_ALIVE]


def test_the_first_thing_ever_heard_of_a_motion_or_a_door_only_tells_what_is() -> None:
    hub = Hub()
    assert hub.fresh("PIR", occupancy=True) == ALIVE
    assert hub.fresh("Door", contact=False) == [("front-door", "checkin", 1)]
    assert hub.fresh("Door", contact=True) == [("front-door", "door", 0)]


def test_a_report_with_only_last_seen_does_not_make_the_unknown_known() -> None:
    hub = Hub()
    assert hub.fresh("PIR") == ALIVE
    assert hub.fresh("PIR", occupancy=True) == ALIVE
    hub.fresh("PIR", occupancy=False)
    assert hub.fresh("PIR", occupancy=True) == [SEEN, WARMTH_ALIVE]


def test_after_a_start_of_zigbee2mqtt_an_older_memory_opens_no_door() -> None:
    hub = Hub().settle()
    hub.raw("bridge/state", b"offline")
    hub.raw("bridge/state", b'{"state":"online"}')
    assert hub.cached("Door", contact=False, battery=55) == []
    assert hub.cached("PIR", occupancy=True) == []
    assert hub.fresh("PIR", occupancy=True) == ALIVE
    assert hub.fresh("Door", contact=True) == [("front-door", "door", 0)]


def test_when_nothing_is_announced_at_the_start_the_first_report_of_each_is_only_remembered() -> None:
    hub = Hub().settle()
    hub.raw("bridge/state", b"offline")
    hub.raw("bridge/state", b"online")
    assert hub.fresh("PIR", occupancy=True) == ALIVE
    hub.fresh("PIR", occupancy=False)
    assert hub.fresh("PIR", occupancy=True) == [SEEN, WARMTH_ALIVE]


def test_a_bridge_that_repeats_that_it_is_online_has_not_started_anew() -> None:
    hub = Hub().settle()
    hub.raw("bridge/state", b"online")
    hub.fresh("PIR", occupancy=False)
    hub.raw("bridge/state", b"online")
    assert hub.fresh("PIR", occupancy=True) == [SEEN, WARMTH_ALIVE]


def test_what_happened_while_the_local_broker_was_lost_is_not_happening_now() -> None:
    hub = Hub().settle()
    hub.raw("bridge/connection", b"offline")
    hub.raw("bridge/connection", b"online")
    assert hub.fresh("PIR", occupancy=True) == ALIVE
    assert hub.fresh("Door", contact=False) == [("front-door", "door_level", 1)]


def test_zigbee2mqtts_false_between_two_trues_makes_no_second_motion() -> None:
    hub = Hub().settle()
    assert hub.fresh("PIR", occupancy=True) == [SEEN, WARMTH_ALIVE]
    assert hub.fresh("PIR", after_ms=20, occupancy=False) == [CLEAR, WARMTH_ALIVE]
    assert hub.fresh("PIR", after_ms=20, occupancy=True) == ALIVE
    assert hub.fresh("PIR", after_ms=20, occupancy=False) == [CLEAR, WARMTH_ALIVE]
    assert hub.fresh("PIR", after_ms=2_000, occupancy=True) == [SEEN, WARMTH_ALIVE]


def test_a_door_that_bounces_is_left_as_it_stands() -> None:
    hub = Hub().settle()
    said = [hub.fresh("Door", after_ms=15, contact=contact) for contact in (False, True, False)]
    assert said == [[("front-door", "door", 1)], [("front-door", "door", 0)], [("front-door", "door", 1)]]


def test_each_half_of_a_double_pir_is_a_sign_of_life_and_the_room_is_clear_when_both_are() -> None:
    exposes = [binary("occupancy", property=f"occupancy_{end}", endpoint=end) for end in "12"]
    hub = Hub(devices=[device(PIR, "PIR", *exposes)])
    hub.fresh("PIR", occupancy_1=False, occupancy_2=False)
    assert hub.fresh("PIR", occupancy_1=True, occupancy_2=False) == [SEEN, WARMTH_ALIVE]
    assert hub.fresh("PIR", occupancy_1=True, occupancy_2=True) == [SEEN, WARMTH_ALIVE]
    assert hub.fresh("PIR", occupancy_1=False, occupancy_2=True) == ALIVE
    assert hub.fresh("PIR", occupancy_1=False, occupancy_2=False) == [CLEAR, WARMTH_ALIVE]


def test_a_battery_that_ran_low_while_the_hub_was_off_is_still_told() -> None:
    hub = Hub().settle()
    hub.fresh("Door", contact=True, battery_low=False)
    hub.raw("bridge/state", b"online")
    assert hub.cached("Door", contact=True, battery_low=True, battery=9) == []
    assert hub.fresh("Door", contact=True, battery_low=True, battery=9) == [
        ("front-door", "battery_percent", 9),
        ("front-door", "battery_low", 1),
    ]


@pytest.mark.parametrize("restart", [False, True])
def test_a_hub_that_was_restarted_says_what_it_would_have_said(restart: bool) -> None:
    hub = Hub().settle()
    hub.fresh("PIR", occupancy=True)
    hub = hub.restarted() if restart else hub
    assert hub.fresh("PIR", after_ms=30, occupancy=False) == [CLEAR, WARMTH_ALIVE]
    assert hub.fresh("PIR", after_ms=5, occupancy=True) == ALIVE
    assert hub.fresh("Door", contact=False, battery=99) == [
        ("front-door", "door", 1),
        ("front-door", "battery_percent", 99),
    ]
    assert hub.raw("bridge/state", b"online") == [("zigbee", "link", 1)]
