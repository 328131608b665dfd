"""A damaged outbox costs no alert: it is set aside, never deleted, and uplink waits for the next one."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.mqtt_io import Broker
from agent.nouns import Refused
from agent.transport import outbox_io
from agent.transport.door_io import Occupied
from agent.transport.outbox_io import Outbox, fresh_if_damaged
from agent.transport.outboxes_io import outbox_path
from agent.transport.uplink_io import uplink
from tests.brokers import Mosquitto, until, uplink_process
from tests.hub_maker import HUB, Hub, Tap


def sealed(number: int) -> bytes:
    return str(number).encode().ljust(1_024, b".")


@pytest.fixture
def path(tmp_path: Path) -> str:
    """An outbox that holds a hundred alerts."""
    found = str(tmp_path / "outbox.db")
    box = Outbox(found, durable=False)
    for number in range(1, 101):
        box.put(1, number, "low", sealed(number))
    box.close()
    return found


def foreign() -> bytes:
    """A database of somebody else, with a table of our name."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE message (words TEXT)")
    data = db.serialize()
    db.close()
    return data


def later(path: str) -> bytes:
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version=9")
    db.close()
    return Path(path).read_bytes()


DAMAGE: dict[str, Callable[[bytes, str], bytes]] = {
    "garbage": lambda data, path: b"garbage" * 1_000,
    "half of it": lambda data, path: data[: len(data) // 2],
    "a page of noughts": lambda data, path: data[:8_192] + bytes(4_096) + data[12_288:],
    "somebody else's": lambda data, path: foreign(),
    "of a later version": lambda data, path: later(path),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_outbox_is_set_aside_and_the_next_one_begins_empty(
    path: str, damage: Callable[[bytes, str], bytes]
) -> None:
    for count in (1, 2):
        Path(path).write_bytes(damage(Path(path).read_bytes(), path))
        assert fresh_if_damaged(path) == f"{path}.damaged-{count}"
        assert Path(f"{path}.damaged-{count}").stat().st_size > 0
        assert not Path(path).exists()
        box = Outbox(path, durable=False)
        for number in range(1, 101):
            assert box.put(1, number, "low", sealed(number))
        box.close()


def test_an_outbox_that_is_whole_or_not_there_yet_is_left_alone(path: str, tmp_path: Path) -> None:
    assert fresh_if_damaged(path) is None
    box = Outbox(path, durable=False)
    assert [box.envelope(message.epoch, message.seq) for message in box.messages()] == [
        sealed(n) for n in range(1, 101)
    ]
    box.close()
    assert fresh_if_damaged(str(tmp_path / "none.db")) is None
    assert sorted(file.name for file in tmp_path.iterdir()) == ["outbox.db"]


def test_an_outbox_that_somebody_holds_is_not_called_damaged(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_io, "BUSY_MS", 50)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert fresh_if_damaged(path) is None, "it can be read all the same"
    holder.execute("ROLLBACK")
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        fresh_if_damaged(path)
    holder.close()
    assert fresh_if_damaged(path) is None


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    found = Hub(tmp_path)
    yield found
    found.close()


def filled_anew(hub: Hub) -> None:
    """What ``watch`` does at its start: the next outbox is filled from the journal."""
    hub.outbox = Outbox(outbox_path(str(hub.state)), durable=False)
    hub.say()


def test_uplink_waits_for_a_damaged_outbox_to_be_mended_and_says_it_once(tmp_path: Path, hub: Hub) -> None:
    path = outbox_path(str(hub.state))
    hub.outbox.close()
    Path(path).write_bytes(b"garbage" * 1_000)
    with Mosquitto(tmp_path) as broker:
        tap = Tap(broker.client("tap"))
        with uplink_process(HUB, broker.client(HUB), hub.state) as process:
            until(lambda: process.errors, "the complaint")
            knocked(hub)
            assert fresh_if_damaged(path)
            filled_anew(hub)
            until(tap.alerts, "the alert")
            assert sum("the outbox cannot be used" in line for line in process.errors) == 1
        tap.client.close()


def knocked(hub: Hub) -> None:
    """A knock at an uplink that waits is answered by another look, and not by an end."""
    with pytest.raises(Occupied):
        uplink(HUB, [Broker("127.0.0.1", 1)], str(hub.state))


def test_an_outbox_that_was_replaced_under_a_living_uplink_is_noticed(tmp_path: Path, hub: Hub) -> None:
    with Mosquitto(tmp_path) as broker:
        tap = Tap(broker.client("tap"))
        with uplink_process(HUB, broker.client(HUB), hub.state) as process:
            until(lambda: any("online" in line for line in process.errors), "the line up")
            hub.outbox.close()
            assert later(outbox_path(str(hub.state)))
            assert fresh_if_damaged(outbox_path(str(hub.state)))
            filled_anew(hub)
            until(tap.alerts, "the alert")
        tap.client.close()


@pytest.mark.parametrize(("name", "host"), [("no such hub!", "127.0.0.1"), (HUB, "192.0.2.1")])
def test_an_uplink_with_a_wrong_name_or_an_open_line_is_refused_in_one_line(name: str, host: str, hub: Hub) -> None:
    with pytest.raises(Refused) as refused:
        uplink(name, [Broker(host, 1883)], str(hub.state))
    assert "\n" not in str(refused.value)
