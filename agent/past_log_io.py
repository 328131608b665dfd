"""What a family's day is made of, out of sensor logs: they are lived through by the engine."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from agent.engine import Engine
from agent.loop import fill, run
from agent.models_io import shipped
from agent.nouns import HOUR_MS, Alert, Entry, Home, Instant, Outcome, Reading
from agent.replay import of_lines, told
from agent.summary.bounds import bounds_of, first_needed
from agent.summary.day import Past
from agent.summary.observed import Said
from agent.summary.spans import Span

# A home of which nothing is heard is told as not watched within so long, and then since it was heard last.
TOLD_WITHIN_MS: Final = 13 * HOUR_MS

Line = tuple[Instant, str, bytes]


def past_of_log(
    home: Home, number: int, lines: Iterable[Line], tell: Callable[[Instant], None]
) -> tuple[Past, Instant | None]:
    """The same from the lines of a log, lived through by the engine; ``tell`` hears how far it has come.

    None: the log holds nothing before that day is over. A log that ends within the day makes a day that is not over;
    a longer one is read for TOLD_WITHIN_MS more, since it may turn out that the evening was not observed.
    """
    lived, engine = Lived(home, number), Engine(home, models=shipped())
    engine.tells_promises = False
    run(fill(told(of_lines(lived.until_the_end(lines)), tell), engine), engine, lived)
    if lived.first is None or lived.first >= bounds_of(home, number).until:
        return Past((), (), (), ()), None
    if lived.goes_on:
        run(fill([Entry(lived.frames, Instant(lived.until - 1))], engine), engine, lived)
    now = lived.until if lived.goes_on else lived.last
    return Past(lived.readings, lived.said, (), [Span(Instant(0), lived.first)]), now


class Lived:
    """A sink that keeps of a log what the day of that date is made of. ``goes_on``: the log holds more than is read."""

    def __init__(self, home: Home, number: int) -> None:
        self.since = first_needed(home, number)
        self.until = Instant(bounds_of(home, number).until + TOLD_WITHIN_MS)
        self.first: Instant | None = None
        self.last = Instant(0)
        self.goes_on = False
        self.frames = 0
        self.readings: list[Reading] = []
        self.said: list[Said] = []

    def until_the_end(self, lines: Iterable[Line]) -> Iterator[Line]:
        for line in lines:
            if line[0] >= self.until:
                self.goes_on = True
                return
            self.first = line[0] if self.first is None else self.first
            self.last = line[0]
            self.frames += 1
            yield line

    def put(self, entry: Entry, outcome: Outcome) -> None:
        self.readings += [one for one in outcome.readings if one.at >= self.since]
        self.said += [_of_alert(alert) for alert in outcome.alerts]


def _of_alert(alert: Alert) -> Said:
    return Said(alert.at, alert.id, alert.kind, alert.state, alert.since, alert.text, sent=False)
