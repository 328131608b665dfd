"""An input of a board that somebody looks at, and an event to tell. Times are the board's uptime in ms."""

from collections import deque
from collections.abc import Mapping
from typing import Final, NamedTuple

from agent.monitor import words
from agent.nouns import Sensor
from agent.sensors import wire

UPTIMES: Final = 1 << 32
MOST_PIECES: Final = 40  # of a bed's waveform, that the picture shows: ten seconds at 100 Hz
LAST_SECOND: Final = 4  # pieces
ALARMS: Final = frozenset({"button", "smoke", "leak", "fall"})  # kinds of home.toml: on is an alert, at once


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
    """A channel of the board. ``changed`` None: not since somebody looks on."""

    def __init__(self, channel: wire.Channel, sensor: Sensor | None, helps: bool) -> None:
        self.name, self.sensor = channel.name, sensor
        self.helps = helps  # a button that no sensor is known of may call for help
        self.kind = channel.name.rstrip("0123456789")
        self.felt = self.kind == wire.FELT
        self.on = bool(channel.flags & wire.ENABLED)
        self.value: int | None = None
        self.changed: int | None = None
        self.changes = 0
        self.pieces: deque[Piece] = deque(maxlen=MOST_PIECES)  # of a bed
        self.blocks = 0

    def level(self, value: int) -> str:
        """In words, as home.toml means it."""
        inverted = self.sensor is not None and self.sensor.inverted
        return words.level(self.sensor.kind if self.sensor else self.kind, value ^ inverted)

    def alarms(self, value: int) -> bool:
        """Whether the hub raises an alert of it; without a home.toml, as if a button called for help."""
        if self.sensor is None:
            return self.kind == "button" and self.helps and value == 1
        helps = self.sensor.kind in ALARMS and self.sensor.role != "answer"
        return helps and bool(value ^ self.sensor.inverted)

    @property
    def title(self) -> str:
        return f"{self.sensor.id} ({self.name})" if self.sensor else self.name

    def event(self, kind: str, uptime: int, value: int, more: str = "", **facts: object) -> Event:
        level = self.level(value)
        sensor = self.sensor.id if self.sensor else None
        known: dict[str, object] = {"channel": self.name, "sensor": sensor, "value": value, "level": level}
        return Event(kind, uptime, f"{self.title}: {level}{more}", known | facts)

    @property
    def feels(self) -> str:
        """How a bed lies, and how far it moved in the last second."""
        last = list(self.pieces)[-LAST_SECOND:]
        return f"at {last[-1].level // 10} %, moved {max(piece.moved for piece in last):,}" if last else "nothing felt"

    def change(self, uptime: int) -> None:
        self.changes += 1
        if self.changed is None or later(uptime, self.changed):
            self.changed = uptime


def later(one: int, other: int) -> bool:
    """Of two uptimes, which wrap."""
    return (one - other) % UPTIMES < UPTIMES // 2
