"""How long a family's day takes, from the journal of a home with a year behind it.

``python -m bench.day [READINGS]`` lives through a synthetic year (2,000,000 readings) by the same code path as live and
then tells its last days, and writes each as a file: from 30 days of readings, and from the last 36 hours of them where
the days before have been counted already.
"""

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from agent.engine import Engine
from agent.home import parse
from agent.journal_io import Journal
from agent.loop import fill, run
from agent.models_io import shipped
from agent.nouns import DAY_MS, Home, Instant
from agent.past_io import past_of
from agent.simulate.year import READINGS, YEAR_FROM, year_home_text
from agent.summary.bounds import USUAL_DAYS, bounds_of
from agent.summary.counts import Counted
from agent.summary.day import Day, Days, summarised
from agent.summary.leaf_io import leaf
from agent.summary.words_io import words
from bench.year import SEED, Storing, entries, resident_kib

DAYS = 10


def told(journal: Journal, home: Home, number: int) -> Day:
    past, now = past_of(journal, home, number, Instant(0))
    return summarised(home, number, past, now)


def counted(journal: Journal, home: Home, number: int) -> dict[int, Counted]:
    """The days before, as a page that is served would keep them."""
    days = Days(home, *past_of(journal, home, number, Instant(0)))
    return {day: days.count(day) for day in range(number - USUAL_DAYS, number)}


def told_quickly(journal: Journal, home: Home, number: int, known: dict[int, Counted]) -> Day:
    past, now = past_of(journal, home, number, Instant(0), bounds_of(home, number).since)
    return Days(home, past, now, known).day(number)


def lived(path: Path, home: Home, readings: int) -> None:
    engine = Engine(home, models=shipped())
    engine.tells_promises = False  # as the hub has it
    journal = Journal(path, home.id)
    journal.begin(engine, YEAR_FROM, 1, "bench")
    run(fill(entries(readings, 10), engine), engine, Storing(journal, engine, readings))
    journal.close()


def main() -> None:
    readings = int(sys.argv[1]) if len(sys.argv) > 1 else READINGS
    home = parse(year_home_text(SEED, 10))
    with tempfile.TemporaryDirectory(dir=".") as folder:
        path = Path(folder) / "journal.db"
        lived(path, home, readings)
        before, taken, quick, pages = resident_kib(), [], [], []
        journal = Journal(path)
        last = journal.last()
        assert last is not None
        for number in range(last[1] // DAY_MS - DAYS, last[1] // DAY_MS):
            started = time.monotonic()
            day = told(journal, home, number)
            middle = time.monotonic()
            text = leaf(day, words())
            taken.append(middle - started)
            pages.append((time.monotonic() - middle, len(text.encode())))
            known = counted(journal, home, number)
            started = time.monotonic()
            again = told_quickly(journal, home, number, known)
            quick.append(time.monotonic() - started)
            assert leaf(again, words()) == text, "the same page either way"
        size = path.stat().st_size
        journal.close()
    print(
        json.dumps(
            {
                "readings": readings,
                "journal_mib": round(size / 2**20, 1),
                "day_s_median": round(statistics.median(taken), 3),
                "day_s_most": round(max(taken), 3),
                "day_s_median_where_counted": round(statistics.median(quick), 3),
                "day_s_most_where_counted": round(max(quick), 3),
                "file_s_median": round(statistics.median(seconds for seconds, _ in pages), 3),
                "file_bytes_most": max(size for _, size in pages),
                "grown_kib": resident_kib() - before,
            }
        )
    )


if __name__ == "__main__":
    main()
