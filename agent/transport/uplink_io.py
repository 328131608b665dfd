"""The process that reaches the monitoring centre, and knows nothing of the home.

It sees the outbox, never the journal: sealed envelopes of one size, and how urgent each is. It sends them, keeps at it
until ``watch`` has verified a receipt, and appends what comes back without judging it. A broken uplink can delay an
alert; it cannot forge one.

It ends by being killed, by any signal: there is nothing to tidy up, and the centre then hears the Will.
"""

import json
import os
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import monotonic_ns
from typing import Final, NamedTuple

from agent.hub import STALL_S
from agent.mqtt_io import Broker, Client, Will
from agent.nouns import Refused
from agent.retry import SPREAD_S
from agent.transport.door_io import Door, knock, watch_door
from agent.transport.envelope import GONE, is_hub, topic
from agent.transport.outbox_io import FIRST_LINE, Fault
from agent.transport.outboxes_io import Outboxes, volatile_folder
from agent.transport.pulse_io import Pulse
from agent.transport.sending import Sending, Waiting
from agent.watchdog_io import Watchdog, end_with_any_thread, round_s

RETRY_S: Final = 30.0  # an outbox that cannot be used is tried again after that, or when somebody knocks
LOOK_AHEAD: Final = (
    400  # messages looked at; sending needs the most urgent 100 and what may follow, not a backlog of days
)
REFUSED: Final = 128  # PUBACK reasons from here on are refusals
NOBODY: Final = 16  # the broker took it, and nobody subscribes to the topic
HURRY_RANK: Final = 1  # critical and high: for these a lost line is tried again at once, and not when its turn comes
MAX_REASON: Final = 200  # characters of what a broker said that are passed on


def uplink_door(outbox_dir: str, line: int = FIRST_LINE) -> str:
    """Knock here when the outbox holds something new for this line, or something less."""
    return os.path.join(outbox_dir, "uplink.sock" if line == FIRST_LINE else f"uplink-{line}.sock")


class Way(NamedTuple):
    """One line to a centre, and what it shares with the others. ``come_round`` is called at each turn."""

    hub: str
    line: int
    broker: Broker
    outbox_dir: str
    watch_door: str
    door: Door
    pulse: Pulse
    come_round: Callable[[], None]
    round_s: float
    judges_dates: Callable[[], bool]
    volatile: Path


def uplink(
    hub: str,
    brokers: Sequence[Broker],
    state_dir: str,
    judges_dates: Callable[[], bool] = lambda: True,
    stall_s: int = STALL_S,
    volatile: str | None = None,
    outbox_dir: str | None = None,
) -> None:
    """Carry the outbox to each centre, for ever, a thread for each line. While the outbox cannot be used all are down.

    ``judges_dates``: whether the clock is good enough to judge certificates by. ``volatile``: the folder in which a
    volatile outbox may appear; None: the usual one. ``outbox_dir``: what watch shares with us; None: the state
    directory, of which we use watch's door alone else. Refused if a line would be open to others, or an uplink runs
    already; OSError if a folder cannot be used.
    """
    if not is_hub(hub):
        raise Refused(f"hub id {hub!r:.80}: use 1 to 32 of a-z, 0-9 and -")
    for broker in brokers:
        if broker.exposed():
            raise Refused(f"upstream {broker.host}: without TLS (ca) only to this machine itself")
    lines = range(FIRST_LINE, FIRST_LINE + len(brokers))
    shared = outbox_dir or state_dir
    doors = [Door(uplink_door(shared, line)) for line in lines]
    pulse = Pulse(shared, stall_s)
    dog = Watchdog("uplink", [f"line {line}" for line in lines], stall_s, sign=lambda: None)
    judges, turn_s, folder = judges_dates, round_s(stall_s), volatile_folder(state_dir, volatile)
    home = watch_door(state_dir)
    ways = [
        Way(hub, line, one, shared, home, door, pulse, partial(dog.advanced, f"line {line}"), turn_s, judges, folder)
        for line, one, door in zip(lines, brokers, doors, strict=True)
    ]
    end_with_any_thread("uplink")
    for way in ways[1:]:
        threading.Thread(target=_carry_on, args=(way,), name=f"line {way.line}", daemon=True).start()
    _carry_on(ways[0])


def _carry_on(way: Way) -> None:
    said = ""
    while True:
        try:
            _carry(way)
        except Fault as fault:
            if str(fault) != said:
                said = str(fault)
                _log(f"the outbox cannot be used: {said}; trying again (watch sets a damaged one aside at its start)")
            way.come_round()
            way.door.wait(min(RETRY_S, way.round_s))
            way.door.clear()


def _carry(way: Way) -> None:
    """Until the outbox fails us, or another has taken its place. The line is dropped without goodbye, for the Will."""
    outbox = Outboxes(way.outbox_dir, way.volatile)
    carrier = Uplink(way, outbox)
    try:
        while not outbox.replaced():
            carrier.turn()
    finally:
        carrier.drop()
        outbox.close()


class Uplink:
    """Memory of one line: what is in flight on it, and what was last said of it.

    While ``watch`` has stalled the line is down, so that the centre hears the Will: nobody looks after the home. What
    is in the outbox is sent all the same, once, and without taking back the Will.
    """

    def __init__(self, way: Way, outbox: Outboxes) -> None:
        self._way, self._outbox = way, outbox
        self._watch_door = way.watch_door
        self._sending = Sending()
        self._mids: dict[int, Waiting | None] = {}  # None: the Will, being cleared
        self._waiting: list[Waiting] = []
        self._looked_ms = 0
        self._look()
        self._told: tuple[str, str] | None = None
        self._watched = True
        self._taken: set[Waiting] = set()  # by the broker, since watch has stalled
        self._clear_ms: int | None = None  # when the Will is to be cleared; None: no need, the broker has done it
        self._client = Client(
            way.broker,
            way.hub,
            on_message=self._came,
            on_link=self._link,
            on_puback=self._acknowledged,
            will=Will(topic(way.hub, "will"), GONE),
            subscriptions=(topic(way.hub, "receipt"),),
            judges_dates=way.judges_dates,
            spread_s=SPREAD_S,
        )

    def turn(self) -> None:
        """Send what is due, sleep until there is something to do, and do it."""
        self._way.come_round()
        self._hear_watch()
        if self._client.unjudged and self._client.up and self._way.judges_dates():
            self._give_up("the clock is set: the line is made anew, with the dates of certificates")
        if self._clear_ms is not None and self._clear_ms <= _now_ms():
            self._take_back_will()
        again_at_ms = self._send() if self._client.up else None
        self._client.hurry(any(message.rank <= HURRY_RANK for message in self._owed()[:1]))  # the first is most urgent
        limit_s = self._way.round_s
        if again_at_ms is not None:
            limit_s = max(0.0, min(limit_s, (again_at_ms - _now_ms()) / 1_000))
        if self._watched or self._owed():
            knocked = bool(self._client.turn(limit_s, self._way.door.fileno()))
        else:
            self._client.drop()
            self._way.door.wait(limit_s)
            knocked = True
        if knocked:
            self._way.door.clear()
        if knocked or _now_ms() - self._looked_ms >= self._way.round_s * 1_000:
            self._look()

    def drop(self) -> None:
        self._client.drop()

    def _look(self) -> None:
        self._looked_ms = _now_ms()
        self._waiting = self._outbox.waiting(LOOK_AHEAD, self._way.line)

    def _owed(self) -> list[Waiting]:
        return self._waiting if self._watched else [one for one in self._waiting if one not in self._taken]

    def _hear_watch(self) -> None:
        lives = self._way.pulse.lives()
        if lives == self._watched:
            return
        self._watched = lives
        self._clear_ms = 0 if lives else None
        self._taken.clear()
        if not lives:
            self._give_up("watch gives no sign of life: the centre hears the Will until it does")
        elif self._client.up:
            self._say("online", "watch gives signs of life again")

    def _give_up(self, why: str) -> None:
        self._client.drop()
        self._forget()
        self._say("offline", why)

    def _forget(self) -> None:
        """Nothing is under way any more on a connection that is gone, or new."""
        self._mids.clear()
        self._sending.lost()
        self._look()

    def _take_back_will(self) -> None:
        """Again at each round until the broker has taken it: a centre that finds it standing looks for us in vain."""
        mid = self._client.publish(topic(self._way.hub, "will"), b"", retain=True)
        if mid is not None:
            self._mids[mid] = None
            self._clear_ms = _now_ms() + int(self._way.round_s * 1_000)

    def _send(self) -> int | None:
        plan = self._sending.plan(_now_ms(), self._owed())
        stale = False
        for message in plan.publish:
            try:
                sealed = self._outbox.envelope(message.epoch, message.seq)
            except (KeyError, Fault):  # receipted since, and no longer kept; or in an outbox that fails
                stale = True
                continue
            mid = self._client.publish(topic(self._way.hub, "alert"), sealed)
            if mid is None:  # the broker's window is full, or the line went down: the next turn knows which
                return None
            self._mids[mid] = message
            self._sending.published(_now_ms(), message)
        if stale:
            self._look()
        return self._sending.plan(_now_ms(), self._owed()).again_at_ms if plan.publish else plan.again_at_ms

    def _link(self, up: bool, reason: str) -> None:
        self._forget()
        self._clear_ms = 0 if self._watched else None
        self._say("online" if up else "offline", reason)

    def _acknowledged(self, mid: int, code: int) -> None:
        if mid not in self._mids:
            return
        message = self._mids.pop(mid)
        if message is None:
            if code < REFUSED:
                self._clear_ms = None
            return
        self._outbox.broker_said(message.epoch, message.seq, code)
        if code >= REFUSED or code == NOBODY:
            self._sending.refused(_now_ms(), message)
            why = "nobody listens at the centre" if code == NOBODY else f"the broker refused an alert (code {code})"
            self._say("offline", why)
            return
        self._sending.taken()
        if not self._watched:
            self._taken.add(message)
        if self._told is not None and self._told[0] == "offline":
            self._say("online", "alerts are taken again")

    def _came(self, _topic: str, payload: bytes, _retained: bool) -> None:
        if self._outbox.give_back("receipt", payload, self._way.line):
            knock(self._watch_door)
        else:
            _log(f"refused a receipt of {len(payload)} bytes")

    def _say(self, state: str, reason: str) -> None:
        """Tell ``watch``, and whoever reads the log, how the line is; only when that changed."""
        reason = "".join(letter if " " <= letter <= "~" else "?" for letter in reason[:MAX_REASON])
        if (state, reason) == self._told or (state == "online" and not self._watched):
            return
        self._told = (state, reason)
        told = json.dumps({"state": state, "reason": reason})
        _log(told if self._way.line == FIRST_LINE else f"line {self._way.line}: {told}")
        self._outbox.give_back("link", told.encode("ascii"), self._way.line)
        knock(self._watch_door)


def _log(line: str) -> None:
    print(f"uplink: {line}\n", end="", file=sys.stderr, flush=True)  # at once: another line's thread speaks too


def _now_ms() -> int:
    return monotonic_ns() // 1_000_000
