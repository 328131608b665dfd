"""The set-up page of a hub for tests: as a process of its own, and an installer who reads the code at its terminal."""

import http.client
import os
import re
import ssl
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from agent.setup_io import Session
from tests.brokers import LONG_S, ROOT, free_port, until
from tests.guests import Answer, Visitor
from tests.page_maker import COMMAND

# Of a home in which nothing joins: what the forms say, in the order of the steps.
SAID: Final = (
    ("/step/identity", {"id": "hub-0001", "host": "127.0.0.1", "port": "1883", "base_topic": "zigbee2mqtt"}),
    ("/step/home", {"id": "elm-12", "timezone": "Europe/London", "residents": "1"}),
    (
        "/step/consent",
        {
            "agreed_by": "Mary Smith",
            "agreed_on": "2026-11-27",
            "in_presence_of": "Tom, her son",
            "monitoring": "yes",
            "summary_to_family": "yes",
            "bathroom_detail_to_family": "no",
        },
    ),
    ("/step/rooms", {"kind": "hall", "name": "Hall"}),
)

CARE = {
    "not_up_by": "", "night_from": "22:30", "night_to": "06:30", "bed_exit_minutes": "30", "night_exit": "yes",
    "door_open_minutes": "20", "home_by": "", "false_alerts_per_30_days": "2", "ask_first_seconds": "0",
}  # fmt: skip


class Installer(Visitor):
    """Somebody with a browser, in or not."""

    def __init__(self, page: "SetupPage", name: str = "Ann") -> None:
        super().__init__(page.host, page.line)
        self.page, self.name, self.csrf = page, name, ""

    def enter(self, code: str | None = None) -> Answer:
        answer = self.ask("POST", "/login", {"code": code or self.page.code(), "who": self.name})
        found = re.search(r'name="csrf" value="([\w-]+)"', self.ask("GET", "/").text)
        self.csrf = found[1] if found else ""
        return answer

    def say(self, path: str, **fields: str) -> Answer:
        return self.ask("POST", path, {"csrf": self.csrf, **fields})


class SetupPage:
    """Within the block the page runs; ``secure``: on every address, which has TLS, under the name localhost."""

    def __init__(self, folder: Path, secure: bool = False) -> None:
        self.folder, self.port, self.secure = folder, free_port(), secure
        self.config = folder / "hub.toml"
        self.place = f"{'0.0.0.0' if secure else '127.0.0.1'}:{self.port}"
        self.where = "localhost" if secure else "127.0.0.1"
        self.host = f"{self.where}:{self.port}"
        if secure:
            with Session(self.config) as session:
                session.say({"page": {"address": "0.0.0.0", "names": ["localhost"]}})
        self.address = f"{'https' if self.secure else 'http'}://{self.host}"
        self.errors = folder / "page.err"

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        line = [sys.executable, "-c", COMMAND, "provision", "--config", str(self.config), "--page", self.place]
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(line, stderr=errors, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
        try:
            until(lambda: "code: " in self.said(), "the page to be served", LONG_S)
        except BaseException:
            self.kill()
            raise

    def said(self) -> str:
        return self.errors.read_text()

    def code(self) -> str:
        """The last that the terminal showed."""
        return str(re.findall(r"code: ([A-Z0-9]{4}-[A-Z0-9]{4})", self.said())[-1])

    def kill(self) -> None:
        """As a power cut would."""
        self.process.kill()
        self.process.wait()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()

    def line(self) -> http.client.HTTPConnection:
        if not self.secure:
            return http.client.HTTPConnection(self.where, self.port, timeout=LONG_S)
        trust = ssl.create_default_context(cafile=str(self.folder / "state" / "page.pem"))
        return http.client.HTTPSConnection(self.where, self.port, timeout=LONG_S, context=trust)

    def installer(self, name: str = "Ann") -> Installer:
        """Somebody who is in."""
        found = Installer(self, name)
        assert found.enter().status == 303
        return found


def set_up_to(installer: Installer, last: str) -> None:
    """Every step up to that path, by the forms of the page."""
    for path, fields in SAID:
        answer = installer.say(path, **fields)
        assert answer.status == 303, answer.text
        if path == last:
            return
