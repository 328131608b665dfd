"""home.toml: the home, its rooms and sensors, its care plan. contracts.md tells the keys; docs the installer.

Every mistake is reported at once. A home without a room or a sensor is one too: it could only ever be silent.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final
from zoneinfo import available_timezones

from agent.civil import zone
from agent.nouns import ACTIVITY, Care, Consent, Home, Room, Sensor, Signal
from agent.toml_mistakes import (
    FLAG,
    TIME_OF_DAY,
    WINDOW,
    BadToml,
    Document,
    Form,
    Table,
    matching,
    number,
    one_of,
    whole,
)

MAX_ROOMS: Final = 64  # more are a mistake, and not read
MAX_SENSORS: Final = 256  # likewise
MAX_SIGNALS: Final = 16  # likewise
ASK_SECONDS: Final = (10, 240)  # time to get to a button; a minute less than the shortest wait of possible_fall
MAX_NAME_CHARS: Final = 64  # a longer name or log address is a mistake
MAX_RESIDENTS: Final = 20  # beyond this it is no home

ROOM_KINDS: Final = ("bedroom", "bathroom", "kitchen", "living", "hall", "other")
SENSOR_KINDS: Final = (
    "motion", "door", "bed", "button", "vibration", "presence", "smoke", "leak", "temperature", "fall",
)  # fmt: skip
# kind of sensor -> its roles, the first of them where none is said.
ROLES: Final = {"door": ("internal", "entrance", "fridge", "cupboard"), "button": ("help", "answer")}
SIGNAL_KINDS: Final = ("lamp", "sounder")

# What one character can do to the text around it: Unicode's bidirectional marks, embeddings and isolates.
_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Zones of this machine, not of IANA, and copies that count leap seconds.
_LOCAL_ZONE: Final = re.compile(r"localtime|posixrules|Factory|posix/.*|right/.*")


class BadHome(BadToml):
    """The home file is wrong; a running agent keeps its last good home."""


def _zone(value: object) -> str | None:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_+/-]{1,64}", value) or _LOCAL_ZONE.fullmatch(value):
        return None
    try:
        zone(value)
    except (KeyError, ValueError, OSError):  # what ZoneInfo says of unknown names, odd names and names of folders
        return None
    return value


def _zones() -> tuple[str, ...]:
    return tuple(sorted(name for name in available_timezones() if not _LOCAL_ZONE.fullmatch(name)))


def naming(what: str) -> Form[str]:
    """A name that a person gave: shown as it is, so nothing in it may turn the text around it."""

    def read(value: object) -> str | None:
        if not isinstance(value, str) or not value.strip() or len(value) > MAX_NAME_CHARS:
            return None
        marks = any(c in _BIDI or unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in value)
        return None if marks else value

    return Form(f"{what}: 1 to {MAX_NAME_CHARS} characters, none of them a control or direction mark", "", read)


HOME_ID: Final = matching(r"[a-z0-9-]{1,32}", "1 to 32 of a-z, 0-9 and -")
ROOM_ID: Final = HOME_ID
SENSOR_ID: Final = matching(r"[a-z0-9-]{1,48}", "1 to 48 of a-z, 0-9 and -")
TIMEZONE: Final = Form('an IANA time zone such as "Europe/London"', "UTC", _zone, _zones)
ASK_FIRST: Final = Form(
    f"0, or a whole number from {ASK_SECONDS[0]} to {ASK_SECONDS[1]}",
    0,
    lambda v: v if type(v) is int and (v == 0 or ASK_SECONDS[0] <= v <= ASK_SECONDS[1]) else None,
)
ADDRESSES: Final = {
    "zigbee": matching(
        r"0x[0-9a-f]{16}(#[a-z0-9_]{1,16})?",
        'an IEEE address in lower case, such as "0x00158d0001a2b3c4"',
    ),
    "serial": matching(r"(?!(zigbee|log)/)[a-z0-9-]{1,32}/[a-z0-9-]{1,32}", 'bridge/channel, such as "bridge-1/bed0"'),
    "log": naming("the sensor's id in the log"),
}


def parse(text: str | bytes) -> Home:
    """Raises ``BadHome``, and nothing else, for whatever is not a home; bytes are UTF-8."""
    document = Document(text, BadHome)
    root = document.root
    home = root.table("home")
    id = home.need("id", HOME_ID)
    timezone = home.need("timezone", TIMEZONE)
    residents = home.need("residents", whole(1, MAX_RESIDENTS))
    rooms = rooms_of(root)
    sensors = sensors_of(root, rooms)
    signals = signals_of(root, rooms, sensors)
    care = care_of(root.table("care"), bool(signals))
    consent = consent_of(root.table("consent"))
    document.close()
    return Home(id, timezone, residents, rooms, sensors, care, consent, document.text, signals)


def rooms_of(root: Table) -> dict[str, Room]:
    tables = root.tables("room", MAX_ROOMS)
    if not tables:
        root.wrong("a home needs at least one [[room]]")
    rooms: dict[str, Room] = {}
    lines: dict[str, int] = {}
    for table in tables:
        id = table.need("id", ROOM_ID)
        kind = table.need("kind", one_of(*ROOM_KINDS))
        name = table.get("name", naming("a name for the family"), id)
        _once(table, "id", id, lines)
        rooms[id] = Room(id, kind, name)
    return rooms


def sensors_of(root: Table, rooms: Mapping[str, Room], unpaired: str | None = None) -> dict[str, Sensor]:
    """``unpaired``: the address of a Zigbee sensor that has none yet; who sets up a home has such, a home has not."""
    tables = root.tables("sensor", MAX_SENSORS)
    if not tables:
        root.wrong("a home needs at least one [[sensor]]; nothing would be watched")
    sensors: dict[str, Sensor] = {}
    ids: dict[str, int] = {}
    places: dict[str, int] = {}
    in_a_room = _room_of(rooms)
    for table in tables:
        sensor = _sensor(table, in_a_room, unpaired)
        _once(table, "id", sensor.id, ids)
        if sensor.link and sensor.address and sensor.address != unpaired:
            # One Zigbee device may be two sensors: a PIR that also knows the temperature.
            place = f"{sensor.link} {sensor.address}" + (f" {sensor.kind}" if sensor.link == "zigbee" else "")
            _once(table, "address", place, places)
        sensors[sensor.id] = sensor
    return sensors


def _sensor(table: Table, in_a_room: Form[str], unpaired: str | None) -> Sensor:
    id = table.need("id", SENSOR_ID)
    kind = table.need("kind", one_of(*SENSOR_KINDS))
    room = table.need("room", in_a_room)
    roles = ROLES.get(kind, ())
    role = table.get("role", one_of(*roles), roles[0]) if roles else None
    if not roles and table.has("role"):
        table.reserve("role")
        if kind:
            table.wrong(f"only a door or a button has a role, and this is kind {kind!r}", "role")
    link = table.need("link", one_of(*ADDRESSES))
    address = _address(table, link, unpaired)
    inverted = table.get("inverted", FLAG, False)
    if inverted and kind == "temperature":
        table.wrong("a temperature cannot be inverted", "inverted")
    return Sensor(id, kind, room, role, link, address, inverted)


def _address(table: Table, link: str, unpaired: str | None) -> str:
    if unpaired is not None and link == "zigbee" and table.values.get("address", unpaired) == unpaired:
        table.reserve("address")
        return unpaired
    return table.need("address", ADDRESSES.get(link, naming("the address on its link")))


def _room_of(rooms: Mapping[str, Room]) -> Form[str]:
    known = tuple(id for id in rooms if id)
    expected = f"the id of a [[room]]: {', '.join(known) or 'there is none'}"
    return Form(expected, "", lambda v: v if isinstance(v, str) and v in known else None, lambda: known)


def _once(table: Table, key: str, what: str, lines: dict[str, int]) -> None:
    """Notes ``what`` as seen, or that it was seen before; a blank is another mistake, noted already."""
    if what and what in lines:
        table.wrong(f"{what!r} is there twice, first on line {lines[what]}", key)
    elif what:
        lines[what] = table.line(key)


def signals_of(
    root: Table, rooms: Mapping[str, Room], sensors: Mapping[str, Sensor], unpaired: str | None = None
) -> tuple[Signal, ...]:
    """A device that is switched may not be one that sees people: its own reports would read as somebody moving."""
    seers = {sensor.address.partition("#")[0]: sensor.id for sensor in sensors.values() if sensor.kind in ACTIVITY}
    signals: list[Signal] = []
    ids: dict[str, int] = {}
    places: dict[str, int] = {}
    for table in root.tables("signal", MAX_SIGNALS):
        id = table.need("id", SENSOR_ID)
        kind = table.need("kind", one_of(*SIGNAL_KINDS))
        room = table.need("room", _room_of(rooms))
        table.need("link", one_of("zigbee"))
        address = _address(table, "zigbee", unpaired)
        _once(table, "id", id, ids)
        if address != unpaired:
            _once(table, "address", address, places)
        if address != unpaired and (seer := seers.get(address.partition("#")[0])) is not None:
            table.wrong(f"the sensor {seer!r} is the same device; what is switched must not be what sees", "address")
        signals.append(Signal(id, kind, room, address))
    return tuple(signals)


def care_of(table: Table, has_signals: bool) -> Care:
    """The care plan; a key that is absent has the value, and the reason, given here.

    false_alerts_per_30_days 2: about one unneeded call a fortnight, so that the hub stays plugged in.
    not_up_by absent: the resident's own usual. night 22:30 to 06:30, bed_exit_minutes 30, night_exit true,
    door_open_minutes 20: the example of the contract. home_by absent: no rule, people may stay out.
    ask_first_seconds 0: a home without a lamp or a sounder cannot be asked.
    """
    plan = Care()
    if table.has("ask_first_seconds") and table.values["ask_first_seconds"] != 0 and not has_signals:
        table.wrong("there is no [[signal]] to ask with", "ask_first_seconds")
    minutes = whole(1, 720)
    return Care(
        false_alerts_per_30_days=table.get("false_alerts_per_30_days", number(0.1, 60), plan.false_alerts_per_30_days),
        not_up_by=table.get("not_up_by", TIME_OF_DAY, plan.not_up_by),
        night=table.get("night", WINDOW, plan.night),
        bed_exit_minutes=table.get("bed_exit_minutes", minutes, plan.bed_exit_minutes),
        night_exit=table.get("night_exit", FLAG, plan.night_exit),
        door_open_minutes=table.get("door_open_minutes", minutes, plan.door_open_minutes),
        home_by=table.get("home_by", TIME_OF_DAY, plan.home_by),
        ask_first_seconds=table.get("ask_first_seconds", ASK_FIRST, plan.ask_first_seconds),
    )


def consent_of(table: Table) -> Consent:
    """What who lives there agrees to; the family sees the day's summary, without what happens in the bathroom."""
    given = Consent()
    return Consent(
        monitoring=table.get("monitoring", FLAG, given.monitoring),
        bathroom_detail_to_family=table.get("bathroom_detail_to_family", FLAG, given.bathroom_detail_to_family),
        summary_to_family=table.get("summary_to_family", FLAG, given.summary_to_family),
    )
