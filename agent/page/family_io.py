"""Who may look at this home: members of the family, how they are invited, and who of them looked at what."""

import secrets
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

from agent.accounts_io import Accounts
from agent.book_io import Book
from agent.nouns import DAY_MS, MINUTE_MS, Instant
from agent.page.wishes_io import Wishes
from agent.passwords import Unfit, fit_name, token_hash

FILE: Final = "page.db"
CODE_BYTES: Final = 16  # of an invitation: 128 bits, in 22 characters
MOST_CODE: Final = 64  # characters; a longer one is none
INVITED_MS: Final = 7 * DAY_MS  # an invitation that nobody accepted for so long is none any more
UNUSED_MS: Final = 30 * MINUTE_MS  # a session with which nothing was asked for so long is over
SET_BACK_MS: Final = MINUTE_MS  # by which the clock may be set back, and an invitation stays one
OPEN: Final = "until_ms>? AND until_ms<=?"  # of an invitation, with _open: from no later clock than this one
AGAIN_MS: Final = 10 * MINUTE_MS  # who looks at the same page again within it has looked once
MOST_MEMBERS: Final = 20  # with those invited; another one is refused
LOOKS_SHOWN: Final = 300  # the newest; the command prints all
LOOK: Final = "look "


class Look(NamedTuple):
    """A line of the book: ``what`` is a sentence, or LOOK and the path of a page."""

    at: Instant
    who: str
    what: str


class Family:
    """The page's book. ``shared``: more than one thread uses it, one at a time. Fault if it cannot be used."""

    def __init__(self, state: Path, shared: bool = False) -> None:
        self._book = Book(str(state / FILE), files("agent.page").joinpath("page.sql").read_text(), shared=shared)
        self.accounts = Accounts(self._book, "member", UNUSED_MS)
        self.wishes = Wishes(self._book, self.may_be_invited, self.lives_here, self.invite)

    def close(self) -> None:
        self._book.close()

    def invite(self, name: str, resident: bool, now: Instant, by: str) -> str:
        """The code that lets ``name`` in once; an older one of that name is none any more. Unfit if that cannot be a
        name, is one already, or there are too many."""
        code = secrets.token_urlsafe(CODE_BYTES)
        with self._book.writing():
            self._book.change("DELETE FROM invitation WHERE name=? OR until_ms<=?", name, now)
            self.may_be_invited(name, now)
            self._book.change("DELETE FROM wish WHERE name=?", name)
            row = token_hash(code), name, int(resident), now + INVITED_MS
            self._book.change("INSERT INTO invitation VALUES (?, ?, ?, ?)", *row)
            self._book.note(by, f"invited {name}{', who lives here' if resident else ''}", now)
        return code

    def may_be_invited(self, name: str, now: Instant) -> None:
        """Unfit as ``invite``."""
        fit_name(name)
        members = self.accounts.names()
        if name in members:
            raise Unfit("member", "{name} may look already; remove that one first", name=name)
        others = {*members, *self.waiting(now), *self.wishes.names(now)} - {name}
        if len(others) >= MOST_MEMBERS:
            text = "{most} may look or are invited, and no more can be; remove one first"
            raise Unfit("too_many", text, most=MOST_MEMBERS)

    def invited(self, code: str, now: Instant) -> str | None:
        """Whom that code lets in; None: nobody, or no more."""
        row = self._book.one(f"SELECT name FROM invitation WHERE code=? AND {OPEN}", token_hash(code), *_open(now))
        return None if row is None else str(row[0])

    def accept(self, code: str, password: str, now: Instant) -> str | None:
        """The name that may log in with that password from now on; None as ``invited``. Unfit if it is no password."""
        name = self.invited(code, now)
        if name is None:
            return None
        secret = self.accounts.made(name, password)
        with self._book.writing():  # of two who come at once with the same code, one is let in
            sql = f"SELECT resident FROM invitation WHERE code=? AND {OPEN}"
            row = self._book.one(sql, token_hash(code), *_open(now))
            if row is None:
                return None
            self._book.change("DELETE FROM invitation WHERE code=?", token_hash(code))
            self.accounts.put(name, secret, now, name)
            if row[0]:
                self._book.change("INSERT OR IGNORE INTO resident VALUES (?)", name)
        return name

    def remove(self, name: str, now: Instant, by: str) -> bool:
        """Whether there was one, or one was invited; whoever is in under that name no longer is."""
        with self._book.writing():
            waiting = self._book.change("DELETE FROM invitation WHERE name=?", name) > 0
            self._book.change("DELETE FROM resident WHERE name=?", name)
            self._book.change("DELETE FROM wish WHERE asked_by=? OR agreed_by=?", name, name)
            if waiting:
                self._book.note(by, f"took back the invitation of {name}", now)
        return self.accounts.remove(name, now, by) or waiting

    def waiting(self, now: Instant) -> list[str]:
        """Who is invited and has not accepted yet."""
        found = self._book.ask(f"SELECT name FROM invitation WHERE {OPEN} ORDER BY 1", *_open(now))
        return [str(name) for (name,) in found]

    def lives_here(self, name: str) -> bool:
        return self._book.one("SELECT 1 FROM resident WHERE name=?", name) is not None

    def looked(self, who: str, page: str, now: Instant) -> None:
        """Written down before the page is shown."""
        what = LOOK + page
        since = now - AGAIN_MS
        known = self._book.one(
            "SELECT 1 FROM audit WHERE who=? AND what=? AND at_ms>? AND at_ms<=?", who, what, since, now
        )
        if known is None:
            with self._book.writing():
                self._book.note(who, what, now)

    def note(self, who: str, what: str, now: Instant) -> None:
        with self._book.writing():
            self._book.note(who, what, now)

    def looks(self, who: str | None = None, most: int = -1) -> list[Look]:
        """What ``who`` did here; None: what everybody did. The newest first."""
        where, values = ("", ()) if who is None else ("WHERE who=?", (who,))
        rows = self._book.ask(f"SELECT at_ms, who, what FROM audit {where} ORDER BY id DESC LIMIT ?", *values, most)
        return [Look(Instant(at), who, what) for at, who, what in rows]

    def first_broken(self) -> int | None:
        """The first line that is not as it was written."""
        return self._book.first_broken()


def _open(now: Instant) -> tuple[int, int]:
    return now, now + INVITED_MS + SET_BACK_MS
