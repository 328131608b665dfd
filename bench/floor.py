"""How good the floor of ``possible_fall`` is on real homes, and how its prior is made.

    python -m bench.floor --data DIR [--homes N] [--budgets 1,2,4]
    python -m bench.floor --data DIR --prior    (prints agent/detect/prior.py; see bench/prior.py)

DIR holds NAME.home.toml and NAME.jsonl.gz (or .jsonl). Homes are replayed through the engine; no fall is in these
logs, so one is *injected*: after 14 days to settle in, every active minute from 07 to 22 h is taken for a freeze of the
log, and its delay is deadline - last activity, 24 h where there is no deadline. False alerts are what was raised on the
untouched log, per 30 observed days; the known outages of the data are told apart. The prior is made from the same
homes, so a home knows a little of itself from the start; every calibration is of the past only.
"""

import argparse
import sys
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import sqrt
from pathlib import Path
from typing import Final

from agent.civil import Wall
from agent.detect.silences import LONGEST_MS
from agent.engine import Engine
from agent.loop import fill, run
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, Entry, Home, Instant, Outcome
from agent.replay import of_lines
from bench.homes import homes_in, lines, outage
from bench.prior import prior

SETTLE_MS: Final = 14 * DAY_MS
WAKING: Final = (7 * 60, 22 * 60)  # minutes of the day
NEVER_MS: Final = 24 * HOUR_MS  # the delay where there is no deadline


@dataclass
class Figures:
    """Of one budget, over all homes: ``delays_ms`` of waking minutes at home, ``nights_ms`` of the others, and how many
    waking minutes were left by an entrance and had no deadline."""

    delays_ms: list[int] = field(default_factory=list)
    nights_ms: list[int] = field(default_factory=list)
    away: int = 0
    alerts: int = 0
    beyond: int = 0  # of the alerts: silences beyond 12 h, which no deadline could have spared
    outages: int = 0
    observed_ms: int = 0


class Judge:
    """A sink that judges one home."""

    def __init__(self, home: Home, figures: Figures) -> None:
        self._wall = Wall(home.timezone)
        self._figures = figures
        self._first: Instant | None = None
        self._last = Instant(0)
        self._deadline: Instant | None = None
        self._raised = False
        self._state = "home"

    def put(self, entry: Entry, outcome: Outcome) -> None:
        for alert in outcome.alerts:
            if alert.kind == "possible_fall" and alert.state == "raised":
                self._raised = True
        if outcome.promise is None:
            return
        at = entry.at
        if self._first is None:
            self._first = at
        elif self._last - self._first >= SETTLE_MS:
            self._silence(self._last, at)
        self._last, self._raised = at, False
        self._deadline, self._state = outcome.promise.deadline, outcome.promise.state

    def _silence(self, since: Instant, until: Instant) -> None:
        figures = self._figures
        beyond = until - since > LONGEST_MS
        if beyond and outage(since, until):
            figures.outages += self._raised
        else:
            figures.observed_ms += until - since
            figures.alerts += self._raised
            figures.beyond += self._raised and beyond
        if since // MINUTE_MS != until // MINUTE_MS:
            self._freeze(since)

    def _freeze(self, at: Instant) -> None:
        """The last activity of a minute: had nothing been heard after it, how long until somebody is told?"""
        waking = WAKING[0] <= self._wall.minute_of_day(at) < WAKING[1]
        if self._deadline is None:
            self._figures.away += waking
        elif waking:
            self._figures.delays_ms.append(self._deadline - at)
        else:
            self._figures.nights_ms.append(self._deadline - at)


def judge(homes: Sequence[tuple[Home, Path]], budget: float) -> Figures:
    figures = Figures()
    for home, log in homes:
        wanted = replace(home, care=replace(home.care, false_alerts_per_30_days=budget))
        engine = Engine(wanted)
        run(fill(of_lines(lines(log, home)), engine), engine, Judge(wanted, figures))
    return figures


def report(budget: float, figures: Figures) -> str:
    months = figures.observed_ms / DAY_MS / 30
    if not figures.delays_ms or not months:
        return f"{budget:g} per 30 days: no home is longer than {SETTLE_MS // DAY_MS} days"
    low, high = poisson(figures.alerts)
    delays = sorted(figures.delays_ms)
    most = [*delays, *[NEVER_MS] * figures.away]
    return (
        f"{budget:3g} per 30 days | realised/budget {figures.alerts / months / budget:.2f}"
        f" ({low / months / budget:.2f}-{high / months / budget:.2f}), {figures.alerts} alerts,"
        f" {figures.beyond} of them beyond 12 h, {figures.outages} in outages, {months * 30:.0f} days"
        f" | delay 07-22 h, min: mean {_mean(delays):.0f} median {_part(delays, 50)} p95 {_part(delays, 95)},"
        f" within 60 min {100 * bisect_right(delays, HOUR_MS) // len(delays)} %"
        f" | night: median {_part(sorted(figures.nights_ms), 50)}"
        f" | with minutes left by an entrance as 24 h: mean {_mean(most):.0f} median {_part(sorted(most), 50)}"
    )


def poisson(count: int) -> tuple[float, float]:
    """The 95 % interval of a Poisson mean after ``count`` events (Byar's approximation, good to a percent or so)."""
    low = count * (1 - 1 / (9 * count) - 1.96 / (3 * sqrt(count))) ** 3 if count else 0.0
    above = count + 1
    return low, above * (1 - 1 / (9 * above) + 1.96 / (3 * sqrt(above))) ** 3


def _mean(times_ms: Sequence[int]) -> float:
    return sum(times_ms) / max(len(times_ms), 1) / MINUTE_MS


def _part(ascending_ms: Sequence[int], percent: int) -> int:
    return round(ascending_ms[(len(ascending_ms) - 1) * percent // 100] / MINUTE_MS) if ascending_ms else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.floor", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of NAME.home.toml and NAME.jsonl.gz")
    parser.add_argument("--homes", type=int, help="only the first N homes")
    parser.add_argument("--budgets", default="1,2,4", help="false alerts per 30 days, with commas between")
    parser.add_argument("--prior", action="store_true", help="print agent/detect/prior.py anew")
    args = parser.parse_args()
    homes = homes_in(args.data, args.homes)
    if not homes:
        print(f"{args.data}: no NAME.home.toml with a log beside it", file=sys.stderr)
        return 2
    if args.prior:
        print(prior(homes))
        return 0
    print(f"{len(homes)} homes, injected freezes, {SETTLE_MS // DAY_MS} days to settle in")
    for budget in args.budgets.split(","):
        print(report(float(budget), judge(homes, float(budget))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
