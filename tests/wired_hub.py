"""A real ``watch`` with a wired board on one of its serial ports, and what it has heard."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from agent.civil import parse_rfc3339
from agent.journal_io import Journal
from agent.nouns import Instant, Reading
from agent.verify_io import verify
from tests.brokers import LONG_S, ROOT, Mosquitto, Process, until
from tests.whole_hub import RUN

HOME: Final = """
[home]
id = "elm-12"
timezone = "Europe/London"
residents = 1
[[room]]
id = "hall"
kind = "hall"
[[room]]
id = "bedroom"
kind = "bedroom"
"""
SENSOR: Final = """
[[sensor]]
id = "{id}"
kind = "{kind}"
room = "{room}"
link = "serial"
address = "bridge-1/{channel}"
"""
WIRED: Final = (
    ("hall-motion", "motion", "hall", "motion0"),
    ("front-door", "door", "hall", "door0"),
    ("cord", "button", "hall", "button0"),
    ("bed", "bed", "bedroom", "bed0"),
)
QUIET: Final = frozenset({"checkin", "link", "restless"})
SLOW_S: Final = 3 * LONG_S  # a board in a simulator on a busy machine


class WiredHub:
    """``port`` is the name under which the board is found, as in /dev/serial/by-id: it may lead elsewhere later."""

    def __init__(self, folder: Path, baud: int = 115_200) -> None:
        self.state, self.port = folder / "state", folder / "board"
        (folder / "broker").mkdir()
        self._broker = Mosquitto(folder / "broker")
        self._config, self._baud = folder / "hub.toml", baud
        sensors = [
            SENSOR.format(id=id, kind=kind, room=room, channel=channel)
            + ('role = "entrance"\n' if id == "front-door" else "")
            for id, kind, room, channel in WIRED
        ]
        (folder / "home.toml").write_text(HOME + "".join(sensors))
        self._past: list[str] = []

    def __enter__(self) -> Self:
        self._broker.start()
        self._config.write_text(
            '[hub]\nid = "hub-9"\nstate = "state"\nhome = "home.toml"\n'
            f'[local]\nhost = "127.0.0.1"\nport = {self._broker.port}\n'
            f'[[serial]]\nport = "{self.port}"\nbaud = {self._baud}\n'
            '[[upstream]]\nhost = "127.0.0.1"\nport = 9\n'
        )
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.watch.__exit__(None, None, None)
        self._broker.kill()

    def start(self) -> None:
        self.watch = Process(RUN, "watch", "--config", str(self._config), "--follow")
        until(lambda: any('"address": "boot"' in line for line in self.watch.lines), "watch to start", SLOW_S)

    def kill(self) -> None:
        """kill -9."""
        self.watch.send(signal.SIGKILL)
        self._past += self.watch.lines

    def consent(self, word: str) -> None:
        """As a person asks for it, at the hub."""
        asked = [sys.executable, "-c", RUN, "consent", word, "--by", "Ada", "--config", str(self._config)]
        subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, timeout=SLOW_S)

    def plug(self, line: str) -> None:
        self.port.unlink(missing_ok=True)
        self.port.symlink_to(line)

    def unplug(self) -> None:
        self.port.unlink()

    def said(self) -> list[dict[str, Any]]:
        """All that ``--follow`` has printed, of this run and of those before."""
        return [json.loads(line) for line in (*self._past, *tuple(self.watch.lines))]

    def readings(self) -> list[Reading]:
        """What happened in the home, in the order in which it was heard."""
        return [
            Reading(parse_rfc3339(one["at"]), one["sensor"], one["kind"], one["value"])
            for one in self.said()
            if "sensor" in one and one["kind"] not in QUIET
        ]

    def late(self) -> list[bool]:
        return [one.get("late", False) for one in self.said() if "sensor" in one and one["kind"] not in QUIET]

    def alerts(self, kind: str) -> list[dict[str, Any]]:
        return [one["alert"] for one in self.said() if "alert" in one and one["alert"]["kind"] == kind]

    def board(self, what: str) -> list[Any]:
        """What the board has said of itself."""
        heard = [json.loads(one["payload"]) for one in self.said() if one.get("link") == "serial"]
        return [one[what] for one in heard if what in one]

    def changes(self) -> int:
        """Lines that ``--follow`` has printed."""
        return len(self.watch.lines)

    def until_heard(self, count: int, what: str) -> None:
        until(lambda: len(self.readings()) >= count, what, SLOW_S)

    def until_met(self) -> None:
        """The board is known, does as home.toml says, and has tested itself."""
        met = len(self.board("hello"))
        until(lambda: len(self.board("selftest")) >= max(1, met), "the board to be met", SLOW_S)

    def kept(self) -> list[Reading]:
        """What the journal has of it."""
        journal = Journal(self.state / "journal.db")
        found = [one for one in journal.readings(Instant(0), Instant(1 << 62)) if one.quantity not in QUIET]
        journal.close()
        return found

    def frames(self, address: str) -> list[bytes]:
        """What the journal has from there."""
        journal = Journal(self.state / "journal.db")
        entries = [entry for segment in journal.segments() for entry in journal.entries(segment.id)]
        journal.close()
        return [entry.frame.payload for entry in entries if entry.frame is not None and entry.frame.address == address]

    def faults(self) -> list[str]:
        """What `journal verify` finds."""
        return verify(self.state / "journal.db")
