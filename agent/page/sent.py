"""What left this home, in words: each envelope as the journal keeps it, and what became of it."""

import json
from collections.abc import Callable
from typing import Final, NamedTuple, Self

from agent.civil import Wall
from agent.nouns import Instant
from agent.page.looks import time_of
from agent.summary.words import Words

SENT_ON_A_PAGE: Final = 100


class Sent(NamedTuple):
    """``received``: when a centre had signed for it. ``taken``: when a person there took it. None: not yet."""

    at: Instant
    kind: str
    state: str
    severity: str
    envelope: bytes
    received: Instant | None
    taken: Instant | None

    def by_the_wall(self, civil: Callable[[Instant], Instant]) -> Self:
        """With the times that the clock on the wall showed."""
        received, taken = (None if at is None else civil(at) for at in (self.received, self.taken))
        return self._replace(at=civil(self.at), received=received, taken=taken)


class Row(NamedTuple):
    when: str
    what: str
    room: str
    became: str
    test: bool


def in_words(sent: Sent, wall: Wall, words: Words, rooms: bool) -> Row:
    """``rooms`` false: of no message it is said where, or the one that leaves it out would tell."""
    site = words.table("site")
    said = json.loads(sent.envelope)
    kind, severity = words.table("kind").get(sent.kind, sent.kind), words.table("severity")[sent.severity]
    what = site[f"sent_{sent.state}"].format(kind=kind, severity=severity)
    room = words.table("room_kind")[said["room"]] if rooms and said["room"] is not None else ""
    became = site["not_received"]
    if sent.received is not None:
        became = site["received"].format(at=time_of(sent.received, wall, words))
    if sent.taken is not None:
        became += " " + site["taken"].format(at=time_of(sent.taken, wall, words))
    return Row(time_of(sent.at, wall, words), what[:1].upper() + what[1:], room, became, bool(said["test"]))
