"""A monitoring centre's desk for tests: a real broker, the receiver as a process of its own with its page, operators,
and hubs that say whatever they are told to."""

import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from agent.mqtt_io import Broker, Client
from agent.nouns import Instant
from agent.transport.envelope import FIRST, GONE, Envelope, Receipt, digest, open_receipt, seal, topic
from agent.transport.keys_io import signer, verifier
from centre.answers_io import Answers
from centre.store_io import Store, now
from centre.web_io import accounts_of
from tests.brokers import LONG_S, ROOT, Mosquitto, Process, centre_process, free_port, until

OPERATOR: Final = "ines.k"
PASSWORD: Final = "seven-green-lanterns"


CENTRE: Final = "import sys; from agent.__main__ import main; sys.exit(main(['centre', *sys.argv[1:]]))"


class Caller:
    """A hub's hand at the centre's broker: says, and believes what the centre signed."""

    def __init__(self, desk: "Desk", name: str, epoch: int = 1) -> None:
        self.name, self._epoch = name, epoch
        self._sign = signer(str(desk.folder / "hubs" / f"{name}.key"))
        self._verify = verifier(str(desk.folder / "centre.pub"))
        self._seq, self._previous = 0, FIRST
        self.sealed: dict[int, bytes] = {}
        self.receipts: list[Receipt] = []
        self._client = Client(
            desk.broker, name, self._came, lambda up, reason: None, subscriptions=[topic(name, "receipt")]
        )
        self.back()

    def _came(self, _topic: str, payload: bytes, _retained: bool) -> None:
        receipt = open_receipt(payload, self._verify)
        assert digest(self.sealed[receipt.seq]) == receipt.alert
        self.receipts.append(receipt)

    def turn(self) -> bool:
        self._client.turn(0.01)
        return self._client.up

    def say(
        self, kind: str = "possible_fall", state: str = "raised", severity: str = "critical", **more: object
    ) -> int:
        """Raised now, unless ``more`` says otherwise; returns its number."""
        self._seq += 1
        said = Envelope(
            self.name, self._epoch, self._seq, f"{self._epoch}-{self._seq}", kind, state, severity, "bathroom",
            now(), Instant(now() - 1_080_000), "synced", 970, 1_000, False, self._previous,
        )  # fmt: skip
        said = replace(said, **more)  # type: ignore[arg-type]
        self._seq = said.seq
        sealed = seal(said, self._sign)
        self._previous = digest(sealed)
        self.sealed[self._seq] = sealed
        self.send(self._seq)
        return self._seq

    def send(self, seq: int) -> None:
        self._publish("alert", self.sealed[seq])

    def holds(self, seq: int, kind: str) -> Receipt:
        """The receipt of that kind for that number, waited for."""

        def look() -> list[Receipt]:
            self.turn()
            return [one for one in self.receipts if (one.seq, one.kind) == (seq, kind)]

        return until(look, f"{self.name} to hold a receipt {kind} for no. {seq}; it has {self.receipts}")[-1]

    def gone(self) -> None:
        """It vanishes, and the broker says its Last Will."""
        self._publish("will", GONE, retain=True)
        self._client.close()

    def back(self) -> None:
        until(self.turn, f"{self.name} to be connected")
        self._publish("will", b"", retain=True)

    def _publish(self, what: str, payload: bytes, retain: bool = False) -> None:
        until(lambda: self.turn() and self._client.publish(topic(self.name, what), payload, retain) is not None, what)

    def close(self) -> None:
        self._client.close()


class Desk:
    """``address`` is the page's. Within the block the receiver runs, and OPERATOR may log in with PASSWORD."""

    def __init__(self, folder: Path, *more: str, page: bool = True) -> None:
        self.folder, self._more = folder, more
        self._ends = ExitStack()
        self.port = free_port() if page else None
        self.address = f"http://127.0.0.1:{self.port}"
        (folder / "hubs").mkdir(exist_ok=True)

    def __enter__(self) -> Self:
        self.broker: Broker = self._ends.enter_context(Mosquitto(self.folder)).client("x")
        self.receivers: list[Process] = []
        self.receive("hearthwatch-centre", *([] if self.port is None else ["--page", f"127.0.0.1:{self.port}"]))
        self.store = Store(self.state)
        self._ends.callback(self.store.close)
        self.accounts, self.answers = accounts_of(self.store), Answers(self.store)
        self.accounts.add(OPERATOR, PASSWORD, now(), "a test")
        return self

    @property
    def state(self) -> str:
        return str(self.folder / "centre.db")

    def receive(self, client_id: str, *more: str) -> Process:
        """One more receiver at this desk; it listens on return."""
        words = ["--client-id", client_id, *self._more, *more]
        receiver = self._ends.enter_context(centre_process(self.broker, self.folder, *words))
        until(lambda: any("online" in line for line in receiver.errors), f"{client_id} to listen: {receiver.errors}")
        self.receivers.append(receiver)
        return receiver

    def hub(self, name: str = "hub-7", epoch: int = 1) -> Caller:
        caller = Caller(self, name, epoch)
        self._ends.callback(caller.close)
        return caller

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ends.close()

    def command(self, *words: str, status: int = 0, typed: str = "") -> str:
        """``hearthwatch centre WORDS`` about this desk's file, to its end; what it printed, errors last."""
        line = [sys.executable, "-c", CENTRE, *words, "--state", self.state]
        ended = subprocess.run(line, input=typed, capture_output=True, text=True, cwd=ROOT, timeout=LONG_S, check=False)
        assert ended.returncode == status, ended.stderr
        return ended.stdout + ended.stderr
