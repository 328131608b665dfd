"""Who is served next at a page of ours, and how often one address may ask. Pure; time is an argument."""

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final, Generic, TypeVar

MOST_ADDRESSES: Final = 1_000  # remembered; beyond it the one that has not asked for longest is forgotten
One = TypeVar("One")


class Turns(Generic[One]):
    """A queue, with the names that a deque has, in which each address has its turn however much another one has
    waiting. ``address_of``: whose it is."""

    def __init__(self, address_of: Callable[[One], str]) -> None:
        self._address_of = address_of
        self._waiting: OrderedDict[str, deque[One]] = OrderedDict()  # who is next is first

    def append(self, one: One) -> None:
        self._waiting.setdefault(self._address_of(one), deque()).append(one)

    def popleft(self) -> One:
        address, waiting = self._waiting.popitem(last=False)
        one = waiting.popleft()
        if waiting:
            self._waiting[address] = waiting
        return one

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))


class Measure:
    """How often an address may ask: ``most`` at once, and ``a_second`` more for each second that has passed."""

    def __init__(self, most: int, a_second: float) -> None:
        self._most, self._a_second = most, a_second
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what was left, and when; newest last

    def asked(self, address: str, now_s: float) -> bool:
        """It asks; False: too often."""
        left, then_s = self._left.pop(address, (float(self._most), now_s))  # two threads may do this at once
        left = min(self._most, left + (now_s - then_s) * self._a_second)
        may = left >= 1
        self._left[address] = (left - may, now_s)
        if len(self._left) > MOST_ADDRESSES:
            self._left.popitem(last=False)
        return may
