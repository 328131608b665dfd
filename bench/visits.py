"""Visits put into real homes: an hour and a half of another home's readings, merged into a day of this one.

    python -m bench.visits --data DIR [--homes N]

Nobody wrote down who was in these homes. But what a second person adds can be put there: on every third day after two
weeks, from the morning to the afternoon, the readings that another home gave in the same hour and a half, each through
the sensor of this home in a room of that kind, unless that sensor is blind just then (it fired less than a minute
before). The door is opened at the beginning and at the end. Told is how often ``Company`` finds two people, and a
visit, within that time, against the same times of the same days as they were.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random
from statistics import median
from typing import Final, NamedTuple

from agent.civil import Wall
from agent.nouns import HOUR_MS, MINUTE_MS, SECOND_MS, Home, Instant, Reading
from bench.company import Told, tell
from bench.homes import homes_in, readings

SETTLE_DAYS: Final = 14
EVERY_DAYS: Final = 3
LASTS_MS: Final = 90 * MINUTE_MS
BLIND_MS: Final = 60 * SECOND_MS
LEAST_READINGS: Final = 20  # in the hour and a half of the other home, and of this one
Case = tuple[Home, Path]


class Injected(NamedTuple):
    home: str
    visits: int
    company: int  # visits in which two were found
    visiting: int
    company_before: int  # the same times without a visitor
    visiting_before: int
    after_minutes: list[int]


def judge(pair: tuple[Case, Case]) -> Injected:
    (home, path), (other, other_path) = pair
    own, lent = list(readings(path, home)), list(readings(other_path, other))
    times = list(_times(home, own, lent))
    visits = [Instant(at) for at, _ in times]
    mixed = sorted([*own, *(reading for at, source in times for reading in _visit(home, other, own, lent, at, source))])
    before, after = tell(home, own), tell(home, mixed)
    found = [_first(after, at, 2) for at in visits]
    return Injected(
        home.id,
        len(visits),
        sum(first is not None for first in found),
        sum(_called(after, at) for at in visits),
        sum(_first(before, at, 2) is not None for at in visits),
        sum(_called(before, at) for at in visits),
        [first for first in found if first is not None],
    )


def _times(home: Home, own: Sequence[Reading], lent: Sequence[Reading]) -> Iterator[tuple[int, int]]:
    """When a visit begins, and when that stretch began in the other home: at the same time of a day."""
    rng, wall = Random(home.id), Wall(home.timezone)
    lent_days = range(wall.day(lent[0].at) + 1, wall.day(lent[-1].at))
    for day in range(wall.day(own[0].at) + SETTLE_DAYS, wall.day(own[-1].at), EVERY_DAYS):
        minute = rng.randrange(9 * 60, 17 * 60)
        at, source = wall.instant(day, minute), wall.instant(rng.choice(lent_days), minute) if lent_days else 0
        if min(_count(own, at), _count(lent, source)) >= LEAST_READINGS:
            yield at, source


def _count(heard: Sequence[Reading], at: int) -> int:
    return sum(at <= reading.at < at + LASTS_MS for reading in heard)


def _visit(
    home: Home, other: Home, own: Sequence[Reading], lent: Sequence[Reading], at: int, source: int
) -> Iterator[Reading]:
    eyes = {home.rooms[s.room].kind: s.id for s in home.sensors.values() if s.kind == "motion"}
    last = {reading.sensor: reading.at for reading in own if at - HOUR_MS <= reading.at < at}
    here = [reading for reading in own if at <= reading.at < at + LASTS_MS]
    come = [
        Reading(Instant(at + reading.at - source), eyes[kind], "motion", 1)
        for reading in lent
        if source <= reading.at < source + LASTS_MS and reading.quantity == "motion"
        if (kind := other.rooms[other.sensors[reading.sensor].room].kind) in eyes
    ]
    for reading in sorted([*here, *come]):
        blind = reading.at - last.get(reading.sensor, Instant(0)) < BLIND_MS
        if reading in come and not blind:
            yield reading
        if not blind:
            last[reading.sensor] = reading.at
    doors = sorted(s.id for s in home.sensors.values() if s.role == "entrance")
    yield from (Reading(Instant(when), door, "door", 1) for door in doors[-1:] for when in (at, at + LASTS_MS))


def _first(told: Told, at: int, people: int) -> int | None:
    """Minutes from ``at`` until so many were found, within the visit."""
    minutes = told.called(people)
    return next((n for n in range(LASTS_MS // MINUTE_MS) if at // MINUTE_MS + n in minutes), None)


def _called(told: Told, at: int) -> bool:
    during = range(at // MINUTE_MS, (at + LASTS_MS) // MINUTE_MS)
    return any(visit.start < during.stop and during.start < visit.stop for visit in told.visits())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.visits", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of NAME.home.toml and NAME.jsonl.gz")
    parser.add_argument("--homes", type=int, help="only the first N homes")
    args = parser.parse_args()
    cases = homes_in(args.data, args.homes)
    if not cases:
        print(f"{args.data}: no NAME.home.toml with a log beside it", file=sys.stderr)
        return 2
    with ProcessPoolExecutor(2) as pool:
        found = [one for one in pool.map(judge, zip(cases, cases[1:] + cases[:1], strict=True)) if one.visits]
    for one in found:
        print(
            f"{one.home} {one.visits:3} visits: two found in {one.company:3}, a visit told in {one.visiting:3};"
            f" as it was {one.company_before:3} and {one.visiting_before:3}"
        )
    visits = sum(one.visits for one in found)
    shares = [100 * sum(counts) // max(visits, 1) for counts in zip(*(one[2:6] for one in found), strict=True)]
    after = median(minutes for one in found for minutes in one.after_minutes)
    print(
        f"{visits} visits in {len(found)} homes: two found in {shares[0]} %, after {after:.0f} min in the median, and"
        f" in {shares[2]} % of the same times as they were; a visit told in {shares[1]} % and {shares[3]} %"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
