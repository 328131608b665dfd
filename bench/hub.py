"""A real hub on loopback for measuring: mosquitto, watch and uplink as their own processes, and a centre's ear.

mosquitto serves as the local and as the centre's broker at once; only topics tell the two apart.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from agent.simulate.dialects import opening
from agent.simulate.fleet import TEN, home_text

SEED = 3
SYSCTL = Path("deploy/package/hearthwatch/usr/lib/sysctl.d/60-hearthwatch.conf")
SMOKE_AT = "0x00158d00000000ff"
SMOKE = f'''
[[sensor]]
id = "smoke"
kind = "smoke"
room = "kitchen"
link = "zigbee"
address = "{SMOKE_AT}"
'''
UP_S = 20.0


@dataclass(frozen=True)
class Hub:
    folder: Path
    port: int
    watch: subprocess.Popen[bytes]
    uplink: subprocess.Popen[bytes]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: str, done: "threading.Event") -> None:
    if not done.wait(UP_S):
        raise SystemExit(f"bench: {what} did not happen within {UP_S:.0f} s")


@contextlib.contextmanager
def settings_of_a_hub() -> Iterator[bool]:
    """What the package sets of the kernel is so meanwhile, as far as that is allowed here; False: it is not."""
    lines = [line for line in SYSCTL.read_text().splitlines() if "=" in line and not line.startswith("#")]
    wanted = {Path("/proc/sys", *line.split(" = ")[0].split(".")): line.split(" = ")[1] for line in lines}
    before = {path: path.read_text().strip() for path in wanted if path.exists()}  # a kernel without it needs none
    try:
        with contextlib.suppress(PermissionError):
            _set({path: wanted[path] for path in before})
        yield all(path.read_text().strip() == wanted[path] for path in before)
    finally:
        with contextlib.suppress(PermissionError):
            _set(before)


def _set(values: dict[Path, str]) -> None:
    for path, value in values.items():
        if path.read_text().strip() != value:
            path.write_text(value)


@contextlib.contextmanager
def running_hub(page: str = "") -> Iterator[Hub]:
    """The three processes, up and connected; gone when the block ends. ``page``: what hub.toml says of one."""
    broker = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder, port = Path(name), free_port()
        (folder / "mosquitto.conf").write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nlog_type error\n"
        )
        (folder / "home.toml").write_text(home_text(SEED) + SMOKE)
        (folder / "hub.toml").write_text(
            f'[hub]\nid = "bench"\nstate = "state"\nhome = "home.toml"\n[local]\nhost = "127.0.0.1"\nport = {port}\n'
            f'[[upstream]]\nhost = "127.0.0.1"\nport = {port}\nreceipt_key = "centre.pub"\n{page}'
        )
        _start(stack, [broker, "-c", str(folder / "mosquitto.conf")])
        _listening(port)
        (folder / "hubs").mkdir()
        _start(stack, _centre(folder, port))
        _appears(folder / "centre.pub")
        watch = _start(stack, _agent("watch", folder))
        _appears(folder / "state" / "watch.sock")
        shutil.copy(folder / "state" / "hub.pub", folder / "hubs" / "bench.pub")
        uplink = _start(stack, _agent("uplink", folder))
        yield Hub(folder, port, watch, uplink)


def _agent(verb: str, folder: Path) -> list[str]:
    return [sys.executable, "-m", "agent", verb, "--config", str(folder / "hub.toml")]


def _centre(folder: Path, port: int) -> list[str]:
    files = ["--hubs", f"{folder}/hubs", "--signing-key", f"{folder}/centre.key", "--state", f"{folder}/centre.db"]
    return [sys.executable, "-m", "agent", "centre", "serve", "--host", "127.0.0.1", "--port", str(port), *files]


def _appears(path: Path) -> None:
    deadline = time.monotonic() + UP_S
    while not path.exists():
        if time.monotonic() > deadline:
            raise SystemExit(f"bench: {path.name} did not appear: a process did not start (BENCH_LOUD=1 shows why)")
        time.sleep(0.02)


def _start(stack: contextlib.ExitStack, words: list[str]) -> "subprocess.Popen[bytes]":
    quiet = None if os.environ.get("BENCH_LOUD") else subprocess.DEVNULL
    # Each in a session of its own, as services are: where Linux shares the cores by session, that is seen.
    process = subprocess.Popen(words, stdout=quiet, stderr=quiet, start_new_session=True)
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process


def _listening(port: int) -> None:
    deadline = time.monotonic() + UP_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.02)
    raise SystemExit("bench: mosquitto did not start")


class Ear:
    """A client of the broker that notes when each alert arrives, and speaks as zigbee2mqtt does."""

    def __init__(self, port: int) -> None:
        self.arrived: list[float] = []
        self.receipted: list[float] = []
        self.came, self.signed = threading.Event(), threading.Event()
        ready = threading.Event()
        self._mqtt = paho.Client(CallbackAPIVersion.VERSION2)
        self._mqtt.on_message = self._hear
        # Else the kernel keeps our next message back until the broker has acknowledged the last one, 40 ms later.
        self._mqtt.on_socket_open = _at_once
        self._mqtt.on_subscribe = lambda *said: ready.set()
        self._mqtt.connect("127.0.0.1", port)
        self._mqtt.subscribe([("hearthwatch/v1/+/alert", 1), ("hearthwatch/v1/+/receipt", 1)])
        self._mqtt.loop_start()
        wait_for("subscribing", ready)
        for frame in opening(TEN, SEED):
            payload = frame.payload if frame.address != "bridge/devices" else _with_smoke(frame.payload)
            self.say(frame.address, payload, frame.retained)

    def close(self) -> None:
        """It hears no more; else each series of alerts would be heard once more than the one before."""
        self._mqtt.disconnect()
        self._mqtt.loop_stop()

    def _hear(self, client: object, data: object, message: paho.MQTTMessage) -> None:
        alert = message.topic.endswith("/alert")
        (self.arrived if alert else self.receipted).append(time.monotonic())
        (self.came if alert else self.signed).set()

    def say(self, address: str, payload: bytes, retained: bool = False) -> None:
        self._mqtt.publish(f"zigbee2mqtt/{address}", payload, qos=0, retain=retained)


def _at_once(client: paho.Client, data: object, line: Any) -> None:
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _with_smoke(devices: bytes) -> bytes:
    exposes = {
        "type": "binary",
        "name": "smoke",
        "property": "smoke",
        "access": 1,
        "value_on": True,
        "value_off": False,
    }
    alarm = {"ieee_address": SMOKE_AT, "friendly_name": "Smoke", "definition": {"exposes": [exposes]}}
    return json.dumps([*json.loads(devices), alarm]).encode()
