"""Homes to measure on: a folder of NAME.home.toml, each with NAME.jsonl.gz (or .jsonl) beside it."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from agent.civil import parse_rfc3339
from agent.home import parse
from agent.nouns import Home, Instant, Reading
from agent.sensors.log_io import LogReader

# The platform outages of the TIHM homes: a silence beyond 12 h that touches one is no false alert and not observed.
OUTAGES: Final = tuple(
    (parse_rfc3339(start), parse_rfc3339(end))
    for start, end in (
        ("2019-04-01T00:00:00Z", "2019-04-04T00:00:00Z"),
        ("2019-06-14T00:00:00Z", "2019-06-18T12:00:00Z"),
    )
)


def homes_in(folder: Path, most: int | None) -> list[tuple[Home, Path]]:
    found = []
    for file in sorted(folder.glob("*.home.toml")):
        stem = file.name.removesuffix(".home.toml")
        logs = [log for log in (folder / f"{stem}.jsonl.gz", folder / f"{stem}.jsonl") if log.exists()]
        found += [(parse(file.read_bytes()), log) for log in logs[:1]]
    return found[:most]


def lines(log: Path, home: Home) -> Iterable[tuple[Instant, str, bytes]]:
    return ((line.at, line.sensor, line.payload) for line in LogReader([log], home, _complain))


def _complain(problem: str) -> None:
    print(problem, file=sys.stderr)


def readings(log: Path, home: Home) -> Iterator[Reading]:
    for at, sensor, payload in lines(log, home):
        quantity, value = payload.split()
        yield Reading(at, sensor, quantity.decode(), int(value))


def outage(since: Instant, until: Instant) -> bool:
    """Whether a long silence touches a known outage."""
    return any(since < end and until > start for start, end in OUTAGES)
