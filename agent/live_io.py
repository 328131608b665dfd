"""Live: the queue at the rim, and the one hand that stamps time.

Threads (the MQTT client, the serial reader, the line to uplink) put ``Frame``s into one bounded queue. The loop
takes them out here, stamps them, and stamps the silences between them at the instants that were due.
"""

import json
import queue
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from agent.clock_io import HubClock
from agent.engine import OWN_LINKS, Engine
from agent.nouns import MINUTE_MS, Clock, Entry, Frame, Instant

QUEUE_MOST: Final = 1_000  # a full queue blocks the link that fills it: MQTT and serial then hold back what they have
TURN_MS: Final = MINUTE_MS  # a silence is told at least this often, so that the journal knows that the hub was awake


OWN_MOST: Final = 100  # of the hub's own frames in a row; then one of the sensors, which may be the fire


class Frames(queue.Queue[Frame | None]):
    """What the hub, a person or the centre says goes before what sensors say: in a flood of readings a receipt is not
    to wait behind a thousand of them. Neither are the sensors to wait behind a flood of that."""

    def _init(self, maxsize: int) -> None:
        self._own: deque[Frame | None] = deque()
        self._heard: deque[Frame | None] = deque()
        self._in_a_row = 0

    def _qsize(self) -> int:
        return len(self._own) + len(self._heard)

    def _put(self, item: Frame | None) -> None:
        own = item is not None and item.link in OWN_LINKS
        (self._own if own else self._heard).append(item)

    def _get(self) -> Frame | None:
        if not self._own or (self._heard and self._in_a_row >= OWN_MOST):
            self._in_a_row = 0
            return self._heard.popleft()
        self._in_a_row += 1
        return self._own.popleft()


def frame_queue() -> Frames:
    return Frames(maxsize=QUEUE_MOST)


def intake(
    frames: Frames,
    clock: HubClock,
    engine: Engine,
    seq: int,
    boot: Frame,
    come_round: Callable[[], None] = lambda: None,
    round_s: float = TURN_MS / 1_000,
) -> Iterator[Entry]:
    """Entries, for ever, until a None is taken from the queue; the first says that the hub has started.

    ``seq`` is the number of the last frame. A loop that wakes more than 2 s after it wanted to has not been awake:
    that is an entry too, and no silence is put into the time that it slept. Each time the loop comes back here, after
    at most ``round_s``, it calls ``come_round``.
    """
    known = engine.proof.watch.clock
    last = clock.now()
    seq += 1
    yield Entry(seq, last, boot)
    while True:
        come_round()
        known, seq, told = _clock_frames(clock, known, seq)
        if told is not None:
            last = told.at
            yield told
        wanted = Instant(min(last - last % TURN_MS + TURN_MS, engine.next_deadline() or Instant(last + TURN_MS)))
        try:
            frame = frames.get(timeout=min(round_s, clock.seconds_until(wanted)))
            if frame is None:
                return
            if not engine.takes_in(frame):  # who lives here does not want it: not stamped, not written, not known
                frame = None
        except queue.Empty:
            frame = None
        now = clock.now()
        if now - wanted > clock.late_ms():
            seq += 1
            yield Entry(seq, now, Frame("hub", "gap", json.dumps({"from_ms": last}).encode()))
            last = now
        if frame is not None:
            seq += 1
            last = now
            yield Entry(seq, now, frame)
        elif now >= wanted > last:
            last = wanted
            yield Entry(seq, wanted)


def _clock_frames(clock: HubClock, known: Clock, seq: int) -> tuple[Clock, int, Entry | None]:
    """An entry if the wall clock was corrected or its quality changed."""
    found = clock.compare(known)
    if found == known:
        return known, seq, None
    said = json.dumps({"offset_ms": found.offset_ms, "quality": found.quality}).encode()
    return found, seq + 1, Entry(seq + 1, clock.now(), Frame("hub", "clock", said))


def boot_frame(
    clock: HubClock,
    boot_id: str,
    last: Instant | None,
    version: str,
    models: Mapping[str, str] | None = None,
    lines: int = 0,
) -> Frame:
    """What the first entry of a run says: when the hub last knew anything, how its time is anchored, why which of its
    models cannot be used ("": it can), and how many lines lead to a centre that signs."""
    zero, at = clock.anchor
    said: dict[str, object] = {"boot": boot_id, "zero_ms": zero, "at_ms": at, "agent": version, "models": models or {}}
    if lines:
        said["lines"] = lines
    if last is not None:
        said["from_ms"] = last
    return Frame("hub", "boot", json.dumps(said).encode())
