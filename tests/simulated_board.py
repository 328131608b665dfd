"""The real binary of the wired board in a simulated processor, and the hub's end of its serial line."""

import os
import shutil
import subprocess
import termios
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from types import TracebackType

import pytest

from agent.nouns import Instant, Reading
from agent.sensors import framing
from agent.sensors.bridge import Board
from agent.sensors.wire import (
    ASK_HELLO,
    ASK_SELFTEST,
    CONFIGURE,
    DONE,
    HEARTBEAT,
    HELLO,
    SELFTEST,
    WAVEFORM,
    Block,
    block,
)
from tests.board_maker import Ends
from tests.brokers import until
from tests.conftest import ROOT

FIRMWARE = ROOT / "firmware-bridge"
BUILT = ROOT / "build" / "firmware"
BUILD_S = 120
LIMIT_S = 60  # a busy machine simulates at a third of the speed
EPOCH = 1_800_000_000_000
STRIP, LOAD = 4, 5  # channels
PIR, REED, CORD, CASE = 2, 3, 4, 5  # pins; a reed that is shut, and a cord that is pulled, are 0


def make(*targets: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "-C", FIRMWARE, *targets], capture_output=True, text=True, timeout=BUILD_S, check=False
    )


def build() -> None:
    """Skips where the tools are not, fails where the sources are wrong."""
    if not shutil.which("avr-gcc") or not Path("/usr/include/simavr/sim_avr.h").exists():
        pytest.skip("no simulated board here: install Debian's packages gcc-avr, avr-libc and libsimavr-dev")
    made = make("simulated")
    assert made.returncode == 0, made.stderr


class SimulatedBoard:
    """Powered until the end of the ``with``. ``program`` is the board's binary, or a bootloader alone."""

    def __init__(self, program: str = "bridge.elf") -> None:
        self._program = BUILT / program

    def __enter__(self) -> "SimulatedBoard":
        self._process = subprocess.Popen(
            [BUILT / "simulated", self._program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        self.path = self._process.stdout.readline().decode().strip()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            assert self._process.wait(timeout=10) == 0
        finally:
            self._process.kill()
            assert self._process.stdout is not None
            self._process.stdout.close()

    def _ask(self, order: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{order}\n".encode())
        self._process.stdin.flush()
        return self._process.stdout.readline().decode().strip()

    def now(self) -> Instant:
        """Simulated: a busy machine is slow for the board and the hub alike."""
        return Instant(EPOCH + int(self._ask("t")))

    def pin(self, pin: int, level: int) -> Instant:
        """When it was done; the board has seen it by the time this returns."""
        done = self.now()
        assert self._ask(f"{pin} {level}") == "ok"
        return done

    def pin_only(self, pin: int, level: int) -> None:
        """Whether the board has seen it is for ``seen`` to wait for, which must follow."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{pin} {level}\n".encode())
        self._process.stdin.flush()

    def seen(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline().decode().strip() == "ok"

    def hang(self) -> None:
        """Nothing wakes its program any more."""
        assert self._ask("hang") == "ok"

    def set(self, what: str, value: int | str) -> None:
        """``v`` the supply and ``a`` the bed strip in mV, ``load`` what the HX711 weighs, or how its wires are."""
        assert self._ask(f"{what} {value}") == "ok"

    def never_used(self) -> int:
        """Bytes of RAM."""
        return int(self._ask("s"))

    def flash(self, count: int) -> bytes:
        """What it runs: so many bytes from the start."""
        return bytes.fromhex(self._ask(f"m {count}"))

    def pass_time(self, limit_ms: int) -> None:
        """Nobody reads the line meanwhile."""
        end = self.now() + limit_ms
        until(lambda: self.now() >= end, "time to pass", LIMIT_S)


class HubsEnd:
    """Opens the line, reads and answers, until it is closed. ``ends`` may remember what a hub before knew.

    A line that ``loses`` takes a fifth of the frames away, in both directions, and turns a bit in as many.
    """

    def __init__(self, board: SimulatedBoard, ends: Ends | None = None, loses: Random | None = None) -> None:
        self.ends = ends or Ends()
        self.deframer = framing.Deframer()
        self.heard: list[tuple[Instant, Reading]] = []
        self.refused: list[str] = []
        self.blocks: list[Block] = []
        self.types: list[int] = []
        self.tests: list[tuple[int, int]] = []
        self.resets: list[int] = []  # as HELLO has them
        self._loses, self._now = loses, board.now
        self._came = b""
        self._line = os.open(board.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        termios.tcflush(self._line, termios.TCIFLUSH)
        self.noise(b"\0")
        self.say(framing.pack(ASK_HELLO, 0))

    @property
    def board(self) -> Board:
        return self.ends.board

    def say(self, *bodies: bytes) -> None:
        for body in bodies:
            os.write(self._line, self._as_it_arrives(framing.encode(body)))

    def noise(self, data: bytes) -> None:
        os.write(self._line, data)

    def turn(self) -> None:
        try:
            data = os.read(self._line, 4_096)
        except BlockingIOError:
            return
        self._came += data
        *frames, self._came = self._came.split(b"\0")
        for body in self.deframer.feed(b"".join(self._as_it_arrives(frame + b"\0") for frame in frames)):
            self._hear(body)
            self.say(*self.board.answer(self._now()))

    def _hear(self, body: bytes) -> None:
        at = self._now()
        self.types.append(body[1])
        if body[1] == WAVEFORM:
            self.blocks.append(block(body[4:]))
        if body[1] == HELLO:
            self.resets.append(body[14])
        if body[1] == SELFTEST:
            self.tests.append((body[8], body[9]))
        readings, refused = self.ends.hear(at, body)
        self.refused += refused
        self.heard += [(at, reading) for reading in readings if reading.quantity not in ("checkin", "link")]

    def _as_it_arrives(self, frame: bytes) -> bytes:
        luck = 1.0 if self._loses is None else self._loses.random()
        if luck < 0.2:
            return b""
        if self._loses is None or luck > 0.4:
            return frame
        damaged = bytearray(frame)
        damaged[self._loses.randrange(len(frame))] ^= 1 << self._loses.randrange(8)
        return bytes(damaged)

    def until(self, condition: Callable[[], object], what: str) -> None:
        def turned() -> bool:
            self.turn()
            return bool(condition())

        until(turned, what, LIMIT_S)

    def feel(self, channel: int) -> "HubsEnd":
        """That bed channel is switched on."""
        done = self.types.count(DONE)
        self.say(order(CONFIGURE, [channel, 1, 0, 0]))
        self.until(lambda: self.types.count(DONE) > done, "the answer to the order")
        return self

    def tested(self) -> tuple[int, int]:
        """What the board tests of itself now, and what of that passes: bits of SELFTEST."""
        asked = len(self.tests)
        self.say(order(ASK_SELFTEST, []))
        self.until(lambda: len(self.tests) > asked, "the self-test")
        return self.tests[-1]

    def supply_mv(self) -> int:
        """As the last heartbeat had it."""
        return self.board.health.supply_mv if self.board.health is not None else 0

    def until_heard(self, count: int, what: str) -> None:
        self.until(lambda: len(self.heard) >= count, what)

    def met(self) -> "HubsEnd":
        """Once both know each other and the clocks of both have been compared."""
        self.until(lambda: self.board.boot is not None and HEARTBEAT in self.types, "hello and a heartbeat")
        self.until(lambda: not self.board.orders.waiting, "the board to do as home.toml says")
        return self

    def told(self) -> list[tuple[str, str, int]]:
        return [(reading.sensor, reading.quantity, reading.value) for _, reading in self.heard]

    def close(self) -> None:
        os.close(self._line)


def order(type: int, payload: Iterable[int]) -> bytes:
    return framing.pack(type, 1, bytes(payload))
