"""A wired board without a board: its half of firmware-bridge/README.md, version 1, as core/bridge.c speaks it.

Levels, bytes in and the time go in, bytes out come out. Times are its uptime in ms. What its bed input feels is a
function of the time, asked for a block at a time.
"""

from collections import deque
from collections.abc import Callable, Sequence
from struct import Struct, pack
from typing import Final, NamedTuple

from agent.nouns import Instant
from agent.sensors import wire
from agent.sensors.framing import VERSION, Body, Deframer, crc, encode, unpack
from agent.sensors.framing import pack as body

RING: Final = 64  # readings that it keeps until the hub has them on its disk; of more the oldest goes
WINDOW: Final = 8  # beyond what the hub has heard, on the line at a time
RESEND_MS: Final = 500
HEARTBEAT_MS: Final = 2_000
BLOCK: Final = 25  # samples
MOST_BLOCKS: Final = 40  # at once, after it has not been turned for long; of more the earliest are lost, and counted
MOST_DEBOUNCE_MS: Final = 1_000
RATE_HZ: Final = 100
BITS: Final = 12
AWAKE_MS: Final = 1_000  # no own test before
SUPPLY_MV: Final = 4_987
GOOD_MV: Final = range(4_500, 5_501)
REFUSED_MOST: Final = 255
LOST_MOST: Final = 255
ENABLED, INVERTED = 1, 2
DONE, UNKNOWN, NO_CHANNEL, OUT_OF_RANGE, TOO_SHORT = range(5)
_UPTIMES: Final = 1 << 32
_ACK: Final = Struct("<HH")  # and heard, of a hub that tells it from kept
_CONFIGURE: Final = Struct("<BBH")
_BUTTON: Final = 3  # its kind
_BED: Final = 5

# (from when, how many, samples a second) -> so many
Felt = Callable[[Instant, int, int], Sequence[int]]


class Channel(NamedTuple):
    kind: int
    flags: int = ENABLED
    debounce_ms: int = 0


# Those of the ATmega328P without its load cells. The button's input is 0 when it is pressed.
CHANNELS: Final = (
    Channel(1, ENABLED, 50),
    Channel(2, ENABLED, 20),
    Channel(3, ENABLED | INVERTED, 30),
    Channel(4, ENABLED, 50),
    Channel(_BED, 0),
)


class Identity(NamedTuple):
    """What its HELLO says of it. ``boot`` counts its starts; ``reset``: see the README."""

    board: bytes = b"pretend"
    boot: int = 1
    reset: int = 1
    version: tuple[int, int] = (0, 1)
    channels: tuple[Channel, ...] = CHANNELS


NANO: Final = Identity()


class _Reading(NamedTuple):
    at: int
    channel: int
    value: int


class _Input:
    """Debounces a channel. ``level`` None: not looked at yet; how it stands then is no reading."""

    def __init__(self) -> None:
        self.level: bool | None = None
        self.seen = False
        self.since = 0

    def step(self, now: int, still_ms: int) -> bool:
        """Whether it has changed."""
        if self.level is None:
            self.level = self.seen
        elif self.seen != self.level and now - self.since >= still_ms:
            self.level = self.seen
            return True
        return False


class Board:
    """It is switched on at ``now``. ``felt`` None: nothing is wired to its bed input."""

    def __init__(self, identity: Identity = NANO, felt: Felt | None = None, now: int = 0) -> None:
        self._who, self._felt = identity, felt
        self.channels = list(identity.channels)
        self._inputs = [_Input() for _ in self.channels]
        for channel, level in zip(self.channels, self._inputs, strict=True):
            level.seen = bool(channel.flags & INVERTED)  # at rest
        self._ring: deque[_Reading] = deque()
        self._oldest = 0  # the number of the first in the ring
        self._heard = self._sent = 0  # how many of the ring the hub has heard; were sent
        self._counts = {wire.HELLO: 0, wire.HEARTBEAT: 0, wire.WAVEFORM: 0}
        self._deframer = Deframer()
        self._started = now
        self._presses_lost = 0
        self._odd = 0  # frames of another version, or no frames
        self._greeted = self._progress = False
        self._hello = True
        self._heartbeat_at, self._resend_at = now + HEARTBEAT_MS, now + RESEND_MS
        self._block_at: int | None = None
        self._done: tuple[int, int, int] | None = None  # number, order, result
        self._selftest: int | None = None  # the order's number
        self._out = bytearray()

    # -- what is wired to it ---------------------------------------------------------------------------------------

    def level(self, index: int, value: bool, now: int) -> None:
        """What is wired to an input now says ``value``, in the meaning of its kind: open, seen, pressed."""
        if self._inputs[index].level is not None:  # else it stands so when it is first looked at
            self._look(index, now)
        seen = value != bool(self._who.channels[index].flags & INVERTED)
        if seen != self._inputs[index].seen:
            self._inputs[index].seen, self._inputs[index].since = seen, now

    def _look(self, index: int, now: int) -> None:
        channel, level = self.channels[index], self._inputs[index]
        if channel.kind == _BED or not channel.flags & ENABLED or not level.step(now, channel.debounce_ms):
            return
        if self._heard == len(self._ring):
            self._progress = True  # the first to wait for an acknowledgement has its whole time
        if len(self._ring) == RING:
            gone = self._ring[0]
            pressed = self.channels[gone.channel].kind == _BUTTON and gone.value
            self._presses_lost = min(LOST_MOST, self._presses_lost + bool(pressed))
            self._forget(1)
        self._ring.append(_Reading(level.since, index, self._value(index)))

    def _value(self, index: int) -> int:
        return int(bool(self._inputs[index].level) != bool(self.channels[index].flags & INVERTED))

    def _forget(self, count: int) -> None:
        for _ in range(count):
            self._ring.popleft()
        self._oldest = (self._oldest + count) % wire.NUMBERS
        self._heard, self._sent = max(0, self._heard - count), max(0, self._sent - count)

    # -- what it hears ---------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        for heard in self._deframer.feed(data):
            said = unpack(heard)
            if said is None or said.version != VERSION:
                self._odd += 1
            else:
                self._obey(said)

    def _obey(self, said: Body) -> None:
        if said.type == wire.ASK_HELLO:
            self._hello = True
        elif said.type == wire.ASK_SELFTEST:
            self._selftest = said.number
        elif said.type == wire.ACK and len(said.payload) >= _ACK.size:
            self._acknowledged(said.payload)
        else:
            self._done = said.number, said.type, self._ordered(said.type, said.payload)

    def _acknowledged(self, payload: bytes) -> None:
        boot, kept = _ACK.unpack_from(payload)
        heard = int.from_bytes(payload[4:6], "little") if len(payload) >= _ACK.size + 2 else kept
        gone, known = ((number - self._oldest) % wire.NUMBERS for number in (kept, heard))
        if boot != self._who.boot or min(gone, known) > len(self._ring):
            return
        gone = gone if gone <= len(self._ring) else 0  # overwritten already, or never given
        known = known if gone <= known <= len(self._ring) else gone
        self._greeted, self._progress = True, self._progress or known != self._heard
        self._heard, self._sent = known, max(self._sent, known)
        self._forget(gone)

    def _ordered(self, type: int, payload: bytes) -> int:
        """The result that DONE tells."""
        if type not in (wire.CONFIGURE, wire.ACK):
            return UNKNOWN
        if len(payload) < _CONFIGURE.size:  # as long as an ACK
            return TOO_SHORT
        index, flags, debounce_ms = _CONFIGURE.unpack_from(payload)
        if index >= len(self.channels):
            return NO_CHANNEL
        if debounce_ms > MOST_DEBOUNCE_MS or flags & ~(ENABLED | INVERTED):
            return OUT_OF_RANGE
        if flags != self.channels[index].flags:
            self._inputs[index].level = None  # what the level means has changed: that is no reading
        self.channels[index] = Channel(self.channels[index].kind, flags, debounce_ms)
        return DONE

    # -- what it says ----------------------------------------------------------------------------------------------

    def turn(self, now: int) -> bytes:
        """What is due by ``now``."""
        for index in range(len(self.channels)):
            self._look(index, now)
        beats = now >= self._heartbeat_at
        if beats:
            self._heartbeat_at = now + HEARTBEAT_MS
            self._hello = self._hello or not self._greeted
        if self._hello:
            self._hello = False
            self._count(wire.HELLO, self._state(now) + self._said_of_itself())
        if self._done is not None:
            number, order, result = self._done
            self._send(wire.DONE, number, bytes((order, result)))
            self._done = None
        if self._selftest is not None and now - self._started >= AWAKE_MS:
            self._send(wire.SELFTEST, self._selftest, self._tested(now))
            self._selftest = None
        if beats:
            self._beat(now)
        self._readings(now)
        self._waveform(now)
        out, self._out = bytes(self._out), bytearray()
        return out

    def _send(self, type: int, number: int, payload: bytes) -> None:
        self._out += encode(body(type, number, payload))

    def _count(self, type: int, payload: bytes) -> None:
        self._send(type, self._counts[type], payload)
        self._counts[type] = (self._counts[type] + 1) % wire.NUMBERS

    def _state(self, now: int) -> bytes:
        coming = (self._oldest + len(self._ring)) % wire.NUMBERS
        return pack("<IHHH", now % _UPTIMES, self._who.boot, self._oldest, coming)

    def _said_of_itself(self) -> bytes:
        who = self._who
        channels = b"".join(pack("<BBH", *channel) for channel in self.channels)
        return pack("<BBB8sB", who.reset, *who.version, who.board, len(self.channels)) + channels

    def _tested(self, now: int) -> bytes:
        passed = 1 * (crc(b"123456789") == 0x29B1) | 2 * (SUPPLY_MV in GOOD_MV)
        tested = 1 | 2
        if self._felt is not None and self._bed() is not None:
            tested |= 4
            passed |= 4 * (abs(self._felt(Instant(now), 1, RATE_HZ)[0]) < (1 << BITS - 1) - 1)
        return pack("<IBBH", now % _UPTIMES, tested, passed, SUPPLY_MV)

    def _beat(self, now: int) -> None:
        on = [i for i, channel in enumerate(self.channels) if channel.kind != _BED and channel.flags & ENABLED]
        levels = sum(self._value(i) << i for i in on)
        refused = min(REFUSED_MOST, self._odd + self._deframer.refused)
        self._count(wire.HEARTBEAT, self._state(now) + pack("<HBBB", SUPPLY_MV, levels, refused, self._presses_lost))

    def _readings(self, now: int) -> None:
        if self._progress:
            self._progress, self._resend_at = False, now + RESEND_MS
        elif now >= self._resend_at:
            self._resend_at = now + RESEND_MS
            if self._sent != self._heard:
                self._sent = self._heard
                self._beat(now)
        while self._sent < min(self._heard + WINDOW, len(self._ring)):
            at, channel, value = self._ring[self._sent]
            payload = pack("<IHBB", at % _UPTIMES, self._who.boot, channel, value)
            self._send(wire.READING, (self._oldest + self._sent) % wire.NUMBERS, payload)
            self._sent += 1

    def _bed(self) -> int | None:
        """The bed that is switched on: as the strip at A0, the only one it has."""
        beds = (i for i, channel in enumerate(self.channels) if channel.kind == _BED and channel.flags & ENABLED)
        return next(beds, None)

    def _waveform(self, now: int) -> None:
        bed = self._bed()
        if bed is None or self._felt is None:
            self._block_at = None
            return
        lasts = BLOCK * 1_000 // RATE_HZ
        at = now if self._block_at is None else self._block_at
        lost = max(0, (now - at) // lasts - MOST_BLOCKS)
        self._counts[wire.WAVEFORM] = (self._counts[wire.WAVEFORM] + lost) % wire.NUMBERS
        at += lost * lasts
        while at + lasts <= now:
            samples = self._felt(Instant(at), BLOCK, RATE_HZ)
            self._count(wire.WAVEFORM, waveform(at, bed, RATE_HZ, BITS, samples))
            at += lasts
        self._block_at = at


def waveform(at: int, channel: int, rate_hz: int, bits: int, samples: Sequence[int]) -> bytes:
    """The payload of a block; samples beyond the rails of the input are cut there."""
    rail, width = 1 << bits - 1, 2 if bits <= 16 else 3
    cut = (max(-rail, min(rail - 1, sample)) for sample in samples)
    raw = b"".join(sample.to_bytes(width, "little", signed=True) for sample in cut)
    return pack("<IBBBB", at % _UPTIMES, channel, rate_hz, bits, len(samples)) + raw
