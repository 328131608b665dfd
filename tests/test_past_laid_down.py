"""A past that a hub did not live: laid into a new journal, whole, in an epoch of its own."""

from pathlib import Path

import pytest

from agent.engine import Engine
from agent.home import parse
from agent.journal_io import Journal, lay_down
from agent.nouns import Entry, Instant
from agent.simulate.days import days
from agent.simulate.dialects import as_log_frames, as_readings
from agent.simulate.fleet import home_text
from agent.verify_io import verify

MONDAY = Instant(1_772_409_600_000)  # 2026-03-02
HOME = parse(home_text(5, link="log"))


@pytest.fixture(scope="module")
def past() -> list[Entry]:
    heard = as_log_frames(as_readings(days(5, MONDAY, 4)))
    return [Entry(seq, at, frame) for seq, (at, frame) in enumerate(heard, start=1)]


def test_a_past_that_was_laid_down_is_whole_although_silences_lie_between_its_frames(
    tmp_path: Path, past: list[Entry]
) -> None:
    journal = Journal(tmp_path / "journal.db", HOME.id)
    lay_down(journal, Engine(HOME), past, "1")
    assert journal.last() == (past[-1].seq, past[-1].at)
    (first, second) = journal.segments()
    assert (first.epoch, first.first_seq) == (1, 1)
    assert (second.epoch, second.first_seq) == (2, past[-1].seq + 1)
    frames = [entry for entry in journal.entries(first.id) if entry.frame is not None]
    assert frames == past
    journal.close()
    assert verify(tmp_path / "journal.db") == []


def test_a_past_without_a_line_leaves_the_journal_empty(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db", HOME.id)
    lay_down(journal, Engine(HOME), [], "1")
    assert journal.last() is None
    assert journal.segments() == []
    journal.close()


def test_nothing_of_a_past_that_was_laid_down_is_sent(tmp_path: Path, past: list[Entry]) -> None:
    journal = Journal(tmp_path / "journal.db", HOME.id)
    lay_down(journal, Engine(HOME), past, "1")
    assert journal.envelopes((0, 0)) == []
    journal.close()
