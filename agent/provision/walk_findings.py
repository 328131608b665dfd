"""What a walk found of each sensor: whether it answers where home.toml says it is, and how well. Pure, whole numbers.

An eye (motion, presence, vibration) answers in a room if it fires while somebody stands there. What fires just before a
mark may have seen whoever came in, or whoever passed on the way: it is believed of the sensor's own room at once, and
of another one only if that sensor answered nowhere else.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from agent.nouns import DAY_MS, MINUTE_MS, SECOND_MS, Home, Instant, Reading, Sensor
from agent.provision.walk import EYES, STEPS, Walk

SETTLE_MS: Final = (
    5 * SECOND_MS
)  # after a mark, or half of the stay if that is less: another eye may still see the door
ENTER_MS: Final = 15 * SECOND_MS  # before a mark: whoever came in may have been seen, and the eye is blind since
LEG_MOST_MS: Final = MINUTE_MS  # a longer way from one eye to the next was no way
WEAK_QUALITY: Final = 40  # of 255, the worst in the walk: with a door shut or a cupboard moved it may be gone (chosen)
BATTERY_LOW_PERCENT: Final = 20  # an installer who is there changes it now
RECENT_MS: Final = DAY_MS  # what nobody can set off (smoke, water, warmth) is known to live if heard within it
# Verdicts; only the first is as it should be.
WORKING: Final = "working"
VERDICTS: Final = (WORKING, "swapped", "wrong_room", "badly_placed", "blind", "silent", "inverted", "not_walked")


class Found(NamedTuple):
    """Of one sensor. ``rooms``: where else it answered. ``cycle``: the sensors whose places it shares, itself first:
    each answers in the room of the next. ``blind_ms``: the shortest time between two answers in its own room."""

    sensor: str
    kind: str
    room: str
    verdict: str
    rooms: tuple[str, ...] = ()
    cycle: tuple[str, ...] = ()
    blind_ms: int | None = None
    quality: int | None = None
    battery_percent: int | None = None

    @property
    def weak(self) -> bool:
        return self.quality is not None and self.quality < WEAK_QUALITY

    @property
    def low(self) -> bool:
        return self.battery_percent is not None and self.battery_percent <= BATTERY_LOW_PERCENT


class Leg(NamedTuple):
    """From one eye to the next, nobody else's between: the shortest time, whichever way."""

    one: str
    other: str
    ms: int


class Known(NamedTuple):
    """What the journal tells of the time before the walk: when a sensor was heard last, and its battery's last word."""

    heard: Mapping[str, Instant] = {}
    battery_percent: Mapping[str, int] = {}


NOTHING: Final = Known()


def findings(walk: Walk, known: Known = NOTHING) -> tuple[Found, ...]:
    """One for each sensor of the home, in its order."""
    seen = {sensor.id: _rooms_of(walk, sensor) for sensor in walk.home.sensors.values() if sensor.kind in EYES}
    said = {sensor.id: _answer(walk, sensor) for sensor in walk.home.sensors.values() if sensor.kind in STEPS}
    places = {id: rooms[0] for id, rooms in seen.items() if rooms and walk.home.sensors[id].room not in rooms}
    places |= {id: walk.home.sensors[other].room for id, (_, other) in said.items() if _is_lost(said, other)}
    found = []
    for sensor in walk.home.sensors.values():
        verdict, rooms, cycle = _judged(walk, sensor, seen, said, places, known)
        found.append(
            Found(
                sensor.id, sensor.kind, sensor.room, verdict, rooms, cycle,
                _blind_ms(walk, sensor) if sensor.kind in EYES else None,
                walk.quality.get(sensor.id), _battery(walk, sensor, known),
            )
        )  # fmt: skip
    return tuple(found)


def _battery(walk: Walk, sensor: Sensor, known: Known) -> int | None:
    told = [one.value for one in walk.readings if one.sensor == sensor.id and one.quantity == "battery_percent"]
    return told[-1] if told else known.battery_percent.get(sensor.id)


def _judged(
    walk: Walk,
    sensor: Sensor,
    seen: Mapping[str, Sequence[str]],
    said: Mapping[str, tuple[str, str]],
    places: Mapping[str, str],
    known: Known,
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    id = sensor.id
    if sensor.kind not in EYES and sensor.kind not in STEPS:
        heard = known.heard.get(id)
        lives = id in walk.heard or (heard is not None and _begun(walk) - heard <= RECENT_MS)
        return (WORKING if lives else "silent"), (), ()
    if id in places:
        cycle = _cycle(walk.home, id, places, said)
        return ("swapped" if cycle else "wrong_room"), (places[id],), cycle
    if sensor.kind in STEPS:
        return said[id][0], (), ()
    rooms = seen[id]
    elsewhere = tuple(room for room in rooms if room != sensor.room)
    if sensor.room in rooms:
        return ("badly_placed" if elsewhere else WORKING), elsewhere, ()
    stayed = [stay for stay in walk.stays() if stay.room == sensor.room and stay.until - stay.since >= walk.stay_ms]
    if not stayed:
        return "not_walked", (), ()
    return ("blind" if id in walk.heard else "silent"), (), ()


def _begun(walk: Walk) -> Instant:
    return walk.marks[0].at if walk.marks else Instant(0)


# -- eyes --------------------------------------------------------------------------------------------------------


def _fired(walk: Walk, sensor: Sensor) -> list[Reading]:
    return [one for one in walk.readings if (one.sensor, one.quantity) == (sensor.id, sensor.kind) and one.value]


def _rooms_of(walk: Walk, sensor: Sensor) -> tuple[str, ...]:
    """The rooms in which it answered, where it did most often first."""
    settle_ms = min(SETTLE_MS, walk.stay_ms // 2)
    stood: dict[str, int] = {}
    came: dict[str, int] = {}
    stays = walk.stays()
    for one in _fired(walk, sensor):
        for stay in stays:
            own = stay.room == sensor.room
            entering = max(stay.entered, Instant(stay.since - ENTER_MS))
            if stay.since + (0 if own else settle_ms) <= one.at <= stay.until:
                stood[stay.room] = stood.get(stay.room, 0) + 1
            elif entering <= one.at <= stay.until:
                came[stay.room] = came.get(stay.room, 0) + 1
    if sensor.room in came:
        stood[sensor.room] = stood.get(sensor.room, 0) + came[sensor.room]
    found = stood or came
    return tuple(sorted(found, key=lambda room: -found[room]))


def _blind_ms(walk: Walk, sensor: Sensor) -> int | None:
    times = [
        [one.at for one in _fired(walk, sensor) if stay.entered <= one.at <= stay.until]
        for stay in walk.stays()
        if stay.room == sensor.room
    ]
    gaps = [after - before for fired in times for before, after in pairwise(fired)]
    return min(gaps, default=None)


def legs(walk: Walk, found: Iterable[Found]) -> tuple[Leg, ...]:
    """From eye to eye of two rooms, one right after the other. What is not where it should be says nothing of it."""
    sound = {one.sensor: one.room for one in found if one.kind in EYES and one.verdict == WORKING}
    least: dict[tuple[str, str], int] = {}
    before: Reading | None = None
    for one in walk.readings:
        if one.quantity not in EYES or not one.value or one.sensor not in sound:
            continue
        if before is not None and sound[before.sensor] != sound[one.sensor] and one.at - before.at <= LEG_MOST_MS:
            pair = min(before.sensor, one.sensor), max(before.sensor, one.sensor)
            least[pair] = min(one.at - before.at, least.get(pair, LEG_MOST_MS))
        before = one
    return tuple(Leg(*pair, ms) for pair, ms in sorted(least.items()))


# -- what is done to a thing -------------------------------------------------------------------------------------


def _answer(walk: Walk, sensor: Sensor) -> tuple[str, str]:
    """Its verdict by what was asked of it, and the sensor that answered in its place where another one did."""
    asked = [(kind, window) for kind in STEPS[sensor.kind] for window in walk.windows(kind, sensor.id)[-1:]]
    if not asked:
        return "not_walked", ""
    values: list[set[int]] = []
    others: dict[str, int] = {}
    for _, (since, until) in asked:
        here = [one for one in walk.readings if since <= one.at < until and one.quantity == sensor.kind]
        values.append({one.value for one in here if one.sensor == sensor.id})
        for one in here:
            if one.sensor != sensor.id and (one.value or sensor.kind != "button"):
                others[one.sensor] = others.get(one.sensor, 0) + 1
    if not any(values):
        instead = max(others, key=lambda other: others[other], default="")
        return ("blind" if sensor.id in walk.heard else "silent"), instead
    if sensor.kind == "button":
        return WORKING, ""
    first, second = (values[0], values[-1]) if len(asked) == len(STEPS[sensor.kind]) else (values[0], {0})
    if 1 in first and 0 in second:
        return WORKING, ""
    if 1 not in first and (0 in first or 1 in second) and 0 not in second:
        return "inverted", ""
    return "blind", ""  # it says one half of it only


def _is_lost(said: Mapping[str, tuple[str, str]], other: str) -> bool:
    """Whether the one that answered in another's place did not answer in its own: else somebody else moved it."""
    return other in said and said[other][0] != WORKING


def _cycle(home: Home, first: str, places: Mapping[str, str], said: Mapping[str, tuple[str, str]]) -> tuple[str, ...]:
    """The sensors that stand in each other's places, from this one on; empty if that does not close."""
    cycle, at = [first], first
    while len(cycle) <= len(places):
        nexts = [said[at][1]] if at in said and said[at][1] else _placed_in(home, places, at)
        if first in nexts and len(cycle) > 1:
            return tuple(cycle)
        after = next((one for one in nexts if one in places and one not in cycle), None)
        if after is None:
            return ()
        cycle.append(after)
        at = after
    return ()


def _placed_in(home: Home, places: Mapping[str, str], at: str) -> list[str]:
    """Eyes that belong where this one answers, and are not there."""
    return [one for one in places if home.sensors[one].room == places[at] and home.sensors[one].kind in EYES]
