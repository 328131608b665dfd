"""One thing that was looked at, and what all of them come to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from textwrap import wrap
from typing import Final

from agent.doctor.words import CHECKS

WIDE: Final = 80  # columns; a narrower terminal gets what it has
NARROW: Final = 32  # a narrower one is taken for this wide
MARKS: Final[dict[bool | None, str]] = {True: "ok", False: "BAD", None: "?"}
COLOURS: Final[dict[bool | None, str]] = {True: "\x1b[32m", False: "\x1b[1;31m", None: "\x1b[33m"}
PLAIN: Final = "\x1b[0m"
_RANK: Final = {name: rank for rank, name in enumerate(CHECKS)}


@dataclass(frozen=True, slots=True)
class Check:
    """``name`` and ``code`` are two of ``CHECKS``; ``about``: which of several (a sensor, a board, a centre).

    ``found`` is for people, and may hold names of this home. ``figures`` are whole numbers with their unit in their
    name, none of them a reading or a time: they may leave the house with a support bundle.
    """

    name: str
    code: str
    found: str
    about: str = ""
    do: str = ""  # instead of what stands in CHECKS
    figures: Mapping[str, int] = field(default_factory=dict)

    @property
    def good(self) -> bool | None:
        return CHECKS[self.name][self.code].good

    @property
    def why(self) -> str:
        return CHECKS[self.name][self.code].why

    @property
    def what_to_do(self) -> str:
        return self.do or CHECKS[self.name][self.code].do

    @property
    def title(self) -> str:
        return f"{self.name} {self.about}" if self.about else self.name


def worst_first(checks: Iterable[Check]) -> list[Check]:
    """Those that are wrong."""
    return sorted((check for check in checks if check.good is False), key=lambda check: _RANK[check.name])


def plain(checks: Iterable[Check]) -> list[dict[str, object]]:
    """For programs: the same names, codes and keys in every release."""
    return [
        {
            "name": check.name,
            "about": check.about or None,
            "good": check.good,
            "code": check.code,
            "found": check.found,
            "why": check.why or None,
            "do": check.what_to_do or None,
            "figures": dict(check.figures),
        }
        for check in checks
    ]


def lines(checks: Iterable[Check], width: int = WIDE, colours: bool = False) -> list[str]:
    """For people: what is well, what one should know, what is wrong, and the worst of it in the last line."""
    checks = list(checks)
    wrong = worst_first(checks)
    width = max(NARROW, min(WIDE, width))
    shown: list[str] = []
    for some in ([c for c in checks if c.good], [c for c in checks if c.good is None], wrong):
        for _, alike in groupby(some, lambda check: (check.name, check.code, check.do)):
            shown += _alike(list(alike), width, colours)
    if not wrong:
        return [*shown, "Nothing is wrong."]
    words = "1 thing is wrong" if len(wrong) == 1 else f"{len(wrong)} things are wrong; the first"
    return [*shown, *wrap(_printable(f"{words}: {wrong[0].title}: {wrong[0].found}"), width, break_on_hyphens=False)]


def _alike(checks: Sequence[Check], width: int, colours: bool) -> list[str]:
    """Several of one finding share its reason."""
    mark = f"{MARKS[checks[0].good]:<4}"
    said: list[str] = []
    for check in checks:
        some = wrap(
            _printable(f"{mark}{check.title}: {check.found}"), width, subsequent_indent="    ", break_on_hyphens=False
        )
        some[0] = f"{COLOURS[check.good]}{mark}{PLAIN}{some[0][len(mark) :]}" if colours else some[0]
        said += some
    for word, text in (("why: ", checks[0].why), ("do:  ", checks[0].what_to_do)):
        if text:
            said += wrap(_printable(f"    {word}{text}"), width, subsequent_indent=" " * 9, break_on_hyphens=False)
    return said


def _printable(text: str) -> str:
    """What a broker or a file said must not steer a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
