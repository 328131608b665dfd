"""A whole hub for tests: ``watch`` and ``uplink`` as on a hub, and a smoke sensor behind a real local broker."""

import json
import signal
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from agent.mqtt_io import Broker, Client
from agent.transport.outbox_io import Outbox
from tests.brokers import Process, until
from tests.living_hub import HOME
from tests.zigbee_maker import SMOKE, binary, device

NAME: Final = "hub-9"
RUN: Final = "import sys; from agent.__main__ import main; sys.exit(main(sys.argv[1:]))"


class WholeHub:
    """Its two processes, up; all paths are below ``folder``. ``upstreams`` and ``hub`` are text of hub.toml."""

    def __init__(
        self, folder: Path, local: Broker, upstreams: str, hub: str = "", env: Mapping[str, str] | None = None
    ) -> None:
        self.state, self._env = folder / "state", env
        self._config = folder / "hub.toml"
        (folder / "home.toml").write_text(HOME)
        self._config.write_text(
            f'[hub]\nid = "{NAME}"\nstate = "state"\nhome = "home.toml"\n{hub}\n'
            f'[local]\nhost = "127.0.0.1"\nport = {local.port}\n{upstreams}'
        )
        self._radio = Client(local, "radio", lambda *said: None, lambda *said: None)
        self._fires = 0
        self._say("bridge/devices", json.dumps([device(SMOKE, "Smoke", binary("smoke"))]).encode(), retained=True)
        self._say("bridge/state", b'{"state":"online"}', retained=True)
        self.watch = self.start("watch")
        until((self.state / "watch.sock").exists, "watch to start")
        self.outbox = Outbox(str(self.state / "outbox.db"))
        until(lambda: any("online" in line for line in self.watch.lines), "watch to hear zigbee2mqtt")
        self.uplink = self.start("uplink")

    def start(self, name: str) -> Process:
        words = ("--follow",) if name == "watch" else ()
        return Process(RUN, name, "--config", str(self._config), *words, env=self._env)

    def pin_at(self, *centres: Path) -> None:
        for centre in centres:
            (centre / "hubs").mkdir(exist_ok=True)
            (centre / "hubs" / f"{NAME}.pub").write_bytes((self.state / "hub.pub").read_bytes())

    def smoke(self) -> None:
        """One alert more: smoke, or no longer."""
        before = len(self.outbox.messages())
        self._fires += 1
        self._say("Smoke", json.dumps({"smoke": self._fires % 2 == 1, "linkquality": self._fires}).encode())
        until(lambda: len(self.outbox.messages()) > before, "the alert to be in the outbox")

    def links(self, line: int = 1) -> list[tuple[str, str]]:
        """State and reason of a line, each time that watch heard of it."""
        return [(said["state"], said["reason"]) for said in self._heard("link") if said["line"] == line]

    def receipts(self) -> list[str]:
        """The kinds of the receipts that watch believed."""
        return [said["kind"] for said in self._heard("receipt")]

    def _heard(self, address: str) -> list[dict[str, Any]]:
        """What watch took in from uplink, as it printed it."""
        found = [json.loads(printed) for printed in tuple(self.watch.lines)]
        return [json.loads(one["payload"]) for one in found if one.get("address") == address]

    def _say(self, address: str, payload: bytes, retained: bool = False) -> None:
        until(lambda: self._radio.turn(0.05) or self._radio.up, "the radio to connect")
        self._radio.publish(f"zigbee2mqtt/{address}", payload, retained)
        self._radio.turn(0.05)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for process in (self.watch, self.uplink):
            process.send(signal.SIGKILL)
        self._radio.close()
        self.outbox.close()


def upstream(broker: Broker, receipt_key: Path, more: str = "") -> str:
    """An [[upstream]] of hub.toml."""
    files = f'ca = "{broker.ca}"\ncertificate = "{broker.certificate}"\nkey = "{broker.key}"\n' if broker.ca else ""
    where = f'host = "{broker.host}"\nport = {broker.port}\n'
    return f'[[upstream]]\n{where}{files}receipt_key = "{receipt_key}"\n{more}\n'
