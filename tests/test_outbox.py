"""The outbox: what a hub still owes its centre survives restarts, and is owed until a receipt came."""

import multiprocessing
import signal
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agent.transport import outbox_io
from agent.transport.outbox_io import Outbox
from agent.transport.sending import Waiting
from tests.brokers import Process, until


def sealed(number: int) -> bytes:
    return str(number).encode().ljust(1_024, b".")


def test_an_alert_put_twice_is_there_once(tmp_path: Path) -> None:
    box = Outbox(str(tmp_path / "outbox.db"))
    assert box.put(1, 1, "critical", sealed(1))
    assert not box.put(1, 1, "low", sealed(2))
    assert box.waiting() == [Waiting(0, 1, 1)]
    assert box.envelope(1, 1) == sealed(1)
    box.close()


def test_the_most_urgent_comes_first_and_then_the_oldest(tmp_path: Path) -> None:
    box = Outbox(str(tmp_path / "outbox.db"))
    for number, severity in enumerate(["info", "medium", "critical", "low", "high", "critical"], start=1):
        box.put(1, number, severity, sealed(number))
    assert [message.seq for message in box.waiting()] == [3, 6, 5, 2, 1, 4]
    box.close()


def test_an_alert_is_owed_until_its_receipt(tmp_path: Path) -> None:
    box = Outbox(str(tmp_path / "outbox.db"))
    box.put(1, 1, "critical", sealed(1))
    box.broker_said(1, 1, 0)
    assert box.waiting(), "the broker's word is a hint"
    assert not box.receipted(1, 2)
    assert not box.receipted(2, 1)
    assert box.waiting()
    assert box.receipted(1, 1)
    assert not box.receipted(1, 1), "the second time it is no news"
    assert not box.waiting()
    assert box.messages()[0].receipted
    box.close()


def test_what_was_receipted_long_ago_is_forgotten_and_what_waits_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_io, "KEPT", 5)
    box = Outbox(str(tmp_path / "outbox.db"), durable=False)
    for number in range(1, 21):
        box.put(1, number, "low", sealed(number))
        if number != 3:
            box.receipted(1, number)
    kept = [message.seq for message in box.messages()]
    assert kept[0] == 3
    assert kept[1:] == list(range(16, 21))
    newest = box.newest()
    assert newest == (1, 20, sealed(20))
    box.close()


def test_what_came_back_is_read_in_order_from_a_cursor_and_then_forgotten(tmp_path: Path) -> None:
    watch, uplink = (Outbox(str(tmp_path / "outbox.db"), durable) for durable in (True, False))
    uplink.give_back("link", b'{"state":"online"}')
    uplink.give_back("receipt", b"one")
    first, second = watch.returned(after=0)
    assert (first.what, second.what, second.payload) == ("link", "receipt", b"one")
    watch.forget_returned(second.id)
    uplink.give_back("receipt", b"two")
    assert [row.payload for row in watch.returned(after=second.id)] == [b"two"], "numbers are not used again"
    watch.close()
    uplink.close()


def test_a_flood_of_receipts_does_not_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_io, "MAX_RETURNED", 3)
    box = Outbox(str(tmp_path / "outbox.db"), durable=False)
    assert [box.give_back("receipt", b"x") for _ in range(5)] == [True, True, True, False, False]
    box.forget_returned(2)
    assert box.give_back("receipt", b"x")
    assert not box.give_back("receipt", b"x" * 513), "no receipt is that long"
    box.close()


def test_an_outbox_of_a_later_version_is_not_touched(tmp_path: Path) -> None:
    path = str(tmp_path / "outbox.db")
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version=9")
    db.close()
    with pytest.raises(sqlite3.DatabaseError, match="format 9"):
        Outbox(path)


def test_an_envelope_of_another_size_is_our_mistake(tmp_path: Path) -> None:
    box = Outbox(str(tmp_path / "outbox.db"))
    with pytest.raises(ValueError, match="1023"):
        box.put(1, 1, "low", b"x" * 1_023)
    box.close()


def put_many(path: str, first: int) -> None:
    box = Outbox(path, durable=False)
    for number in range(first, 200, 2):
        box.put(1, number, "low", sealed(number))
    box.close()


def test_processes_that_make_the_outbox_at_once_all_have_it(tmp_path: Path) -> None:
    """SQLite says "locked" at once, whatever its timeout, where a file gets its log: by chance, so they try often."""
    for turn in range(40):
        together, path = threading.Barrier(4), str(tmp_path / f"outbox-{turn}.db")

        def make(together: threading.Barrier = together, path: str = path) -> None:
            together.wait()
            Outbox(path, durable=False).close()

        with ThreadPoolExecutor(4) as makers:
            for made in [makers.submit(make) for _ in range(4)]:
                made.result()


def test_two_processes_write_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    path = str(tmp_path / "outbox.db")
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=put_many, args=(path, first)) for first in (1, 2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    box = Outbox(path)
    assert [message.seq for message in box.waiting()] == list(range(1, 200))
    box.close()


def test_what_was_put_is_there_after_a_kill(tmp_path: Path) -> None:
    path = str(tmp_path / "outbox.db")
    code = (
        f"from agent.transport.outbox_io import Outbox; from tests.test_outbox import sealed; box = Outbox({path!r})\n"
    )
    code += "for n in range(1, 10_000): box.put(1, n, 'low', sealed(n)); print(n, flush=True)"
    with Process(code) as writer:
        until(lambda: len(writer.lines) > 20, "twenty alerts put")
        writer.send(signal.SIGKILL)
        said = int(writer.lines[-1])
    box = Outbox(path)
    found = [message.seq for message in box.waiting()]
    assert found == list(range(1, len(found) + 1))
    assert len(found) >= said
    box.close()


def test_what_nobody_answered_goes_on_a_second_line_until_that_one_has_its_receipt_too(tmp_path: Path) -> None:
    outbox = Outbox(str(tmp_path / "outbox.db"))
    outbox.put(1, 1, "critical", bytes(1_024))
    assert outbox.waiting(line=2) == []
    outbox.escalate(1, 1, 2)
    outbox.escalate(1, 1, 2)
    outbox.receipted(1, 1)
    assert (outbox.waiting(), outbox.waiting(line=2)) == ([], [Waiting(0, 1, 1)])
    assert outbox.receipted(1, 1, 2)
    assert not outbox.receipted(1, 1, 2)
    assert outbox.waiting(line=2) == []


def test_an_outbox_with_one_line_is_taken_over(tmp_path: Path) -> None:
    path = str(tmp_path / "outbox.db")
    with sqlite3.connect(path) as db:
        db.execute(
            "CREATE TABLE message (epoch INTEGER, seq INTEGER, rank INTEGER, envelope BLOB, broker_said INTEGER,"
            " receipted INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (epoch, seq)) STRICT"
        )
        db.execute("CREATE TABLE returned (id INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT, payload BLOB) STRICT")
        db.execute("INSERT INTO message VALUES (1, 1, 0, zeroblob(1024), NULL, 0)")
        db.execute("PRAGMA user_version=1")
    db.close()
    outbox = Outbox(path)
    assert outbox.waiting() == [Waiting(0, 1, 1)]
    outbox.give_back("receipt", b"{}", line=2)
    assert outbox.returned(0)[0].line == 2


def test_what_was_forgotten_after_its_receipt_is_told_from_what_was_never_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_io, "KEPT", 5)
    box = Outbox(str(tmp_path / "outbox.db"), durable=False)
    assert box.numbers() == ((0, 0), set())
    taken = [number for number in range(1, 21) if number != 17]
    for number in taken:
        box.put(1, number, "low", sealed(number))
        box.receipted(1, number)
    since, held = box.numbers()
    assert since < (1, 17), "what was never taken is looked for"
    assert held == {(1, number) for number in taken if (1, number) > since}, "and what was forgotten is not"
    box.close()
