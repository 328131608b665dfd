"""Plain data as TOML text that reads back as the same data, whatever stands in it."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
# Of a string in quotes: what would end it, what TOML forbids in it, and what turns the text around it.
_ESCAPED: Final = re.compile('[\x00-\x1f"\\\\\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]')
_SHORT: Final = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def value(what: Any) -> str:
    """A string, bool, number or list of them. ValueError for what TOML cannot say, which includes a lone surrogate."""
    if isinstance(what, bool):
        return str(what).lower()
    if isinstance(what, str):
        if any("\ud800" <= letter <= "\udfff" for letter in what):
            raise ValueError("half a character")
        return '"' + _ESCAPED.sub(lambda found: _SHORT.get(found[0]) or f"\\u{ord(found[0]):04X}", what) + '"'
    if isinstance(what, int):
        return str(what)
    if isinstance(what, float):
        return json.dumps(what) if what == what and abs(what) != float("inf") else str(what)
    if isinstance(what, list | tuple):
        return "[" + ", ".join(value(each) for each in what) + "]"
    raise ValueError(f"{type(what).__name__} in TOML")


def key(word: str) -> str:
    return word if _BARE.fullmatch(word) else value(word)


def lines(table: Mapping[str, Any], comments: Mapping[str, str] | None = None) -> list[str]:
    """The keys of one table, each with its comment; what is None is not there."""
    found = []
    for word, what in table.items():
        if what is not None:
            said = f"{key(word)} = {value(what)}"
            about = (comments or {}).get(word)
            found.append(f"{said:38} # {about}" if about else said)
    return found


def text(data: Mapping[str, Any]) -> str:
    """Tables of values, and lists of such tables: the shape of an answers file. ValueError for any other."""
    parts = [f"{key(word)} = []" for word, what in data.items() if what == []]  # said to be none; before any table
    for word, what in data.items():
        if isinstance(what, Mapping):
            parts += [f"[{key(word)}]", *lines(what), ""]
        elif isinstance(what, Sequence) and not isinstance(what, str) and all(isinstance(one, Mapping) for one in what):
            for one in what:
                parts += [f"[[{key(word)}]]", *lines(one), ""]
        else:
            raise ValueError(f"{word} is neither a table nor a list of tables")
    return "\n".join(parts)
