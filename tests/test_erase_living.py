"""A hub that lives, with its centre, is taken out of its home; whoever kept a copy of its key is believed no more."""

import shutil
import signal
from pathlib import Path

import pytest

from agent.__main__ import main
from agent.mqtt_io import Client
from agent.nouns import Instant
from agent.transport.envelope import FIRST, Envelope, seal, topic
from agent.transport.keys_io import signer
from tests.brokers import until
from tests.doctor_maker import lay
from tests.living_hub import HUB, Alarm, LivingHub
from tests.seat import Seat


def test_a_key_that_was_copied_before_the_hub_was_erased_opens_nothing_afterwards(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    thief = tmp_path_factory.mktemp("thief")  # not beside hub.toml: there it would be found
    with LivingHub(tmp_path) as hub:
        with Alarm(hub.home.client("radio")):
            until(lambda: hub.told("alert"), "an alert at the centre")
        shutil.copy(hub.state / "hub.key", thief / "hub.key")
        for part in ("watch", "uplink"):
            hub.processes[part].send(signal.SIGKILL)
        erase = ["erase", "--config", str(tmp_path / "hub.toml"), "--out", str(tmp_path / "retire.json"), "--yes"]
        assert main(erase) == 0
        assert list(hub.state.iterdir()) == []
        retire = ["centre", "retire", str(tmp_path / "retire.json"), "--hubs", str(tmp_path / "hubs")]
        assert main([*retire, "--state", str(tmp_path / "centre.db")]) == 0
        known = len(hub.told("alert"))
        speak(hub, thief / "hub.key")
        until(lambda: hub.told("refused"), "the centre to refuse it")
        assert len(hub.told("alert")) == known


def speak(hub: LivingHub, key: Path) -> None:
    """An alert in that hub's name, signed with that key, on the line to its centre."""
    what = ("possible_fall", "raised", "critical", "kitchen", Instant(10**12), Instant(10**12), "synced")
    said = Envelope(HUB, 900, 1, "900-1", *what, 900, 1_000, False, FIRST)
    codes: list[int] = []
    client = Client(
        hub.line.client("thief"), "thief", lambda *message: None, lambda *link: None,
        lambda mid, code: codes.append(code),
    )  # fmt: skip
    until(lambda: client.turn(0.05) or client.up, "the thief to connect")
    client.publish(topic(HUB, "alert"), seal(said, signer(str(key))))
    until(lambda: client.turn(0.05) or codes, "the broker's word")
    client.close()


def test_who_takes_fright_and_presses_ctrl_c_reads_that_nothing_was_erased(tmp_path: Path) -> None:
    config = lay(tmp_path)
    signer(str(tmp_path / "state" / "hub.key"))
    with Seat("erase", "--config", str(config), "--out", str(tmp_path / "retire.json")) as seat:
        seat.sees("Type hub-7 to erase it: ")
        seat.interrupts()
        seat.sees("Nothing was erased")
        assert seat.ended() == 130
    assert (tmp_path / "state" / "hub.key").stat().st_size
