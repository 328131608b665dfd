"""A day as JSON, for a program to read; docs/summary.schema.json says what each part means."""

from collections.abc import Mapping
from typing import Final

from agent.civil import rfc3339
from agent.nouns import Reading
from agent.summary.counts import Evidence
from agent.summary.day import Day, Figure
from agent.summary.rooms import OUT, UNSEEN
from agent.summary.sentences import sentences
from agent.summary.signs import HIDDEN
from agent.summary.spans import Span
from agent.summary.told import Asked, Incident
from agent.summary.words import Words

PLACES: Final = {OUT: "out", UNSEEN: "not_observed", HIDDEN: "at_home"}


def plain(day: Day, words: Words) -> dict[str, object]:
    return {
        "day": words.iso_date(day.number),
        "since": rfc3339(day.since),
        "until": rfc3339(day.until),
        "over": day.over,
        "language": words.language,
        "observed_permille": day.observed_permille,
        "not_observed": [_span(span) for span in day.dark],
        "bathroom_hidden": day.bathroom_hidden,
        "lines": [
            {
                "says": words.say(sentence, day),
                "about": sentence.key,
                "compared": sentence.compared or None,
                "evidence": [_evidence(one, day) for one in sentence.evidence],
            }
            for sentence in sentences(day)
        ],
        "figures": {name: _figure(figure, day) for name, figure in day.figures.items()},
        "ribbon": [{**_span(Span(since, until)), **_place(place)} for since, until, place in day.stays],
        "bed": [_span(span) for span in day.beds] if day.has_bed else None,
        "doors": [rfc3339(door.at) for door in day.doors],
        "asked": [_asked(one) for one in day.asked],
        "alerts": [_incident(one) for one in day.incidents],
    }


def _figure(figure: Figure, day: Day) -> dict[str, object]:
    return {
        "form": figure.form,
        "value": figure.value,
        "usual": None if figure.usual is None else list(figure.usual),
        "compared": figure.compared() or None,
        "days_known": figure.days,
        "evidence": [_evidence(one, day) for one in figure.evidence],
    }


def _evidence(one: Evidence, day: Day) -> dict[str, object]:
    if isinstance(one, Reading):
        return {"at": rfc3339(one.at), "room": day.room_of[one.sensor], "kind": one.quantity, "value": one.value}
    return dict(_span(one))


def _span(span: Span) -> Mapping[str, object]:
    return {"since": rfc3339(span.since), "until": rfc3339(span.until)}


def _place(place: str) -> Mapping[str, object]:
    return {"state": PLACES[place], "room": None} if place in PLACES else {"state": "room", "room": place}


def _asked(one: Asked) -> dict[str, object]:
    return {"at": rfc3339(one.at), "kind": one.kind, "answered": one.answered}


def _incident(one: Incident) -> dict[str, object]:
    return {
        "at": rfc3339(one.at),
        "kind": one.kind,
        "sent": one.sent,
        "taken": None if one.taken_at is None else rfc3339(one.taken_at),
        "closed": None if one.closed_at is None else rfc3339(one.closed_at),
        "verdict": one.verdict,
    }
