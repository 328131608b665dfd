"""Erases a hub, and is killed at the n-th thing that it does to the disk; each time on a fresh copy.

    python -m tests.erase_steps FOLDER WORK EACH

For every n up to the first dozen, which are the request and the keys, and then for each EACH-th. Prints a line of JSON
for each: what was there when it was killed, and after it was run again. A process of its own, because it forks.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import agent.commands.erase
import agent.erase.alone_io  # before the first fork, or every child would load it anew
import agent.erase.erase_io  # noqa: F401
from agent.__main__ import main

CALLS = ("unlink", "replace", "fsync", "pwrite", "ftruncate", "rmdir")
DENSE = 12


def killed_at(number: int) -> None:
    """From now on this process ends at its ``number``-th call that touches the disk, before that is done."""
    left = [number]

    def wrapped(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*words: Any, **more: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                os._exit(9)
            return call(*words, **more)

        return counted

    for name in CALLS:
        setattr(os, name, wrapped(getattr(os, name)))


def erased(folder: Path, number: int | None) -> int:
    """In a process of its own; its exit status."""
    child = os.fork()
    if child == 0:
        for handle in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), handle)
        if number is not None:
            killed_at(number)
        words = ["--config", str(folder / "hub.toml"), "--yes", "--out", str(folder.parent / "retire.json")]
        os._exit(main(["erase", *words]))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def told(folder: Path) -> dict[str, Any]:
    """What is there now."""
    out = folder.parent
    return {
        "files": sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()),
        "request": (out / "retire.json").read_text() if (out / "retire.json").exists() else None,
        "proof": (out / "retire-proof.txt").exists(),
    }


def numbers(each: int) -> Iterator[int]:
    yield from range(DENSE)
    yield from count(DENSE, each)


def run(source: Path, work: Path, each: int) -> None:
    for number in numbers(each):
        place = work / str(number)
        shutil.copytree(source, place / "hub")
        status = erased(place / "hub", number)
        before = told(place / "hub")
        again = erased(place / "hub", None)
        seen = {"status": status, "before": before, "again": again, "after": told(place / "hub")}
        print(json.dumps(seen), flush=True)
        shutil.rmtree(place)
        if status != 9:
            return


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
