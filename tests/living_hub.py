"""A hub with its home, its line and its centre as they run: real processes and brokers, killed and started at will."""

import json
import signal
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from agent.mqtt_io import Broker, Client
from agent.transport.outbox_io import Outbox
from agent.transport.outboxes_io import outbox_path
from tests.brokers import CENTRE, Mosquitto, Process, until
from tests.history import History, count, faults, history, replays
from tests.steps import CODE
from tests.zigbee_maker import SMOKE, binary, device

HUB: Final = "hub-9"
HOME: Final = f"""
[home]
id = "h"
timezone = "Europe/London"
residents = 1
[[room]]
id = "kitchen"
kind = "kitchen"
[[sensor]]
id = "smoke"
kind = "smoke"
room = "kitchen"
link = "zigbee"
address = "{SMOKE}"
"""
DRAINED_S: Final = 120.0
GOES_ON_S: Final = 60.0
CHANGE_S: Final = 0.05  # from one change of the smoke sensor to the next: a hub on a busy machine keeps up with that


class Alarm(threading.Thread):
    """A smoke sensor in a fire that comes and goes: twenty changes a second, heard by whoever is up."""

    def __init__(self, broker: Broker, name: str = "Smoke") -> None:
        super().__init__(daemon=True)
        self._client = Client(broker, "radio", lambda *said: None, lambda *said: None)
        self._over, self._name = threading.Event(), name

    def run(self) -> None:
        until(lambda: self._client.turn(0.05) or self._client.up, "the radio to connect")
        introduced = json.dumps([device(SMOKE, self._name, binary("smoke"))]).encode()
        self._say("bridge/devices", introduced, retained=True)
        self._say("bridge/state", b'{"state":"online"}', retained=True)
        number = 0
        while not self._over.is_set():
            number += 1
            self._say(self._name, json.dumps({"smoke": number % 2 == 0, "linkquality": number % 200}).encode())
            due = time.monotonic() + CHANGE_S
            while (left_s := due - time.monotonic()) > 0:
                self._client.turn(left_s)  # which returns early, when the broker answers
        self._client.close()

    def _say(self, address: str, payload: bytes, retained: bool = False) -> None:
        self._client.publish(f"zigbee2mqtt/{address}", payload, retained)
        self._client.turn(0.0)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self.join()


class LivingHub:
    """``watch``, ``uplink`` and the centre's receiver, each by its name; the home's broker, and the centre's."""

    def __init__(self, folder: Path, home: str = HOME, line_port: int | None = None) -> None:
        """``line_port``: where uplink is to find the centre's broker, if not where it is."""
        self.folder, self.state = folder, folder / "state"
        for name in ("home", "line", "hubs"):
            (folder / name).mkdir()
        self.home, self.line = Mosquitto(folder / "home"), Mosquitto(folder / "line")
        (folder / "home.toml").write_text(home)
        self._line_port = line_port
        self.processes: dict[str, Process] = {}
        self._past: list[str] = []  # what receivers that are gone have printed

    def __enter__(self) -> Self:
        self.home.start()
        self.line.start()
        (self.folder / "hub.toml").write_text(
            f'[hub]\nid = "{HUB}"\nstate = "state"\nhome = "home.toml"\n'
            f'[local]\nhost = "127.0.0.1"\nport = {self.home.port}\n'
            f'[[upstream]]\nhost = "127.0.0.1"\nport = {self._line_port or self.line.port}\n'
            'receipt_key = "centre.pub"\n'
        )
        self.start("centre")
        until((self.folder / "centre.pub").exists, "the centre to make its key")
        self.start("watch")
        until((self.state / "watch.sock").exists, "watch to start")
        (self.folder / "hubs" / f"{HUB}.pub").write_bytes((self.state / "hub.pub").read_bytes())
        self.start("uplink")
        self.outbox = Outbox(outbox_path(str(self.state)), durable=False)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for process in self.processes.values():
            process.__exit__(None, None, None)
        self.outbox.close()
        self.line.kill()
        self.home.kill()

    def start(self, name: str, step: str = "") -> None:
        """``step``: it kills itself there."""
        words = ["--config", str(self.folder / "hub.toml")]
        if name == "centre":
            words = ["--host", "127.0.0.1", "--port", str(self.line.port), "--json"]
            words += ["--hubs", str(self.folder / "hubs"), "--signing-key", str(self.folder / "centre.key")]
            words += ["--state", str(self.folder / "centre.db")]
        self.processes[name] = Process(CODE, step, *(CENTRE if name == "centre" else (name,)), *words)

    def kill(self, name: str, step: str = "") -> None:
        """kill -9, and started again."""
        process = self.processes[name]
        assert process.send(signal.SIGKILL) == -signal.SIGKILL, process.errors
        self._again(name, step)

    def dies(self, name: str) -> None:
        """It comes to the step at which it kills itself, and is started again."""
        process = self.processes[name]
        until(process.over, f"{name} to come to its step", GOES_ON_S)
        assert process.ended() == -signal.SIGKILL, process.errors
        self._again(name, "")

    def _again(self, name: str, step: str) -> None:
        if name == "centre":
            self._past += self.processes[name].lines
        self.start(name, step)

    def heard(self) -> int:
        """How many messages the centre has written down."""
        return count(self.folder / "centre.db", HUB)

    def goes_on(self, more: int) -> None:
        """So many more messages come to the centre."""
        wanted = self.heard() + more
        try:
            until(lambda: self.heard() >= wanted, "alerts to reach the centre", GOES_ON_S)
        except AssertionError as fault:
            last = {name: (process.over(), process.errors[-3:]) for name, process in self.processes.items()}
            raise AssertionError(f"{fault}; {last}; {self.outbox.messages()[-3:]}") from None

    def told(self, kind: str) -> list[dict[str, Any]]:
        """Events of one kind that receivers have printed for the operator."""
        lines = [*self._past, *self.processes["centre"].lines]
        return [event for event in map(json.loads, lines) if event["event"] == kind]

    def history(self) -> History:
        return history(self.state, self.folder / "centre.db", HUB, self.told("alert"))

    def drained(self) -> History:
        """Everything is said and signed for; the history then, in which no invariant is broken."""
        until(lambda: not self.outbox.waiting() and self._faults() == [], "every alert to be signed for", DRAINED_S)
        found = self.history()
        assert faults(found, self.state / "hub.pub") + replays(self.state) == []
        assert not self.told("missing")
        assert not self.told("refused")
        return found

    def _faults(self) -> list[str]:
        return faults(self.history(), self.state / "hub.pub")
