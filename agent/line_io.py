"""What comes back into the home's process: receipts and the state of the line from uplink, requests from people.

All of it becomes frames before the loop, so that a replay knows it too. A receipt is believed only if the pinned
centre signed it and it names the alert that we sent.
"""

import json
import select
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from agent.clock_io import wall_ms
from agent.detect.wishes import Wishes
from agent.journal_io import Journal
from agent.live_io import Frames
from agent.nouns import BadFrame, Frame, Home, Instant
from agent.requests_io import laid, unheeded
from agent.transport.door_io import Door, knock, watch_door
from agent.transport.envelope import MAX_RECEIPT_BYTES, digest, open_receipt
from agent.transport.keys_io import verifier
from agent.transport.outbox_io import Fault, Returned
from agent.transport.outboxes_io import Outboxes


def answered(state: Path, request: str) -> None:
    """A request is in the journal: its file may go. One that cannot be removed is said; it is not taken again."""
    try:
        (state / "requests" / request).unlink(missing_ok=True)
    except OSError as fault:
        _say(f"request {request} is done, and cannot be removed: {fault.strerror}")


def standing(state: Path, home: Home) -> list[tuple[str, str]]:
    """What people have asked of this hub and what still stands: (rest or consent, a line), as its journal has it."""
    journal = Journal(state / "journal.db") if (state / "journal.db").exists() else None
    segment = journal.last_segment() if journal is not None else None
    wishes, offset_ms = Wishes(home), 0
    if journal is not None and segment is not None:
        proof = cast(Mapping[str, Any], segment.snapshot["proof"])
        wishes.take(proof)
        offset_ms = int(proof["clock"][0])
        for entry in journal.entries(segment.id):
            frame = entry.frame
            if frame is not None and frame.link == "care":
                with suppress(BadFrame):  # watch has counted it
                    wishes.hear(entry.at, frame.address, plain(frame.payload), offset_ms)
            elif frame is not None and (frame.link, frame.address) == ("hub", "clock"):
                before, offset_ms = offset_ms, int(str(plain(frame.payload)["offset_ms"]))
                wishes.set_clock(entry.at, offset_ms - before)
        journal.close()
    wishes.wake(Instant(wall_ms() - offset_ms))
    return list(wishes.words(offset_ms))


class Line(threading.Thread):
    """Takes in what uplink appended and what people asked, and puts it before the loop as frames.

    ``outbox_dir``: what uplink shares with us; None: the state directory.
    ``receipt_keys``: of each line's centre, None where none is named. It looks for what came back at least every
    ``round_s``, knock or not, and calls ``come_round`` each time.
    """

    def __init__(
        self,
        state: Path,
        volatile: Path,
        receipt_keys: Sequence[Path | None],
        frames: Frames,
        come_round: Callable[[], None],
        round_s: float,
        outbox_dir: Path | None = None,
    ) -> None:
        super().__init__(name="line", daemon=True)
        self._state, self._volatile, self._frames = state, volatile, frames
        self._come_round, self._round_s = come_round, round_s
        self._outbox_dir = outbox_dir or state
        (state / "requests").mkdir(exist_ok=True)  # ours, so that we may remove what others lay there
        self._door = Door(watch_door(str(state)))
        self._verify = [verifier(str(key)) if key is not None else None for key in receipt_keys]
        self._rows: dict[str, int] = {}  # the last that was taken, from each outbox
        self._unjudged: list[tuple[str, Returned]] = []  # the outbox that may hold their alert cannot be read
        self._refused = 0
        self._asked: set[str] = set()
        self._stopped = False

    def stop(self) -> None:
        self._stopped = True
        knock(watch_door(str(self._state)))
        self.join()
        self._door.close()

    def run(self) -> None:
        outbox = Outboxes(str(self._outbox_dir), self._volatile)
        poll = select.poll()
        poll.register(self._door.fileno(), select.POLLIN)
        while not self._stopped:
            self._come_round()
            for frame in self._requests():
                self._frames.put(frame)
            while self._take_back(outbox) and not self._stopped:
                self._come_round()
            poll.poll(self._round_s * 1_000)
            self._door.clear()
        outbox.close()

    def _take_back(self, outbox: Outboxes) -> bool:
        """The next rows. What can be believed of them becomes frames, and goes once it is journaled; what cannot goes
        at once, or a flood of it would fill the outbox for good; what cannot be judged now waits for the next turn.
        False: there was none."""
        rows = outbox.returned(self._rows)
        unjudged, self._unjudged = self._unjudged, []
        refused: dict[str, list[int]] = {}
        for box, row in (*unjudged, *rows):
            self._rows[box] = max(row.id, self._rows.get(box, 0))
            origin = {"row": row.id, "line": row.line, "box": box}
            if row.what == "link" and len(row.payload) <= MAX_RECEIPT_BYTES:
                self._frames.put(_frame("centre", "link", plain(row.payload) | origin))
                continue
            try:
                said = self._receipt(row, outbox)
            except Fault:
                self._unjudged.append((box, row))
                continue
            if said is None:
                refused.setdefault(box, []).append(row.id)
            else:
                self._frames.put(_frame("centre", "receipt", said | origin))
        for box, ids in refused.items():
            outbox.forget_refused(box, ids)
        return bool(rows)

    def _receipt(self, row: Returned, outbox: Outboxes) -> dict[str, object] | None:
        """A receipt that the line's own centre signed, and that names what we sent; anything else is dropped and
        said. Fault: it cannot be told now."""
        try:
            if len(row.payload) > MAX_RECEIPT_BYTES:
                raise BadFrame(f"it is longer than {MAX_RECEIPT_BYTES} bytes")
            verify = self._verify[row.line - 1] if row.line <= len(self._verify) else None
            if verify is None:
                raise BadFrame("a receipt came, and hub.toml names no receipt_key to check it with")
            receipt = open_receipt(row.payload, verify)
            if digest(outbox.envelope(receipt.epoch, receipt.seq)) != receipt.alert:
                raise BadFrame("a receipt names another alert than the one of its number")
        except (BadFrame, KeyError) as fault:
            self._refused += 1
            if self._refused.bit_count() == 1:  # the 1st, 2nd, 4th, 8th: a flood must not fill the log
                _say(f"receipt on line {row.line} refused, number {self._refused} since the start: {fault}")
            return None
        said: dict[str, object] = asdict(receipt)
        del said["hub"]
        return {name: value for name, value in said.items() if value is not None}

    def _requests(self) -> Iterator[Frame]:
        """Files that a person's command laid into the state directory; each is taken once."""
        for path in sorted((self._state / "requests").glob("*.json")):
            if path.name in self._asked:
                continue
            self._asked.add(path.name)
            try:
                data, found = laid(path)
            except OSError as fault:
                _say(f"request {path.name} cannot be read: {fault.strerror}")
                continue
            said = plain(data)
            what = str(said.pop("what", "unknown"))
            if why := unheeded(what, said, found):
                _say(f"request {path.name} is not heeded: {why}")
                answered(self._state, path.name)
                continue
            yield _frame("care", what, said | {"request": path.name})


def _say(line: str) -> None:
    print(f"watch: {line}", file=sys.stderr, flush=True)


def _frame(link: str, address: str, said: dict[str, object]) -> Frame:
    return Frame(link, address, json.dumps(said, sort_keys=True).encode())


def plain(payload: bytes) -> dict[str, object]:
    """A JSON object; an empty one for anything else."""
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        said = None
    return said if isinstance(said, dict) else {}
