"""A call for help, smoke, water and a fall get through, whatever else zigbee2mqtt repeats; and what a bed is."""

from typing import Any

import pytest

from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, BadFrame, Sensor
from tests.zigbee_maker import DOOR, PENDANT, PIR, Hub, binary, device, enum, numeric

PRESSED, ALIVE = ("pendant", "button", 1), ("pendant", "checkin", 1)


def test_a_press_counts_as_the_first_thing_ever_heard_of_a_button() -> None:
    assert Hub().fresh("Pendant", action="single") == [PRESSED]


def test_every_press_counts_and_letting_go_does_not() -> None:
    hub = Hub().settle()
    assert hub.fresh("Pendant", action="single") == [PRESSED]
    assert hub.fresh("Pendant", action="release") == [ALIVE]
    assert hub.fresh("Pendant", action="") == [ALIVE]
    assert hub.fresh("Pendant", action=None, after_ms=90_000) == [ALIVE]
    assert hub.fresh("Pendant", action="single") == [PRESSED]


def test_a_press_that_the_broker_retained_is_not_pressed_again() -> None:
    hub = Hub().settle()
    assert hub.raw("Pendant", b'{"action":"emergency","linkquality":84,"last_seen":1}', retained=True) == []


def test_a_press_counts_right_after_a_start_and_with_an_old_last_seen() -> None:
    hub = Hub().settle()
    hub.raw("bridge/state", b"online")
    assert hub.cached("Pendant", action="emergency") == [PRESSED]


def test_a_bare_report_soon_after_a_press_is_a_press_and_later_a_check_in() -> None:
    hub = Hub().settle()
    assert hub.fresh("Pendant", action="emergency", battery=100) == [PRESSED]
    assert hub.fresh("Pendant", after_ms=2_000, battery=100) == [PRESSED]
    assert hub.fresh("Pendant", after_ms=57_000, battery=100) == [PRESSED]
    assert hub.fresh("Pendant", after_ms=2_000, battery=100) == [ALIVE]


def test_a_battery_report_soon_after_a_press_is_a_battery_report() -> None:
    hub = Hub().settle()
    hub.fresh("Pendant", action="emergency", battery=100)
    assert hub.fresh("Pendant", after_ms=2_000, battery=99) == [("pendant", "battery_percent", 99)]


def test_a_keypad_by_the_door_calls_for_help_but_arming_it_does_not() -> None:
    keypad = Sensor("keypad", "door", "hall", "entrance", "zigbee", DOOR)
    hub = Hub([keypad], [device(DOOR, "Keypad", enum("action", "arm_all_zones", "panic"))])
    assert hub.fresh("Keypad", action="arm_all_zones") == [("keypad", "checkin", 1)]
    assert hub.fresh("Keypad", action="panic") == [("keypad", "button", 1)]


def test_an_sos_that_is_a_state_calls_once_each_time_it_begins() -> None:
    hub = Hub(devices=[device(PENDANT, "Pendant", binary("sos"))])
    assert hub.fresh("Pendant", sos=True) == [PRESSED]
    assert hub.fresh("Pendant", sos=True) == [ALIVE]
    assert hub.fresh("Pendant", sos=False) == [ALIVE]
    assert hub.fresh("Pendant", sos=True) == [PRESSED]


def test_a_second_press_a_day_later_is_heard_though_the_call_never_said_that_it_was_over() -> None:
    hub = Hub(devices=[device(PENDANT, "Pendant", binary("sos"), numeric("battery"))])
    assert hub.fresh("Pendant", sos=True) == [PRESSED]
    assert hub.fresh("Pendant", sos=True, after_ms=5_000) == [ALIVE]
    for _ in range(5):
        assert hub.fresh("Pendant", sos=True, after_ms=DAY_MS) == [PRESSED]


def test_an_hourly_check_in_that_repeats_a_call_is_not_a_press_and_a_second_press_between_two_is() -> None:
    hub = Hub(devices=[device(PENDANT, "Pendant", binary("sos"), numeric("battery"))])
    for _ in range(24):
        hub.fresh("Pendant", sos=False, battery=100, after_ms=HOUR_MS)
    assert hub.fresh("Pendant", sos=True, battery=100, after_ms=40 * MINUTE_MS) == [PRESSED]
    heard = [hub.fresh("Pendant", sos=True, battery=100, after_ms=20 * MINUTE_MS)]
    heard += [hub.fresh("Pendant", sos=True, battery=100, after_ms=HOUR_MS) for _ in range(48)]
    assert heard == [[ALIVE]] * 49
    assert hub.fresh("Pendant", sos=True, battery=100, after_ms=25 * MINUTE_MS) == [PRESSED]
    heard = [hub.fresh("Pendant", sos=True, battery=100, after_ms=35 * MINUTE_MS)]
    heard += [hub.fresh("Pendant", sos=True, battery=100, after_ms=HOUR_MS) for _ in range(48)]
    assert heard == [[ALIVE]] * 49


def test_a_button_pressed_in_its_first_hour_rings_three_times_more_at_most() -> None:
    hub = Hub(devices=[device(PENDANT, "Pendant", binary("sos"))])
    hub.fresh("Pendant", sos=True)
    heard = [hub.fresh("Pendant", sos=True, after_ms=HOUR_MS) for _ in range(48)]
    assert heard.count([PRESSED]) <= 3


def test_a_call_that_stands_is_not_repeated_by_what_zigbee2mqtt_remembers_or_by_a_battery() -> None:
    hub = Hub(devices=[device(PENDANT, "Pendant", binary("sos"), numeric("battery"))])
    hub.fresh("Pendant", sos=True, battery=100)
    assert hub.cached("Pendant", sos=True, battery=100, retained=True, after_ms=DAY_MS) == []
    assert hub.fresh("Pendant", sos=True, battery=99) == [("pendant", "battery_percent", 99)]


def test_an_odd_battery_does_not_swallow_a_press_and_is_reported_once() -> None:
    hub = Hub().settle()
    assert hub.fresh("Pendant", action="single", battery="lots") == [PRESSED]
    with pytest.raises(BadFrame, match=r"Pendant \(0x0+3\): battery is lots, not a number such a sensor can send"):
        hub.fresh("Pendant", after_ms=90_000, battery="lots")
    assert hub.fresh("Pendant", battery="lots") == [ALIVE]


def test_smoke_is_said_though_nothing_was_known_before() -> None:
    assert Hub().fresh("Smoke", smoke=True) == [("kitchen-smoke", "smoke", 1)]


def test_smoke_is_said_though_last_seen_stands_still_or_the_broker_was_away() -> None:
    hub = Hub().settle()
    hub.raw("bridge/connection", b"online")
    assert hub.raw("Smoke", b'{"smoke":true,"linkquality":84,"last_seen":"%d.000Z"}' % hub.at) == [
        ("kitchen-smoke", "smoke", 1)
    ]


def test_smoke_in_a_retained_or_start_up_message_waits_for_the_radio() -> None:
    hub = Hub()
    hub.raw("bridge/state", b"online")
    assert hub.cached("Smoke", retained=True, smoke=True) == []
    assert hub.cached("Smoke", smoke=True) == []
    assert hub.fresh("Smoke", smoke=True) == [("kitchen-smoke", "smoke", 1)]


def test_smoke_is_over_when_the_gas_is_gone_too() -> None:
    hub = Hub().settle()
    assert hub.fresh("Smoke", smoke=True, gas=True) == [("kitchen-smoke", "smoke", 1)] * 2
    assert hub.fresh("Smoke", smoke=False, gas=True) == [("kitchen-smoke", "checkin", 1)]
    assert hub.fresh("Smoke", smoke=False, gas=False) == [("kitchen-smoke", "smoke", 0)]


def test_smoke_that_ended_while_the_hub_was_away_is_over_when_the_radio_says_so() -> None:
    hub = Hub().settle()
    hub.fresh("Smoke", smoke=True, gas=False)
    hub.raw("bridge/state", b"online")
    assert hub.cached("Smoke", smoke=False, gas=False) == []
    assert hub.fresh("Smoke", smoke=False, gas=False) == [("kitchen-smoke", "smoke", 0)]


def test_an_inverted_leak_sensor_says_dry_when_its_contact_is_made_and_its_battery_stays_as_it_is() -> None:
    leak = Sensor("sink", "leak", "hall", None, "zigbee", PIR, inverted=True)
    hub = Hub([leak], [device(PIR, "Sink", binary("water_leak"), binary("battery_low"))])
    hub.fresh("Sink", water_leak=True, battery_low=False)
    assert hub.fresh("Sink", water_leak=False, battery_low=False) == [("sink", "leak", 1)]
    assert hub.fresh("Sink", water_leak=True, battery_low=True) == [("sink", "leak", 0), ("sink", "battery_low", 1)]


@pytest.mark.parametrize(
    ("words", "word", "value"),
    [
        (("normal", "fall_warning", "fall_alarm", "unknown"), "fall_alarm", 1),
        (("normal", "fall_warning", "fall_alarm", "unknown"), "fall_warning", 1),
        (("none", "maybe_fall", "fall"), "maybe_fall", 1),
        (("none", "maybe_fall", "fall"), "fall", 1),
    ],
)
def test_a_fall_and_what_may_be_one_are_said(words: tuple[str, ...], word: str, value: int) -> None:
    radar = Sensor("radar", "presence", "hall", None, "zigbee", PIR)
    hub = Hub([radar], [device(PIR, "Radar", binary("presence"), enum("fall_status", *words))])
    assert hub.fresh("Radar", fall_status=words[0]) == [("radar", "checkin", 1)]
    assert hub.fresh("Radar", fall_status=word) == [("radar", "fall", value)]
    if "unknown" in words:  # not knowing ends nothing
        assert hub.fresh("Radar", fall_status="unknown") == [("radar", "checkin", 1)]
    assert hub.fresh("Radar", fall_status=words[0]) == [("radar", "fall", 0)]


BEDS = [
    (binary("contact", False, True), False, True),  # a pad closes its contact under weight
    (binary("contact", "ON", "OFF"), "ON", "OFF"),
    (binary("occupancy"), False, True),
    (binary("vibration"), False, True),
    (binary("pressure"), False, True),
    (enum("pressure_state", "none", "sit", "sedentary"), "none", "sit"),
    (binary("some_input", "UP", "DOWN"), "DOWN", "UP"),
]


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize(("expose", "empty", "occupied"), BEDS)
def test_any_yes_or_no_can_be_a_bed(expose: dict[str, Any], empty: Any, occupied: Any, inverted: bool) -> None:
    bed = Sensor("bed", "bed", "hall", None, "zigbee", DOOR, inverted)
    hub = Hub([bed], [device(DOOR, "Mat", numeric("battery"), binary("tamper"), expose)])
    key = str(expose["name"])
    hub.fresh("Mat", **{key: empty})
    assert hub.fresh("Mat", **{key: occupied}) == [("bed", "bed", 0 if inverted else 1)]
    assert hub.fresh("Mat", **{key: empty}) == [("bed", "bed", 1 if inverted else 0)]
