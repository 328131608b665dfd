"""The process that reaches the monitoring centre, and knows nothing of the home.

It sees the outbox, never the journal: sealed envelopes of one size, and how urgent each is. It sends them, keeps at it
until ``watch`` has verified a receipt, and appends what comes back without judging it. A broken uplink can delay an
alert; it cannot forge one.

It ends by being killed, by any signal: there is nothing to tidy up, and the centre then hears the Will.
"""

import json
import os
import sys
from time import monotonic_ns
from typing import Final

from agent.mqtt_io import SPREAD_S, Broker, Client, Will
from agent.nouns import Refused
from agent.transport.door_io import Door, knock
from agent.transport.envelope import GONE, is_hub, topic
from agent.transport.outbox_io import Fault, Outbox
from agent.transport.sending import Sending, Waiting

LOOK_S: Final = 3_600.0  # look into the outbox at least so often, knock or not
RETRY_S: Final = 30.0  # an outbox that cannot be used is tried again after that, or when somebody knocks
LOOK_AHEAD: Final = (
    400  # messages looked at; sending needs the most urgent 100 and what may follow, not a backlog of days
)
REFUSED: Final = 128  # PUBACK reasons from here on are refusals
NOBODY: Final = 16  # the broker took it, and nobody subscribes to the topic
HURRY_RANK: Final = 1  # critical and high: for these a lost line is tried again at once, and not when its turn comes
MAX_REASON: Final = 200  # characters of what a broker said that are passed on


def outbox_path(state_dir: str) -> str:
    return os.path.join(state_dir, "outbox.db")


def uplink_door(state_dir: str) -> str:
    """Knock here when the outbox holds something new, or something less."""
    return os.path.join(state_dir, "uplink.sock")


def watch_door(state_dir: str) -> str:
    """Here ``uplink`` knocks when something came back."""
    return os.path.join(state_dir, "watch.sock")


def uplink(hub: str, broker: Broker, state_dir: str) -> None:
    """Carry the outbox to the centre, for ever. While the outbox cannot be used the line is down.

    Refused if the line would be open to others, or an uplink runs already; OSError if the state directory cannot be
    used.
    """
    if not is_hub(hub):
        raise Refused(f"hub id {hub!r:.80}: use 1 to 32 of a-z, 0-9 and -")
    if broker.exposed():
        raise Refused(f"upstream {broker.host}: without TLS (ca) only to this machine itself")
    door = Door(uplink_door(state_dir))
    said = ""
    while True:
        try:
            _carry(hub, broker, state_dir, door)
        except Fault as fault:
            if str(fault) != said:
                said = str(fault)
                _log(f"the outbox cannot be used: {said}; trying again (watch sets a damaged one aside at its start)")
            door.wait(RETRY_S)
            door.clear()


def _carry(hub: str, broker: Broker, state_dir: str, door: Door) -> None:
    """Until the outbox fails us, or another has taken its place. The line is dropped without goodbye, for the Will."""
    outbox = Outbox(outbox_path(state_dir), durable=False)
    carrier = Uplink(hub, broker, state_dir, door, outbox)
    try:
        while not outbox.replaced():
            carrier.turn()
    finally:
        carrier.drop()
        outbox.close()


class Uplink:
    """Memory of one line: what is in flight on it, and what was last said of it."""

    def __init__(self, hub: str, broker: Broker, state_dir: str, door: Door, outbox: Outbox) -> None:
        self._hub = hub
        self._watch_door = watch_door(state_dir)
        self._door, self._outbox = door, outbox
        self._sending = Sending()
        self._mids: dict[int, Waiting | None] = {}  # None: the Will, being cleared
        self._waiting = self._outbox.waiting(LOOK_AHEAD)
        self._told: tuple[str, str] | None = None
        self._client = Client(
            broker,
            hub,
            on_message=self._came,
            on_link=self._link,
            on_puback=self._acknowledged,
            will=Will(topic(hub, "will"), GONE),
            subscriptions=(topic(hub, "receipt"),),
            spread_s=SPREAD_S,
        )

    def turn(self) -> None:
        """Send what is due, sleep until there is something to do, and do it."""
        again_at_ms = self._send() if self._client.up else None
        self._client.hurry(any(message.rank <= HURRY_RANK for message in self._waiting[:1]))  # the first is most urgent
        limit_s = LOOK_S if again_at_ms is None else max(0.0, (again_at_ms - _now_ms()) / 1_000)
        started_ms = _now_ms()
        knocked = bool(self._client.turn(limit_s, self._door.fileno()))
        if knocked:
            self._door.clear()
        if knocked or _now_ms() - started_ms >= limit_s * 1_000:
            self._waiting = self._outbox.waiting(LOOK_AHEAD)

    def drop(self) -> None:
        self._client.drop()

    def _send(self) -> int | None:
        plan = self._sending.plan(_now_ms(), self._waiting)
        for message in plan.publish:
            try:
                sealed = self._outbox.envelope(message.epoch, message.seq)
            except KeyError:  # receipted since, and no longer kept
                continue
            mid = self._client.publish(topic(self._hub, "alert"), sealed)
            if mid is None:  # the broker's window is full, or the line went down: the next turn knows which
                return None
            self._mids[mid] = message
            self._sending.published(_now_ms(), message)
        return self._sending.plan(_now_ms(), self._waiting).again_at_ms if plan.publish else plan.again_at_ms

    def _link(self, up: bool, reason: str) -> None:
        self._mids.clear()
        self._sending.lost()
        self._waiting = self._outbox.waiting(LOOK_AHEAD)
        if up:
            mid = self._client.publish(topic(self._hub, "will"), b"", retain=True)
            if mid is not None:
                self._mids[mid] = None
        self._say("online" if up else "offline", reason)

    def _acknowledged(self, mid: int, code: int) -> None:
        message = self._mids.pop(mid, None)
        if message is None:
            return
        self._outbox.broker_said(message.epoch, message.seq, code)
        if code >= REFUSED or code == NOBODY:
            self._sending.refused(_now_ms(), message)
            why = "nobody listens at the centre" if code == NOBODY else f"the broker refused an alert (code {code})"
            self._say("offline", why)
            return
        self._sending.taken()
        if self._told is not None and self._told[0] == "offline":
            self._say("online", "alerts are taken again")

    def _came(self, _topic: str, payload: bytes, _retained: bool) -> None:
        if self._outbox.give_back("receipt", payload):
            knock(self._watch_door)
        else:
            _log(f"refused a receipt of {len(payload)} bytes")

    def _say(self, state: str, reason: str) -> None:
        """Tell ``watch``, and whoever reads the log, how the line is; only when that changed."""
        reason = "".join(letter if " " <= letter <= "~" else "?" for letter in reason[:MAX_REASON])
        if (state, reason) == self._told:
            return
        self._told = (state, reason)
        told = json.dumps({"state": state, "reason": reason})
        _log(told)
        self._outbox.give_back("link", told.encode("ascii"))
        knock(self._watch_door)


def _log(line: str) -> None:
    print(f"uplink: {line}", file=sys.stderr, flush=True)


def _now_ms() -> int:
    return monotonic_ns() // 1_000_000
