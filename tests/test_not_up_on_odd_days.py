"""Mornings on days of 23 and 25 hours: one question a local day, at the time that the wall shows."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agent.civil import Wall, in_window
from agent.detect.routine import LEAD_MS, NotUp
from agent.nouns import DAY_MS, MINUTE_MS, Instant
from tests.driver import Drive, a_home

# By the hour, by half an hour, and at midnight, where a day has no 00:15.
ZONES: Final = (
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Jerusalem",
    "Asia/Beirut",
    "America/Havana",
)
EPOCH: Final = date(1970, 1, 1)


@cache
def odd_days(timezone: str) -> list[int]:
    """The local days of 2024 to 2026 on which the clocks change."""
    zone, days = ZoneInfo(timezone), []
    for number in range(3 * 365):
        midnight = datetime(2024, 1, 1, 12, tzinfo=UTC) + timedelta(days=number)
        if midnight.astimezone(zone).utcoffset() != (midnight + timedelta(days=1)).astimezone(zone).utcoffset():
            changed = (midnight + timedelta(days=1)).astimezone(zone).date()
            days.append((changed - EPOCH).days)
    return days


ODD_DAYS: Final = st.sampled_from(ZONES).flatmap(
    lambda timezone: st.sampled_from(odd_days(timezone)).map(lambda day: (timezone, day))
)
# Mostly the small hours, where clocks change.
MINUTES: Final = st.integers(0, 4 * 60) | st.integers(0, 24 * 60 - 1)


def in_bed(timezone: str, day: int, by: int, night: tuple[int, int] = (22 * 60 + 30, 6 * 60 + 30)) -> Drive:
    """Somebody who was heard just after the time of three local days before ``day``, and not since."""
    home = Drive(a_home(timezone, not_up_by=by, night=night), NotUp)
    home.now = Instant(Wall(timezone).instant(day - 3, by) + MINUTE_MS)
    home.hear(home.now, "kitchen-motion")
    return home


@pytest.mark.parametrize("timezone", ZONES)
def test_the_clocks_change_twice_a_year_in_these_zones(timezone: str) -> None:
    assert len(odd_days(timezone)) >= 5


@pytest.mark.parametrize(
    ("timezone", "day", "by", "told_utc"),
    [
        ("Europe/London", date(2026, 3, 29), 90, "01:30"),  # 01:30 does not exist: it is 02:30 by the new clock
        ("Europe/London", date(2026, 10, 25), 90, "00:30"),  # 01:30 comes twice: the first one
        ("America/New_York", date(2026, 3, 8), 150, "07:30"),
        ("America/New_York", date(2026, 11, 1), 90, "05:30"),
        ("Australia/Lord_Howe", date(2026, 10, 4), 135, "15:45"),
        ("Australia/Lord_Howe", date(2026, 4, 5), 105, "14:45"),
    ],
)
def test_up_by_a_time_that_does_not_exist_or_comes_twice_is_told_once(
    timezone: str, day: date, by: int, told_utc: str
) -> None:
    number = (day - EPOCH).days
    home = in_bed(timezone, number - 1, by)
    wall = Wall(timezone)
    told = []
    for today in range(number - 1, number + 2):
        home.until(Instant(wall.instant(today, by) + 100 * MINUTE_MS))
        home.hear(home.now, "kitchen-motion")
        told.append([f"{datetime.fromtimestamp(at / 1_000, UTC):%H:%M}" for at, f in home.said if f.state == "raised"])
        home.said.clear()
    assert [len(lines) for lines in told] == [1, 1, 1]
    assert told[1] == [told_utc]


@settings(max_examples=200, deadline=None)
@given(odd=ODD_DAYS, by=MINUTES, night=st.tuples(MINUTES, MINUTES))
def test_every_silent_local_day_is_told_exactly_once(odd: tuple[str, int], by: int, night: tuple[int, int]) -> None:
    assume(not in_window(night[1], (by, (by + 31) % (24 * 60))))  # the signs of these tests are of the day before
    timezone, day = odd
    wall = Wall(timezone)
    home = in_bed(timezone, day, by, night)
    due = [wall.instant(today, by) for today in range(day - 2, day + 3)]
    for at in due:
        home.until(Instant(at + 30 * MINUTE_MS))
        home.hear(home.now, "kitchen-motion")
    assert [at for at, finding in home.said if finding.state == "raised"] == due


@settings(max_examples=200, deadline=None)
@given(odd=ODD_DAYS, by=MINUTES, signs=st.lists(st.integers(1, 5 * 24 * 60), max_size=12))
def test_a_day_is_told_unless_there_was_a_sign_in_its_time(odd: tuple[str, int], by: int, signs: list[int]) -> None:
    timezone, day = odd
    wall, night_ends = Wall(timezone), 6 * 60 + 30
    home = in_bed(timezone, day, by)
    heard = sorted(home.now + minute * MINUTE_MS for minute in signs)
    ends_at = Instant(home.now + 6 * DAY_MS)
    for at in heard:
        home.hear(Instant(at), "kitchen-motion")
    home.until(ends_at)
    expected, open_since = [], -1
    for today in range(day - 2, day + 5):
        due, ends = wall.instant(today, by), wall.instant(today, night_ends)
        start = ends if night_ends < by < 22 * 60 + 30 else due - LEAD_MS
        if open_since >= 0 and any(open_since < at <= due for at in heard):
            open_since = -1
        if open_since < 0 and not any(start <= at <= due for at in heard) and due <= ends_at:
            expected.append(due)
            open_since = due
    assert [at for at, finding in home.said if finding.state == "raised"] == expected
