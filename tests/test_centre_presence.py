"""Which hubs a centre takes for present after its broker, or its own line, was away."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.transport.envelope import GONE, seal
from agent.transport.keys_io import signer
from centre.centre_io import LAG_MS, Receiver
from tests.brokers import Mosquitto, until
from tests.test_centre import World, said


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as found:
        yield found


def test_a_hub_that_died_with_the_broker_is_missed_and_one_that_was_gone_stays_gone(
    tmp_path: Path, broker: Mosquitto
) -> None:
    world = World(tmp_path, broker.client("x"), appear_s=1.0)
    for name in ("hub-8", "hub-9"):
        sign = signer(str(tmp_path / "hubs" / f"{name}.key"))
        world.send(seal(said(1, hub=name), sign), f"hearthwatch/v1/{name}/alert")
    world.send(GONE, "hearthwatch/v1/hub-8/will", retain=True)
    until(lambda: len(world.events()) == 3, "two alerts and a Will")
    broker.kill()  # with it go the Will of hub-8, and hub-9 before the broker could say its Will
    broker.start()
    gone = until(lambda: [one for one in world.events() if one["event"] == "gone"][1:], "hub-9 to be missed")
    assert [event["hub"] for event in gone] == ["hub-9"]
    assert not [event for event in world.events() if event["event"] == "back"]
    with sqlite3.connect(tmp_path / "centre.db") as db:
        assert list(db.execute("SELECT name FROM hub WHERE gone_ms IS NOT NULL")) == [("hub-8",), ("hub-9",)]
        db.execute("UPDATE hub SET gone_ms=gone_ms-?", (LAG_MS,))  # as if that were a while ago
    db.close()
    until(lambda: world.turn() and world.hub.up, "the hand to be connected")
    world.send(seal(said(2, hub="hub-9"), sign), "hearthwatch/v1/hub-9/alert")
    world.send(b"", "hearthwatch/v1/hub-8/will", retain=True)
    until(lambda: sum(event["event"] == "back" for event in world.events()) == 2, "both to be back, by their own sign")
    world.close()


def test_a_hub_whose_line_never_broke_is_not_missed_when_the_receivers_own_did(
    tmp_path: Path, broker: Mosquitto
) -> None:
    world = World(tmp_path, broker.client("x"))
    world.send(seal(said(1), world.sign))
    until(lambda: world.turn() and world.receipts, "the receipt")
    world.receiver.close()
    world.receiver = Receiver(replace(world.desk, appear_s=0.0), world.out, world.err)
    until(lambda: world.turn() and len(world.receipts) == 2, "the same receipt once more")
    world.send(b"", "hearthwatch/v1/hub-7/will", retain=True)
    world.send(b"?", "hearthwatch/v1/hub-7/will")
    until(lambda: len(world.events()) == 2, "the answer of the broker, and what came after it")
    assert [event["event"] for event in world.events()] == ["alert", "refused"]
    assert len(set(world.receipts)) == 1
    world.close()
