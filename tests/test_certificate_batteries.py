"""The batteries of a certificate: as the walk found them, or as the sensors have told since, and then from when."""

from typing import Final

from agent.civil import rfc3339, utc_minute
from agent.provision.certificate import Battery, claims, faults
from agent.provision.sheets_io import certificate_page
from tests.test_certificate import BROKEN_WALK, LATER, made

FIRST, *OTHERS = BROKEN_WALK.sensors
EMPTY: Final = BROKEN_WALK._replace(sensors=(FIRST._replace(battery_percent=9), *OTHERS))


def test_a_battery_that_was_low_in_the_walk_and_has_not_spoken_since_stands_in_the_way() -> None:
    change = "change it; the new one is heard when it next reports"
    assert faults(made(walked=EMPTY)) == [f"bedroom-motion: battery at 9 % (in the walk): {change}"]


def test_a_battery_that_was_changed_after_the_walk_wants_no_second_walk() -> None:
    found = made(walked=EMPTY, batteries={"bedroom-motion": Battery(100, LATER)})
    assert faults(found) == []
    said = {one["sensor"]: one for one in claims(found)["sensors"]}
    assert (said["bedroom-motion"]["battery_percent"], said["bedroom-motion"]["battery_at"]) == (100, rfc3339(LATER))
    assert said["hall-motion"]["battery_at"] is None
    assert f"100 %, {rfc3339(LATER)[:10]}" in certificate_page(claims(found))


def test_a_battery_that_fell_after_the_walk_stands_in_the_way_and_is_told_from_when() -> None:
    (told,) = faults(made(batteries={"bedroom-motion": Battery(12, LATER)}))
    assert told.startswith(f"bedroom-motion: battery at 12 % (heard {utc_minute(LATER)}): change it; ")
