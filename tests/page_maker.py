"""A hub's page for tests: the journal of a home with some days in it, the page as a process of its own, and guests."""

import http.client
import os
import re
import ssl
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from agent.engine import Engine
from agent.home import parse
from agent.journal_io import Journal
from agent.loop import fill, run
from agent.nouns import Entry, Frame, Instant
from agent.page.serve_io import AT_ONCE
from agent.simulate.days import days
from agent.simulate.dialects import as_log_frames, as_readings
from agent.simulate.fleet import home_text
from agent.transport.envelope import FIRST, envelope, seal
from agent.transport.keys_io import signer
from tests.brokers import LONG_S, ROOT, free_port, until
from tests.guests import Answer, Visitor

PASSWORD: Final = "seven-green-lanterns"
SEED: Final = 5
BEGAN: Final = Instant(1_772_323_200_000)  # Sunday 2026-03-01, midnight in London
DAYS: Final = 30
FEW_DAYS: Final = 2
LAST: Final = "2026-03-30"
HOME: Final = home_text(SEED, link="log")
COMMAND: Final = "import sys; from agent.__main__ import main; sys.exit(main(sys.argv[1:]))"


def live_through(folder: Path, text: str, count: int = DAYS) -> None:
    """Days of the simulated home into a journal; on the last one the help button is pressed, and its envelope left."""
    state = folder / "state"
    state.mkdir(parents=True)
    home = parse(text)
    journal, engine = Journal(state / "journal.db", home.id), Engine(home)
    sign = signer(str(state / "hub.key"))
    journal.seal = lambda alert: seal(envelope(alert, "hub-7", alert.epoch, "bathroom", FIRST), sign)
    told = as_log_frames(as_readings(days(SEED, BEGAN, count, home.timezone)))
    entries = [Entry(seq, at, frame) for seq, (at, frame) in enumerate(told, 1)]
    pressed = Instant(entries[-1].at + 1)
    entries.append(Entry(len(entries) + 1, pressed, Frame("log", "sos-button", b"button 1")))
    journal.begin(engine, entries[0].at, 1, "test")
    run(fill(entries, engine), engine, journal)
    journal.close()


class Guest(Visitor):
    def __init__(self, page: "HubPage", name: str = "anna") -> None:
        super().__init__(page.host, page.line)
        self.name = name

    def log_in(self, password: str = PASSWORD) -> Answer:
        return self.ask("POST", "/login", {"name": self.name, "password": password})

    def csrf(self) -> str:
        """The token that this session's forms carry."""
        found = re.search(r'name="csrf" value="([\w-]+)"', self.ask("GET", "/looks").text)
        assert found is not None
        return found[1]


class HubPage:
    """Within the block the page runs; ``secure``: on an address that has TLS, which is this machine's all the same."""

    def __init__(self, folder: Path, text: str = HOME, count: int = DAYS, secure: bool = False) -> None:
        self.folder, self.port, self.secure = folder, free_port(), secure
        self._asked = 0
        self.state = folder / "state"
        self.host = f"{'localhost' if secure else '127.0.0.1'}:{self.port}"
        self.address = f"{'https' if secure else 'http'}://{self.host}"
        if not self.state.exists():
            live_through(folder, text, count)
        (folder / "home.toml").write_text(text)
        page = f"port = {self.port}\n"
        page += 'address = "0.0.0.0"\nnames = ["localhost"]\n' if secure else 'address = "127.0.0.1"\n'
        (folder / "hub.toml").write_text(
            '[hub]\nid = "hub-7"\nstate = "state"\nhome = "home.toml"\n[local]\nhost = "127.0.0.1"\n'
            f'[[upstream]]\nhost = "127.0.0.1"\n[page]\n{page}[simulation]\nspeed = 1\n'
        )
        self.errors = folder / "page.err"

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        words = [sys.executable, "-c", COMMAND, "page", "--config", str(self.folder / "hub.toml")]
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(words, stderr=errors, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
        try:
            until(lambda: self.address in self.said(), "the page to be served", LONG_S)
        except BaseException:
            self.stop()
            raise

    def said(self) -> str:
        return self.errors.read_text()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def line(self) -> http.client.HTTPConnection:
        """From another address now and then: one alone may not ask as often as a test does."""
        self._asked += 1
        source = f"127.0.1.{1 + self._asked // (AT_ONCE.asks // 4) % 250}", 0
        if not self.secure:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20, source_address=source)
        trust = ssl.create_default_context(cafile=str(self.state / "page.pem"))
        return http.client.HTTPSConnection("localhost", self.port, timeout=20, source_address=source, context=trust)

    def command(self, *words: str, status: int = 0) -> str:
        """``hearthwatch family WORDS`` to its end; what it printed, errors last."""
        line = [sys.executable, "-c", COMMAND, "family", *words, "--config", str(self.folder / "hub.toml")]
        ended = subprocess.run(line, capture_output=True, text=True, cwd=ROOT, timeout=LONG_S, check=False)
        assert ended.returncode == status, ended.stderr
        return ended.stdout + ended.stderr

    def invite(self, name: str, *words: str) -> str:
        """The code of an invitation."""
        found = re.search(r"/welcome/([\w-]+)", self.command("invite", "--name", name, *words))
        assert found is not None
        return found[1]

    def guest(self, name: str, *words: str) -> Guest:
        """Somebody who was invited, and is in."""
        guest, code = Guest(self, name), self.invite(name, *words)
        answer = guest.ask("POST", "/welcome", {"code": code, "password": PASSWORD, "again": PASSWORD})
        assert (answer.status, answer.headers["Location"]) == (303, "/")
        return guest
