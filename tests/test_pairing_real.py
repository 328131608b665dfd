"""Devices join the real zigbee2mqtt while an installer lets them in: what is told of each, and who may join when."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.clock_io import wall_ms
from agent.mqtt_io import Broker
from agent.nouns import Refused
from agent.sensors.pairing import Event
from agent.sensors.pairing_io import Joiner
from tests.brokers import Mosquitto, Process, until
from tests.z2m.harness import DOOR, PIR, PLUG, SOS, World, door_battery, motion, world

ASLEEP, UNKNOWN = "0x00158d00000fa11e", "0x00158d0000000b0d"


class Installer:
    """Somebody who pairs, and what they have been told."""

    def __init__(self, made: World) -> None:
        self.made = made
        self.joiner = Joiner(Broker("127.0.0.1", made.port), "zigbee2mqtt")
        self.events: list[Event] = []

    def until(self, condition: Callable[[], object], what: str) -> None:
        def met() -> object:
            self.events += self.joiner.turn(0.05)
            return condition()

        until(met, f"{what}; told {self.events}")

    def told(self, what: str, address: str = "") -> Event | None:
        return next((event for event in self.events if (event.what, event.address) == (what, address)), None)


@pytest.fixture(scope="module")
def installer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installer]:
    with world(tmp_path_factory.mktemp("z2m")) as made:
        made.start()
        made.until(lambda: made.new() == [("zigbee", "link", 1)], "the bridge")
        there = Installer(made)
        there.joiner.begin()
        yield there
        there.joiner.close()


def test_whoever_joins_is_interviewed_told_and_known_by_what_it_may_be(installer: Installer) -> None:
    installer.joiner.permit(True)
    assert 0 < installer.joiner.left_s <= 60
    installer.made.tell(do="join", device=PIR)
    installer.until(lambda: installer.told("ready", PIR), "the interview")
    whats = [event.what for event in installer.events if event.address == PIR and event.what != "link"]
    assert whats == ["joined", "running", "ready"]
    ready = installer.told("ready", PIR)
    assert ready is not None
    assert ready.words == f"{PIR} is Aqara RTCGQ11LM: motion or presence or bed"
    assert installer.told("opened")
    motion(installer.made)
    installer.until(lambda: installer.joiner.devices[PIR].link_quality == 120, "its link quality")


def test_a_battery_at_nine_percent_is_told(installer: Installer) -> None:
    installer.made.tell(do="join", device=DOOR)
    installer.until(lambda: installer.told("ready", DOOR), "the interview")
    door_battery(installer.made, 9)
    installer.until(lambda: installer.joiner.devices[DOOR].battery_percent == 9, "its battery")
    assert Event("battery", DOOR, f"{DOOR}: battery at 9 %") in installer.events
    assert installer.joiner.devices[DOOR].kinds[0] == "door"


@pytest.mark.parametrize(("address", "kind"), [(SOS, "button"), (PLUG, "lamp")])
def test_a_button_and_a_plug_are_told_apart(installer: Installer, address: str, kind: str) -> None:
    installer.made.tell(do="join", device=address)
    installer.until(lambda: installer.told("ready", address), "the interview")
    assert installer.joiner.devices[address].kinds[0] == kind


def test_a_device_whose_interview_fails_is_told_and_can_be_asked_again(installer: Installer) -> None:
    installer.made.tell(do="join", device=ASLEEP)
    installer.until(lambda: installer.told("failed", ASLEEP), "the interview to fail")
    failed = installer.told("failed", ASLEEP)
    assert failed is not None
    assert failed.words.endswith("hold it near the hub, wake it, try again")
    installer.made.tell(do="wake", device=ASLEEP)
    installer.joiner.interview(ASLEEP)
    installer.until(lambda: installer.joiner.devices[ASLEEP].interview == "ready", "the second interview")
    assert installer.joiner.devices[ASLEEP].kinds[0] == "door"


def test_a_device_that_zigbee2mqtt_does_not_know_is_told_so(installer: Installer) -> None:
    installer.made.tell(do="join", device=UNKNOWN)
    installer.until(lambda: installer.told("ready", UNKNOWN), "the interview")
    ready = installer.told("ready", UNKNOWN)
    assert ready is not None
    assert "zigbee2mqtt does not know" in ready.words
    assert not installer.joiner.devices[UNKNOWN].known


def test_a_renamed_device_keeps_its_address_and_a_name_that_is_taken_is_refused(installer: Installer) -> None:
    assert installer.joiner.rename(PIR, "hall-motion") == ""
    installer.until(lambda: installer.joiner.devices[PIR].name == "hall-motion", "the list of devices")
    assert "hall-motion" in installer.joiner.rename(DOOR, "hall-motion")
    assert "is not in the network" in installer.joiner.rename("0x0000000000000001", "nobody")


def test_a_device_that_is_taken_out_is_gone(installer: Installer) -> None:
    assert installer.joiner.remove(PLUG) == ""
    installer.until(lambda: PLUG not in installer.joiner.devices, "the list of devices")
    assert installer.told("left", PLUG)


def test_when_the_installer_is_done_nobody_can_join(installer: Installer) -> None:
    installer.joiner.permit(True)
    installer.until(lambda: installer.joiner.pairing.open, "the network to be open")
    installer.joiner.permit(False)
    installer.until(lambda: not installer.joiner.pairing.open, "the network to be closed")
    assert installer.joiner.left_s == 0


KILLED = """
import os, signal, sys
from agent.mqtt_io import Broker
from agent.sensors.pairing_io import Joiner
joiner = Joiner(Broker("127.0.0.1", int(sys.argv[1])), "zigbee2mqtt")
joiner.begin()
joiner.permit(True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_an_installer_who_is_killed_leaves_the_door_open_for_a_minute_at_most(installer: Installer) -> None:
    with Process(KILLED, str(installer.made.port)) as killed:
        until(killed.over, "the installer to be killed")
    installer.until(lambda: installer.joiner.pairing.open, "the network to be open")
    closes_ms = installer.joiner.pairing.closes_ms
    assert closes_ms is not None
    assert closes_ms - wall_ms() <= 60_000
    installer.joiner.permit(False)


def test_an_installer_who_leaves_closes_the_door(installer: Installer) -> None:
    other = Joiner(Broker("127.0.0.1", installer.made.port), "zigbee2mqtt")
    other.begin()
    other.permit(True)
    installer.until(lambda: installer.joiner.pairing.open, "the network to be open")
    other.close()
    installer.until(lambda: not installer.joiner.pairing.open, "the network to be closed")


def test_without_zigbee2mqtt_the_installer_is_told_what_to_look_at(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        joiner = Joiner(Broker("127.0.0.1", broker.port), "zigbee2mqtt")
        with pytest.raises(Refused, match="zigbee2mqtt has not listed its devices in 10 s: is it running"):
            joiner.begin()
        joiner.close()
    joiner = Joiner(Broker("127.0.0.1", broker.port), "zigbee2mqtt")
    with pytest.raises(Refused, match="is mosquitto running"):
        joiner.begin()
    joiner.close()
