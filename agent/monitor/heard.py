"""What somebody who looks on has heard of one board: the memory behind the views of ``bridge monitor``.

The board keeps its readings for the hub all the while, and says some of them again: each counts once. Times are the
board's uptime in ms.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Final

from agent.monitor import words
from agent.monitor.inputs import UPTIMES, Event, Input, Piece, later
from agent.nouns import SECOND_MS, Sensor
from agent.sensors import wire
from agent.sensors.framing import VERSION, unpack
from agent.sensors.payload import shown

RING: Final = 64  # readings that a board keeps; of more the oldest goes
MOST_TOLD: Final = 64  # numbers of readings that are known to have been counted; a board repeats no more
MOST_EVENTS: Final = 100
BED_EVERY: Final = 8  # pieces: what the bed feels is told so often to a program,
BED_SELDOM: Final = 5  # and to a person at each so many of those


class Heard:
    """``sensors`` of home.toml by the channel that they are on. ``hello`` None: ask the board who it is."""

    def __init__(self, sensors: Mapping[str, Sensor]) -> None:
        self.sensors = sensors
        self.hello: wire.Hello | None = None
        self.who: wire.Hello | None = None  # the last that was heard
        self.gone = ""  # why nothing is heard of it; "": it is
        self.silent_ms = 0  # since something was heard, as whoever reads the line has it
        self.beat: wire.Heartbeat | None = None
        self.tested: list[str] | None = None  # what failed; None: no answer yet
        self.inputs: list[Input] = []
        self.events: deque[Event] = deque(maxlen=MOST_EVENTS)
        self.uptime = 0
        self.bytes = self.refused = 0  # of the line, as whoever reads it counts them
        self.frames = self.odd = self.repeated = self.blocks_lost = 0
        self.lost_to_hub = 0  # readings that the board kept, and has no more
        self._told: deque[int] = deque(maxlen=MOST_TOLD)
        self._before = 0  # readings of a lower number are no news: they were made before
        self._state: wire.State | None = None
        self._kept: dict[int, tuple[Input, int]] = {}  # by number: what the board keeps, as far as it has said it
        self._stood = False  # it was told how the inputs were found
        self._block: int | None = None

    @property
    def kept(self) -> int:
        """How many readings the board keeps for the hub."""
        said = (self._state.next - self._state.oldest) % wire.NUMBERS if self._state else 0
        return min(RING, max(said, len(self._kept)))

    @property
    def calls(self) -> dict[str, int]:
        """What the board keeps and the hub will raise an alert of: how often, by what it is."""
        found: dict[str, int] = {}
        for one, value in self._kept.values():
            if one.alarms(value):
                name = f"{one.title} {one.level(value)}"
                found[name] = found.get(name, 0) + 1
        return found

    @property
    def missing(self) -> list[tuple[str, Sensor]]:
        """Sensors of home.toml on channels that this board does not have."""
        names = {one.name for one in self.inputs}
        return sorted((name, one) for name, one in self.sensors.items() if names and name not in names)

    @property
    def beds_on(self) -> int:
        return sum(one.on and one.felt for one in self.inputs)

    @property
    def all_off(self) -> bool:
        return bool(self.inputs) and not any(one.on for one in self.inputs)

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
        self.hello, self.gone = None, why
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
            known, (self.tested, supply_mv) = self.tested, wire.selftest(body.payload)
            said_of_it = f"own test {words.selftest(self.tested, self.beds_on)}; supply {words.supply(supply_mv)}"
            yield self._event(
                "selftest", said_of_it, {"failed": self.tested, "supply_mv": supply_mv}, known == self.tested
            )
        elif body.type == wire.DONE:
            order, result = wire.done(body.payload)
            if result:
                why = f"will not do order {order:#04x}: {wire.RESULTS.get(result, 'no reason known')}"
                yield self._event("unwilling", why, {"order": order, "result": result})
        else:
            raise ValueError(f"frame type {body.type:#04x}, which nobody knows here")
        self.frames, self.gone = self.frames + 1, ""

    def _event(self, kind: str, what: str, facts: Mapping[str, object], quiet: bool = False) -> Event:
        return Event(kind, self.uptime, what, facts, quiet)

    def _hello(self, said: wire.Hello) -> Iterator[Event]:
        met, self.hello, self.who = self.hello is None, said, said
        names = [channel.name for channel in said.channels]
        if self._state is None or self._state.boot != said.state.boot or [one.name for one in self.inputs] != names:
            self._anew(said, names)
            met = True
        self.uptime = said.state.uptime
        if met:
            self._stood = False
            yield self._introduced(said, names)
            yield from self._missing()
            if self.all_off:
                yield self._event("all_off", words.ALL_OFF, {})
        for one, channel in zip(self.inputs, said.channels, strict=True):
            known, one.on = one.on, bool(channel.flags & wire.ENABLED)
            if known != one.on:
                what = f"{one.title}: switched {'on' if one.on else 'off'}"
                yield self._event("switched", what, {"channel": one.name, "on": one.on})
        yield from self._holds(said.state)

    def _anew(self, said: wire.Hello, names: list[str]) -> None:
        """Another start of the board, or another board. What was seen of inputs that have the same names stays."""
        shift = said.state.uptime - self.uptime - self.silent_ms
        self.events = deque((one._replace(uptime=(one.uptime + shift) % UPTIMES) for one in self.events), MOST_EVENTS)
        known = self.inputs if [one.name for one in self.inputs] == names else []
        self.inputs = known or [
            Input(channel, self.sensors.get(channel.name), not self.sensors) for channel in said.channels
        ]
        for one, channel in zip(self.inputs, said.channels, strict=True):
            one.on, one.value = bool(channel.flags & wire.ENABLED), None
            one.changed = None if one.changed is None else (one.changed + shift) % UPTIMES
        self.tested = None
        self._told.clear()
        self._kept.clear()
        self._before, self._block, self._state = said.state.next, None, None

    def _introduced(self, said: wire.Hello, names: list[str]) -> Event:
        board, why = shown(said.firmware), words.reset(said.reset)
        what = f"{board}, up {words.lasted(self.uptime)}, start {said.state.boot} ({why}), {len(names)} inputs"
        facts = {"firmware": board, "boot": said.state.boot, "reset": why, "channels": names}
        return self._event("hello", what, facts)

    def _missing(self) -> Iterator[Event]:
        for channel, sensor in self.missing:
            what = f"home.toml has {sensor.id} on {channel}, and this board has no {channel}"
            yield self._event("missing", what, {"sensor": sensor.id, "channel": channel})

    def _holds(self, now: wire.State) -> Iterator[Event]:
        """What the board keeps, by what it says of its numbers."""
        before, self._state = self._state, now
        full = before is not None and (before.next - before.oldest) % wire.NUMBERS >= RING
        gone = (now.oldest - before.oldest) % wire.NUMBERS if before is not None else 0
        self.lost_to_hub += gone if gone < wire.NUMBERS // 2 else 0
        for number in [one for one in self._kept if (one - now.oldest) % wire.NUMBERS >= wire.NUMBERS // 2]:
            del self._kept[number]
        if self.kept >= RING and not full:
            yield self._event("full", words.FULL, {"kept": self.kept})

    def _heartbeat(self, said: wire.Heartbeat) -> Iterator[Event]:
        if self.hello is None or said.state.boot != self.hello.state.boot:
            self.hello = None  # a start that was not heard: ask
            return
        refused = said.refused - (self.beat.refused if self.beat else 0)
        self.beat, self.uptime = said, said.state.uptime
        if refused > 0:
            what = f"the board could not read {words.count(refused, 'frame')} of ours"
            yield self._event("board_refused", what, {"frames": refused})
        yield from self._holds(said.state)
        for index, one in enumerate(self.inputs):
            if one.on and not one.felt:
                one.value = said.levels >> index & 1
        if not self._stood:
            self._stood = True
            yield from (self._found(one) for one in self.inputs)
        levels = {one.name: one.value for one in self.inputs if one.value is not None}
        health = {"supply_mv": said.supply_mv, "refused": said.refused, "kept": self.kept, "levels": levels}
        yield self._event("beat", "", health, quiet=True)

    def _found(self, one: Input) -> Event:
        """How an input was found."""
        if one.on and one.value is not None:
            return one.event("stands", self.uptime, one.value)
        how = "on; lie down on it" if one.on and one.felt else "on" if one.on else "off"
        return self._event("stands", f"{one.title}: {how}", {"channel": one.name, "on": one.on})

    def _reading(self, number: int, said: wire.Reading) -> Iterator[Event]:
        if self.hello is None or said.boot != self.hello.state.boot:
            self.hello = None
            return
        if number in self._told:
            self.repeated += 1
            return
        self._told.append(number)
        if said.channel >= len(self.inputs) or said.value not in (0, 1):
            raise ValueError(f"reading {said.value} of channel {said.channel}, which makes no sense")
        one = self.inputs[said.channel]
        if later(said.uptime, self.uptime):
            self.uptime = said.uptime
        self._kept[number] = one, said.value
        if (number - self._before) % wire.NUMBERS >= wire.NUMBERS // 2:
            yield one.event("kept", said.uptime, said.value, ", kept for the hub since", number=number)
            return
        if one.changed is None or later(said.uptime, one.changed):
            one.value = said.value
        one.change(said.uptime)
        yield one.event("reading", said.uptime, said.value, number=number)

    def _waveform(self, number: int, said: wire.Block) -> Iterator[Event]:
        if self._block is not None:
            self.blocks_lost += (number - self._block) % wire.NUMBERS
        self._block = (number + 1) % wire.NUMBERS
        if not said.samples or said.channel >= len(self.inputs):
            return
        self.uptime = (said.at + len(said.samples) * SECOND_MS // said.rate_hz) % UPTIMES
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
        """How long ago that was, in ms."""
        return self.silent_ms + ((self.uptime - uptime) % UPTIMES if later(self.uptime, uptime) else 0)
