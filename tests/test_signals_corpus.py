"""Every siren, lamp and plug of zigbee2mqtt's catalogue is told only what its own definition allows.

What is allowed is read from the definition in the plainest way, without the agent's code.
"""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.sensors.signals import FULL, GENTLE, OFF, driver


def allowed(exposes: list[dict[str, Any]], told: dict[str, Any]) -> bool:
    """Whether every key is one that can be set, with a value that its definition names."""
    settable: dict[str, list[dict[str, Any]]] = {}
    for expose in exposes:
        inner = expose["features"] if expose.get("features") and expose["type"] != "composite" else [expose]
        for each in inner:
            if each.get("access", 0) & 2 and "name" in each:
                settable.setdefault(each.get("property", each["name"]), []).append(each)
    return all(any(_takes(each, value) for each in settable.get(key, ())) for key, value in told.items())


def _takes(expose: dict[str, Any], value: object) -> bool:
    if expose["type"] == "composite":
        return isinstance(value, dict) and allowed(expose["features"], value)
    if expose["type"] == "numeric":
        return (
            isinstance(value, int)
            and expose.get("value_min", value) <= value
            and value <= expose.get("value_max", value)
        )
    return value in (expose["values"] if expose["type"] == "enum" else (expose["value_on"], expose["value_off"]))


def _names(exposes: list[dict[str, Any]], named: str) -> bool:
    """Whether a plain reader would say that a device can sound: a siren's warning, or an alarm to be set on and off."""
    return any(each.get("name") == named and each.get("access", 0) & 2 for each in exposes)


@pytest.fixture(scope="module")
def catalogue(hearthwatch_data: Path) -> list[dict[str, Any]]:
    path = hearthwatch_data / "z2m_exposes.json.gz"
    if not path.exists():
        pytest.skip("no z2m_exposes.json.gz in HEARTHWATCH_DATA: the catalogue of zigbee2mqtt")
    found: list[dict[str, Any]] = json.loads(gzip.decompress(path.read_bytes()))
    return found


def _switches(exposes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for expose in exposes:
        for each in expose.get("features", []) if expose["type"] in ("switch", "light") else [expose]:
            named = each.get("name") == "state" and each.get("property", "state").startswith("state")  # else a setting
            if named and each["access"] & 2 and each.get("value_on") == "ON":
                yield each


def test_every_siren_and_every_lamp_of_the_catalogue_is_told_only_what_its_definition_allows(
    catalogue: list[dict[str, Any]], request: pytest.FixtureRequest
) -> None:
    counts: Counter[str] = Counter()
    for entry in catalogue:
        exposes = entry["exposes"]
        for kind in ("lamp", "sounder"):
            found = driver(kind, "", exposes)
            if found is None:
                # A lamp, a plug, and all that is called a warning can be switched.
                assert not list(_switches(exposes)), entry
                assert kind == "lamp" or not _names(exposes, "warning"), entry
                continue
            on, off = (json.loads(found.payload(way, 60)) for way in (FULL, OFF))
            for told in (on, off, json.loads(found.payload(GENTLE, 3_600))):
                assert allowed(exposes, told), (entry["vendor"], entry["model"], told)
            assert on != off
            counts[kind] += 1
        for each in _switches(exposes):
            endpoint = each.get("endpoint", "")
            lamp = driver("lamp", endpoint, exposes)
            assert lamp is not None
            assert json.loads(lamp.payload(FULL, 60)) == {each.get("property", "state"): "ON"}, entry["model"]
        counts["warning"] += _names(exposes, "warning")
        alarm = next((each for each in exposes if each.get("name") == "alarm" and each.get("access", 0) & 2), None)
        if alarm is not None and alarm["type"] == "binary":
            counts["alarm"] += 1
            assert driver("sounder", "", exposes) is not None, entry["model"]
    assert counts["warning"] >= 3
    assert counts["alarm"] >= 20
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        line = ", ".join(f"{what} {count}" for what, count in sorted(counts.items()))
        print(f"\nzigbee2mqtt's catalogue, entries that can be switched as their definitions allow: {line}")
