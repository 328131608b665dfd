"""A home of three sensors on the real zigbee2mqtt: real broker, real controller, a radio in memory (adapter.js)."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from agent.mqtt_io import Broker
from agent.nouns import BadFrame, Frame, Home, Instant, Reading, Room, Sensor
from agent.sensors.decode import Decoder
from agent.sensors.zigbee_io import Listener

HERE = Path(__file__).parent
INSTALLED = HERE.parent.parent / "build" / "zigbee2mqtt"
MODULES = INSTALLED / "node_modules"
PATIENCE_S = 20.0  # for anything to happen; a start takes 1 s to 3 s, an interview 1.5 s
PIR, DOOR, SOS = "0x00158d0001a2b3c4", "0x00124b0022334455", "0xa4c1380011223344"
SIREN, PLUG = "0x60a423fffe112233", "0x00124b0099887766"  # no sensors: what the home may switch
NAMES = {PIR: "Hall PIR", DOOR: "ground floor/front door", SOS: "SOS"}

CONFIGURATION = {
    "version": 5,
    "mqtt": {"base_topic": "zigbee2mqtt", "server": "mqtt://127.0.0.1:{port}"},
    "serial": {"port": "/dev/null", "adapter": "ember"},
    "advanced": {
        "last_seen": "ISO_8601",
        "log_output": ["console"],
        "log_level": "warning",
        "network_key": [1, 3, 5, 7, 9, 11, 13, 15, 0, 2, 4, 6, 8, 10, 12, 13],
        "pan_id": 6754,
        "ext_pan_id": [221] * 8,
        "channel": 11,
    },
    "frontend": {"enabled": False},
    "homeassistant": {"enabled": False},
    "availability": {"enabled": True},
    "devices": {address: {"friendly_name": name} for address, name in NAMES.items()},
}


def node() -> Path:
    """The Node that came with the test parts, or one on the PATH; zigbee2mqtt wants 22 or newer."""
    own = INSTALLED / "node"
    found = own if own.exists() else shutil.which("node")
    return Path(found) if found else pytest.skip("no Node here: `make test` installs it with the test parts")


def needs_parts() -> None:
    if shutil.which("mosquitto") is None:
        pytest.skip("no mosquitto here: apt install mosquitto, or `make test`")
    if not (MODULES / "zigbee2mqtt" / "index.js").exists():
        pytest.skip("no zigbee2mqtt in build/zigbee2mqtt: `make test` installs it")
    version = subprocess.run([node(), "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.lstrip("v").split(".")[0]) < 22:
        pytest.skip(f"zigbee2mqtt wants Node 22 or newer, here is {version.strip()}: `make test` installs one")


def home() -> Home:
    sensors = [
        Sensor("hall-motion", "motion", "hall", None, "zigbee", PIR),
        Sensor("front-door", "door", "hall", "entrance", "zigbee", DOOR),
        Sensor("pendant", "button", "hall", None, "zigbee", SOS),
    ]
    return Home("elm-12", "Europe/London", 1, {"hall": Room("hall", "hall", "Hall")}, {s.id: s for s in sensors})


class World:
    """The home, the broker, zigbee2mqtt when it runs, and what the decoder made of it. ``at`` counts the frames."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.frames: list[Frame] = []
        self.readings: list[Reading] = []
        self.said: list[str] = []
        self.rejects: list[str] = []
        self.decoder = Decoder(home())
        self.step_ms = 1_000  # between two frames; tests about time set it
        self.at = 0
        self.z2m: subprocess.Popen[str] | None = None
        self.listener = self._listener()
        self._tsn = 0

    def _listener(self) -> Listener:
        broker = Broker("127.0.0.1", self.port)
        return Listener(broker, "hearthwatch-test", "zigbee2mqtt", self._frame, self.said.append)

    def restart_hub(self, absent_ms: int, snapshot: str | None = None) -> None:
        """The hub was away for a while; it knows what it wrote down, and the broker repeats what it retained."""
        snapshot = snapshot or json.dumps(self.decoder.snapshot())
        self.decoder = Decoder(home())
        self.decoder.restore(json.loads(snapshot))
        self.at += absent_ms
        self.listener.close()
        self.listener = self._listener()
        since = self.mark()
        self.until(lambda: len(self.frames) > since and self.frames[-1].payload == b"online", "the broker")

    def _frame(self, frame: Frame) -> None:
        self.frames.append(frame)
        self.at += self.step_ms
        try:
            self.readings += self.decoder.decode(Instant(self.at), frame)
        except BadFrame as error:
            self.rejects.append(str(error))

    def until(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, f"waited {PATIENCE_S} s for {what}; heard {self.frames[-5:]}"
            self.listener.turn(0.2)

    def mark(self) -> int:
        return len(self.frames)

    def heard(self, since: int, address: str, **fields: object) -> dict[str, Any] | None:
        """The first message of a device since ``mark`` with these fields."""
        for frame in self.frames[since:]:
            if frame.address == NAMES.get(address, address) and frame.payload.startswith(b"{"):
                message: dict[str, Any] = json.loads(frame.payload)
                if all(message.get(key) == value for key, value in fields.items()):
                    return message
        return None

    def expect(self, since: int, address: str, **fields: object) -> dict[str, Any]:
        """Wait for such a message and return it."""
        self.until(lambda: self.heard(since, address, **fields), f"{address} with {fields}")
        found = self.heard(since, address, **fields)
        assert found is not None
        return found

    def new(self) -> list[tuple[str, str, int]]:
        """What was read since this was last asked."""
        said = [reading[1:] for reading in self.readings]
        self.readings.clear()
        return said

    def start(self) -> None:
        environment = dict(
            os.environ,
            ZIGBEE2MQTT_DATA=str(self.folder),
            Z2M_MODULES=str(MODULES),
            GIT_DIR="/nonexistent",  # it would take the commit of our own work tree for its own
        )
        command: list[Path | str] = [node(), "--require", HERE / "adapter.js", MODULES / "zigbee2mqtt" / "index.js"]
        with (self.folder / "log").open("a") as log:
            self.z2m = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment, text=True
            )

    def tell(self, **order: object) -> None:
        assert self.z2m is not None
        assert self.z2m.stdin is not None
        self.z2m.stdin.write(json.dumps(order) + "\n")
        self.z2m.stdin.flush()

    def say(self, device: str, cluster: int, data: bytes) -> None:
        self.tell(do="say", device=device, cluster=cluster, data=data.hex())

    def told(self, device: str) -> list[tuple[str, dict[str, Any]]]:
        """What a device was told by radio so far: commands, and what came with them."""
        lines = (self.folder / "log").read_text().splitlines()
        said = [json.loads(line.removeprefix("told ")) for line in lines if line.startswith("told ")]
        return [(each["command"], each["with"]) for each in said if each["device"] == device]

    def tsn(self) -> int:
        """The transaction number of a device's next frame."""
        self._tsn = (self._tsn + 1) % 256
        return self._tsn

    def keep(self, name: str) -> None:
        """Write what was heard as a fixture for the pure tests, when Z2M_FIXTURES names a folder."""
        if "Z2M_FIXTURES" not in os.environ:
            return
        lines: list[str] = []
        listed = ""
        for frame in self.frames:
            payload = frame.payload.decode()
            if frame.address == "bridge/devices":
                payload = json.dumps(_slim(json.loads(payload)), separators=(",", ":"))
                if payload == listed:
                    continue
                listed = payload
            lines.append(json.dumps([frame.address, payload, frame.retained], ensure_ascii=False))
        text = "[\n" + ",\n".join(lines) + "\n]\n"
        Path(os.environ["Z2M_FIXTURES"], f"{name}.json").write_text(text, encoding="utf-8")

    def stop(self) -> None:
        """End politely: state.json and the database are written."""
        assert self.z2m is not None
        self.z2m.terminate()
        self._ended()

    def kill(self) -> None:
        assert self.z2m is not None
        self.z2m.kill()
        self._ended()

    def _ended(self) -> None:
        assert self.z2m is not None
        assert self.z2m.stdin is not None
        self.z2m.wait(PATIENCE_S)
        self.z2m.stdin.close()
        self.z2m = None

    def stopped(self) -> int | None:
        return None if self.z2m is None else self.z2m.poll()


_PROSE = ("description", "label", "options", "endpoints", "source", "supports_ota", "icon")


def _slim(data: Any) -> Any:
    """The shape without the catalogue's prose."""
    if isinstance(data, dict):
        return {key: _slim(value) for key, value in data.items() if key not in _PROSE}
    return [_slim(each) for each in data] if isinstance(data, list) else data


def report(tsn: int, attribute: int, kind: int, value: bytes) -> bytes:
    """A ZCL attribute report; ``kind`` is the ZCL data type."""
    return bytes([0x18, tsn, 0x0A]) + attribute.to_bytes(2, "little") + bytes([kind]) + value


def motion(world: World) -> None:
    world.say(PIR, 0x0406, report(world.tsn(), 0, 0x18, b"\x01"))


def pir_battery(world: World, millivolt: int) -> None:
    """What this PIR sends every hour: one text attribute with a list of tags, the first of them its voltage."""
    value = bytes([0x01, 0x21]) + millivolt.to_bytes(2, "little")
    world.say(PIR, 0x0000, report(world.tsn(), 0xFF01, 0x42, bytes([len(value)]) + value))


def door(world: World, is_open: bool) -> None:
    """An IAS zone's status change: bit 0 is the alarm."""
    world.say(DOOR, 0x0500, bytes([0x09, world.tsn(), 0x00, is_open, 0, 0, 0, 0, 0]))


def door_battery(world: World, percent: int) -> None:
    world.say(DOOR, 0x0001, report(world.tsn(), 0x21, 0x20, bytes([percent * 2])))


def press(world: World, tsn: int) -> None:
    world.say(SOS, 0x0501, bytes([0x01, tsn, 0x02]))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def world(folder: Path, timeout_s: int = 1, last_seen: str = "ISO_8601") -> Iterator[World]:
    """A broker and everything around it; ``timeout_s`` is when zigbee2mqtt ends a motion."""
    needs_parts()
    port = free_port()
    configuration = json.loads(json.dumps(CONFIGURATION).replace("{port}", str(port)))
    configuration["devices"][PIR]["occupancy_timeout"] = timeout_s
    configuration["advanced"]["last_seen"] = last_seen
    (folder / "configuration.yaml").write_text(json.dumps(configuration))  # JSON is YAML
    broker = subprocess.Popen(["mosquitto", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    made = World(folder, port)
    try:
        made.until(lambda: made.frames and made.frames[-1].payload == b"online", "the broker")
        made.new()
        yield made
    finally:
        made.listener.close()
        if made.z2m is not None:
            made.kill()
        broker.kill()
        broker.wait()
