"""How silences that begin here and now end in this home: shares that outlast some lengths, from coarse to fine."""

from collections.abc import Sequence
from typing import Final, cast

from agent.detect.bins import DAY_MS, MINUTE_MS, rarity
from agent.detect.habits import SLOT_MS, SLOTS, UNIT, OfTheMorning, forgotten, sparse, whole
from agent.detect.places import ENTRANCE, PLACES
from agent.nouns import Snapshot

TAIL_MS: Final = tuple(minutes * MINUTE_MS for minutes in (10, 20, 40, 80, 160))
NEAR: Final = (-3, -2, -1, 0, 1, 2, 3)  # half hours that count as this time of day
TAIL_WEIGHT: Final = 25  # active minutes that the next coarser answer weighs beside one's own
# What is taken for a home that nobody knows yet: of a million active minutes, silences longer than TAIL_MS
USUAL_TAILS: Final = (60_000, 30_000, 12_000, 5_000, 2_000)


class Tails:
    """How often an active minute, at this place and time of day, is followed by a silence longer than TAIL_MS: from
    coarse to fine, each leaning on the one before it. Answers are ``rarity``."""

    def __init__(self) -> None:
        self._exposed = [[0] * SLOTS for _ in PLACES]
        self._over = [[[0] * SLOTS for _ in TAIL_MS] for _ in PLACES]
        self._whole = OfTheMorning(self._make_home)
        self._of_place = OfTheMorning(self._make_place)
        self._of_slot = OfTheMorning(self._make_slot)
        self._of_cell = OfTheMorning(self._make_cell)

    def learn(self, place: int, began: int, silence_ms: int) -> None:
        """An active minute at ``began`` by the wall, and the silence after its last sign of life."""
        slot = began % DAY_MS // SLOT_MS
        self._exposed[place][slot] += UNIT
        for over, tail_ms in zip(self._over[place], TAIL_MS, strict=True):
            if silence_ms <= tail_ms:
                break
            over[slot] += UNIT

    def forget(self) -> None:
        """A day has passed; what was learnt counts from now on."""
        self._exposed = [forgotten(row) for row in self._exposed]
        self._over = [[forgotten(row) for row in rows] for rows in self._over]
        self._turn()

    def _turn(self) -> None:
        for made in (self._whole, self._of_place, self._of_slot, self._of_cell):
            made.turn()

    def row(self, local_ms: int, place: int) -> list[int]:
        """For each of TAIL_MS: in this home; at this place; at this time of day; at both; an hour later."""
        slot = local_ms % DAY_MS // SLOT_MS
        now, later = self._of_slot(slot), self._of_slot((slot + 2) % SLOTS)
        shares = [*self._whole(0), *self._of_place(place), *now, *self._of_cell(place * SLOTS + slot), *later]
        return [rarity(share) for share in shares]

    def outlast(self, place: int, tail: int, of: int, beside: int) -> int:
        """Parts of a million of the active minutes at a place after which a silence was longer than TAIL_MS[tail].
        Where nothing is known ``of`` is taken for that, and weighs as much as ``beside`` minutes."""
        weight = beside * UNIT
        return (sum(self._over[place][tail]) * 1_000_000 + of * weight) // (sum(self._exposed[place]) + weight)

    def _make_home(self, key: int) -> list[int]:
        """Parts of a million, as all of these, at any place but an entrance."""
        inside = [place for place in range(len(PLACES)) if place != ENTRANCE]
        exposed = sum(sum(self._exposed[place]) for place in inside)
        return [
            _leaning(sum(sum(self._over[place][tail]) for place in inside), exposed, usual)
            for tail, usual in enumerate(USUAL_TAILS)
        ]

    def _make_place(self, place: int) -> list[int]:
        exposed = sum(self._exposed[place])
        coarser = zip(self._over[place], self._whole(0), strict=True)
        return [_leaning(sum(over), exposed, coarse) for over, coarse in coarser]

    def _make_slot(self, slot: int) -> list[int]:
        inside = [place for place in range(len(PLACES)) if place != ENTRANCE]
        exposed = sum(_near(self._exposed[place], slot) for place in inside)
        return [
            _leaning(sum(_near(self._over[place][tail], slot) for place in inside), exposed, coarse)
            for tail, coarse in enumerate(self._whole(0))
        ]

    def _make_cell(self, key: int) -> list[int]:
        place, slot = divmod(key, SLOTS)
        exposed = _near(self._exposed[place], slot)
        coarser = zip(self._over[place], self._of_slot(slot), strict=True)
        return [_leaning(_near(over, slot), exposed, coarse) for over, coarse in coarser]

    def snapshot(self) -> Snapshot:
        return {
            "exposed": [sparse(row) for row in self._exposed],
            "over": [[sparse(row) for row in rows] for rows in self._over],
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._exposed = [whole(row) for row in cast(list[list[int]], snapshot["exposed"])]
        self._over = [[whole(row) for row in rows] for rows in cast(list[list[list[int]]], snapshot["over"])]
        self._turn()


def _near(row: Sequence[int], slot: int) -> int:
    return sum(row[(slot + shift) % SLOTS] for shift in NEAR)


def _leaning(over: int, exposed: int, coarse: int) -> int:
    """Parts of a million, with the coarser answer mixed in."""
    weight = TAIL_WEIGHT * UNIT
    return (over * 1_000_000 + coarse * weight) // (exposed + weight)
