"""What somebody who looks on has heard of one board: the memory behind the views of ``bridge monitor``.

Nothing is acknowledged here, so the board keeps its readings for the hub and says the first eight of them again and
again: each counts once. What lies behind those eight is not said; that an input has changed shows in the heartbeats
then, which come twice a second. Times are the board's uptime in ms.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from agent.monitor import words
from agent.nouns import SECOND_MS, Sensor
from agent.sensors import wire
from agent.sensors.framing import VERSION, unpack
from agent.sensors.payload import shown

RING: Final = 64  # readings that a board keeps; of more the oldest goes
WINDOW: Final = 8  # beyond what a hub has heard, that it says to somebody who acknowledges none
MOST_TOLD: Final = 64  # numbers of readings that are known to have been counted; a board repeats no more
MOST_EVENTS: Final = 100
MOST_PIECES: Final = 40  # of a bed's waveform, that the picture shows: ten seconds at 100 Hz
BED_EVERY: Final = 8  # pieces: what the bed feels is told so often to a program,
BED_SELDOM: Final = 5  # and to a person at each so many of those
_UPTIMES: Final = 1 << 32


class Event(NamedTuple):
    """Something to tell. ``facts`` are for a program; one that is ``quiet`` is for a program alone."""

    kind: str
    uptime: int
    words: str
    facts: Mapping[str, object]
    quiet: bool = False


class Piece(NamedTuple):
    """A block of a bed's waveform: its mean in thousandths of the input's range, and how far it moved meanwhile."""

    level: int
    moved: int


class Input:
    """A channel of the board. ``changed`` None: not since somebody looks on. ``at_least``: some changes were seen only
    as another level in a heartbeat, and there may have been more."""

    def __init__(self, channel: wire.Channel, sensor: Sensor | None) -> None:
        self.name, self.sensor = channel.name, sensor
        self.kind = channel.name.rstrip("0123456789")
        self.felt = self.kind == wire.FELT
        self.on = bool(channel.flags & wire.ENABLED)
        self.value: int | None = None
        self.changed: int | None = None
        self.changes, self.at_least = 0, False
        self.pieces: deque[Piece] = deque(maxlen=MOST_PIECES)  # of a bed
        self.blocks = 0

    def level(self, value: int) -> str:
        """In words, as home.toml means it."""
        inverted = self.sensor is not None and self.sensor.inverted
        return words.level(self.sensor.kind if self.sensor else self.kind, value ^ inverted)

    @property
    def title(self) -> str:
        return f"{self.sensor.id} ({self.name})" if self.sensor else self.name

    def event(self, kind: str, uptime: int, value: int, more: str = "", **facts: object) -> Event:
        level = self.level(value)
        sensor = self.sensor.id if self.sensor else None
        known: dict[str, object] = {"channel": self.name, "sensor": sensor, "value": value, "level": level}
        return Event(kind, uptime, f"{self.title}: {level}{more}", known | facts)

    def change(self, uptime: int) -> None:
        self.changes += 1
        if self.changed is None or _later(uptime, self.changed):
            self.changed = uptime


class Heard:
    """``sensors`` of home.toml by the channel that they are on. ``hello`` None: ask the board who it is."""

    def __init__(self, sensors: Mapping[str, Sensor]) -> None:
        self.sensors = sensors
        self.hello: wire.Hello | None = None
        self.beat: wire.Heartbeat | None = None
        self.tested: list[str] | None = None  # what failed; None: no answer yet
        self.inputs: list[Input] = []
        self.events: deque[Event] = deque(maxlen=MOST_EVENTS)
        self.uptime = 0
        self.bytes = self.refused = 0  # of the line, as whoever reads it counts them
        self.frames = self.odd = self.repeated = self.blocks_lost = 0
        self._told: deque[int] = deque(maxlen=MOST_TOLD)
        self._first: int | None = None  # the lowest number that it says: what no hub has heard begins there
        self._before = 0  # readings of a lower number are no news: they were made before, or seen in a heartbeat
        self._block: int | None = None

    @property
    def kept(self) -> int:
        """How many readings the board keeps for the hub."""
        state = self.beat.state if self.beat else None
        return (state.next - state.oldest) % wire.NUMBERS if state else 0

    @property
    def waiting(self) -> int:
        """How many of those no hub has heard; of more than WINDOW the rest is not said."""
        if self.beat is None or self._first is None:
            return 0
        return min(self.kept, (self.beat.state.next - self._first) % wire.NUMBERS)

    def hear(self, said: bytes) -> tuple[Event, ...]:
        """``said`` is a frame's body."""
        try:
            events = tuple(self._understood(said))
        except ValueError as fault:
            self.odd += 1
            seldom = bool(self.odd & self.odd - 1)  # the first, second, fourth … are for a person too
            events = (self._event("refused", shown(str(fault)), {"reason": str(fault)}, seldom),)
        self.events.extend(event for event in events if not event.quiet)
        return events

    def lost(self, why: str) -> Event:
        """The line is lost, or says nothing. What the board says next is who it is."""
        self.hello = None
        event = self._event("lost", why, {"reason": why})
        self.events.append(event)
        return event

    def _understood(self, said: bytes) -> Iterator[Event]:
        body = unpack(said)
        if body is None:
            raise ValueError(f"a frame of {len(said)} bytes")
        if body.version != VERSION:
            raise ValueError(f"speaks version {body.version}; this is for {VERSION}: update one of the two")
        if body.type == wire.HELLO:
            yield from self._hello(wire.hello(body.payload))
        elif body.type == wire.HEARTBEAT:
            yield from self._heartbeat(wire.heartbeat(body.payload))
        elif body.type == wire.READING:
            yield from self._reading(body.number, wire.reading(body.payload))
        elif body.type == wire.WAVEFORM:
            yield from self._waveform(body.number, wire.block(body.payload))
        elif body.type == wire.SELFTEST:
            self.tested, supply_mv = wire.selftest(body.payload)
            said_of_it = f"own test {words.selftest(self.tested)}; supply {words.supply(supply_mv)}"
            yield self._event("selftest", said_of_it, {"failed": self.tested, "supply_mv": supply_mv})
        elif body.type != wire.DONE:
            raise ValueError(f"frame type {body.type:#04x}, which nobody knows here")
        self.frames += 1

    def _event(self, kind: str, what: str, facts: Mapping[str, object], quiet: bool = False) -> Event:
        return Event(kind, self.uptime, what, facts, quiet)

    def _hello(self, said: wire.Hello) -> Iterator[Event]:
        known, self.hello, self.uptime = self.hello, said, said.state.uptime
        names = [channel.name for channel in said.channels]
        if known is None or known.state.boot != said.state.boot or [one.name for one in self.inputs] != names:
            self.inputs = [Input(channel, self.sensors.get(channel.name)) for channel in said.channels]
            self._told.clear()
            self._first = None
            self._before, self._block = said.state.next, None
            yield self._introduced(said, names)
            yield from self._missing(names)
        for one, channel in zip(self.inputs, said.channels, strict=True):
            one.on = bool(channel.flags & wire.ENABLED)

    def _introduced(self, said: wire.Hello, names: list[str]) -> Event:
        board, why = shown(said.firmware), words.reset(said.reset)
        what = f"{board}, up {words.lasted(self.uptime)}, start {said.state.boot} ({why}), {len(names)} inputs"
        facts = {"firmware": board, "boot": said.state.boot, "reset": why, "channels": names}
        return self._event("hello", what, facts)

    def _missing(self, names: Iterable[str]) -> Iterator[Event]:
        for channel in sorted(self.sensors.keys() - set(names)):
            sensor = self.sensors[channel].id
            what = f"home.toml has {sensor} on {channel}, and this board has no {channel}"
            yield self._event("missing", what, {"sensor": sensor, "channel": channel})

    def _heartbeat(self, said: wire.Heartbeat) -> Iterator[Event]:
        if self.hello is None or said.state.boot != self.hello.state.boot:
            self.hello = None  # a start that was not heard: ask
            return
        refused = said.refused - (self.beat.refused if self.beat else 0)
        self.beat, self.uptime = said, said.state.uptime
        if refused > 0:
            what = f"the board could not read {refused} frames of ours"
            yield self._event("board_refused", what, {"frames": refused})
        all_said = self.waiting <= WINDOW
        for index, one in enumerate(self.inputs):
            if one.on and not one.felt:
                yield from self._stands(one, said.levels >> index & 1, all_said)
        if not all_said:
            self._before = said.state.next
        levels = {one.name: one.value for one in self.inputs if one.value is not None}
        health = {"supply_mv": said.supply_mv, "refused": said.refused, "kept": self.kept, "levels": levels}
        yield self._event("beat", "", health, quiet=True)

    def _stands(self, one: Input, value: int, all_said: bool) -> Iterator[Event]:
        """How an input is found. Where its reading will come, that is the change; else this is."""
        known, one.value = one.value, value
        if known is not None and known != value and not all_said:
            one.at_least = True
            one.change(self.uptime)
            yield one.event("reading", self.uptime, value)

    def _reading(self, number: int, said: wire.Reading) -> Iterator[Event]:
        if self.hello is None or said.boot != self.hello.state.boot:
            self.hello = None
            return
        if number in self._told:
            self.repeated += 1
            return
        self._told.append(number)
        if self._first is None or (number - self._first) % wire.NUMBERS >= wire.NUMBERS // 2:
            self._first = number
        if said.channel >= len(self.inputs) or said.value not in (0, 1):
            raise ValueError(f"reading {said.value} of channel {said.channel}, which makes no sense")
        one = self.inputs[said.channel]
        newest = one.changed is None or _later(said.uptime, one.changed)
        if (number - self._before) % wire.NUMBERS >= wire.NUMBERS // 2:
            one.changed = said.uptime if newest else one.changed
            yield one.event("kept", said.uptime, said.value, ", kept for the hub since", number=number)
            return
        one.value = said.value if newest else one.value
        one.change(said.uptime)
        yield one.event("reading", said.uptime, said.value, number=number)

    def _waveform(self, number: int, said: wire.Block) -> Iterator[Event]:
        if self._block is not None:
            self.blocks_lost += (number - self._block) % wire.NUMBERS
        self._block = (number + 1) % wire.NUMBERS
        if not said.samples or said.channel >= len(self.inputs):
            return
        self.uptime = (said.at + len(said.samples) * SECOND_MS // said.rate_hz) % _UPTIMES
        bed = self.inputs[said.channel]
        mean = sum(said.samples) // len(said.samples)
        level = (mean + (1 << said.bits - 1)) * 1_000 >> said.bits
        bed.pieces.append(Piece(level, max(said.samples) - min(said.samples)))
        bed.blocks += 1
        if bed.blocks % BED_EVERY:
            return
        moved = max(piece.moved for piece in list(bed.pieces)[-BED_EVERY:])
        seldom = bool(bed.blocks // BED_EVERY % BED_SELDOM)
        facts = {"channel": bed.name, "level_permille": level, "moved": moved, "lost": self.blocks_lost}
        yield self._event("bed", f"{bed.title}: at {level // 10} %, moved {moved}", facts, seldom)

    def age(self, uptime: int) -> int:
        """How long ago that was, in ms, by what the board said last."""
        return (self.uptime - uptime) % _UPTIMES if _later(self.uptime, uptime) else 0


def _later(one: int, other: int) -> bool:
    """Of two uptimes, which wrap."""
    return (one - other) % _UPTIMES < _UPTIMES // 2
