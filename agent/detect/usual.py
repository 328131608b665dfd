"""What is usual in this home, as the fall model is told it: all habits, kept up once a day.

What today teaches is put aside and learnt when the day turns, so that an answer is the same all day, whenever it is
first asked for and however often the hub is started anew.
"""

from typing import Final, cast

from agent.detect.bins import STEPS, step
from agent.detect.habits import UNIT, Habits, OfTheMorning, quantiles
from agent.detect.half_hours import AHEAD, LINE_MS, HalfHours
from agent.detect.places import ENTRANCE, PLACES
from agent.detect.tails import TAIL_MS, Tails
from agent.nouns import DAY_MS, MINUTE_MS, Snapshot

PARTS: Final = 4  # parts of the day that silences are kept apart for
CELL_WEIGHT: Final = 30  # silences that place and whole home each weigh beside a cell's own
DEFAULT_WEIGHT: Final = 10  # silences of a home that nobody knows yet
QUANTILES: Final = (500, 900, 990, 998)  # permille, of silences
DWELLS: Final = (500, 900)  # permille, of stays in a place
HOME: Final = -1  # in place of a cell
LEFT_TAIL: Final = 1  # of TAIL_MS: 20 minutes
LEFT_SHARE: Final = 200_000  # of a million; 44 homes in which mostly somebody stays behind have 70,000 (all together)
LEFT_AT_FIRST: Final = 500_000
LEFT_BESIDE: Final = 10  # movements of an entrance
# Half a silence in each quarter-octave fewer: what is taken for a home before it has said anything
_DEFAULT: Final = tuple(max(UNIT * 2 ** max(0, 10 - abs(each - 14) // 4), 1) if each >= 10 else 0
                        for each in range(STEPS + 1))  # fmt: skip


def names() -> list[str]:
    """One name for each number of ``Usual.row``."""
    found = [f"silence_q{quantile}" for quantile in QUANTILES] + [f"home_q{quantile}" for quantile in QUANTILES]
    found += [f"dwell_q{quantile}" for quantile in DWELLS] + ["cell_weight"]
    for ahead in AHEAD:
        found += [f"line_most_{ahead}", f"line_fifth_{ahead}", f"quiet_{ahead}"]
    found += ["begun_most", "begun_second", "begun_fifth", "begun_half", "place_most", "place_second", "place_fifth"]
    return found + [f"tail_{of}_{k}" for of in ("home", "place", "slot", "cell", "next") for k in range(len(TAIL_MS))]


class Usual:
    """``row`` says what is usual now and here; times are of the wall clock."""

    def __init__(self) -> None:
        self._silences = Habits(len(PLACES) * PARTS)
        self._stays = Habits(len(PLACES))
        self._half_hours = HalfHours()
        self._tails = Tails()
        self._silence_q = OfTheMorning(self._make_silence_q)
        self._dwell_q = OfTheMorning(self._make_dwell_q)
        self._today: list[tuple[int, int, int]] = []  # place, beginning, length of each silence into another minute
        self._stays_today: list[tuple[int, int]] = []  # place, length

    def mark(self, local_ms: int) -> None:
        """Something was heard."""
        self._half_hours.mark(local_ms)

    def learn_silence(self, place: int, began: int, silence_ms: int) -> None:
        """A silence that ran into another minute; LONGEST_MS at most."""
        self._today.append((place, began, silence_ms))

    def learn_stay(self, place: int, length_ms: int) -> None:
        self._stays_today.append((place, length_ms))

    def turn(self, day: int, days_known: int) -> None:
        """A new local day begins: what was put aside is learnt, and a 28th of all is forgotten."""
        for place, began, silence_ms in self._today:
            self._tails.learn(place, began, silence_ms)
            if silence_ms >= MINUTE_MS:
                self._silences.learn(place * PARTS + began % DAY_MS * PARTS // DAY_MS, silence_ms)
            if silence_ms >= LINE_MS and place != ENTRANCE:
                self._half_hours.learn(place, began, silence_ms)
        for place, length_ms in self._stays_today:
            self._stays.learn(place, length_ms)
        self._today, self._stays_today = [], []
        self._half_hours.turn(day, days_known)
        for habit in (self._silences, self._stays, self._tails):
            habit.forget()
        self._silence_q.turn()
        self._dwell_q.turn()

    def row(self, local_ms: int, place: int) -> list[int]:
        cell = place * PARTS + local_ms % DAY_MS * PARTS // DAY_MS
        found = self._silence_q(cell) + self._silence_q(HOME) + self._dwell_q(place)
        found.append(step(self._silences.weight[cell] * 100))
        return found + self._half_hours.row(local_ms, place) + self._tails.row(local_ms, place)

    def empties(self) -> bool:
        """Whether an entrance that moves usually leaves this home silent: whoever lives here goes out by it, and nobody
        stays behind. Believed until the home has shown otherwise."""
        return self._tails.outlast(ENTRANCE, LEFT_TAIL, LEFT_AT_FIRST, LEFT_BESIDE) >= LEFT_SHARE

    def _make_silence_q(self, cell: int) -> list[int]:
        """Of a place and part of the day, or of the HOME."""
        counts, weights = self._silences.counts, self._silences.weight
        default = (_DEFAULT, sum(_DEFAULT), DEFAULT_WEIGHT * UNIT)
        home = [sum(each) for each in zip(*counts, strict=True)]
        if cell == HOME:
            return quantiles(((home, sum(home), sum(home)), default), QUANTILES)
        first = cell // PARTS * PARTS
        place = [sum(each) for each in zip(*counts[first : first + PARTS], strict=True)]
        parts = (
            (counts[cell], weights[cell], weights[cell]),
            (place, sum(place), CELL_WEIGHT * UNIT),
            (home, sum(home), CELL_WEIGHT * UNIT),
            default,
        )
        return quantiles(parts, QUANTILES)

    def _make_dwell_q(self, place: int) -> list[int]:
        default = (_DEFAULT, sum(_DEFAULT), DEFAULT_WEIGHT * UNIT)
        weight = self._stays.weight[place]
        return quantiles(((self._stays.counts[place], weight, weight), default), DWELLS)

    def snapshot(self) -> Snapshot:
        return {
            "silences": self._silences.snapshot(),
            "stays": self._stays.snapshot(),
            "half_hours": self._half_hours.snapshot(),
            "tails": self._tails.snapshot(),
            "today": [list(each) for each in self._today],
            "stays_today": [list(each) for each in self._stays_today],
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._silences.restore(cast(list[list[int]], snapshot["silences"]))
        self._stays.restore(cast(list[list[int]], snapshot["stays"]))
        self._half_hours.restore(cast(Snapshot, snapshot["half_hours"]))
        self._tails.restore(cast(Snapshot, snapshot["tails"]))
        today = cast(list[tuple[int, int, int]], snapshot["today"])
        self._today = [(place, began, silence_ms) for place, began, silence_ms in today]
        stays = cast(list[tuple[int, int]], snapshot["stays_today"])
        self._stays_today = [(place, length_ms) for place, length_ms in stays]
        self._silence_q.turn()
        self._dwell_q.turn()
