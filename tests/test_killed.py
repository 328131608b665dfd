"""kill -9 at random, over and over, while alerts are raised: none lost, none twice, and replay says the same."""

import contextlib
import json
import os
import random
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.journal_io import Journal
from agent.mqtt_io import Broker, Client
from agent.transport.outbox_io import Outbox
from tests.brokers import Mosquitto, Process, centre_process, until
from tests.test_live_equals_replay import replayed
from tests.zigbee_maker import SMOKE, binary, device

CYCLES = int(os.environ.get("HEARTHWATCH_KILLS", "100"))
HOME = f"""
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
RUN = "import sys; from agent.__main__ import main; sys.exit(main(sys.argv[1:]))"


class Alarm(threading.Thread):
    """A smoke sensor in a fire that comes and goes: forty changes a second, heard by whoever is up."""

    def __init__(self, broker: Broker) -> None:
        super().__init__(daemon=True)
        self._client = Client(broker, "radio", lambda *said: None, lambda *said: None)
        self._over = threading.Event()

    def run(self) -> None:
        until(lambda: self._client.turn(0.05) or self._client.up, "the radio to connect")
        self._say("bridge/devices", json.dumps([device(SMOKE, "Smoke", binary("smoke"))]).encode(), retained=True)
        self._say("bridge/state", b'{"state":"online"}', retained=True)
        number = 0
        while not self._over.is_set():
            number += 1
            self._say("Smoke", json.dumps({"smoke": number % 2 == 0, "linkquality": number % 200}).encode())
            self._client.turn(0.025)

    def _say(self, address: str, payload: bytes, retained: bool = False) -> None:
        self._client.publish(f"zigbee2mqtt/{address}", payload, retained)
        self._client.turn(0.0)

    def stop(self) -> None:
        self._over.set()
        self.join()


class Hub:
    """The hub's processes, killed and started again one at a time."""

    def __init__(self, folder: Path, port: int) -> None:
        self._config = folder / "hub.toml"
        self.state = folder / "state"
        (folder / "home.toml").write_text(HOME)
        self._config.write_text(
            '[hub]\nid = "hub-9"\nstate = "state"\nhome = "home.toml"\n'
            f'[local]\nhost = "127.0.0.1"\nport = {port}\n'
            f'[[upstream]]\nhost = "127.0.0.1"\nport = {port}\nreceipt_key = "centre.pub"\n'
        )
        self.processes = {"watch": self._start("watch")}
        until((self.state / "watch.sock").exists, "watch to start")
        self.processes["uplink"] = self._start("uplink")

    def _start(self, name: str) -> Process:
        return Process(RUN, name, "--config", str(self._config))

    def kill(self, name: str) -> None:
        assert self.processes[name].send(signal.SIGKILL) == -signal.SIGKILL, self.processes[name].errors
        self.processes[name] = self._start(name)

    def end(self) -> None:
        for process in self.processes.values():
            process.send(signal.SIGKILL)
        self.processes.clear()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as broker:
        yield broker


def said(state: Path) -> list[tuple[int, int]]:
    journal = Journal(state / "journal.db")
    found = [(epoch, seq) for epoch, seq, _ in journal.alerts()]
    journal.close()
    return found


def test_a_hub_killed_a_hundred_times_in_a_fire_loses_no_alert_and_tells_none_twice(
    tmp_path: Path, mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(1)
    broker = mosquitto.client("centre")
    with centre_process(broker, tmp_path) as centre, contextlib.ExitStack() as ended:
        until((tmp_path / "centre.pub").exists, "the centre to make its key")
        hub = Hub(tmp_path, mosquitto.port)
        ended.callback(hub.end)
        (tmp_path / "hubs" / "hub-9.pub").write_bytes((hub.state / "hub.pub").read_bytes())
        alarm = Alarm(broker)
        alarm.start()
        for _ in range(CYCLES):
            before = len(said(hub.state))
            until(lambda before=before: len(said(hub.state)) > before, "an alert to be raised")  # type: ignore[misc]
            hub.kill(dice.choice(("watch", "watch", "uplink")))
        alarm.stop()
        spoken = until(lambda: said(hub.state), "the journal")
        until(lambda: len(centre.events("alert")) >= len(spoken), "every alert to reach the centre", 120)
        outbox = Outbox(str(hub.state / "outbox.db"))
        until(lambda: not outbox.waiting(), "every receipt to be believed", 120)
        received = [(event["epoch"], event["seq"]) for event in centre.events("alert")]
        assert sorted(received) == said(hub.state), "none lost, none twice"
        assert [seq for _, seq in sorted(received)] == list(range(1, len(received) + 1)), "no gap"
        assert not centre.events("missing")
        assert not centre.events("refused")
    journal = Journal(hub.state / "journal.db")
    assert replayed(journal) == [line for _, _, line in journal.alerts()]
    with capsys.disabled():
        print(f"\n{CYCLES} kills, {len(received)} alerts: none lost, none twice")
