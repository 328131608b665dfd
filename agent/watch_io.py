"""The process that knows the home: links in, the loop, the journal, and sealed envelopes into the outbox.

Start is recovery. Whatever ended the last run, this one opens the journal, takes the last snapshot, replays what came
after it without saying it again, puts into the outbox what had not reached it, and goes on.
"""

import fcntl
import json
import os
import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from agent.civil import rfc3339
from agent.clock_io import HubClock, boot_id
from agent.engine import OWN_LINKS, Engine, fill, run
from agent.home import BadHome, parse
from agent.journal_io import Journal
from agent.live_io import Frames, boot_frame, intake
from agent.nouns import DAY_MS, Alert, BadFrame, Entry, Frame, Home, Instant, Outcome
from agent.packing import alert_line
from agent.sensors.zigbee import CONNECTION
from agent.transport.door_io import Door, knock
from agent.transport.envelope import FIRST, digest, envelope, open_receipt, seal
from agent.transport.keys_io import signer, verifier
from agent.transport.outbox_io import Outbox
from agent.transport.uplink_io import outbox_path, uplink_door, watch_door

WARM_DAYS: Final = 35  # of earlier segments that a home with other sensors or rooms is warmed with
LOOK_MS: Final = 30_000  # look for what came back at least so often, knock or not
REQUEST_MOST_BYTES: Final = 4_096  # of a request from a person at this hub; a larger file is not read


class Running(Exception):
    """Another agent holds this state directory."""


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """One agent per state directory; Running if there is one."""
    state.mkdir(parents=True, exist_ok=True)
    handle = os.open(state / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise Running(f"{state}: an agent is running with this state directory") from None
    try:
        yield
    finally:
        os.close(handle)


# -- restart ---------------------------------------------------------------------------------------------------


class _Muted:
    def put(self, entry: Entry, outcome: Outcome) -> None:
        """What was said then is not said again."""


def resume(journal: Journal, home: Home) -> Engine:
    """The engine as it was after the journal's last entry; with the given home, if that has changed since."""
    segment = journal.last_segment()
    if segment is None:
        return Engine(home)
    before = _home_then(segment.home, home)
    engine = Engine(before, segment.epoch)
    engine.restore(segment.snapshot)
    run(fill(journal.entries(segment.id), engine), engine, _Muted())
    if before.text == home.text:
        return engine
    changed = Engine(home, segment.epoch)
    if _same_identities(before, home):
        changed.restore(engine.snapshot())
    else:
        _warm(changed, journal, engine.now)
        changed.incidents.restore(engine.incidents.snapshot())
    return changed


def _home_then(text: str, now: Home) -> Home:
    try:
        return parse(text)
    except BadHome:  # an older agent took it; what it says of sensors and rooms is not known any more
        return now


def _same_identities(one: Home, other: Home) -> bool:
    return dict(one.rooms) == dict(other.rooms) and dict(one.sensors) == dict(other.sensors)


def _warm(engine: Engine, journal: Journal, now: Instant) -> None:
    for segment in journal.segments():
        if segment.started_at >= now - WARM_DAYS * DAY_MS:
            run(fill(journal.entries(segment.id), engine), engine, _Muted())


def clock_of(engine: Engine, last: Instant | None, start: Instant | None, speed: int) -> HubClock:
    """A clock that goes on where this boot's last run left it, or begins anew after a boot."""
    said = engine.proof.boot
    zero, at = said.get("zero_ms"), said.get("at_ms")
    if said.get("boot") == boot_id() and isinstance(zero, int) and isinstance(at, int):
        return HubClock(last, start=start, speed=speed, anchor=(zero, Instant(at)))
    return HubClock(last, start=start, speed=speed)


# -- out -------------------------------------------------------------------------------------------------------


class Sealer:
    """Makes envelopes; each names the one before it. ``room`` leaves the house as its kind only."""

    def __init__(self, hub: str, home: Home, key: Path, newest: tuple[int, int, bytes] | None) -> None:
        self._hub, self._home = hub, home
        self._sign = signer(str(key))
        self._epoch, self._previous = (newest[0], digest(newest[2])) if newest else (0, FIRST)

    def __call__(self, alert: Alert) -> bytes:
        epoch = int(alert.id.partition("-")[0])
        room = self._home.rooms.get(alert.room or "")
        previous = self._previous if epoch == self._epoch else FIRST
        sealed = seal(envelope(alert, self._hub, epoch, room.kind if room else None, previous), self._sign)
        self._epoch, self._previous = epoch, digest(sealed)
        return sealed


class HubSink:
    """Journal first, then the outbox, then a knock at uplink's door."""

    def __init__(self, state: Path, journal: Journal, outbox: Outbox, engine: Engine, version: str) -> None:
        self._state, self._journal, self._outbox = state, journal, outbox
        self._engine, self._version = engine, version
        self._door = uplink_door(str(state))

    def put(self, entry: Entry, outcome: Outcome) -> None:
        self._journal.put(entry, outcome)
        if outcome.alerts:
            self.send()
        frame = entry.frame
        if frame is not None and frame.link in ("care", "centre"):
            self._journal.flush()
            self._done(frame)
        if self._journal.is_long():
            self._journal.begin(self._engine, entry.at, entry.seq + 1, self._version)

    def send(self) -> None:
        """Put into the outbox every envelope of the journal that is not there yet."""
        newest = self._outbox.newest()
        for epoch, seq, _, severity, sealed in self._journal.envelopes(newest[:2] if newest else (0, 0)):
            self._outbox.put(epoch, seq, severity, sealed)
        knock(self._door)

    def _done(self, frame: Frame) -> None:
        """What a person asked, or what came back, is in the journal: its original may go."""
        said = Line.plain(frame.payload)
        if frame.link == "care":
            (self._state / "requests" / str(said["request"])).unlink(missing_ok=True)
            return
        if frame.address == "receipt":
            self._outbox.receipted(int(str(said["epoch"])), int(str(said["seq"])))
            knock(self._door)
        self._outbox.forget_returned(int(str(said["row"])))


# -- what comes back -------------------------------------------------------------------------------------------


class Line(threading.Thread):
    """Takes in what uplink appended and what people asked, and puts it before the loop as frames."""

    def __init__(self, state: Path, receipt_key: Path | None, frames: Frames) -> None:
        super().__init__(name="line", daemon=True)
        self._state, self._frames = state, frames
        self._door = Door(watch_door(str(state)))
        self._verify = verifier(str(receipt_key)) if receipt_key is not None else None
        self._row = 0
        self._asked: set[str] = set()

    def run(self) -> None:
        outbox = Outbox(outbox_path(str(self._state)))
        poll = select.poll()
        poll.register(self._door.fileno(), select.POLLIN)
        while True:
            for frame in [*self._requests(), *self._returned(outbox)]:
                self._frames.put(frame)
            poll.poll(LOOK_MS)
            self._door.clear()

    def _returned(self, outbox: Outbox) -> Iterator[Frame]:
        for row in outbox.returned(self._row):
            self._row = row.id
            if row.what == "link":
                yield _frame("centre", "link", self.plain(row.payload) | {"row": row.id})
            elif (said := self._receipt(row.payload, outbox)) is not None:
                yield _frame("centre", "receipt", said | {"row": row.id})
            else:
                outbox.forget_returned(row.id)

    def _receipt(self, payload: bytes, outbox: Outbox) -> dict[str, object] | None:
        """A receipt that the pinned centre signed, and that names what we sent; anything else is dropped and said."""
        try:
            if self._verify is None:
                raise BadFrame("a receipt came, and hub.toml names no receipt_key to check it with")
            receipt = open_receipt(payload, self._verify)
            if digest(outbox.envelope(receipt.epoch, receipt.seq)) != receipt.alert:
                raise BadFrame("a receipt names another alert than the one of its number")
        except (BadFrame, KeyError) as fault:
            print(f"watch: receipt refused: {fault}", flush=True)
            return None
        return {"epoch": receipt.epoch, "seq": receipt.seq, "alert": receipt.alert, "kind": receipt.kind}

    def _requests(self) -> Iterator[Frame]:
        """Files that a person's command laid into the state directory; each is taken once."""
        for path in sorted((self._state / "requests").glob("*.json")):
            if path.name in self._asked:
                continue
            self._asked.add(path.name)
            said = self.plain(path.read_bytes()[:REQUEST_MOST_BYTES])
            yield _frame("care", str(said.pop("what", "unknown")), said | {"request": path.name})

    @staticmethod
    def plain(payload: bytes) -> dict[str, object]:
        try:
            said = json.loads(payload)
        except ValueError:
            said = None
        return said if isinstance(said, dict) else {}


def _frame(link: str, address: str, said: dict[str, object]) -> Frame:
    return Frame(link, address, json.dumps(said, sort_keys=True).encode())


class Follow:
    """A sink that also prints what each entry came to, a line of JSON each: for a person or a view that looks on."""

    def __init__(self, sink: HubSink, home: Home) -> None:
        self._sink, self._home = sink, home

    def put(self, entry: Entry, outcome: Outcome) -> None:
        self._sink.put(entry, outcome)
        frame = entry.frame
        if frame is not None and (frame.link in OWN_LINKS or frame.address == CONNECTION):
            heard = {"link": frame.link, "address": frame.address, "payload": frame.payload.decode(errors="replace")}
            print(json.dumps({"at": rfc3339(entry.at)} | heard), flush=True)
        deadline = outcome.promise.deadline if outcome.promise else None
        for at, sensor, quantity, value in outcome.readings:
            said: dict[str, object] = {"at": rfc3339(at), "sensor": sensor, "kind": quantity, "value": value}
            if outcome.promise is not None:
                said |= {"deadline": rfc3339(deadline) if deadline else None, "state": outcome.promise.state}
            print(json.dumps(said), flush=True)
        for alert in outcome.alerts:
            print(f'{{"alert":{alert_line(alert, self._home.id)}}}', flush=True)
        if outcome.reject is not None:
            print(json.dumps({"at": rfc3339(entry.at), "reject": outcome.reject}), flush=True)


def live(
    state: Path,
    home: Home,
    hub: str,
    frames: Frames,
    receipt_key: Path | None,
    version: str,
    clock_for: Callable[[Engine, Instant | None], HubClock],
    follow: bool = False,
) -> None:
    """Watch until a None comes through the queue. The state directory must be locked by the caller."""
    outbox = Outbox(outbox_path(str(state)))
    journal = Journal(state / "journal.db", home.id)
    engine = resume(journal, home)
    sink = HubSink(state, journal, outbox, engine, version)
    sink.send()  # what the last run had written and not yet handed over
    journal.seal = Sealer(hub, home, state / "hub.key", outbox.newest())
    seq, last = journal.last() or (0, None)
    clock = clock_for(engine, last)
    boot = boot_frame(clock, boot_id(), last, version)
    journal.begin(engine, clock.now(), seq + 1, version)
    Line(state, receipt_key, frames).start()
    run(fill(intake(frames, clock, engine, seq, boot), engine), engine, Follow(sink, home) if follow else sink)
    journal.close()
