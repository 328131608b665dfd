"""A hub for the doctor's tests: its files in a folder, a home heard over zigbee, and what ``doctor`` finds."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from agent.__main__ import main
from agent.engine import Engine
from agent.home import parse
from agent.journal_io import Journal
from agent.loop import fill, run
from agent.nouns import HOUR_MS, MINUTE_MS, Entry, Frame, Instant

HUB: Final = 'id = "hub-7"\nstate = "state"\nhome = "home.toml"\n'
PIR, DOOR = "0x00158d0001a2b301", "0x00158d0001a2b306"
HOME: Final = f"""
[home]
id = "elm-12"
timezone = "Europe/London"
residents = 1
[[room]]
id = "hall"
kind = "hall"
[[room]]
id = "kitchen"
kind = "kitchen"
[[sensor]]
id = "hall-motion"
kind = "motion"
room = "hall"
link = "zigbee"
address = "{PIR}"
[[sensor]]
id = "front-door"
kind = "door"
role = "entrance"
room = "kitchen"
link = "zigbee"
address = "{DOOR}"
"""
NAMES: Final = {PIR: "Hall PIR", DOOR: "Front door"}
Found = dict[str, dict[str, Any]]


def lay(folder: Path, upstream: str = 'host = "127.0.0.1"\nport = 9\n', local: str = "", more: str = "") -> Path:
    """hub.toml and home.toml in ``folder``; nobody answers at its brokers unless said."""
    local = local or 'host = "127.0.0.1"\nport = 9\n'
    (folder / "home.toml").write_text(HOME)
    (folder / "hub.toml").write_text(f"[hub]\n{HUB}[local]\n{local}[[upstream]]\n{upstream}{more}")
    (folder / "state").mkdir(exist_ok=True)
    return folder / "hub.toml"


def doctor(config: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, Found]:
    """The exit code, and what was found, by name and what it is about."""
    capsys.readouterr()
    code = main(["doctor", "--config", str(config), "--json"])
    found = json.loads(capsys.readouterr().out)
    return code, {f"{check['name']} {check['about'] or ''}".strip(): check for check in found}


def said(address: str, **attributes: object) -> tuple[str, bytes]:
    return NAMES[address], json.dumps(attributes).encode()


def devices() -> tuple[str, bytes]:
    expose = {"type": "binary", "property": "occupancy", "name": "occupancy", "access": 1}
    contact = expose | {"property": "contact", "name": "contact", "value_on": False, "value_off": True}
    battery = {"type": "numeric", "property": "battery", "name": "battery", "access": 1}
    listed = [
        {"ieee_address": PIR, "friendly_name": NAMES[PIR], "definition": {"exposes": [
            expose | {"value_on": True, "value_off": False}, battery]}},
        {"ieee_address": DOOR, "friendly_name": NAMES[DOOR], "definition": {"exposes": [contact, battery]}},
    ]  # fmt: skip
    return "bridge/devices", json.dumps(listed).encode()


def live(state: Path, heard: Iterable[tuple[Instant, Frame]], until: Instant) -> None:
    """These frames into the journal of that folder, by the engine, with the silence up to ``until``."""
    home = parse(HOME)
    journal, engine = Journal(state / "journal.db", home.id), Engine(home)
    told = list(heard)
    journal.begin(engine, told[0][0], 1, "test")
    entries: list[Entry] = [Entry(seq, at, frame) for seq, (at, frame) in enumerate(told, 1)]
    run(fill([*entries, Entry(len(entries), until)], engine), engine, journal)
    journal.close()


def zigbee(at: int, what: tuple[str, bytes], retained: bool = False) -> tuple[Instant, Frame]:
    return Instant(at), Frame("zigbee", *what, retained)


def days_until(now: int, days: int, silent: Sequence[str] = ()) -> list[tuple[Instant, Frame]]:
    """Two sensors that check in every hour, and see somebody now and then; ``silent`` fall silent a day before."""
    begun = now - days * 24 * HOUR_MS
    frames = [zigbee(begun, ("bridge/state", b'{"state":"online"}')), zigbee(begun + 1, devices())]
    for hour in range(days * 24):
        at = begun + hour * HOUR_MS + 5 * MINUTE_MS
        for late, address in enumerate((PIR, DOOR)):
            if address in silent and at > now - 24 * HOUR_MS:
                continue
            check = {"battery": 71, "linkquality": 20 if address == DOOR else 150, "last_seen": str(at)}
            frames.append(zigbee(at + late * MINUTE_MS, said(address, **check, **_state(address, hour))))
    return frames


def _state(address: str, hour: int) -> dict[str, object]:
    return {"occupancy": hour % 2 == 0} if address == PIR else {"contact": hour % 3 == 0}
