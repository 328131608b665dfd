"""A board dates by its uptime; the hub must know when that was, whatever the line, the crystal and the counter do."""

import json
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.nouns import DAY_MS, HOUR_MS, SECOND_MS, Instant
from agent.sensors.board_time import WRAP_MS, BoardTime, Line

NOW = 1_800_000_000_000
BOUND_MS = 20


class Crystal:
    """A board that was at ``uptime`` when the hub's time was NOW, and runs ``ppm`` too fast."""

    def __init__(self, ppm: int, uptime: int = 1_000) -> None:
        self.ppm, self.start = ppm, uptime

    def uptime(self, at: int) -> int:
        return (self.start + (at - NOW) + (at - NOW) * self.ppm // 1_000_000) % WRAP_MS


def beats(time: BoardTime, board: Crystal, begin: int, end: int, delays: Random) -> None:
    """A heartbeat every two seconds; half of them arrive within 8 ms, others late by up to 200 ms."""
    for at in range(begin, end, 2 * SECOND_MS):
        delay = delays.randrange(8) if delays.random() < 0.5 else delays.randrange(200)
        time.pair(board.uptime(at), Instant(at + delay))


def off(time: BoardTime, board: Crystal, at: int, arrived: int) -> int:
    return abs(time.time_of(board.uptime(at), Instant(arrived)) - at)


@settings(max_examples=60)
@given(st.integers(-5_000, 5_000), st.integers(0, WRAP_MS - 1), st.integers(0, 1 << 32).map(Random))
def test_a_reading_is_dated_within_twenty_milliseconds(ppm: int, uptime: int, delays: Random) -> None:
    board, time = Crystal(ppm, uptime), BoardTime()
    for minute in range(6):
        begin = NOW + minute * 60_000
        beats(time, board, begin, begin + 60_000, delays)
        if minute:
            for at in range(begin + 40_000, begin + 60_000, 1_700):
                assert off(time, board, at, at + SECOND_MS) <= BOUND_MS


@settings(max_examples=60)
@given(
    st.integers(-5_000, 5_000),
    st.integers(0, WRAP_MS - 1),
    st.integers(60_000, 2 * DAY_MS),
    st.integers(0, 1 << 32).map(Random),
)
def test_what_happened_while_the_hub_was_off_is_dated_as_well(ppm: int, uptime: int, away: int, delays: Random) -> None:
    board, time = Crystal(ppm, uptime), BoardTime()
    beats(time, board, NOW, NOW + 300_000, delays)
    back = NOW + 300_000 + away
    time.pair(board.uptime(back), Instant(back + 5))
    for at in range(NOW + 300_000, back, away // 7):
        assert off(time, board, at, back + 50) <= BOUND_MS


def test_the_counter_wraps_and_no_reading_goes_astray() -> None:
    board, time = Crystal(100, WRAP_MS - 60_000), BoardTime()
    beats(time, board, NOW, NOW + 120_000, Random(1))
    assert off(time, board, NOW + 30_000, NOW + 120_000) <= BOUND_MS  # before the wrap
    assert off(time, board, NOW + 59_999, NOW + 120_000) <= BOUND_MS
    assert off(time, board, NOW + 119_000, NOW + 120_000) <= BOUND_MS


def test_a_hub_that_was_off_for_two_months_still_counts_the_turns() -> None:
    board, time = Crystal(0), BoardTime()
    beats(time, board, NOW, NOW + 120_000, Random(2))
    back = NOW + 60 * DAY_MS
    time.pair(board.uptime(back), Instant(back))
    assert off(time, board, back - HOUR_MS, back) <= BOUND_MS


def test_nothing_is_dated_later_than_it_arrived() -> None:
    time = BoardTime()
    assert time.time_of(5_000, Instant(NOW)) == NOW  # nothing better is known
    time.pair(1_000, Instant(NOW))
    assert time.time_of(9_000, Instant(NOW + 100)) == NOW + 100


def test_a_hub_that_was_held_up_for_seconds_dates_as_before() -> None:
    board, time = Crystal(5_000), BoardTime()
    beats(time, board, NOW, NOW + 60_000, Random(3))
    for at in (NOW + 60_000, NOW + 62_000):
        time.pair(board.uptime(at), Instant(NOW + 65_000))
    assert off(time, board, NOW + 61_000, NOW + 65_000) <= BOUND_MS


def test_when_the_hubs_clock_is_set_three_heartbeats_later_it_is_right() -> None:
    for step in (-HOUR_MS, HOUR_MS):
        board, time = Crystal(0), BoardTime()
        beats(time, board, NOW, NOW + 60_000, Random(3))
        for later in (NOW + 62_000, NOW + 64_000, NOW + 66_000):
            time.pair(board.uptime(later), Instant(later + step))
        found = time.time_of(board.uptime(later + 500), Instant(later + step + 600))
        assert abs(found - (later + step + 500)) <= BOUND_MS


def test_a_board_whose_uptime_goes_back_begins_anew() -> None:
    time = BoardTime()
    for beat in range(50):
        time.pair(100_000 + 2_000 * beat, Instant(NOW + 2_000 * beat))
    time.pair(1_000, Instant(NOW + 200_000))
    assert time.time_of(1_500, Instant(NOW + 201_000)) == NOW + 200_500


def test_a_hub_that_restarts_goes_on_from_a_single_line_and_dates_as_well() -> None:
    board, time = Crystal(3_000), BoardTime()
    beats(time, board, NOW, NOW + 600_000, Random(4))
    again = BoardTime(Line(*json.loads(json.dumps(time.line()))))
    back = NOW + 900_000
    again.pair(board.uptime(back), Instant(back + 2))
    for at in range(NOW + 600_000, back, 10_000):
        assert off(again, board, at, back + 10) <= BOUND_MS
