"""What the payloads of a board's frames say, byte by byte: version 1 of firmware-bridge/README.md."""

from struct import Struct
from typing import Final, NamedTuple

LINK: Final = "serial"
TAMPER: Final = "tamper"  # a channel that is of the whole board: its case
FELT: Final = "bed"  # a channel that sends a waveform and no readings
HELLO, READING, HEARTBEAT, WAVEFORM, SELFTEST, DONE = range(0x01, 0x07)
ASK_HELLO, ACK, CONFIGURE, ASK_SELFTEST = range(0x81, 0x85)
KINDS: Final = {1: "motion", 2: "door", 3: "button", 4: TAMPER, 5: FELT}
TESTS: Final = {1: "its checksum", 2: "its supply", 4: "its bed input"}
RESULTS: Final = {1: "it does not know it", 2: "no such channel", 3: "a value out of range", 4: "too short"}
ENABLED: Final = 1  # of a channel's flags
NUMBERS: Final = 1 << 16
MAX_CHANNELS: Final = 8
_STATE: Final = Struct("<IHHH")
_BOARD: Final = Struct("<BBB8sB")  # after it, in HELLO: reset, major, minor, board, channels
_CHANNEL: Final = Struct("<BBH")
_HEALTH: Final = Struct("<HBB")  # after it, in HEARTBEAT; later firmware adds presses_lost
_READING: Final = Struct("<IHBB")
_BLOCK: Final = Struct("<IBBBB")
_SELFTEST: Final = Struct("<IBBH")
_DONE: Final = Struct("<BB")
_ACK: Final = Struct("<HHH")
_CONFIGURE: Final = Struct("<BBH")


class State(NamedTuple):
    """Where HELLO and HEARTBEAT begin."""

    uptime: int
    boot: int
    oldest: int
    next: int


class Channel(NamedTuple):
    name: str
    flags: int
    debounce_ms: int


class Hello(NamedTuple):
    state: State
    reset: int
    firmware: str
    channels: tuple[Channel, ...]


class Heartbeat(NamedTuple):
    state: State
    supply_mv: int
    levels: int
    refused: int
    presses_lost: int = 0


class Reading(NamedTuple):
    uptime: int
    boot: int
    channel: int
    value: int


class Block(NamedTuple):
    """A piece of a bed's waveform; ``at`` is the board's uptime at the first sample."""

    at: int
    channel: int
    rate_hz: int
    bits: int
    samples: tuple[int, ...]


def _cut(what: str, payload: bytes, length: int) -> bytes:
    """ValueError, in words, like all here, for what is too short; what is longer is of a later firmware."""
    if len(payload) < length:
        raise ValueError(f"{what} of {len(payload)} bytes, not {length}")
    return payload[:length]


def hello(payload: bytes) -> Hello:
    """Its channels are named by their kind, and which of that kind."""
    start = _STATE.size + _BOARD.size
    _cut("hello", payload, start)
    reset, major, minor, board, count = _BOARD.unpack_from(payload, _STATE.size)
    if count > MAX_CHANNELS:
        raise ValueError(f"hello with {count} channels, more than {MAX_CHANNELS}")
    said = list(_CHANNEL.iter_unpack(_cut("hello", payload, start + count * _CHANNEL.size)[start:]))
    kinds = [KINDS.get(kind, "unknown") for kind, _, _ in said]
    names = (f"{kind}{kinds[:i].count(kind)}" for i, kind in enumerate(kinds))
    channels = tuple(Channel(name, flags, ms) for name, (_, flags, ms) in zip(names, said, strict=True))
    firmware = f"{board.rstrip(bytes(1)).decode('ascii', 'replace')} {major}.{minor}"
    return Hello(State(*_STATE.unpack_from(payload)), reset, firmware, channels)


def heartbeat(payload: bytes) -> Heartbeat:
    size = _STATE.size + _HEALTH.size
    _cut("heartbeat", payload, size)
    supply_mv, levels, refused = _HEALTH.unpack_from(payload, _STATE.size)
    presses_lost = payload[size] if len(payload) > size else 0
    return Heartbeat(State(*_STATE.unpack_from(payload)), supply_mv, levels, refused, presses_lost)


def reading(payload: bytes) -> Reading:
    return Reading(*_READING.unpack(_cut("reading", payload, _READING.size)))


def block(payload: bytes) -> Block:
    start, channel, rate_hz, bits, count = _BLOCK.unpack(_cut("waveform", payload, _BLOCK.size))
    if not (12 <= bits <= 24 and 50 <= rate_hz <= 100):
        raise ValueError(f"waveform of {bits} bits at {rate_hz} Hz, not 12 to 24 at 50 to 100")
    width = 2 if bits <= 16 else 3
    raw = _cut("waveform", payload, _BLOCK.size + count * width)[_BLOCK.size :]
    samples = tuple(int.from_bytes(raw[i : i + width], "little", signed=True) for i in range(0, len(raw), width))
    if any(not -(1 << bits - 1) <= sample < 1 << bits - 1 for sample in samples):
        raise ValueError(f"waveform with a sample of more than {bits} bits")
    return Block(start, channel, rate_hz, bits, samples)


def selftest(payload: bytes) -> tuple[list[str], int]:
    """What failed of what was tested, and the supply in mV."""
    _, tested, passed, supply_mv = _SELFTEST.unpack(_cut("selftest", payload, _SELFTEST.size))
    return [what for bit, what in TESTS.items() if tested & ~passed & bit], supply_mv


def done(payload: bytes) -> tuple[int, int]:
    """(type of the order, result)."""
    order, result = _DONE.unpack(_cut("done", payload, _DONE.size))
    return order, result


def ack(boot: int, kept: int, heard: int) -> bytes:
    return _ACK.pack(boot, kept, heard)


def configure(channel: int, flags: int, debounce_ms: int) -> bytes:
    return _CONFIGURE.pack(channel, flags, debounce_ms)
