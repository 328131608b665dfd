"""Nights of somebody in a simulated bed, with what else comes onto it; the truth is the list of stays."""

from random import Random
from typing import Final, NamedTuple

from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from agent.simulate.bed import LOAD_12, LOAD_24, LOAD_24_INVERTED, PIEZO_12, STRIP_12, Input, Lies, sleeper

NOON: Final = Instant(1_767_614_400_000)  # 2026-01-05 12:00 UTC; London is on UTC then
BEDS: Final = {
    "load, 24 bits": LOAD_24,
    "the same, inverted": LOAD_24_INVERTED,
    "load, 12 bits": LOAD_12,
    "strip, 12 bits": STRIP_12,
    "piezo, 12 bits": PIEZO_12,
}
Stays = list[tuple[Instant, Instant]]


class Nights(NamedTuple):
    input: Input
    until: Instant
    stays: Stays
    on_it: list[Lies]


def nights(bed: str, company: str, count: int, seed: int) -> Nights:
    """``count`` days from noon to noon. ``company``: alone; much (a cat, a dog, blankets, a suitcase, a child); two."""
    rng = Random(f"{bed}/{company}/{seed}")
    stays: Stays = []
    on_it: list[Lies] = []
    kg = rng.uniform(48, 95)
    for day in range(count):
        noon = Instant(NOON + day * DAY_MS)
        tonight = _night(rng, noon, long_exit=day % 10 == 7)
        if day % 3 == 2:
            tonight.insert(0, (_at(noon, rng.uniform(1, 1.5)), _at(noon, rng.uniform(2, 3))))
        stays += tonight
        bad = Instant(tonight[-1][0] + 10 * MINUTE_MS)
        restless = ((bad, Instant(bad + rng.randrange(20, 60) * MINUTE_MS)),) if day % 3 == 1 else ()
        turns, edge_s = rng.uniform(2, 6), rng.choice((0, 8, 20, 60))
        on_it += [lies._replace(restless=restless) for lies in sleeper(tonight, kg, turns, edge_s)]
        if company == "much":
            on_it += _much(rng, noon, tonight)
        elif company == "two":
            on_it += sleeper([(Instant(tonight[-1][0] - HOUR_MS), _at(noon, rng.uniform(18, 18.4)))], 80.0, 4.0)
    return Nights(BEDS[bed], Instant(NOON + count * DAY_MS), stays, on_it)


def _at(noon: Instant, hours: float) -> Instant:
    return Instant(noon + round(hours * 3_600) * SECOND_MS)


def _night(rng: Random, noon: Instant, long_exit: bool) -> Stays:
    """To bed about ten, up about seven; up to three times out of it for some minutes, now and then for an hour."""
    since, until = _at(noon, rng.gauss(10.3, 0.5)), _at(noon, rng.gauss(18.8, 0.5))
    found: Stays = []
    outs = sorted(rng.uniform(1, 7.5) for _ in range(rng.randrange(4) + long_exit))
    for number, hour in enumerate(outs):
        out = Instant(since + round(hour * HOUR_MS / 1_000) * 1_000) if number == 0 else _at(noon, 10.3 + hour)
        minutes = rng.uniform(45, 70) if long_exit and number == 0 else rng.uniform(2, 12)
        if out - since < 15 * MINUTE_MS or until - out < 90 * MINUTE_MS:
            continue
        found.append((since, out))
        since = Instant(out + round(minutes * 60) * SECOND_MS)
    return [*found, (since, until)]


def _much(rng: Random, noon: Instant, tonight: Stays) -> list[Lies]:
    first, last = tonight[-1]
    found = [Lies(_at(noon, 8.5), _at(noon, 23), rng.uniform(2, 4), 0.0)]  # a blanket more for the night
    for _ in range(rng.randrange(1, 4)):  # a cat, by day or night, whoever is there
        since = _at(noon, rng.uniform(0, 20))
        found.append(Lies(since, Instant(since + rng.randrange(10, 180) * MINUTE_MS), rng.uniform(3, 6), 0.002, 6.0))
    if rng.random() < 0.4:  # a dog that stays behind when she goes to the bathroom
        found.append(Lies(Instant(first + 20 * MINUTE_MS), Instant(last + 30 * MINUTE_MS), 8.0, 0.002, 5.0))
    if rng.random() < 0.4:  # a suitcase is packed, or the bed is laid out with washing
        since = _at(noon, rng.uniform(20, 21))
        found.append(Lies(since, Instant(since + rng.randrange(30, 120) * MINUTE_MS), rng.uniform(8, 28), 0.0))
    if rng.random() < 0.15:  # what came to stay: a topper, a cushion, a chair that leans on the frame
        since = _at(noon, rng.uniform(1, 5))
        found.append(Lies(since, Instant(since + rng.randrange(1, 12) * DAY_MS), rng.uniform(5, 15), 0.0))
    if rng.random() < 0.3:  # a child bounces
        since = _at(noon, rng.uniform(3.5, 6))
        found.append(Lies(since, Instant(since + rng.randrange(3, 15) * MINUTE_MS), rng.uniform(15, 20), 0.003, 90.0))
    return found
