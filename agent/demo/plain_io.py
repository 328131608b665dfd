"""The demo as plain lines, and its last words: for a log, a pipe, a screen reader."""

from collections.abc import Iterator
from typing import Self

from agent.civil import Wall
from agent.demo.judge import Row, Verdict
from agent.demo.seen import CAME_TO, Seen, plain
from agent.nouns import Instant

WIDTHS = (21, 11, 9, 10, 7, 11)
HEADS = ("expected", "between", "raised at", "the centre", "receipt", "a person")


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
    """One row of the summary, as HEADS names it."""
    expected, at = row.expected, row.raised_at
    person = ", ".join(filter(None, ("taken" if row.taken else "", row.verdict)))
    return (
        f"{plain(expected.kind)} {expected.state}",
        f"{wall.hhmm(expected.after)}-{wall.hhmm(expected.before)}",
        "never" if at is None else wall.hhmm(at),
        "received" if row.received else "missing",
        "signed" if row.receipted else "missing",
        person or ("missing" if expected.verdict else "-"),
    )


def summary(verdict: Verdict, wall: Wall) -> Iterator[str]:
    """The table and the verdict, as lines."""
    for row in (HEADS, *(cells(row, wall) for row in verdict.rows)):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, WIDTHS, strict=True)).rstrip()
    yield ""
    yield from last_words(verdict, wall)


def last_words(verdict: Verdict, wall: Wall) -> Iterator[str]:
    if verdict.faults:
        yield from (f"WRONG: {fault}" for fault in verdict.faults)
        return
    count = len(verdict.rows)
    yield f"All {count} messages were raised when they should be, reached the centre, and were signed for."
    for question in verdict.questions:
        came = "answered: nothing left the home" if question.answered else "not answered: the alert left when promised"
        yield f"The home was asked first at {wall.hhmm(question.at)}, and {came}."
    for row in verdict.rows:
        if row.expected.verdict:
            yield f"A person at the centre took the {plain(row.expected.kind)} and closed it: {CAME_TO[row.verdict]}."
    yield "Nothing else was raised."
