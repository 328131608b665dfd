"""The ear on a real mosquitto: what is handed on, what is not, and a broker that goes and comes back."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.publish as publish
import pytest

from agent.mqtt_io import Broker
from agent.nouns import Frame
from agent.sensors.payload import MAX_DEVICES_BYTES, MAX_FRAME_BYTES
from agent.sensors.zigbee_io import Listener, wanted
from tests.z2m.harness import free_port

PATIENCE_S = 15.0
LOST, FOUND = Frame("zigbee", "bridge/connection", b"offline"), Frame("zigbee", "bridge/connection", b"online")


class Ear:
    def __init__(self, port: int) -> None:
        self.port = port
        self.frames: list[Frame] = []
        self.lines: list[str] = []
        self.broker: subprocess.Popen[bytes] | None = None
        where = Broker("127.0.0.1", port)
        self.listener = Listener(where, "hearthwatch-ear", "home/z2m", self.frames.append, self.lines.append)

    def start(self) -> None:
        self.broker = subprocess.Popen(
            ["mosquitto", "-p", str(self.port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def stop(self) -> None:
        if self.broker is not None:
            self.broker.kill()
            self.broker.wait()
            self.broker = None

    def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, f"nothing came in {PATIENCE_S} s; heard {self.frames}"
            self.listener.turn(0.2)

    def publish(self, *messages: tuple[str, bytes, bool]) -> None:
        sent = [{"topic": topic, "payload": payload, "qos": 1, "retain": retain} for topic, payload, retain in messages]
        publish.multiple(sent, hostname="127.0.0.1", port=self.port)  # type: ignore[arg-type]


@pytest.fixture
def ear() -> Iterator[Ear]:
    if shutil.which("mosquitto") is None:
        pytest.skip("no mosquitto here: apt install mosquitto, or `make test`")
    made = Ear(free_port())
    made.start()
    made.until(lambda: FOUND in made.frames)
    made.frames.clear()
    made.lines.clear()
    yield made
    made.listener.close()
    made.stop()


def test_what_a_sensor_says_is_handed_on_and_commands_and_chatter_are_not(ear: Ear) -> None:
    chatter = ["bridge/logging", "bridge/info", "bridge/groups", "bridge/response/device/rename", "bridge/connection"]
    chatter += ["Lamp/set", "Lamp/get", "Lamp/set/brightness"]
    ear.publish(
        *((f"home/z2m/{address}", b"{}", False) for address in chatter),
        ("home/z2mx/PIR", b"{}", False),
        ("home/z2m/ground floor/PIR", b'{"occupancy":true}', False),
        ("home/z2m/PIR/availability", b"online", False),
        ("home/z2m/bridge/state", b"online", False),
    )
    ear.until(lambda: any(frame.address == "bridge/state" for frame in ear.frames))
    assert [frame for frame in ear.frames if frame.address != "bridge/state"] == [
        Frame("zigbee", "ground floor/PIR", b'{"occupancy":true}'),
        Frame("zigbee", "PIR/availability", b"online"),
    ]


def test_what_is_too_large_is_dropped_and_said(ear: Ear) -> None:
    ear.publish(
        ("home/z2m/PIR", b"x" * (MAX_FRAME_BYTES + 1), False),
        ("home/z2m/bridge/devices", b"x" * (MAX_DEVICES_BYTES + 1), False),
        ("home/z2m/bridge/devices", b"[" + b" " * 200_000 + b"]", False),
        ("home/z2m/" + "n" * 600, b"{}", False),
        ("home/z2m/last", b"x" * MAX_FRAME_BYTES, False),
    )
    ear.until(lambda: any(frame.address == "last" for frame in ear.frames))
    assert {frame.address for frame in ear.frames} == {"bridge/devices", "last"}
    assert ear.listener.dropped >= 3
    assert ear.lines[0].startswith("local broker: 1 messages dropped so far, last PIR with 65537 bytes (at most 65536")
    assert all(line.isprintable() and len(line) < 250 for line in ear.lines)


def test_a_lost_broker_is_said_once_and_found_again_with_what_it_retained(ear: Ear, tmp_path: Path) -> None:
    ear.stop()
    ear.until(lambda: LOST in ear.frames)
    ear.until(lambda: len(ear.lines) >= 1)
    ear.start()
    ear.until(lambda: FOUND in ear.frames)
    assert ear.frames == [LOST, FOUND]
    ear.publish(("home/z2m/PIR", b"{}", True))
    ear.until(lambda: len(ear.frames) == 3)
    assert ear.frames[2] == Frame("zigbee", "PIR", b"{}")  # heard live, whatever the broker keeps


def test_the_list_of_devices_comes_before_what_was_retained_of_a_device(ear: Ear) -> None:
    retained = [("Attic", b"{}"), ("PIR/availability", b"online"), ("bridge/devices", b"[]"), ("bridge/state", b"x")]
    ear.publish(*((f"home/z2m/{address}", payload, True) for address, payload in retained))
    late = Ear(ear.port)
    late.until(lambda: {frame.address for frame in late.frames} >= {address for address, _ in retained})
    late.listener.close()
    assert {frame.address for frame in late.frames[1:3]} == {"bridge/devices", "bridge/state"}
    assert all(frame.retained for frame in late.frames[1:])


@pytest.mark.parametrize(
    "address", ["bridge/state", "bridge/devices", "PIR", "a/b/PIR", "settee", "get", "PIR/availability"]
)
def test_sensors_and_the_state_of_the_bridge_are_wanted(address: str) -> None:
    assert wanted(address)
