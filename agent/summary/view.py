"""What the pictures of a day's page are drawn from: rows of bars, in percent of their width.

The markup is in templates/, where all that is text is escaped.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from agent.civil import Wall
from agent.measures import EVENING, NOON
from agent.nouns import MINUTE_MS, Instant
from agent.summary.counts import DARK_MS
from agent.summary.day import Day, Figure, Night
from agent.summary.rooms import OUT, UNSEEN
from agent.summary.sentences import Sentence, sentences
from agent.summary.signs import HIDDEN
from agent.summary.spans import Span, clipped, length_ms, merged
from agent.summary.words import Words

EVIDENCE_MOST: Final = 24  # listed of what a sentence rests on, and of what was not observed; the rest is counted
SAID_MOST: Final = 12  # stretches of a row that its picture says in words; the rest is in the ribbon itself
BARS_MOST: Final = 120  # in a row; of more those nearest to one another are drawn as one, and its words say how many
HAIR: Final = 1_000  # part of a row that nobody sees
DOOR_WIDE_MS: Final = 4 * MINUTE_MS  # so that an opened door can be seen
DAY_HOURS: Final = (0, 6, 12, 18)
NIGHT_HOURS: Final = (18, 22, 2, 6)


class Bar(NamedTuple):
    """In percent of the row. ``kind``: in, out, unseen, bed, door or quiet."""

    left: str
    width: str
    kind: str


class Row(NamedTuple):
    """``beside`` stands at its end; ``says`` is the row in words."""

    label: str
    beside: str
    says: str
    bars: tuple[Bar, ...]


class Hour(NamedTuple):
    left: str
    label: str


class Told(NamedTuple):
    """A sentence and what it rests on, in words. ``more``: how much of that is not listed."""

    says: str
    evidence: tuple[str, ...]
    more: int


def told(day: Day, words: Words) -> list[Told]:
    return [_told(sentence, day, words) for sentence in sentences(day)]


def _told(sentence: Sentence, day: Day, words: Words) -> Told:
    listed = tuple(words.evidence(one, day) for one in sentence.evidence[:EVIDENCE_MOST])
    return Told(words.say(sentence, day), listed, len(sentence.evidence) - len(listed))


def ribbon(day: Day, words: Words) -> list[Row]:
    """A row for each place, then bed and doors where the home has them; what was not observed is in its own row."""
    window, page = Span(day.since, day.until), words.page
    if window.since == window.until:
        return []
    whole = Span(day.since, Wall(day.timezone).instant(day.number + 1, 0))
    places = [(room, name, "in") for room, name in day.names.items() if room in day.seen_rooms]
    places += [(OUT, page["out_place"], "out"), (HIDDEN, page["hidden_place"], "in")]
    places += [(UNSEEN, page["unseen_place"], "unseen")]
    rows = []
    for place, name, kind in places:
        spans = [Span(since, until) for since, until, where in day.stays if where == place]
        if spans or (kind == "in" and place != HIDDEN):
            rows.append(_row(place, name, kind, spans, whole, day, words))
    if day.has_bed:
        rows.append(_row("", page["bed"], "bed", clipped(day.beds, window), whole, day, words))
    if day.has_entrance:
        opened = [Span(door.at, Instant(door.at + DOOR_WIDE_MS)) for door in day.doors]
        measured = day.figures["outings"].value is not None
        beside = page["times"].format(count=len(opened)) if opened else _none(day, measured, words)
        says = _says(page["doors"], beside, [words.moment(door.at, day) for door in day.doors], words)
        rows.append(Row(page["doors"], beside, says, tuple(_bars(opened, whole, "door"))))
    return rows


def _row(place: str, name: str, kind: str, spans: Sequence[Span], whole: Span, day: Day, words: Words) -> Row:
    minutes = max(1, length_ms(spans) // MINUTE_MS)  # a moment is not none
    beside = words.length(minutes) if spans else _none(day, place not in day.unseen_rooms, words)
    says = _says(name, beside, [words.span(span, day) for span in spans], words)
    return Row(name, beside, says, tuple(_bars(spans, whole, kind)))


def _none(day: Day, measured: bool, words: Words) -> str:
    """Beside a row in which nothing is: how far that is known. ``measured`` false: what would tell was not believed."""
    if not measured or any(span.since <= day.since and span.until >= day.until for span in day.dark):
        return words.page["not_measured"]
    return words.page["none"] + words.table("partly")[day.figures["company"].partly]  # of the civil day, as rows are


def _says(name: str, beside: str, listed: Sequence[str], words: Words) -> str:
    says = "; ".join((f"{name}: {beside}", *([", ".join(listed[:SAID_MOST])] if listed else [])))
    more = len(listed) - SAID_MOST
    return f"{says}, {words.page['evidence_more'].format(count=more)}" if more > 0 else says


def _bars(spans: Iterable[Span], whole: Span, kind: str) -> Iterator[Bar]:
    drawn, gap = merged(spans), (whole.until - whole.since) // HAIR
    while len(drawn) > BARS_MOST:
        drawn = _closer(drawn, gap)
        gap *= 2
    for since, until in drawn:
        yield Bar(_percent(since, whole), f"{(until - since) * 100 / (whole.until - whole.since):.2f}", kind)


def _closer(spans: Sequence[Span], gap: int) -> tuple[Span, ...]:
    """With what is not further apart as one."""
    wide = merged(Span(since, Instant(until + gap)) for since, until in spans)
    return tuple(Span(since, Instant(until - gap)) for since, until in wide)


def _percent(at: Instant, whole: Span) -> str:
    return f"{(at - whole.since) * 100 / (whole.until - whole.since):.2f}"


def hours(day: Day, words: Words) -> list[Hour]:
    """Marks under the ribbon, where the wall clock shows them."""
    wall = Wall(day.timezone)
    whole = Span(day.since, wall.instant(day.number + 1, 0))
    return [Hour(_percent(wall.instant(day.number, hour * 60), whole), words.time(hour * 60)) for hour in DAY_HOURS]


def strip(day: Day, words: Words) -> list[Row]:
    """The last nights, oldest first, from six in the evening to noon, without those before the hub's first start; none
    where nothing is known of any of them."""
    lived = [one for one in day.nights if day.began is None or _window(one.number, day).until > day.began]
    rows = [_night(night, day, words) for night in lived]
    return rows if any(bar.kind != "unseen" for row in rows for bar in row.bars) else []


def _night(night: Night, day: Day, words: Words) -> Row:
    whole = _window(night.number, day)
    label = words.short_date(night.number)
    dark = clipped(night.dark, whole)
    spans, kind = clipped(night.beds, whole), "bed"
    if not night.beds and night.quiet is not None and night.up is not None:
        kind = "quiet"
        wall = Wall(day.timezone)
        edges = (wall.instant(night.number - 1, minute) for minute in (night.quiet, night.up))
        spans = clipped([Span(*edges)], whole)
    length = words.length(length_ms(spans) // MINUTE_MS) if spans else words.page["nights_none"]
    if spans and length_ms(dark) > DARK_MS:
        length = words.page["nights_seen"].format(length=length)
    says = f"{label}: {length}" + (f", {words.page[f'nights_{kind}']}" if spans else "")
    if dark:
        says += f"; {words.page['unseen_place']}: {words.length(length_ms(dark) // MINUTE_MS)}"
    return Row(label, length, says, (*_bars(spans, whole, kind), *_bars(dark, whole, "unseen")))


def _window(number: int, day: Day) -> Span:
    wall = Wall(day.timezone)
    return Span(wall.instant(number - 1, EVENING), wall.instant(number, NOON))


def night_hours(words: Words) -> list[Hour]:
    """Marks under the strip; on the two nights on which the clock changes they are an hour off."""
    hours = (NOON + EVENING) // 60 - 12
    return [Hour(f"{(hour - 18) % 24 * 100 / hours:.2f}", words.time(hour * 60)) for hour in NIGHT_HOURS]


def figures(day: Day, words: Words) -> list[tuple[str, str, str]]:
    """Name, value and usual of each figure of which this home may be told anything."""
    return [(_name(one, words), words.figure(one, day), words.usual(one, day)) for one in _shown(day)]


def _shown(day: Day) -> list[Figure]:
    return [one for one in day.figures.values() if not (day.bathroom_hidden and one.name.startswith("bathroom"))]


def _name(figure: Figure, words: Words) -> str:
    return words.table("figure")[figure.name]


def dark(day: Day, words: Words) -> list[str]:
    """What was not observed, and whose sensor was not to be relied on, and when."""
    found = [words.page["dark_span"].format(span=words.span(span, day)) for span in day.dark[:EVIDENCE_MOST]]
    more = words.page["evidence_more"]
    if len(day.dark) > EVIDENCE_MOST:
        found.append(more.format(count=len(day.dark) - EVIDENCE_MOST))
    for room, spans in day.unseen_rooms.items():
        when = ", ".join(words.span(span, day) for span in spans[:EVIDENCE_MOST])
        if len(spans) > EVIDENCE_MOST:
            when += f", {more.format(count=len(spans) - EVIDENCE_MOST)}"
        found.append(words.page["unseen_span"].format(room=day.names[room], span=when))
    return found


def drawn(day: Day, words: Words) -> dict[str, object]:
    """All that templates/day_body.html shows, by its names there."""
    return {
        "day": day,
        "words": words,
        "told": told(day, words),
        "ribbon": ribbon(day, words),
        "hours": hours(day, words),
        "figures": figures(day, words),
        "dark": dark(day, words),
        "strip": strip(day, words),
        "night_hours": night_hours(words),
    }
