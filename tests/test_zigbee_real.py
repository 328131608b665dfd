"""The real zigbee2mqtt, from the radio to the reading: what a home's sensors do, and what we make of it."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.z2m.harness import (
    DOOR,
    NAMES,
    PIR,
    SOS,
    World,
    door,
    door_battery,
    motion,
    pir_battery,
    press,
    world,
)


def joined(made: World) -> None:
    for device in (PIR, DOOR, SOS):
        made.tell(do="join", device=device)
    made.until(lambda: _interviewed(made) >= {PIR, DOOR, SOS}, "the interviews")


def _listed(made: World) -> list[dict[str, object]]:
    listed = [frame.payload for frame in made.frames if frame.address == "bridge/devices"]
    found: list[dict[str, object]] = json.loads(listed[-1]) if listed else []
    return found


def _interviewed(made: World) -> set[object]:
    done = [each for each in _listed(made) if each["interview_state"] == "SUCCESSFUL" and each.get("definition")]
    return {each["ieee_address"] for each in done}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of zigbee2mqtt in which the three devices have joined, with nobody there and the door closed."""
    folder = tmp_path_factory.mktemp("network")
    with world(folder) as made:
        made.start()
        made.until(lambda: made.new() == [("zigbee", "link", 1)], "the bridge")
        joined(made)
        # The interview is heard, and is nobody's sign of life.
        assert {quantity for _, quantity, _ in made.new()} <= {"checkin", "battery_percent", "available"}
        assert made.rejects == []
        since = made.mark()
        motion(made)
        made.expect(since, PIR, occupancy=False)
        door(made, is_open=False)
        made.expect(since, DOOR, contact=True)
        press(made, made.tsn())
        made.expect(since, SOS, action="emergency")
        # The first thing ever heard of a motion or a door only tells what is; a call for help is a call for help.
        assert [said for said in made.new() if said[1] not in ("checkin", "battery_percent")] == [
            ("hall-motion", "motion", 0),
            ("pendant", "button", 1),
        ]
        made.keep("join")
        (folder / "hub.json").write_text(json.dumps(made.decoder.snapshot()))
        made.stop()
    return folder


@pytest.fixture
def home_at_rest(network: Path, tmp_path: Path) -> Iterator[World]:
    """The joined network, started anew with the hub that knows it; what is announced at the start says nothing."""
    folder = Path(shutil.copytree(network, tmp_path / "z2m"))
    with world(folder) as made:
        begin(made)
        yield made


def begin(made: World) -> None:
    made.restart_hub(absent_ms=60_000, snapshot=(made.folder / "hub.json").read_text())
    since = made.mark()
    made.start()
    made.until(lambda: all(made.heard(since, device) for device in (PIR, DOOR, SOS)), "the start-up announcement")
    assert made.new() == []


def test_somebody_in_the_hall_is_seen_once_and_the_end_is_zigbee2mqtts_own(home_at_rest: World) -> None:
    made = home_at_rest
    for _ in range(2):
        since = made.mark()
        motion(made)
        made.expect(since, PIR, occupancy=False)
        assert made.new() == [("hall-motion", "motion", 1), ("hall-motion", "motion", 0)]
    made.keep("motion")


def test_an_hourly_battery_report_does_not_hide_a_person_on_the_floor(network: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(network, tmp_path / "z2m"))
    with world(folder, timeout_s=600) as made:
        begin(made)
        since = made.mark()
        motion(made)
        made.expect(since, PIR, occupancy=True)
        assert made.new() == [("hall-motion", "motion", 1)]
        since = made.mark()
        pir_battery(made, 2_900)
        assert made.expect(since, PIR, voltage=2_900)["occupancy"] is True  # repeated, with nobody there
        assert made.new() == [("hall-motion", "battery_percent", 33)]
        since = made.mark()
        pir_battery(made, 2_900)
        made.expect(since, PIR)
        assert made.new() == [("hall-motion", "checkin", 1)]
        made.keep("battery")


@pytest.mark.parametrize("last_seen", ["disable", "ISO_8601_local", "epoch"])
def test_however_zigbee2mqtt_tells_last_seen_only_motion_is_motion(
    network: Path, tmp_path: Path, last_seen: str
) -> None:
    """It is off unless somebody turns it on, and one way of writing it has whole seconds only."""
    folder = Path(shutil.copytree(network, tmp_path / "z2m"))
    with world(folder, timeout_s=600, last_seen=last_seen) as made:
        begin(made)
        since = made.mark()
        motion(made)
        made.expect(since, PIR, occupancy=True)
        pir_battery(made, 2_900)
        made.expect(since, PIR, voltage=2_900)
        door(made, is_open=True)
        made.expect(since, DOOR, contact=False)
        press(made, made.tsn())
        made.expect(since, SOS, action="emergency")
        assert made.new() == [
            ("hall-motion", "motion", 1),
            ("hall-motion", "battery_percent", 33),
            ("front-door", "door", 1),
            ("pendant", "button", 1),
        ]


def test_the_front_door_opens_closes_and_checks_in(home_at_rest: World) -> None:
    made = home_at_rest
    for is_open in (True, False):
        since = made.mark()
        door(made, is_open)
        made.expect(since, DOOR, contact=not is_open)
    since = made.mark()
    door_battery(made, 96)
    made.expect(since, DOOR, battery=96)
    assert made.new() == [
        ("front-door", "door", 1),
        ("front-door", "door", 0),
        ("front-door", "battery_percent", 96),
    ]
    made.keep("door")


def test_after_a_crash_an_older_memory_of_zigbee2mqtt_is_nobodys_sign_of_life(home_at_rest: World) -> None:
    made = home_at_rest
    since = made.mark()
    door(made, is_open=True)
    made.expect(since, DOOR, contact=False)
    assert made.new() == [("front-door", "door", 1)]
    since = made.mark()
    made.kill()
    made.until(lambda: made.new() == [("zigbee", "link", 0)], "the broker to say that the bridge is gone")
    state = json.loads((made.folder / "state.json").read_text())
    assert state[DOOR]["contact"] is True  # as it was saved minutes ago, before the door was opened
    state[PIR]["occupancy"] = True
    (made.folder / "state.json").write_text(json.dumps(state))
    since = made.mark()
    made.start()
    made.expect(since, DOOR, contact=True)
    made.expect(since, PIR, occupancy=True)
    assert made.new() == [("zigbee", "link", 1)]
    since = made.mark()
    door_battery(made, 95)
    assert made.expect(since, DOOR, battery=95)["contact"] is True  # still not true
    motion(made)
    made.expect(since, PIR, occupancy=False)
    door(made, is_open=True)
    made.expect(since, DOOR, contact=False)
    # The first motion only repeats what the old memory said already; its end is known again.
    assert made.new() == [
        ("front-door", "battery_percent", 95),
        ("hall-motion", "checkin", 1),
        ("hall-motion", "motion", 0),
        ("front-door", "door", 1),
    ]
    made.keep("crash")


def test_a_sensor_that_left_the_network_is_unavailable_and_heard_no_more(home_at_rest: World) -> None:
    made = home_at_rest
    made.tell(do="leave", device=DOOR)
    made.until(lambda: made.new() == [("front-door", "available", 0)], "the door sensor to be missed")
    assert DOOR not in [each["ieee_address"] for each in _listed(made)]
    made.keep("leave")


def test_a_renamed_sensor_is_the_same_sensor_and_its_new_name_no_sign_of_life(home_at_rest: World) -> None:
    made = home_at_rest
    since = made.mark()
    motion(made)
    made.expect(since, PIR, occupancy=True)
    made.new()
    since = made.mark()
    rename(made, NAMES[PIR], "Parlour")
    made.expect(since, "Parlour")
    made.expect(since, "Parlour", occupancy=False)
    assert made.new() == [("hall-motion", "motion", 0)]
    since = made.mark()
    motion(made)
    made.expect(since, "Parlour", occupancy=True)
    assert made.new() == [("hall-motion", "motion", 1)]
    made.keep("rename")


def rename(made: World, old: str, new: str) -> None:
    """As the technician's own tool would: a request on the broker."""
    import paho.mqtt.publish as publish

    order = json.dumps({"from": old, "to": new})
    publish.single("zigbee2mqtt/bridge/request/device/rename", order, hostname="127.0.0.1", port=made.port)


def test_a_lost_coordinator_is_a_lost_link_whatever_availability_still_says(home_at_rest: World) -> None:
    made = home_at_rest
    made.tell(do="unplug")
    made.until(lambda: made.new() == [("zigbee", "link", 0)], "the bridge to go")
    made.until(lambda: made.stopped() is not None, "zigbee2mqtt to end")
    assert made.stopped() == 2
    made.keep("coordinator")


def test_a_call_for_help_is_heard_again_when_the_button_repeats_itself(home_at_rest: World) -> None:
    made = home_at_rest
    tsn = made.tsn()
    for _ in range(2):
        since = made.mark()
        press(made, tsn)
        made.expect(since, SOS)
    assert "action" not in json.loads(made.frames[-1].payload)  # the same transaction: zigbee2mqtt drops the action
    assert made.new() == [("pendant", "button", 1), ("pendant", "button", 1)]
    made.keep("sos")


def test_a_hub_that_starts_into_a_running_home_hears_no_past_life(home_at_rest: World) -> None:
    made = home_at_rest
    since = made.mark()
    door(made, is_open=True)
    made.expect(since, DOOR, contact=False)
    made.new()
    made.restart_hub(absent_ms=3_600_000)
    since = made.mark()
    made.until(lambda: made.heard(since, "bridge/state", state="online"), "the broker to repeat itself")
    door(made, is_open=False)
    made.expect(since, DOOR, contact=True)
    door(made, is_open=True)
    made.expect(since, DOOR, contact=False)
    # When the door was closed nobody knows: it may have been during the hub's absence. From then on all is known.
    assert made.new() == [("front-door", "door_level", 0), ("front-door", "door", 1)]
