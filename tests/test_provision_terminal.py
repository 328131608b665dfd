"""An installer in a terminal is led from an empty hub to a home that can be watched, and can go back at any time."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.commands.provision_asking import wrapped
from agent.home import parse as parse_home
from tests.fleet_maker import Fleet
from tests.seat import Seat
from tests.setup_maker import DOOR, PIR, SOS
from tests.z2m.harness import World, world

ASLEEP = "0x00158d00000fa11e"


@pytest.fixture(scope="module")
def radio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("z2m")) as made:
        made.start()
        made.until(lambda: made.new() == [("zigbee", "link", 1)], "the bridge")
        yield made


def test_an_installer_is_led_to_a_home_that_can_be_watched(radio: World, tmp_path: Path) -> None:
    with Seat("provision", "--config", str(tmp_path / "hub.toml")) as seat:
        seat.says(r"\[identity\] > $", "")
        seat.says("as the centre knows it: $", "Hub 1", "hub-1")  # a mistake is told, and asked again
        assert "hub.id: expected 1 to 32 of a-z" in seat.screen
        seat.says(r"change it\? \(y/n\) \[n\]: $", "y", "127.0.0.1", str(radio.port), "", "")
        seat.sees("To carry to the centre:")
        seat.says(r"\[home\] > $", "", "elm-12", "Europe/London", "")
        seat.says(r"\[consent\] > $", "", "Mary", "2026-11-27", "Tom", "y", "y", "n")
        seat.says(r"\[rooms\] > $", "", "hall", "", 'The "hall"', "bathroom", "", "", "")
        seat.says(r"\[sensors\] > $", "", "p")
        seat.sees("Devices may join")
        radio.tell(do="join", device=PIR)
        seat.sees("Aqara RTCGQ11LM: motion or presence or bed")
        seat.says(r"It is a \(motion, presence, bed\) \[motion\]: $", "", "hall", "")
        radio.tell(do="join", device=ASLEEP)
        seat.says(r"Ask it again \(y/n\) \[y\]: $", "n")
        radio.tell(do="join", device=DOOR)
        seat.says(r"It is a \(door, .*\) \[door\]: $", "", "garden", "hall", "front-door")
        seat.says(r"Its role \(.*\) \[entrance\]: $", "")  # the first door of a home is most likely its entrance
        seat.sees(r"open, 0 waited for")
        seat.interrupts()
        seat.sees("No device can join any more")
        listed = seat.sees("What now: ")
        assert "front-door           door        hall           link 120/255" in listed
        seat.says("", "")
        seat.says(r"\[boards\] > $", "")
        seat.says(r"\[care\] > $", "", "2.0", "10:30", "", "", "", "22:00", "07:00", "y")
        seat.sees("A fall in the hall at 10:00 would be reported by about")
        seat.sees("No sensor hears anybody in: bathroom")
        seat.says(r"\[family\] > $", "", "y", "127.0.0.1", "tom smith", "n")
        seat.says(r"not 'tom smith'\s+Whom to invite.*: $", "tom", "n", "")  # told once, and asked again
        assert "/welcome/" in seat.screen
        seat.says(r"\[centre\] > $", "", "127.0.0.1", "1884", "", "", "")
        seat.says(r"\[files\] > $", "")
        seat.sees("written: .*hub.toml")
        seat.says(r"> $", "q")
        assert seat.ended() == 0
        lines = [part for line in seat.screen.splitlines() for part in line.split("\r")]
        assert [line for line in lines if len(line) > 80 and "/" not in line] == []  # a path or a link is not cut
    home = parse_home((tmp_path / "home.toml").read_bytes())
    assert home.rooms["hall"].name == 'The "hall"'
    assert {sensor.id: (sensor.kind, sensor.address) for sensor in home.sensors.values()} == {
        "hall-motion": ("motion", PIR), "front-door": ("door", DOOR)
    }  # fmt: skip
    assert (home.care.not_up_by, home.care.night) == (630, (1_320, 420))


def test_an_installer_goes_back_leaves_and_comes_again(tmp_path: Path) -> None:
    config = str(tmp_path / "hub.toml")
    with Seat("provision", "--config", config, "--step", "home") as seat:
        seat.says(r"this hub only: $", "elm-12", "Europe/London", "2")
        seat.says(r"\[identity\] > $", "home")
        seat.says(r"this hub only \[elm-12\]: $", "-")
        seat.sees("Left as it was")
        seat.says(r"> $", "nowhere")
        seat.sees("There is no step 'nowhere'")
        seat.says(r"> $", "sensors")
        seat.sees(r"First: rooms\.")
        seat.interrupts()
        assert seat.ended() == 130
    with Seat("provision", "--config", config) as seat:
        seat.sees(r"done  home")
        seat.says(r"\[identity\] > $", "q")
        seat.sees("All that was said is kept: the same command goes on from here")
        assert seat.ended() == 1


def test_without_a_broker_pairing_says_so_and_nothing_is_lost(tmp_path: Path) -> None:
    with Seat("provision", "--config", str(tmp_path / "hub.toml"), "--step", "home") as seat:
        seat.says(r"this hub only: $", "elm-12", "Europe/London", "1")
        seat.says(r"> $", "rooms", "hall", "", "", "")
        seat.says(r"> $", "identity", "hub-1", "y", "127.0.0.1", "1", "", "")
        seat.says(r"> $", "sensors", "p")
        seat.sees(r"local broker 127\.0\.0\.1:1: cannot connect")
        seat.sees(r"is mosquitto running, and \[local\] right")
        seat.says(r"> $", "q")
        assert seat.ended() == 1


def test_a_broken_sensor_is_replaced_in_a_home_that_is_set_up(radio: World, tmp_path: Path) -> None:
    """The new one has its place and its name, and the old one is gone from the network."""
    fleet = Fleet(tmp_path, radio)
    fleet.through()
    with Seat("provision", "--config", str(fleet.config), "--step", "sensors") as seat:
        seat.says("What now: $", "r")
        seat.says(r"Which is to be replaced \(Enter: none\): $", "fridge-door")
        seat.says(r"there is no sensor 'fridge-door'[^$]*none\): $", "front-door")
        seat.sees("Devices may join")
        radio.tell(do="wake", device=ASLEEP)
        radio.tell(do="join", device=ASLEEP)
        seat.says(r"For which of front-door \(new: another\) \[front-door\]: $", "")
        seat.sees("0 waited for")
        seat.interrupts()
        seat.says("What now: $", "")
        seat.says("> $", "files")
        seat.sees("written: .*hub.toml")
    home = fleet.home()
    assert home is not None
    assert {sensor.id: sensor.address for sensor in home.sensors.values()} == {
        "hall-motion": PIR, "front-door": ASLEEP, "pendant": SOS
    }  # fmt: skip

    def there() -> set[str]:
        lists = [frame.payload for frame in radio.frames if frame.address == "bridge/devices"]
        return {device["ieee_address"] for device in json.loads(lists[-1] if lists else b"[]")}

    radio.until(lambda: ASLEEP in there() and DOOR not in there(), "the old one to be gone")


def test_what_is_asked_fits_the_terminal_of_a_phone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = wrapped("Movement, doors, beds and buttons are recorded on this hub alone; only alerts leave it.")
    assert max(map(len, lines)) <= 40
