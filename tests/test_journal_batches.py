"""When entries are written: often enough that a kill costs little, and in pieces that can be read again."""

from pathlib import Path

from agent.engine import Engine
from agent.journal_io import Journal
from agent.loop import fill, run
from agent.nouns import MINUTE_MS, Entry, Frame, Instant
from tests.home_maker import make_home


def test_a_quiet_night_is_written_every_ten_minutes_so_that_a_kill_does_not_unsee_it(tmp_path: Path) -> None:
    home = make_home()
    journal = Journal(tmp_path / "journal.db", home.id)
    engine = Engine(home)
    start = Instant(1_767_571_200_000)
    journal.begin(engine, start, 1, "test")
    entries = [Entry(1, start, Frame("log", "hall-motion", b"motion 1"))]
    entries += [Entry(1, Instant(start + minute * MINUTE_MS)) for minute in range(1, 481)]
    run(fill(entries, engine), engine, journal)
    last = Journal(tmp_path / "journal.db").last()  # as somebody reads it who never saw what is still pending
    assert last is not None
    assert start + 480 * MINUTE_MS - last[1] <= 10 * MINUTE_MS


def test_a_flood_of_large_messages_is_written_in_batches_that_can_be_read_again(tmp_path: Path) -> None:
    home = make_home()
    journal = Journal(tmp_path / "journal.db", home.id)
    engine = Engine(home)
    start = Instant(1_767_571_200_000)
    journal.begin(engine, start, 1, "test")
    large = bytes(range(256)) * 8_000
    entries = [Entry(n, Instant(start + n), Frame("zigbee", "bridge/devices", large)) for n in range(1, 41)]
    run(fill(entries, engine), engine, journal)
    journal.close()
    again = Journal(tmp_path / "journal.db")
    assert sum(1 for entry in again.entries(1) if entry.frame is not None) == 40
