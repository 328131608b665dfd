"""Every sentence of every day of ten real homes, against a count from the log that knows nothing of the product's.

Ten of those with the fewest readings, 24 to 66 days each: six with eight sensors in five rooms, three with seven, one
with five and a single entrance. The June outage is in some of them.
"""

from datetime import date
from pathlib import Path

import pytest

from agent.engine import Engine
from agent.loop import fill, run
from agent.models_io import shipped
from agent.nouns import Home, Instant
from agent.past_log_io import Lived
from agent.replay import of_lines
from agent.summary.bounds import bounds_of
from agent.summary.day import Days, Past
from agent.summary.sentences import sentences
from agent.summary.spans import Span
from agent.summary.words_io import words
from bench.homes import homes_in, lines
from tests.direct_count import Alert
from tests.direct_sentences import DirectDays

TEN = ("099bc", "f220c", "46286", "561af", "714d7", "a380e", "a539e", "ca44d", "d7a46", "e2472")
EPOCH = date(1970, 1, 1)


def lived_through(home: Home, log: Path) -> Lived:
    """All of the log, and what the engine said of it."""
    lived, engine = Lived(home, (date(2100, 1, 1) - EPOCH).days), Engine(home, models=shipped())
    lived.since = Instant(0)
    engine.tells_promises = False
    run(fill(of_lines(lived.until_the_end(lines(log, home))), engine), engine, lived)
    return lived


@pytest.mark.parametrize("name", TEN)
def test_every_sentence_of_every_day_is_what_a_direct_count_says(hearthwatch_data: Path, name: str) -> None:
    folder = hearthwatch_data / "tihm"
    ((home, log),) = [case for case in homes_in(folder, None) if case[0].id == f"tihm-{name}"]
    lived = lived_through(home, log)
    assert lived.first is not None
    past = Past(lived.readings, lived.said, (), [Span(Instant(0), lived.first)])
    days = Days(home, past, lived.last)
    alerts = [Alert(one.at, one.id, one.kind, one.state, one.since or one.at, one.text) for one in lived.said]
    people = [(one.at, one.value) for one in lived.readings if one.quantity == "people"]
    direct = DirectDays(folder / f"tihm-{name}.home.toml", log, alerts, people)
    said = 0
    for when in direct.dates:
        number = (when - EPOCH).days
        day = days.day(number)
        told = [words().say(one, day) for one in sentences(day)]
        assert told == direct.sentences(when), f"{name} {when}"
        said += len(told)
        assert day.until == min(bounds_of(home, number).until, lived.last)
    assert said >= 5 * len(direct.dates)
