"""What the boards of a home say over serial, understood: the bodies of frames in, readings out.

The meaning of each byte is firmware-bridge/README.md's. A board keeps a reading until it is acknowledged: ``answer``
says what the hub has, and must only be sent when the frames before it are kept.
"""

from collections.abc import Iterable, Mapping
from struct import Struct
from typing import Any, Final, NamedTuple, cast

from agent.nouns import BINARY, MINUTE_MS, SECOND_MS, BadFrame, Frame, Instant, Reading, Sensor, Snapshot
from agent.sensors.board_time import BoardTime
from agent.sensors.framing import VERSION, pack, unpack
from agent.sensors.payload import shown

LINK: Final = "serial"
HELLO, READING, HEARTBEAT, WAVEFORM, SELFTEST, DONE = range(0x01, 0x07)
ASK_HELLO, ACK, CONFIGURE, ASK_SELFTEST = range(0x81, 0x85)
KINDS: Final = {1: "motion", 2: "door", 3: "button", 4: "tamper", 5: "bed"}
CHECKIN_MS: Final = MINUTE_MS  # a heartbeat comes every 2 s; as a sign of life one a minute is enough
LATE_MS: Final = 2 * SECOND_MS
NUMBERS: Final = 1 << 16
MAX_CHANNELS: Final = 8
_NO_READINGS: Final = ("bed", "unknown")
_ALARMS: Final = frozenset({"smoke", "leak", "fall", "tamper", "button"})  # told also when they stand already
_STATE: Final = Struct("<IHHH")  # uptime, boot, oldest, next
_BOARD: Final = Struct("<BBB8sB")  # after it, in HELLO: reset, major, minor, board, channels
_CHANNEL: Final = Struct("<BBH")
_HEALTH: Final = Struct("<HBB")  # after it, in HEARTBEAT: supply_mv, levels, refused
_READING: Final = Struct("<IHBB")
_BLOCK: Final = Struct("<IBBBB")
_ACK: Final = Struct("<HH")


class Block(NamedTuple):
    """A piece of a bed's waveform; ``at`` is the board's uptime at the first sample."""

    at: int
    channel: int
    rate_hz: int
    bits: int
    samples: tuple[int, ...]


def late(at: Instant, reading: Reading) -> bool:
    """Whether a reading that arrived ``at`` tells of something past: it was kept by the board meanwhile."""
    return at - reading.at > LATE_MS


def block(payload: bytes) -> Block:
    """ValueError, in words, for what is no waveform."""
    start, channel, rate_hz, bits, count = _BLOCK.unpack_from(_long_enough("waveform", payload, _BLOCK.size))
    if not (12 <= bits <= 24 and 50 <= rate_hz <= 100):
        raise ValueError(f"waveform of {bits} bits at {rate_hz} Hz, not 12 to 24 at 50 to 100")
    width = 2 if bits <= 16 else 3
    raw = _long_enough("waveform", payload, _BLOCK.size + count * width)[_BLOCK.size : _BLOCK.size + count * width]
    samples = tuple(int.from_bytes(raw[i : i + width], "little", signed=True) for i in range(0, len(raw), width))
    if any(not -(1 << bits - 1) <= sample < 1 << bits - 1 for sample in samples):
        raise ValueError(f"waveform with a sample of more than {bits} bits")
    return Block(start, channel, rate_hz, bits, samples)


def _long_enough(what: str, payload: bytes, length: int) -> bytes:
    if len(payload) < length:
        raise ValueError(f"{what} of {len(payload)} bytes, not {length}")
    return payload


class Board:
    """One board and the sensors on its channels. ``wanted`` is the number of the reading that is waited for.

    ``levels`` are the last values told, by channel. ``unsure``: readings were lost or the board started anew, so the
    next heartbeat that finds nothing under way tells how doors stand. ``lost`` counts readings, and ``blocks_lost``
    pieces of waveform, that can never come any more.
    """

    def __init__(self, name: str, sensors: Iterable[Sensor]) -> None:
        self.name = name
        self.boot: int | None = None
        self.firmware = ""
        self.supply_mv = 0
        self.lost = 0
        self.blocks_lost = 0
        self.wanted = 0
        self._sensors = {sensor.address.partition("/")[2]: sensor for sensor in sensors}
        self._channels: tuple[str, ...] = ()
        self._levels: dict[int, int] = {}
        self._unsure = True
        self._block: int | None = None
        self._checked_in: Instant | None = None
        self._time = BoardTime()

    def hear(self, at: Instant, payload: bytes) -> tuple[Reading, ...]:
        """ValueError, in words, for what cannot be understood."""
        body = unpack(payload)
        if body is None:
            raise ValueError(f"a frame of {len(payload)} bytes")
        if body.version != VERSION:
            raise ValueError(f"speaks version {body.version}; this hub understands {VERSION}: update one of the two")
        if body.type == HELLO:
            return self._hello(at, body.payload)
        if body.type == HEARTBEAT:
            return self._heartbeat(at, body.payload)
        if body.type == READING:
            return self._reading(at, body.number, body.payload)
        if body.type == WAVEFORM:
            return self._waveform(body.number, body.payload)
        if body.type in (SELFTEST, DONE):
            return ()
        raise ValueError(f"frame type {body.type:#04x}, which this hub does not know")

    def miss(self) -> None:
        """What was said until now may not have been heard."""
        self._unsure = True

    def answer(self) -> bytes:
        """The body to send back: what is kept, or a request to say who speaks."""
        return pack(ASK_HELLO, 0) if self.boot is None else pack(ACK, 0, _ACK.pack(self.boot, self.wanted))

    def _hello(self, at: Instant, payload: bytes) -> tuple[Reading, ...]:
        start = _STATE.size + _BOARD.size
        uptime, boot, oldest, coming = _STATE.unpack_from(_long_enough("hello", payload, start))
        _, major, minor, board, count = _BOARD.unpack_from(payload, _STATE.size)
        if count > MAX_CHANNELS:
            raise ValueError(f"hello with {count} channels, more than {MAX_CHANNELS}")
        _long_enough("hello", payload, start + count * _CHANNEL.size)
        kinds = [KINDS.get(payload[start + i * _CHANNEL.size], "unknown") for i in range(count)]
        channels = tuple(f"{kind}{kinds[:i].count(kind)}" for i, kind in enumerate(kinds))
        if channels != self._channels:
            self._channels, self._levels = channels, {}
        if boot != self.boot or self._never_gave(oldest, coming):
            self.boot, self.wanted, self._time, self._block, self._unsure = boot, oldest, BoardTime(), None, True
        self.firmware = f"{shown(board.rstrip(bytes(1)).decode('ascii', 'replace'))} {major}.{minor}"
        self._time.pair(uptime, at)
        self._skip_to(oldest)
        return ()

    def _heartbeat(self, at: Instant, payload: bytes) -> tuple[Reading, ...]:
        size = _STATE.size + _HEALTH.size
        uptime, boot, oldest, coming = _STATE.unpack_from(_long_enough("heartbeat", payload, size))
        if boot != self.boot or self._never_gave(oldest, coming):
            self.boot = None  # a start that we did not hear: ask
            return ()
        self.supply_mv, levels, _ = _HEALTH.unpack_from(payload, _STATE.size)
        self._time.pair(uptime, at)
        self._skip_to(oldest)
        said: list[Reading] = []
        if self._unsure and coming == self.wanted:
            self._unsure = False
            said += self._as_it_stands(at, levels)
        if self._checked_in is None or at - self._checked_in >= CHECKIN_MS:
            self._checked_in = at
            said += [Reading(at, sensor.id, "checkin", 1) for sensor in self._sensors.values()]
        return tuple(said)

    def _never_gave(self, oldest: int, coming: int) -> bool:
        """Whether the board knows nothing of the number we wait for: it was erased, and counts its boots anew."""
        behind = (self.wanted - oldest) % NUMBERS
        return (coming - oldest) % NUMBERS < behind <= NUMBERS // 2

    def _skip_to(self, oldest: int) -> None:
        """The board no longer has what comes before ``oldest``: half the numbers lie ahead, half behind."""
        gone = (oldest - self.wanted) % NUMBERS
        if 0 < gone < NUMBERS // 2:
            self.wanted = oldest
            self.lost += gone
            self._unsure = True
            raise ValueError(f"{gone} readings are lost: the hub was away for longer than the board could keep them")

    def _as_it_stands(self, at: Instant, levels: int) -> list[Reading]:
        """What is, not what happened: that a door stands otherwise, that something is over, that an alarm is on."""
        said: list[Reading] = []
        for channel, name in enumerate(self._channels):
            value = levels >> channel & 1
            known, self._levels[channel] = self._levels.get(channel), value
            if value == known or name.startswith(_NO_READINGS):
                continue
            for reading in self._said(at, name, value):
                if reading.quantity == "door":
                    said += [reading._replace(quantity="door_level")] if known is not None else []
                elif reading.quantity in _ALARMS if reading.value else known is not None:
                    said.append(reading)
        return said

    def _reading(self, at: Instant, number: int, payload: bytes) -> tuple[Reading, ...]:
        """Only the one that is waited for: an earlier one was told before, a later one will come again."""
        uptime, boot, channel, value = _READING.unpack_from(_long_enough("reading", payload, _READING.size))
        if boot != self.boot:
            self.boot = None
            return ()
        if number != self.wanted:
            return ()
        self.wanted = (number + 1) % NUMBERS  # also of one that cannot be understood: it would come for ever
        if channel >= len(self._channels):
            raise ValueError(f"reading of channel {channel}, and hello named {len(self._channels)}")
        name = self._channels[channel]
        if name.startswith(_NO_READINGS):
            raise ValueError(f"reading of {name}, which has none that this hub knows")
        if value not in (0, 1):
            raise ValueError(f"{name} is {value}, neither 0 nor 1")
        self._levels[channel] = value
        sensor = self._sensors.get(name)
        if sensor is not None and sensor.kind not in BINARY:
            raise ValueError(f"{name} is on or off, and home.toml calls {sensor.id} a {sensor.kind}")
        return self._said(self._time.time_of(uptime, at), name, value)

    def _said(self, at: Instant, name: str, value: int) -> tuple[Reading, ...]:
        """The case is every sensor's behind it; another channel is the sensor's that home.toml has there, if any."""
        if name.startswith("tamper"):
            return tuple(Reading(at, sensor.id, "tamper", value) for sensor in self._sensors.values())
        sensor = self._sensors.get(name)
        if sensor is None or sensor.kind not in BINARY:
            return ()
        return (Reading(at, sensor.id, sensor.kind, value ^ int(sensor.inverted)),)

    def _waveform(self, number: int, payload: bytes) -> tuple[Reading, ...]:
        """No reading comes of it yet; what did not arrive is counted."""
        block(payload)
        if self._block is not None:
            self.blocks_lost += (number - self._block) % NUMBERS
        self._block = (number + 1) % NUMBERS
        return ()

    def snapshot(self) -> Snapshot:
        return {
            "boot": self.boot,
            "firmware": self.firmware,
            "supply_mv": self.supply_mv,
            "lost": self.lost,
            "blocks_lost": self.blocks_lost,
            "wanted": self.wanted,
            "channels": list(self._channels),
            "levels": [list(pair) for pair in self._levels.items()],
            "unsure": self._unsure,
            "block": self._block,
            "checked_in": self._checked_in,
            "time": self._time.snapshot(),
        }

    def restore(self, snapshot: Mapping[str, object]) -> None:
        told = cast(Mapping[str, Any], snapshot)
        self.boot, self.firmware, self.supply_mv = told["boot"], told["firmware"], told["supply_mv"]
        self.lost, self.blocks_lost, self.wanted = told["lost"], told["blocks_lost"], told["wanted"]
        self._channels = tuple(told["channels"])
        self._levels = dict(told["levels"])
        self._unsure, self._block, self._checked_in = told["unsure"], told["block"], told["checked_in"]
        self._time.restore(told["time"])


class Bridges:
    """All boards of the home, by the name before the stroke of a sensor's address: ``bridge-1/door0``."""

    def __init__(self, sensors: Iterable[Sensor]) -> None:
        behind: dict[str, list[Sensor]] = {}
        for sensor in sensors:
            behind.setdefault(sensor.address.partition("/")[0], []).append(sensor)
        self.boards = {name: Board(name, those) for name, those in behind.items()}

    def decode(self, at: Instant, frame: Frame) -> tuple[Reading, ...]:
        """A frame's address is the bridge's name, its payload a body. BadFrame as ``Decoder.decode``."""
        board = self.boards.get(frame.address)
        if board is None:
            raise BadFrame(f"{shown(frame.address)}: no sensor of home.toml is behind this bridge")
        try:
            return board.hear(at, frame.payload)
        except ValueError as fault:
            raise BadFrame(f"{board.name}: {fault}") from None

    def snapshot(self) -> Snapshot:
        return {name: board.snapshot() for name, board in self.boards.items()}

    def restore(self, snapshot: Snapshot) -> None:
        for name, board in self.boards.items():
            if name in snapshot:
                board.restore(cast(Mapping[str, object], snapshot[name]))
