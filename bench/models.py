"""What the models add to one live event: run in a child of its own.

``python -m bench.models`` prints one line of JSON: microseconds of CPU a sign of life with the models and without, both
with the promise asked for (which runs the fall model at every one of them, not only where a silence lasts), and the
99th percentile of what is added.
"""

import json
import statistics
from time import perf_counter
from typing import Final

from agent.detect.detector import Models
from agent.engine import Engine
from agent.home import parse
from agent.loop import fill
from agent.models_io import shipped
from agent.nouns import Entry, is_activity
from agent.simulate.year import synthetic_year, year_home_text

SEED: Final = 7
READINGS: Final = 60_000
SENSORS: Final = 10


def costs(models: Models) -> list[float]:
    """Microseconds of each sign of life."""
    engine, found = Engine(parse(year_home_text(SEED, SENSORS)), models=models), []
    entries = (Entry(seq, at, frame) for seq, (at, frame) in enumerate(synthetic_year(SEED, READINGS, SENSORS), 1))
    for entry in fill(entries, engine):
        began = perf_counter()
        outcome = engine.step(entry)
        if any(is_activity(reading) for reading in outcome.readings):
            found.append((perf_counter() - began) * 1e6)
    return found


def measure() -> dict[str, float]:
    without, having = costs(Models()), costs(shipped())
    added = sorted(more - less for more, less in zip(having, without, strict=True))
    return {
        "us_without_models": round(statistics.median(without), 1),
        "us_with_models": round(statistics.median(having), 1),
        "added_ms_p50": round(statistics.median(added) / 1_000, 3),
        "added_ms_p99": round(added[len(added) * 99 // 100] / 1_000, 3),
    }


if __name__ == "__main__":
    print(json.dumps(measure()))
