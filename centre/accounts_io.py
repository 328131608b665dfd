"""Operators and their sessions, in the centre's file."""

import secrets
from typing import Final, NamedTuple

from agent.nouns import Instant
from centre.operators import SALT_BYTES, SESSION_MS, UNUSED_MS, Unfit, fit, hashed, token_hash
from centre.store_io import Store

TOKEN_BYTES: Final = 32
TOUCH_MS: Final = 60_000  # how exactly it is written down when a session was last used


class Session(NamedTuple):
    """Who is logged in, and what each form of theirs must carry."""

    operator: str
    csrf: str


class Accounts:
    """``by`` is whoever does it, for the audit."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._nobody = hashed(secrets.token_hex(), b"")  # a name that is not known takes as long to refuse

    def add(self, name: str, password: str, now: Instant, by: str) -> None:
        """Unfit if there is one of that name, or the name or password cannot be one."""
        fit(name, password)
        salt = secrets.token_bytes(SALT_BYTES)
        kept = hashed(password, salt)
        with self._store.writing():
            if not self._store.change("INSERT OR IGNORE INTO operator VALUES (?, ?, ?)", name, salt, kept):
                raise Unfit(f"there is an operator {name} already; remove that one first")
            self._store.note(by, f"added the operator {name}", now)

    def remove(self, name: str, now: Instant, by: str) -> bool:
        """Whether there was one. Whoever is logged in under that name no longer is."""
        with self._store.writing():
            found = self._store.change("DELETE FROM operator WHERE name=?", name) > 0
            self._store.change("DELETE FROM session WHERE operator=?", name)
            if found:
                self._store.note(by, f"removed the operator {name}", now)
        return found

    def names(self) -> list[str]:
        return [str(name) for (name,) in self._store.ask("SELECT name FROM operator ORDER BY name")]

    def secret(self, name: str) -> tuple[bytes, bytes]:
        """Salt and hash to hold a password against, with ``matches``; nobody's if there is no such operator."""
        row = self._store.one("SELECT salt, hash FROM operator WHERE name=?", name)
        return (b"", self._nobody) if row is None else (row[0], row[1])

    def begin(self, name: str, now: Instant) -> str:
        """A new session of ``name``, whose password was right; returns its token. Those that are over are removed."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        with self._store.writing():
            over = now - SESSION_MS, now - UNUSED_MS
            self._store.change("DELETE FROM session WHERE began_ms<? OR used_ms<?", *over)
            values = token_hash(token), name, secrets.token_urlsafe(TOKEN_BYTES), now, now
            self._store.change("INSERT INTO session VALUES (?, ?, ?, ?, ?)", *values)
            self._store.note(name, "logged in", now)
        return token

    def find(self, token: str, now: Instant) -> Session | None:
        key = token_hash(token)
        row = self._store.one("SELECT operator, csrf, began_ms, used_ms FROM session WHERE token=?", key)
        if row is None or now - row[2] >= SESSION_MS or now - row[3] >= UNUSED_MS:
            return None
        if now - row[3] >= TOUCH_MS:
            with self._store.writing():
                self._store.change("UPDATE session SET used_ms=? WHERE token=?", now, key)
        return Session(row[0], row[1])

    def end(self, token: str, now: Instant) -> None:
        with self._store.writing():
            key = token_hash(token)
            row = self._store.one("SELECT operator FROM session WHERE token=?", key)
            if row is not None:
                self._store.change("DELETE FROM session WHERE token=?", key)
                self._store.note(row[0], "logged out", now)

    def failed(self, name: str, now: Instant) -> None:
        """A wrong password; a name that is no operator's is not written down: it may be a password."""
        with self._store.writing():
            known = name if self._store.one("SELECT 1 FROM operator WHERE name=?", name) else "somebody"
            self._store.note(known, "gave a wrong name or password", now)
