"""The disk fails: the alert leaves all the same, once, and is stored when the disk is well again."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from agent.ballast_io import BALLAST_BYTES
from tests.brokers import Mosquitto, until, uplink_process
from tests.disk_maker import Disk, Hub, disk, failing
from tests.hub_maker import Tap

FILES = ("journal.db", "journal.db-wal", "outbox.db", "outbox.db-wal")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Disk]:
    with disk(tmp_path / "disk") as found:
        yield found


@pytest.fixture
def hub(small: Disk) -> Iterator[Hub]:
    found = Hub(small.path)
    until((small.path / "ballast").exists, "the ballast")
    until(lambda: found.durable() == [] and (small.path / "outbox.db").exists(), "the outbox")
    yield found
    found.close()


def no_gaps(numbers: set[tuple[int, int]]) -> bool:
    """Within an epoch every number from 1 on."""
    return all(seq == 1 or (epoch, seq - 1) in numbers for epoch, seq in numbers)


def test_on_a_full_disk_the_ballast_goes_and_the_alert_is_stored(hub: Hub, small: Disk) -> None:
    assert (small.path / "ballast").stat().st_blocks * 512 == BALLAST_BYTES, "a hole would hold no room"
    small.fill()
    for _ in range(100):  # what the log has room for is used up first
        hub.smoke(1)
        hub.smoke(0)
    until(lambda: not (small.path / "ballast").exists(), "the ballast to go")
    until(lambda: len(hub.heard("smoke")) == 200, "every alert in the journal")
    until(lambda: hub.heard("storage_fault") == ["raised"], "the full disk to be told")
    until(lambda: len(hub.durable()) == 201, "and in the outbox")
    assert hub.volatile() == []


def test_an_alert_leaves_although_the_disk_is_full_to_the_last_byte_and_is_stored_when_there_is_room(
    hub: Hub, small: Disk
) -> None:
    (small.path / "ballast").unlink()
    small.fill()
    for count in range(1, 41):
        hub.smoke(count % 2)
    until(lambda: len(hub.leaving()) == 41, "forty alerts, and that nothing can be stored, to be on their way")
    assert hub.volatile(), "the disk took no more"
    small.free()
    hub.smoke(1)
    until(lambda: len(hub.heard("smoke")) == 41, "all of them in the journal")
    until(lambda: hub.heard("storage_fault") == ["raised", "cleared"], "that it can be stored again")
    until(lambda: len(hub.leaving()) == 43, "the last of them to be on its way")
    assert no_gaps(hub.leaving())


def test_an_alert_on_a_full_disk_is_at_the_centre_within_five_seconds(tmp_path: Path, hub: Hub, small: Disk) -> None:
    (small.path / "ballast").unlink()
    small.fill()
    with Mosquitto(tmp_path) as broker:
        tap = Tap(broker.client("tap"))
        with uplink_process("hub-1", broker.client("hub-1"), small.path) as uplink:
            until(lambda: any("online" in line for line in uplink.errors), "the line up")
            for count in range(1, 41):  # what the logs have room for is used up on the way
                pressed = monotonic()
                hub.smoke(count % 2)
                until(lambda count=count: len(tap.alerts()) >= count, "the alert at the centre")  # type: ignore[misc]
                assert monotonic() - pressed <= 5
        tap.client.close()
    assert hub.volatile(), "the disk took no more"


@pytest.mark.parametrize(
    ("call", "how"),
    [
        ("pwrite64", "error=EIO"),
        ("pwrite64", "error=EROFS"),
        ("pwrite64", "error=ENOSPC"),
        ("fdatasync", "error=EIO"),
    ],
)
def test_an_alert_leaves_although_every_write_fails_and_is_stored_when_they_work_again(
    call: str, how: str, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    hub = Hub(state)
    hub.smoke(1)
    until(lambda: len(hub.durable()) == 1, "the disk to work")
    with failing(hub.pid, call, how, *(state / name for name in FILES)):
        hub.smoke(0)
        until(lambda: (1, 2) in hub.leaving(), "the alert on its way")
        hub.smoke(1)
        until(lambda: {(1, 3), (1, 4)} <= hub.leaving(), "the next, and the fault")
        assert hub.heard("smoke") == ["raised"], "nothing more is in the journal"
    hub.smoke(0)
    until(lambda: len(hub.heard("smoke")) == 4, "all of it in the journal")
    until(lambda: hub.heard("storage_fault")[-1:] == ["cleared"], "that it works again")
    hub.stop()
    assert no_gaps({(epoch, seq) for epoch, seq, _, _ in hub.journaled()})


def test_a_journal_that_somebody_holds_delays_no_alert_by_five_seconds(tmp_path: Path) -> None:
    hub = Hub(tmp_path / "state")
    hub.smoke(1)
    until(lambda: len(hub.durable()) == 1, "the disk to work")
    holder = sqlite3.connect(hub.state / "journal.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    pressed = monotonic()
    hub.smoke(0)
    until(lambda: (1, 2) in hub.leaving(), "the alert on its way")
    assert monotonic() - pressed <= 5
    holder.close()
    hub.smoke(1)
    until(lambda: len(hub.heard("smoke")) == 3, "all of it in the journal")
    hub.stop()


def test_a_disk_that_stalls_for_two_seconds_makes_an_alert_late_and_loses_none(tmp_path: Path) -> None:
    state = tmp_path / "state"
    hub = Hub(state)
    hub.smoke(1)
    until(lambda: len(hub.durable()) == 1, "the disk to work")
    with failing(hub.pid, "fdatasync,fsync", "delay_enter=2000000", *(state / name for name in FILES)):
        pressed = monotonic()
        hub.smoke(0)
        until(lambda: (1, 2) in hub.leaving(), "the alert on its way")
        assert monotonic() - pressed >= 2, "the stall was real"
    until(lambda: len(hub.heard("smoke")) == 2, "it in the journal")
    hub.stop()
    assert not hub.heard("storage_fault")


def test_what_was_said_without_storage_and_killed_is_put_back_and_no_number_is_used_again(tmp_path: Path) -> None:
    state = tmp_path / "state"
    hub = Hub(state)
    hub.smoke(1)
    until(lambda: len(hub.durable()) == 1, "the disk to work")
    with failing(hub.pid, "pwrite64", "error=EIO", *(state / name for name in FILES)):
        hub.smoke(0)
        until(lambda: {(1, 2), (1, 3)} <= set(hub.volatile()), "the alert and the fault, in memory alone")
        hub.kill()
    hub = Hub(state)
    hub.smoke(1)
    hub.smoke(0)
    until(lambda: (2, 1) in hub.leaving(), "another epoch")
    hub.stop()
    journaled = [(epoch, seq) for epoch, seq, _, _ in hub.journaled()]
    assert journaled[:4] == [(1, 1), (1, 2), (1, 3), (2, 1)]
    assert set(hub.durable()) == set(journaled), "and the outbox on the disk holds all of it"
