"""JSON Schema of `hearthwatch summary --json`, from the code; `make contract` writes it to docs/summary.schema.json."""

import json
from typing import Any, Final

from agent.summary.counts import FIGURES, OF_THE_BED, OF_THE_NIGHT, PLANNED_DAY, PLANNED_NIGHT
from agent.summary.plain import PLACES
from agent.summary.told import FOUND

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
TIME: Final = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}
TIME_OR_NOT: Final = {"oneOf": [{"type": "null"}, TIME]}
WHOLE: Final = {"type": "integer", "minimum": 0}
COMPARED: Final = {"enum": ["usual", "less", "more", None]}


def schema() -> dict[str, Any]:
    span = {"since": TIME, "until": TIME}
    evidence = {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/reading"}, {"$ref": "#/$defs/span"}]}}
    return {
        "$schema": DRAFT,
        "title": "One day of a home, as its family may read it",
        "description": (
            "What `hearthwatch summary --json` prints. Times are RFC 3339, UTC. What the resident keeps to themselves"
            " is not in it."
        ),
        **_object(
            {
                "day": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$", "description": "By the home's own clock."},
                "since": TIME,
                "until": {**TIME, "description": "The day's end, or as much of it as is known yet."},
                "over": {"type": "boolean", "description": "False: the day is running, or nothing later is known."},
                "language": {"type": "string"},
                "observed_permille": {"type": "integer", "minimum": 0, "maximum": 1_000},
                "not_observed": {
                    "type": "array",
                    "items": {"$ref": "#/$defs/span"},
                    "description": "From noon of the day before on. What happened then is not in this day.",
                },
                "bathroom_hidden": {"type": "boolean", "description": "By the resident's wish."},
                "lines": {"type": "array", "minItems": 1, "items": _line(evidence)},
                "figures": _object({name: _figure(name, evidence) for name in FIGURES}),
                "ribbon": {"type": "array", "items": _stay(span), "description": "The day without a hole."},
                "bed": {
                    "oneOf": [{"type": "null"}, {"type": "array", "items": {"$ref": "#/$defs/span"}}],
                    "description": "When the bed was lain on, from noon of the day before on; null: not measured.",
                },
                "doors": {"type": "array", "items": TIME, "description": "When an outside door was opened."},
                "asked": {"type": "array", "items": _asked()},
                "alerts": {"type": "array", "items": _alert()},
            }
        ),
        "$defs": {"span": _object(span), "reading": _reading()},
    }


def document() -> dict[str, str]:
    """File name to text, as ``make contract`` writes it."""
    return {"summary.schema.json": json.dumps(schema(), indent=2) + "\n"}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


def _line(evidence: dict[str, Any]) -> dict[str, Any]:
    about = {"type": "string", "description": "Which sentence it is, in any language."}
    return _object({"says": {"type": "string"}, "about": about, "compared": COMPARED, "evidence": evidence})


def _figure(name: str, evidence: dict[str, Any]) -> dict[str, Any]:
    says = {
        "time": "Minutes after the midnight of the day before: 23:30 is 1410, 07:40 of the day itself 1900.",
        "length": "Minutes.",
        "count": "How often.",
    }[FIGURES[name]]
    of = "the night before, from noon to noon" if name in OF_THE_NIGHT else "the day from midnight to midnight"
    of = "the night before, by the care plan" if name in PLANNED_NIGHT else of
    of = "the night before, from the evening to noon" if name in OF_THE_BED else of
    of = "the day between the nights of the care plan" if name in PLANNED_DAY else of
    return _object(
        {
            "form": {"const": FIGURES[name]},
            "value": {
                "type": ["integer", "null"],
                "description": f"{says} Null: not measured, which is not 0. Of {of}.",
            },
            "usual": {
                "oneOf": [{"type": "null"}, {"type": "array", "items": WHOLE, "minItems": 2, "maxItems": 2}],
                "description": "From and to, as most of the last 28 days were. Null: too few are known.",
            },
            "compared": {**COMPARED, "description": "Less of a time is earlier. Null: held against nothing."},
            "days_known": WHOLE,
            "evidence": evidence,
        }
    )


def _stay(span: dict[str, Any]) -> dict[str, Any]:
    states = ["room", *PLACES.values()]
    return _object({**span, "state": {"enum": states}, "room": {"type": ["string", "null"]}})


def _reading() -> dict[str, Any]:
    return _object({"at": TIME, "room": {"type": "string"}, "kind": {"type": "string"}, "value": {"type": "integer"}})


def _asked() -> dict[str, Any]:
    return _object({"at": TIME, "kind": {"type": "string"}, "answered": {"type": ["boolean", "null"]}})


def _alert() -> dict[str, Any]:
    taken = {**TIME_OR_NOT, "description": "When a person of the monitoring centre took it."}
    sent = {"type": "boolean", "description": "False: of a past that was only replayed, and so told to nobody."}
    return _object(
        {
            "at": TIME,
            "kind": {"type": "string"},
            "sent": sent,
            "taken": taken,
            "closed": TIME_OR_NOT,
            "verdict": {"enum": [*FOUND, None]},
        }
    )
