"""What all commands share: exit codes, one clear line for a mistake, a progress bar where somebody looks."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from agent.civil import parse_rfc3339
from agent.home import BadHome, parse
from agent.nouns import Home, Instant
from agent.nouns import Refused as Refused

DONE: Final = 0
PROBLEMS: Final = 1
BAD: Final = 2
RUNNING: Final = 75

Tell = Callable[[float, str], None]


def say(line: str) -> None:
    """A line for the person at the terminal; results go to standard output, words about them here."""
    print(line, file=sys.stderr, flush=True)


def instant(text: str) -> Instant:
    """A time on the command line, RFC 3339."""
    try:
        return parse_rfc3339(text)
    except (ValueError, OverflowError) as fault:
        raise argparse.ArgumentTypeError(str(fault)) from None


def read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as fault:
        raise Refused(f"{path}: cannot be read: {fault.strerror}") from None
    except UnicodeDecodeError:
        raise Refused(f"{path}: is not UTF-8 text") from None


def home_of(path: Path) -> Home:
    """The home that a file describes; every mistake in it is said, a line each."""
    try:
        return parse(read_text(path))
    except BadHome as fault:
        raise Refused("\n".join(f"{path}: {mistake}" for mistake in fault.mistakes)) from None


@contextmanager
def progress(what: str, total: float) -> Iterator[Tell]:
    """A bar on standard error where that is a terminal, nothing elsewhere. Tell it (done, words)."""
    if not sys.stderr.isatty():
        yield lambda done, words: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total or None)
        yield lambda done, words: bar.update(task, completed=done, description=words)
