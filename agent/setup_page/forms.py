"""What a form of the set-up page says, as tables for agent/provision/answers.py, and where its mistakes stand. Pure.

A form about one room or one sensor says all of them again, with that one changed: an answers file replaces a table
whole. The page gives rooms and sensors their ids; the installer gives names.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from agent.hub import PAGE_PORT
from agent.provision.setup import Setup, plain
from agent.setup_page.fields import (
    CARE,
    CENTRE,
    CONSENT,
    HOME,
    IDENTITY,
    MEMBER,
    PAGE,
    ROOM,
    ROOMS,
    SIGNALS,
    THINGS,
    Field,
    said,
)
from agent.toml_mistakes import Mistake

Values = Mapping[str, str]
Tables = dict[str, Any]
ROOM_ID_CHARS: Final = 32
THING_ID_CHARS: Final = 48


class Spoken(NamedTuple):
    """Tables, and the beginning of the keys by which a mistake in them names this form's own: "room[3]."."""

    tables: Tables
    place: str = ""


class Wrong(NamedTuple):
    """What was typed, what is wrong with it by field, and what no field of the form is to blame for."""

    values: Values
    by_field: Mapping[str, str]
    rest: tuple[str, ...] = ()

    @property
    def first(self) -> str:
        return next((name for name in self.values if name in self.by_field), "")


def placed(mistakes: Iterable[Mistake], fields: tuple[Field, ...], place: str, values: Values) -> Wrong:
    by_key = {f"{place}{field.key}": field for field in reversed(fields)}
    by_field: dict[str, str] = {}
    rest: list[str] = []
    for mistake in mistakes:
        field = by_key.get(mistake.key)
        if field is not None:
            by_field.setdefault(field.name, in_words(mistake.message))
        else:
            rest.append(in_words(f"{mistake.key}: {mistake.message}" if mistake.key else mistake.message))
    return Wrong(values, by_field, tuple(rest))


def in_words(message: str) -> str:
    """The reader's own words, as they are said to somebody who fills in a form."""
    told = message.removeprefix("is missing; ").removesuffix(", not ''").replace("expected ", "Give ", 1)
    told = told if told.startswith("Give ") or not told.startswith("is ") else f"This {told}"
    return f"{told[:1].upper()}{told[1:]}." if not told.endswith("?") else f"{told[:1].upper()}{told[1:]}"


def harmless(typed: str) -> str:
    """What was refused, given back to be mended: without letters that are none, or turn the text around them."""
    return "".join(letter for letter in typed if letter.isprintable())


def all_of(setup: Setup, table: str) -> list[dict[str, Any]]:
    return list(plain(setup).get(table, []))


def named(words: str, taken: Iterable[str], most: int) -> str:
    """An id out of a name: "Mum's bedroom" is mums-bedroom; the second one mums-bedroom-2."""
    plain_letters = unicodedata.normalize("NFKD", words.lower().replace("'", "").replace("’", ""))
    id = re.sub(r"[^a-z0-9]+", "-", plain_letters.encode("ascii", "ignore").decode()).strip("-") or "room"
    taken = set(taken)
    for count in range(1, len(taken) + 2):
        end = "" if count == 1 else f"-{count}"
        if (found := id[: most - len(end)].rstrip("-") + end) not in taken:
            return found
    raise AssertionError("one more than are taken is not taken")


def identity(values: Values, setup: Setup, which: str) -> Spoken:
    told = said(IDENTITY, values)
    id = {"id": told.pop("id")} if "id" in told else {"id": ""}
    kept = {key: plain(setup)["local"].get(key) for key in ("username", "credentials")}
    return Spoken({"hub": id, "local": {key: what for key, what in (kept | told).items() if what is not None}})


def home(values: Values, setup: Setup, which: str) -> Spoken:
    return Spoken({"home": {"id": "", "timezone": "", **said(HOME, values)}}, "home.")


def consent(values: Values, setup: Setup, which: str) -> Spoken:
    return Spoken({"consent": said(CONSENT, values)}, "consent.")


def care(values: Values, setup: Setup, which: str) -> Spoken:
    told = said(CARE, values)
    told["night"] = [values["night_from"].strip(), values["night_to"].strip()]
    if told.get("ask_first_seconds") == 0:
        del told["ask_first_seconds"]
    return Spoken({"care": told}, "care.")


def room(values: Values, setup: Setup, which: str) -> Spoken:
    """``which``: its id; empty: a new one."""
    rooms = all_of(setup, "room")
    told = said(ROOM, values)
    words = str(told.get("name") or told.get("kind") or "")
    id = which or named(words, [one["id"] for one in rooms], ROOM_ID_CHARS)
    name = ROOMS.get(values["kind"], "").partition(",")[0]
    return _with("room", rooms, {"id": id, **({"name": name} if name else {}), **told})


def thing(values: Values, setup: Setup, which: str) -> Spoken:
    """A sensor or a signal, as ``room``. One that becomes another kind of thing waits for another device."""
    what = values["what"].strip()
    kind, _, role = what.partition(" ")
    table = "signal" if kind in SIGNALS else "sensor"
    before = {name: all_of(setup, name) for name in ("sensor", "signal")}
    both = [*before["sensor"], *before["signal"]]
    one: dict[str, Any] = next((one for one in both if one["id"] == which), {})
    place = values["room"].strip()
    taken = [each["id"] for each in both]
    id = which or named(f"{place}-{kind}" if what in THINGS and place else "thing", taken, THING_ID_CHARS)
    made: dict[str, Any] = {"id": id, "kind": kind, "room": place, "link": one.get("link", "zigbee")}
    made |= {"role": role} if role else {}
    if one.get("kind") == kind or made["link"] != "zigbee":
        made |= {key: one[key] for key in ("address", "inverted") if key in one}
    other = "sensor" if table == "signal" else "signal"
    left = [each for each in before[other] if each["id"] != which]
    spoken = _with(table, before[table], made)
    return spoken if left == before[other] else Spoken({**spoken.tables, other: left}, spoken.place)


def wired(values: Values, setup: Setup, which: str) -> Spoken:
    """A sensor on an input of a board; ``which`` is the input: bridge-1/door0."""
    spoken = thing(values, setup, "")
    sensors = spoken.tables.get("sensor", [])
    if sensors:
        sensors[-1] |= {"link": "serial", "address": which}
    return spoken


def without(table: str, which: str, setup: Setup) -> Spoken:
    """All of them but that one, by its id or its name."""
    return Spoken({table: [one for one in all_of(setup, table) if which not in (one.get("id"), one.get("name"))]})


def thing_without(which: str, setup: Setup) -> Spoken:
    signals = [one.id for one in setup.signals]
    return without("signal" if which in signals else "sensor", which, setup)


def page(values: Values, setup: Setup, which: str) -> Spoken:
    return Spoken({"page": plain(setup).get("page", {}) | {"address": "", **said(PAGE, values)}})


def member(values: Values, setup: Setup, which: str) -> Spoken:
    return _with("family", all_of(setup, "family"), {"name": "", **said(MEMBER, values)}, new=True)


def centre(values: Values, setup: Setup, which: str) -> Spoken:
    """``which`` is its number, from 0. The port goes back to the usual one where it is left empty."""
    centres = all_of(setup, "centre")
    nth = int(which)
    before = {key: what for key, what in (centres[nth] if nth < len(centres) else {}).items() if key != "port"}
    centres[nth:] = [{**before, "host": "", **said(CENTRE, values)}, *centres[nth + 1 :]]
    return Spoken({"centre": centres}, f"centre[{nth + 1}].")


def _with(table: str, before: list[Any], one: dict[str, Any], new: bool = False) -> Spoken:
    """Where there is one of that id it takes its place; ``new``: it comes at the end, whatever there is."""
    nth = len(before) if new else next((n for n, each in enumerate(before) if each["id"] == one["id"]), len(before))
    return Spoken({table: [*before[:nth], one, *before[nth + 1 :]]}, f"{table}[{nth + 1}].")


class Form(NamedTuple):
    fields: tuple[Field, ...]
    spoken: Callable[[Values, Setup, str], Spoken]


# What a thing is and where: its kind and role are one choice, so that a telephone shows no field that is not wanted.
def thing_fields(setup: Setup, whats: Iterable[str] = THINGS) -> tuple[Field, ...]:
    rooms = tuple((one.id, one.name) for one in setup.rooms)
    return (
        Field("what", "What it is", "kind", "choice", choices=tuple((what, THINGS[what]) for what in whats)),
        Field("room", "In which room", "room", "choice", choices=rooms),
    )


FORMS: Final = {
    "identity": Form(IDENTITY, identity),
    "home": Form(HOME, home),
    "consent": Form(CONSENT, consent),
    "rooms": Form(ROOM, room),
    "care": Form(CARE, care),
    "page": Form(PAGE, page),
    "member": Form(MEMBER, member),
    "centre": Form(CENTRE, centre),
}


def filled(name: str, setup: Setup, today: str) -> dict[str, str]:
    """The form with what was said so far in it. ``today``: YYYY-MM-DD, or nothing where that is not known."""
    before = plain(setup)
    tables: dict[str, dict[str, Any]] = {
        "identity": {**before["hub"], **before["local"], "id": setup.hub_id},
        "home": before.get("home", {}),
        "consent": before["consent"],
        "care": before["care"],
        "page": before.get("page", {"port": PAGE_PORT}),
    }
    table = tables.get(name, {})
    found = {field.name: shown(table.get(field.key.rpartition(".")[2])) for field in FORMS[name].fields}
    if name == "care":
        found["night_from"], found["night_to"] = table["night"]
        found["ask_first_seconds"] = found["ask_first_seconds"] or "0"
    if name == "consent" and setup.agreed is None:  # nothing is agreed to before it was said
        found |= dict.fromkeys(("monitoring", "summary_to_family", "bathroom_detail_to_family"), "")
        found["agreed_on"] = today
    return found


def shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else "" if value is None else str(value)
