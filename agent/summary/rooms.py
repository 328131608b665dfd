"""Where somebody was seen, from one sign of life to the next: stays in rooms, visits, and times out of the home."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from agent.measures import OUTING_MS, QUIET_MS, VISIT_MS
from agent.nouns import Instant, Reading
from agent.summary.signs import HIDDEN, Sign
from agent.summary.spans import Span, without

OUT: Final = "/out"  # no room's id: those have no slash
UNSEEN: Final = "/unseen"
_LAST: Final = 3


class Stay(NamedTuple):
    """``place``: a room's id; OUT; UNSEEN; or HIDDEN, at home, it is not known where."""

    since: Instant
    until: Instant
    place: str


class Outing(NamedTuple):
    """``back`` None: not back within what is known. ``door`` opened it."""

    span: Span
    door: Reading
    back: Sign | None


def outings(signs: Sequence[Sign], beds: Sequence[Span], dark: Sequence[Span], until: Instant) -> list[Outing]:
    """Times in which nobody was at home: an entrance opened, shortly after somebody was heard inside, and then nobody
    was heard for OUTING_MS; not while somebody lay in bed, nor where the home was not observed all the while."""
    found: list[Outing] = []
    door: Sign | None = None
    inside = -QUIET_MS - 1
    for sign in signs:
        if not sign.entrance:
            if door is not None:
                found += _outing(door, sign.at, sign, dark)
            door, inside = None, sign.at
        elif (
            door is None
            and sign.reading is not None
            and sign.reading.value
            and sign.at - inside <= QUIET_MS
            and not any(bed.since <= sign.at < bed.until for bed in beds)
        ):
            door = sign
    if door is not None:
        found += _outing(door, until, None, dark)
    return found


def _outing(door: Sign, back_at: Instant, back: Sign | None, dark: Sequence[Span]) -> Iterator[Outing]:
    span = Span(door.at, back_at)
    if back_at - door.at >= OUTING_MS and door.reading is not None and without(span, dark) == (span,):
        yield Outing(span, door.reading, back)


def visits(signs: Iterable[Sign], rooms: frozenset[str], since: Instant) -> list[Reading]:
    """The sign of life that began each visit to one of these rooms from ``since`` on: somebody came from another room,
    and had not been here for VISIT_MS."""
    found: list[Reading] = []
    here = ""
    last: dict[str, Instant] = {}
    for at, room, reading, entrance in signs:
        if entrance or reading is None:
            continue
        if room in rooms:
            before = last.get(room)
            if room != here and at >= since and (before is None or at - before > VISIT_MS):
                found.append(reading)
            last[room] = at
        here = room
    return found


def openings(signs: Iterable[Sign], sensors: frozenset[str], since: Instant) -> list[Reading]:
    """The readings in which one of these doors was opened, not within VISIT_MS of the opening before."""
    found: list[Reading] = []
    before: Instant | None = None
    for sign in signs:
        if sign.reading is None or sign.reading.sensor not in sensors or not sign.reading.value:
            continue
        if sign.at >= since and (before is None or sign.at - before > VISIT_MS):
            found.append(sign.reading)
        before = sign.at
    return found


def stays(signs: Sequence[Sign], out: Sequence[Outing], dark: Sequence[Span], bounds: Span) -> tuple[Stay, ...]:
    """The stretch within ``bounds`` without a hole: who was last seen in a room is taken to be there until seen in
    another, or out. After a time out of sight the place is not known until the next sign."""
    turns = sorted(_turns(signs, out, dark), key=_when)  # what came at one instant stays in the order in which it came
    first = bisect_right(turns, (bounds.since, _LAST), key=_when)
    place = turns[first - 1][2] if first else HIDDEN
    found: list[Stay] = []
    since = bounds.since
    for at, _, turned in turns[first:]:
        if at >= bounds.until:
            break
        if turned != place:
            if at > since:
                found.append(Stay(since, at, place))
            since, place = at, turned
    return (*found, Stay(since, bounds.until, place)) if since < bounds.until else tuple(found)


def _when(turn: tuple[Instant, int, str]) -> tuple[Instant, int]:
    return turn[:2]


def _turns(signs: Sequence[Sign], out: Sequence[Outing], dark: Sequence[Span]) -> Iterator[tuple[Instant, int, str]]:
    """When the place changed, and to what; of those at one instant the later in order holds."""
    for begins, ends in dark:
        yield ends, 0, HIDDEN
        yield begins, _LAST, UNSEEN
    for sign in signs:
        if not sign.entrance and sign.reading is not None and not any(a < sign.at < b for a, b in dark):
            yield sign.at, 1, sign.room
    for one in out:
        yield one.span.since, 2, OUT
        if one.back is not None and one.back.reading is None:
            yield one.span.until, 1, HIDDEN
