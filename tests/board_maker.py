"""A wired board for tests: what it says, body by body, as firmware-bridge/README.md has it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from struct import pack
from typing import NamedTuple

from agent.nouns import Frame, Instant, Reading, Sensor
from agent.sensors import framing
from agent.sensors.bridge import HEARTBEAT, HELLO, READING, Board, Bridges
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


class Wired:
    """A board at one end, the hub's understanding at the other. Times are given, in ms."""

    def __init__(self, sensors: Iterable[Sensor] = SENSORS, boot: int = 7) -> None:
        self.bridges = Bridges(sensors)
        self.boot = boot
        self.oldest = self.next = 0

    @property
    def board(self) -> Board:
        return self.bridges.boards[NAME]

    def body(self, at: int, body: bytes) -> tuple[Reading, ...]:
        return self.bridges.decode(Instant(at), Frame("serial", NAME, body))

    def state(self, uptime: int) -> bytes:
        return pack("<IHHH", uptime % (1 << 32), self.boot, self.oldest, self.next)

    def hello(self, at: int, uptime: int, channels: Iterable[int] = CHANNELS) -> tuple[Reading, ...]:
        kinds = b"".join(pack("<BBH", kind, 1, 20) for kind in channels)
        payload = self.state(uptime) + pack("<BBB8sB", 1, 0, 1, b"m328p", len(kinds) // 4) + kinds
        return self.body(at, framing.pack(HELLO, 0, payload))

    def heartbeat(self, at: int, uptime: int, levels: int = 0) -> tuple[Reading, ...]:
        return self.body(at, framing.pack(HEARTBEAT, 0, self.state(uptime) + pack("<HBB", 4987, levels, 0)))

    def reading(self, at: int, number: int, uptime: int, channel: int, value: int = 1) -> tuple[Reading, ...]:
        payload = pack("<IHBB", uptime % (1 << 32), self.boot, channel, value)
        return self.body(at, framing.pack(READING, number % (1 << 16), payload))
