"""What an installer has said and found out of one home so far: the noun that every step of provisioning changes.

``Setup`` holds what was *said* (by an answers file, in the terminal, on the page: all go through ``answers.read``) and
what was *found* (devices that joined, boards that answered, who was invited). It is plain data: ``plain`` is the said
half in the very shape of an answers file; kept.py has the whole of it as one file for a later visit.

What stands on the disk (keys, certificates, home.toml itself) is not remembered here: it is looked at, see ``Found``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from agent.hub import KEEPALIVE_S, STALL_S, Hub, Local, Page, Serial, Simulation
from agent.newcomer import Newcomer
from agent.nouns import Care, Consent, Home, Room, Sensor, Signal

NEXT: Final = "next"  # the address of a Zigbee sensor that is to be the next device to join


class Agreed(NamedTuple):
    """Who lives there agreed to what [consent] says. ``on`` is a date, YYYY-MM-DD; ``presence``: who else was there."""

    by: str
    on: str
    presence: str


class Member(NamedTuple):
    """Of the family: who is to be invited to look at the page. ``resident``: it is who lives there."""

    name: str
    resident: bool = False


@dataclass(frozen=True, slots=True)
class Centre:
    """A monitoring centre's broker. The three files are what it handed over, where they are now; they are checked and
    taken in, and from then on are not needed. None: not handed over yet."""

    host: str
    port: int | None = None
    ca: str | None = None
    certificate: str | None = None
    receipt_key: str | None = None
    keepalive_s: int = KEEPALIVE_S
    key: str | None = None  # of TLS, where it is not the one that provision makes


class BoardSeen(NamedTuple):
    """A wired board that said who it is, and its inputs by name: door0, motion0, bed0."""

    bridge: str
    firmware: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Setup:
    """``decided``: the optional steps about which was said what is wanted, be it nothing. ``written``: digests of
    home.toml and hub.toml as provision wrote them last. Blank text and None: not said yet. A sensor whose address is
    NEXT is not paired yet."""

    hub_id: str = ""
    state: str = "state"
    home_file: str = "home.toml"
    stall_s: int = STALL_S
    volatile: str | None = None
    outbox: str | None = None
    local: Local = field(default_factory=lambda: Local("127.0.0.1"))
    home_id: str = ""
    timezone: str = ""
    residents: int = 0
    agreed: Agreed | None = None
    consent: Consent = field(default_factory=Consent)
    rooms: tuple[Room, ...] = ()
    sensors: tuple[Sensor, ...] = ()
    signals: tuple[Signal, ...] = ()
    serial: tuple[Serial, ...] = ()
    care: Care = field(default_factory=Care)
    page: Page | None = None
    page_state: str | None = None  # where a page would have its own things, if there is one
    family: tuple[Member, ...] = ()
    centres: tuple[Centre, ...] = ()
    simulation: Simulation | None = None
    devices: Mapping[str, Newcomer] = field(default_factory=dict)
    boards: Mapping[str, BoardSeen] = field(default_factory=dict)
    invited: tuple[str, ...] = ()
    decided: frozenset[str] = frozenset()
    written: tuple[str, ...] = ()

    @property
    def things(self) -> tuple[Sensor | Signal, ...]:
        """What is somewhere in the home."""
        return (*self.sensors, *self.signals)


@dataclass(frozen=True, slots=True)
class Found:
    """What the disk says. ``keys``: the hub's keys are made, and the request for its certificate is written.
    ``centres``: of each centre in order, what is wrong with its files in one line, or nothing. ``written``: home.toml
    and hub.toml say what the setup says. ``clock``: it is good enough to judge the dates of certificates."""

    keys: bool = False
    centres: tuple[str, ...] = ()
    written: bool = False
    clock: bool = True


def begun(home: Home | None, hub: Hub | None) -> Setup:
    """Where a home is set up already, or the package left a hub.toml: what these say. Who agreed they do not."""
    said: dict[str, Any] = {}
    if hub is not None:
        said |= {"hub_id": hub.id or "", "state": hub.state, "home_file": hub.home, "stall_s": hub.stall_s}
        said |= {"volatile": hub.volatile, "outbox": hub.outbox, "local": hub.local, "serial": hub.serial}
        said |= {"page": hub.page, "simulation": hub.simulation}
        said["page_state"] = hub.page.state if hub.page is not None else None
        said["centres"] = tuple(
            Centre(each.host, each.port, each.ca, each.certificate, each.receipt_key, each.keepalive_s, each.key)
            for each in hub.upstreams
        )
    if home is not None:
        said |= {"home_id": home.id, "timezone": home.timezone, "residents": home.residents, "care": home.care}
        said |= {"rooms": tuple(home.rooms.values()), "sensors": tuple(home.sensors.values())}
        said |= {"signals": home.signals, "consent": home.consent, "decided": frozenset({"care"})}
    return Setup(**said)


def gone_on(setup: Setup, home: Home, hub: Hub) -> Setup:
    """The files were changed by hand since provision wrote them: the hub goes by them, and so does what follows."""
    now = begun(home, hub)
    return replace(
        now,
        agreed=setup.agreed,
        page_state=now.page_state or setup.page_state,
        family=setup.family if now.page is not None else (),
        devices=setup.devices,
        boards=setup.boards,
        invited=setup.invited,
        decided=setup.decided | now.decided,
        written=setup.written,
    )


def clock_text(minute: int) -> str:
    """A time of day as home.toml has it."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def plain(setup: Setup) -> dict[str, Any]:
    """What was said, in the shape of an answers file; what was not said is not there."""
    said: dict[str, Any] = {
        "hub": {
            "id": setup.hub_id,
            "state": setup.state,
            "home": setup.home_file,
            "stall_seconds": setup.stall_s if setup.stall_s != STALL_S else None,
            "volatile": setup.volatile,
            "outbox": setup.outbox,
            "page_state": setup.page_state,
        },
        "local": _local(setup.local),
        "home": {"id": setup.home_id, "timezone": setup.timezone, "residents": setup.residents or None},
        "consent": _consent(setup),
        "room": [{"id": room.id, "kind": room.kind, "name": room.name} for room in setup.rooms],
        "sensor": [sensor_table(sensor) for sensor in setup.sensors],
        "signal": [
            {"id": one.id, "kind": one.kind, "room": one.room, "link": "zigbee", "address": one.address}
            for one in setup.signals
        ],
        "serial": [{"port": one.port, "bridge": one.bridge, "baud": one.baud} for one in setup.serial],
        "care": care_table(setup.care),
        "family": [{"name": one.name, "resident": one.resident} for one in setup.family],
        "centre": [_centre(one) for one in setup.centres],
    }
    if setup.page is not None:
        said["page"] = page_table(setup.page)
    return {table: _without_blanks(values) for table, values in said.items() if values}


def _without_blanks(values: Any) -> Any:
    if isinstance(values, list):
        return [_without_blanks(each) for each in values]
    return {key: value for key, value in values.items() if value is not None and value != ""}


def _local(local: Local) -> dict[str, Any]:
    return {
        "host": local.host,
        "port": local.port,
        "username": local.username,
        "credentials": local.credentials,
        "base_topic": local.base_topic,
    }


def page_table(page: Page) -> dict[str, Any]:
    """[page] as hub.toml has it."""
    return {
        "address": page.address,
        "port": page.port,
        "names": list(page.names) or None,
        "language": page.language,
        "state": page.state,
    }


def _consent(setup: Setup) -> dict[str, Any]:
    agreed, given = setup.agreed, setup.consent
    who = {"agreed_by": agreed.by, "agreed_on": agreed.on, "in_presence_of": agreed.presence} if agreed else {}
    return {
        **who,
        "monitoring": given.monitoring,
        "bathroom_detail_to_family": given.bathroom_detail_to_family,
        "summary_to_family": given.summary_to_family,
    }


def _centre(one: Centre) -> dict[str, Any]:
    return {
        "host": one.host,
        "port": one.port,
        "ca": one.ca,
        "certificate": one.certificate,
        "receipt_key": one.receipt_key,
        "key": one.key,
        "keepalive_seconds": one.keepalive_s,
    }


def sensor_table(sensor: Sensor) -> dict[str, Any]:
    """A [[sensor]] as home.toml has it."""
    return {
        "id": sensor.id,
        "kind": sensor.kind,
        "room": sensor.room,
        "role": sensor.role,
        "link": sensor.link,
        "address": sensor.address,
        "inverted": sensor.inverted or None,
    }


def care_table(care: Care) -> dict[str, Any]:
    """[care] as home.toml has it."""
    return {
        "false_alerts_per_30_days": care.false_alerts_per_30_days,
        "not_up_by": clock_text(care.not_up_by) if care.not_up_by is not None else None,
        "night": [clock_text(care.night[0]), clock_text(care.night[1])],
        "bed_exit_minutes": care.bed_exit_minutes,
        "night_exit": care.night_exit,
        "door_open_minutes": care.door_open_minutes,
        "home_by": clock_text(care.home_by) if care.home_by is not None else None,
        "ask_first_seconds": care.ask_first_seconds or None,
    }
