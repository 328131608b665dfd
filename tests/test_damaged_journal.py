"""A damaged journal: set aside, begun anew from what can be read; no alert is lost, no number used twice."""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import pending
from agent.ballast_io import Ballast
from agent.engine import Engine
from agent.journal_io import Journal, Unwritten
from agent.live_io import frame_queue
from agent.loop import fill, run
from agent.nouns import DAY_MS, HOUR_MS, Alert, Entry, Frame, Instant, Outcome, Sensor
from agent.recover import resume
from agent.salvage_io import SALVAGED, begin_anew, is_damaged, take_over
from agent.storing_io import Storing
from agent.verify_io import verify
from bench.damage import HOME, MONDAY, PRESS, a_state, one
from tests.brokers import until
from tests.disk_maker import Disk, Hub, disk
from tests.home_maker import make_home
from tests.test_journal import a_day

ROOM_FOR_AN_EMPTY_ONE = 200_000  # bytes; less than the journal of two days
MUTATIONS = int(os.environ.get("HEARTHWATCH_DAMAGES", "200"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state directory of a hub that was killed after two days."""
    state = tmp_path_factory.mktemp("whole") / "state"
    a_state(state)
    return state


@pytest.fixture
def state(whole: Path, tmp_path: Path) -> Path:
    """A copy of it, with the log folded into the journal."""
    shutil.copytree(whole, tmp_path / "state")
    with sqlite3.connect(tmp_path / "state" / "journal.db") as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return tmp_path / "state"


def frames(path: Path) -> int:
    journal = Journal(path)
    found = sum(entry.frame is not None for part in journal.segments() for entry in journal.entries(part.id))
    journal.close()
    return found


def page_of_a_batch(path: Path) -> int:
    """Where the middle one of the pages that hold readings begins."""
    with sqlite3.connect(path) as db:
        pages = [n for (n,) in db.execute("SELECT pageno FROM dbstat WHERE name = 'batch' AND pagetype = 'leaf'")]
    db.close()
    return int(pages[len(pages) // 2] - 1) * 512


def test_however_a_journal_is_damaged_the_hub_starts_and_no_alert_is_lost_and_no_number_used_twice(
    whole: Path, tmp_path: Path
) -> None:
    found = [one(whole, tmp_path / "work", seed) for seed in range(MUTATIONS)]
    assert not [(seed, *outcome) for seed, outcome in enumerate(found) if outcome.faults]
    assert sum("begun anew" in outcome.what for outcome in found) >= MUTATIONS // 4, "the damage was real"


def test_a_page_of_noughts_costs_its_own_readings_and_what_was_learnt_before_and_after_stays(state: Path) -> None:
    path = state / "journal.db"
    heard, place, body = frames(path), page_of_a_batch(path), bytearray(path.read_bytes())
    body[place : place + 512] = bytes(512)
    path.write_bytes(body)
    assert is_damaged(path)
    aside = begin_anew(path, HOME)
    assert aside.name == "journal.db.damaged-1"
    assert aside.read_bytes() == body, "what is set aside is left as it was"
    assert not is_damaged(path)
    assert all("are missing" in line for line in verify(path))
    assert frames(path) >= heard * 0.9
    journal = Journal(path)
    gaps = [e for part in journal.segments() for e in journal.entries(part.id) if e.frame and e.frame.address == "gap"]
    assert len(gaps) == 1, "what is missing was not observed"
    assert resume(journal, HOME).now == journal.last()[1]  # type: ignore[index]
    journal.close()


def test_a_journal_that_is_found_whole_after_a_fault_is_not_checked_again_at_every_entry(state: Path) -> None:
    path = state / "journal.db"
    whole = path.read_bytes()
    with sqlite3.connect(path) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'alert'").fetchone()
    db.close()
    damaged = whole[: (root - 1) * 512] + bytes(512) + whole[root * 512 :]
    path.write_bytes(damaged)
    journal, engine, frames = Journal(path), Engine(HOME), frame_queue()
    storing = Storing(journal, Ballast(state), frames, "test")
    pressed = Entry(1, Instant(MONDAY + 4 * DAY_MS), PRESS)
    storing.put(pressed, engine.step(pressed))
    with pytest.raises(Unwritten):
        storing.turn_over(pressed, engine)
    path.write_bytes(whole)  # it was the disk, and not what lies on it
    storing.turn_over(pressed, engine)
    path.write_bytes(damaged)
    storing.turn_over(pressed, engine)  # no write has failed since: nobody looks
    journal._db.close()


def test_a_second_damage_is_set_aside_beside_the_first(state: Path) -> None:
    for count in (1, 2):
        (state / "journal.db").write_bytes(b"garbage" * 1_000)
        assert is_damaged(state / "journal.db")
        assert begin_anew(state / "journal.db", HOME).name == f"journal.db.damaged-{count}"
        assert not is_damaged(state / "journal.db")


def test_a_start_that_is_cut_off_while_it_begins_the_journal_anew_is_finished_by_the_next(state: Path) -> None:
    path = state / "journal.db"
    whole = path.read_bytes()
    (state / SALVAGED).write_bytes(b"half of it")
    take_over(path)
    assert path.read_bytes() == whole, "while the journal stands, the next one is not whole yet"
    path.write_bytes(b"garbage" * 1_000)
    begin_anew(path, HOME)
    path.rename(state / SALVAGED)  # cut off between the two renames
    take_over(path)
    assert not is_damaged(path)
    assert not (state / SALVAGED).exists()


@pytest.fixture
def small(state: Path, tmp_path: Path) -> Iterator[Disk]:
    """The state directory on a small disk, with its ballast; its journal is damaged."""
    with disk(tmp_path / "disk") as found:
        shutil.copytree(state, found.path, dirs_exist_ok=True)
        assert Ballast(found.path).lay()
        path, place = found.path / "journal.db", page_of_a_batch(state / "journal.db")
        body = bytearray(path.read_bytes())
        body[place : place + 512] = bytes(512)
        path.write_bytes(body)
        yield found


def test_a_damaged_journal_on_a_full_disk_is_carried_over_into_the_room_of_the_ballast(small: Disk) -> None:
    small.fill()
    begin_anew(small.path / "journal.db", HOME)
    assert frames(small.path / "journal.db") > 100
    assert not (small.path / "ballast").exists()


def test_a_damaged_journal_without_room_for_another_is_set_aside_and_the_hub_starts_with_an_empty_one(
    small: Disk, capfd: pytest.CaptureFixture[str]
) -> None:
    path = small.path / "journal.db"
    damaged = path.read_bytes()
    (small.path / "ballast").unlink()
    small.fill()
    with next(small.path.glob("filler-*")).open("r+b") as filler:
        filler.truncate(filler.seek(0, os.SEEK_END) - ROOM_FOR_AN_EMPTY_ONE)
    aside = begin_anew(path, HOME)
    assert aside.read_bytes() == damaged, "set aside, as it was"
    assert not is_damaged(path)
    assert frames(path) == 0
    assert "begins empty" in capfd.readouterr().err


def test_a_whole_journal_is_left_alone(state: Path) -> None:
    assert not is_damaged(state / "journal.db")
    assert not is_damaged(state / "none.db")


def test_what_a_board_had_kept_and_told_late_is_no_damage(tmp_path: Path) -> None:
    wired = Sensor("wired-door", "door", "hall", None, "serial", "bridge-1/door0")
    home, path = make_home(wired), tmp_path / "journal.db"
    journal, engine = Journal(path, home.id), Engine(home)
    journal.begin(engine, MONDAY, 1, "test")
    happened = json.dumps({"at": MONDAY - HOUR_MS, "boot": 1, "number": 0, "value": 1})
    run(fill([Entry(1, MONDAY, Frame("serial", wired.address, happened.encode()))], engine), engine, journal)
    journal.close()
    assert [reading.at for reading in Journal(path).readings(Instant(0), Instant(MONDAY + 1))] == [MONDAY - HOUR_MS]
    assert not is_damaged(path)


def test_a_hub_whose_journal_is_garbage_starts_says_so_and_puts_every_alert_back(tmp_path: Path) -> None:
    state = tmp_path / "state"
    hub = Hub(state)
    hub.smoke(1)
    hub.smoke(0)
    until(lambda: hub.durable() == [(1, 1), (1, 2)], "two alerts")
    hub.kill()
    for file in state.glob("journal.db-*"):
        file.unlink()
    (state / "journal.db").write_bytes(b"garbage" * 1_000)
    hub = Hub(state)
    hub.smoke(1)
    until(lambda: len(hub.durable()) == 5, "the fault, that it is over, and the smoke")
    hub.stop()
    assert [row[:2] for row in hub.journaled()] == [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3)]
    assert hub.heard("storage_fault") == ["raised", "cleared"]
    assert (state / "journal.db.damaged-1").read_bytes() == b"garbage" * 1_000


def test_readings_that_were_shed_stand_as_a_gap_and_no_alert_goes_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending, "HELD_MOST", 300)
    journal, engine = Journal(tmp_path / "journal.db", HOME.id), Engine(HOME)
    journal.begin(engine, MONDAY, 1, "test")
    holder = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    journal._db.execute("PRAGMA busy_timeout = 0")
    told = a_day(1)
    said: list[Alert] = []

    class Sink:
        def put(self, entry: Entry, outcome: Outcome) -> None:
            said.extend(outcome.alerts)
            try:
                journal.put(entry, outcome)
            except Unwritten:
                assert holder.in_transaction
            if journal.is_long() and not journal.behind:
                journal.begin(engine, entry.at, entry.seq + 1, "test")

    holder.execute("BEGIN IMMEDIATE")
    run(fill(told[:-20], engine), engine, Sink())
    assert not journal.alerts()
    holder.execute("ROLLBACK")
    run(fill(told[-20:], engine), engine, Sink())
    journal.flush()
    assert [(epoch, seq) for epoch, seq, _ in journal.alerts()] == [(alert.epoch, alert.seq) for alert in said]
    kept = [entry for part in journal.segments() for entry in journal.entries(part.id) if entry.frame]
    assert [entry.frame.address for entry in kept if entry.frame and entry.frame.link == "hub"] == ["gap"]
    assert kept[-1] == told[-1]
    assert 150 <= len(kept) < len(told)
    assert len(journal.segments()) == 2, "what follows replays from what was known then"
    assert Instant(kept[0].at) > told[0].at + HOUR_MS
    journal.close()


def test_a_journal_of_an_older_agent_is_not_called_damaged_and_is_brought_up_to_date(state: Path) -> None:
    path = state / "journal.db"
    heard = frames(path)
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE custody")
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'schema_2'")
        db.execute("PRAGMA user_version = 1")
    db.close()
    assert not is_damaged(path)
    assert frames(path) == heard
    assert verify(path) == []
