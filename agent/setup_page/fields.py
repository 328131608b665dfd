"""The forms of the set-up page as tables: what is asked, in the words of somebody in a hall, and where it goes.

What may be said is not decided here: each form becomes tables of an answers file, and agent/provision/answers.py tells
what is wrong with them. ``key`` is the key that such a mistake names, below the form's own table.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from agent.home import MAX_NAME_CHARS, ROOM_KINDS

MOST_CHARS: Final = 300  # of what is typed into a field; more is cut off, and is a mistake by then
YES_NO: Final = (("yes", "Yes"), ("no", "No"))
ROOMS: Final = {
    "bedroom": "Bedroom",
    "bathroom": "Bathroom",
    "kitchen": "Kitchen",
    "living": "Living room",
    "hall": "Hall, stairs or landing",
    "other": "Another room",
}
# Kind and role of a sensor or a signal, in words.
THINGS: Final = {
    "motion": "Motion sensor",
    "presence": "Presence sensor (radar)",
    "door entrance": "Door contact: a way out of the home",
    "door internal": "Door contact: a door inside",
    "door fridge": "Door contact: the fridge",
    "door cupboard": "Door contact: a cupboard",
    "bed": "Bed sensor",
    "button help": "Help button or pendant",
    "button answer": "Button to say “I am well”",
    "vibration": "Vibration sensor",
    "fall": "Fall sensor",
    "smoke": "Smoke alarm",
    "leak": "Water sensor",
    "temperature": "Thermometer",
    "lamp": "Lamp that asks first",
    "sounder": "Sounder that asks first",
}
SIGNALS: Final = ("lamp", "sounder")


class Field(NamedTuple):
    """``look``: text, whole, number, date, time, yes, choice, zone. ``optional``: it may be left empty."""

    name: str
    label: str
    key: str
    look: str = "text"
    hint: str = ""
    optional: bool = False
    most: int = MAX_NAME_CHARS
    choices: tuple[tuple[str, str], ...] = ()


IDENTITY: Final = (
    Field("id", "This hub's id", "hub.id", hint="As the monitoring centre gave it to you: a-z, 0-9 and -.", most=32),
    Field("host", "Broker of the sensors", "local.host", hint="127.0.0.1 is this hub, and nearly always right."),
    Field("port", "Its port", "local.port", "whole", most=5),
    Field("base_topic", "Base topic of zigbee2mqtt", "local.base_topic"),
)
HOME: Final = (
    Field("id", "A short name for this home", "id", hint="Used on this hub only, such as elm-12.", most=32),
    Field("timezone", "Time zone", "timezone", "zone", "Such as Europe/London."),
    Field("residents", "How many people live here", "residents", "whole", "Guests not counted.", most=2),
)
CONSENT: Final = (
    Field("agreed_by", "Who lives here and agreed", "agreed_by"),
    Field("agreed_on", "On which day", "agreed_on", "date"),
    Field("in_presence_of", "Who else was there", "in_presence_of"),
    Field(
        "monitoring", "May this home be watched?", "monitoring", "yes", "No: nothing is watched, help buttons included."
    ),
    Field("summary_to_family", "May the family be told of the day?", "summary_to_family", "yes"),
    Field(
        "bathroom_detail_to_family",
        "Of the bathroom too?",
        "bathroom_detail_to_family",
        "yes",
        "No: the family sees the day without what happens there.",
    ),
)
ROOM: Final = (
    Field("kind", "What kind of room", "kind", "choice", choices=tuple((kind, ROOMS[kind]) for kind in ROOM_KINDS)),
    Field(
        "name",
        "What it is called here",
        "name",
        hint="Shown to the family only. Such as: Mum's bedroom.",
        optional=True,
    ),
)
CARE: Final = (
    Field("not_up_by", "Tell if not up by", "not_up_by", "time", "Empty: by the person's own usual.", True),
    Field("night_from", "The night begins", "night", "time"),
    Field("night_to", "The night ends", "night", "time"),
    Field("bed_exit_minutes", "Tell if out of bed at night for (minutes)", "bed_exit_minutes", "whole", most=3),
    Field("night_exit", "Tell if they leave the home at night?", "night_exit", "yes"),
    Field("door_open_minutes", "Tell if a way out stays open for (minutes)", "door_open_minutes", "whole", most=3),
    Field("home_by", "Tell if not home by", "home_by", "time", "Empty: no such rule.", True),
    Field(
        "false_alerts_per_30_days",
        "False alerts of a fall that are bearable in 30 days",
        "false_alerts_per_30_days",
        "number",
        "Fewer means that a fall is told later.",
        most=5,
    ),
    Field(
        "ask_first_seconds",
        "Ask at home first, for (seconds)",
        "ask_first_seconds",
        "whole",
        "0: never. It needs a lamp or a sounder.",
        most=3,
    ),
)
PAGE: Final = (
    Field(
        "address",
        "This hub's address in the home",
        "page.address",
        hint="Where the family's browsers find it.",
        most=45,
    ),
    Field("port", "Port", "page.port", "whole", most=5),
)
MEMBER: Final = (
    Field("name", "Name to log in with", "name", hint="Small letters, such as tom.", most=32),
    Field("resident", "Is it who lives here?", "resident", "yes", "They see who has looked."),
)
CENTRE: Final = (
    Field("host", "The centre's broker", "host", hint="A name such as broker.example.org, from the centre.", most=253),
    Field("port", "Its port", "port", "whole", "Empty: the usual one.", True, most=5),
)
# What the centre hands over, by the names of hub.toml. Each may be a file, or pasted.
FILES: Final = (
    ("ca", "ca.pem", "Who may vouch for the centre's broker."),
    ("certificate", "hub.pem", "This hub's certificate, made from its request."),
    ("receipt_key", "receipts.pub", "The key that signs receipts."),
)


def worth(field: Field, text: str) -> object:
    """What was typed, as TOML would have it; None: nothing. What is no number stays text, for the reader to refuse."""
    text = text.strip()
    if not text:
        return None
    if field.look == "yes":
        return {"yes": True, "no": False}.get(text, text)
    if field.look in ("whole", "number") and text.isascii() and text.isdecimal():
        return int(text)
    if field.look == "number" and text.replace(".", "", 1).replace(",", "", 1).isdecimal() and text.isascii():
        return float(text.replace(",", "."))
    return text


def said(fields: tuple[Field, ...], values: Mapping[str, str]) -> dict[str, object]:
    """One table by the fields' keys, without what was left empty."""
    found = {field.key.rpartition(".")[2]: worth(field, values[field.name]) for field in fields}
    return {key: value for key, value in found.items() if value is not None}


def unanswered(fields: tuple[Field, ...], values: Mapping[str, str]) -> dict[str, str]:
    """By field: a question with yes and no is not passed over in silence, whatever an answers file could leave out; and
    of a list one is chosen."""
    found = {field.name: "Say yes or no." for field in fields if field.look == "yes" and not values[field.name]}
    for field in fields:
        if field.look == "choice" and values[field.name] not in [value for value, _ in field.choices]:
            found[field.name] = "Choose one of these."
    return found
