"""An installer's hour, from the box to a certified home, and the hub's last day: the real commands, zigbee2mqtt, TLS.

What goes wrong on the way has tests of its own; docs/installer.md names them.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest

from agent.transport.keys_io import signer
from tests.brokers import ROOT, Authority, Mosquitto, Process, centre_process, until
from tests.fleet_maker import Fleet
from tests.notes import told
from tests.setup_maker import ANSWERS
from tests.walked_hub import Walks
from tests.whole_hub import RUN
from tests.z2m.harness import World, door, motion, press, world

HUB: Final = "hub-0001"
UPSTREAM: Final = (
    'ca = "from-the-centre/ca.pem"\ncertificate = "from-the-centre/hub.pem"\n'
    'receipt_key = "from-the-centre/receipts.pub"\n'
)
COMMAND_S: Final = 120.0  # a bound for a command that is waited for


class Visit:
    """A hub in its box, a home with three sensors, and a monitoring centre that knows nothing of the hub yet."""

    def __init__(self, folder: Path, made: World, line: Mosquitto, authority: Authority) -> None:
        upstream = f'host = "localhost"\nport = {line.port}\n{UPSTREAM}'
        answers = ANSWERS.replace('host = "127.0.0.1"\nport = 1884\n', upstream)
        self.made, self.line, self.authority, self.desk = made, line, authority, folder / "desk"
        self.fleet = Fleet(folder / "hub", made, answers=answers)
        self.folder = self.fleet.folder
        self.seconds: dict[str, float] = {}
        self._presses = 0

    def timed(self, name: str, begun: float) -> None:
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - begun

    def sign(self) -> None:
        """What the centre makes of the hub's request; it goes there and back on a stick."""
        given = self.folder / "from-the-centre"
        given.mkdir()
        (given / "hub.pem").write_bytes(self.authority.sign((self.folder / "centre" / "hub.csr").read_bytes()))
        shutil.copy(self.authority.ca, given / "ca.pem")
        shutil.copy(self.desk / "centre.pub", given / "receipts.pub")
        shutil.copy(self.folder / "state" / "hub.pub", self.desk / "hubs" / f"{HUB}.pub")

    def provision(self) -> list[str]:
        """The answers file, once more; what it says."""
        begun = time.monotonic()
        process = self.fleet.through()
        self.timed("provision", begun)
        return [*process.lines, *process.errors]

    def command(self, *words: str) -> tuple[int, str, str]:
        begun = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", RUN, *words],
            cwd=ROOT, capture_output=True, text=True, timeout=COMMAND_S, check=False,
        )  # fmt: skip
        self.timed(words[0], begun)
        return done.returncode, done.stdout, done.stderr

    def settle(self) -> None:
        """Each device says how it stands: the first that is ever heard of one is neither an opening nor a movement."""
        since = self.made.mark()
        door(self.made, False)
        motion(self.made)
        self.made.expect(since, "hall-motion", occupancy=False)

    def walk(self) -> tuple[int, dict[str, Any]]:
        begun = time.monotonic()
        line = [sys.executable, "-c", RUN, "walk-test", "--config", str(self.fleet.config)]
        with Walks(line, self._do) as walks:
            end, status = walks.all(), walks.status()
        self.timed("walk-test", begun)
        return status, end

    def _do(self, step: str, what: str) -> None:
        """What the walk asks for, by radio."""
        if step == "room":
            motion(self.made)
        elif step in ("open", "shut"):
            door(self.made, step == "open")
        elif step == "press":
            self._presses += 1
            press(self.made, self._presses)


@pytest.fixture
def visit(tmp_path: Path) -> Iterator[Visit]:
    for name in ("desk", "desk/hubs", "hub", "radio"):
        (tmp_path / name).mkdir()
    authority = Authority(tmp_path / "authority")
    signer(str(tmp_path / "desk" / "centre.key"))
    with world(tmp_path / "radio") as made, Mosquitto(tmp_path / "desk", authority) as line:
        made.start()
        made.until(lambda: made.new() == [("zigbee", "link", 1)], "the bridge")
        yield Visit(tmp_path, made, line, authority)


def test_from_the_box_to_a_certified_home_and_out_of_it_again(visit: Visit, request: pytest.FixtureRequest) -> None:
    config = str(visit.fleet.config)
    asked, public = visit.folder / "centre" / "hub.csr", visit.folder / "state" / "hub.pub"
    assert f"for the centre: {asked} and {public}" in visit.provision()
    visit.sign()
    assert any(line.startswith("written: ") for line in visit.provision())
    with ExitStack() as running:
        centre = running.enter_context(centre_process(visit.line.client("centre"), visit.desk))
        for name in ("watch", "uplink"):
            running.enter_context(Process(RUN, name, "--config", config))
        until((visit.folder / "state" / "watch.sock").exists, "watch to start")
        visit.settle()
        status, end = visit.walk()
        assert (status, end["faults"]) == (0, [])
        kept = json.loads((visit.folder / "walk.json").read_text())
        assert {one["sensor"]: one["verdict"] for one in kept["sensors"]} == dict.fromkeys(
            ("hall-motion", "front-door", "pendant"), "working"
        )
        status, said, errors = visit.command("certificate", "--config", config, "--by", "Ines")
        assert status == 0, (said, errors)
        assert [event["event"] for event in map(json.loads, centre.lines)].count("refused") == 0
    certificate = visit.folder / "certificate.html"
    key = ("--key", str(visit.desk / "hubs" / f"{HUB}.pub"))
    assert visit.command("certificate", "--verify", str(certificate), *key)[0] == 0
    page = certificate.read_bytes()
    certificate.write_bytes(page.replace(b"Ines", b"Anna"))
    assert visit.command("certificate", "--verify", str(certificate), *key)[0] == 1
    _leaves(visit)
    told(request.config, "an installer's hour, in seconds").lines.append(
        ", ".join(f"{name} {each:.0f}" for name, each in visit.seconds.items())
        + f"; the centre signed for the test alert within {kept['call']['received_ms']} ms"
    )


def _leaves(visit: Visit) -> None:
    """The hub is taken out of the home: nothing of it stays there, and the centre believes it no more."""
    asked, hubs = visit.desk / f"retire-{HUB}.json", visit.desk / "hubs"
    status, said, errors = visit.command("erase", "--config", str(visit.fleet.config), "--yes", "--out", str(asked))
    assert status == 0, (said, errors)
    assert not (visit.folder / "home.toml").exists()
    assert not list((visit.folder / "state").glob("journal*"))
    retired = ("centre", "retire", str(asked), "--hubs", str(hubs), "--state", str(visit.desk / "centre.db"))
    status, said, errors = visit.command(*retired)
    assert status == 0, (said, errors)
    assert not (hubs / f"{HUB}.pub").exists()
