"""Who looked at what, in words."""

from typing import Final, NamedTuple

from agent.civil import Wall
from agent.nouns import DAY_MS, MINUTE_MS, Instant
from agent.page.dates import number_of
from agent.page.family_io import LOOK, Look
from agent.page.wishes_io import ASKED
from agent.summary.words import Words

# What the book says besides, and the words for it; the name of whom it was done to comes last.
DEEDS: Final = {
    "logged in": "logged_in",
    "logged out": "logged_out",
    "gave a wrong name or password": "wrong_password",
    "withdrew the consent to be watched": "withdrew",
    "added the member ": "added",
    "removed the member ": "removed",
    "took back the invitation of ": "took_back",
    ASKED: "asked",
    "agreed to invite ": "agreed",
    "will not invite ": "refused",
    "invited ": "invited",
}
LIVES_HERE: Final = ", who lives here"
PAGES: Final = ("day", "week", "month", "sent")


class Row(NamedTuple):
    when: str
    who: str
    what: str


def time_of(at: Instant, wall: Wall, words: Words) -> str:
    """Date and time by the clock of the home."""
    return words.dated_time(wall.day(at), wall.local_ms(at) % DAY_MS // MINUTE_MS)


def in_words(look: Look, wall: Wall, words: Words) -> Row:
    when = time_of(look.at, wall, words)
    if not look.what.startswith(LOOK):
        return Row(when, look.who, _deed(look.what, words))
    site = words.table("site")
    _, _, page = look.what.removeprefix(LOOK).partition("/")
    kind, _, which = page.partition("/")
    what = site[f"looked_{kind}" if kind in PAGES else "looked_today"]
    number = number_of(which if kind != "month" else f"{which}-01")
    return Row(when, look.who, what.format(date=words.date(number) if number is not None else site["this"]))


def _deed(what: str, words: Words) -> str:
    did = words.table("did")
    deed = next((deed for deed in DEEDS if what == deed or (deed[-1] == " " and what.startswith(deed))), None)
    if deed is None:  # of another release
        return what
    name = what.removeprefix(deed)
    key = DEEDS[deed] + ("_resident" if name.endswith(LIVES_HERE) else "")
    return did[key].format(name=name.removesuffix(LIVES_HERE))
