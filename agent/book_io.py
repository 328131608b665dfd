"""A book: one SQLite file, written whole or not at all, copied, and its audit, to which lines are only added.

The centre keeps one, and the page of a hub another.
"""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from agent.database_io import with_log
from agent.nouns import Instant, Refused
from agent.owner_io import given

BUSY_S: Final = 10.0  # somebody else writes; for longer, and the file is not to be used


class Fault(Refused):
    """The file cannot be used; the message says which and why."""


class Book:
    """``schema``: its tables besides those that every book has (book.sql). ``shared``: more than one thread uses it,
    one at a time."""

    def __init__(self, path: str, schema: str, may_make: bool = True, shared: bool = False) -> None:
        self.path = path
        mode = "rwc" if may_make else "rw"
        try:
            if may_make:  # it holds what passwords come to: for its owner alone
                _make(path)
            self._db = sqlite3.connect(
                f"file:{path.replace('%', '%25').replace('?', '%3f').replace('#', '%23')}?mode={mode}",
                uri=True, isolation_level=None, timeout=BUSY_S, check_same_thread=not shared,
            )  # fmt: skip
            with_log(self._db, BUSY_S)
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(files("agent").joinpath("book.sql").read_text() + schema)
        except (sqlite3.Error, OSError) as error:
            raise Fault(f"{path}: cannot be used: {error}") from error

    def close(self) -> None:
        self._db.close()

    def copy(self, path: str) -> None:
        """A copy of all as it is now, whole or not at all. Fault if there is such a file, or it cannot be made."""
        half = f"{path}.half"
        try:
            if os.path.lexists(path):
                raise FileExistsError(f"{path}: is there already; a copy takes no file's place")
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            os.close(os.open(half, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
            self._db.execute("VACUUM INTO ?", (half,))
            with open(half, "rb") as file:
                os.fsync(file.fileno())
            os.rename(half, path)
        except (sqlite3.Error, OSError) as error:
            raise Fault(f"no copy was made: {error}") from error

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All of it or nothing, and on the disk in the end. Fault if the file fails us."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            with self._db:
                yield
        except sqlite3.Error as error:
            raise Fault(f"{self.path}: cannot be written: {error}") from error

    def ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise Fault(f"{self.path}: cannot be used: {error}") from error

    def one(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        return next(iter(self.ask(sql, *values)), None)

    def change(self, sql: str, *values: Any) -> int:
        """How many rows it changed."""
        return self._db.execute(sql, values).rowcount

    # -- the audit -----------------------------------------------------------------------------------------------------

    def note(self, who: str, what: str, at: Instant, hub: str | None = None, incident: str | None = None) -> None:
        """A line of the audit, within ``writing``."""
        last = self.one("SELECT chain FROM audit ORDER BY id DESC LIMIT 1")
        chain = _link("" if last is None else last[0], at, who, what, hub, incident)
        self.change(
            "INSERT INTO audit (at_ms, who, what, hub, incident, chain) VALUES (?, ?, ?, ?, ?, ?)",
            at, who, what, hub, incident, chain,
        )  # fmt: skip

    def first_broken(self) -> int | None:
        """The first line of the audit that is not as it was written, or follows on one that was taken out."""
        before, expected = "", 1
        for id, at, who, what, hub, incident, chain in self.ask("SELECT * FROM audit ORDER BY id"):
            if id != expected or chain != _link(before, at, who, what, hub, incident):
                return expected
            before, expected = chain, expected + 1
        return None


def _link(before: str, *line: object) -> str:
    return sha256(f"{before}{json.dumps(line)}".encode()).hexdigest()


def _make(path: str) -> None:
    """An empty file where there is none. One that is there is not touched: to close it would drop the locks that this
    whole process holds on it, the page's or the receiver's, and the next to leave would take its log away."""
    with suppress(FileExistsError):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            given(handle, os.path.dirname(path) or ".")
        finally:
            os.close(handle)
