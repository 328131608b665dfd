"""The hub's ear for a board under any bytes at all: what must still be so, whatever the line brings.

An input is read byte by byte as firmware-bridge/test/fuzz.c reads its own: 0xF0..0xFF ends a piece, and time passes;
0xEF makes a whole frame of what follows (type, number, length, payload), which chance would seldom give its CRC; the
rest is the line's. Imports nothing but what it tests, for the fuzzer has a Python of its own.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Final

from agent.nouns import BadFrame, Frame, Instant, Sensor
from agent.sensors import framing, wired
from agent.sensors.bridge import Board
from agent.sensors.wire import ACK, ASK_HELLO, HELLO

START: Final = Instant(1_800_000_000_000)
EVENT, WHOLE = 0xF0, 0xEF
STEP_MS: Final = 130  # a piece of 0xFF is two seconds: heartbeats, and late ones
SILENT_MS: Final = 14 * STEP_MS  # then the line was lost in between
MAX_MEMORY: Final = 1_000  # bytes of what is kept of a board: where it is, its clock's line, a level for each channel
MAX_ORDERS: Final = 9  # one for each channel, and the test
MAX_WORDS: Final = 200
NAME: Final = "bridge-1"
SENSORS: Final = (
    Sensor("hall-motion", "motion", "hall", None, "serial", "bridge-1/motion0"),
    Sensor("front-door", "door", "hall", "entrance", "serial", "bridge-1/door0"),
    Sensor("cord", "button", "hall", None, "serial", "bridge-1/button0"),
    Sensor("bed", "bed", "bedroom", None, "serial", "bridge-1/bed0"),
)
NAMES: Final = {sensor.id for sensor in SENSORS}
GREETING: Final = framing.pack(HELLO, 9, bytes(10) + b"\x01\x00\x01m328p\0\0\0\x01\x02\x01\x14\x00")


def pieces(data: bytes) -> Iterator[tuple[int, bytes]]:
    """How many ms pass, and then what the line brings at once."""
    piece, at = b"", 0
    while at < len(data):
        byte = data[at]
        head = data[at + 1 : at + 4]
        if byte >= EVENT:
            yield (byte & 0x0F) * STEP_MS, piece
            piece = b""
        elif byte == WHOLE and len(head) == 3 and head[2] <= min(framing.MAX_PAYLOAD, len(data) - at - 4):
            payload = data[at + 4 : at + 4 + head[2]]
            piece += framing.encode(framing.pack(head[0], head[1], payload))
            at += 3 + head[2]
        else:
            piece += data[at : at + 1]
        at += 1
    yield 0, piece


class Ears:
    """The conversation with a board, and what the journal makes of it: all is kept at once."""

    def __init__(self) -> None:
        self.board = Board(NAME, [sensor.address.removeprefix(f"{NAME}/") for sensor in SENSORS])
        self.journal = wired.Wired(SENSORS)

    def hear(self, now: Instant, body: bytes) -> None:
        refused: ValueError | None = None
        frames: Sequence[Frame] = ()
        try:
            frames = self.board.hear(now, body)
        except ValueError as fault:
            refused = fault
        assert type(refused) in (type(None), ValueError), f"not said in words: {refused!r}"  # not a codec's
        if refused is not None:
            frames = (self.board.refuse(a_line(str(refused))),)
        for frame in frames:
            self.keep(now, frame)
        self.board.told(True, self.journal.memory(NAME))
        said = [framing.unpack(answer) for answer in self.board.answer(now)]
        assert said[0] is not None
        assert said[0].type == (ASK_HELLO if self.board.boot is None else ACK)
        assert len(self.board.orders.waiting) <= MAX_ORDERS

    def keep(self, now: Instant, frame: Frame) -> None:
        """A frame of ours is read back by the engine, or it says in a line what was refused or lost."""
        assert len(frame.payload) <= wired.MAX_BYTES
        try:
            told = self.journal.decode(now, frame)
        except BadFrame as fault:
            a_line(str(fault))
            return
        assert all(reading.at <= now and reading.value in (0, 1) for reading in told)
        assert all(reading.quantity == "link" or reading.sensor in NAMES for reading in told)


def a_line(words: str) -> str:
    """For a person."""
    assert words.isprintable(), words
    assert 0 < len(words) < MAX_WORDS, words
    return words


def whatever_the_line_brings(data: bytes) -> None:
    """AssertionError, or any other error, is a finding."""
    ears, deframer, now = Ears(), framing.Deframer(), START
    for passed, piece in pieces(data):
        now = Instant(now + passed)
        if passed >= SILENT_MS:
            for frame in ears.board.silent():
                ears.keep(now, frame)
        for body in deframer.feed(piece):
            ears.hear(now, body)
        assert len(deframer.kept) <= framing.MAX_COBS
    kept = json.dumps(ears.journal.snapshot())
    assert len(kept) < MAX_MEMORY
    again = wired.Wired(SENSORS)
    again.restore(json.loads(kept))
    assert json.dumps(again.snapshot()) == kept
    # In step with the frame behind the next end, and with the board that speaks it.
    assert list(deframer.feed(b"\0" + framing.encode(GREETING)))[-1:] == [GREETING]
    ears.hear(now, GREETING)
    assert ears.board.boot == 0
