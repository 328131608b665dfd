"""On which line each key of a TOML text stands; tomllib does not tell.

The text is known to be valid TOML, so this is no parser: it walks from one key or header to the next, over strings,
lists and inline tables. Keys inside an inline table are not found; they are where their table is.
"""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_HEADER = re.compile(r"\[\[?(?:\"(?:\\.|[^\"\\])*\"|'[^']*'|[^\"'\]])*\]\]?")
_KEY = re.compile(r"((?:\"(?:\\.|[^\"\\])*\"|'[^']*'|[^\"'=])+)=")
# A piece of a value: a string (the long kinds first), a comment, a bracket, the end of the line, or anything else.
_PIECE = re.compile(
    r'"""(?:\\.|[^\\])*?"""+|\'\'\'.*?\'\'\'+|"(?:\\.|[^"\\])*"|\'[^\']*\'|#[^\n]*|[\[\]{}\n]|[^"\'#\[\]{}\n]+',
    re.DOTALL,
)


def lines_of(text: str) -> Mapping[Path, int]:
    """Every header and key by its path; an element of an array of tables has its index from 0 in the path."""
    lines: dict[Path, int] = {(): 1}
    counts: dict[Path, int] = {}
    table: Path = ()
    line, at = 1, 0

    def move(end: int) -> None:
        nonlocal line, at
        line += text.count("\n", at, end)
        at = end

    while True:
        blank = _BLANK.match(text, at)
        move(blank.end() if blank else at)
        found = (_HEADER if text.startswith("[", at) else _KEY).match(text, at)
        if not found:
            return lines
        if text[at] == "[":
            table = _placed(found[0], counts)
            for depth in range(1, len(table) + 1):
                lines.setdefault(table[:depth], line)
            move(found.end())
        else:
            path = table
            for part in _names(found[0] + "0"):
                path = (*path, part)
                lines.setdefault(path, line)
            move(_end_of_value(text, found.end()))


def line_of(path: Path, lines: Mapping[Path, int]) -> int:
    """The line of ``path``, or of the nearest thing around it that has one."""
    while path not in lines:
        path = path[:-1]
    return lines[path]


def _names(toml: str) -> list[str]:
    """The parts of a dotted key or header, unquoted by tomllib itself."""
    names: list[str] = []
    found: Any = tomllib.loads(toml)
    while found and isinstance(found, dict | list):
        if isinstance(found, dict):
            names.append(next(iter(found)))
            found = found[names[-1]]
        else:
            found = found[0]
    return names


def _placed(header: str, counts: dict[Path, int]) -> Path:
    """The path of a header, with the index of the newest element of each array of tables on the way."""
    names = _names(header)
    path: Path = ()
    for depth, name in enumerate(names, start=1):
        path = (*path, name)
        if depth == len(names) and header.startswith("[["):
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _end_of_value(text: str, at: int) -> int:
    """Where the line ends on which the value that starts at ``at`` is complete."""
    depth = 0
    while piece := _PIECE.match(text, at):
        if piece[0] == "\n" and depth == 0:
            break
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(piece[0], 0)
        at = piece.end()
    return at
