"""Storing what the loop came to, whatever becomes of the disk: what cannot be stored is said all the same.

The first to go on a full disk is the ballast. What cannot be written then stays in memory, bounded, and is written
when the disk takes it again. Each turn is told to the loop as a frame, so that ``storage_fault`` is raised, and a
replay knows.
"""

import json
import queue
import sys
from collections.abc import Callable
from typing import Final

from agent.ballast_io import Ballast
from agent.detect.own_words import FULL, UNWRITTEN
from agent.engine import Engine
from agent.journal_io import Journal, Unwritten
from agent.live_io import Frames
from agent.nouns import MINUTE_MS, Entry, Frame, Instant, Outcome
from agent.salvage_io import is_damaged

BALLAST_AGAIN_MS: Final = 10 * MINUTE_MS  # between two looks whether there is room for it again


class Storing:
    """The journal as the loop's sink sees it: nothing here raises for a disk that fails."""

    def __init__(self, journal: Journal, ballast: Ballast, frames: Frames, version: str) -> None:
        self.journal, self._ballast, self._frames, self._version = journal, ballast, frames, version
        self._untold: list[Frame] = []  # the queue was full
        self._failed = False
        self.damaged: Unwritten | None = None  # the file itself is the trouble: only a start can begin it anew
        self._full = not ballast.lay()
        self._look_again = Instant(0)
        if self._full:
            self.tell(FULL, "failed")

    def put(self, entry: Entry, outcome: Outcome) -> None:
        self._write(lambda: self.journal.put(entry, outcome))
        if self._full and not self._failed and entry.at >= self._look_again:
            self._look_again = Instant(entry.at + BALLAST_AGAIN_MS)
            if self._ballast.lay():
                self._full = False
                self.tell(FULL, "works")
        while self._untold and self._put(self._untold[0]):
            del self._untold[0]

    def flush(self) -> None:
        self._write(self.journal.flush)

    def begin(self, engine: Engine, at: Instant, seq: int) -> None:
        """Another segment; where it cannot be written the running one goes on."""
        self._write(lambda: self.journal.begin(engine, at, seq, self._version), again=True)

    def turn_over(self, entry: Entry, engine: Engine) -> None:
        """After an entry: another segment where the running one has grown long; the end where the file is damaged, so
        that the next start begins it anew."""
        if self.journal.is_long() and not self.journal.behind:
            self.begin(engine, entry.at, entry.seq + 1)
        if self.damaged is not None:
            if is_damaged(self.journal.path):
                raise self.damaged
            self.damaged = None  # all of it was read just now, and is whole

    def _write(self, write: Callable[[], None], again: bool = False) -> None:
        """``again``: a second try is the same call; else what was taken in is flushed."""
        try:
            try:
                write()
            except Unwritten as fault:
                if not ((fault.full or self._ballast.needed()) and self._ballast.free()):
                    raise
                self._full = True
                self.tell(FULL, "failed")
                (write if again else self.journal.flush)()
        except Unwritten as fault:
            if not self._failed:
                self._failed = True
                _say(f"the journal cannot be written: {fault}; alerts are sent all the same")
                self.tell(UNWRITTEN, "failed")
            self.damaged = fault if fault.damaged else None  # looked into after this entry
            return
        if self._failed and not self.journal.behind:
            self._failed = False
            _say("the journal is written again")
            self.tell(UNWRITTEN, "works")

    def tell(self, what: str, state: str) -> None:
        frame = Frame("hub", "storage", json.dumps({"what": what, "state": state}).encode())
        if self._untold or not self._put(frame):
            self._untold.append(frame)

    def _put(self, frame: Frame) -> bool:
        """From the loop itself, which must not wait for room in its own queue."""
        try:
            self._frames.put_nowait(frame)
        except queue.Full:
            return False
        return True


def _say(line: str) -> None:
    print(f"watch: {line}", file=sys.stderr, flush=True)
