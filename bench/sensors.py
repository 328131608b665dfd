"""How soon a sensor that dies is flagged, and how often one is flagged that has not died, on real homes.

    python -m bench.sensors --data DIR [--homes N] [--at PERCENT] [--list]

DIR holds NAME.home.toml and NAME.jsonl.gz (or .jsonl). In every home of four weeks or more each sensor in turn is
killed in the middle of the log (``--at``: elsewhere), and the hours are counted until ``ProofOfWatch`` says so and no
longer believes it. Nobody can tell in a home in which nobody moves: homes that moved less than half as much as usual in
the 48 h after are told apart. The same homes, and the shorter ones, untouched: a flag on a sensor that speaks again
within a day was false. ``--list`` prints each case.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from agent.civil import rfc3339
from agent.detect.supervision import ProofOfWatch
from agent.nouns import DAY_MS, HOUR_MS, Home, Instant, Reading, Sensor
from bench.homes import homes_in, readings

LEAST_DAYS: Final = 28
FOLLOWED_MS: Final = 10 * DAY_MS  # after a sensor was killed
WITHIN_HOURS: Final = 48
AGAIN_MS: Final = DAY_MS  # a flag on a sensor that speaks sooner than this was false
MOVED_PERMILLE: Final = 500
RATES: Final = ((20, "20 and more a day"), (5, "5 to 20 a day"), (1, "1 to 5 a day"), (0, "less than 1 a day"))
KINDS: Final = ("motion", "entrance", "fridge")
Case = tuple[Home, Path]


class Killed(NamedTuple):
    """``hours`` from its death until it is flagged, None: not within ten days. ``before``: it was flagged already."""

    home: str
    sensor: str
    kind: str
    a_day: float
    moved_permille: int  # how much the home moved in the 48 h after, against its usual
    hours: float | None
    before: bool

    def in_time(self) -> bool:
        return self.hours is not None and self.hours <= WITHIN_HOURS


class Flag(NamedTuple):
    """A sensor of an untouched home that is not believed from ``at`` on."""

    home: str
    sensor: str
    kind: str
    since: Instant  # last heard
    at: Instant
    again: Instant | None  # when it spoke next

    def false(self) -> bool:
        return self.again is not None and self.again - self.at < AGAIN_MS


class Judged(NamedTuple):
    """What one home came to."""

    days: float
    flags: list[Flag]
    killed: list[Killed]


def kind_of(sensor: Sensor) -> str:
    return sensor.role if sensor.kind == "door" and sensor.role is not None else sensor.kind


def walk(proof: ProofOfWatch, heard: Iterable[Reading]) -> Iterator[tuple[Instant, str]]:
    """The readings, and before each what was due; when, and which sensor, is not believed from then on."""
    unseen = proof.watch.unseen
    for reading in heard:
        while (due := proof.deadline()) is not None and due < reading.at:
            told = list(proof.observe(due, (), proof.watch))
            yield from _flagged(due, unseen, proof, told)
            unseen = proof.watch.unseen
        told = list(proof.observe(reading.at, (reading,), proof.watch))
        if proof.watch.unseen is not unseen:
            yield from _flagged(reading.at, unseen, proof, told)
            unseen = proof.watch.unseen


def _flagged(
    at: Instant, before: frozenset[str], proof: ProofOfWatch, told: Sequence[object]
) -> Iterator[tuple[Instant, str]]:
    for sensor in sorted(proof.watch.unseen - before):
        if any(sensor in str(finding) for finding in told):  # what is not told was not noticed
            yield at, sensor


def judge(case: Case, percent: int = 50) -> Judged:
    home, path = case
    heard = list(readings(path, home))
    start, end = heard[0].at, heard[-1].at
    middle = Instant(start + (end - start) * percent // 100)
    proof = ProofOfWatch(home)
    first = list(walk(proof, (one for one in heard if one.at < middle)))
    memory, standing = json.dumps(proof.snapshot()), proof.watch.unseen
    rest = [one for one in heard if one.at >= middle]
    flags = [_flag(home, heard, at, sensor) for at, sensor in [*first, *walk(proof, rest)]]
    killed = []
    if end - start >= LEAST_DAYS * DAY_MS:
        followed = [one for one in rest if one.at < middle + FOLLOWED_MS]
        spoke = {one.sensor for one in heard if one.at < middle}
        for sensor in sorted(spoke):
            hours = _hours(home, memory, [one for one in followed if one.sensor != sensor], middle, sensor)
            killed.append(_killed(home, heard, middle, sensor, hours, sensor in standing))
    return Judged((end - start) / DAY_MS, flags, killed)


def _flag(home: Home, heard: Sequence[Reading], at: Instant, sensor: str) -> Flag:
    own = [one.at for one in heard if one.sensor == sensor]
    since = max((one for one in own if one < at), default=heard[0].at)
    again = min((one for one in own if one > at), default=None)
    return Flag(home.id, sensor, kind_of(home.sensors[sensor]), since, at, again)


def _hours(home: Home, memory: str, rest: Iterable[Reading], middle: Instant, sensor: str) -> float | None:
    proof = ProofOfWatch(home)
    proof.restore(json.loads(memory))
    at = next((at for at, flagged in walk(proof, rest) if flagged == sensor), None)
    return None if at is None else (at - middle) / HOUR_MS


def _killed(
    home: Home, heard: Sequence[Reading], middle: Instant, sensor: str, hours: float | None, before: bool
) -> Killed:
    days = (middle - heard[0].at) / DAY_MS
    others = [one.at for one in heard if one.sensor != sensor]
    usual = sum(at < middle for at in others) / days * WITHIN_HOURS / 24
    after = sum(middle <= at < middle + WITHIN_HOURS * HOUR_MS for at in others)
    a_day = sum(one.sensor == sensor and one.at < middle for one in heard) / days
    return Killed(home.id, sensor, kind_of(home.sensors[sensor]), a_day, round(1_000 * after / usual), hours, before)


def table(judged: Sequence[Judged]) -> list[str]:
    """The figures as lines of text."""
    killed = [one for home in judged for one in home.killed]
    alive = [one for one in killed if not one.before]
    lines = [f"{len(killed)} sensors killed; {len(killed) - len(alive)} were flagged before", _HEAD]
    moving = [one for one in alive if one.moved_permille >= MOVED_PERMILLE]
    for kind in KINDS:
        lines.append(_row(kind, alive, moving, lambda one, kind=kind: one.kind == kind))  # type: ignore[misc]
    for kind in KINDS:
        above = float("inf")
        for least, said in RATES:
            lines.append(_row(f"{kind}, {said}", alive, moving, _between(kind, least, above)))
            above = least
    return [*lines, *_quiet(judged)]


_COUNTS: Final = f"{'all':>5}{'48 h':>6}{'share':>7}"
_HEAD: Final = f"{'':32}{_COUNTS}{'median h':>10}   where the home moved: {_COUNTS}"


def _between(kind: str, least: float, above: float) -> Callable[[Killed], bool]:
    return lambda one: one.kind == kind and least <= one.a_day < above


def _row(name: str, alive: Sequence[Killed], moving: Sequence[Killed], wanted: Callable[[Killed], bool]) -> str:
    here, there = [one for one in alive if wanted(one)], [one for one in moving if wanted(one)]
    if not here:
        return f"{name:32}{0:5}"
    hours = median(float("inf") if one.hours is None else one.hours for one in here)
    return f"{name:32}{_share(here)}{hours:10.0f}{'':25}{_share(there)}"


def _share(these: Sequence[Killed]) -> str:
    found = sum(one.in_time() for one in these)
    return f"{len(these):5}{found:6}{100 * found / max(len(these), 1):6.0f}%"


def _quiet(judged: Sequence[Judged]) -> Iterator[str]:
    flags, days = [flag for home in judged for flag in home.flags], sum(home.days for home in judged)
    a_month = len(flags) * 30 / days
    yield f"untouched: {len(judged)} homes, {days:.0f} days, {len(flags)} flags, {a_month:.2f} per 30 days"
    for kind in KINDS:
        mine = [flag for flag in flags if flag.kind == kind]
        false, never = sum(flag.false() for flag in mine), sum(flag.again is None for flag in mine)
        told = f"{never} never spoke again, {len(mine) - false - never} after a day and more, {false} false"
        yield f"    {kind:10}{len(mine):4} flags: {told}"


def _each(home: Judged) -> Iterator[str]:
    for one in home.killed:
        hours = "never" if one.hours is None else f"after {one.hours:.0f} h"
        rate = f"{one.a_day:6.1f} a day, home moved {one.moved_permille / 10:4.0f} %"
        yield f"killed  {one.home} {one.sensor:16} {rate}, {'before' if one.before else hours}"
    for flag in home.flags:
        again = "never" if flag.again is None else f"{(flag.again - flag.at) / HOUR_MS:.0f} h later"
        yield f"flagged {flag.home} {flag.sensor:16} {rfc3339(flag.at)[:16]}, spoke again {again}"


def everywhere(cases: Sequence[Case], percent: int) -> list[Judged]:
    with ProcessPoolExecutor(2) as pool:
        return list(pool.map(partial(judge, percent=percent), cases))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.sensors", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of NAME.home.toml and NAME.jsonl.gz")
    parser.add_argument("--homes", type=int, help="only the first N homes")
    parser.add_argument("--at", type=int, default=50, help="where in the log a sensor dies, in percent")
    parser.add_argument("--list", action="store_true", help="each killed sensor and each flag as well")
    args = parser.parse_args()
    cases = homes_in(args.data, args.homes)
    if not cases:
        print(f"{args.data}: no NAME.home.toml with a log beside it", file=sys.stderr)
        return 2
    judged = everywhere(cases, args.at)
    if args.list:
        print("\n".join(line for home in judged for line in _each(home)))
    print("\n".join(table(judged)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
