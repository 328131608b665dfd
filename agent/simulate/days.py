"""Days of the simulated home, one after the other, as its sensors tell them."""

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import chain
from random import Random

from agent.civil import Wall
from agent.nouns import Instant
from agent.simulate.fleet import TEN, TIMEZONE, Device
from agent.simulate.resident import BED, STILL, Act, Habits, Stay, acts, interrupted, stays, wake_at
from agent.simulate.sensors import Fault, Signal, faulted, signals


def days(
    seed: int,
    first_day_at: Instant,
    count: int,
    timezone: str = TIMEZONE,
    *,
    fleet: Sequence[Device] = TEN,
    habits: Habits | None = None,
    instead: Sequence[Sequence[Stay]] = (),
    besides: Iterable[Act] = (),
    faults: Sequence[Fault] = (),
) -> Iterator[Signal]:
    """``count`` civil days from the midnight before ``first_day_at``, lazily and in order of time.

    ``instead``: what the person does instead at those times, in order (see ``fall``, ``night_door``); ``besides``:
    what else happens in the home (a visitor, a press of the button), in order; ``faults`` of sensors.
    """
    habits = habits or Habits()
    wall = Wall(timezone)
    first = wall.day(first_day_at)
    start, until = wall.instant(first, 0), wall.instant(first + count, 0)
    asleep = Stay(start, wake_at(seed, first, wall, habits), BED)
    plan: Iterator[Stay] = chain(
        [asleep], chain.from_iterable(stays(seed, day, wall, habits) for day in range(first, first + count))
    )
    for told in instead:
        plan = interrupted(plan, told)
    doings = merge(acts(plan, Random(f"{seed}/acts")), besides, key=_at)
    return faulted(signals(doings, fleet, start, until, seed), faults, fleet, until)


def _at(act: Act) -> Instant:
    return act.at


def fall(at: Instant, room: str, until: Instant) -> tuple[Stay, ...]:
    """The person goes to ``room`` at ``at`` and, once there, does not move until ``until``."""
    return (Stay(at, until, room, STILL),)


def night_door(at: Instant, back_at: Instant) -> tuple[Stay, ...]:
    """Out through the front door at ``at`` and back at ``back_at``; then whatever the day had in store."""
    return (Stay(at, back_at, "out", STILL),)
