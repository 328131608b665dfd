"""The book of the page: who is let in has all of it or nothing, and a clock that is set back opens no door."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.book_io import Fault
from agent.nouns import HOUR_MS, MINUTE_MS, Instant
from agent.page.family_io import FILE, Family
from tests.page_maker import PASSWORD

NOW = Instant(1_772_360_400_000)


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Family]:
    found = Family(tmp_path)
    yield found
    found.close()


def test_where_the_book_fails_half_way_an_invitation_is_not_used_up(tmp_path: Path, family: Family) -> None:
    code = family.invite("mum", True, NOW, "installer")
    book = sqlite3.connect(tmp_path / FILE)
    book.execute("CREATE TRIGGER full BEFORE INSERT ON resident BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(Fault):
        family.accept(code, PASSWORD, NOW)
    assert family.accounts.names() == []
    assert family.waiting(NOW) == ["mum"]
    book.execute("DROP TRIGGER full")
    book.close()
    assert family.accept(code, PASSWORD, NOW) == "mum"
    assert family.lives_here("mum")


def test_a_look_is_written_down_though_the_clock_was_set_back(family: Family) -> None:
    family.looked("anna", "/week", Instant(NOW + HOUR_MS))
    family.looked("anna", "/week", NOW)
    family.looked("anna", "/week", Instant(NOW + MINUTE_MS))
    assert [one.at - NOW for one in family.looks("anna")] == [0, HOUR_MS]


def test_who_came_in_by_a_clock_that_was_ahead_logs_in_again(family: Family) -> None:
    family.accept(family.invite("anna", False, NOW, "installer"), PASSWORD, NOW)
    token = family.accounts.begin("anna", Instant(NOW + HOUR_MS))
    assert family.accounts.find(token, Instant(NOW + HOUR_MS - 1_000)) is not None, "a second is no step"
    assert family.accounts.find(token, NOW) is None
