"""``hearthwatch run``: both processes, kept up; and what trying again cannot mend."""

import subprocess
import sys
from pathlib import Path

import pytest

from agent.__main__ import main
from agent.transport.door_io import Door
from agent.transport.uplink_io import uplink_door
from agent.watch_io import locked
from tests.brokers import LONG_S, free_port
from tests.living_hub import HOME


def test_a_second_run_on_the_same_hub_ends_at_once_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "home.toml").write_text(HOME)
    broker = f'host = "127.0.0.1"\nport = {free_port()}\n'
    (tmp_path / "hub.toml").write_text(
        f'[hub]\nid = "hub-1"\nstate = "state"\nhome = "home.toml"\n[local]\n{broker}[[upstream]]\n{broker}'
    )
    with locked(tmp_path / "state"):
        words = [sys.executable, "-m", "agent", "run", "--config", str(tmp_path / "hub.toml")]
        done = subprocess.run(words, capture_output=True, text=True, timeout=LONG_S, check=False)
    assert done.returncode == 75
    assert "an agent is running with this state directory" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_uplink_on_the_same_hub_ends_at_once_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broker = f'host = "127.0.0.1"\nport = {free_port()}\n'
    (tmp_path / "hub.toml").write_text(
        f'[hub]\nid = "hub-1"\nstate = "state"\nhome = "home.toml"\n[local]\n{broker}[[upstream]]\n{broker}'
    )
    (tmp_path / "state").mkdir()
    first = Door(uplink_door(str(tmp_path / "state")))
    assert main(["uplink", "--config", str(tmp_path / "hub.toml")]) == 75
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("uplink.sock: already running")
    first.close()
