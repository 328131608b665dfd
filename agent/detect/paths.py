"""Which rooms lie apart: how soon after one room another is heard, learnt from the home's own readings.

One person needs time to walk. Where two rooms lie apart, hardly a reading of the one comes within seconds of the other;
where sensors look into each other's rooms, or a door stands between them, many do. Two people who have nothing to do
with each other are as often 1 s as 20 s apart. So the ages that one room's last reading has when another room speaks
are counted by pair and by bin, and what stands in a bin is held against the bin of reference (15 to 30 s), second for
second: far fewer is a hole, where only two people can be; as many or more is none, whoever made them.

A PIR is blind for 5 to 90 s after it has fired, which bends these ages. Every room is taken to be blind for
``BLIND_MS``: then a sensor that fires every 5 s and one that fires every minute give ages of the same shape.

What visitors do is counted as well: they walk through the same walls.
"""

from collections.abc import Iterator, Mapping
from typing import Final, cast

from agent.detect.paths_prior import HOLES, OTHER_HOLES
from agent.nouns import SECOND_MS, Snapshot

BLIND_MS: Final = 30 * SECOND_MS
EDGES_MS: Final = (2_000, 4_000, 8_000, 15_000, 30_000)  # upper ends of the bins; the last is the reference
WIDTHS_S: Final = (2, 2, 4, 7, 15)
QUICK_MS: Final = 8_000  # nobody who walks more slowly says anything
QUICK_BINS: Final = 3
NEXT_BINS: Final = 2  # within 4 s: one step from the other, or seen by both
REFERENCE: Final = 4
PRIOR_READINGS: Final = 60  # in the bin of reference: so much other homes weigh against this one
MOST_READINGS: Final = 2_000  # of a pair; then all are halved, and what is old fades
# What one reading in a bin says for two people, in hundredths of a nat, by how full the bin is in permille of the
# reference. Two people together leave it about 800 full.
WEIGHTS: Final = ((150, 170), (250, 140), (350, 100), (500, 60))
ADJACENT_PERMILLE: Final = 1_400  # fuller than two strangers could make it: the sensors look at one place
UNCERTAIN_WEIGHT: Final = 60  # as full as by two strangers: then the rooms lie as such rooms do elsewhere

# Going back at once: of the readings of two rooms heard in turn, how many fall in the room left before, not in the
# one last heard. Two people in two rooms: 680 permille. Below so many by one person, what going back says, and staying.
LIVE_MS: Final = 150_000  # a room heard within it may still be lived in
RETURNS: Final = ((100, 120, -80), (200, 100, -75), (300, 75, -70), (400, 50, -60), (500, 30, -45), (600, 12, -20))
PRIOR_RETURNS: Final = (14, 30)  # of the readings so many went back, in the quietest of the homes

# The way through the home: of the moves out of a room, how many go straight to another one. Says for two, by permille.
WAYS: Final = ((20, 150), (50, 110), (100, 70), (200, 30), (400, 0), (600, -20), (1_001, -40))
PRIOR_MOVES: Final = 20  # out of each room, as many to each of PRIOR_WAYS others
PRIOR_WAYS: Final = 4


def pair(one: str, other: str) -> str:
    return f"{one}/{other}" if one < other else f"{other}/{one}"


class Paths:
    """Counts by pair of rooms. ``kinds``: the kind of each room."""

    def __init__(self, kinds: Mapping[str, str]) -> None:
        self._kinds = kinds
        self.prior_readings = PRIOR_READINGS
        self._counts: dict[str, list[int]] = {}
        self._moves: dict[str, dict[str, int]] = {}  # room -> the next one -> how often; "" is their sum
        self._returns: dict[str, list[int]] = {}  # by pair: readings that went back, and all

    def note(self, one: str, other: str, age_ms: int) -> int:
        """``one`` was heard ``age_ms`` after ``other``, the room next before it; what that says for two people."""
        if age_ms >= BLIND_MS:
            return 0
        counts = self._counts.get(name := pair(one, other))
        if counts is None:
            counts = self._counts[name] = self._first(one, other)
        bin = _bin(age_ms)
        says = self._weight(counts, bin, one, other) if bin < QUICK_BINS else 0
        counts[bin] += 1
        counts[-1] += 1
        if counts[-1] > MOST_READINGS:
            counts[:] = [count // 2 for count in counts]
        return says

    def says(self, one: str, other: str, age_ms: int) -> int:
        """What it says for two people that these two were heard ``age_ms`` after one another; nothing is counted."""
        if age_ms >= QUICK_MS:
            return 0
        counts = self._counts.get(pair(one, other)) or self._first(one, other)
        return self._weight(counts, _bin(age_ms), one, other)

    def move(self, here: str, there: str, learn: bool) -> int:
        """Somebody was heard ``here`` and next ``there``: what that says for two people, by the ways of this home."""
        moves = self._moves.setdefault(here, {"": PRIOR_MOVES})
        went = moves.get(there, PRIOR_MOVES // PRIOR_WAYS)
        share = went * 1_000 // moves[""]
        if learn:
            moves[there] = went + 1
            moves[""] += 1
            if moves[""] > MOST_READINGS:
                self._moves[here] = {to: count // 2 for to, count in moves.items()}
        says = next(says for most, says in WAYS if share < most)
        # A step into the next room speaks for one person, never for two; a way past other rooms never for one.
        return says if says and self._touch(here, there) == (says < 0) else 0

    def turn(self, here: str, before: str, back: bool, learn: bool) -> int:
        """``here`` was heard last and ``before`` before it, both still live; who is heard now is back in ``before``, or
        still here. What that says for two people. It is not learnt from company."""
        known = self._returns.get(name := pair(here, before))
        if known is None:
            known = self._returns[name] = list(PRIOR_RETURNS)
        share = known[0] * 1_000 // known[1]
        says = next(((go, stay) for most, go, stay in RETURNS if share < most), (0, 0))[not back]
        if says > 0 and self._touch(here, before):
            says = 0
        if learn:
            known[0] += back
            known[1] += 1
            if known[1] > MOST_READINGS:
                known[:] = [count // 2 for count in known]
        return says

    def known(self, least: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Of the pairs with at least so many readings of reference: their kinds, and how full each bin is in permille,
        second for second."""
        for name, counts in sorted(self._counts.items()):
            if counts[REFERENCE] >= self.prior_readings + least:
                one, _, other = name.partition("/")
                yield pair(self._kinds[one], self._kinds[other]), tuple(_full(counts, bin) for bin in range(REFERENCE))

    def _touch(self, one: str, other: str) -> bool:
        """Whether the two are next to each other, or their sensors look at one place: who is heard in both, and in
        which first, then says nothing."""
        counts = self._counts.get(pair(one, other))
        if counts is None:
            return max(self._holes(one, other)[:NEXT_BINS]) >= ADJACENT_PERMILLE
        return any(_full(counts, bin) >= ADJACENT_PERMILLE for bin in range(NEXT_BINS))

    def _holes(self, one: str, other: str) -> tuple[int, ...]:
        return HOLES.get(pair(self._kinds[one], self._kinds[other]), OTHER_HOLES)

    def _first(self, one: str, other: str) -> list[int]:
        """What other homes say of such rooms, as counts, and their sum."""
        holes = [*self._holes(one, other), 1_000]
        counts = [
            self.prior_readings * full * width // (1_000 * WIDTHS_S[REFERENCE])
            for full, width in zip(holes, WIDTHS_S, strict=True)
        ]
        return [*counts, sum(counts)]

    def _weight(self, counts: list[int], bin: int, one: str, other: str) -> int:
        full = _full(counts, bin)
        for most, weight in WEIGHTS:
            if full < most:
                return weight
        apart = full < ADJACENT_PERMILLE and self._holes(one, other)[bin] < WEIGHTS[-1][0]
        return UNCERTAIN_WEIGHT if apart else 0

    def snapshot(self) -> Snapshot:
        return {"counts": self._counts, "returns": self._returns, "moves": self._moves}

    def restore(self, snapshot: Snapshot) -> None:
        for mine, plain in ((self._counts, snapshot["counts"]), (self._returns, snapshot["returns"])):
            mine.clear()
            mine.update({name: list(counts) for name, counts in cast(dict[str, list[int]], plain).items()})
        moves = cast(dict[str, dict[str, int]], snapshot["moves"])
        self._moves = {here: dict(counts) for here, counts in moves.items()}


def _bin(age_ms: int) -> int:
    bin = 0
    while age_ms >= EDGES_MS[bin]:
        bin += 1
    return bin


def _full(counts: list[int], bin: int) -> int:
    return counts[bin] * 1_000 * WIDTHS_S[REFERENCE] // (WIDTHS_S[bin] * max(counts[REFERENCE], 1))
