"""What devices say that are in no home.toml is not recorded; what this home's devices say always is."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.mqtt_io import Broker, Client
from agent.nouns import BadFrame, Frame
from agent.sensors.zigbee import Rim
from agent.sensors.zigbee_io import Listener
from tests.brokers import Mosquitto, until
from tests.zigbee_maker import DEVICES, DOOR, PIR, SENSORS, Hub, binary, device

PLUG: Final = device("0x0000000000000099", "Plug", binary("state", "ON", "OFF"))
NAMES: Final = ("PIR", "Door", "Plug", "PIR/availability", "a/PIR", "bridge/x", "", "Pendant", "bridge/devices")


def listed(*devices: dict[str, Any]) -> bytes:
    return json.dumps(devices).encode()


def test_a_plug_that_is_in_no_home_file_is_not_recorded() -> None:
    rim = Rim(SENSORS)
    rim.learn(listed(*DEVICES, PLUG))
    assert rim.lets_in("PIR")
    assert rim.lets_in("Door/availability")
    assert rim.lets_in("bridge/state")
    assert not rim.lets_in("Plug")
    assert not rim.lets_in("Plug/availability")


def test_until_the_devices_are_known_everything_may_be_ours() -> None:
    rim = Rim(SENSORS)
    assert rim.lets_in("PIR")
    assert rim.lets_in("Plug")
    rim.learn(b"no list")
    assert rim.lets_in("Plug")


def test_a_renamed_sensor_is_heard_under_its_new_name_and_a_bad_list_changes_nothing() -> None:
    rim = Rim(SENSORS)
    rim.learn(listed(*DEVICES))
    rim.learn(listed(device(PIR, "Hall")))
    for payload in (b"", b"{}", b"[" * 1_000):
        rim.learn(payload)
    assert rim.lets_in("Hall")
    assert not rim.lets_in("PIR")


def test_after_an_odd_list_everything_may_be_ours() -> None:
    rim = Rim(SENSORS)
    rim.learn(listed(device(PIR, ""), PLUG))  # a decoder that was restored may know it by its name of before
    assert rim.lets_in("PIR")


LISTS: Final = st.lists(
    st.lists(
        st.builds(
            lambda address, name: device(address, name, binary("occupancy"), binary("contact")),
            st.sampled_from([PIR, PIR.upper(), DOOR, "0x99"]),
            st.sampled_from(NAMES),
        ),
        max_size=4,
    ),
    max_size=4,
)


@given(LISTS, st.sampled_from(NAMES), st.booleans())
def test_what_is_not_let_in_would_have_said_nothing(
    lists: list[list[dict[str, Any]]], address: str, late: bool
) -> None:
    hub, rim = Hub(), Rim(SENSORS)
    if not late:
        rim.learn(listed(*DEVICES))
    for each in lists:
        with suppress(BadFrame):
            hub.introduce(each)
        rim.learn(listed(*each))
    if not rim.lets_in(address):
        assert hub.raw(address, b'{"occupancy":true,"contact":false,"linkquality":1,"last_seen":"now.0"}') == []
        assert hub.raw(address, b"offline") == []


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as found:
        yield found


def test_the_ear_hands_on_this_homes_devices_only(broker: Mosquitto) -> None:
    frames: list[Frame] = []
    ear = Listener(broker.client("ear"), "ear", "z2m", frames.append, lambda line: None, SENSORS)
    until(lambda: ear.turn(0.05) or frames, "the ear to be there")
    said = Client(Broker("127.0.0.1", broker.port), "z2m", lambda *message: None, lambda *link: None)
    until(lambda: said.turn(0.05) or said.up, "zigbee2mqtt to be there")
    for address, payload in (
        ("Plug", b"{}"),
        ("bridge/devices", listed(*DEVICES, PLUG)),
        ("Plug", b"{}"),
        ("Plug/availability", b"online"),
        ("PIR", b"{}"),
        ("Door/availability", b"online"),
    ):
        said.publish(f"z2m/{address}", payload)
    until(lambda: ear.turn(0.05) or said.turn(0.05) or frames[-1].address == "Door/availability", "all of it")
    heard = list(dict.fromkeys(frame.address for frame in frames[1:]))  # a broker may say twice what was asked twice
    assert heard == ["Plug", "bridge/devices", "PIR", "Door/availability"]
    assert sum(frame.address == "Plug" for frame in frames) == 1
    ear.close()
    said.close()
