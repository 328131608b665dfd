"""What an installer says, read: an answers file for fleets, one step of the terminal's, one form of the page.

All of it is TOML of one shape, that of home.toml and hub.toml in one, with the same words:

    [hub] id state home · [local] · [home] · [consent] agreed_by agreed_on in_presence_of and the flags of home.toml ·
    [[room]] · [[sensor]] (a Zigbee sensor without an address, or with "next", is the next device to join) ·
    [[signal]] · [[serial]] · [care] · [page] · [[family]] name resident ·
    [[centre]] host port ca certificate receipt_key

A table that is said replaces what was said of it before; what is not said stays. So a change to a home is a file of one
table, and a form is a dictionary put through ``toml_text.text``. A sensor that is said again without an address keeps
the device it had. Every mistake is told at once, with its line and key, and the nearest known one.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final, TypeVar

from agent.home import (
    HOME_ID,
    MAX_RESIDENTS,
    TIMEZONE,
    care_of,
    consent_of,
    naming,
    rooms_of,
    sensors_of,
    signals_of,
)
from agent.hub import (
    HOST,
    HUB_ID,
    KEEPALIVE_S,
    MAX_UPSTREAMS,
    PATH,
    PORT,
    local_of,
    page_of,
    serial_of,
)
from agent.nouns import Room, Sensor, Signal
from agent.provision.kept import BadSetup, found_again, kept_parts
from agent.provision.setup import NEXT, Agreed, Centre, Member, Setup
from agent.provision.toml_text import text as toml
from agent.toml_mistakes import FLAG, BadToml, Document, Form, Table, matching, whole

T = TypeVar("T")

MAX_MEMBERS: Final = 20  # as many as may look at the page
TABLES: Final = (
    "hub", "local", "home", "consent", "room", "sensor", "signal", "serial", "care", "page", "family", "centre",
)  # fmt: skip
# What a fleet's file must say; a step says its own part alone.
NEEDED: Final = ("hub", "home", "consent", "room", "sensor", "centre")
MEMBER: Final = matching(r"[a-z][a-z0-9.-]{0,31}", "1 to 32 of a-z, 0-9, dot and -, the first a letter")


class BadAnswers(BadToml):
    """What was said cannot be: all that is wrong with it."""


def _date(value: object) -> str | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return None
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        return None


DATE: Final = Form('a date, such as "2026-11-27"', "", _date)
AGREED_BY: Final = naming("who lives here and agreed")
PRESENCE: Final = naming("who else was there")


def read(
    text: str | bytes,
    before: Setup | None = None,
    complete: bool = False,
    located: Callable[[str], str] = lambda path: path,
) -> Setup:
    """``before`` with what ``text`` says. Raises ``BadAnswers``, and nothing else, for what cannot be.

    ``complete``: it is a whole home's, and what a home needs and is not said is a mistake too. ``located`` says where
    a file that is named there is found.
    """
    said = _Said(Document(text, BadAnswers), before or Setup(), complete)
    setup = said.all_of_it()
    said.document.close()
    return replace(setup, centres=tuple(_located(one, located) for one in setup.centres))


def read_again(data: bytes) -> Setup:
    """setup.json. BadSetup if it cannot be gone on with."""
    said, found = kept_parts(data)
    again = found_again(found)
    try:
        setup = read(toml(said))
    except (BadAnswers, ValueError) as fault:
        raise BadSetup(f"holds what cannot be: {str(fault).splitlines()[0]}") from None
    return replace(setup, **again)


def _located(one: Centre, located: Callable[[str], str]) -> Centre:
    ca, certificate, receipt_key, key = (
        located(path) if path is not None else None for path in (one.ca, one.certificate, one.receipt_key, one.key)
    )
    return replace(one, ca=ca, certificate=certificate, receipt_key=receipt_key, key=key)


class _Said:
    """One text being read, on top of what was said before."""

    def __init__(self, document: Document, before: Setup, complete: bool) -> None:
        self.document, self._before, self._complete = document, before, complete
        self._root = document.root

    def all_of_it(self) -> Setup:
        for table in NEEDED if self._complete else ():
            if not self._root.has(table):
                self._root.wrong(f"[{table}] is missing; a home needs one", table, at=())
        for table in TABLES:
            self._root.reserve(table)
        setup = self._home(self._local(self._hub(self._before)))
        setup = self._things(setup)
        setup = self._care(self._family(self._centres(setup)))
        return self._consent(setup)

    def _table(self, name: str) -> Table | None:
        return self._root.table(name) if self._root.has(name) else None

    def _own(self, table: Table, key: str, form: Form[T], before: T) -> T:
        """What was said before stands; nothing was, and the file is to be complete: a mistake."""
        if self._complete and not before:
            return table.need(key, form)
        return table.get(key, form, before)

    def _hub(self, setup: Setup) -> Setup:
        if (table := self._table("hub")) is None:
            return setup
        return replace(
            setup,
            hub_id=self._own(table, "id", HUB_ID, setup.hub_id),
            state=table.get("state", PATH, setup.state),
            home_file=table.get("home", PATH, setup.home_file),
            stall_s=table.get("stall_seconds", whole(3, 300), setup.stall_s),
            volatile=table.get("volatile", PATH, setup.volatile),
            outbox=table.get("outbox", PATH, setup.outbox),
            page_state=table.get("page_state", PATH, setup.page_state),
        )

    def _local(self, setup: Setup) -> Setup:
        table = self._table("local")
        return setup if table is None else replace(setup, local=local_of(table))

    def _home(self, setup: Setup) -> Setup:
        if (table := self._table("home")) is None:
            return setup
        return replace(
            setup,
            home_id=self._own(table, "id", HOME_ID, setup.home_id),
            timezone=self._own(table, "timezone", TIMEZONE, setup.timezone),
            residents=self._own(table, "residents", whole(1, MAX_RESIDENTS), setup.residents),
        )

    def _consent(self, setup: Setup) -> Setup:
        """The flags are said anew each time; who agreed and when, together."""
        if (table := self._table("consent")) is None:
            return setup
        told = [key for key in ("agreed_by", "agreed_on", "in_presence_of") if table.has(key)]
        agreed = setup.agreed
        if told or self._complete:
            agreed = Agreed(
                table.need("agreed_by", AGREED_BY),
                table.need("agreed_on", DATE),
                table.need("in_presence_of", PRESENCE),
            )
        return replace(setup, agreed=agreed, consent=consent_of(table))

    def _things(self, setup: Setup) -> Setup:
        """Rooms, and what is in them: of each kind what was said, or what there was."""
        root = self._root
        rooms = rooms_of(root) if root.has("room") else {room.id: room for room in setup.rooms}
        sensors = {sensor.id: sensor for sensor in setup.sensors}
        if root.has("sensor"):
            sensors = _as_before(sensors_of(root, rooms, NEXT), setup.sensors)
        signals = setup.signals
        if root.has("signal"):
            signals = signals_of(root, rooms, sensors, NEXT)
        self._no_room_lost(rooms, [*sensors.values(), *signals])
        serial = serial_of(root) if root.has("serial") else setup.serial
        decided = setup.decided | {"boards"} if root.has("serial") else setup.decided
        return replace(
            setup,
            rooms=tuple(rooms.values()),
            sensors=tuple(sensors.values()),
            signals=tuple(signals),
            serial=serial,
            decided=decided,
        )

    def _no_room_lost(self, rooms: dict[str, Room], things: Iterable[Sensor | Signal]) -> None:
        """A room that is said no more may not leave a sensor behind that was not said anew."""
        if self._root.has("room"):
            lost = [thing for thing in things if thing.room and thing.room not in rooms]
            for thing in lost:
                self._root.wrong(f"{thing.id!r} is in room {thing.room!r}, which is no longer there", "room")

    def _care(self, setup: Setup) -> Setup:
        if (table := self._table("care")) is None:
            return setup
        return replace(setup, care=care_of(table, bool(setup.signals)), decided=setup.decided | {"care"})

    def _family(self, setup: Setup) -> Setup:
        root = self._root
        if root.has("page"):
            page = page_of(root)
            if page is not None and page.state is None:
                page = replace(page, state=setup.page_state)
            setup = replace(setup, page=page)
        members = setup.family
        if root.has("family"):
            found: dict[str, Member] = {}
            for table in root.tables("family", MAX_MEMBERS):
                name = table.need("name", MEMBER)
                if name and name in found:
                    table.wrong(f"{name!r} is there twice", "name")
                found[name] = Member(name, table.get("resident", FLAG, False))
            members = tuple(found.values())
        if members and setup.page is None:
            root.wrong("there is no [page] that they could look at", "family")
        said = root.has("family") or root.has("page")
        decided = setup.decided | {"family"} if said else setup.decided
        return replace(setup, family=members, decided=decided)

    def _centres(self, setup: Setup) -> Setup:
        root = self._root
        if not root.has("centre"):
            return setup
        centres: list[Centre] = []
        for table in root.table_or_tables("centre", MAX_UPSTREAMS):
            centre = _centre(table)
            if centre.host and (centre.host, centre.port) in [(each.host, each.port) for each in centres]:
                table.wrong(f"{centre.host!r} is there twice", "host")
            centres.append(centre)
        return replace(setup, centres=tuple(centres))


def _centre(table: Table) -> Centre:
    return Centre(
        table.need("host", HOST),
        table.get("port", PORT, None),
        table.get("ca", PATH, None),
        table.get("certificate", PATH, None),
        table.get("receipt_key", PATH, None),
        table.get("keepalive_seconds", whole(5, 600), KEEPALIVE_S),
        table.get("key", PATH, None),
    )


def _as_before(said: dict[str, Sensor], before: Iterable[Sensor]) -> dict[str, Sensor]:
    """A sensor that is said again without an address keeps its device, unless another sensor is given that now."""
    had = {(sensor.id, sensor.kind): sensor.address for sensor in before if sensor.link == "zigbee"}
    taken = {(sensor.kind, sensor.address) for sensor in said.values()}
    found: dict[str, Any] = {}
    for id, sensor in said.items():
        address = had.get((id, sensor.kind), NEXT)
        keeps = sensor.address == NEXT and (sensor.kind, address) not in taken
        found[id] = replace(sensor, address=address) if keeps else sensor
    return found
