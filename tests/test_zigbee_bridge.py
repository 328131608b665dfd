"""Who is there, what they are called, and whether anybody listens: zigbee2mqtt's own topics."""

from typing import Any

import pytest

from agent.nouns import BadFrame, Sensor
from tests.zigbee_maker import DEVICES, DOOR, PIR, SENSORS, Hub, binary, device, enum, numeric

UP, DOWN = ("zigbee", "link", 1), ("zigbee", "link", 0)


def test_the_link_is_up_when_the_broker_answers_and_the_bridge_is_online() -> None:
    hub = Hub()
    assert hub.raw("bridge/connection", b"online") == []  # the bridge has not spoken yet
    assert hub.raw("bridge/state", b'{"state":"online"}', retained=True) == [UP]
    assert hub.raw("bridge/state", b'{"state":"offline"}') == [DOWN]
    assert hub.raw("bridge/state", b"online") == [UP]
    assert hub.raw("bridge/connection", b"offline") == [DOWN]
    assert hub.raw("bridge/connection", b"online") == []
    assert hub.raw("bridge/state", b"online", retained=True) == [UP]
    assert hub.raw("bridge/state", b"online") == []


@pytest.mark.parametrize("payload", [b"on", b"{}", b'{"state":1}', b'{"state":', b"[]", b"\xff", b'"online"'])
def test_a_bridge_that_says_neither_online_nor_offline_is_refused(payload: bytes) -> None:
    with pytest.raises(BadFrame, match="bridge/state"):
        Hub().raw("bridge/state", payload)


def test_availability_is_told_when_it_changes_and_is_no_sign_of_life() -> None:
    hub = Hub().settle()
    lost = [("hall-motion", "available", 0), ("hall-warmth", "available", 0)]
    assert hub.raw("PIR/availability", b'{"state":"offline"}', retained=True) == lost
    assert hub.raw("PIR/availability", b"offline") == []
    assert hub.raw("PIR/availability", b"online") == [(sensor, what, 1) for sensor, what, _ in lost]
    assert hub.raw("PIR/availability", b"") == []  # a rename clears the old topic


def test_a_sensor_without_a_place_in_the_home_is_ignored_quietly() -> None:
    hub = Hub()
    for address in ("Lamp", "Lamp/availability", "bridge/event", "bridge/logging", "a/b/c", "", "/availability"):
        assert hub.raw(address, b"whatever") == []


def test_a_renamed_sensor_is_the_same_sensor_and_the_announcement_says_nothing() -> None:
    hub = Hub().settle()
    hub.fresh("PIR", occupancy=True)
    stamp = f"{hub.at}.000Z".encode()
    assert hub.raw("PIR", b"", retained=True) == []
    assert hub.introduce([device(PIR, "Parlour", *DEVICES[0]["definition"]["exposes"]), *DEVICES[1:]]) == []
    assert hub.raw("Parlour", b'{"occupancy":true,"linkquality":84,"last_seen":"%s"}' % stamp) == []
    assert hub.fresh("PIR", occupancy=False) == []  # nobody is called that any more
    hub.fresh("Parlour", occupancy=False)
    assert hub.fresh("Parlour", occupancy=True)[0] == ("hall-motion", "motion", 1)


def test_a_sensor_that_leaves_is_unavailable_and_one_that_comes_back_is_not_believed_at_once() -> None:
    hub = Hub().settle()
    assert hub.introduce([each for each in DEVICES if each["ieee_address"] != DOOR]) == [("front-door", "available", 0)]
    assert hub.fresh("Door", contact=False) == []
    assert hub.introduce(DEVICES) == [("front-door", "available", 1)]
    assert hub.fresh("Door", contact=False) == [("front-door", "door_level", 1)]
    assert hub.fresh("Door", contact=True) == [("front-door", "door", 0)]


def test_a_device_that_is_interviewed_again_keeps_what_was_known_of_it() -> None:
    hub = Hub().settle()
    hub.introduce([DEVICES[0], DEVICES[1] | {"definition": None}, *DEVICES[2:]])
    assert hub.fresh("Door", contact=False) == [("front-door", "door", 1)]


def test_the_same_list_of_devices_again_changes_nothing() -> None:
    hub = Hub().settle()
    before = hub.decoder.snapshot()
    assert hub.introduce(DEVICES) == []
    assert hub.decoder.snapshot() == before


def test_a_contact_is_open_when_its_definition_says_so() -> None:
    for is_open, closed in ((False, True), ("ON", "OFF"), (True, False), (0, 1)):
        hub = Hub(devices=[device(DOOR, "Door", binary("contact", is_open, closed))])
        hub.fresh("Door", contact=closed)
        assert hub.fresh("Door", contact=is_open) == [("front-door", "door", 1)]
        assert hub.fresh("Door", contact=closed) == [("front-door", "door", 0)]


def test_one_device_with_two_contacts_is_two_doors() -> None:
    doors = [Sensor(f"door-{end}", "door", "hall", "internal", "zigbee", f"{DOOR.upper()}#{end}") for end in "12"]
    exposes = [binary("contact", False, True, property=f"contact_{end}", endpoint=end) for end in "12"]
    hub = Hub([doors[0], doors[1]], [device(DOOR.replace("0X", "0x"), "Twin", *exposes)])
    hub.fresh("Twin", contact_1=True, contact_2=True)
    assert hub.fresh("Twin", contact_1=True, contact_2=False) == [("door-2", "door", 1), ("door-1", "checkin", 1)]


def test_features_inside_features_and_settings_are_told_apart() -> None:
    lock = {"type": "lock", "features": [binary("contact", False, True)]}
    settings = [
        binary("occupancy", category="config"),
        binary("vibration", "ON", "OFF", access=3),
        {"type": "composite", "name": "x", "property": "x", "features": [binary("tamper")]},
    ]
    hub = Hub(devices=[device(DOOR, "Door", lock, *settings)])
    hub.fresh("Door", contact=True)
    assert hub.fresh("Door", contact=False, occupancy=True, tamper=True) == [("front-door", "door", 1)]


def test_warmth_is_told_in_thousandths_of_a_degree_to_the_sensor_that_is_for_it() -> None:
    hub = Hub()
    assert ("hall-warmth", "temperature_mc", 21_370) in hub.fresh("PIR", temperature=21.37)
    assert ("hall-warmth", "temperature_mc", -500) in hub.fresh("PIR", temperature="-0.5")
    assert hub.fresh("PIR", temperature=-0.5) == [("hall-motion", "checkin", 1), ("hall-warmth", "checkin", 1)]


@pytest.mark.parametrize(
    ("expose", "rest", "shaken"),
    [
        (binary("vibration"), False, True),
        (binary("moving"), False, True),
        (enum("vibration", "off", "low", "high"), "off", "high"),
        (numeric("vibration"), 0, 3),
    ],
)
def test_a_vibration_may_be_a_yes_a_word_or_a_strength(expose: dict[str, Any], rest: Any, shaken: Any) -> None:
    chair = Sensor("chair", "vibration", "hall", None, "zigbee", PIR)
    hub = Hub([chair], [device(PIR, "Chair", expose)])
    key = str(expose["name"])
    hub.fresh("Chair", **{key: rest})
    assert hub.fresh("Chair", **{key: shaken}) == [("chair", "vibration", 1)]


def test_the_snapshot_of_a_home_is_small() -> None:
    hub = Hub().settle()
    assert len(str(hub.decoder.snapshot())) < 600 * len(SENSORS)
