"""The hub's half of the conversation with one board: the bodies of its frames in, what the journal is to know out.

The meaning of each byte is firmware-bridge/README.md's. What a board says again and again stays here; what is new, in
order and on the hub's time becomes a ``Frame`` of plain JSON, which wired.py understands, live and in a replay. A board
keeps a reading until it is acknowledged, and that is done when the journal has it: ``told`` says so.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Final

from agent.nouns import MINUTE_MS, Frame, Instant
from agent.sensors import wire
from agent.sensors.bed_felt import Felt
from agent.sensors.board_orders import BoardOrders
from agent.sensors.board_time import BoardTime, Memory
from agent.sensors.feel import payload as felt
from agent.sensors.framing import VERSION, Body, unpack
from agent.sensors.payload import shown
from agent.sensors.thrift import Thrift

BEAT_MS: Final = MINUTE_MS  # a heartbeat comes every 2 s; as a sign of life one a minute is enough
DEAF_MS: Final = MINUTE_MS  # it has readings for us and gives none for so long: it does not hear us
_BUTTON: Final = "button"
_LEVELLESS: Final = (wire.FELT, "unknown")


def _is_news(frame: Frame) -> bool:
    """What happened in the home, a press that was lost or stands, and whether the board is heard: told however much
    it is."""
    what = frame.payload
    pressed = f"/{_BUTTON}" in frame.address and b'"stands":1' in what
    return pressed or any(word in what for word in (b'"link"', b'"missed"', b'"value"'))


class Board:
    """One board. ``wanted`` is the number of the reading that is waited for, ``kept`` the first the journal lacks.

    ``used`` are the channels that home.toml has sensors on: those are enabled, others are not. ``unsure``: readings
    were lost, or one of the two started anew, so the next heartbeat that finds nothing under way tells what stands.
    ``lost`` counts readings, and ``blocks_lost`` pieces of waveform, that can never come any more.
    """

    def __init__(self, name: str, used: Iterable[str], memory: Memory | None = None) -> None:
        self.name, self.used = name, frozenset(used)
        self.boot: int | None = None
        self.firmware = ""
        self.health: wire.Heartbeat | None = None  # the last
        self.lost = self.blocks_lost = 0
        self.wanted = self.kept = memory.wanted if memory else 0
        self.channels: tuple[wire.Channel, ...] = ()
        self.time = BoardTime(memory.line if memory else None)
        self._known_boot = memory.boot if memory else None
        self._unsure = self._watched = True
        self._block: int | None = None
        self._beds: dict[int, Felt] = {}
        self._beat: Instant | None = None
        self._link: bool | None = None
        self._presses_lost = memory.presses_lost if memory else 0
        self._moved: tuple[Instant, int] | None = None  # when, and to what, ``wanted`` came; or nothing was under way
        self._deaf = False
        self.orders = BoardOrders()
        self.thrift = Thrift()

    # -- what it says ------------------------------------------------------------------------------------------

    def hear(self, at: Instant, said: bytes) -> tuple[Frame, ...]:
        """``said`` is a frame's body, ``at`` when it arrived. ValueError, in words, for what cannot be understood."""
        body = unpack(said)
        if body is None:
            raise ValueError(f"a frame of {len(said)} bytes")
        if body.version != VERSION:
            raise ValueError(f"speaks version {body.version}; this hub understands {VERSION}: update one of the two")
        return tuple(frame for frame in self._what(at, body) if _is_news(frame) or self.thrift.pays(at))

    def _what(self, at: Instant, body: Body) -> Iterator[Frame]:
        if body.type == wire.HELLO:
            return self._hello(at, wire.hello(body.payload))
        if body.type == wire.HEARTBEAT:
            return self._heartbeat(at, wire.heartbeat(body.payload))
        if body.type == wire.READING:
            return self._reading(at, body.number, wire.reading(body.payload))
        if body.type == wire.WAVEFORM:
            return self._waveform(at, body.number, wire.block(body.payload))
        if body.type == wire.SELFTEST:
            return self._tested(body.number, *wire.selftest(body.payload))
        if body.type == wire.DONE:
            return self._done(body.number, *wire.done(body.payload))
        raise ValueError(f"frame type {body.type:#04x}, which this hub does not know")

    def silent(self) -> tuple[Frame, ...]:
        """Its line was lost, or has carried nothing of sense for too long. What it says next is who it is."""
        self.boot, self._unsure, self._deaf, self._moved = None, True, False, None
        self.orders.clear()
        return tuple(self._linked(False))

    def _linked(self, up: bool) -> Iterator[Frame]:
        if up != self._link:
            self._link = up
            yield self._told("", link=int(up))

    def _told(self, channel: str, **what: object) -> Frame:
        address = f"{self.name}/{channel}" if channel else self.name
        return Frame(wire.LINK, address, json.dumps(what, separators=(",", ":")).encode())

    def _hello(self, at: Instant, said: wire.Hello) -> Iterator[Frame]:
        uptime, boot, oldest, coming = said.state
        yield from self._linked(not self._deaf)
        met = self.boot != boot or said.channels != self.channels
        if self.boot is None and boot == self._known_boot and not self._never_gave(oldest, coming):
            self.boot = boot  # this hub was off, or its cable out; the board was not
        elif boot != self.boot or self._never_gave(oldest, coming):
            self.boot = self._known_boot = boot
            self.wanted = self.kept = oldest
            self.time, self._block, self._unsure, self._presses_lost = BoardTime(), None, True, 0
        self.channels, self.firmware = said.channels, shown(said.firmware)
        self.time.pair(uptime, at)
        if met:
            names = [channel.name for channel in self.channels]
            known = {"boot": boot, "next": self.wanted, "firmware": self.firmware, "reset": said.reset}
            yield self._told("", hello={**known, "channels": names})
            for name in sorted(self.used.difference(names)):
                yield self.refuse(f"home.toml has a sensor on {name}, and this board has no {name}")
            self.orders.plan(self.channels, self._uses)
        yield from self._skip_to(oldest)

    def _heartbeat(self, at: Instant, said: wire.Heartbeat) -> Iterator[Frame]:
        uptime, boot, oldest, coming = said.state
        if boot != self.boot or self._never_gave(oldest, coming):
            self.boot = None  # a start that we did not hear: ask
            return
        self.health = said
        self.time.pair(uptime, at)
        yield from self._skip_to(oldest)
        yield from self._missed(at, said.presses_lost)
        if self._moved is None or coming == self.wanted or self._moved[1] != self.wanted:
            self._moved = at, self.wanted
        self._deaf = at - self._moved[0] >= DEAF_MS
        yield from self._linked(not self._deaf)
        if self._deaf:
            return
        if self._unsure and coming == self.wanted and not self.orders.configures():
            self._unsure = False
            for index, channel in enumerate(self.channels):
                if not channel.name.startswith(_LEVELLESS) and self._uses(channel):
                    yield self._told(channel.name, at=at, stands=said.levels >> index & 1)
        if self._beat is None or at - self._beat >= BEAT_MS:
            self._beat = at
            known = {"boot": boot, "next": self.wanted, "supply_mv": said.supply_mv, "refused": said.refused}
            on = [channel.name for channel in self.channels if channel.flags & wire.ENABLED]
            yield self._told("", beat=known | {"blocks_lost": self.blocks_lost, "line": self.time.line(), "on": on})

    def _missed(self, at: Instant, presses_lost: int) -> Iterator[Frame]:
        """A press for help was overwritten while nobody kept it: which button it was, and when, is not known."""
        if presses_lost != self._presses_lost and self._watched:
            for channel in self.channels:
                if channel.name.startswith(_BUTTON) and self._uses(channel):
                    yield self._told(channel.name, at=at, missed=presses_lost)
        self._presses_lost = presses_lost

    def _never_gave(self, oldest: int, coming: int) -> bool:
        """Whether the board knows nothing of the number we wait for: it was erased, and counts its boots anew."""
        behind = (self.wanted - oldest) % wire.NUMBERS
        return (coming - oldest) % wire.NUMBERS < behind <= wire.NUMBERS // 2

    def _skip_to(self, oldest: int) -> Iterator[Frame]:
        """The board no longer has what comes before ``oldest``: half the numbers lie ahead, half behind."""
        gone = (oldest - self.wanted) % wire.NUMBERS
        if 0 < gone < wire.NUMBERS // 2:
            self.wanted = self.kept = oldest
            self.lost += gone
            self._unsure = True
            yield self._told("", lost=gone, next=oldest)

    def _reading(self, at: Instant, number: int, said: wire.Reading) -> Iterator[Frame]:
        """Only the one that is waited for: an earlier one was told before, a later one will come again."""
        uptime, boot, index, value = said
        if boot != self.boot:
            self.boot = None
            return
        if number != self.wanted:
            return
        self.wanted = (number + 1) % wire.NUMBERS  # also of one that cannot be understood: it would come for ever
        if not self._watched:  # made before the board heard that nobody is to know of it
            self.kept = self.wanted
            return
        name = self.channels[index].name if index < len(self.channels) else f"channel {index}"
        which = {"boot": boot, "number": number}
        if index >= len(self.channels) or name.startswith(_LEVELLESS):
            yield self._told("", refused=f"reading of {name}, which has none that this hub knows", **which)
        elif value not in (0, 1):
            yield self._told("", refused=f"{name} is {value}, neither 0 nor 1", **which)
        else:
            yield self._told(name, at=self.time.time_of(uptime, at), **which, value=value)

    def _waveform(self, at: Instant, number: int, said: wire.Block) -> Iterator[Frame]:
        """Felt here, since nobody keeps it; what did not arrive is counted."""
        if self._block is not None:
            self.blocks_lost += (number - self._block) % wire.NUMBERS
        self._block = (number + 1) % wire.NUMBERS
        if said.channel >= len(self.channels) or not self._uses(self.channels[said.channel]):
            return
        name, bed = self.channels[said.channel].name, self._beds.setdefault(said.channel, Felt())
        begun = self.time.time_of(said.at, at)
        for feel in bed.feel(begun, said.rate_hz, said.bits, said.samples):
            yield Frame(wire.LINK, f"{self.name}/{name}", felt(feel))

    def _tested(self, number: int, failed: list[str], supply_mv: int) -> Iterator[Frame]:
        if self.orders.answered(wire.ASK_SELFTEST, number) is not None:
            yield self._told("", selftest={"failed": failed, "supply_mv": supply_mv})

    def _done(self, number: int, order: int, result: int) -> Iterator[Frame]:
        payload = self.orders.answered(order, number)
        if payload is None:
            return
        self._unsure = True  # what a level means may have changed: the board tells it as it stands, not as a reading
        if order == wire.CONFIGURE and not result:
            index, flags = payload[:2]
            channels = [*self.channels]
            channels[index] = channels[index]._replace(flags=flags)
            self.channels = tuple(channels)
        if result:
            why = wire.RESULTS.get(result, "no reason known")
            yield self.refuse(f"will not do order {order:#04x}: {why}")

    # -- what it is told ---------------------------------------------------------------------------------------

    def told(self, watched: bool, memory: Memory | None) -> bool:
        """What the journal has, and whether anything may be taken in; whether the board is to hear of it."""
        news = watched != self._watched
        if news:
            self._watched, self._unsure = watched, True
            self.orders.plan(self.channels, self._uses)
        if memory is not None and memory.boot == self.boot and watched:
            more = (memory.wanted - self.kept) % wire.NUMBERS
            if 0 < more <= (self.wanted - self.kept) % wire.NUMBERS:  # else it is of before a loss
                self.kept, news = memory.wanted, True
        return news

    def refuse(self, why: str) -> Frame:
        """Something that it said could not be understood."""
        return self._told("", refused=why)

    @staticmethod
    def is_answered(said: bytes) -> bool:
        """Whether the board waits for an answer: to its waveform it does not."""
        return said[1:2] != bytes([wire.WAVEFORM])

    def answer(self, at: Instant) -> tuple[bytes, ...]:
        """The bodies to send back now: what is kept, or a request to say who speaks; and an order that is due."""
        if self.boot is None:
            return (self.orders.body(wire.ASK_HELLO),)
        return self.orders.body(wire.ACK, wire.ack(self.boot, self.kept, self.wanted)), *self.orders.due(at)

    def _uses(self, channel: wire.Channel) -> bool:
        return self._watched and (channel.name in self.used or channel.name.startswith(wire.TAMPER))
