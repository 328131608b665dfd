"""The page of a hub that was never started, and of one whose journal cannot be read."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.page_maker import FEW_DAYS, Guest, HubPage


@pytest.fixture
def page(tmp_path: Path) -> Iterator[HubPage]:
    """There is a state directory, and no journal in it."""
    (tmp_path / "state").mkdir()
    with HubPage(tmp_path) as found:
        yield found


def withdrawn(page: HubPage, guest: Guest) -> dict[str, object]:
    """What the hub will read first, after somebody has ended the watching on the page."""
    assert guest.ask("GET", "/consent").status == 200
    answer = guest.ask("POST", "/consent", {"csrf": guest.csrf(), "sure": "yes"})
    assert (answer.status, "it reads this first when it starts" in answer.text) == (200, True)
    (request,) = (page.state / "requests").iterdir()
    found: dict[str, object] = json.loads(request.read_text())
    return found


def test_before_the_first_start_who_lives_there_can_withdraw_consent(page: HubPage) -> None:
    request = withdrawn(page, page.guest("mum", "--resident"))
    assert (request["what"], request["given"], request["by"]) == ("consent", False, "mum")


def test_before_the_first_start_the_other_pages_say_that_there_was_none(page: HubPage) -> None:
    guest = page.guest("anna")
    for path in ("/", "/day/2026-03-01", "/week", "/week/2026-03-01", "/month", "/month/2026-03", "/sent"):
        answer = guest.ask("GET", path)
        assert answer.status == 503
        assert "The hub of this home has not been started yet" in answer.text, path
        assert "Out of order" not in answer.text
    assert "</strong> looked at" not in guest.ask("GET", "/looks").text


def test_a_journal_that_cannot_be_read_keeps_nobody_from_withdrawing_consent(tmp_path: Path) -> None:
    with HubPage(tmp_path, count=FEW_DAYS) as page:
        mum = page.guest("mum", "--resident")
        (page.state / "journal.db").write_bytes(b"no journal at all" * 1_000)
        for beside in ("journal.db-wal", "journal.db-shm"):
            (page.state / beside).unlink(missing_ok=True)
        assert mum.ask("GET", "/").status == 503
        assert withdrawn(page, mum)["given"] is False


def test_a_book_that_cannot_be_written_does_not_make_a_withdrawal_look_like_none(tmp_path: Path) -> None:
    with HubPage(tmp_path, count=FEW_DAYS) as page:
        mum = page.guest("mum", "--resident")
        csrf = mum.csrf()
        with sqlite3.connect(page.state / "page.db") as book:
            book.execute("ALTER TABLE audit RENAME TO gone")
        answer = mum.ask("POST", "/consent", {"csrf": csrf, "sure": "yes"})
        assert (answer.status, "The watching has been ended" in answer.text) == (200, True)
        assert len(list((page.state / "requests").iterdir())) == 1
