"""Power cuts: what a real run of the hub wrote, cut anywhere, with what was not synced lost, torn or kept by chance.

The hub's writes to its disk are recorded with strace, and so is each moment in which somebody was told of an alert. An
image of the disk at a cut holds everything that was written before a file's last sync, and any of the sectors that
were written after it. ``python -m bench.power --images N --seed S`` opens N of them as the hub does after a power cut.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from bench.damage import a_state, look, memory

SECTOR: Final = 512
ALERTS: Final = 100  # said in the run that is recorded: enough to fold the journal’s log in
CALLS: Final = "openat,write,pwrite64,fsync,fdatasync,ftruncate,unlink,rename"
# The loop of ``watch``, which says who was told at the very moment of the knock. NORMAL: the control.
HUB: Final = """
import os, sys, threading
from pathlib import Path
from agent import sink_io, watch_io
from agent.clock_io import HubClock
from agent.journal_io import Journal
from agent.live_io import frame_queue
from agent.nouns import Frame
from agent.numbers_io import Numbers
from bench.damage import HOME
last, kept, knock, write = [], Numbers.said, sink_io.knock, Journal._transaction
def said(self, epoch, seq):
    last.append((epoch, seq))
    kept(self, epoch, seq)
def told(door):
    for number in last: os.write(1, b"told %d %d\\n" % number)
    last.clear()
    return knock(door)
Numbers.said, sink_io.knock = said, told
if sys.argv[2] == "NORMAL":
    Journal._transaction = lambda self, synchronous: write(self, "NORMAL")
frames, state = frame_queue(), Path(sys.argv[1])
def feed():
    for n in range(int(sys.argv[3]) * 2):
        frames.put(Frame("log", "hall-motion", b"motion %d" % (n % 2)))
        frames.put(Frame("log", "alarm", b"smoke %d" % (n % 2)))
threading.Thread(target=feed, daemon=True).start()
watch_io.live(state, HOME, "hub-1", frames, [None], "test", lambda engine, last: HubClock(last, synced=lambda: True))
"""


# What a start makes anew.
UNNEEDED: Final = ("-shm", ".sock", "/lock", "/ballast")


NEW: Final = count(1_000)  # numbers of files that were not there before; none is used again


class Op(NamedTuple):
    """One thing that was done to the disk, or ``told``: from then on the alert (offset, size) may not be lost."""

    kind: str  # write, size, sync, name, gone, moved, told
    file: int  # which one, whatever its name is; of a folder's sync 0
    path: str = ""
    offset: int = 0
    data: bytes = b""


def record(state: Path, synchronous: str, alerts: int = ALERTS) -> list[Op]:
    """Run the hub in ``state`` and take down what it does to the disk, until it has said so many alerts."""
    trace, files = state.with_name("trace"), _numbered(state)
    words = f"strace -f -y -xx -s {1 << 20} -e trace={CALLS} -e signal=none -o {trace}".split()
    job = [*words, sys.executable, "-c", HUB, str(state), synchronous, str(alerts)]
    run = subprocess.Popen(job, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert run.stdout is not None
    assert run.stderr is not None
    told = 0
    while told < alerts:
        line = run.stdout.readline()
        assert line, run.stderr.read()
        told += line.startswith("told")
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    run.stdout.close()
    run.stderr.close()
    return list(_ops(trace, state, files))


def _ops(trace: Path, state: Path, files: dict[str, int]) -> Iterator[Op]:
    """The trace as operations on the files of the state directory; ``files`` are those that were there before."""
    begun: dict[str, tuple[str, int]] = {}
    folder = re.escape(str(state))
    for line in trace.read_text().splitlines():
        pid, _, said = line.partition(" ")
        if said.rstrip().endswith("<unfinished ...>"):
            begun[pid] = (said.rstrip().removesuffix("<unfinished ...>"), 0)
            continue
        if resumed := re.match(r"\s*<\.\.\. (\w+) resumed>(.*)", said):
            said = begun.pop(pid, (f"{resumed[1]}(", 0))[0] + resumed[2]
        said = said.strip()
        words = [_plain(word) for word in re.findall(r'"((?:\\x[0-9a-f]{2})*)"', said)]
        paths = [_plain(word).decode() for word in re.findall(r"<((?:\\x[0-9a-f]{2})+)>", said)]
        call = said.partition("(")[0]
        if said.rpartition(" = ")[2].startswith("-1"):
            continue
        if call == "write" and words and words[0].startswith(b"told ") and "(1<" in said:
            _, epoch, seq = words[0].split()
            yield Op("told", int(epoch), "", int(seq))
            continue
        name = paths[0] if paths else ""
        if call == "openat" and words:
            name = paths[-1] if paths else words[0].decode()
        if call in ("unlink", "rename"):
            name = words[0].decode()
        if call in ("fsync", "fdatasync") and name == str(state):
            yield Op("sync", 0)
            continue
        if not re.match(folder + r"/[^/]+$", name) or name.endswith(UNNEEDED):
            continue
        yield from _op(call, said, Path(name).name, words, files)


def _plain(word: str) -> bytes:
    return bytes.fromhex(word.replace("\\x", ""))


def _op(call: str, said: str, name: str, words: list[bytes], files: dict[str, int]) -> Iterator[Op]:
    if call == "openat" and "O_CREAT" in said and name not in files:
        files[name] = next(NEW)
        yield Op("name", files[name], name)
    elif name not in files:
        return
    elif call == "pwrite64":
        yield Op("write", files[name], name, int(said.rpartition(")")[0].rpartition(",")[2]), words[-1])
    elif call == "write":
        yield Op("write", files[name], name, -1, words[-1])  # at its end
    elif call == "ftruncate":
        yield Op("size", files[name], name, int(said.rpartition(")")[0].rpartition(",")[2]))
    elif call in ("fsync", "fdatasync"):
        yield Op("sync", files[name], name)
    elif call == "unlink":
        yield Op("gone", files.pop(name), name)
    elif call == "rename":
        files[Path(words[1].decode()).name] = files.pop(name)
        yield Op("moved", files[Path(words[1].decode()).name], Path(words[1].decode()).name)


def _numbered(state: Path) -> dict[str, int]:
    """The files that were there before the run, in order of their names."""
    return {
        file.name: n
        for n, file in enumerate(sorted(state.iterdir()), start=1)
        if file.is_file() and not str(file).endswith(UNNEEDED)
    }


class Disk:
    """What is surely on the disk, and what was done since and may or may not be."""

    def __init__(self, base: Path) -> None:
        self.names = _numbered(base)
        self.held = {n: (base / name).read_bytes() for name, n in self.names.items()}
        self.open: dict[int, list[Op]] = {}
        self.renamed: list[Op] = []
        self.told: set[tuple[int, int]] = set()

    def take(self, op: Op) -> None:
        if op.kind == "told":
            self.told.add((op.file, op.offset))
        elif op.kind == "sync" and op.file == 0:
            for named in self.renamed:
                _rename(self.names, named)
            self.renamed = []
        elif op.kind == "sync":
            self.held[op.file] = _written(self.held.get(op.file, b""), self.open.pop(op.file, []))
        elif op.kind in ("name", "gone", "moved"):
            self.renamed.append(op)
        else:
            self.open.setdefault(op.file, []).append(op)

    def image(self, dice: Random, folder: Path) -> None:
        """One disk as it may be found after a cut now."""
        names = dict(self.names)
        for op in self.renamed[: dice.randrange(len(self.renamed) + 1)]:
            _rename(names, op)
        for name, file in names.items():
            (folder / name).touch(0o600)
            survives = dice.choice((0.0, 0.2, 0.5, 0.8, 0.95, 1.0))
            (folder / name).write_bytes(_written(self.held.get(file, b""), self.open.get(file, []), dice, survives))


def _rename(names: dict[str, int], op: Op) -> None:
    for old in [name for name, file in names.items() if file == op.file]:
        del names[old]
    if op.kind != "gone":
        names[op.path] = op.file


def _written(held: bytes, ops: list[Op], dice: Random | None = None, survives: float = 1.0) -> bytes:
    """``held`` with these writes done to it: all of them, or with ``dice`` any of their sectors."""
    body = bytearray(held)
    for op in ops:
        if op.kind == "size":
            if dice is None or dice.random() < survives:
                body = body[: op.offset] + bytes(max(0, op.offset - len(body)))
            continue
        at, end = (op.offset if op.offset >= 0 else len(body)), len(op.data)
        done = 0
        while done < end:
            size = min(end - done, SECTOR - (at + done) % SECTOR)
            if dice is None or dice.random() < survives:
                body += bytes(max(0, at + done + size - len(body)))
                body[at + done : at + done + size] = op.data[done : done + size]
            done += size
    return bytes(body)


class Found(NamedTuple):
    """Of so many images: how many a hub could not be started in without loss, and what was wrong with the first."""

    images: int
    bad: int
    begun_anew: int
    from_outbox: int
    first: str


def cut(base: Path, ops: list[Op], images: int, seed: int, work: Path) -> Found:
    """Open ``images`` disks, cut at places by chance; each must hold what was told, and use no number again."""
    dice = Random(seed)
    at = sorted(dice.randrange(1, len(ops) + 1) for _ in range(images))
    disk, done, bad, anew, second, first = Disk(base), 0, 0, 0, 0, ""
    for place in at:
        for op in ops[done:place]:
            disk.take(op)
        done = place
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        disk.image(dice, work)
        try:
            looked = look(work, set(disk.told), "after the cut")
            faults = looked.faults
            anew += looked.aside is not None
            second += looked.put_back > 0
        except Exception as fault:
            faults = [f"did not start: {type(fault).__name__}: {fault}"]
        bad += bool(faults)
        first = first or (f"cut at {place} of {len(ops)}: {'; '.join(faults)}" if faults else "")
    return Found(images, bad, anew, second, first)


def recorded(folder: Path, synchronous: str, alerts: int = ALERTS) -> tuple[Path, list[Op]]:
    """The state directory before the run, and what the run did to it."""
    a_state(folder / "before", count=1)
    state = folder / "state"
    shutil.copytree(folder / "before", state)
    return folder / "before", record(state, synchronous, alerts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    bad = 0
    for synchronous in ("FULL", "NORMAL"):
        with tempfile.TemporaryDirectory(dir=memory()) as folder:
            base, ops = recorded(Path(folder), synchronous)
            found = cut(base, ops, asked.images, asked.seed, Path(folder) / "work")
            print(f"{synchronous}, {len(ops)} operations: {found}")
            bad += found.bad if synchronous == "FULL" else not found.bad
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
