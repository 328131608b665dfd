"""What ``hearthwatch doctor`` asks zigbee2mqtt."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from agent.doctor import local_io
from agent.doctor.local_io import own_addresses
from agent.mqtt_io import Broker, Client
from agent.nouns import BadFrame
from agent.sensors.bridge_info import about, wrong_settings
from agent.simulate.fleet import home_text
from tests.brokers import Mosquitto, free_port, until
from tests.doctor_maker import doctor as found_of
from tests.doctor_maker import lay
from tests.test_doctor import HUB, doctor
from tests.test_signals import DEVICES, LAMP_AT
from tests.z2m import harness
from tests.z2m.harness import world

GOOD: Final[dict[str, Any]] = {"advanced": {"last_seen": "ISO_8601"}, "availability": {"enabled": True}}
ODD: Final[dict[str, Any]] = {
    "advanced": {"last_seen": "epoch", "output": "attribute", "cache_state_send_on_startup": False, "x": [[1]]},
    "availability": {"enabled": False, "active": {"timeout": 10}},
}


def info(config: object) -> bytes:
    return json.dumps({"version": "2.6.0", "config": config, "config_schema": {"type": "object"}}).encode()


def test_a_zigbee2mqtt_that_is_set_well_is_told_nothing() -> None:
    assert wrong_settings(info(GOOD)) == []
    assert wrong_settings(info(GOOD | {"availability": True})) == []
    assert wrong_settings(info(GOOD | {"availability": {"active": {"timeout": 10}}})) == []


def test_each_setting_that_this_hub_cannot_do_well_with_is_named() -> None:
    assert [words.partition(":")[0] for words in wrong_settings(info(ODD))] == [
        "advanced.last_seen is epoch, not ISO_8601",
        "advanced.output is attribute, not json",
        "advanced.cache_state_send_on_startup is False, not true",
        "availability.enabled is not true",
    ]
    bare = [words.partition(":")[0] for words in wrong_settings(info({}))]
    assert bare == ["advanced.last_seen is disable, not ISO_8601", "availability.enabled is not true"]


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"config":1}', b"\xff", b"[" * 1_000])
def test_what_is_not_zigbee2mqtts_word_is_refused_in_one_line(payload: bytes) -> None:
    with pytest.raises(BadFrame, match=r"^bridge/info: "):
        wrong_settings(payload)


@pytest.fixture
def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mosquitto]:
    """A hub whose local broker, and whose centre's, is this one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(local_io, "ANSWER_S", 1.0)
    Path("home.toml").write_text(home_text(3))
    with Mosquitto(tmp_path) as found:
        Path("hub.toml").write_text(HUB.format(port=found.port))
        yield found


def retain(broker: Mosquitto, topic: str, payload: bytes) -> None:
    codes: list[int] = []
    said = Client(broker.client("z2m"), "z2m", lambda *m: None, lambda *s: None, lambda mid, code: codes.append(code))
    until(lambda: said.turn(0.05) or said.up, "the line up")
    said.publish(topic, payload, retain=True)
    until(lambda: said.turn(0.05) or codes, "the broker's word")
    said.close()


@pytest.mark.parametrize(("config", "good"), [(GOOD, True), (ODD, False)])
def test_doctor_reads_how_zigbee2mqtt_is_set(
    broker: Mosquitto, config: object, good: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    retain(broker, "zigbee2mqtt/bridge/info", info(config))
    found = doctor(capsys)[1]["zigbee2mqtt"]
    assert found["good"] is good
    assert bool(found["do"]) is not good


@pytest.mark.parametrize(("kind", "good"), [("lamp", True), ("attic", False)])
def test_doctor_says_which_signals_cannot_be_switched(
    broker: Mosquitto, kind: str, good: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    address = LAMP_AT if good else "0x00158d0001a2b3ff"
    signal = f'[[signal]]\nid = "{kind}"\nkind = "lamp"\nroom = "hall"\nlink = "zigbee"\naddress = "{address}"\n'
    Path("home.toml").write_text(home_text(3) + signal)
    retain(broker, "zigbee2mqtt/bridge/devices", DEVICES)
    found = doctor(capsys)[1]["signals"]
    assert found["good"] is good
    assert "attic" in str(found["found"]) or good


def test_a_broker_at_which_no_zigbee2mqtt_is_heard_is_found(
    broker: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    retain(broker, "home/z2m/bridge/info", info(GOOD))
    found = doctor(capsys)[1]["zigbee2mqtt"]
    assert (found["good"], found["found"]) == (False, "nothing on zigbee2mqtt/bridge/info in 1 s")
    assert "base_topic" in str(found["do"])


def test_the_real_zigbee2mqtt_says_how_it_is_set(tmp_path: Path) -> None:
    said: list[bytes] = []
    topics = ["zigbee2mqtt/bridge/info"]
    with world(tmp_path) as made:
        where = Broker("127.0.0.1", made.port)
        ear = Client(where, "ear", lambda topic, info, kept: said.append(info), lambda *s: None, subscriptions=topics)
        made.start()
        until(lambda: ear.turn(0.05) or said, "its settings")
    assert wrong_settings(said[0]) == []
    version, joins, frontend = about(said[0])
    assert version >= (2, 0, 0)
    assert (joins, frontend) == (False, None)


def test_what_is_configured_and_used_is_not_talked_about(broker: Mosquitto, capsys: pytest.CaptureFixture[str]) -> None:
    found = doctor(capsys)[1]
    assert "serial" not in found
    assert "second path" not in found


def test_a_page_of_zigbee2mqtt_that_the_network_can_open_is_found(
    broker: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    if not own_addresses():
        pytest.skip("this machine has no address in a network: nothing can be open to one")
    with socket.create_server(("0.0.0.0", 0)) as page:
        port = page.getsockname()[1]
        retain(broker, "zigbee2mqtt/bridge/info", info(GOOD | {"frontend": {"enabled": True, "port": port}}))
        found = doctor(capsys)[1]
    assert (found["frontend"]["code"], found["frontend"]["good"]) == ("exposed", False)
    assert f":{port}" in str(found["frontend"]["found"])
    with socket.create_server(("127.0.0.1", port)):
        assert doctor(capsys)[1]["frontend"]["code"] == "here"
    retain(broker, "zigbee2mqtt/bridge/info", info(GOOD))
    assert doctor(capsys)[1]["frontend"]["code"] == "off"


def test_a_home_that_strangers_devices_may_join_is_told_and_an_old_zigbee2mqtt_too(
    broker: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    said = json.loads(info(GOOD)) | {"permit_join": True, "version": "1.42.0"}
    retain(broker, "zigbee2mqtt/bridge/info", json.dumps(said).encode())
    found = doctor(capsys)[1]
    assert found["joining"]["code"] == "open"
    assert found["zigbee2mqtt"]["code"] == "old"


def test_the_page_of_the_real_zigbee2mqtt_is_open_to_the_network_unless_somebody_closes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not own_addresses():
        pytest.skip("this machine has no address in a network: nothing can be open to one")
    port = free_port()
    monkeypatch.setitem(harness.CONFIGURATION, "frontend", {"enabled": True, "port": port})
    with world(tmp_path) as made:
        made.start()
        until(lambda: local_io.unreached("127.0.0.1", port) is None, "its page")
        config = lay(tmp_path, local=f'host = "127.0.0.1"\nport = {made.port}\n')
        found = found_of(config, capsys)[1]
    assert (found["zigbee2mqtt"]["code"], found["joining"]["code"]) == ("well", "closed")
    assert found["frontend"]["code"] == "exposed"
