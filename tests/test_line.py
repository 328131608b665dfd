"""What comes back into the home's process: only what can be believed, and a flood of the rest does no harm."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from agent.line_io import Line
from agent.live_io import Frames, frame_queue
from agent.nouns import Frame
from agent.transport import outbox_io, outboxes_io
from agent.transport.envelope import Receipt, Sign, digest, seal_receipt
from agent.transport.keys_io import signer
from agent.transport.outbox_io import Outbox
from agent.transport.outboxes_io import Outboxes
from tests.brokers import LONG_S, until

SEALED = bytes(1_024)


@pytest.fixture
def centre(tmp_path: Path) -> Sign:
    """The key of the centre that this hub knows."""
    return signer(str(tmp_path / "centre.key"))


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outboxes]:
    (tmp_path / "memory").mkdir()
    with closing(Outboxes(str(tmp_path), tmp_path / "memory")) as found:
        yield found


@contextmanager
def listening(state: Path) -> Iterator[Frames]:
    """The frames of a line that looks for what came back all the time."""
    frames = frame_queue()
    line = Line(state, state / "memory", [state / "centre.pub"], frames, lambda: None, 0.05)
    line.start()
    try:
        yield frames
    finally:
        line.stop()


def receipt(centre: Sign) -> bytes:
    return seal_receipt(Receipt("hub-1", 1, 1, digest(SEALED)), centre)


def heard(frames: Frames) -> Frame:
    frame = frames.get(timeout=LONG_S)
    assert frame is not None
    return frame


def test_a_flood_of_receipts_that_nobody_believes_leaves_room_for_the_one_of_the_centre(
    tmp_path: Path, centre: Sign, outbox: Outboxes, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(outbox_io, "MAX_RETURNED", 500)
    outbox.put(1, 1, "critical", SEALED)
    assert outbox.give_back("link", b'{"state":"online"}')
    while outbox.give_back("receipt", b"forged"):
        pass
    with listening(tmp_path) as frames:
        until(lambda: outbox.give_back("receipt", receipt(centre)), "room for the receipt")
        assert [heard(frames).address for _ in range(2)] == ["link", "receipt"]
        until(lambda: len(outbox.returned({})) == 2, "all that was refused to be forgotten, and nothing else")
    said = capfd.readouterr().err.splitlines()
    assert 1 < len(said) < 20, "it is said, and does not fill the log"


def test_a_receipt_of_the_centre_is_believed_and_says_which_alert(
    tmp_path: Path, centre: Sign, outbox: Outboxes
) -> None:
    outbox.put(1, 1, "critical", SEALED)
    outbox.give_back("receipt", receipt(centre))
    with listening(tmp_path) as frames:
        said = json.loads(heard(frames).payload)
    assert (said["epoch"], said["seq"], said["kind"]) == (1, 1, "received")


def broken(outbox: Path) -> None:
    """Its tables are not there: what is asked of it fails."""
    with closing(sqlite3.connect(outbox, isolation_level=None)) as db:
        for table in ("message", "returned"):
            db.execute(f"ALTER TABLE {table} RENAME TO {table}_away")


def mended(outbox: Path) -> None:
    with closing(sqlite3.connect(outbox, isolation_level=None)) as db:
        for table in ("message", "returned"):
            db.execute(f"ALTER TABLE {table}_away RENAME TO {table}")


def test_an_outbox_that_fails_silences_not_the_one_in_memory(tmp_path: Path, centre: Sign, outbox: Outboxes) -> None:
    with closing(Outbox(str(tmp_path / "memory" / "outbox.db"))) as volatile:
        volatile.put(1, 1, "critical", SEALED)
        volatile.give_back("receipt", receipt(centre))
    assert len(outbox.returned({})) == 1
    broken(tmp_path / "outbox.db")
    assert len(outbox.returned({})) == 1
    with listening(tmp_path) as frames:
        assert heard(frames).address == "receipt"


def test_a_receipt_whose_alert_cannot_be_read_now_is_believed_later(
    tmp_path: Path, centre: Sign, outbox: Outboxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outboxes_io, "RETRY_S", 0.2)
    outbox.put(1, 1, "critical", SEALED)
    with closing(Outbox(str(tmp_path / "memory" / "outbox.db"))) as volatile:
        broken(tmp_path / "outbox.db")
        volatile.give_back("receipt", receipt(centre))
        with listening(tmp_path) as frames:
            volatile.give_back("link", b'{"state":"online"}')
            assert heard(frames).address == "link", "what came after it does not wait for it"
            mended(tmp_path / "outbox.db")
            assert heard(frames).address == "receipt"
