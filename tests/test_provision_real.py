"""A home is provisioned with the real zigbee2mqtt and the real command, and then watched."""

import json
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.brokers import Process, until
from tests.fleet_maker import SLOW_S, Fleet
from tests.setup_maker import DOOR, PIR, SOS
from tests.whole_hub import RUN
from tests.z2m.harness import World, door, door_battery, world


@pytest.fixture(scope="module")
def radio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("z2m")) as made:
        made.start()
        made.until(lambda: made.new() == [("zigbee", "link", 1)], "the bridge")
        yield made


@pytest.fixture(scope="module")
def provisioned(radio: World, tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    fleet = Fleet(tmp_path_factory.mktemp("hub"), radio)
    process = fleet.through()
    assert f"written: {fleet.folder / 'hub.toml'}" in process.errors
    return fleet


def test_a_fleets_hub_is_provisioned_without_a_question(provisioned: Fleet) -> None:
    home = provisioned.home()
    assert home is not None
    assert {sensor.id: sensor.address for sensor in home.sensors.values()} == {
        "hall-motion": PIR, "front-door": DOOR, "pendant": SOS
    }  # fmt: skip
    assert "# Aqara RTCGQ11LM" in home.text
    assert "# Agreed on 2026-11-27; by whom, and who else was there, is in setup.json." in home.text
    assert "Mary" not in home.text  # it is a part of every journal that a technician copies


def test_what_it_is_called_at_home_it_is_called_in_zigbee2mqtt_too(provisioned: Fleet) -> None:
    made = provisioned.made

    def names() -> dict[str, str]:
        made.listener.turn(0.05)
        listed = [frame.payload for frame in made.frames if frame.address == "bridge/devices"]
        return {one["ieee_address"]: one["friendly_name"] for one in json.loads(listed[-1] if listed else b"[]")}

    until(lambda: names().get(PIR) == "hall-motion" and names().get(SOS) == "pendant", "the names")


def test_the_hub_that_was_provisioned_watches_the_home(provisioned: Fleet) -> None:
    with Process(RUN, "watch", "--config", str(provisioned.config), "--follow") as watch:
        until(lambda: any("online" in line for line in watch.lines), "the link")
        made = provisioned.made
        for is_open in (True, False, True):  # the first that is ever heard of a door only tells how it stands
            since = made.mark()
            door(made, is_open)
            made.expect(since, "front-door", contact=not is_open)
        opened = '"sensor": "front-door", "kind": "door", "value": 1'
        until(lambda: any(opened in line for line in watch.lines), f"somebody at the door; {watch.errors}")
        watch.send(signal.SIGTERM)


def test_doctor_finds_the_home_that_was_provisioned(provisioned: Fleet) -> None:
    with Process(RUN, "doctor", "--config", str(provisioned.config), "--json") as doctor:
        until(doctor.over, "doctor", SLOW_S)
        doctor.ended()
        checks = {check["name"]: check for check in json.loads(doctor.lines[0])}
    assert (checks["home"]["good"], checks["home"]["found"]) == (True, "2 rooms, 3 sensors")
    assert checks["local broker"]["good"]
    assert checks["zigbee2mqtt"]["good"]


def test_the_same_answers_again_change_nothing_and_ask_for_no_device(provisioned: Fleet) -> None:
    before = (provisioned.folder / "home.toml").read_bytes()
    with provisioned.start() as process:
        until(process.over, "the end", SLOW_S)
        assert process.ended() == 0
        assert not any("waiting for" in line for line in process.errors)
    assert (provisioned.folder / "home.toml").read_bytes() == before


def test_a_low_battery_is_told_and_the_home_is_watched_all_the_same(radio: World, tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, radio)
    with fleet.start() as process:
        until(lambda: any("waiting for" in line for line in process.errors), "joining", SLOW_S)

        def told() -> bool:
            door_battery(radio, 9)
            return any("battery at 9 %" in line for line in process.errors)

        until(told, "the battery", SLOW_S)
        fleet.join(process)
        until(process.over, "the end", SLOW_S)
        assert process.ended() == 0
        notes = " ".join(line.strip() for line in process.lines)  # as wide as a terminal
        when = r"\(heard 20\d\d-\d\d-\d\d \d\d:\d\d UTC\)"
        assert re.search(rf"note: front-door: its battery is at 9 % {when}: put a new one in now; ", notes)


def test_how_far_it_is_can_be_seen_while_another_installer_is_at_it_who_cannot_be_joined(
    radio: World, tmp_path: Path
) -> None:
    fleet = Fleet(tmp_path, radio)
    with fleet.start() as first:
        until(lambda: any("waiting for" in line for line in first.errors), "joining", SLOW_S)
        with fleet.start() as second:
            assert second.ended() == 75
            assert second.errors == [
                f"hearthwatch: another installer is setting up this hub (process {first.pid}); end that one first"
            ]
        with Process(RUN, "provision", "--config", str(fleet.config), "--status", "--json") as status:
            assert status.ended() == 1
            assert json.loads(status.lines[0])["next"] == "sensors"


def test_devices_that_do_not_come_are_named_and_what_came_is_kept(radio: World, tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, radio)
    fleet.answers.write_text(fleet.answers.read_text().replace(DOOR, "0x00000000000000aa"))
    with fleet.start("--wait", "1") as process:
        assert process.ended() == 1
    assert any("front-door: waits for the device 0x00000000000000aa to join" in line for line in process.lines)
    assert fleet.home() is None


def test_a_network_that_was_copied_to_another_hub_is_taken_as_it_is(
    provisioned: Fleet, radio: World, tmp_path: Path
) -> None:
    """A hub that is replaced: its files of before, and devices that are there already, are where it begins."""
    for name in ("home.toml", "hub.toml"):
        shutil.copy(provisioned.folder / name, tmp_path / name)
    fleet = Fleet(tmp_path, radio)
    with fleet.start() as process:
        assert process.ended() == 0
        assert not any("waiting for the next" in line for line in process.errors)
    assert fleet.home() is not None


ASLEEP, UNKNOWN = "0x00158d00000fa11e", "0x00158d0000000b0d"


def test_a_device_whose_interview_fails_is_told_and_taken_when_it_wakes(radio: World, tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, radio)
    only = (
        fleet.answers.read_text()
        .replace(DOOR, ASLEEP)
        .replace('link = "zigbee"\naddress = "next"', "@")
        .split("[[sensor]]")
    )
    fleet.answers.write_text(only[0] + "[[sensor]]" + only[2] + "[[centre]]" + only[3].partition("[[centre]]")[2])
    with fleet.start() as process:
        until(lambda: any("waiting for the device" in line for line in process.errors), "waiting", SLOW_S)
        radio.tell(do="join", device=ASLEEP)
        failed = f"{ASLEEP} has not said what it is: hold it near the hub, wake it, try again"
        until(lambda: failed in process.errors, "the failure", SLOW_S)
        radio.tell(do="wake", device=ASLEEP)
        radio.tell(do="join", device=ASLEEP)
        until(process.over, f"the end; {process.errors}", SLOW_S)
        assert process.ended() == 0
    home = fleet.home()
    assert home is not None
    assert [sensor.address for sensor in home.sensors.values()] == [ASLEEP]


def test_a_device_that_nobody_described_is_no_sensor_that_it_cannot_be(radio: World, tmp_path: Path) -> None:
    """It sees people, as far as zigbee2mqtt can guess: it is not the button that is waited for."""
    fleet = Fleet(tmp_path, radio)
    parts = fleet.answers.read_text().split("[[sensor]]")
    fleet.answers.write_text(parts[0] + "[[sensor]]" + parts[3])
    with fleet.start("--wait", "6") as process:
        until(lambda: any("waiting for the next button" in line for line in process.errors), "waiting", SLOW_S)
        radio.tell(do="join", device=UNKNOWN)
        assert process.ended() == 1
    assert any(line.startswith(f"{UNKNOWN} is Nobody NB-1, which zigbee2mqtt does not know") for line in process.errors)
    assert any("pendant: no device has joined for it yet" in line for line in process.lines)
