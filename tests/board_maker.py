"""A wired board for tests: what it says, body by body, as firmware-bridge/README.md has it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from struct import pack
from typing import NamedTuple

from agent.nouns import BadFrame, Instant, Reading, Sensor
from agent.sensors import framing, wired
from agent.sensors.bridge import Board
from agent.sensors.wire import CONFIGURE, DONE, HEARTBEAT, HELLO, READING, SELFTEST
from tests.conftest import ROOT

GOLDEN = ROOT / "firmware-bridge" / "golden.txt"
NAME = "bridge-1"
SENSORS = (
    Sensor("hall-motion", "motion", "hall", None, "serial", "bridge-1/motion0"),
    Sensor("front-door", "door", "hall", "entrance", "serial", "bridge-1/door0"),
    Sensor("cord", "button", "hall", None, "serial", "bridge-1/button0"),
)
CHANNELS = (1, 2, 3, 4, 5)
MOTION, DOOR, BUTTON, TAMPER, BED = range(5)


class Golden(NamedTuple):
    type: int
    number: int
    payload: bytes
    frame: bytes


def golden(path: Path = GOLDEN) -> Mapping[str, Golden]:
    rows = [line.split() for line in path.read_text().splitlines() if not line.startswith("#")]
    return {
        name: Golden(int(type, 16), int(number, 16), bytes.fromhex(payload.strip("-")), bytes.fromhex(frame))
        for name, type, number, payload, frame in rows
    }


class Ends:
    """What the hub has of a board: the conversation, and what the journal makes of it. All is kept at once."""

    def __init__(self, sensors: Iterable[Sensor] = SENSORS, memory: Mapping[str, object] | None = None) -> None:
        self.watched = True
        self.journal = wired.Wired(sensors)
        if memory is not None:
            self.journal.restore(memory)
        used = [sensor.address.removeprefix(f"{NAME}/") for sensor in sensors if sensor.address.startswith(NAME)]
        self.board = Board(NAME, used, self.journal.memory(NAME))

    def hear(self, at: int, body: bytes) -> tuple[list[Reading], list[str]]:
        """What comes of a body, and what was refused of it."""
        heard: list[Reading] = []
        refused: list[str] = []
        try:
            frames = self.board.hear(Instant(at), body)
        except ValueError as fault:
            frames = (self.board.refuse(str(fault)),)
        for frame in frames:
            try:
                heard += self.journal.decode(Instant(at), frame)
            except BadFrame as fault:
                refused.append(str(fault))
        self.board.told(self.watched, self.journal.memory(NAME))
        return heard, refused


class Wired:
    """A board at one end, the hub's understanding at the other. Times are given, in ms."""

    def __init__(
        self, sensors: Iterable[Sensor] = SENSORS, boot: int = 7, memory: Mapping[str, object] | None = None
    ) -> None:
        self.ends = Ends(sensors, memory)
        self.boot = boot
        self.refused: list[str] = []
        self.oldest = self.next = 0

    @property
    def board(self) -> Board:
        return self.ends.board

    def body(self, at: int, body: bytes) -> tuple[Reading, ...]:
        """BadFrame for what was refused, if it says nothing else; that the link is up is not told."""
        heard, self.refused = self.ends.hear(at, body)
        said = tuple(reading for reading in heard if reading.quantity != "link")
        if self.refused and not said:
            raise BadFrame(self.refused[0])
        return said

    def state(self, uptime: int) -> bytes:
        return pack("<IHHH", uptime % (1 << 32), self.boot, self.oldest, self.next)

    def hello(
        self, at: int, uptime: int, channels: Iterable[int] = CHANNELS, obeys: bool = True
    ) -> tuple[Reading, ...]:
        """``obeys``: it does at once what it is told."""
        kinds = b"".join(pack("<BBH", kind, 1, 20) for kind in channels)
        payload = self.state(uptime) + pack("<BBB8sB", 1, 0, 1, b"m328p", len(kinds) // 4) + kinds
        said = self.body(at, framing.pack(HELLO, 0, payload))
        while obeys and self.board.orders.waiting:
            self.obey(at)
        return said

    def obey(self, at: int, result: int = 0) -> tuple[int, bytes]:
        """One order, and what it was: (type, payload)."""
        type, number, order = self.board.orders.waiting[0]
        done = framing.pack(DONE, number, bytes([type, result]))
        passed = framing.pack(SELFTEST, number, pack("<IBBH", at % (1 << 32), 7, 0 if result else 7, 5_000))
        self.body(at, done if type == CONFIGURE else passed)
        return type, order

    def heartbeat(self, at: int, uptime: int, levels: int = 0, presses_lost: int = 0) -> tuple[Reading, ...]:
        said = pack("<HBBB", 4987, levels, 0, presses_lost)
        return self.body(at, framing.pack(HEARTBEAT, 0, self.state(uptime) + said))

    def reading(self, at: int, number: int, uptime: int, channel: int, value: int = 1) -> tuple[Reading, ...]:
        payload = pack("<IHBB", uptime % (1 << 32), self.boot, channel, value)
        return self.body(at, framing.pack(READING, number % (1 << 16), payload))
