"""Bytes written on a day of 5,500 readings, as live writes them: zigbee2mqtt's messages, ten-minute batches.

``python -m bench.wear`` prints one line of JSON. What the process gave to the kernel is counted (write_chars of the
files), and what the kernel counted as written to storage, after a final checkpoint.
"""

import json
import tempfile
from pathlib import Path

from agent.civil import parse_rfc3339
from agent.engine import Engine
from agent.home import parse
from agent.journal_io import Journal
from agent.loop import fill, run
from agent.models_io import shipped
from agent.nouns import DAY_MS, Entry
from agent.simulate.days import days
from agent.simulate.dialects import as_zigbee, opening
from agent.simulate.fleet import HEAVY, home_text
from bench.year import written_bytes

SEED = 5
DAYS = 3


def main() -> None:
    home = parse(home_text(SEED, HEAVY))
    start = parse_rfc3339("2026-03-02T00:00:00Z")
    engine = Engine(home, models=shipped())
    engine.tells_promises = False  # as the hub has it
    heard = list(as_zigbee(days(SEED, start, DAYS, fleet=HEAVY), HEAVY, SEED))
    entries = [Entry(n, start, frame) for n, frame in enumerate(opening(HEAVY, SEED), 1)]
    entries += [Entry(len(entries) + n, one.at, one.frame) for n, one in enumerate(heard, 1)]
    with tempfile.TemporaryDirectory(dir=".") as folder:
        journal = Journal(Path(folder) / "journal.db", home.id)
        before = written_bytes()
        journal.begin(engine, start, 1, "bench")
        run(fill(entries, engine), engine, journal)
        journal.close()
        size = (Path(folder) / "journal.db").stat().st_size
    frames = len(entries) * DAY_MS / (entries[-1].at - start)
    print(
        json.dumps(
            {
                "frames_per_day": round(frames),
                "written_kib_per_day": round((written_bytes() - before) / 1024 / DAYS),
                "written_kib_per_5500_frames": round((written_bytes() - before) / 1024 / len(entries) * 5_500),
                "file_kib_per_day": round(size / 1024 / DAYS),
            }
        )
    )


if __name__ == "__main__":
    main()
