"""Where the changes are put: stretches of real logs, counted again as the home would have counted them."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from random import Random
from typing import Final, NamedTuple

from agent.detect.day_features import Day
from agent.detect.routine_change import is_apart
from agent.measures import DAYS_LEAST
from agent.nouns import DAY_MS, HOUR_MS, Home, Instant, Reading
from bench.routine_changes import CHANGES, Change, night_visits
from bench.routine_home import Life, masked

APART_DAYS: Final = 5  # between the beginnings of two cases of one kind in a home; each is lived by itself
AFTER_DAYS: Final = 1  # a change may still be told at the noon after its last day
MIDNIGHT_MS: Final = 12 * HOUR_MS  # after the noon that begins a day: a week of less activity begins there


class Case(NamedTuple):
    """A change in a home. ``days`` are the days from ``first`` on, with it, and one more."""

    home: str
    change: str
    first: int  # index into the home's own days
    since: Instant
    days: list[Day]


def cases(home: Home, life: Life, days: Sequence[Day], readings: Sequence[Reading]) -> Iterator[Case]:
    """Every stretch after two weeks of known days that was seen throughout, ``APART_DAYS`` or more apart."""
    ats = [reading.at for reading in readings]
    good = [not is_apart(day) for day in days]
    for change in CHANGES:
        last = -APART_DAYS
        for first in range(len(days) - change.days - AFTER_DAYS + 1):
            known = sum(good[:first]) >= DAYS_LEAST and all(good[first : first + change.days])
            if not known or first - last < max(change.days, APART_DAYS):
                continue
            case = _case(home, life, days, readings, ats, change, first)
            if case is not None:
                last = first
                yield case


def _case(
    home: Home, life: Life, days: Sequence[Day], readings: Sequence[Reading], ats: list[Instant], change: Change,
    first: int,
) -> Case | None:  # fmt: skip
    shift_ms = MIDNIGHT_MS if change.from_midnight else 0
    begins, noons = days[first], [day.since for day in days[first : first + change.days + AFTER_DAYS]]
    since = Instant(begins.since + shift_ms)
    until = Instant((noons[change.days] if len(noons) > change.days else noons[-1] + DAY_MS) + shift_ms)
    left, right = bisect_left(ats, since), bisect_left(ats, until)
    part = readings[left:right]
    if change.needs_night_visits and night_visits(home, part) < change.days:
        return None  # twice nothing is nothing
    made = change.make(home, part, since, until, Random(f"{home.id} {change.name} {begins.number}"))
    end = Instant(until + AFTER_DAYS * DAY_MS)
    around = readings[bisect_left(ats, begins.since) : left], readings[right : bisect_left(ats, end)]
    other = life.again(home, begins.number)
    other.live([*around[0], *made, *around[1]], end)
    lasts = change.days + AFTER_DAYS + (1 if change.from_midnight else 0)
    return Case(home.id, change.name, first, since, masked(other.days)[:lasts])
