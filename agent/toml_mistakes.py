"""Reading home.toml and hub.toml: what a value must look like, and every mistake at once with its line.

A ``Form`` says in words what is expected and reads it; a ``Table`` hands out values by form and remembers which keys
were asked for, so that what is left over is a misspelt key. A value that is wrong is noted and replaced by a
harmless blank, so that reading goes on to the next mistake; nothing with a blank in it leaves ``Document.close``.
tomllib tells no line of a key; toml_lines.py finds it.
"""

import difflib
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Generic, NamedTuple, NoReturn, TypeVar

from agent.toml_lines import Path, line_of, lines_of

T = TypeVar("T")
D = TypeVar("D")

MAX_TEXT_BYTES: Final = 256 * 1024  # a longer file is refused unread
MAX_LINE_CHARS: Final = 1_000  # a longer line is refused unread: tomllib takes quadratic time for a.a.a.a...
MAX_MISTAKES: Final = 100  # more are not looked for; the last line says so
MAX_SHOWN_CHARS: Final = 60  # of a wrong value, in a message


class Mistake(NamedTuple):
    """``line`` counts from 1, and so does ``sensor[2]`` in ``key``; key is empty where no key is to blame."""

    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.key + ': ' if self.key else ''}{self.message}"


class BadToml(Exception):
    """The file is wrong: all that is wrong with it, in order of lines."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """What a value must look like. ``read`` gives None for what is not of this form."""

    expected: str
    blank: T
    read: Callable[[object], T | None]
    known: Callable[[], tuple[str, ...]] = tuple  # words to guess from, asked for only after a mistake


def matching(pattern: str, expected: str) -> Form[str]:
    whole_text = re.compile(pattern)
    return Form(expected, "", lambda v: v if isinstance(v, str) and whole_text.fullmatch(v) else None)


def one_of(*words: str) -> Form[str]:
    expected = f"one of {', '.join(words)}"
    return Form(expected, "", lambda v: v if isinstance(v, str) and v in words else None, lambda: words)


def whole(low: int, high: int) -> Form[int]:
    return Form(
        f"a whole number from {low} to {high}", low, lambda v: v if type(v) is int and low <= v <= high else None
    )


def number(low: float, high: float) -> Form[float]:
    def read(value: object) -> float | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return float(value) if low <= value <= high else None

    return Form(f"a number from {low:g} to {high:g}", low, read)


FLAG: Final = Form("true or false", False, lambda v: v if isinstance(v, bool) else None)
_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def _minutes(value: object) -> int | None:
    found = _TIME_OF_DAY.fullmatch(value) if isinstance(value, str) else None
    return int(found[1]) * 60 + int(found[2]) if found else None


TIME_OF_DAY: Final = Form('a time of day from "00:00" to "23:59"', 0, _minutes)


def _window(value: object) -> tuple[int, int] | None:
    if not isinstance(value, list) or len(value) != 2:
        return None
    start, end = _minutes(value[0]), _minutes(value[1])
    return None if start is None or end is None or start == end else (start, end)


WINDOW: Final = Form('two different times of day, such as ["22:30", "06:30"]', (0, 1), _window)


def shown(value: object) -> str:
    """A wrong value as the message quotes it: short, on one line, whatever it is."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
        return text if len(text) <= MAX_SHOWN_CHARS else text[: MAX_SHOWN_CHARS - 3] + "..."
    if isinstance(value, list):
        return f"[{', '.join(shown(item) for item in value)}]" if _is_short(value) else "a list"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_short(items: list[object]) -> bool:
    return len(items) <= 4 and not any(isinstance(item, list | dict) for item in items)


def nearest(word: object, known: tuple[str, ...]) -> str:
    """'; did you mean ...?', or nothing."""
    if not isinstance(word, str) or len(word) > MAX_SHOWN_CHARS:
        return ""
    folded = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), folded, n=1)
    return f"; did you mean {folded[found[0]]!r}?" if found else ""


@dataclass(slots=True, eq=False)
class Table:
    """One table of the document. Keys count as known once they are asked for."""

    document: "Document"
    path: Path
    values: dict[str, Any]
    asked: list[str] = field(default_factory=list)

    def need(self, key: str, form: Form[T]) -> T:
        """The value; missing is a mistake."""
        if key not in self.values:
            self.asked.append(key)
            self.wrong(f"is missing; expected {form.expected}", key, at=self.path)
            return form.blank
        return self.get(key, form, form.blank)

    def get(self, key: str, form: Form[T], default: D) -> T | D:
        """The value, or ``default`` where the key is absent."""
        self.asked.append(key)
        if key not in self.values:
            return default
        value = self.values[key]
        found = form.read(value)
        if found is None:
            guess = nearest(value, form.known())
            self.wrong(f"expected {form.expected}, not {shown(value)}{guess}", key)
            return form.blank
        return found

    def has(self, key: str) -> bool:
        return key in self.values

    def table(self, key: str) -> "Table":
        """The table ``key``, empty where it is absent or something else (a mistake)."""
        self.asked.append(key)
        values = self.values.get(key, {})
        if not isinstance(values, dict):
            self.wrong(f"expected one table [{key}], not {shown(values)}", key)
            values = {}
        return self.document.open((*self.path, key), values)

    def tables(self, key: str, most: int) -> list["Table"]:
        """Each [[key]] of an array of tables; more than ``most`` is a mistake and the rest is not read."""
        self.asked.append(key)
        found = self.values.get(key, [])
        if not isinstance(found, list) or not all(isinstance(values, dict) for values in found):
            self.wrong(f"expected [[{key}]], once for each {key}, not {shown(found)}", key)
            return []
        if len(found) > most:
            self.wrong(f"{len(found)} are too many; at most {most} are read", key)
        return [self.document.open((*self.path, key, i), values) for i, values in enumerate(found[:most])]

    def table_or_tables(self, key: str, most: int) -> list["Table"]:
        """[key] where there is one, [[key]] where there may be more."""
        return [self.table(key)] if isinstance(self.values.get(key), dict) else self.tables(key, most)

    def reserve(self, key: str) -> None:
        """``key`` is known, whatever it holds."""
        self.asked.append(key)

    def wrong(self, message: str, key: str = "", *, at: Path | None = None) -> None:
        path = (*self.path, key) if key else self.path
        self.document.note(path if at is None else at, _spelt(path), message)

    def line(self, key: str) -> int:
        return self.document.line((*self.path, key))


class Document:
    """A TOML text being read, and what is wrong with it so far."""

    def __init__(self, text: str | bytes, bad: type[BadToml]) -> None:
        """Raises ``bad`` at once for what is no TOML or breaks a bound: then nothing else can be said of it."""
        self._bad = bad
        self._mistakes: list[Mistake] = []
        self._tables: list[Table] = []
        self.text = self._decoded(text)
        values = self._parsed()
        self._lines = lines_of(self.text)
        self.root = self.open((), values)

    def open(self, path: Path, values: dict[str, Any]) -> Table:
        self._tables.append(Table(self, path, values))
        return self._tables[-1]

    def line(self, path: Path) -> int:
        return line_of(path, self._lines)

    def note(self, path: Path, key: str, message: str) -> None:
        if len(self._mistakes) < MAX_MISTAKES:
            self._mistakes.append(Mistake(self.line(path), key, message))

    def close(self) -> None:
        """Raises with every mistake there was, keys that nobody asked for among them."""
        for table, key in self._left_over():
            known = tuple(table.asked)
            table.wrong(f"unknown key; known here: {', '.join(known) or 'none'}{nearest(key, known)}", key)
        if self._mistakes:
            found = sorted(self._mistakes)
            if len(found) == MAX_MISTAKES:
                found.append(Mistake(found[-1].line, "", "there may be more; mend these first"))
            raise self._bad(tuple(found))

    def _left_over(self) -> Iterator[tuple[Table, str]]:
        for table in self._tables:
            for key in table.values:
                if len(self._mistakes) == MAX_MISTAKES:
                    return
                if key not in table.asked:
                    yield table, key

    def _decoded(self, text: str | bytes) -> str:
        try:
            data = text.encode() if isinstance(text, str) else text
            if len(data) > MAX_TEXT_BYTES:
                self._refuse(1, f"the file is {len(data)} bytes long; at most {MAX_TEXT_BYTES} are read")
            decoded = data.decode().removeprefix("\ufeff")
        except UnicodeError as error:
            before = error.object[: error.start] if isinstance(error, UnicodeDecodeError) else b""
            self._refuse(1 + before.count(b"\n"), "this is not UTF-8 text")
        for count, line in enumerate(decoded.split("\n"), start=1):
            if len(line) > MAX_LINE_CHARS:
                self._refuse(count, f"the line is {len(line)} characters long; at most {MAX_LINE_CHARS} are read")
        return decoded

    def _parsed(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self.text)
        except RecursionError:
            self._refuse(1, "lists or tables are nested too deeply")
        except ValueError as error:  # TOMLDecodeError, and what int() or datetime() refuse
            message = str(error)
            found = re.search(r" \(at line (\d+), column (\d+)\)", message)
            line = int(found[1]) if found else max(1, self.text.rstrip("\n").count("\n") + 1)
            self._refuse(line, f"this is not TOML: {re.sub(r' .at .*', '', message, flags=re.DOTALL)}")

    def _refuse(self, line: int, message: str) -> NoReturn:
        raise self._bad((Mistake(line, "", message),))


def _spelt(path: Path) -> str:
    """("sensor", 1, "room") as people write it: sensor[2].room."""
    spelt = ""
    for part in path:
        if isinstance(part, int):
            spelt += f"[{part + 1}]"
        else:
            name = part if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", part) else shown(part)
            spelt += f".{name}" if spelt else name
    return spelt
