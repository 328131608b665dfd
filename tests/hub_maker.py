"""A hub without a home, and somebody at the broker: what the tests of uplink and centre share."""

import json
from pathlib import Path

from agent.mqtt_io import Broker, Client
from agent.nouns import BadFrame, Instant
from agent.transport.door_io import Door, knock, watch_door
from agent.transport.envelope import FIRST, Envelope, Receipt, Sign, digest, open_receipt, seal
from agent.transport.keys_io import signer, verifier
from agent.transport.outbox_io import Outbox
from agent.transport.outboxes_io import outbox_path
from agent.transport.pulse_io import pulse_door
from agent.transport.uplink_io import uplink_door
from tests.brokers import until
from tests.history import History, Number, faults, heard

HUB = "hub-7"


class Hub:
    """What ``watch`` does with the outbox, without a home: seals, puts, knocks, and believes signed receipts only."""

    def __init__(self, folder: Path, name: str = HUB) -> None:
        self.state = folder / name
        self.state.mkdir()
        self.name, self.outbox = name, Outbox(outbox_path(str(self.state)))
        self.sign: Sign = signer(str(self.state / "hub.key"))
        self.door = Door(watch_door(str(self.state)))
        self._seq, self._previous, self._row = 0, FIRST, 0
        self.said: dict[Number, bytes] = {}
        self.receipted: set[Number] = set()
        self.link: list[dict[str, str]] = []
        self.refused: list[str] = []
        self.receipts: list[Receipt] = []

    def close(self) -> None:
        self.door.close()
        self.outbox.close()

    def pin_at(self, centre: Path) -> None:
        (centre / "hubs").mkdir(exist_ok=True)
        (centre / "hubs" / f"{self.name}.pub").write_bytes((self.state / "hub.pub").read_bytes())

    def say(self, count: int = 1, severity: str = "critical", lives: bool = True) -> None:
        """``lives`` False: what a hub had said before its watch stalled."""
        for _ in range(count):
            self._seq += 1
            said = Envelope(
                self.name, 1, self._seq, f"1-{self._seq}", "possible_fall", "raised", severity, "kitchen",
                Instant(10**12), Instant(10**12), "synced", 900, 1_000, False, self._previous,
            )  # fmt: skip
            sealed = seal(said, self.sign)
            self._previous = digest(sealed)
            self.said[1, self._seq] = sealed
            self.outbox.put(1, self._seq, severity, sealed)
        knock(uplink_door(str(self.state)))
        if lives:
            self.lives()

    def lives(self) -> None:
        """Give a sign of life, as ``watch`` does when all its stages have come round."""
        knock(pulse_door(str(self.state)))

    def read_returned(self, centre_key: Path) -> None:
        self.lives()
        verify = verifier(str(centre_key))
        for row in self.outbox.returned(self._row):
            self._row = row.id
            self.outbox.forget_returned(row.id)  # as watch does: what nobody takes is kept up to a bound only
            if row.what == "link":
                self.link.append(json.loads(row.payload))
                continue
            try:
                receipt = open_receipt(row.payload, verify)
            except BadFrame as error:
                self.refused.append(str(error))
                continue
            if digest(self.outbox.envelope(receipt.epoch, receipt.seq)) == receipt.alert:
                self.receipts.append(receipt)
                self.outbox.receipted(receipt.epoch, receipt.seq)
                self.receipted.add((receipt.epoch, receipt.seq))
                knock(uplink_door(str(self.state)))

    def faults(self, centre: Path) -> list[str]:
        """What breaks an invariant between this hub and what that centre has written down."""
        received = heard(centre / "centre.db", self.name)
        return faults(History(self.said, self.receipted, received), self.state / "hub.pub")

    def owes_nothing(self, centre: Path) -> bool:
        self.read_returned(centre / "centre.pub")
        return not self.outbox.waiting()

    def told(self, centre: Path) -> list[str]:
        """The kinds of the receipts that it believed."""
        self.read_returned(centre / "centre.pub")
        return [receipt.kind for receipt in self.receipts]

    def states(self, centre: Path) -> list[str]:
        """How the line was, each time it changed."""
        self.read_returned(centre / "centre.pub")
        return [said["state"] for said in self.link]


class Tap:
    """Somebody at the broker who hears, and may say, what the centre can."""

    def __init__(self, broker: Broker, *more: str) -> None:
        """``more`` of what hubs and centres say: receipt."""
        self.heard: list[tuple[str, bytes, bool]] = []
        self.codes: list[int] = []
        topics = [f"hearthwatch/v1/+/{what}" for what in ("alert", "will", *more)]
        self.client = Client(
            broker, "tap", lambda *message: self.heard.append(message), lambda up, reason: None,
            lambda mid, code: self.codes.append(code), subscriptions=topics,
        )  # fmt: skip
        until(self._turned, "the tap to be connected")

    def _turned(self) -> bool:
        self.client.turn(0.05)
        return self.client.up

    def alerts(self) -> list[bytes]:
        return self._said("alert")

    def wills(self) -> list[bytes]:
        return self._said("will")

    def receipts(self) -> list[bytes]:
        return self._said("receipt")

    def _said(self, what: str) -> list[bytes]:
        self.client.turn(0.05)
        return [payload for topic, payload, _ in self.heard if topic.endswith(f"/{what}")]
