"""A day that is told from days counted before is the day that the command tells."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.civil import Wall
from agent.home import parse
from agent.journal_file_io import Written
from agent.nouns import Home, Instant
from agent.page.shelf_io import Shelf
from agent.past_io import past_between, past_of
from agent.summary.day import Day, summarised
from tests.page_maker import BEGAN, HOME, live_through

FIRST = Wall("Europe/London").day(BEGAN)


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    live_through(folder, HOME, 35)
    return folder / "state" / "journal.db"


def by_the_command(journal: Path, number: int) -> Day:
    home, written = parse(HOME), Written(journal, read_only=True)
    try:
        past, now = past_of(written, home, number, Instant(0))
        return summarised(home, number, past, now)
    finally:
        written.close()


def but_company(day: Day) -> Day:
    """How many are there may have been said for the last time before all that the command reads."""
    return replace(day, figures={name: one for name, one in day.figures.items() if name != "company"})


ORDER = (FIRST + 34, FIRST, FIRST + 20, FIRST + 28, FIRST + 27, FIRST + 34, FIRST + 33)


def test_a_page_that_was_just_started_tells_what_the_command_tells(journal: Path) -> None:
    for number in ORDER:
        assert Shelf(journal).day(parse(HOME), number, Instant(0)) == by_the_command(journal, number)


def test_each_day_of_a_home_of_a_few_weeks_and_of_those_before_it_is_read_once(
    journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, shelf, read = parse(HOME), Shelf(journal), list[int]()

    def noted(journal: Written, home: Home, first: int, *rest: Any) -> Any:
        read.append(first)
        return past_between(journal, home, first, *rest)

    monkeypatch.setattr("agent.page.shelf_io.past_between", noted)
    shelf.day(home, FIRST + 20, Instant(0))
    assert read == list(range(FIRST - 8, FIRST + 21))
    shelf.day(home, FIRST + 20, Instant(0))
    assert read[29:] == [FIRST + 20], "with what it rests on"


def test_a_page_that_has_counted_ahead_tells_it_too_in_whatever_order_it_is_asked(journal: Path) -> None:
    home, shelf = parse(HOME), Shelf(journal)
    shelf.count_ahead(home, Instant(0))
    for number in ORDER:
        found, whole = shelf.day(home, number, Instant(0)), by_the_command(journal, number)
        assert but_company(found) == but_company(whole)
        assert found.figures["company"].value == 0, "said in the first days, and never otherwise since"


def test_a_week_has_the_figures_and_nights_of_its_days(journal: Path) -> None:
    home, shelf = parse(HOME), Shelf(journal)
    for day in shelf.days(home, FIRST + 27, FIRST + 34, Instant(0)):
        whole = by_the_command(journal, day.number)
        assert day.nights == whole.nights
        for name, figure in but_company(day).figures.items():
            assert figure._replace(evidence=()) == whole.figures[name]._replace(evidence=())


def test_a_home_that_is_another_one_is_counted_anew(journal: Path) -> None:
    home, shelf = parse(HOME), Shelf(journal)
    before = shelf.day(home, FIRST + 34, Instant(0))
    agreed = parse(f"{HOME}\n[consent]\nbathroom_detail_to_family = true\n")
    assert before.bathroom_hidden
    after = shelf.day(agreed, FIRST + 34, Instant(0))
    assert not after.bathroom_hidden
    assert after.figures["bathroom_day"].usual is not None
    assert shelf.day(home, FIRST + 34, Instant(0)) == before
