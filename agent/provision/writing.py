"""What was said, written down: home.toml and hub.toml as text, with the comments that a technician wants to find there.

Both read back as what was said, whatever a person called a room; that is a law, and tests hold it.
"""

from collections.abc import Iterable
from typing import Any, Final

from agent.civil import rfc3339
from agent.hub import BAUD, KEEPALIVE_S, STALL_S, Upstream
from agent.near import is_loopback
from agent.provision.setup import Centre, Setup, care_table, page_table, sensor_table
from agent.provision.toml_text import lines, value

KEY: Final = "centre/hub.key"  # of TLS; made here, and the same for every centre
REQUEST: Final = "centre/hub.csr"  # what is carried to the centre, to be signed
_OF_CENTRE: Final = {"ca": "ca.pem", "certificate": "hub.pem", "receipt_key": "receipts.pub"}

_HOME: Final = {"id": "used on this hub only", "residents": "who live here, guests not counted"}
_ROOM: Final = {"name": "shown to the family only; never leaves the home"}
_SENSOR: Final = {
    "role": "of a door: entrance, fridge, internal, cupboard; of a button: help, answer",
    "inverted": "its yes is the device's no",
}
_CARE: Final = {
    "false_alerts_per_30_days": "how often possible_fall may be wrong; fewer means later",
    "not_up_by": "left out: the resident's own usual",
    "home_by": "left out: no rule",
    "ask_first_seconds": "ask at home before possible_fall and not_up",
}
_HUB: Final = {
    "id": "the common name of the client certificate; it says nothing of the person",
    "state": "the journal, and the hub's own key",
    "outbox": "what watch shares with uplink",
    "home": "the rooms, the sensors and the care plan",
}
_CENTRE: Final = {
    "ca": "who may sign the broker's certificate",
    "certificate": "who we are",
    "key": "and the proof; it was made here and never left",
    "receipt_key": "only receipts that it signed count",
}


def centre_folder(nth: int) -> str:
    """Where the files of the centre with that number, from 0, are taken in."""
    return "centre" if nth == 0 else f"centre-{nth + 1}"


def secure(centre: Centre) -> bool:
    """Whether its line is TLS. Only a broker on this machine may do without, for demos and tests."""
    return not is_loopback(centre.host) or centre.ca is not None


def upstream(centre: Centre, nth: int) -> Upstream:
    """As hub.toml has it: its files where they were taken in."""
    files = {name: f"{centre_folder(nth)}/{file}" for name, file in _OF_CENTRE.items()}
    port = centre.port or (8883 if secure(centre) else 1883)
    if secure(centre):
        return Upstream(centre.host, port, key=centre.key or KEY, keepalive_s=centre.keepalive_s, **files)
    receipt_key = files["receipt_key"] if centre.receipt_key else None
    return Upstream(centre.host, port, receipt_key=receipt_key, keepalive_s=centre.keepalive_s)


def home_text(setup: Setup) -> str:
    """home.toml. Only of a setup to which nothing is missing does ``agent.home.parse`` take it."""
    parts = [
        "# The home: its rooms, its sensors, its care plan. Written by `hearthwatch provision`.",
        "",
    ]
    home = {"id": setup.home_id, "timezone": setup.timezone, "residents": setup.residents}
    parts += ["[home]", *lines(home, _HOME), ""]
    for room in setup.rooms:
        name = room.name if room.name != room.id else None
        parts += ["[[room]]", *lines({"id": room.id, "kind": room.kind, "name": name}, _ROOM), ""]
    for sensor in setup.sensors:
        parts += _about(setup, sensor.address)
        parts += ["[[sensor]]", *lines(sensor_table(sensor), _SENSOR), ""]
    for one in setup.signals:
        parts += _about(setup, one.address)
        table = {"id": one.id, "kind": one.kind, "room": one.room, "link": "zigbee", "address": one.address}
        parts += ["[[signal]]", *lines(table), ""]
    parts += ["[care]", *lines(care_table(setup.care), _CARE), ""]
    return _joined([*parts, *_consent(setup)])


def _about(setup: Setup, address: str) -> Iterable[str]:
    """Which device it is: for whoever has to replace it."""
    device = setup.devices.get(address.partition("#")[0])
    what = f"{device.vendor} {device.model}".strip() if device else ""
    return [f"# {_harmless(what)}"] if what else []


def _consent(setup: Setup) -> list[str]:
    agreed, given = setup.agreed, setup.consent
    parts = ["[consent]"]
    if agreed is not None:  # no names: this text is a part of every journal that a technician copies
        parts.append(f"# Agreed on {agreed.on}; by whom, and who else was there, is in setup.json.")
    flags = {
        "monitoring": given.monitoring,
        "bathroom_detail_to_family": given.bathroom_detail_to_family,
        "summary_to_family": given.summary_to_family,
    }
    return [*parts, *lines(flags)]


def _harmless(words: str) -> str:
    """In a comment, where nothing is escaped: on one line, and without what turns the text around it."""
    return value(words)[1:-1]


def hub_text(setup: Setup) -> str:
    """hub.toml. As ``home_text``."""
    parts = [
        "# This hub: where it keeps its state and whom it talks to. Written by `hearthwatch provision`.",
        "",
    ]
    hub: dict[str, Any] = {"id": setup.hub_id, "state": setup.state, "home": setup.home_file}
    hub |= {"outbox": setup.outbox, "volatile": setup.volatile}
    hub |= {"stall_seconds": setup.stall_s if setup.stall_s != STALL_S else None}
    parts += ["[hub]", *lines(hub, _HUB), ""]
    local = setup.local
    table: dict[str, Any] = {"host": local.host, "port": local.port, "username": local.username}
    table |= {"credentials": local.credentials, "base_topic": local.base_topic}
    parts += ["[local]", *lines(table, {"credentials": "a file; its first line is the password"}), ""]
    for nth, centre in enumerate(setup.centres):
        parts += ["[[upstream]]", *lines(_upstream(upstream(centre, nth)), _CENTRE), ""]
    for serial in setup.serial:
        baud = serial.baud if serial.baud != BAUD else None
        parts += ["[[serial]]", *lines({"port": serial.port, "bridge": serial.bridge, "baud": baud}), ""]
    if setup.page is not None:
        parts += ["[page]", *lines(page_table(setup.page)), ""]
    if setup.simulation is not None:
        parts += ["[simulation]"]
        parts += [f"start = {rfc3339(setup.simulation.start)}"] if setup.simulation.start is not None else []
        parts += [f"speed = {setup.simulation.speed}", ""]
    return _joined(parts)


def _upstream(one: Upstream) -> dict[str, Any]:
    return {
        "host": one.host,
        "port": one.port,
        "ca": one.ca,
        "certificate": one.certificate,
        "key": one.key,
        "receipt_key": one.receipt_key,
        "keepalive_seconds": one.keepalive_s if one.keepalive_s != KEEPALIVE_S else None,
    }


def _joined(parts: list[str]) -> str:
    return "\n".join(parts).rstrip("\n") + "\n"
