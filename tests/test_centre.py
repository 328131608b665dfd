"""The centre's desk: what it keeps, answers, refuses and misses."""

import io
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.civil import rfc3339
from agent.mqtt_io import Broker, Client
from agent.nouns import BadFrame, Instant
from agent.transport.envelope import FIRST, GONE, Envelope, Sign, digest, open_receipt, seal
from agent.transport.keys_io import signer, verifier
from centre.answers_io import Answers
from centre.centre_io import APPEAR_S, Desk, Receiver
from centre.incidents import Answer
from centre.receiver import LATE_MS, MISSING_MS, Hole, Known, address, judge, line, record
from centre.store_io import LATER, Store
from tests.brokers import Mosquitto, until

RAISED = 1_772_360_400_000


def said(seq: int, previous: str = FIRST, hub: str = "hub-7", epoch: int = 1, kind: str = "sos") -> Envelope:
    return Envelope(
        hub, epoch, seq, f"{epoch}-{seq}", kind, "raised", "critical", "hall", Instant(RAISED),
        Instant(RAISED), "synced", 1_000, 980, False, previous,
    )  # fmt: skip


def test_an_alert_sent_again_is_answered_again_and_kept_once() -> None:
    assert judge(said(1), "a", Known()) == (True, True, ())
    assert judge(said(1), "a", Known(same="a", newest_epoch=1)) == (False, True, ())


def test_one_number_with_two_stories_is_neither_kept_nor_answered() -> None:
    keep, receipt, notes = judge(said(1), "b", Known(same="a", newest_epoch=1))
    assert (keep, receipt) == (False, False)
    assert "other words" in notes[0]


def test_an_alert_that_does_not_follow_is_kept_and_said_to_be_odd() -> None:
    assert judge(said(5, "x"), "e", Known(before="y", newest_epoch=1)).notes == ("does not follow from the one before",)
    assert judge(said(5, "x"), "e", Known(before="x", newest_epoch=1)).notes == ()
    assert judge(said(5, "x"), "e", Known(newest_epoch=1)).notes == (), "the one before is still to come"
    assert judge(said(1, "x"), "e", Known()).notes == ("does not follow from the one before",)
    follows = judge(said(1, "x", epoch=2), "e", Known(before="x", newest_epoch=1))
    assert follows.notes == judge(said(1, epoch=2), "e", Known(before="x", newest_epoch=1)).notes == ()
    assert judge(said(5, "x"), "e", Known(newest_epoch=2)).keep, "an old backup that was restored must still be heard"


@contextmanager
def heard(numbers: Iterable[int]) -> Iterator[Store]:
    """A centre's file that has heard these numbers, in this order."""
    with TemporaryDirectory() as folder:
        store = Store(f"{folder}/centre.db")
        with store.writing():
            for seq in numbers:
                store.keep(said(seq), str(seq).encode(), Instant(0))
        yield store
        store.close()


def test_an_outcome_in_a_file_of_an_earlier_receiver_does_not_answer_what_is_said_after_it(tmp_path: Path) -> None:
    path, sign = str(tmp_path / "centre.db"), signer(str(tmp_path / "hub.key"))
    store = Store(path)
    with store.writing():
        store.keep(said(1), seal(said(1), sign), Instant(RAISED))
    Answers(store).give("hub-7", "1-1", Answer("outcome", "ines.k", Instant(RAISED), "true"), "a test")
    for column in LATER:
        store.change(f"ALTER TABLE incident DROP COLUMN {column}")
    store.close()
    store = Store(path)
    assert [one.state for one in store.incidents(closed=True)] == ["closed"]
    again = replace(said(2), id="1-1", state="updated")
    with store.writing():
        store.keep(again, seal(again, sign), Instant(RAISED))
    assert [one.state for one in store.incidents()] == ["open"]
    store.close()


def test_the_lost_end_of_an_epoch_is_noticed_when_the_next_begins(tmp_path: Path) -> None:
    store, sign = Store(str(tmp_path / "centre.db")), signer(str(tmp_path / "hub.key"))
    heard_last, lost = seal(said(1), sign), seal(said(2), sign)
    with store.writing():
        store.keep(said(1), heard_last, Instant(0))
    for before, notes in ((heard_last, ()), (lost, ("does not follow from the one before",))):
        first = said(1, digest(before), epoch=2)
        assert judge(first, "e", store.around(first)).notes == notes
    store.close()


@given(st.permutations(range(1, 30)))
@settings(deadline=None, max_examples=30)
def test_what_comes_in_any_order_is_not_missing(order: list[int]) -> None:
    with heard(order) as store:
        assert not store.missing(Instant(10**9))


@given(st.lists(st.integers(1, 60), min_size=1, unique=True))
@settings(deadline=None, max_examples=30)
def test_what_never_comes_is_told_once_after_its_time(numbers: list[int]) -> None:
    with heard(numbers) as store:
        assert not store.missing(Instant(MISSING_MS - 1))
        holes = [hole for _, _, hole in store.missing(Instant(MISSING_MS))]
        told = [seq for hole in holes for seq in range(hole.first, hole.last + 1)]
        assert sorted(told) == [seq for seq in range(1, max(numbers)) if seq not in numbers]
        assert not store.missing(Instant(MISSING_MS * 2))


def test_a_hub_that_counts_wildly_does_not_fill_the_memory() -> None:
    with heard([2**53 - 1]) as store:
        assert [hole for _, _, hole in store.missing(Instant(MISSING_MS))] == [Hole(1, 2**53 - 2, 0)]


@pytest.mark.parametrize(
    "topic", ["hearthwatch/v1/a/receipt", "hearthwatch/v2/a/alert", "x", "hearthwatch/v1/../alert"]
)
def test_a_topic_that_is_not_a_hubs_is_refused(topic: str) -> None:
    with pytest.raises(BadFrame):
        address(topic)


def test_the_operator_reads_who_what_since_when_and_how_sure_in_one_line() -> None:
    assert line(said(3), Instant(RAISED + 2_999), ("odd",)) == (
        "2026-03-01 10:20:00Z  CRITICAL  hub-7  sos  raised  hall  since 10:20:00  sure 100 %  watched 98 %  "
        "incident 1-3  no. 1/3  after 2 s  ! odd"
    )


@pytest.mark.parametrize(
    ("age_ms", "clock", "words", "age_seconds", "late"),
    [
        (LATE_MS, "synced", "after 60 s", 60, False),
        (LATE_MS + 1, "synced", "LATE after 60 s", 60.001, True),
        (72 * 3_600_000, "rtc", "LATE after 259200 s  clock rtc", 259_200, True),
        (-1_000, "synced", "after -1 s", -1, False),
        (10**9, "unknown", "age unknown  clock unknown", None, None),
    ],
)
def test_an_alert_that_came_late_is_marked_late(
    age_ms: int, clock: str, words: str, age_seconds: float | None, late: bool | None
) -> None:
    alert, received = replace(said(3), clock=clock), Instant(RAISED + age_ms)
    assert line(alert, received, ()).endswith(f"no. 1/3  {words}")
    told = record(alert, received, ())
    assert (told["age_seconds"], told["late"]) == (age_seconds, late)
    assert told["received"] == rfc3339(received)


class World:
    """A centre's desk at a real broker, and a hub's hand that says whatever it is told to."""

    def __init__(self, folder: Path, broker: Broker, appear_s: float = APPEAR_S) -> None:
        (folder / "hubs").mkdir(exist_ok=True)
        self.sign: Sign = signer(str(folder / "hubs" / "hub-7.key"))
        self.folder, self.out, self.err = folder, io.StringIO(), io.StringIO()
        desk = Desk(
            broker, str(folder / "hubs"), str(folder / "centre.key"), str(folder / "centre.db"), as_json=True,
            appear_s=appear_s,
        )  # fmt: skip
        self.desk, self.receiver = desk, Receiver(desk, self.out, self.err)
        self.receipts: list[bytes] = []
        self.hub = Client(
            broker, "hub-7", lambda topic, payload, retained: self.receipts.append(payload),
            lambda up, reason: None, subscriptions=["hearthwatch/v1/hub-7/receipt"],
        )  # fmt: skip
        until(lambda: self.turn() and self.hub.up and "online" in self.err.getvalue(), "both online")

    def turn(self) -> bool:
        self.hub.turn(0.01)
        self.receiver.turn(0.01)
        return True

    def send(self, payload: bytes, topic: str = "hearthwatch/v1/hub-7/alert", retain: bool = False) -> None:
        assert self.hub.publish(topic, payload, retain=retain) is not None

    def events(self) -> list[dict[str, object]]:
        self.turn()
        return [json.loads(text) for text in self.out.getvalue().splitlines()]

    def close(self) -> None:
        self.hub.close()
        self.receiver.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as found:
        yield found


@pytest.fixture
def world(tmp_path: Path, broker: Mosquitto) -> Iterator[World]:
    found = World(tmp_path, broker.client("x"))
    yield found
    found.close()


def test_an_alert_is_on_the_disk_and_answered_with_a_receipt_that_names_it(world: World) -> None:
    sealed = seal(said(1), world.sign)
    world.send(sealed)
    world.send(sealed)
    until(lambda: world.turn() and len(world.receipts) == 2, "two receipts")
    verify = verifier(str(world.folder / "centre.pub"))
    assert {open_receipt(payload, verify).alert for payload in world.receipts} == {digest(sealed)}
    assert [event["event"] for event in world.events()] == ["alert"]
    with sqlite3.connect(world.folder / "centre.db") as db:
        assert list(db.execute("SELECT envelope FROM alert")) == [(sealed,)]
    db.close()


def test_a_centre_that_was_restarted_still_knows_what_it_had(tmp_path: Path, broker: Mosquitto) -> None:
    first = World(tmp_path, broker.client("x"))
    first.send(sealed := seal(said(1), first.sign))
    until(lambda: first.events(), "the alert")
    first.close()
    second = World(tmp_path, broker.client("x"))
    second.send(sealed)
    until(lambda: second.turn() and second.receipts, "the receipt")
    assert not second.events()
    second.close()


@pytest.mark.parametrize(
    ("topic", "why"),
    [
        ("hearthwatch/v1/hub-8/alert", "names the hub hub-7"),
        ("hearthwatch/v1/stranger/alert", "not pinned here: copy its hub.pub to"),
    ],
)
def test_an_alert_on_another_hubs_topic_is_refused(world: World, topic: str, why: str) -> None:
    (world.folder / "hubs" / "hub-8.pub").write_bytes((world.folder / "hubs" / "hub-7.pub").read_bytes())
    world.send(seal(said(1), world.sign), topic)
    (event,) = until(world.events, "the refusal")
    assert event["event"] == "refused"
    assert why in str(event["reason"])
    assert not world.receipts


@pytest.mark.parametrize("odd", ["a folder", "no key", "a link to nowhere", "a pipe"])
def test_one_hub_with_an_odd_key_is_refused_by_name_and_the_others_are_heard(world: World, odd: str) -> None:
    key = world.folder / "hubs" / "hub-8.pub"
    if odd == "a folder":
        key.mkdir()
    elif odd == "no key":
        key.write_bytes(b"\xff\x00")
    elif odd == "a link to nowhere":
        key.symlink_to("nowhere")
    else:
        os.mkfifo(key)
    world.send(seal(said(1, hub="hub-8"), world.sign), "hearthwatch/v1/hub-8/alert")
    world.send(seal(said(1), world.sign))
    until(lambda: len(world.events()) == 2, "the refusal and the alert")
    refused, alert = world.events()
    assert (refused["event"], refused["hub"]) == ("refused", "hub-8")
    why = "not pinned here" if odd == "a link to nowhere" else "no usable key of this hub"
    assert why in str(refused["reason"])
    assert (alert["event"], alert["hub"]) == ("alert", "hub-7")


def test_a_flood_of_forgeries_is_a_few_lines(world: World) -> None:
    forger = signer(str(world.folder / "forger.key"))
    for number in range(1, 101):
        until(lambda: world.hub.publish("hearthwatch/v1/hub-7/alert", seal(said(number), forger)) or world.turn(), "x")  # noqa: B023
    until(lambda: len(world.events()) == 7, "lines for the 1st, 2nd, 4th ... 64th")
    assert [event["count"] for event in world.events()] == [1, 2, 4, 8, 16, 32, 64]
    assert not world.receipts


def test_a_hub_that_dies_and_returns_is_told_and_a_false_will_is_not_believed(world: World) -> None:
    will = "hearthwatch/v1/hub-7/will"
    for payload in (GONE, GONE, b"", b"hello"):
        world.send(payload, will, retain=True)
    until(lambda: len(world.events()) == 3, "three lines")
    assert [event["event"] for event in world.events()] == ["gone", "back", "refused"]
