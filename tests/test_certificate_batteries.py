"""The batteries of a certificate: as the walk found them, or as the sensors have told since, and then from when."""

import json
from pathlib import Path
from typing import Final

import pytest

from agent.certificate_io import batteries, still
from agent.civil import rfc3339, utc_minute
from agent.engine import Engine
from agent.journal_io import Journal
from agent.loop import fill, run
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, Entry, Frame, Home, Instant
from agent.provision.certificate import Battery, claims, faults
from agent.provision.sheets_io import certificate_page
from agent.provision.walk_file import Call, Walked, home_digest, written
from agent.simulate.days import days
from agent.simulate.dialects import as_log_frames, as_readings
from tests.test_certificate import BROKEN_WALK, LATER, made
from tests.test_walk_later import HOME, WALKED, hung
from tests.walk_maker import AT, FLAT

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


# -- after a walk by a clock that was not right ----------------------------------------------------------------------

CALL: Final = Frame("care", "test_call", b'{"by": "Ines", "asked_by": "root"}')
Told = tuple[int, Frame]  # at (ms), by the hub's own time


def clock(by_ms: int) -> Frame:
    return Frame("hub", "clock", json.dumps({"offset_ms": by_ms, "quality": "synced"}).encode())


def battery(percent: int, sensor: str = "bedroom-motion") -> Frame:
    return Frame("log", sensor, f"battery_percent {percent}".encode())


def lived(folder: Path, home: Home, *told: Told) -> Journal:
    journal, engine = Journal(folder / "journal.db"), Engine(home)
    journal.begin(engine, Instant(told[0][0]), 1, "test")
    entries = [Entry(seq, Instant(at), frame) for seq, (at, frame) in enumerate(told, 1)]
    run(fill(entries, engine), engine, journal)
    journal.flush()
    return journal


def walk_to(journal: Journal, ended: int, by_ms: int) -> Walked:
    """A walk with the test alert of that journal, which ended then by a wall clock that stood so far ahead."""
    ((epoch, seq, at),) = journal.rows("SELECT epoch, seq, at FROM alert WHERE kind = 'test_call'")
    call = Call(epoch, seq, Instant(at + by_ms))
    return BROKEN_WALK._replace(home_digest=home_digest(FLAT), ended=Instant(ended + by_ms), call=call)


@pytest.mark.parametrize("before_ms", [0, -HOUR_MS, 30 * DAY_MS])
@pytest.mark.parametrize("after_ms", [-2 * HOUR_MS, -HOUR_MS, 0, HOUR_MS, 30 * DAY_MS])
def test_a_battery_that_is_heard_after_the_walk_counts_whatever_became_of_the_clock_since(
    tmp_path: Path, before_ms: int, after_ms: int
) -> None:
    """The clock stood ``before_ms`` ahead of the hub's time in the walk, and was corrected half an hour after it."""
    ended = AT + 10 * MINUTE_MS
    journal = lived(
        tmp_path, FLAT, (AT - 2 * DAY_MS, clock(before_ms)), (AT - HOUR_MS, battery(9, "hall-motion")), (AT, CALL),
        (ended + MINUTE_MS, battery(9)), (ended + 20 * MINUTE_MS, battery(100)),
        (ended + 30 * MINUTE_MS, clock(before_ms + after_ms)), (ended + 40 * MINUTE_MS, battery(80, "kitchen-motion")),
    )  # fmt: skip
    found = batteries(journal, walk_to(journal, ended, before_ms))
    journal.close()
    assert found == {
        "bedroom-motion": Battery(100, Instant(ended + 20 * MINUTE_MS + before_ms)),
        "kitchen-motion": Battery(80, Instant(ended + 40 * MINUTE_MS + before_ms + after_ms)),
    }


def test_a_sensor_that_has_moved_is_told_by_a_hub_that_began_with_the_clock_a_month_behind(tmp_path: Path) -> None:
    """All that it heard since lies, by its own time, before the walk's end as the wall showed it."""
    lived_there = days(1, Instant(AT + HOUR_MS), 4, "Europe/London", fleet=hung("hall-motion", "bathroom"))
    heard = as_log_frames(as_readings(lived_there))
    journal = lived(tmp_path, HOME, (AT - MINUTE_MS, clock(30 * DAY_MS)), (AT, CALL), *heard)
    walked = walk_to(journal, AT + MINUTE_MS, 30 * DAY_MS)
    walked = walked._replace(home_digest=home_digest(HOME), legs=WALKED.legs)
    (tmp_path / "home.toml").write_text(HOME.text)
    (tmp_path / "walk.json").write_bytes(written(walked))
    told = still(HOME, tmp_path / "home.toml", journal)
    journal.close()
    assert told == ["the hall sensor (hall-motion) has moved: hang it where it was, or walk again"]
