"""A monitoring centre's receiver: hears every hub, verifies, writes down, answers, and tells what it heard.

An envelope is in the audit file, on the disk, before its receipt leaves: what a hub may forget, we have. Everything
that one turn brings is written at once, so that one write to the disk serves many. Several receivers may share the
file; what one of them has kept or told, the others neither keep nor tell again.
"""

import json
import os
import sys
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final, TextIO

from agent.mqtt_io import Broker, Client
from agent.nouns import BadFrame, Instant, Refused
from agent.retry import LAST_BACKOFF_S, SPREAD_S
from agent.transport.envelope import (
    GONE,
    Envelope,
    Receipt,
    Verify,
    digest,
    is_hub,
    open_envelope,
    seal_receipt,
    topic,
)
from agent.transport.keys_io import BadKey, signer, verifier
from centre.answers_io import Answers
from centre.receiver import MISSING_MS, Came, Hole, Letter, Line, address, judge, line, record
from centre.store_io import Store, now

LOOK_S: Final = 0.25  # how often the file is asked for what people answered; an answer is on its way within that
HUBS_S: Final = 30.0  # how often new keys, missing numbers and silent hubs are looked for
APPEAR_S: Final = SPREAD_S + LAST_BACKOFF_S + 30.0  # after a connection; a hub that lives is at the broker by then
STRANGER: Final = "?"  # whoever has no key here
LAG_MS: Final = 10_000  # what a hub said before its Will may be heard after it, by another receiver, so much later
MAX_RECEIPTS: Final = 10_000  # that wait for the line; beyond it the oldest is dropped, and the hub asks again
GROUP: Final = "$share/hearthwatch-centre/"  # receivers that divide the work between them
REFUSED: Final = 128  # PUBACK reasons from here on are refusals
NOBODY: Final = 16  # the broker took it, and the hub is not there to hear it


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a receiver finds its things: pinned keys (HUB.pub in ``hubs``), its own key, and its audit file.

    ``shared``: it divides the hubs' messages with others of its kind; the broker gives each to one of them.
    ``appear_s``: so long after a connection it looks whether each hub is still there.
    """

    broker: Broker
    hubs: str
    signing_key: str
    state: str = "centre.db"
    as_json: bool = False
    client_id: str = "hearthwatch-centre"
    shared: bool = False
    appear_s: float = APPEAR_S


class Receiver:
    """Memory of one desk's connection: what came in this turn, and which receipts wait for the line."""

    def __init__(self, desk: Desk, out: TextIO, err: TextIO) -> None:
        if desk.broker.exposed():
            raise Refused(f"broker {desk.broker.host}: without TLS (--ca) only to this machine itself")
        self._desk, self._out, self._err = desk, out, err
        self._sign = signer(desk.signing_key)
        self._store = Store(desk.state)
        self._answers = Answers(self._store)
        self._came: list[Came | Line] = []
        self._told: list[tuple[dict[str, object], str]] = []
        self._receipts: deque[Letter] = deque(maxlen=MAX_RECEIPTS)
        self._open: dict[int, int | str] = {}  # mid -> what it is about
        self._heard: list[int] = []  # answers that a broker took for a hub that is there
        self._lost: list[int] = []  # answers that were on their way when the line broke
        self._refusals: Counter[str] = Counter()
        self._shown: set[str] | None = None  # hubs that showed themselves on this connection, until all are looked for
        self._since = self._looked = monotonic()
        self._client = Client(
            desk.broker,
            desk.client_id,
            on_message=self._message,
            on_link=self._link,
            on_puback=self._acknowledged,
            subscriptions=((GROUP if desk.shared else "") + topic("+", "alert"), topic("+", "will")),
        )
        self._meet()

    def turn(self, limit_s: float = LOOK_S) -> None:
        """Sleep until something comes, at most so long; write it down, tell it, answer it."""
        self._client.turn(limit_s)
        self._write()
        if self._heard:
            heard, self._heard = self._heard, []
            self._answers.sent(heard, now())
        if self._lost:
            lost, self._lost = self._lost, []
            self._answers.lost(lost)
        if self._client.up:
            self._look()
            self._give()
            self._send()
        self._speak()

    def close(self) -> None:
        self._client.close()
        self._store.close()

    # -- what comes ----------------------------------------------------------------------------------------------------

    def _message(self, topic_: str, payload: bytes, retained: bool) -> None:
        hub = STRANGER
        try:
            name, what = address(topic_)
            key = os.path.join(self._desk.hubs, f"{name}.pub")
            if os.path.lexists(key):
                hub = name  # it is one of ours: its refusals are counted by themselves
            verify = _pinned(key)
            if what == "will":
                self._will(hub, payload)
                return
            said = open_envelope(payload, verify)
            if said.hub != hub:
                raise BadFrame(f"names the hub {said.hub}")
            self._came.append(Came(said, payload, now()))
            if not retained:
                self._came.append(self._shows(hub, Instant(now() - LAG_MS)))
        except BadFrame as error:
            self._refuse(hub, str(error))

    def _write(self) -> None:
        """All that came, in one write to the disk; only then is any of it told or answered."""
        if not self._came:
            return
        came, self._came = self._came, []
        receipts: list[Letter] = []
        with self._store.writing():
            for one in came:
                if isinstance(one, Line):
                    self._turned(*one)
                else:
                    receipts += self._take(*one)
        self._receipts.extend(receipts)

    def _take(self, said: Envelope, sealed: bytes, received: Instant) -> list[Letter]:
        verdict = judge(said, digest(sealed), self._store.around(said))
        if verdict.keep:
            self._store.keep(said, sealed, received)
        elif verdict.receipt:
            self._store.again(said)
        elif not self._store.keep_beside(said, sealed, received):
            self._refuse(said.hub, *verdict.notes)
            return []
        if not verdict.receipt or verdict.keep:
            self._tell(record(said, received, verdict.notes), line(said, received, verdict.notes))
        kinds = ("received", "cancelled-test")[: verdict.receipt * (1 + said.test)]
        return [
            self._receipt(Receipt(said.hub, said.epoch, said.seq, digest(sealed), kind, received)) for kind in kinds
        ]

    def _receipt(self, receipt: Receipt, about: int | str | None = None) -> Letter:
        return Letter(topic(receipt.hub, "receipt"), seal_receipt(receipt, self._sign), about)

    def _will(self, hub: str, payload: bytes) -> None:
        if payload not in (GONE, b""):
            raise BadFrame("a Will that is not the fixed one")
        self._came.append(Line(hub, False, now()) if payload else self._shows(hub, now()))

    def _shows(self, hub: str, at: Instant) -> Line:
        """It was there: it spoke, or took its Will back. That no Will stands is no sign: a broker forgets Wills."""
        if self._shown is not None:
            self._shown.add(hub)
        return Line(hub, True, at)

    def _turned(self, hub: str, there: bool, at: Instant) -> None:
        news = self._store.back(hub, at) if there else self._store.gone(hub, at)
        if news and there:
            self._tell({"event": "back", "hub": hub}, f"{hub}  BACK  the hub is connected again")
        elif news:
            self._tell({"event": "gone", "hub": hub}, f"{hub}  GONE  the hub has lost its connection")

    # -- what is missing -----------------------------------------------------------------------------------------------

    def _look(self) -> None:
        ticks = monotonic()
        if self._shown is not None and ticks - self._since >= self._desk.appear_s and not self._receipts:
            shown, self._shown = self._shown, None
            self._receipts += [
                self._receipt(one, one.hub) for one in self._store.last_received() if one.hub not in shown
            ]
        if ticks - self._looked >= HUBS_S:
            self._looked = ticks
            self._meet()
            if ticks - self._since >= MISSING_MS / 1_000:  # what was said while we were away has been sent again
                self._missing(self._store.missing(now()))
                for hub in self._store.silent(now()):
                    words = f"{hub}  SILENT  no daily proof of life for more than 26 h"
                    self._tell({"event": "silent", "hub": hub}, words)

    def _meet(self) -> None:
        """Whoever has a key here is expected to show that it lives."""
        names = {name.removesuffix(".pub") for name in os.listdir(self._desk.hubs) if name.endswith(".pub")}
        self._store.expect(set(filter(is_hub, names)), now())

    def _missing(self, holes: list[tuple[str, int, Hole]]) -> None:
        for hub, epoch, hole in holes:
            self._tell(
                {"event": "missing", "hub": hub, "epoch": epoch, "first": hole.first, "last": hole.last},
                f"{hub}  MISSING  no. {epoch}/{hole.first} to {epoch}/{hole.last} were never heard",
            )

    # -- what goes -----------------------------------------------------------------------------------------------------

    def _give(self) -> None:
        """What people answered, for the hubs that are there to hear it."""
        for one in self._answers.unsent(now()):
            receipt = Receipt(one.hub, one.epoch, one.seq, one.alert, one.kind, one.at, one.verdict, one.reason)
            self._receipts.append(self._receipt(receipt, one.id))

    def _send(self) -> None:
        while self._receipts:
            topic_, sealed, about = self._receipts[0]
            mid = self._client.publish(topic_, sealed)
            if mid is None:
                return
            self._receipts.popleft()
            if about is not None:
                self._open[mid] = about

    def _acknowledged(self, mid: int, code: int) -> None:
        about = self._open.pop(mid, None)
        if isinstance(about, str) and code == NOBODY:
            self._came.append(Line(about, False, now()))
        elif isinstance(about, int) and code < REFUSED and code != NOBODY:
            self._heard.append(about)

    def _link(self, up: bool, reason: str) -> None:
        self._lost += [about for about in self._open.values() if isinstance(about, int)]
        self._open.clear()
        self._shown, self._since = (set() if up else None), monotonic()
        print(f"centre: {'online' if up else 'offline'}: {reason}", file=self._err, flush=True)

    def _refuse(self, hub: str, reason: str) -> None:
        """Refusals are told at the 1st, 2nd, 4th, 8th ..., so that a flood of them is not one of lines."""
        self._refusals[hub] += 1
        count = self._refusals[hub]
        if count & (count - 1) == 0:
            event = {"event": "refused", "hub": hub, "reason": reason, "count": count}
            self._tell(event, f"{hub}  REFUSED  {reason} ({count} in all)")

    def _tell(self, event: dict[str, object], words: str) -> None:
        """At the end of the turn, when it is on the disk."""
        self._told.append((event, words))

    def _speak(self) -> None:
        told, self._told = self._told, []
        for event, words in told:
            print(json.dumps(event) if self._desk.as_json else words, file=self._out, flush=True)


def serve(desk: Desk, goes_on: Callable[[], bool] = lambda: True) -> None:
    """Receive until told otherwise. Refused or OSError when the desk cannot be set up, or its file fails."""
    receiver = Receiver(desk, sys.stdout, sys.stderr)
    while goes_on():
        receiver.turn()


def _pinned(path: str) -> Verify:
    try:
        return verifier(path)
    except FileNotFoundError:
        raise BadFrame(f"not pinned here: copy its hub.pub to {path}") from None
    except (BadKey, OSError) as error:  # one hub's key, or its file, is wrong: the desk goes on for all others
        raise BadFrame(f"no usable key of this hub: {error}") from None
