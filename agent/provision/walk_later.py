"""What the ways between rooms say later: an eye that hangs elsewhere than when the home was walked. Pure.

In the walk somebody went from one eye to the next. Whoever lives there goes the same ways, hundreds of times a week: of
two eyes between which there is a way, the one that is seen less often is seen right after or before the other in most
of its visits. If an eye is taken down and hung elsewhere, its ways break, all at once. One way that is no longer gone
may be a habit, or a door that is kept shut; an eye most of whose ways are broken, while others' stand, has moved.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from agent.nouns import SECOND_MS, Home, Reading
from agent.provision.walk import EYES
from agent.provision.walk_file import Walked

LOOK_DAYS: Final = 14  # of the journal; more would mix what was with what is
NEAR_MS: Final = 30 * SECOND_MS  # from one eye to the next, at most; or three times as long as in the walk
TIMES: Final = 3
VISITS_LEAST: Final = 30  # of an eye in these days; with fewer nothing is said of its ways
# Of the visits of the less seen of the two; below it the way is not gone any more. Of simulated homes a way that stands
# is gone in 500 and more of a thousand visits, one that is broken in fewer than 250 (tests/test_walk_later.py).
BROKEN_PERMILLE: Final = 250
TOGETHER_PERMILLE: Final = 800  # two eyes that answer right after each other so often look at one place
MOVED_PERMILLE: Final = 600  # of an eye's ways that are broken
Way = tuple[str, str]


def moved(home: Home, walked: Walked, readings: Iterable[Reading]) -> list[str]:
    """A line for each eye that seems to hang elsewhere. ``readings``: of the last ``LOOK_DAYS`` days, in order."""
    legs = {(leg.one, leg.other): leg.ms for leg in walked.legs}
    visits, ways = _gone(home, readings, legs)

    def permille(way: Way) -> int:
        return ways[way] * 1_000 // max(1, min(visits[way[0]], visits[way[1]]))

    known = [way for way in legs if min(visits[way[0]], visits[way[1]]) >= VISITS_LEAST]
    judged = {way: permille(way) < BROKEN_PERMILLE for way in known}
    lines = []
    while worst := _worst(judged):
        first = worst[0]
        other = next((one for one in worst[1:] if permille(_way(first, one)) >= TOGETHER_PERMILLE), None)
        if other is None and len(worst) > 1:  # what their broken ways have in common, not they
            first = _in_common(worst, judged) or first
        lines.append(_told(home, first, other))
        judged = {way: broken for way, broken in judged.items() if first not in way and other not in way}
    return lines


def _told(home: Home, first: str, other: str | None) -> str:
    if other is None:
        return f"the {home.sensors[first].room} sensor ({first}) has moved: hang it where it was, or walk again"
    return f"{first} or {other} has moved: both now look at one place; hang it where it was, or walk again"


def _way(one: str, other: str) -> Way:
    return min(one, other), max(one, other)


def _gone(home: Home, readings: Iterable[Reading], legs: Mapping[Way, int]) -> tuple[Counter[str], Counter[Way]]:
    """How often each eye saw somebody who came from another or went on to one, and how often each way was gone."""
    visits: Counter[str] = Counter()
    ways: Counter[Way] = Counter()
    before: Reading | None = None
    for one in readings:
        if one.quantity not in EYES or not one.value or one.sensor not in home.sensors:
            continue
        if before is not None and before.sensor != one.sensor:
            way = _way(before.sensor, one.sensor)
            if one.at - before.at <= max(NEAR_MS, TIMES * legs.get(way, 0)):
                visits.update(way)
                ways[way] += 1
        before = one
    return visits, ways


def _in_common(worst: Iterable[str], judged: Mapping[Way, bool]) -> str:
    """The one eye to which all broken ways of these lead; "" if there is none."""
    ends = [set(way) - {one} for one in worst for way, broken in judged.items() if broken and one in way]
    return next(iter(set.intersection(*ends)), "")


def _worst(judged: Mapping[Way, bool]) -> list[str]:
    """The eyes of which most ways are broken, those with the most of them; several are equally bad."""
    broken: dict[str, list[bool]] = {}
    for way, each in judged.items():
        for sensor in way:
            broken.setdefault(sensor, []).append(each)
    bad = {one: sum(ways) for one, ways in broken.items() if sum(ways) * 1_000 >= max(1, len(ways)) * MOVED_PERMILLE}
    return sorted(one for one, count in bad.items() if count == max(bad.values()))
