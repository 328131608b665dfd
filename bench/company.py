"""What ``Company`` finds: simulated days, where it is known who was there, and real homes, where it is not.

    python -m bench.company [--data DIR [--homes N] [--prior]]

Simulated: one resident alone; alone, with PIRs that look into the next room as well; alone, with a visitor on three
days of five for half an hour to two and a half hours; two who live together. Real: the share of the minutes in which
somebody moved that are called company and visit, by home. ``--prior`` prints agent/detect/paths_prior.py's table.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import Final, NamedTuple

from agent.civil import Wall
from agent.detect.company import Company
from agent.detect.paths import PRIOR_READINGS
from agent.home import parse
from agent.nouns import ACTIVITY, DAY_MS, MINUTE_MS, SECOND_MS, Home, Instant, Reading, Watch
from agent.simulate.days import days
from agent.simulate.dialects import as_readings
from agent.simulate.fleet import TEN, TIMEZONE, Device, home_text
from agent.simulate.resident import OUT, STILL, Act, Habits, Stay, acts, stays
from bench.homes import homes_in, readings

MONDAY: Final = Instant(1_772_409_600_000)  # 2026-03-02
SEEDS: Final = range(1, 7)
DAYS: Final = 28
VISITS_PERCENT: Final = 60
GRACE_MINUTES: Final = 15  # after a visit: to call it one a little longer is no mistake
# Where a visitor spends the time: how often, how long in minutes, how often they move in seconds
VISITORS: Final = (
    ("living", 50, 8, 30, 210),
    ("kitchen", 33, 4, 15, 50),
    ("bathroom", 10, 3, 7, 25),
    ("hall", 7, 2, 3, 25),
)
OVERLAPS: Final = (("hall", "living"), ("kitchen", "living"), ("bedroom", "bathroom"))  # a PIR in the first sees both
LEAST_READINGS: Final = 60  # in the bin of reference, of a pair that counts for the prior
LEAST_HOMES: Final = 15  # that have such a pair
NIGHT_HOURS: Final = range(1, 6)
WATCH: Final = Watch()


class Span(NamedTuple):
    """So many people, and whether it is a visit, from ``since`` to ``until``."""

    since: Instant
    until: Instant
    people: int
    visiting: bool

    def minutes(self) -> range:
        return range(self.since // MINUTE_MS, self.until // MINUTE_MS + 1)


class Told(NamedTuple):
    spans: list[Span]
    active: set[int]  # minutes in which somebody moved
    company: Company
    us_per_reading: float

    def called(self, people: int) -> set[int]:
        return {minute for span in self.spans if span.people >= people for minute in span.minutes()}

    def visits(self) -> list[range]:
        joined: list[range] = []
        for span in self.spans:
            if span.visiting and joined and joined[-1].stop >= span.minutes().start:
                joined[-1] = range(joined[-1].start, span.minutes().stop)
            elif span.visiting:
                joined.append(span.minutes())
        return joined


def tell(home: Home, heard: Sequence[Reading], prior_readings: int = PRIOR_READINGS) -> Told:
    """``Company`` alone, driven as the engine drives it."""
    company, spans = Company(home), list[Span]()
    company.paths.prior_readings = prior_readings
    since, people, visiting = heard[0].at, 1, False
    began = time.process_time()
    for reading in heard:
        for now, told in _due(company, reading):
            company.observe(now, told, WATCH)
            if (company.people, company.visiting) != (people, visiting):
                spans.append(Span(since, now, people, visiting))
                since, people, visiting = now, company.people, company.visiting
    spent = time.process_time() - began
    spans.append(Span(since, heard[-1].at, people, visiting))
    active = {reading.at // MINUTE_MS for reading in heard if reading.value}
    return Told(spans, active, company, spent * 1e6 / len(heard))


def _due(company: Company, reading: Reading) -> Iterator[tuple[Instant, tuple[Reading, ...]]]:
    while (due := company.deadline()) is not None and due < reading.at:
        yield due, ()
    yield reading.at, (reading,)


# -- simulated ---------------------------------------------------------------------------------------------------


def visitor(seed: int, count: int = DAYS) -> tuple[list[Act], list[range]]:
    """What a visitor does in so many days, and the minutes of each visit."""
    rng, wall = Random(f"{seed}/visitor"), Wall(TIMEZONE)
    done, visits = list[Act](), list[range]()
    for day in range(wall.day(MONDAY), wall.day(MONDAY) + count):
        if rng.uniform(0, 100) >= VISITS_PERCENT:
            continue
        at = come = wall.instant(day, int(rng.uniform(9 * 60, 19 * 60)))
        end = Instant(come + int(rng.uniform(30, 150) * MINUTE_MS))
        plan = [Stay(Instant(come - MINUTE_MS), come, OUT, STILL)]
        while at < end:
            place, _, least, most, pace_s = rng.choices(VISITORS, [weight for _, weight, *_ in VISITORS])[0]
            until = Instant(min(at + int(rng.uniform(least, most) * MINUTE_MS), end))
            plan.append(Stay(at, until, place, pace_s * SECOND_MS))
            at = until
        done += acts([*plan, Stay(end, Instant(end + MINUTE_MS), OUT, STILL)], rng)
        visits.append(range(come // MINUTE_MS, end // MINUTE_MS + 1))
    return done, visits


def second(seed: int, count: int = DAYS) -> list[Act]:
    """What somebody does who lives there as well, and sleeps elsewhere than in the bed that is watched."""
    first = Wall(TIMEZONE).day(MONDAY)
    plan = [stay for day in range(first, first + count) for stay in stays(seed + 1_000, day, Wall(TIMEZONE), Habits())]
    return [act for act in acts(plan, Random(f"{seed}/second")) if act.what != "bed"]


def overlapping() -> tuple[Device, ...]:
    """The ten sensors, and three more PIRs that look into the next room."""
    eyes = {device.room: device for device in TEN if device.kind == "motion"}
    return (*TEN, *(replace(eyes[sees], id=f"{room}-sees-{sees}", room=room) for room, sees in OVERLAPS))


def lived(seed: int, besides: Sequence[Act] = (), fleet: Sequence[Device] = TEN, count: int = DAYS) -> list[Reading]:
    told = days(seed, MONDAY, count, fleet=fleet, besides=besides)
    return [reading for reading in as_readings(told) if reading.quantity in ACTIVITY]


class Score(NamedTuple):
    """Of one simulated home."""

    days: int
    company_permille: int  # of the minutes in which somebody moved
    late_permille: int  # the same of the second half of the days
    found: int
    visits: int
    after_minutes: list[int]
    right: int  # minutes called a visit, rightly and wrongly; minutes of visits
    wrong: int
    true: int
    false_visits: int
    us_per_reading: float


def score(what: str, seed: int) -> Score:
    done, visits = visitor(seed) if what == "visited" else (second(seed), []) if what == "two" else ([], [])
    fleet = overlapping() if what == "overlapping" else TEN
    told = tell(parse(home_text(seed, fleet, link="log")), lived(seed, done, fleet))
    company, called = told.called(2), {minute for visit in told.visits() for minute in visit} & told.active
    late = {minute for minute in told.active if minute >= (MONDAY + DAYS // 2 * DAY_MS) // MINUTE_MS}
    true = {minute for visit in visits for minute in visit} & told.active
    allowed = {minute for visit in visits for minute in range(visit.start, visit.stop + GRACE_MINUTES)}
    firsts = [min(set(visit) & called, default=None) for visit in visits]
    return Score(
        days=DAYS,
        company_permille=_permille(company & told.active, told.active),
        late_permille=_permille(company & late, late),
        found=sum(first is not None for first in firsts),
        visits=len(visits),
        after_minutes=[first - visit.start for first, visit in zip(firsts, visits, strict=True) if first is not None],
        right=len(called & true),
        wrong=len(called - allowed),
        true=len(true),
        false_visits=sum(allowed.isdisjoint(visit) for visit in told.visits()),
        us_per_reading=told.us_per_reading,
    )


def _permille(some: set[int], all: set[int]) -> int:
    return len(some) * 1_000 // max(len(all), 1)


def said(what: str, scores: Sequence[Score]) -> str:
    count = sum(one.days for one in scores)
    company, late = (
        median(values) / 10 for values in zip(*((s.company_permille, s.late_permille) for s in scores), strict=True)
    )
    line = f"{what:12}company {company:4.1f} % of active minutes, {late:4.1f} % after two weeks"
    line += f" | {sum(one.false_visits for one in scores)} false visits in {count} days"
    if visits := sum(one.visits for one in scores):
        right, wrong = sum(one.right for one in scores), sum(one.wrong for one in scores)
        after = median(minutes for one in scores for minutes in one.after_minutes)
        line += f" | {sum(one.found for one in scores)} of {visits} visits found, after {after:.0f} min in the median"
        line += f"; of their minutes: precision {100 * right // max(right + wrong, 1)} %"
        line += f", recall {100 * right // sum(one.true for one in scores)} %"
    return f"{line} | {median(one.us_per_reading for one in scores):.1f} us a reading"


# -- real homes --------------------------------------------------------------------------------------------------


class Share(NamedTuple):
    """Of one real home, in permille of the minutes in which somebody moved."""

    home: str
    days: float
    company: int
    night: int  # company of the minutes from one to six o'clock
    three: int
    visit: int
    visits_a_day: float
    fullness: list[tuple[str, tuple[int, ...]]]  # by pair of kinds of rooms, for the prior


def share(prior_readings: int, case: tuple[Home, Path]) -> Share:
    home, path = case
    heard = list(readings(path, home))
    told, wall = tell(home, heard, prior_readings), Wall(home.timezone)
    count = (heard[-1].at - heard[0].at) / DAY_MS
    night = {m for m in told.active if wall.minute_of_day(Instant(m * MINUTE_MS)) // 60 in NIGHT_HOURS}
    visits = {minute for visit in told.visits() for minute in visit}
    return Share(
        home.id,
        count,
        _permille(told.called(2) & told.active, told.active),
        _permille(told.called(2) & night, night),
        _permille(told.called(3) & told.active, told.active),
        _permille(visits & told.active, told.active),
        len(told.visits()) / count,
        list(told.company.paths.known(LEAST_READINGS)),
    )


def prior(shares: Sequence[Share]) -> Iterator[str]:
    rows: dict[str, list[tuple[int, ...]]] = {}
    for one in shares:
        for kinds, full in one.fullness:
            rows.setdefault(kinds, []).append(full)
    for kinds, fulls in sorted(rows.items()):
        if len(fulls) >= LEAST_HOMES:
            lower = ", ".join(str(round(quantiles(bin, n=4)[0])) for bin in zip(*fulls, strict=True))
            yield f'    "{kinds}": ({lower}),  # {len(fulls)} homes'


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.company", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, help="folder of NAME.home.toml and NAME.jsonl.gz")
    parser.add_argument("--homes", type=int, help="only the first N homes")
    parser.add_argument("--prior", action="store_true", help="print the table of agent/detect/paths_prior.py anew")
    args = parser.parse_args()
    cases = homes_in(args.data, args.homes) if args.data else []
    if args.data and not cases:
        print(f"{args.data}: no NAME.home.toml with a log beside it", file=sys.stderr)
        return 2
    with ProcessPoolExecutor(2) as pool:
        if not args.prior:
            for what in ("alone", "overlapping", "visited", "two"):
                print(said(what, list(pool.map(partial(score, what), SEEDS))), flush=True)
        shares = list(pool.map(partial(share, 0 if args.prior else PRIOR_READINGS), cases))
    if args.prior:
        print("\n".join(prior(shares)))
        return 0
    for one in sorted(shares, key=lambda one: one.company):
        print(
            f"{one.home} {one.days:4.0f} days: company {one.company / 10:4.1f} %, at night {one.night / 10:4.1f} %,"
            f" three {one.three / 10:3.1f} %; visits {one.visit / 10:4.1f} %, {one.visits_a_day:.1f} a day"
        )
    if shares:
        medians = (median(values) / 10 for values in zip(*((s.company, s.night, s.visit) for s in shares), strict=True))
        print("median: company {:.1f} %, at night {:.1f} %, visits {:.1f} %".format(*medians))
    return 0


if __name__ == "__main__":
    sys.exit(main())
