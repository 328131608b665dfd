"""Damaged journals: bits flipped, pages zeroed, files and logs cut; each hub must start, and lose no alert.

``python -m bench.damage --count N --seed S`` prints what became of N of them; the tests run a few hundred.
"""

import argparse
import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from agent.clock_io import boot_id
from agent.engine import Engine
from agent.home import parse
from agent.journal_io import Journal
from agent.loop import fill, run
from agent.nouns import HOUR_MS, Entry, Frame, Home, Instant, Outcome
from agent.numbers_io import Numbers
from agent.recover import missing
from agent.replay import of_lines
from agent.simulate.days import days
from agent.simulate.dialects import as_readings
from agent.simulate.fleet import home_text
from agent.sink_io import Sealer
from agent.transport.keys_io import verifier
from agent.transport.outboxes_io import Outboxes
from agent.watch_io import opened

MONDAY: Final = Instant(1_772_409_600_000)  # 2026-03-02
SMOKE: Final = '\n[[sensor]]\nid = "alarm"\nkind = "smoke"\nroom = "kitchen"\nlink = "log"\naddress = "alarm"\n'
HOME: Final = parse(home_text(3, link="log") + SMOKE)
PRESS: Final = Frame("log", "sos-button", b"button 1")
EVERY: Final = 60  # lines between two presses of the help button


class Sink:
    """Journal, then outbox: what ``watch`` does, with a folder and nobody at the other end."""

    def __init__(self, journal: Journal, outboxes: Outboxes) -> None:
        self._journal, self._outboxes = journal, outboxes

    def put(self, entry: Entry, outcome: Outcome) -> None:
        self._journal.put(entry, outcome)
        for alert, envelope in self._journal.said:
            assert envelope is not None
            self._outboxes.put(alert.epoch, alert.seq, alert.severity, envelope)
        self._journal.said = []


def a_state(state: Path, home: Home = HOME, count: int = 2) -> None:
    """The state directory of a hub after some days, as a kill leaves it: its last writes are in the logs."""
    state.mkdir()
    journal, outboxes = Journal(state / "journal.db", home.id), Outboxes(str(state), state / "memory")
    engine = Engine(home)
    Numbers(state, state / "memory").settle(engine, (0, 0), boot_id())
    journal.seal = Sealer("hub-1", home, state / "hub.key", None)
    lines = ((at, sensor, f"{what} {n}".encode()) for at, sensor, what, n in as_readings(days(3, MONDAY, count)))
    entries = [entry._replace(frame=PRESS) if entry.seq % EVERY == 0 else entry for entry in of_lines(lines)]
    half = len(entries) // 2
    for part in (entries[:half], entries[half:]):
        journal.begin(engine, part[0].at, part[0].seq, "test")
        run(fill(part, engine), engine, Sink(journal, outboxes))
    journal.flush()
    whole = state.with_name(f"{state.name}.killed")
    shutil.copytree(state, whole)  # before the logs are folded in
    journal.close()
    outboxes.close()
    shutil.rmtree(state)
    whole.rename(state)


def flipped(dice: Random, data: bytearray) -> bytes:
    for _ in range(dice.choice((1, 1, 1, 8, 64))):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return bytes(data)


def zeroed(dice: Random, data: bytearray) -> bytes:
    page, count = dice.randrange(len(data) // 512), dice.choice((1, 1, 8, 64))
    end = min(len(data), (page + count) * 512)
    data[page * 512 : end] = bytes(end - page * 512)
    return bytes(data)


def garbled(dice: Random, data: bytearray) -> bytes:
    page = dice.randrange(len(data) // 512)
    data[page * 512 : page * 512 + 512] = dice.randbytes(512)
    return bytes(data)


def cut(dice: Random, data: bytearray) -> bytes:
    return bytes(data[: dice.randrange(len(data))])


DAMAGES: Final[tuple[Callable[[Random, bytearray], bytes], ...]] = (flipped, zeroed, garbled, cut)


class Outcomes(NamedTuple):
    """What became of one damaged journal; ``faults`` must be empty."""

    what: str
    faults: list[str]


def one(whole: Path, work: Path, seed: int) -> Outcomes:
    """Damage a copy of the state directory, start a hub in it, and look."""
    dice = Random(seed)
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(whole, work)
    damage, file = dice.choice(DAMAGES), dice.choice(("journal.db", "journal.db", "journal.db-wal"))
    place = work / file
    before = place.read_bytes()
    place.write_bytes(damage(dice, bytearray(before)))
    what = f"{damage.__name__} {file}"
    try:
        looked = look(work, numbers(whole / "outbox.db"), boot_id())
    except Exception as fault:
        return Outcomes(what, [f"did not start: {type(fault).__name__}: {fault}"])
    return Outcomes(what + (", begun anew" if looked.aside else ""), looked.faults)


class Looked(NamedTuple):
    aside: Path | None
    faults: list[str]
    put_back: int  # alerts that the journal did not hold, and the outbox did


def look(state: Path, said: set[tuple[int, int]], boot: str) -> Looked:
    """Start a hub in this state directory as ``watch`` does, press its help button, and hold the numbers against those
    that were ``said`` before."""
    faults: list[str] = []
    journal, engine, aside = opened(state / "journal.db", HOME, Engine(HOME).models)
    outboxes = Outboxes(str(state), state / "memory")
    newest = outboxes.newest()
    known = max(journal.last_said(), newest[:2] if newest else (0, 0))
    Numbers(state, state / "memory").settle(engine, known, boot, bool(aside))
    back = list(missing(journal, outboxes.envelopes(), verifier(str(state / "hub.pub"))))
    journal.put_back(back)
    journal.begin(engine, engine.now, (journal.last() or (0, 0))[0] + 1, "test")
    kept = {(epoch, seq) for epoch, seq, _ in journal.alerts()}
    if lost := said - kept:
        faults.append(f"lost {sorted(lost)[:3]}")
    journal.seal = Sealer("hub-1", HOME, state / "hub.key", newest)
    entry = Entry((journal.last() or (0, 0))[0] + 1, Instant(engine.now + HOUR_MS), PRESS)
    run(fill([entry], engine), engine, Sink(journal, outboxes))
    new = {(epoch, seq) for epoch, seq, _ in journal.alerts()} - kept
    if not new or new & said or min(new) <= max(said, default=(0, 0)):
        faults.append(f"said {sorted(new)} after {max(said, default=None)}")
    if aside is not None and not aside.exists():
        faults.append("the damaged one is gone")
    journal.close()
    outboxes.close()
    return Looked(aside, faults, len(back))


def numbers(path: Path) -> set[tuple[int, int]]:
    with contextlib.closing(sqlite3.connect(path)) as db:
        return set(db.execute("SELECT epoch, seq FROM message"))


def memory() -> str | None:
    """Where thousands of images of a disk are made and thrown away; None: where the system puts such things."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        whole = Path(folder) / "whole"
        a_state(whole)
        found = Counter[str]()
        bad = 0
        for seed in range(asked.seed, asked.seed + asked.count):
            outcome = one(whole, Path(folder) / "work", seed)
            found[outcome.what] += 1
            bad += bool(outcome.faults)
            if outcome.faults:
                print(f"seed {seed}: {outcome.what}: {'; '.join(outcome.faults)}")
        for what, count in sorted(found.items()):
            print(f"{count:6} {what}")
        print(f"{asked.count} damaged journals, seeds from {asked.seed}: {bad} bad")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
