"""Small pictures of some days side by side: each figure against what is usual, and the nights one under the other."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final, NamedTuple

from agent.summary.day import Day, Figure
from agent.summary.sentences import DARK_TOLD_MS
from agent.summary.spans import Span, clipped
from agent.summary.view import Row, strip
from agent.summary.words import Words

WIDTH, HEIGHT, EDGE = 320, 72, 6
RADIUS: Final = "4.5"
OF_A_PART: Final = "2.5"  # of a dot of which a part of its day was not observed, or is still to come


class Dot(NamedTuple):
    """``odd``: it is out of what is usual."""

    x: str
    y: str
    r: str
    odd: bool


class Band(NamedTuple):
    x: str
    y: str
    width: str
    height: str


class Cell(NamedTuple):
    number: int
    value: str
    compared: str


class Trend(NamedTuple):
    """One figure over some days; ``says`` is the picture in words, ``high`` and ``low`` are its upper and lower end,
    alike where it has one height."""

    name: str
    says: str
    high: str
    low: str
    dots: tuple[Dot, ...]
    bands: tuple[Band, ...]
    cells: tuple[Cell, ...]


def unwatched(days: Sequence[Day], words: Words) -> list[str]:
    """What of these days could not be seen: it is told before anything else."""
    found, site = [], words.table("site")
    for day in days:
        date, dark = words.short_date(day.number), clipped(day.dark, Span(day.since, day.until))
        if any(span.until - span.since >= DARK_TOLD_MS for span in dark):
            found.append(site["unwatched"].format(date=date, percent=day.observed_permille // 10))
        if day.unseen_rooms:
            rooms = ", ".join(day.names[room] for room in day.unseen_rooms)
            found.append(site["unbelieved"].format(date=date, rooms=rooms))
    return found


def trends(days: Sequence[Day], words: Words) -> list[Trend]:
    """A trend for each figure that was measured on one of the days at least."""
    return [_trend(name, days, words) for name in _shown(days) if _measured(name, days)]


def unmeasured(days: Sequence[Day], words: Words) -> list[str]:
    """The names of the others that may be shown."""
    return [words.table("figure")[name] for name in _shown(days) if not _measured(name, days)]


def _shown(days: Sequence[Day]) -> list[str]:
    names = days[0].figures if days else ()
    hidden = days[0].bathroom_hidden if days else False
    return [name for name in names if not (hidden and name.startswith("bathroom"))]


def _measured(name: str, days: Sequence[Day]) -> bool:
    return any(day.figures[name].value is not None for day in days)


def _trend(name: str, days: Sequence[Day], words: Words) -> Trend:
    found = [day.figures[name] for day in days]
    values = [one.value for one in found if one.value is not None]
    values += [edge for one in found if one.as_usual is not None for edge in one.as_usual]
    low, high = min(values), max(values)
    step = (WIDTH - 2 * EDGE) / max(1, len(days))
    dots = []
    for place, one in enumerate(found):
        if one.value is not None:
            y, r = _height(one.value, low, high), OF_A_PART if _of_a_part(one) else RADIUS
            left = EDGE + (place + 0.5) * step
            dots.append(Dot(f"{left:.1f}", f"{y:.1f}", r, one.compared() in ("less", "more")))
    bands, place = [], 0
    for usual, alike in groupby(found, key=lambda one: one.as_usual):
        count = len(list(alike))
        if usual is not None:
            under, over = (_height(edge, low, high) for edge in usual)
            left, width, height = EDGE + place * step, count * step, under - over + 4
            bands.append(Band(f"{left:.1f}", f"{over - 2:.1f}", f"{width:.1f}", f"{height:.1f}"))
        place += count
    cells = tuple(Cell(day.number, _value(one, day, words), _compared(one, words)) for day, one in _by_day(name, days))
    top, bottom = (words.amount(found[0].form, value, days[0]) for value in (high, low))
    title, says = words.table("figure")[name], _says(name, days, words)
    return Trend(title, says, top, bottom, tuple(dots), tuple(bands), cells)


def _by_day(name: str, days: Sequence[Day]) -> list[tuple[Day, Figure]]:
    return [(day, day.figures[name]) for day in days]


def _height(value: int, low: int, high: int) -> float:
    """From the top; the highest value is highest."""
    if high == low:
        return HEIGHT / 2
    return EDGE + (high - value) * (HEIGHT - 2 * EDGE) / (high - low)


def _of_a_part(figure: Figure) -> bool:
    """A time is one, whatever else was not observed; how much or how often is not."""
    return not figure.whole or (figure.form != "time" and figure.partly != "whole")


def _value(figure: Figure, day: Day, words: Words) -> str:
    """How much it was of the part of a day is said to be that, none or not."""
    told = words.figure(figure, day)
    return told + words.table("partly")[figure.partly] if figure.value and figure.form != "time" else told


def _compared(figure: Figure, words: Words) -> str:
    compared = figure.compared()
    if compared in ("", "usual"):
        return ""
    return words.table("site")[f"{compared}_{figure.form}"]


def _says(name: str, days: Sequence[Day], words: Words) -> str:
    """From the least to the most, what is usual at last, how many days were not as usual, and of how many only a part
    is known; a day that is not over is held against nothing, although what is usual may be known."""
    site, found = words.table("site"), _by_day(name, days)
    known = sorted(((one.value, _value(one, day, words)) for day, one in found if one.value is not None), key=_amount)
    (_, low), (_, high) = known[0], known[-1]
    says = [site["trend" if low != high else "trend_same"].format(count=len(known), low=low, high=high)]
    usual = [words.usual(one, day) for day, one in found if one.usual is not None]
    says += [site["trend_band"].format(usual=usual[-1])] if usual else []
    compared = [one.compared() for _, one in found]
    odd = len(compared) - compared.count("usual") - compared.count("")
    key = "trend_usual" if any(compared) else "trend_open" if usual else "trend_unknown"
    says.append(site["trend_odd"].format(count=odd) if odd else site[key])
    part = sum(one.value is not None and _of_a_part(one) for _, one in found)
    says += [site["trend_part"].format(count=part)] if part and key != "trend_open" else []
    return " ".join(says)


def _amount(known: tuple[int, str]) -> int:
    return known[0]


def nights(days: Sequence[Day], words: Words) -> list[Row]:
    """The nights of these days, as a day's own strip has them."""
    if not days:
        return []
    rows = strip(days[-1], words)
    return rows[-len(days) :] if rows else []
