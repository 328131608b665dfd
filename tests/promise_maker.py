"""What a simulated home is promised: shared by the tests of the words and of the picture."""

from typing import Final

from agent.engine import Engine
from agent.home import parse
from agent.loop import fill, run
from agent.nouns import Entry, Instant
from agent.promise.waits import Promised, Waits
from agent.replay import of_lines
from agent.simulate.days import days
from agent.simulate.dialects import as_readings

MONDAY: Final = Instant(1_772_409_600_000)  # 2026-03-02
DAYS: Final = 10


def promised(text: str, entries: list[Entry]) -> Promised:
    home = parse(text)
    engine, waits = Engine(home), Waits(home)
    waits.follow(engine)
    run(fill(entries, engine), engine, waits)
    return waits.promised(engine.possible_fall.promise_at, engine.possible_fall.expected())


def lived(count: int = DAYS) -> list[Entry]:
    readings = as_readings(days(3, MONDAY, count))
    return list(of_lines((at, sensor, f"{quantity} {value}".encode()) for at, sensor, quantity, value in readings))
