"""A synthetic year through the full pipeline with storage, by the same code path as live: run in a child of its own.

``python -m bench.year READINGS SENSORS`` prints one line of JSON: seconds, microseconds a reading, growth of memory
between the end of the second month and the end, bytes that the process gave to the disk, alerts.
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from agent.engine import Engine
from agent.home import parse
from agent.journal_io import Journal
from agent.loop import fill, run
from agent.models_io import shipped
from agent.nouns import Entry, Outcome
from agent.simulate.year import synthetic_year, year_home_text

SEED = 7


class Storing:
    """The journal as live has it, and a look at the memory on the way."""

    def __init__(self, journal: Journal, engine: Engine, readings: int) -> None:
        self._journal, self._engine = journal, engine
        self._warm = readings // 6
        self.alerts = 0
        self.warm_kib = 0

    def put(self, entry: Entry, outcome: Outcome) -> None:
        self._journal.put(entry, outcome)
        self.alerts += len(outcome.alerts)
        if self._journal.is_long():
            self._journal.begin(self._engine, entry.at, entry.seq + 1, "bench")
        if entry.seq == self._warm and not self.warm_kib:
            self.warm_kib = resident_kib()


def resident_kib() -> int:
    """Resident memory of this process, KiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


def written_bytes() -> int:
    """Bytes that this process has caused to be written to storage."""
    return int(dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())["write_bytes"])


def entries(readings: int, sensors: int) -> Iterator[Entry]:
    for seq, (at, frame) in enumerate(synthetic_year(SEED, readings, sensors), 1):
        yield Entry(seq, at, frame)


def measure(readings: int, sensors: int) -> dict[str, float]:
    generated = time.process_time()
    for _ in entries(readings, sensors):
        pass
    generated = time.process_time() - generated
    home = parse(year_home_text(SEED, sensors))
    engine = Engine(home, models=shipped())
    engine.tells_promises = False  # as the hub has it
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal.db", home.id)
        sink = Storing(journal, engine, readings)
        before = written_bytes()
        started, cpu = time.monotonic(), time.process_time()
        journal.begin(engine, next(entries(1, sensors)).at, 1, "bench")
        run(fill(entries(readings, sensors), engine), engine, sink)
        journal.close()
        seconds, cpu = time.monotonic() - started, time.process_time() - cpu
        size = (Path(folder) / "journal.db").stat().st_size
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "generator_seconds": round(generated, 2),
        "us_per_reading": round(seconds / readings * 1e6, 2),
        "growth_kib": resident_kib() - sink.warm_kib,
        "resident_kib": resident_kib(),
        "written_mib": round((written_bytes() - before) / 2**20, 1),
        "file_mib": round(size / 2**20, 1),
        "alerts": sink.alerts,
    }


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]))))
