"""Whom members of the family want to invite: nobody is, before somebody who lives there has agreed."""

from collections.abc import Callable
from typing import Final, NamedTuple

from agent.book_io import Book
from agent.nouns import DAY_MS, Instant
from agent.passwords import Unfit

WISH_MS: Final = 7 * DAY_MS  # a wish to which nobody said anything for so long is none any more
MOST_ASKED: Final = 20  # by one member within WISH_MS, the answers whatever they were: the book is not to be filled
ASKED: Final = "asked to invite "


class Wish(NamedTuple):
    """``agreed_by`` None: nobody who lives there has agreed yet."""

    name: str
    asked_by: str
    agreed_by: str | None


class Wishes:
    """In the page's book. ``may_be``: Unfit for whom nobody may invite; ``lives_here``: whose consent it takes;
    ``invite``: makes the code that lets somebody in."""

    def __init__(
        self,
        book: Book,
        may_be: Callable[[str, Instant], None],
        lives_here: Callable[[str], bool],
        invite: Callable[[str, bool, Instant, str], str],
    ) -> None:
        self._book, self._may_be, self._lives_here, self._invite = book, may_be, lives_here, invite

    def ask(self, name: str, now: Instant, by: str) -> None:
        """Who lives here agrees by asking. Unfit if that one cannot be invited, or somebody else has asked already."""
        with self._book.writing():
            self._book.change("DELETE FROM wish WHERE until_ms<=?", now)
            self._may_be(name, now)
            often = "SELECT count(*) FROM audit WHERE who=? AND at_ms>? AND substr(what, 1, ?)=?"
            ((count,),) = self._book.ask(often, by, now - WISH_MS, len(ASKED), ASKED)
            if count >= MOST_ASKED:
                raise Unfit("often", "you have asked {most} times within a week; wait", most=MOST_ASKED)
            agreed_by = by if self._lives_here(by) else None
            if not self._book.change(
                "INSERT OR IGNORE INTO wish VALUES (?, ?, ?, ?)", name, by, agreed_by, now + WISH_MS
            ):
                raise Unfit("asked", "{name} has been asked for already", name=name)
            self._book.note(by, f"{ASKED}{name}", now)

    def all(self, now: Instant) -> list[Wish]:
        rows = self._book.ask("SELECT name, asked_by, agreed_by FROM wish WHERE until_ms>? ORDER BY name", now)
        return [Wish(*row) for row in rows]

    def names(self, now: Instant) -> list[str]:
        return [one.name for one in self.all(now)]

    def agree(self, name: str, now: Instant, by: str) -> bool:
        """False: ``by`` does not live here, or there is no such wish."""
        if not self._lives_here(by):
            return False
        with self._book.writing():
            sql = "UPDATE wish SET agreed_by=?, until_ms=? WHERE name=? AND until_ms>? AND agreed_by IS NULL"
            found = self._book.change(sql, by, now + WISH_MS, name, now) > 0
            if found:
                self._book.note(by, f"agreed to invite {name}", now)
        return found

    def drop(self, name: str, now: Instant, by: str) -> bool:
        """By who lives here, or who had asked; False: it is somebody else's, or there is none."""
        with self._book.writing():
            sql = "DELETE FROM wish WHERE name=? AND (asked_by=? OR ?)"
            found = self._book.change(sql, name, by, self._lives_here(by)) > 0
            if found:
                self._book.note(by, f"will not invite {name}", now)
        return found

    def code(self, name: str, now: Instant, by: str) -> str | None:
        """Of the invitation, for who had asked; once. None: nobody has agreed, or it is not theirs."""
        if not any((one.name, one.asked_by) == (name, by) and one.agreed_by is not None for one in self.all(now)):
            return None
        return self._invite(name, False, now, by)
