"""The real homes of HEARTHWATCH_DATA, replayed through the engine in a process each, for tests to look at."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from agent.engine import Engine
from agent.models_io import shipped
from agent.nouns import DAY_MS, HOUR_MS, Alert, Home, Instant
from agent.replay import Record, of_lines, replay
from bench.homes import OUTAGES, lines

LONG_MS: Final = 12 * HOUR_MS
SUPERVISION: Final = ("sensor_lost", "sensor_mute", "sensor_stuck", "sensor_chattering")
Line = tuple[Instant, str, bytes]
Case = tuple[Home, Path]
Answer = TypeVar("Answer")


class Gap(NamedTuple):
    """A silence beyond 12 h that touches the June outage, and what was said of it."""

    since: Instant
    until: Instant
    said: list[Alert]


class Told(NamedTuple):
    """What one untouched home came to. ``rejected`` are lines that the engine could not understand."""

    home: str
    days: float
    kinds: Counter[str]
    gaps: list[Gap]
    supervision: list[Alert]
    rejected: int
    problems: list[str]


def everywhere(cases: Sequence[Case], ask: Callable[[Case], Answer]) -> list[Answer]:
    """``ask`` of every home, two processes at a time, the longest logs first; answers in the order of the homes."""
    longest = sorted(range(len(cases)), key=lambda n: -cases[n][1].stat().st_size)
    with ProcessPoolExecutor(2) as pool:
        answers = dict(zip(longest, pool.map(ask, [cases[n] for n in longest]), strict=True))
    return [answers[n] for n in range(len(cases))]


def lived(home: Home, log: Sequence[Line]) -> Record:
    return replay(of_lines(log), Engine(home, models=shipped()), Record(home.id))


def watched(case: Case) -> Told:
    """The whole log at the plan's own budget."""
    home, path = case
    log = list(lines(path, home))
    record = lived(home, log)
    start, end = OUTAGES[1]
    gaps = [
        Gap(before, after, [alert for alert in record.said if before < alert.at <= after])
        for (before, _, _), (after, _, _) in pairwise(log)
        if after - before > LONG_MS and before < end and after > start
    ]
    kinds = Counter(alert.kind for alert in record.said if alert.state == "raised")
    supervision = [alert for alert in record.said if alert.kind in SUPERVISION]
    days = (log[-1][0] - log[0][0]) / DAY_MS
    return Told(home.id, days, kinds, gaps, supervision, record.rejected, record.rejects)
