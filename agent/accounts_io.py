"""Who may log in to a page of ours, who is in, and who failed: in the page's book."""

import secrets
from typing import Final, NamedTuple

from agent.book_io import Book
from agent.nouns import Instant
from agent.passwords import FAILURES_MS, SALT_BYTES, SESSION_MS, Unfit, fit, hashed, token_hash

TOKEN_BYTES: Final = 32
TOUCH_MS: Final = 60_000  # how exactly it is written down when a session was last used


class Session(NamedTuple):
    """Who is logged in, and what each form of theirs must carry."""

    who: str
    csrf: str


class Accounts:
    """``kind``: what whoever has an account is called; so are its table and the session's column. ``unused_ms``: a
    session with which nothing was asked for so long is over. ``by`` is whoever does it, for the audit."""

    def __init__(self, book: Book, kind: str, unused_ms: int) -> None:
        self._book, self._kind, self._unused_ms = book, kind, unused_ms
        self._nobody = hashed(secrets.token_hex(), b"")  # a name that is not known takes as long to refuse

    def add(self, name: str, password: str, now: Instant, by: str) -> None:
        """Unfit as ``made`` and ``put``."""
        secret = self.made(name, password)
        with self._book.writing():
            self.put(name, secret, now, by)

    def made(self, name: str, password: str) -> tuple[bytes, bytes]:
        """Salt and hash of a new password, which takes a while. Unfit if the name or password cannot be one."""
        fit(name, password)
        salt = secrets.token_bytes(SALT_BYTES)
        return salt, hashed(password, salt)

    def put(self, name: str, secret: tuple[bytes, bytes], now: Instant, by: str) -> None:
        """Inside the book's ``writing``. Unfit if there is one of that name."""
        if not self._book.change(f"INSERT OR IGNORE INTO {self._kind} VALUES (?, ?, ?)", name, *secret):
            text = "there is {kind} {name} already; remove that one first"
            raise Unfit("is_there", text, kind=self._a_kind, name=name)
        self._book.note(by, f"added the {self._kind} {name}", now)

    @property
    def _a_kind(self) -> str:
        return f"{'an' if self._kind[0] in 'aeio' else 'a'} {self._kind}"

    def remove(self, name: str, now: Instant, by: str) -> bool:
        """Whether there was one. Whoever is logged in under that name no longer is."""
        with self._book.writing():
            found = self._book.change(f"DELETE FROM {self._kind} WHERE name=?", name) > 0
            self._book.change(f"DELETE FROM session WHERE {self._kind}=?", name)
            if found:
                self._book.note(by, f"removed the {self._kind} {name}", now)
        return found

    def names(self) -> list[str]:
        return [str(name) for (name,) in self._book.ask(f"SELECT name FROM {self._kind} ORDER BY name")]

    def secret(self, name: str) -> tuple[bytes, bytes]:
        """Salt and hash to hold a password against, with ``matches``; nobody's if there is none of that name."""
        row = self._book.one(f"SELECT salt, hash FROM {self._kind} WHERE name=?", name)
        return (b"", self._nobody) if row is None else (row[0], row[1])

    def begin(self, name: str, now: Instant) -> str:
        """A new session of ``name``, whose password was right; returns its token. Those that are over are removed."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        with self._book.writing():
            over = now - SESSION_MS, now - self._unused_ms
            self._book.change("DELETE FROM session WHERE began_ms<? OR used_ms<?", *over)
            values = token_hash(token), name, secrets.token_urlsafe(TOKEN_BYTES), now, now
            self._book.change("INSERT INTO session VALUES (?, ?, ?, ?, ?)", *values)
            self._book.note(name, "logged in", now)
        return token

    def find(self, token: str, now: Instant) -> Session | None:
        key = token_hash(token)
        row = self._book.one(f"SELECT {self._kind}, csrf, began_ms, used_ms FROM session WHERE token=?", key)
        if row is None or now - row[2] >= SESSION_MS or now - row[3] >= self._unused_ms:
            return None
        if now - row[3] < -TOUCH_MS:  # the clock was set back: how long ago it was, nobody knows
            return None
        if now - row[3] >= TOUCH_MS:
            with self._book.writing():
                self._book.change("UPDATE session SET used_ms=? WHERE token=?", now, key)
        return Session(row[0], row[1])

    def end(self, token: str, now: Instant) -> None:
        with self._book.writing():
            key = token_hash(token)
            row = self._book.one(f"SELECT {self._kind} FROM session WHERE token=?", key)
            if row is not None:
                self._book.change("DELETE FROM session WHERE token=?", key)
                self._book.note(row[0], "logged out", now)

    def failed(self, name: str, address: str, now: Instant) -> None:
        """A wrong password; a name that is nobody's is not written down: it may be a password."""
        with self._book.writing():
            known = self._book.one(f"SELECT 1 FROM {self._kind} WHERE name=?", name)
            self._book.note(name if known else "somebody", "gave a wrong name or password", now)
            self._book.change("DELETE FROM failure WHERE abs(at_ms-?)>=?", now, FAILURES_MS)
            self._book.change("INSERT INTO failure VALUES (?, ?, ?)", now, token_hash(name), address)

    def failures(self) -> list[tuple[int, str, str]]:
        """(when, hash of the name, address) of the latest wrong passwords: a page that is started anew knows them."""
        return [(at, who, where) for at, who, where in self._book.ask("SELECT * FROM failure ORDER BY at_ms")]
