"""The demo as plain lines, and its last words: for a log, a pipe, a screen reader."""

from collections.abc import Iterator
from typing import Self

from agent.civil import Wall
from agent.demo.judge import Row, Verdict
from agent.demo.seen import Seen, plain
from agent.nouns import Instant

WIDTHS = (26, 13, 11, 11, 9)
HEADS = ("expected", "between", "raised at", "the centre", "receipt")


class PlainView:
    """One line for each scene, alert, and receipt."""

    def __init__(self) -> None:
        self._shown = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to put back."""

    def show(self, seen: Seen, now: Instant) -> None:
        for at, who, words in seen.told[self._shown :]:
            mark = "\n" if who == "scene" else ""
            print(f"{mark}{seen.wall.hhmm(at)}  {'' if who == 'scene' else f'{who:<8}'}{words}", flush=True)
        self._shown = len(seen.told)

    def sum_up(self, verdict: Verdict, wall: Wall) -> None:
        print()
        for line in summary(verdict, wall):
            print(line, flush=True)


def cells(row: Row, wall: Wall) -> tuple[str, ...]:
    """One row of the summary: expected, between, raised at, the centre, receipt."""
    expected, at, received, receipted = row
    return (
        f"{plain(expected.kind)} {expected.state}",
        f"{wall.hhmm(expected.after)}-{wall.hhmm(expected.before)}",
        "never" if at is None else wall.hhmm(at),
        "received" if received else "missing",
        "signed" if receipted else "missing",
    )


def summary(verdict: Verdict, wall: Wall) -> Iterator[str]:
    """The table and the verdict, as lines."""
    for row in (HEADS, *(cells(row, wall) for row in verdict.rows)):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, WIDTHS, strict=True)).rstrip()
    yield ""
    yield from last_words(verdict)


def last_words(verdict: Verdict) -> Iterator[str]:
    if verdict.faults:
        yield from (f"WRONG: {fault}" for fault in verdict.faults)
    else:
        count = len(verdict.rows)
        yield f"All {count} messages were raised when they should be, reached the centre, and were signed for."
        yield "Nothing else was raised."
