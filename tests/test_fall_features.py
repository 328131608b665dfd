"""Sentences about the fall model's own arithmetic; the figures are in report.txt."""

from training import decide
from training.bins import BINS, DAY_MS, HOUR_MS, MINUTE_MS
from training.features import Features, names

GRID = decide.Grid(6, 500, 500, 250)
PLAIN = [decide.FACTOR_UNIT] * len(decide.BANDS)
START = 18_000 * DAY_MS


def _day(features: Features, day: int) -> None:
    for minute in range(8 * 60, 22 * 60, 7):
        at = START + day * DAY_MS + minute * MINUTE_MS
        features.hear(at, at, minute // 60 % 5)


def test_a_row_has_a_number_for_every_name() -> None:
    features = Features()
    _day(features, 0)
    assert len(features.row(False)) == len(names())


def test_what_comes_later_changes_nothing_that_was_said() -> None:
    short, long = Features(), Features()
    for day in range(10):
        _day(short, day)
        _day(long, day)
    before = long.row(False)
    _day(long, 10)
    assert short.row(False) == before


def test_a_home_that_was_silent_for_a_month_does_not_stumble() -> None:
    features = Features()
    _day(features, 0)
    _day(features, 40)
    assert all(isinstance(each, int) for each in features.row(False))


def test_a_dearer_false_alert_never_makes_the_hub_more_hasty() -> None:
    survival = GRID.survival(decide.hazards([-64 - 4 * each for each in range(BINS)], PLAIN))
    waits = [GRID.wait_ms(survival, 1_000 * 2**each) for each in range(5, 30)]
    assert waits == sorted(waits)


def test_no_home_waits_less_than_five_minutes_or_more_than_twelve_hours() -> None:
    for logit in (-1_000_000, 0, 1_000_000):
        survival = GRID.survival(decide.hazards([logit] * BINS, PLAIN))
        for price in (1_000, 10**12):
            assert 5 * MINUTE_MS <= GRID.wait_ms(survival, price) <= 12 * HOUR_MS


def test_a_bed_that_is_not_there_is_zero() -> None:
    features = Features()
    _day(features, 0)
    assert features.row(False)[-3:] == [0, 0, 0]
