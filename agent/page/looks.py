"""Who looked at what, in words."""

from typing import Final, NamedTuple

from agent.civil import Wall
from agent.nouns import DAY_MS, MINUTE_MS, Instant
from agent.page.dates import number_of
from agent.page.family_io import LOOK, Look
from agent.summary.words import Words

PAGES: Final = ("day", "week", "month", "sent")


class Row(NamedTuple):
    when: str
    who: str
    what: str


def time_of(at: Instant, wall: Wall, words: Words) -> str:
    """Date and time by the clock of the home."""
    time = words.time(wall.local_ms(at) % DAY_MS // MINUTE_MS)
    return f"{words.short_date(wall.day(at))} {time}"


def in_words(look: Look, wall: Wall, words: Words) -> Row:
    when = time_of(look.at, wall, words)
    if not look.what.startswith(LOOK):
        return Row(when, look.who, look.what)
    site = words.table("site")
    _, _, page = look.what.removeprefix(LOOK).partition("/")
    kind, _, which = page.partition("/")
    what = site[f"looked_{kind}" if kind in PAGES else "looked_today"]
    number = number_of(which if kind != "month" else f"{which}-01")
    return Row(when, look.who, what.format(date=words.date(number) if number is not None else site["this"]))
