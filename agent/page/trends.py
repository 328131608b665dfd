"""Small pictures of some days side by side: each figure against what is usual, and the nights one under the other."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from agent.summary.day import Day, Figure
from agent.summary.view import Row, strip
from agent.summary.words import Words

WIDTH, HEIGHT, EDGE = 320, 72, 6
EMPTY: Final = "–"


class Dot(NamedTuple):
    """``compared``: usual, less, more; "" where nothing is claimed."""

    x: str
    y: str
    compared: str


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
    """One figure over some days; ``says`` is the picture in words."""

    name: str
    says: str
    dots: tuple[Dot, ...]
    bands: tuple[Band, ...]
    cells: tuple[Cell, ...]


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
    values += [edge for one in found if one.usual is not None for edge in one.usual]
    low, high = min(values), max(values)
    step = (WIDTH - 2 * EDGE) / max(1, len(days))
    dots, bands = [], []
    for place, one in enumerate(found):
        left = EDGE + place * step
        if one.usual is not None:
            top, bottom = _height(one.usual[1], low, high), _height(one.usual[0], low, high)
            bands.append(Band(f"{left:.1f}", f"{top - 2:.1f}", f"{step:.1f}", f"{bottom - top + 4:.1f}"))
        if one.value is not None:
            dots.append(Dot(f"{left + step / 2:.1f}", f"{_height(one.value, low, high):.1f}", one.compared()))
    cells = tuple(
        Cell(day.number, words.figure(one, day), _compared(one, words)) for day, one in zip(days, found, strict=True)
    )
    title = words.table("figure")[name]
    return Trend(title, _says(title, found, days, words), tuple(dots), tuple(bands), cells)


def _height(value: int, low: int, high: int) -> float:
    """From the top; the highest value is highest."""
    if high == low:
        return HEIGHT / 2
    return EDGE + (high - value) * (HEIGHT - 2 * EDGE) / (high - low)


def _compared(figure: Figure, words: Words) -> str:
    compared = figure.compared()
    if compared in ("", "usual"):
        return ""
    return words.table("site")[f"{compared}_{figure.form}"]


def _says(title: str, found: Sequence[Figure], days: Sequence[Day], words: Words) -> str:
    """From the least to the most, and how many days were not as usual; a day that is not over is held against nothing,
    although what is usual may be known."""
    site = words.table("site")
    known = [(one.value, one, day) for one, day in zip(found, days, strict=True) if one.value is not None]
    least, most = min(known, key=lambda one: one[0]), max(known, key=lambda one: one[0])
    compared = [one.compared() for one in found]
    odd = len(compared) - compared.count("usual") - compared.count("")
    key = "trend_usual" if any(compared) else "trend_open" if any(one.usual for one in found) else "trend_unknown"
    after = site["trend_odd"].format(count=odd) if odd else site[key]
    low, high = words.figure(*least[1:]), words.figure(*most[1:])
    says = site["trend" if low != high else "trend_same"].format(name=title, count=len(known), low=low, high=high)
    return f"{says} {after}"


def nights(days: Sequence[Day], words: Words) -> list[Row]:
    """The nights of these days, as a day's own strip has them."""
    if not days:
        return []
    rows = strip(days[-1], words)
    return rows[-len(days) :] if rows else []
