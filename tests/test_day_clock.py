"""A hub whose clock was wrong, and was corrected: its family's day goes by the clock on the wall."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.engine import Engine
from agent.home import parse
from agent.journal_file_io import Written
from agent.journal_io import Journal
from agent.loop import fill, run
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Entry, Frame, Instant
from agent.offsets_io import Corrections, Offsets, first_civil
from agent.page.home_io import AtHome
from agent.past_io import past_of
from agent.simulate.days import days
from agent.simulate.dialects import Heard, as_log_frames, as_readings
from agent.summary.day import Day, summarised
from agent.summary.words_io import words
from tests.page_maker import BEGAN, HOME, SEED

HOME_OF_IT = parse(HOME)
LATER = 2  # days after which the clock is corrected
DAYS = 4
FIRST = BEGAN // DAY_MS  # London, in winter


def lived(folder: Path, by_ms: int, corrected_at: int) -> Path:
    """Days of one home, as a hub had them whose clock stood ``by_ms`` behind the wall, and was told so then."""
    path = folder / "journal.db"
    journal, engine = Journal(path), Engine(HOME_OF_IT)
    told = list(as_log_frames(as_readings(days(SEED, BEGAN, DAYS, "Europe/London"))))
    clock = json.dumps({"offset_ms": by_ms, "quality": "synced"}).encode()
    told += [Heard(BEGAN, Frame("hub", "boot", b"{}")), Heard(Instant(corrected_at), Frame("hub", "clock", clock))]
    told.sort(key=lambda one: one.at)
    entries = [Entry(seq, Instant(at - by_ms), frame) for seq, (at, frame) in enumerate(told, 1)]
    journal.begin(engine, entries[0].at, 1, "test")
    run(fill(entries, engine), engine, journal)
    journal.close()
    return path


def day_of(path: Path, number: int) -> Day:
    journal = Written(path, read_only=True)
    try:
        past, now = past_of(journal, HOME_OF_IT, number, Instant(0))
        return summarised(HOME_OF_IT, number, past, now)
    finally:
        journal.close()


@pytest.mark.parametrize("by_ms", [HOUR_MS, -HOUR_MS, 30 * DAY_MS])
def test_a_day_of_a_hub_whose_clock_was_corrected_is_the_day_of_one_that_was_right(tmp_path: Path, by_ms: int) -> None:
    for name in ("right", "wrong"):
        (tmp_path / name).mkdir()
    right = lived(tmp_path / "right", 0, BEGAN + SECOND_MS)
    wrong = lived(tmp_path / "wrong", by_ms, BEGAN + SECOND_MS)
    for number in range(FIRST + 1, FIRST + DAYS - 1):
        one, other = day_of(right, number), day_of(wrong, number)
        for name in ("up", "quiet", "kitchen", "fridge", "outings", "away"):
            assert one.figures[name].value == other.figures[name].value, name
            assert one.figures[name].evidence == other.figures[name].evidence, name
        assert one.stays == other.stays
        assert one.observed_permille == other.observed_permille == 1_000


def test_what_came_before_the_correction_goes_by_the_clock_as_it_was_then(tmp_path: Path) -> None:
    at = Instant(BEGAN + LATER * DAY_MS)
    path = lived(tmp_path, HOUR_MS, at)
    journal = Written(path, read_only=True)
    clock = Offsets().of(journal, Instant(BEGAN - DAY_MS))
    assert clock.civil(Instant(at - HOUR_MS - 1)) == at - HOUR_MS - 1
    assert clock.civil(Instant(at - HOUR_MS)) == at
    assert first_civil(journal) is not None
    journal.close()
    assert day_of(path, FIRST + LATER + 1).observed_permille == 1_000
    before = day_of(path, FIRST + LATER)
    assert any(span.until == at for span in before.dark), "the hour that the clock jumped over was seen by nobody"


def test_the_page_of_a_hub_that_lags_an_hour_does_not_take_it_for_one_that_is_off(tmp_path: Path) -> None:
    path = lived(tmp_path, HOUR_MS, BEGAN + SECOND_MS)
    (tmp_path / "home.toml").write_text(HOME)
    journal = Written(path, read_only=True)
    end = journal.last()
    assert end is not None
    past, now = past_of(journal, HOME_OF_IT, FIRST + DAYS - 1, Instant(end[1] + HOUR_MS + MINUTE_MS))
    journal.close()
    assert now == end[1] + HOUR_MS
    assert not [span for span in past.off if span.since >= end[1] and span.until > span.since]
    home = AtHome(tmp_path / "home.toml", tmp_path, True, words())
    assert (home.first_day(), home.last_day()) == (FIRST, FIRST + DAYS - 1)


corrections = st.lists(st.tuples(st.integers(1, 50), st.integers(-20, 20)), max_size=4)


@given(corrections, st.integers(-100, 300), st.integers(-100, 300))
def test_every_instant_whose_wall_time_lies_in_a_stretch_is_found_once(
    told: list[tuple[int, int]], since: int, until: int
) -> None:
    found, at = [(0, 3)], 0
    for after, by in told:
        at += after
        found.append((at, by))
    clock = Corrections(found)
    stretches = list(clock.within(Instant(since), Instant(until)))
    for instant in range(-150, 350):
        inside = since <= clock.civil(Instant(instant)) < until
        assert sum(begin <= instant < end for begin, end, _ in stretches) == inside
