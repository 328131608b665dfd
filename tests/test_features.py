"""What the fall model is told, and how its answer becomes a deadline: sentences about the arithmetic."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.detect import hazard
from agent.detect.bins import BINS, STEPS, rarity, step
from agent.detect.features import Context, Features, names
from agent.detect.places import PLACES
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS

START = 18_000 * DAY_MS
NOW = Context()
lives = st.lists(st.tuples(st.integers(0, 9 * HOUR_MS), st.integers(0, len(PLACES) - 1), st.booleans()), max_size=80)


def _day(features: Features, day: int) -> None:
    for minute in range(8 * 60, 22 * 60, 7):
        at = START + day * DAY_MS + minute * MINUTE_MS
        features.hear(at, at, minute // 60 % 5)


def test_a_row_has_a_number_for_every_name() -> None:
    features = Features()
    _day(features, 0)
    assert len(features.row(NOW)) == len(names()) == len(set(names()))


def test_what_comes_later_changes_nothing_that_was_said() -> None:
    short, long = Features(), Features()
    for day in range(10):
        _day(short, day)
        _day(long, day)
    before = long.row(NOW)
    _day(long, 10)
    assert short.row(NOW) == before


def test_a_home_that_was_silent_for_a_month_does_not_stumble() -> None:
    features = Features()
    _day(features, 0)
    _day(features, 40)
    assert all(isinstance(each, int) for each in features.row(NOW))


def test_a_sensor_that_repeats_itself_within_a_minute_tells_the_model_nothing() -> None:
    calm, busy = Features(), Features()
    for day in range(3):
        _day(calm, day)
        _day(busy, day)
    last = START + 2 * DAY_MS + (21 * 60 + 53) * MINUTE_MS
    for shift in range(0, 50_000, 500):
        busy.hear(last + shift, last + shift, 21 % 5)
    calm.hear(last + 49_500, last + 49_500, 21 % 5)
    assert busy.row(NOW) == calm.row(NOW)


@settings(deadline=None, max_examples=60)
@given(lives, lives)
def test_a_restart_anywhere_changes_no_feature(before: list[tuple[int, int, bool]], after: list[object]) -> None:
    one, at = Features(), START
    at = _live(one, at, before)
    other = Features()
    other.restore(json.loads(json.dumps(one.snapshot())))
    _live(one, at, after)  # type: ignore[arg-type]  # hypothesis cannot tell the shape
    _live(other, at, after)  # type: ignore[arg-type]  # as above
    assert other.snapshot() == one.snapshot()
    if before or after:
        assert other.row(NOW) == one.row(NOW)


def _live(features: Features, at: int, life: list[tuple[int, int, bool]]) -> int:
    for gap_ms, place, whole in life:
        at += gap_ms
        features.hear(at, at + HOUR_MS, place, whole)
        features.row(NOW)
    return at


def test_durations_and_shares_have_ends() -> None:
    assert (step(0), step(10**12)) == (0, STEPS)
    assert (rarity(1_000_000), rarity(500_000), rarity(0)) == (0, 4, 79)


def test_a_dearer_false_alert_never_makes_the_hub_more_hasty() -> None:
    left = hazard.survival(hazard.stretches(hazard.hazards([-64 - 4 * each for each in range(BINS)])))
    for weight in (1_000, 300):
        waits = [hazard.wait_ms(left, price, weight) or hazard.NEVER_MS for price in hazard.PRICES]
        assert waits == sorted(waits)


def test_no_home_waits_less_than_five_minutes_or_more_than_twelve_hours() -> None:
    for logit in (-1_000_000, 0, 1_000_000):
        left = hazard.survival(hazard.stretches(hazard.hazards([logit] * BINS)))
        for price in (1, 10**9):
            wait_ms = hazard.wait_ms(left, price)
            assert wait_ms is not None
            assert 5 * MINUTE_MS <= wait_ms <= 12 * HOUR_MS


@given(st.lists(st.integers(-400, 100), min_size=BINS, max_size=BINS), st.integers(5 * MINUTE_MS, 12 * HOUR_MS))
def test_the_critical_price_is_the_lowest_at_which_a_silence_is_no_alert(logits: list[int], silence_ms: int) -> None:
    left = hazard.survival(hazard.stretches(hazard.hazards(logits)))
    level = hazard.critical(left, silence_ms)
    for each in range(0, hazard.LEVELS, 15):
        wait_ms = hazard.wait_ms(left, hazard.PRICES[each])
        assert wait_ms is not None
        assert (wait_ms < silence_ms) == (each < level)


def test_whoever_may_have_left_can_be_worth_no_deadline_at_all() -> None:
    likely_out = hazard.survival(hazard.stretches(hazard.hazards([-600] * BINS)))
    assert hazard.wait_ms(likely_out, 20_000, 300) is None
    assert hazard.wait_ms(likely_out, 20_000) is not None
