"""Bytes written on a day of wired readings, flushed as the hub does it: when so many wait that a board keeps.

``python -m bench.wired_wear [READINGS]`` prints one line of JSON: 5,500 readings a day and a beat each minute.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

from agent.engine import Engine
from agent.home import parse
from agent.journal_io import Journal
from agent.loop import fill, run
from agent.nouns import DAY_MS, MINUTE_MS, Entry, Frame, Instant, Outcome
from agent.sink_io import UNKEPT_MOST
from bench.year import written_bytes
from tests.wired_hub import HOME, SENSOR, WIRED

START = Instant(1_772_416_800_000)
DAYS = 5
CHANNELS = ("motion0", "door0", "motion0")


class Sink:
    """The journal, and the flush that the hub's own sink adds."""

    def __init__(self, journal: Journal) -> None:
        self._journal, self._unkept = journal, 0

    def put(self, entry: Entry, outcome: Outcome) -> None:
        self._journal.put(entry, outcome)
        self._unkept += entry.frame is not None and "/" in entry.frame.address
        if self._unkept >= UNKEPT_MOST:
            self._journal.flush()
            self._unkept = 0


def entries(readings: int) -> Iterator[Entry]:
    chance = Random(1)
    times = [(at, True) for at in range(0, DAYS * DAY_MS, MINUTE_MS)]
    times += [(chance.randrange(DAYS * DAY_MS), False) for _ in range(readings * DAYS)]
    number = 0
    for seq, (after, beats) in enumerate(sorted(times), 1):
        at = Instant(START + after)
        if beats:
            said = {"boot": 7, "next": number % 65_536, "supply_mv": 4_987, "refused": 0, "blocks_lost": 0}
            beat = {"beat": {**said, "line": [after, START, 3, 100_000], "on": ["motion0", "door0"]}}
            yield Entry(seq, at, Frame("serial", "bridge-1", json.dumps(beat, separators=(",", ":")).encode()))
            continue
        reading = {"at": at - 5, "boot": 7, "number": number % 65_536, "value": number % 2}
        number += 1
        address = f"bridge-1/{chance.choice(CHANNELS)}"
        yield Entry(seq, at, Frame("serial", address, json.dumps(reading, separators=(",", ":")).encode()))


def main() -> None:
    readings = int(sys.argv[1]) if len(sys.argv) > 1 else 5_500
    wired = (SENSOR.format(id=id, kind=kind, room=room, channel=channel) for id, kind, room, channel in WIRED)
    home = parse(HOME + "".join(wired))
    engine = Engine(home)
    engine.tells_promises = False
    with tempfile.TemporaryDirectory(dir=".") as folder:
        journal = Journal(Path(folder) / "journal.db", home.id)
        before = written_bytes()
        journal.begin(engine, START, 1, "bench")
        run(fill(entries(readings), engine), engine, Sink(journal))
        journal.close()
        size = (Path(folder) / "journal.db").stat().st_size
    written = (written_bytes() - before) / 1024 / DAYS
    print(json.dumps({"written_kib_per_day": round(written), "file_kib_per_day": round(size / 1024 / DAYS)}))


if __name__ == "__main__":
    main()
