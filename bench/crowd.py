"""Many hubs in one process, each with a key of its own and the product's own client, for one receiver to bear.

What they say is sealed beforehand, so that the crowd is not what is measured.
"""

import json
import select
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.mqtt_io import Broker, Client, Will
from agent.nouns import Instant
from agent.retry import SPREAD_S
from agent.transport.envelope import FIRST, GONE, Envelope, digest, seal, topic
from agent.transport.sending import Sending, Waiting
from agent.transport.uplink_io import NOBODY, REFUSED

ROUND: Final = 50  # of those who have nothing to do, so many are looked at in a turn, for their keepalive
NAP_MS: Final = 5


class Member:
    """One hub: what it will say, its line, and when each receipt came."""

    def __init__(self, name: str, broker: Broker, hubs: Path, count: int) -> None:
        self.name = name
        key = Ed25519PrivateKey.generate()
        (hubs / f"{name}.pub").write_bytes(urlsafe_b64encode(key.public_key().public_bytes_raw()).rstrip(b"=") + b"\n")
        self._sealed = list(_sealed(name, key, count))
        self._said = 0
        self.waiting: list[Waiting] = []
        self.raised: dict[str, float] = {}  # hash -> when
        self.delays_s: list[float] = []
        self.sent = 0
        self.back_at: float | None = None  # when the line came up last
        self._sending, self._mids = Sending(), dict[int, Waiting]()
        self.client = Client(
            broker, name, self._came, self._link, self._acknowledged, will=Will(topic(name, "will"), GONE),
            subscriptions=(topic(name, "receipt"),), spread_s=SPREAD_S,
        )  # fmt: skip

    def say(self) -> None:
        sealed = self._sealed[self._said]
        self._said += 1
        self.waiting.append(Waiting(0, 1, self._said))
        self.raised[digest(sealed)] = time.monotonic()

    def turn(self) -> None:
        self.client.hurry(bool(self.waiting))
        if self.waiting and self.client.up:
            now_ms = _now_ms()
            for message in self._sending.plan(now_ms, self.waiting).publish:
                mid = self.client.publish(topic(self.name, "alert"), self._sealed[message.seq - 1])
                if mid is not None:
                    self._mids[mid] = message
                    self._sending.published(now_ms, message)
                    self.sent += 1
        self.client.turn(0.0)

    def _link(self, up: bool, _reason: str) -> None:
        self._sending.lost()
        self._mids.clear()
        self.back_at = time.monotonic() if up else None

    def _acknowledged(self, mid: int, code: int) -> None:
        message = self._mids.pop(mid, None)
        if message is not None and (code >= REFUSED or code == NOBODY):
            self._sending.refused(_now_ms(), message)
        else:
            self._sending.taken()

    def _came(self, _topic: str, payload: bytes, _retained: bool) -> None:
        receipt = json.loads(payload)
        raised = self.raised.pop(receipt["alert"], None)
        if raised is not None:
            self.delays_s.append(time.monotonic() - raised)
            self.waiting = [message for message in self.waiting if message.seq != receipt["seq"]]


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def _sealed(name: str, key: Ed25519PrivateKey, count: int) -> Iterable[bytes]:
    previous, now = FIRST, Instant(time.time_ns() // 1_000_000)
    for seq in range(1, count + 1):
        said = Envelope(
            name, 1, seq, f"1-{seq}", "sos", "raised", "critical", "hall", now, now, "synced", 1_000, 1_000, False,
            previous,
        )  # fmt: skip
        sealed = seal(said, key.sign)
        previous = digest(sealed)
        yield sealed


def until(crowd: list[Member], done: Callable[[], bool], limit_s: float, everybody: bool = False) -> float:
    """Let them take turns until it is done; seconds. ``everybody``: also those who have nothing to say, at once.

    SystemExit after ``limit_s``.
    """
    began, place = time.monotonic(), 0
    while not done():
        if time.monotonic() - began > limit_s:
            raise SystemExit(f"bench: waited {limit_s:.0f} s in vain for {len(crowd)} hubs")
        busy = crowd if everybody else [member for member in crowd if member.raised]
        for member in busy:
            member.turn()
        place = (place + ROUND) % len(crowd)
        for member in crowd[place : place + ROUND]:
            member.turn()
        if len(busy) < ROUND:
            select.select([], [], [], NAP_MS / 1_000)
    return time.monotonic() - began
