"""The sentences of a day, each with what supports it; which words say them is the catalogue's (words.py).

What was not observed comes first, then the day as it went, then what was asked and told. What was not measured has no
sentence: it stands in the table as not measured.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

from agent.civil import Wall
from agent.nouns import MINUTE_MS, Instant
from agent.summary.counts import Evidence
from agent.summary.day import Day, Figure
from agent.summary.spans import Span, clipped
from agent.summary.told import Asked, Incident

# What fills a place in a sentence: its form (time, length, count, moment, room, kind, partly), and its value.
Word = tuple[str, int | str]
Told = TypeVar("Told", Asked, Incident)
DARK_TOLD_MS: Final = 5 * MINUTE_MS  # what was not observed for less is in the table only
DARK_TOLD_MOST: Final = 3  # beyond that they are counted
ALIKE_MOST: Final = 3  # alerts of a kind, or questions with the same answer: more of a day are one line
TOLD_MOST: Final = 60  # lines of what was asked and told; where there would be more, two that are alike are one line
DAY_MINUTES: Final = 24 * 60
# In the order in which they are told; "rooms" stands where the day is.
TOLD: Final = (
    "up", "to_bed", "in_bed", "bed_outs", "restless", "quiet", "night_moves", "bathroom_night", "kitchen", "fridge",
    "rooms", "outings", "away", "bathroom_day", "company",
)  # fmt: skip


class Sentence(NamedTuple):
    """``many`` chooses the plural, None: there is none. ``compared``: usual, less, more, or "" (nothing is claimed);
    ``form`` is of what is compared."""

    key: str
    many: int | None
    words: Mapping[str, Word]
    evidence: tuple[Evidence, ...] = ()
    compared: str = ""
    form: str = ""


def sentences(day: Day) -> list[Sentence]:
    found = list(_unobserved(day))
    if not _all_dark(day):
        for name in TOLD:
            found += _rooms(day) if name == "rooms" else _of_figure(day, day.figures[name])
    told = _told(day, ALIKE_MOST)
    told = told if len(told) <= TOLD_MOST else _told(day, 1)
    found += [sentence for _, sentence in sorted(told, key=lambda pair: pair[0])]
    calm = Sentence("calm", None, {"partly": ("partly", "whole" if day.over else "so_far")})
    return found if told else [*found, calm]


def _all_dark(day: Day) -> bool:
    return any(span.since <= day.night.since and span.until >= day.until for span in day.dark)


def _unobserved(day: Day) -> Iterator[Sentence]:
    """First of all: what of the day and the night before it nobody could see."""
    if _all_dark(day):
        yield Sentence("not_observed", None, {}, day.dark)
        return
    long = [span for span in day.dark if span.until - span.since >= DARK_TOLD_MS]
    for span in long[:DARK_TOLD_MOST]:
        if span.until == day.began:
            yield Sentence("began", None, {"until": ("moment", span.until)}, (span,))
            continue
        yield Sentence("dark", None, {"since": ("moment", span.since), "until": ("moment", span.until)}, (span,))
    more = tuple(long[DARK_TOLD_MOST:])
    if more:
        yield Sentence("dark_more", len(more), {"value": ("count", len(more))}, more)
    for room, spans in day.unseen_rooms.items():
        yield Sentence("unseen", None, {"room": ("room", room)}, spans)


def _of_figure(day: Day, figure: Figure) -> Iterator[Sentence]:
    value, form = figure.value, figure.form
    if value is None or (figure.name == "away" and not value):
        return
    if figure.name == "quiet" and day.figures["to_bed"].value is not None:
        return  # going to bed says more
    words: dict[str, Word] = {"value": (form, value), "partly": ("partly", figure.partly)}
    key = figure.name
    if figure.name == "bed_outs" and value:
        words["length"] = ("length", day.figures["bed_out"].value or 0)
    elif figure.name == "night_moves":
        words |= {"since": ("time", day.plan[0]), "until": ("time", day.plan[1])}
        key = "night_moves_apart" if day.bathroom_hidden else key
    elif figure.name in ("outings", "away") and not day.alone:
        key = f"{key}_of_several"
    elif figure.name == "company" and value:
        words["since"] = ("moment", next(one.since for one in figure.evidence if isinstance(one, Span)))
    compared = "" if figure.name == "company" else figure.compared()
    if compared and figure.usual is not None:
        low, high = figure.usual
        words |= {"low": (form, low), "high": (form, high)}
    yield Sentence(key, None if form == "time" else value, words, figure.evidence, compared, form)


def _rooms(day: Day) -> Iterator[Sentence]:
    """Where somebody was seen longest by day."""
    if day.rooms and (minutes := day.rooms[0][1]) > 0:
        room = day.rooms[0][0]
        spans = tuple(Span(since, until) for since, until, place in day.stays if place == room)
        daytime = clipped(spans, daytime_of(day))
        key = "rooms_apart" if day.bathroom_hidden else "rooms"
        yield Sentence(key, None, {"room": ("room", room), "value": ("length", minutes)}, daytime)


def daytime_of(day: Day) -> Span:
    """Between the nights of the care plan."""
    wall, (start, end) = Wall(day.timezone), day.plan
    bedtime = wall.instant(day.number, start) if start >= DAY_MINUTES // 2 else day.until
    return Span(min(wall.instant(day.number, end), day.night.until), min(bedtime, day.until))


def _told(day: Day, few: int) -> list[tuple[Instant, Sentence]]:
    """``few``: alike ones up to that many have a line each."""
    questions = _folded(day.asked, lambda one: (one.kind, one.answered), few, _asked, _many_questions)
    return [*questions, *_folded(day.incidents, lambda one: (one.kind, one.sent), few, _incident, _many_incidents)]


def _folded(
    every: Sequence[Told],
    alike: Callable[[Told], object],
    few: int,
    one: Callable[[Told], Sentence],
    many: Callable[[Sequence[Told]], Sentence],
) -> Iterator[tuple[Instant, Sentence]]:
    groups: dict[object, list[Told]] = {}
    for each in every:
        groups.setdefault(alike(each), []).append(each)
    for group in groups.values():
        if len(group) <= few:
            yield from ((each.at, one(each)) for each in group)
        else:
            yield group[0].at, many(group)


def _many_questions(alike: Sequence[Asked]) -> Sentence:
    return Sentence(f"{_asked(alike[0]).key}_many", None, _often(alike), _ats(alike))


def _many_incidents(alike: Sequence[Incident]) -> Sentence:
    """What is most urgent of them is not lost among the many: that help was needed."""
    words = _often(alike)
    if not alike[0].sent:
        return Sentence("not_told_many", None, words, _ats(alike))
    taken = sum(one.taken_at is not None for one in alike)
    needed = sum(one.verdict == "true" for one in alike)
    words |= {"taken": ("count", taken), "needed": ("count", needed)}
    if needed:
        return Sentence("told_many_needed", needed, words, _ats(alike))
    return Sentence("told_many" if taken else "told_many_untaken", None, words, _ats(alike))


def _often(alike: Sequence[Asked | Incident]) -> dict[str, Word]:
    first, last = alike[0], alike[-1]
    return {
        "at": ("moment", first.at),
        "last": ("moment", last.at),
        "kind": ("kind", first.kind),
        "value": ("count", len(alike)),
    }


def _ats(alike: Sequence[Asked | Incident]) -> tuple[Evidence, ...]:
    return tuple(_at(one.at) for one in alike)


def _asked(one: Asked) -> Sentence:
    key = "asked_unknown" if one.answered is None else "asked_answered" if one.answered else "asked_unanswered"
    return Sentence(key, None, {"at": ("moment", one.at), "kind": ("kind", one.kind)}, (_at(one.at),))


def _incident(one: Incident) -> Sentence:
    """How far it came is in the key: told, taken, closed; and what was found."""
    words: dict[str, Word] = {"at": ("moment", one.at), "kind": ("kind", one.kind)}
    key = "told" if one.sent else "not_told"
    if one.taken_at is not None:
        key, words["taken"] = "taken", ("moment", one.taken_at)
    if one.closed_at is not None:
        key = "closed" if one.taken_at is not None else "closed_untaken"
        words |= {"closed": ("moment", one.closed_at), "found": ("found", one.verdict or "unknown")}
    return Sentence(key, None, words, (_at(one.at),))


def _at(at: Instant) -> Span:
    return Span(at, at)
