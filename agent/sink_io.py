"""What the loop's outcomes become on a hub: sealed, stored, put into an outbox, knocked for; and acts carried out."""

from pathlib import Path
from typing import Final

from agent.engine import Engine
from agent.line_io import answered, plain
from agent.nouns import Act, Alert, Entry, Frame, Home, Outcome
from agent.numbers_io import Numbers
from agent.sensors.board_time import Memory
from agent.sensors.kept_io import Kept
from agent.sensors.orders_io import Orders
from agent.sensors.wire import LINK as SERIAL
from agent.storing_io import Storing
from agent.transport.door_io import knock
from agent.transport.envelope import FIRST, digest, envelope, seal
from agent.transport.keys_io import signer
from agent.transport.outbox_io import FIRST_LINE
from agent.transport.outboxes_io import DURABLE, Outboxes
from agent.transport.uplink_io import uplink_door

UNKEPT_MOST: Final = 24  # readings of a board that only memory holds; its ring keeps 64 until they are on the disk


class Sealer:
    """Makes envelopes; each names the one before it, whatever its epoch. ``room`` leaves the house as its kind only."""

    def __init__(self, hub: str, home: Home, key: Path, newest: tuple[int, int, bytes] | None) -> None:
        self._hub, self._home = hub, home
        self._sign = signer(str(key))
        self._previous = digest(newest[2]) if newest else FIRST

    def __call__(self, alert: Alert) -> bytes:
        room = self._home.rooms.get(alert.room or "")
        said = envelope(alert, self._hub, alert.epoch, room.kind if room else None, self._previous)
        sealed = seal(said, self._sign)
        self._previous = digest(sealed)
        return sealed


class HubSink:
    """Sealed and stored, put into an outbox, and a knock at uplink's door: the last two even if nothing can be
    stored."""

    def __init__(
        self,
        state: Path,
        storing: Storing,
        outboxes: Outboxes,
        numbers: Numbers,
        engine: Engine,
        orders: Orders | None = None,
        lines: int = 1,
        kept: Kept | None = None,
        outbox_dir: Path | None = None,
    ) -> None:
        """``orders``: who switches the home's signals. ``lines``: how many ways lead to a centre. ``kept``: who tells
        wired boards what they may forget. ``outbox_dir``: where uplink's doors are; None: the state directory."""
        self._outbox_dir = str(outbox_dir or state)
        self._orders, self._kept = orders, kept
        self._taken: list[str] = []  # requests that were heard, and are not known to be on the disk
        self._unkept: dict[str, Memory] = {}  # what boards have told, and the journal holds in memory only
        self._state, self._storing, self._outboxes, self._numbers = state, storing, outboxes, numbers
        self._journal, self._engine = storing.journal, engine
        self._lines = range(FIRST_LINE, FIRST_LINE + lines)

    def put(self, entry: Entry, outcome: Outcome) -> None:
        self._storing.put(entry, outcome)
        if self._journal.said:
            self.send()
        for act in outcome.acts:
            self._storing.flush()  # a hub that is killed now knows afterwards what it began
            self._do(act)
        frame = entry.frame
        if frame is not None and frame.link in ("care", "centre"):
            self._storing.flush()
            self._done(frame, written=not self._journal.behind)
        elif frame is not None and self._engine.walk.until is not None:
            self._storing.flush()  # who walks through the home follows what is heard in the journal
        if self._taken and not self._journal.behind:
            self._answer()
        if self._kept is not None and frame is not None:
            self._keep(frame, self._kept)
        self._storing.turn_over(entry, self._engine)

    def send(self) -> None:
        """Hand over what was said. Where the journal does not hold it, the outbox must before anybody is told."""
        left = []
        for sealed in self._journal.said:
            alert, envelope = sealed
            self._numbers.said(alert.epoch, alert.seq)
            if envelope is not None and not self._outboxes.put(alert.epoch, alert.seq, alert.severity, envelope):
                left.append(sealed)  # neither outbox takes it: with the next entry it is tried again
            if alert.test:  # a proof of life proves every line
                self._escalate(alert.epoch, alert.seq)
        self._journal.said = left
        only_copy = self._journal.waits
        if only_copy:
            self._outboxes.sync()
        self._knock(FIRST_LINE)
        if not only_copy:
            self._outboxes.sync()

    def catch_up(self) -> None:
        """What the last run had written and not yet handed over. That is not always the newest, where an outbox
        failed for a while."""
        since, known = self._outboxes.numbers_durable()
        for epoch, seq, _, severity, sealed in self._journal.envelopes(since):
            if (epoch, seq) not in known:
                self._outboxes.put(epoch, seq, severity, sealed)
        for message in self._engine.custody.missed():  # the journal had it as escalated before it was
            self._do(Act("second_path", *message))
        self._outboxes.sync()
        self._knock(FIRST_LINE)

    def _do(self, act: Act) -> None:
        if act.kind == "second_path":
            self._escalate(act.epoch, act.seq)
        elif self._orders is not None:
            self._orders.give(act)

    def _escalate(self, epoch: int, seq: int) -> None:
        for line in self._lines[1:]:
            self._outboxes.escalate(epoch, seq, line)
            self._knock(line)

    def _knock(self, line: int) -> None:
        knock(uplink_door(self._outbox_dir, line))

    def _keep(self, frame: Frame, kept: Kept) -> None:
        """A board forgets what is in the journal. What the disk does not take is heard all the same, and stays with the
        board as long as that can keep it."""
        kept.watch(self._engine.proof.wishes.watched)
        name = frame.address.partition("/")[0]
        memory = self._engine.decoder.wired.memory(name) if frame.link == SERIAL else None
        if memory is not None:
            self._unkept[name] = memory
            more = kept.more(name, memory)
            if more is None:  # a conversation begins with what is on the disk
                kept.tell({name: memory})
            elif more >= UNKEPT_MOST:
                self._storing.flush()
        if self._unkept and not self._journal.pending:
            kept.tell(self._unkept)
            self._unkept = {}

    def _answer(self) -> None:
        """One that stayed would be taken in again at the next start, whatever was asked since."""
        taken, self._taken = self._taken, []
        for request in taken:
            answered(self._state, request)

    def _done(self, frame: Frame, written: bool) -> None:
        """What a person asked, or what came back, has been taken in; once it is in the journal its original may go."""
        said = plain(frame.payload)
        if frame.link == "care":
            self._taken.append(str(said["request"]))
            return
        if frame.address == "receipt" and said["kind"] == "received":
            line = int(str(said["line"]))
            self._outboxes.receipted(int(str(said["epoch"])), int(str(said["seq"])), line)
            self._knock(line)
        if written:
            self._outboxes.forget_returned(str(said.get("box", DURABLE)), int(str(said["row"])))
