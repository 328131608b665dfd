"""Every device of zigbee2mqtt's catalogue that a home could use says yes when it means yes.

What is expected is read from the definition in the plainest way, without the agent's code: which key it is, and which
of its two values stands for "somebody", "open", "trouble".
"""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.nouns import Frame, Home, Instant, Room, Sensor
from agent.sensors.decode import Decoder

ADDRESS = "0x00158d0001a2b3c4"
JUDGED = ("occupancy", "presence", "contact", "vibration", "sos-like action", "fall", "tamper", "battery")
CALLS = ("sos", "emergency", "panic")
# kind of sensor, and our quantity, for what the catalogue calls it
MEANING = {
    "occupancy": ("motion", "motion"),
    "presence": ("presence", "presence"),
    "contact": ("door", "door"),
    "vibration": ("vibration", "vibration"),
    "tamper": ("other", "tamper"),
}


class Catalogue:
    """The corpus, and a home with one sensor of a kind to put a definition in."""

    def __init__(self, path: Path) -> None:
        self.entries: list[dict[str, Any]] = json.loads(gzip.decompress(path.read_bytes()))
        self.counts: Counter[str] = Counter()

    def exposed(self, wanted: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        for entry in self.entries:
            for expose in _flat(entry["exposes"]):
                if expose.get("name") == wanted:
                    yield entry, expose


def _flat(exposes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for expose in exposes:
        yield expose
        if expose["type"] != "composite":
            yield from _flat(expose.get("features", []))


def _key(expose: dict[str, Any]) -> str:
    key: str = expose.get("property", expose["name"])
    return key


class Sent:
    """A decoder that knows one device of the catalogue, and the messages that the device sends it."""

    def __init__(self, entry: dict[str, Any], kind: str) -> None:
        sensor = Sensor("it", kind, "hall", None, "zigbee", ADDRESS)
        self.decoder = Decoder(Home("h", "UTC", 1, {"hall": Room("hall", "hall", "Hall")}, {"it": sensor}))
        self.at = 0
        exposes = json.loads(json.dumps(entry["exposes"]))
        for expose in _flat(exposes):  # the corpus leaves out what the real list always has
            if "name" in expose:
                expose.setdefault("property", expose["name"])
        device = {"ieee_address": ADDRESS, "friendly_name": "it", "definition": {"exposes": exposes}}
        self.decoder.decode(Instant(0), Frame("zigbee", "bridge/devices", json.dumps([device]).encode()))

    def __call__(self, **message: object) -> set[tuple[str, int]]:
        """What is read from a fresh message, a minute after the last."""
        self.at += 60_000
        message |= {"last_seen": f"{self.at}.0", "linkquality": 90}
        frame = Frame("zigbee", "it", json.dumps(message).encode())
        return {(reading.quantity, reading.value) for reading in self.decoder.decode(Instant(self.at), frame)}


@pytest.fixture(scope="module")
def catalogue(hearthwatch_data: Path, request: pytest.FixtureRequest) -> Iterator[Catalogue]:
    path = hearthwatch_data / "z2m_exposes.json.gz"
    if not path.exists():
        pytest.skip("no z2m_exposes.json.gz in HEARTHWATCH_DATA: the catalogue of zigbee2mqtt")
    found = Catalogue(path)
    yield found
    line = ", ".join(f"{what} {found.counts[what]}" for what in JUDGED)
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\nzigbee2mqtt's catalogue, definitions decoded with the right polarity: {line}")


@pytest.mark.parametrize("what", MEANING)
def test_every_yes_of_the_catalogue_is_a_yes_of_the_home(catalogue: Catalogue, what: str) -> None:
    kind, quantity = MEANING[what]
    seen: set[int] = set()
    for entry, expose in catalogue.exposed(what):
        # Two wall switches and a scene remote call the strength of their own buzz "vibration": it can be set.
        if what == "vibration" and expose["access"] & 2:
            continue
        key = _key(expose)
        yes, no = (7, 0) if expose["type"] == "numeric" else (expose["value_on"], expose["value_off"])
        sent = Sent(entry, kind)
        sent(**{key: no})
        assert (quantity, 1) in sent(**{key: yes}), (entry["vendor"], entry["model"], key)
        assert (quantity, 0) in sent(**{key: no}), (entry["vendor"], entry["model"], key)
        seen.add(id(entry))
    catalogue.counts[what] = len(seen)
    assert len(seen) > 20


def test_a_contact_of_the_catalogue_is_a_bed_that_is_occupied_when_closed(catalogue: Catalogue) -> None:
    for entry, expose in catalogue.exposed("contact"):
        is_open, closed, key = expose["value_on"], expose["value_off"], _key(expose)
        sent = Sent(entry, "bed")
        sent(**{key: is_open})
        assert ("bed", 1) in sent(**{key: closed}), (entry["vendor"], entry["model"])
        assert ("bed", 0) in sent(**{key: is_open}), (entry["vendor"], entry["model"])


@pytest.mark.parametrize("kind", ["button", "motion"])
def test_every_call_for_help_of_the_catalogue_is_heard(catalogue: Catalogue, kind: str) -> None:
    seen: set[int] = set()
    for entry, expose in catalogue.exposed("action"):
        for value in expose.get("values", []):
            if value in CALLS:
                sent = Sent(entry, kind)
                assert ("button", 1) in sent(**{_key(expose): value}), (entry["vendor"], entry["model"], value)
                assert ("button", 1) not in sent(**{_key(expose): ""})
                seen.add(id(entry))
    for entry, expose in catalogue.exposed("sos"):
        assert ("button", 1) in Sent(entry, kind)(**{_key(expose): expose["value_on"]})
        seen.add(id(entry))
    catalogue.counts["sos-like action"] = len(seen)
    assert len(seen) >= 24


def test_every_fall_of_the_catalogue_is_a_fall_and_no_setting_is(catalogue: Catalogue) -> None:
    words = {"fall_status": ("normal", "fall_alarm"), "fall_down_status": ("none", "fall")}
    settings = {"fall_detection": "ON", "fall_detection_settings": "1", "fall_sensitivity": 3}
    seen: set[int] = set()
    for name, (rest, fall) in words.items():
        for entry, expose in catalogue.exposed(name):
            sent = Sent(entry, "presence")
            assert ("fall", 1) in sent(**{_key(expose): fall})
            assert ("fall", 0) in sent(**{_key(expose): rest})
            seen.add(id(entry))
    for name, value in settings.items():
        for entry, expose in catalogue.exposed(name):
            assert sent_quantities(entry, **{_key(expose): value}).isdisjoint({"fall"})
            seen.add(id(entry))
    catalogue.counts["fall"] = len(seen)
    assert len(seen) == 4


def sent_quantities(entry: dict[str, Any], **message: object) -> set[str]:
    return {quantity for quantity, _ in Sent(entry, "presence")(**message)}


def test_every_battery_of_the_catalogue_is_read_as_a_number_or_as_text(catalogue: Catalogue) -> None:
    seen: set[int] = set()
    for entry, expose in catalogue.exposed("battery"):
        assert expose["type"] == "numeric"
        sent = Sent(entry, "motion")
        assert ("battery_percent", 100) in sent(**{_key(expose): "100.00"}), (entry["vendor"], entry["model"])
        assert ("battery_percent", 41) in sent(**{_key(expose): 41}), (entry["vendor"], entry["model"])
        seen.add(id(entry))
    for entry, expose in catalogue.exposed("battery_low"):
        sent = Sent(entry, "motion")
        assert ("battery_low", 1) in sent(**{_key(expose): expose["value_on"]}), (entry["vendor"], entry["model"])
        assert ("battery_low", 0) in sent(**{_key(expose): expose["value_off"]}), (entry["vendor"], entry["model"])
        seen.add(id(entry))
    catalogue.counts["battery"] = len(seen)
    assert len(seen) > 1_400
