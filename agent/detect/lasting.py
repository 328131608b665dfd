"""Conditions that are worth a word once they last: a link that is down, a home that cannot be observed.

A condition fills while it is there and drains at a quarter of the pace while it is not; it is told once it has filled
its grace. So a link that is back after 20 s is never told, and one that is down every other minute is. It ends at
once. Told again within the hour it is unsteady, and ends only when it has been away for an hour: a flapping link is a
few notices a day, not dozens.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, cast

from agent.nouns import HOUR_MS, MINUTE_MS, SECOND_MS, Instant

DRAIN: Final = 4  # what is there less than a fifth of the time is never told
CALM_MS: Final = HOUR_MS
NEVER: Final = Instant(-1)
LINK_GRACE_MS: Final = 60 * SECOND_MS  # zigbee2mqtt restarts in less
# How long each kind lasts before it is told; any other, as long as a link.
GRACE_MS: Final = {
    "home_not_watched": 5 * MINUTE_MS,
    "upstream_lost": 5 * MINUTE_MS,
    "clock_unknown": 10 * MINUTE_MS,
    "storage_fault": 0,
}


def grace_ms(name: str) -> int:
    """How long a condition lasts before it is told; a name is its kind, and behind a slash which one of them."""
    return GRACE_MS.get(name.partition("/")[0], LINK_GRACE_MS)


class Told(NamedTuple):
    name: str
    state: str  # raised or cleared
    since: Instant


class _Condition:
    __slots__ = ("ended_at", "filled_ms", "since", "steady", "there", "told", "turned_at")

    def __init__(self, now: Instant) -> None:
        self.since = self.turned_at = now
        self.filled_ms = 0  # at ``turned_at``
        self.there = True
        self.told = False
        self.steady = True
        self.ended_at = NEVER

    def filled(self, now: Instant) -> int:
        gone = now - self.turned_at
        return self.filled_ms + gone if self.there else max(0, self.filled_ms - gone // DRAIN)

    def turn(self, now: Instant) -> None:
        self.filled_ms = self.filled(now)
        self.there, self.turned_at = not self.there, now
        if self.there and not self.filled_ms and not self.told:
            self.since = now

    def over(self, now: Instant) -> bool:
        return self.told and not self.there and (self.steady or now - self.turned_at >= CALM_MS)

    def plain(self) -> list[object]:
        return [self.since, self.turned_at, self.filled_ms, self.there, self.told, self.steady, self.ended_at]

    def take(self, plain: list[object]) -> None:
        since, turned_at, filled_ms, there, told, steady, ended_at = plain
        self.since, self.turned_at = cast(Instant, since), cast(Instant, turned_at)
        self.filled_ms, self.ended_at = cast(int, filled_ms), cast(Instant, ended_at)
        self.there, self.told, self.steady = bool(there), bool(told), bool(steady)


class Lasting:
    """All conditions of a home, by name. ``grace_ms`` says how long one must be there before it is told."""

    def __init__(self, grace_ms: Callable[[str], int]) -> None:
        self._grace_ms = grace_ms
        self._conditions: dict[str, _Condition] = {}

    def mark(self, name: str, there: bool, now: Instant) -> None:
        condition = self._conditions.get(name)
        if condition is None:
            if there:
                self._conditions[name] = _Condition(now)
        elif condition.there != there:
            condition.turn(now)

    def tell(self, now: Instant) -> Iterator[Told]:
        """What began or ended, in the order in which it was first marked."""
        for name, condition in self._conditions.items():
            if condition.there and not condition.told:
                if condition.filled(now) >= self._grace_ms(name):
                    condition.told = True
                    condition.steady = condition.ended_at < 0 or now - condition.ended_at >= CALM_MS
                    yield Told(name, "raised", condition.since)
            elif condition.over(now):
                condition.told, condition.filled_ms, condition.ended_at = False, 0, now
                yield Told(name, "cleared", now)

    def due(self) -> Instant | None:
        """When ``tell`` has something to say, if nothing changes before."""
        dues = []
        for name, condition in self._conditions.items():
            if condition.there and not condition.told:
                dues.append(condition.turned_at + self._grace_ms(name) - condition.filled_ms)
            elif condition.told and not condition.there:
                dues.append(condition.turned_at + CALM_MS)
        return Instant(min(dues)) if dues else None

    def plain(self) -> dict[str, list[object]]:
        return {name: condition.plain() for name, condition in self._conditions.items()}

    def take(self, plain: dict[str, list[object]]) -> None:
        self._conditions = {}
        for name, said in plain.items():
            self._conditions[name] = _Condition(Instant(0))
            self._conditions[name].take(said)
