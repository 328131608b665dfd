"""A walk test of a hub that runs: what is asked of ``watch``, and what of it and of the sensors its journal shows.

``watch`` stamps everything, the marks of whoever walks too, so that all times are of one clock. A walk outlives whoever
follows it: another ``walk-test`` finds in the journal how far it came, and goes on from there.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

from agent.clock_io import boot_ms
from agent.detect.walking import WALK_MOST_MS
from agent.files_io import locked_by_us, write_whole
from agent.journal_file_io import Written
from agent.line_io import plain
from agent.nouns import DAY_MS, BadFrame, Entry, Home, Instant, Refused
from agent.packing import unpack, unpack_snapshot
from agent.provision.walk import Mark, Walk
from agent.provision.walk_file import FILE, Call, Walked, home_digest, written
from agent.provision.walk_findings import Known, findings, legs
from agent.requests_io import FRESH_MS, ask
from agent.sensors.decode import Decoder
from agent.transport.door_io import knock, watch_door

ANSWER_MOST_S: Final = FRESH_MS / 1_000  # for a request to stand in the journal: watch may just be starting anew
LOOK_S: Final = 0.1  # between two looks into the journal
KNOWN_MS: Final = 3 * DAY_MS  # batteries are believed for so long
CANCEL_MS: Final = 10_000  # once it has signed, a centre's receiver cancels a test at once; another may never do so
CALL_WAIT_S: Final = 90  # for the centre to sign: after a minute the hub tries its second line


@contextmanager
def walking(state: Path) -> Iterator[None]:
    """One who walks at a time; Running if there is another."""
    with locked_by_us(state / "walk.lock", f"{state}: somebody else follows a walk test of this hub just now"):
        yield


class Tail:
    """The entries of a journal that another process goes on writing. ``now`` is the hub's time, as near as it shows;
    civil time is that + ``offset_ms``."""

    def __init__(self, journal: Path, home: Home, speed: int = 1) -> None:
        self._written, self.decoder, self._speed = Written(journal, read_only=True), Decoder(home), speed
        last = self._written.last()
        self.last = last[1] if last is not None else Instant(0)
        self._read_at = boot_ms()
        rows = self._written.rows(
            "SELECT id, snapshot FROM segment WHERE started_at <= ? ORDER BY id DESC LIMIT 1",
            (self.last - WALK_MOST_MS,),
        )
        first = next(rows, None) or next(self._written.rows("SELECT id, snapshot FROM segment ORDER BY id"), None)
        self._batch, self.offset_ms = -1, 0
        if first is not None:
            memory = cast(Mapping[str, Any], unpack_snapshot(first[1]))
            self.decoder.restore(memory["decoder"])
            self.offset_ms = int(memory["proof"]["clock"][0])
            ((self._batch,),) = self._written.rows(
                "SELECT coalesce(max(id), -1) FROM batch WHERE segment < ?", (first[0],)
            )

    def is_of(self, home: Home) -> bool:
        """Whether ``watch`` runs with this home.toml, and not with one from before it was changed."""
        row = next(self._written.rows("SELECT home FROM segment ORDER BY id DESC LIMIT 1"), None)
        return row is None or row[0] == home.text

    def now(self) -> Instant:
        return Instant(self.last + (boot_ms() - self._read_at) * self._speed)

    def news(self) -> Iterator[Entry]:
        """What has been written since the last time this was asked."""
        rows = self._written.rows(
            "SELECT id, first_seq, from_at, to_at, entries FROM batch WHERE id > ? ORDER BY id", (self._batch,)
        )
        for id, first_seq, from_at, to_at, body in rows:
            self._batch = id
            if to_at > self.last:
                self.last, self._read_at = Instant(to_at), boot_ms()
            for entry in unpack(body, first_seq, from_at):
                if entry.frame is not None and (entry.frame.link, entry.frame.address) == ("hub", "clock"):
                    self.offset_ms = int(str(plain(entry.frame.payload).get("offset_ms", 0)))
                yield entry

    def rows(self, sql: str, values: tuple[object, ...] = ()) -> Iterator[tuple[Any, ...]]:
        return self._written.rows(sql, values)

    def known(self, before: Instant) -> Known:
        """What was heard of the sensors in the days before."""
        heard: dict[str, Instant] = {}
        battery: dict[str, int] = {}
        for one in self._written.readings(Instant(before - KNOWN_MS), before):
            if one.quantity != "available":
                heard[one.sensor] = one.at
            if one.quantity == "battery_percent":
                battery[one.sensor] = one.value
        return Known(heard, battery)

    def close(self) -> None:
        self._written.close()


class Session:
    """One walk. ``walk`` is None until the journal shows that it has begun."""

    def __init__(
        self, state: Path, home: Home, tail: Tail, by: str, chosen: Sequence[str] = (), stay_ms: int | None = None
    ) -> None:
        self._state, self._home, self._by, self._tail = state, home, by, tail
        self._chosen, self._stay_ms = chosen, stay_ms
        self.walk: Walk | None = None
        self.until: Instant | None = None
        self._began = Instant(0)
        self._answers = 0  # requests of ours that stand in the journal
        self._called: Instant | None = None
        self.look()

    # -- what the journal shows --------------------------------------------------------------------------------

    def look(self) -> list[Entry]:
        """Take in what is new."""
        news = list(self._tail.news())
        for entry in news:
            self._take(entry)
        if self.until is not None and self._tail.now() >= self.until:
            self.until = None
        return news

    def _take(self, entry: Entry) -> None:
        frame = entry.frame
        if frame is None:
            return
        if frame.link == "care":
            said = plain(frame.payload)
            self._answers += 1
            if frame.address == "walk":
                self._told(entry.at, said)
            elif frame.address == "test_call":
                self._called = entry.at
        elif frame.link not in ("hub", "centre"):
            self._heard(entry)

    def _told(self, at: Instant, said: Mapping[str, object]) -> None:
        seconds = said.get("seconds")
        if "step" in said:
            if self.walk is not None:
                self.walk.mark(Mark(at, str(said["step"]), str(said.get("of"))))
        elif isinstance(seconds, int) and seconds > 0:
            if self.until is None or at >= self.until:
                self._began = at
                more = {} if self._stay_ms is None else {"stay_ms": self._stay_ms}
                self.walk = Walk(self._home, self._chosen, **more)
            self.until = Instant(at + seconds * 1_000)
        else:
            self.until = None

    def _heard(self, entry: Entry) -> None:
        assert entry.frame is not None, "a frame was heard"
        try:
            readings = self._tail.decoder.decode(entry.at, entry.frame)
        except BadFrame:
            return  # watch has counted it
        if self.walk is None or self.until is None or entry.at >= self.until:
            return
        self.walk.hear(readings)
        sensors, quality = self._tail.decoder.quality(entry.frame)
        for sensor in sensors if quality is not None else ():
            self.walk.radio(sensor, quality or 0)

    @property
    def now(self) -> Instant:
        return self._tail.now()

    # -- what is asked -----------------------------------------------------------------------------------------

    def begin(self, seconds: int) -> bool:
        """Begin one, or go on with the one that lasts; whether it is another one's that goes on."""
        if not knock(watch_door(str(self._state))):
            raise Refused("watch is not running: start the hub, then walk")
        if self.until is not None and self.walk is not None:
            return True
        self._ask("walk", {"seconds": seconds, "by": self._by})
        return False

    def step(self, kind: str, what: str) -> None:
        self._ask("walk", {"step": kind, "of": what})

    def end(self) -> None:
        if self.until is not None:
            self._ask("walk", {"seconds": 0, "by": self._by})

    def _ask(self, what: str, said: dict[str, object]) -> None:
        """It stands in the journal when this returns; Refused if that takes too long."""
        answers, since = self._answers, boot_ms()
        ask(self._state, what, said)
        while self._answers == answers:
            if boot_ms() - since > ANSWER_MOST_S * 1_000:
                raise Refused(f"watch has not taken in what was asked of it for {ANSWER_MOST_S:.0f} s: is it running?")
            time.sleep(LOOK_S / 5)
            self.look()

    def call(self, wait_s: float) -> Call:
        """Ask for the test alert, and follow it: to the centre's signature, and until it is cancelled as a test."""
        self._called = None
        self._ask("test_call", {"by": self._by})
        end = boot_ms() + round(wait_s * 1_000)
        signed = False
        while True:
            self.look()
            found = self._followed()
            if found is not None and found.received_ms is not None and not signed:
                signed, end = True, min(end, boot_ms() + CANCEL_MS)
            if found is not None and (found.cancelled_ms is not None or boot_ms() > end):
                return found
            if boot_ms() > end:
                raise Refused("watch did not make the test alert that was asked of it: have 24 been made today?")
            time.sleep(LOOK_S / 5)

    def _followed(self) -> Call | None:
        where = "SELECT epoch, seq, at FROM alert WHERE kind = 'test_call' AND at = ? ORDER BY epoch DESC, seq DESC"
        row = next(self._tail.rows(where, (self._called,)), None)
        if row is None:
            return None
        epoch, seq, at = row
        steps = dict(self._tail.rows("SELECT state, min(at) FROM custody WHERE epoch = ? AND seq = ? GROUP BY state",
                                     (epoch, seq)))  # fmt: skip
        received, cancelled = steps.get("received"), steps.get("cancelled-test", steps.get("human"))
        return Call(
            epoch,
            seq,
            Instant(at + self._tail.offset_ms),
            None if received is None else received - at,
            None if cancelled is None else cancelled - at,
        )

    # -- what it came to ---------------------------------------------------------------------------------------

    def walked(self, call: Call | None) -> Walked:
        assert self.walk is not None, "it has begun"
        found = findings(self.walk, self._tail.known(self._began))
        began, ended = (Instant(at + self._tail.offset_ms) for at in (self._began, self.now))
        return Walked(home_digest(self._home), self._by, began, ended, found, legs(self.walk, found), call)


def keep(walked: Walked, home_file: Path) -> Path:
    """Write it whole, beside home.toml."""
    path = home_file.with_name(FILE)
    try:
        write_whole(path, written(walked), 0o600)  # whose rooms, and where each sensor hangs
    except OSError as fault:
        raise Refused(f"{fault.filename or path}: cannot be written: {fault.strerror}") from None
    return path
