"""What a bed's input means, learnt from itself: whole numbers in counts of a gain and a sign that nobody tells.

A body is never as still as a thing. So the two ends of a bed's unrest are learnt: ``floor``, of an empty bed or of
things on it, and ``alive``, of a bed that is slept in. What the level does between the two tells what the input is: if
it stays changed while somebody is there, it is a load, whose ``weight`` is learnt with its sign and whose ``zero``
follows what lies there lifeless (drift, a blanket, a suitcase). If not, the input has no level and only unrest speaks.
"""

from math import isqrt
from typing import Final, cast

from agent.nouns import Snapshot
from agent.sensors.feel import PARTS, Feel

SETTLE_S: Final = 8  # of stillness, at least, to be judged by its unrest
FIRST_S: Final = 1_800  # alive for so long: the scale is learnt from it for the first time
STAY_S: Final = 600  # and then from each that is so long
REST_S: Final = 60  # lifeless for so long: what comes after is measured from there
THING_S: Final = 1_800  # lifeless and unmoved for so long where somebody was thought to be: it is a thing
ZERO_S: Final = 240  # in which the zero follows a thing on the bed by its whole way
LIVELY_PERMILLE: Final = 1_600  # unrest of what lives against the floor, at least, until ``alive`` is known
HEAVIER: Final = 3  # times what was thought a body's: that was a cat
BODY_PERMILLE: Final = 300  # of what is thought a body's: less than that is a cat, and teaches nothing
LOUD: Final = 64  # times the unrest of a body that lies still: no body; a cat is a tenth of the heaviest sleeper
SLOWLY: Final = 8  # a stay moves what is known by an eighth of the difference
ENTER_PERMILLE: Final = 500  # of the weight, and more: somebody
LEAVE_PERMILLE: Final = 350  # and less: nobody; so are a cat, a dog of 20 kg, a hand
FINE: Final = 1 << 10  # parts of a sixty-fourth of a count, in which the floor is kept: it rises slowly
RISE_S: Final = 24 * 3_600  # in which the floor rises by its own size, where nobody is and nothing lower is met
CERTAIN: Final = 3  # stays that say which kind of input it is, beyond which more say no more


class Scale:
    """Fed with every summary; ``speaks_for`` is what one says of the bed, as far as it is known."""

    def __init__(self) -> None:
        self._floor = -1  # in FINE parts; -1: nothing was still yet
        self._kind = 0  # above 0 a load, below a waveform without a level
        self._weight = 0
        self._zero: int | None = None
        self.alive = 0  # unrest of a body that lies still, in sixty-fourths of a count; 0: not known
        self._burst = 0  # the greatest movement since it last lay lifeless
        self._rest_s, self._rest_unrest = 0, 0  # how long it lay lifeless at its zero, and how still
        self._stay_s, self._stay_level, self._stay_unrest = 0, 0, 0  # alive since: how long, and sums over it
        self._thing_s = 0  # lifeless and unmoved, where somebody was thought to be

    @property
    def has_level(self) -> bool:
        return self._kind > 0

    @property
    def known(self) -> bool:
        return self.alive > 0 and (self._kind < 0 or self._weight != 0)

    def speaks_for(self, feel: Feel) -> int | None:
        """1 somebody, 0 nobody, None: it does not say."""
        if not self.known:
            return None
        if self._kind > 0:
            share = self._share(feel)
            if share >= ENTER_PERMILLE:
                return 1 if moving(feel) or not self._lifeless(feel) else None
            return 0 if -ENTER_PERMILLE < share <= LEAVE_PERMILLE else None
        if moving(feel) or feel.lasted < SETTLE_S:
            return None
        body = max(self._between(), self.alive * BODY_PERMILLE // 1_000)
        if feel.unrest >= body:
            return 1
        return 0 if feel.unrest * 4 <= body * 3 else None

    def learn(self, feel: Feel, occupied: bool) -> None:
        if self.loud(feel) or (occupied and dull(feel)):
            return  # nobody has become a thing, or a giant; the input has
        if moving(feel):
            self._burst, self._thing_s = max(self._burst, feel.most), 0
        elif feel.lasted >= SETTLE_S:
            self._learn_floor(feel, occupied)
            if self._lifeless(feel):
                self._rest(feel, occupied)
            else:
                self._stay(feel)

    def loud(self, feel: Feel) -> bool:
        return 0 < LOUD * self.alive < feel.unrest

    def missed(self) -> None:
        """What comes next does not follow on what was."""
        self._burst = self._rest_s = self._rest_unrest = self._thing_s = 0
        self._stay_s = self._stay_level = self._stay_unrest = 0

    def _share(self, feel: Feel) -> int:
        return (feel.level - (self._zero or 0)) * 1_000 // self._weight

    def _between(self) -> int:
        """Unrest that is as far from the floor as from a body."""
        floor = max(self._floor // FINE, 1)
        return isqrt(floor * self.alive) if self.alive > floor else floor * LIVELY_PERMILLE // 1_000

    def _lifeless(self, feel: Feel) -> bool:
        return feel.unrest < self._between()

    def _learn_floor(self, feel: Feel, occupied: bool) -> None:
        unrest = feel.unrest * FINE
        if self._floor < 0:
            self._floor = unrest
        elif unrest < self._floor:
            self._floor -= -(-(self._floor - unrest) // 4)
        elif not occupied:
            self._floor += min(unrest - self._floor, (self._floor + FINE) * feel.lasted // RISE_S)

    def _rest(self, feel: Feel, occupied: bool) -> None:
        if self._zero is None:
            self._zero = feel.level
        elif (
            self._rest_s >= (STAY_S if self.known else FIRST_S)
            and feel.unrest * LIVELY_PERMILLE <= self._rest_unrest * 1_000
        ):
            self._teach(self._zero, self._rest_unrest, feel.level)  # what lay there until now was somebody
            self._zero, self._rest_s = feel.level, 0
        elif occupied and self._thing_s + feel.lasted < THING_S:
            self._thing_s += feel.lasted
            return
        else:
            self._zero += (feel.level - self._zero) * min(feel.lasted, ZERO_S) // ZERO_S
        self._rest_s += feel.lasted
        self._rest_unrest += (feel.unrest - self._rest_unrest) * feel.lasted // max(min(self._rest_s, STAY_S), 1)
        if self._rest_s >= REST_S:
            self._burst = self._stay_s = self._stay_level = self._stay_unrest = 0

    def _stay(self, feel: Feel) -> None:
        self._thing_s = 0
        self._stay_s += feel.lasted
        self._stay_level += feel.level * feel.lasted
        self._stay_unrest += feel.unrest * feel.lasted
        if self._stay_s >= self._enough_s():
            if self._rest_s >= REST_S and self._zero is not None:
                self._teach(self._stay_level // self._stay_s, self._stay_unrest // self._stay_s, self._zero)
            self._stay_s = self._stay_level = self._stay_unrest = 0

    def _enough_s(self) -> int:
        return STAY_S if self.known else FIRST_S

    def _teach(self, level: int, unrest: int, zero: int) -> None:
        """Somebody, or a cat, lay at ``level`` for long, and moved ``unrest``; without them it is ``zero``."""
        shift, burst = level - zero, self._burst // PARTS
        if burst and 2 * abs(shift) >= burst:
            self._kind = min(self._kind + 1, CERTAIN)
        elif burst and 8 * abs(shift) < burst:
            self._kind = max(self._kind - 1, -CERTAIN)
        if self._kind == 0:
            return
        body, thought = (shift, self._weight) if self._kind > 0 else (unrest, self.alive)
        if not (self.alive and thought) or abs(body) >= HEAVIER * abs(thought):
            self._weight, self.alive = shift, unrest
        elif body * 1_000 // thought >= BODY_PERMILLE:
            self._weight += (shift - self._weight) // SLOWLY
            self.alive += (unrest - self.alive) // SLOWLY

    def snapshot(self) -> Snapshot:
        return {name.lstrip("_"): value for name, value in vars(self).items()}

    def restore(self, snapshot: Snapshot) -> None:
        for name in vars(self):
            setattr(self, name, cast(int | None, snapshot[name.lstrip("_")]))


def moving(feel: Feel) -> bool:
    return feel.moved * 2 > feel.lasted


def dull(feel: Feel) -> bool:
    """Flat, or at an end of its range: it tells nothing of a body."""
    return feel.most == 0 or feel.railed * 2 > feel.lasted
