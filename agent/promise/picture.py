"""A home's promise as one SVG picture: rooms by hours of the day, the minutes written into each cell.

It stands by itself: no script, no font or address of elsewhere, and everything that it shows it also says in words.
The shade only repeats the number, in steps of one lightness scale that are told apart without colour; a cell that is
not the home's own is not shaded. The picture has its own background, so that it reads the same in print and in a page
that is dark; where the reader's screen is dark, so is it.
"""

from collections.abc import Iterator
from html import escape
from itertools import accumulate
from textwrap import wrap
from typing import Final
from unicodedata import east_asian_width

from agent.promise.waits import HOURS, NO_DEADLINE, Cell, Promised
from agent.promise.words import (
    STARRED,
    basis,
    expectation,
    hhmm,
    minutes,
    name_of,
    next_hour,
    unheard,
    without_deadline,
)

LEFT: Final = 280  # of the first column of cells
TOP: Final = 190  # of the first row
WIDE: Final = 66
HIGH: Final = 64
WIDTH: Final = LEFT + HOURS * WIDE + 30
LINE: Final = 34  # between lines of words
LINE_CHARS: Final = 130  # that fit a line of words
NAME_WIDE: Final = 250  # of a room's name beside its row; the whole of it is in the words of its cells
LETTER_WIDE: Final = {"W": 25, "F": 25}  # of 24 high; others 15, which only a few capitals exceed

# Minutes up to which a shade goes, its colour, and the ink on it: the same on a dark screen.
SHADES: Final = (
    (15, "#fdfcd8", "onlight"),
    (30, "#cdebb5", "onlight"),
    (60, "#7fcdbb", "onlight"),
    (120, "#3fa9c9", "onlight"),
    (240, "#2257a0", "ondark"),
    (720, "#0b1f5c", "ondark"),
)
STYLE: Final = """
.onlight{fill:#101010}.ondark{fill:#ffffff}
.paper{fill:#ffffff}.ink{fill:#1a1a1a}.soft{fill:#444444}.edge{stroke:#8a8a8a}.rule{fill:none;stroke:#6a6a6a}
text{font-family:'DejaVu Sans',Verdana,Arial,sans-serif}
@media screen and (prefers-color-scheme:dark){
.paper{fill:#15181c}.ink{fill:#f2f2f2}.soft{fill:#c4c4c4}.edge{stroke:#9a9a9a}.rule{stroke:#a6a6a6}}
"""


def picture(promised: Promised) -> str:
    """The whole file, as text."""
    rows = len(promised.rooms) + 1
    words = _words(promised)
    below = TOP + rows * HIGH + 20
    height = below + 104 + LINE * len(words)
    title = "When a fall would be reported, by room and hour"
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="group" aria-labelledby="title about" lang="en">',
        f'<title id="title">{title}</title>',
        f'<desc id="about">{escape(" ".join(words))}</desc>',
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{height}"/>',
        _text(28, 58, title, 40, weight="bold"),
        _text(28, 104, "Minutes from the last sign of life until a possible fall is reported:", 24, "soft"),
        _text(28, 136, "large, in half of the cases; small, in nine of ten.", 24, "soft"),
        *(
            _text(LEFT + hour * WIDE + WIDE / 2, TOP - 14, hhmm(hour * 60), 18, "soft", "middle")
            for hour in range(HOURS)
        ),
    ]
    for row, room in enumerate(promised.rooms):
        parts += _row(promised, room, TOP + row * HIGH)
    parts += _share(promised, TOP + (rows - 1) * HIGH)
    parts += _legend(below)
    parts += [
        _text(28, below + 112 + LINE * nth, line, 24, weight="normal" if nth else "bold")
        for nth, line in enumerate(words)
    ]
    return "\n".join([*parts, "</svg>", ""])


def _words(promised: Promised) -> list[str]:
    """What stands below: the sentence first, for that is what somebody wants to know."""
    said = [next_hour(promised), expectation(promised), without_deadline(promised), basis(promised), *unheard(promised)]
    return [line for words in said for line in wrap(words, LINE_CHARS)]


def _row(promised: Promised, room: str, top: float) -> Iterator[str]:
    name = name_of(promised.home, room)
    yield _text(LEFT - 14, top + HIGH / 2 + 8, _short(name), 24, anchor="end")
    for hour, cell in enumerate(promised.rooms[room]):
        left, middle = LEFT + hour * WIDE, LEFT + hour * WIDE + WIDE / 2
        half, most = minutes(cell.median_ms), minutes(cell.nine_in_ten_ms)
        yield f"<g><title>{escape(_told(name, hour, cell))}</title>"
        if cell.own:
            fill, ink = next((fill, ink) for end, fill, ink in SHADES if half <= end)
            yield _box(left, top, "edge", f' fill="{fill}"')
            yield _text(middle, top + 32, str(half), 25, ink, "middle", "bold")
            yield _text(middle, top + 54, str(most), 17, ink, "middle")
        else:
            yield _box(left, top, "rule", ' stroke-dasharray="5 4"')
            yield _text(middle, top + 40, f"{half}*", 23, "soft", "middle")
        yield "</g>"


def _told(name: str, hour: int, cell: Cell) -> str:
    half, most = minutes(cell.median_ms), minutes(cell.nine_in_ten_ms)
    if not cell.own:
        return f"{name}, {_span(hour)}: {half} minutes by the rule without a model"
    return f"{name}, {_span(hour)}: {half} minutes, {most} in nine of ten cases; from {cell.signs} signs of life"


def _span(hour: int) -> str:
    return f"{hhmm(hour * 60)} to {hhmm(hour * 60 + 60)}"


def _share(promised: Promised, top: float) -> Iterator[str]:
    """The last row: how much of each hour nothing was waited for."""
    yield _text(LEFT - 14, top + HIGH / 2 + 8, "no deadline", 22, "soft", "end")
    for hour in range(HOURS):
        share = round(sum(promised.without_permille(state, hour) for state in NO_DEADLINE) / 10)
        yield f"<g><title>{_span(hour)}: away, not watched or paused in {share} % of the time</title>"
        yield _text(LEFT + hour * WIDE + WIDE / 2, top + HIGH / 2 + 7, f"{share} %", 18, "soft", "middle") + "</g>"


def _legend(top: float) -> Iterator[str]:
    left, before = 28, 0
    for end, fill, _ in SHADES:
        words = f"up to {end} min" if not before else f"{before} to {end}"
        yield f'<rect class="edge" x="{left}" y="{top}" width="34" height="26" fill="{fill}"/>'
        yield _text(left + 44, top + 21, words, 22)
        left, before = left + (210 if end == SHADES[0][0] else 190), end
    yield f'<rect class="rule" x="28" y="{top + 36}" width="34" height="26" stroke-dasharray="5 4"/>'
    yield _text(72, top + 57, STARRED, 22)


def _short(name: str) -> str:
    """As much of a name as fits."""
    ends = list(accumulate(LETTER_WIDE.get(east_asian_width(letter), 15) for letter in name))
    if ends[-1] <= NAME_WIDE:
        return name
    return name[: sum(end <= NAME_WIDE - 20 for end in ends)].rstrip() + "…"


def _box(left: float, top: float, kind: str, more: str) -> str:
    return f'<rect class="{kind}" x="{left + 1}" y="{top + 1}" width="{WIDE - 2}" height="{HIGH - 2}"{more}/>'


def _text(
    x: float, y: float, words: str, size: int, kind: str = "ink", anchor: str = "start", weight: str = "normal"
) -> str:
    where = f'x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}" font-weight="{weight}"'
    return f'<text class="{kind}" {where}>{escape(words)}</text>'
