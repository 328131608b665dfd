"""A home that is provisioned for real: the real zigbee2mqtt with its radio in memory, and the real command."""

import json
from pathlib import Path
from typing import Any, Final

from agent.home import parse as parse_home
from agent.hub import parse as parse_hub
from agent.nouns import Home
from tests.brokers import LONG_S, Process, until
from tests.setup_maker import ANSWERS, DOOR, PIR, SOS
from tests.whole_hub import RUN
from tests.z2m.harness import World

DEVICES: Final = (PIR, DOOR, SOS)
SLOW_S: Final = 3 * LONG_S  # three devices join, on a busy machine
KILLED: Final = "from tests.provision_steps import become; become()"


class Fleet:
    """One hub's folder, beside the zigbee2mqtt of ``made``."""

    def __init__(self, folder: Path, made: World, more: str = "", answers: str = ANSWERS) -> None:
        self.folder, self.made = folder, made
        self.config, self.answers = folder / "hub.toml", folder / "answers.toml"
        local = f'\n[local]\nhost = "127.0.0.1"\nport = {made.port}\n'
        self.answers.write_text(answers + local + more)

    def start(self, *more: str, killed_at: str | None = None) -> Process:
        words = ("provision", "--config", str(self.config), "--answers", str(self.answers), *more)
        return Process(RUN, *words) if killed_at is None else Process(KILLED, killed_at, *words)

    def join(self, process: Process) -> None:
        """Each device is switched on, once devices may join; one that is known already announces itself."""
        until(lambda: process.over() or any("waiting for" in line for line in _said(process)), "joining", SLOW_S)
        for device in DEVICES:
            if process.over():
                return
            self.made.tell(do="join", device=device)
            self.made.tell(do="announce", device=device)
            until(lambda: process.over() or self._has(device), f"{device} to be taken", SLOW_S)  # noqa: B023 - at once

    def _has(self, device: str) -> bool:
        said = self.progress()["said"]["sensor"] if (self.folder / "setup.json").exists() else []
        return device in [one["address"] for one in said] and device in [
            one["address"] for one in self.progress()["found"]["devices"] if one["interview"] == "ready"
        ]

    def through(self, *more: str) -> Process:
        """From wherever it is to the end."""
        with self.start(*more) as process:
            self.join(process)
            until(process.over, f"the end; said {_said(process)}", SLOW_S)
            assert process.ended() in (0, 1)
            return process

    def progress(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "setup.json").read_text())
        return found

    def home(self) -> Home | None:
        """Whole, or none at all; hub.toml likewise, and never without its home."""
        home, hub = self.folder / "home.toml", self.folder / "hub.toml"
        if hub.exists():
            parse_hub(hub.read_bytes())
            assert home.exists()
        return parse_home(home.read_bytes()) if home.exists() else None


def _said(process: Process) -> list[str]:
    return [*process.lines, *process.errors]
