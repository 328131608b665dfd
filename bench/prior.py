"""How agent/detect/prior.py is made: what is usual in other homes, counted from a folder of homes.

    python -m bench.floor --data DIR --prior > build/prior.py; mv build/prior.py agent/detect/prior.py

Twice when TAILS change: the ratios rest on the scales, and those on the tails that are installed.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Final

from agent.civil import Wall
from agent.detect.budget import WITHOUT_MODEL, Budget, Population
from agent.detect.possible_fall import PossibleFall
from agent.detect.silences import LONGEST_MS, PART_MINUTES, PARTS, SHORTEST_MS
from agent.detect.whereabouts import Whereabouts
from agent.nouns import DAY_MS, MINUTE_MS, Home, Instant, Watch, is_activity
from bench.homes import outage, readings

HEAD: Final = '''"""What is usual in other homes: {homes} homes of the TIHM data, by `python -m bench.floor --prior`.

From the open data set TIHM (Scientific Data 10:606, 2023; Zenodo 7622128; CC BY 4.0), with thanks to the Surrey and
Borders Partnership NHS Foundation Trust and Howz. Only these counts are taken from it.

TAILS: by kind of room and part of the day (3 h each, from midnight), of ROW_TOTAL silences those at least as long
as each edge. "other" is all rooms together; "door" is `Whereabouts.doubt`. RATIOS: what silence/scale exceeds
RATES times, in thousandths per 30 days, in permille. BEYOND: silences beyond 12 h, in thousandths per 30 days.
"""

from typing import Final

# One minute to 8.5 hours, in steps of the square root of two'''
KINDS: Final = ("bathroom", "bedroom", "hall", "kitchen", "living", "other", "door")  # other: all rooms together
EDGES_MS: Final = tuple(round(MINUTE_MS * 2 ** (step / 2)) for step in range(19))
ROW_TOTAL: Final = 10_000
RATES: Final = (32_000, 24_000, 16_000, 12_000, 8_000, 6_000, 4_000, 3_000, 2_000, 1_500, 1_000, 700, 500, 350, 250)
SMOOTHING: Final = 0.5  # silences a day of its kind, at any hour, that a cell has besides its own
WARM_DAYS: Final = 3  # a home's own ratios count for the prior once its scales have moved this far from it


class Listening(Budget):
    """A budget that keeps every level it hears, from ``WARM_DAYS`` on."""

    def __init__(self, population: Population) -> None:
        super().__init__(1.0, population)
        self.levels: list[int] = []
        self.days = 0

    def note(self, level: int) -> None:
        if self.days >= WARM_DAYS:
            self.levels.append(level)

    def pass_time(self, observed_ms: int) -> bool:
        whole = super().pass_time(observed_ms)
        self.days += whole
        return whole


def tails(homes: Sequence[tuple[Home, Path]]) -> dict[str, list[list[int]]]:
    """For each kind and part of the day, of ROW_TOTAL silences those at least as long as each edge. Every home
    weighs as many silences as it has in a day."""
    cells = {(kind, part): [0.0] * len(EDGES_MS) for kind in KINDS for part in range(PARTS)}
    for home, log in homes:
        own: dict[tuple[str, int, int], int] = {}
        days = 1
        for kind, part, silence_ms, day in _silences(home, log):
            days = max(days, day + 1)
            for each in (kind, "other") if kind != "door" else (kind,):
                key = (each, part, bisect_right(EDGES_MS, silence_ms) - 1)
                own[key] = own.get(key, 0) + 1
        for (kind, part, step), count in own.items():
            cells[kind, part][step] += count / days
    return {kind: [_tail(cells, kind, part) for part in range(PARTS)] for kind in KINDS}


def _tail(cells: dict[tuple[str, int], list[float]], kind: str, part: int) -> list[int]:
    whole_day = [sum(cells[kind, each][step] for each in range(PARTS)) for step in range(len(EDGES_MS))]
    mixed = [own + SMOOTHING * day / sum(whole_day) for own, day in zip(cells[kind, part], whole_day, strict=True)]
    return [round(ROW_TOTAL * sum(mixed[step:]) / sum(mixed)) for step in range(len(EDGES_MS))]


def _silences(home: Home, log: Path) -> Iterator[tuple[str, int, int, int]]:
    """Kind of place, part of the day, length and day of every silence at home of 1 min to 12 h."""
    where, wall = Whereabouts(home), Wall(home.timezone)
    first: Instant | None = None
    since = Instant(0)
    for reading in readings(log, home):
        if not is_activity(reading):
            continue
        first = reading.at if first is None else first
        if where.room is not None and not where.away and SHORTEST_MS <= reading.at - since <= LONGEST_MS:
            kind = "door" if where.doubt else where.kind_of(where.room)
            yield kind, wall.minute_of_day(since) // PART_MINUTES, reading.at - since, (since - first) // DAY_MS
        where.observe(reading.at, (reading,), Watch())
        since = reading.at


def ratios(homes: Sequence[tuple[Home, Path]]) -> tuple[list[int], int]:
    """The ratio that the population exceeds RATES times in 30 days; and how often a silence is beyond 12 h."""
    heard: list[int] = []
    days = beyond = 0
    for home, log in homes:
        where = Whereabouts(home)
        detector, budget = PossibleFall(home, where), Listening(WITHOUT_MODEL)
        detector.wait.floor.budget = budget
        for reading in readings(log, home):
            beyond += budget.days >= WARM_DAYS and _beyond(where, reading.at)
            where.observe(reading.at, (reading,), Watch())
            detector.observe(reading.at, (reading,), Watch())
        heard += budget.levels
        days += max(0, budget.days - WARM_DAYS)
    heard.sort(reverse=True)
    return [heard[min(rate * days // 30_000, len(heard) - 1)] for rate in RATES], beyond * 30_000 // max(days, 1)


def _beyond(where: Whereabouts, now: Instant) -> bool:
    """A silence at home so long that no deadline could have spared the alert."""
    since = where.heard_at
    return since is not None and not where.away and now - since > LONGEST_MS and not outage(since, now)


def prior(homes: Sequence[tuple[Home, Path]]) -> str:
    rows = tails(homes)
    exceeded, beyond = ratios(homes)
    text = [
        HEAD.format(homes=len(homes)),
        _tuple("EDGES_MS: Final = ", EDGES_MS, ""),
        f"ROW_TOTAL: Final = {ROW_TOTAL:_}",
        "TAILS: Final[dict[str, tuple[tuple[int, ...], ...]]] = {",
    ]
    for kind in KINDS:
        text += [f'    "{kind}": (', *(_tuple("        ", row, ",") for row in rows[kind]), "    ),"]
    text += ["}", _tuple("RATES: Final = ", RATES, ""), _tuple("RATIOS: Final = ", exceeded, "")]
    text.append(f"BEYOND: Final = {beyond}")
    return "\n".join(text)


def _tuple(before: str, numbers: Iterable[int], after: str) -> str:
    text = ", ".join(str(number) for number in numbers)
    line = f"{before}({text}){after}"
    if len(line) <= 120:
        return line
    inside = wrap(f"{text},", 118, initial_indent="    ", subsequent_indent="    ")
    return "\n".join([f"{before}(", *inside, f"){after}  # fmt: skip"])
