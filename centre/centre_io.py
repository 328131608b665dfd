"""A monitoring centre's first receiver: hears every hub, verifies, writes down, answers, and tells the operator.

An envelope is in the audit file, on the disk, before its receipt leaves: what a hub may forget, we have.
"""

import json
import os
import sqlite3
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic_ns, time_ns
from typing import Final, TextIO

from agent.mqtt_io import Broker, Client
from agent.nouns import BadFrame, Instant
from agent.transport.envelope import (
    GONE,
    Envelope,
    Receipt,
    Verify,
    digest,
    open_envelope,
    seal_receipt,
    topic,
)
from agent.transport.keys_io import BadKey, signer, verifier
from centre.receiver import Hole, Holes, Known, address, judge, line, record

LOOK_S: Final = 30.0  # how often missing numbers are looked at
STRANGER: Final = "?"  # whoever has no key here
MAX_ANSWERS: Final = 10_000  # receipts that wait for the line; beyond it the oldest is dropped, and the hub asks again

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS alert (
  hub TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  digest TEXT NOT NULL,        -- SHA-256 of the envelope
  envelope BLOB NOT NULL,      -- as it came, signature included: proof of what was said
  received_ms INTEGER NOT NULL -- this centre's clock, UTC
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS said ON alert (hub, epoch, seq);
"""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a receiver finds its things: pinned keys (HUB.pub in ``hubs``), its own key, and its audit file."""

    broker: Broker
    hubs: str
    signing_key: str
    state: str = "centre.db"
    as_json: bool = False
    client_id: str = "hearthwatch-centre"


class Audit:
    """The centre's memory: every envelope once, durable on return."""

    def __init__(self, path: str) -> None:
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise ValueError(f"{path}: cannot be the audit file: {error}") from error

    def around(self, said: Envelope) -> Known:
        def hash_of(seq: int) -> str | None:
            where = (said.hub, said.epoch, seq)
            row = self._db.execute("SELECT digest FROM alert WHERE hub=? AND epoch=? AND seq=?", where).fetchone()
            return None if row is None else str(row[0])

        (epoch,) = self._db.execute("SELECT coalesce(max(epoch), 0) FROM alert WHERE hub=?", (said.hub,)).fetchone()
        return Known(hash_of(said.seq), hash_of(said.seq - 1), epoch)

    def keep(self, said: Envelope, sealed: bytes, received_ms: int) -> None:
        self._db.execute(
            "INSERT INTO alert VALUES (?, ?, ?, ?, ?, ?)",
            (said.hub, said.epoch, said.seq, digest(sealed), sealed, received_ms),
        )

    def numbers(self) -> Iterator[tuple[str, int, int]]:
        """Hub, epoch and number of everything kept, in order."""
        yield from self._db.execute("SELECT hub, epoch, seq FROM alert ORDER BY hub, epoch, seq")

    def close(self) -> None:
        self._db.close()


class Receiver:
    """Memory of one desk: which numbers are missing, which hubs are gone, which answers wait for the line."""

    def __init__(self, desk: Desk, out: TextIO, err: TextIO) -> None:
        if desk.broker.exposed():
            raise ValueError(f"broker {desk.broker.host}: without TLS (--ca) only to this machine itself")
        self._desk, self._out, self._err = desk, out, err
        self._sign = signer(desk.signing_key)
        self._audit = Audit(desk.state)
        self._holes: dict[tuple[str, int], Holes] = {}
        for hub, epoch, seq in self._audit.numbers():
            self._missing(hub, epoch, self._holes.setdefault((hub, epoch), Holes()).take(seq, _now_ms()))
        self._gone: set[str] = set()
        self._refusals: Counter[str] = Counter()
        self._answers: deque[tuple[str, bytes]] = deque(maxlen=MAX_ANSWERS)
        self._client = Client(
            desk.broker,
            desk.client_id,
            on_message=self._message,
            on_link=self._link,
            subscriptions=(topic("+", "alert"), topic("+", "will")),
        )

    def turn(self, limit_s: float = LOOK_S) -> None:
        self._client.turn(limit_s)
        while self._answers and self._client.publish(*self._answers[0]) is not None:
            self._answers.popleft()
        for (hub, epoch), holes in self._holes.items():
            self._missing(hub, epoch, holes.overdue(_now_ms()))

    def close(self) -> None:
        self._client.close()
        self._audit.close()

    def _message(self, topic_: str, payload: bytes, _retained: bool) -> None:
        hub = STRANGER
        try:
            name, what = address(topic_)
            key = os.path.join(self._desk.hubs, f"{name}.pub")
            if os.path.lexists(key):
                hub = name  # it is one of ours: its refusals are counted by themselves
            verify = _pinned(key)
            if what == "will":
                self._will(hub, payload)
            else:
                self._alert(hub, payload, verify)
        except BadFrame as error:
            self._refuse(hub, str(error))

    def _alert(self, hub: str, payload: bytes, verify: Verify) -> None:
        said = open_envelope(payload, verify)
        if said.hub != hub:
            raise BadFrame(f"names the hub {said.hub}")
        verdict = judge(said, digest(payload), self._audit.around(said))
        received = Instant(time_ns() // 1_000_000)
        if verdict.keep:
            self._audit.keep(said, payload, received)
        if verdict.receipt:
            receipt = Receipt(hub, said.epoch, said.seq, digest(payload), at=received)
            self._answers.append((topic(hub, "receipt"), seal_receipt(receipt, self._sign)))
        if verdict.keep:
            self._tell(record(said, received, verdict.notes), line(said, received, verdict.notes))
            holes = self._holes.setdefault((hub, said.epoch), Holes())
            self._missing(hub, said.epoch, holes.take(said.seq, _now_ms()))
        elif verdict.notes:
            raise BadFrame(*verdict.notes)

    def _will(self, hub: str, payload: bytes) -> None:
        if payload == GONE and hub not in self._gone:
            self._gone.add(hub)
            self._tell({"event": "gone", "hub": hub}, f"{hub}  GONE  the hub has lost its connection")
        elif not payload and hub in self._gone:
            self._gone.remove(hub)
            self._tell({"event": "back", "hub": hub}, f"{hub}  BACK  the hub is connected again")
        elif payload not in (GONE, b""):
            raise BadFrame("a Will that is not the fixed one")

    def _missing(self, hub: str, epoch: int, holes: list[Hole]) -> None:
        for hole in holes:
            self._tell(
                {"event": "missing", "hub": hub, "epoch": epoch, "first": hole.first, "last": hole.last},
                f"{hub}  MISSING  no. {epoch}/{hole.first} to {epoch}/{hole.last} were never heard",
            )

    def _refuse(self, hub: str, reason: str) -> None:
        """Refusals are told at the 1st, 2nd, 4th, 8th ..., so that a flood of them is not one of lines."""
        self._refusals[hub] += 1
        count = self._refusals[hub]
        if count & (count - 1) == 0:
            event = {"event": "refused", "hub": hub, "reason": reason, "count": count}
            self._tell(event, f"{hub}  REFUSED  {reason} ({count} in all)")

    def _link(self, up: bool, reason: str) -> None:
        print(f"centre: {'online' if up else 'offline'}: {reason}", file=self._err, flush=True)

    def _tell(self, event: dict[str, object], words: str) -> None:
        print(json.dumps(event) if self._desk.as_json else words, file=self._out, flush=True)


def watch(desk: Desk, goes_on: Callable[[], bool] = lambda: True) -> None:
    """Receive until told otherwise. ValueError, BadKey or OSError when the desk cannot be set up."""
    receiver = Receiver(desk, sys.stdout, sys.stderr)
    while goes_on():
        receiver.turn()


def _pinned(path: str) -> Verify:
    try:
        return verifier(path)
    except (BadKey, OSError) as error:  # one hub's key, or its file, is wrong: the desk goes on for all others
        raise BadFrame(f"no usable key of this hub: {error}") from None


def _now_ms() -> int:
    return monotonic_ns() // 1_000_000
