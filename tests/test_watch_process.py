"""The process that knows the home, started into what earlier runs left behind."""

import contextlib
import sqlite3
import threading
from pathlib import Path

import pytest

from agent.clock_io import HubClock
from agent.engine import Engine
from agent.home import parse
from agent.journal_io import Journal
from agent.live_io import Frames, frame_queue
from agent.nouns import Frame, Instant, Refused
from agent.watch_io import live
from tests.brokers import LONG_S, until
from tests.living_hub import HOME


def clock(engine: Engine, last: Instant | None) -> HubClock:
    return HubClock(last, synced=lambda: True)


class Run:
    """One run of watch's loop, fed by hand: smoke comes over the link ``log``."""

    def __init__(self, state: Path) -> None:
        self.state, self._frames = state, frame_queue()
        words = (state, parse(HOME), "hub-1", self._frames, (None,), "test", clock)
        self._loop = threading.Thread(target=live, args=words)
        self._loop.start()

    def smoke(self, value: int) -> None:
        self._frames.put(Frame("log", "smoke", b"smoke %d" % value))

    def has_taken_all(self) -> bool:
        return self._frames.empty()

    def stop(self) -> None:
        self._frames.put(None)
        self._loop.join(LONG_S)
        assert not self._loop.is_alive()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    run = Run(tmp_path)
    run.smoke(1)
    run.smoke(0)
    until(lambda: _numbers(tmp_path) == [(1, 1), (1, 2)], "two alerts")
    run.stop()
    return tmp_path


def _numbers(state: Path) -> list[tuple[int, int]]:
    """(epoch, seq) of what is in the outbox, looked at without a hand on it; none while it is being made."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{state}/outbox.db?mode=ro", uri=True)) as outbox:
            return list(outbox.execute("SELECT epoch, seq FROM message ORDER BY epoch, seq"))
    except sqlite3.OperationalError:
        return []


def test_a_journal_that_is_gone_begins_a_new_epoch_so_that_no_number_is_used_twice(state: Path) -> None:
    for file in state.glob("journal.db*"):
        file.unlink()
    run = Run(state)
    run.smoke(1)
    until(lambda: _numbers(state) == [(1, 1), (1, 2), (2, 1)], "the new alert to be on its way")
    run.stop()


def test_an_outbox_that_is_gone_is_filled_again_from_the_journal(state: Path) -> None:
    for file in state.glob("outbox.db*"):
        file.unlink()
    run = Run(state)
    until(lambda: _numbers(state) == [(1, 1), (1, 2)], "the outbox to be filled")
    run.stop()


def test_a_hub_whose_key_is_gone_does_not_make_another_that_the_centre_would_refuse(state: Path) -> None:
    (state / "hub.key").unlink()
    frames: Frames = frame_queue()
    with pytest.raises(Refused, match="the centre believes no other"):
        live(state, parse(HOME), "hub-1", frames, (None,), "test", clock)


def test_a_request_that_is_no_file_stops_nobody(state: Path) -> None:
    (state / "requests" / "a.json").mkdir()
    (state / "requests" / "b.json").symlink_to(state / "nowhere")
    (state / "requests" / "c.json").write_bytes(b"[" * 4_000)
    run = Run(state)
    run.smoke(1)
    until(lambda: _numbers(state)[-1:] == [(1, 3)], "the alert all the same")
    run.stop()
    journal = Journal(state / "journal.db")
    assert len(journal.segments()) == 2


def test_an_alert_that_missed_the_outbox_is_put_there_at_the_start_though_a_later_one_was_taken(state: Path) -> None:
    with contextlib.closing(sqlite3.connect(state / "outbox.db", isolation_level=None)) as outbox:
        outbox.execute("DELETE FROM message WHERE seq = 1")
    run = Run(state)
    until(lambda: _numbers(state) == [(1, 1), (1, 2)], "the first alert to be there again")
    run.stop()
