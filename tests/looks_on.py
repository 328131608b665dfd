"""A simulated board, somebody who looks at it, and what they are shown."""

from rich.console import Console

from agent.monitor.asks import Asks
from agent.monitor.heard import Heard
from agent.monitor.inputs import Event
from agent.monitor.terminal_io import picture
from agent.nouns import Instant, Sensor
from agent.sensors.bridge import Board as Conversation
from agent.sensors.framing import Deframer, encode, pack
from agent.sensors.wire import ASK_HELLO
from agent.simulate.board import NANO, Board
from tests.board_maker import DOOR, SENSORS

BEHIND = {sensor.address.removeprefix("bridge-1/"): sensor for sensor in SENSORS}
LIES_STILL, STIRS = [100] * 25, [-800, 900] * 12 + [0]


class LooksOn:
    """A board, and somebody who looks on from the start; ``told`` is all that they were told."""

    def __init__(self, sensors: dict[str, Sensor] | None = None, board: Board | None = None) -> None:
        self.samples: list[int] = LIES_STILL
        self.board = board or Board(NANO, lambda at, count, rate: self.samples[:count])
        sensors = BEHIND if sensors is None else sensors
        self.heard, self.asks = Heard(sensors), Asks(sensors, selftest=False)
        self.told: list[Event] = []
        self.answers = True
        self.now = 0
        self._deframer = Deframer()

    def say(self, type: int, payload: bytes = b"") -> "LooksOn":
        self.board.receive(encode(pack(type, 0, payload)))
        return self

    def until(self, now: int) -> "LooksOn":
        for at in range(self.now, now, 10):
            for body in self._deframer.feed(self.board.turn(at)):
                self.told += self.heard.hear(body)
                self.asks.hear(Instant(at), body)
                if self.answers and Conversation.is_answered(body):
                    self.answer(at)
        self.now = max(self.now, now)
        return self

    def answer(self, at: int) -> None:
        for said in self.asks.answer(Instant(at)):
            self.board.receive(encode(said))

    def leave(self, forget: bool = False) -> "LooksOn":
        """The board is asked to be as it was, and has said that it is."""
        self.asks.leave(forget)
        self.answer(self.now)
        return self.until(self.now + 1_000)

    def another(self, **words: dict[str, Sensor]) -> "LooksOn":
        """Somebody else who looks at the same board."""
        later = LooksOn(board=self.board, **words)
        later.now = self.now
        return later.say(ASK_HELLO).until(self.now + 3_000)

    def door(self, times: int, every_ms: int = 700) -> "LooksOn":
        for nth in range(times):
            self.board.level(DOOR, nth % 2 == 0, self.now)
            self.until(self.now + every_ms)
        return self

    def words(self, *kinds: str) -> list[str]:
        return [event.words for event in self.told if event.kind in kinds]


def shown_lines(
    heard: Heard, where: str = "bridge-1 at /dev/ttyUSB0", width: int = 80, height: int = 24, forget: bool = False
) -> list[str]:
    console = Console(width=width, height=height, highlight=False)
    with console.capture() as drawn:
        console.print(picture(heard, where, width, height, forget=forget))
    return drawn.get().splitlines()


def loud_of(heard: Heard) -> str:
    return " ".join(line.strip() for line in shown_lines(heard))
