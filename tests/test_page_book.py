"""The book of the page: who is let in has all of it or nothing, and a clock that is set back opens no door."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.book_io import Fault
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, Instant
from agent.page.family_io import FILE, INVITED_MS, SET_BACK_MS, Family
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


@given(ahead_ms=st.integers(SET_BACK_MS + 1, 400 * DAY_MS), later_ms=st.integers(0, INVITED_MS))
def test_an_invitation_of_a_clock_that_was_ahead_lets_nobody_in(
    tmp_path_factory: pytest.TempPathFactory, ahead_ms: int, later_ms: int
) -> None:
    """How long ago it was made, nobody knows: it would be open for longer than seven days."""
    family = Family(tmp_path_factory.mktemp("ahead"))
    code = family.invite("anna", False, Instant(NOW + ahead_ms), "installer")
    now = Instant(NOW + min(later_ms, ahead_ms - SET_BACK_MS - 1))
    assert family.invited(code, now) is None
    assert family.accept(code, PASSWORD, now) is None
    assert family.waiting(now) == []
    family.close()


def test_an_invitation_outlives_a_clock_that_is_set_right_by_a_second(family: Family) -> None:
    code = family.invite("anna", False, NOW, "installer")
    assert family.invited(code, Instant(NOW - 1_000)) == "anna"
