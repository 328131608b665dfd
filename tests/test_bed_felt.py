"""A bed's waveform reduced to a few summaries at the rim."""

import json
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal, stats

from agent.nouns import DAY_MS, SECOND_MS, BadFrame, Instant
from agent.sensors.bed_felt import CHANGE_EVERY_S, CHANGES_SAVED, Felt
from agent.sensors.feel import COUNTS_MOST, LASTED_MOST, PARTS, Feel, felt, payload
from agent.simulate.bed import LOAD_12, LOAD_24, Lies, SimulatedBed, sleeper
from tests.bed_maker import BEDS, BLOCK, EVENING, at, blocks, feels, two_nights

RATE = 100


def seconds(of: Sequence[Sequence[int]], begin: Instant = EVENING, bits: int = 12) -> list[Feel]:
    """A row of samples for each second, in blocks of 25."""
    bed = Felt()
    told: list[Feel] = []
    for number, samples in enumerate(of):
        for index in range(0, len(samples), BLOCK):
            start = Instant(begin + number * SECOND_MS + index * SECOND_MS // RATE)
            told += bed.feel(start, RATE, bits, samples[index : index + BLOCK])
    return told


def still(count: int, level: int = 100, seed: int = 1) -> list[list[int]]:
    noise = np.random.default_rng(seed).normal(level, 2, (count, RATE))
    return [[int(each) for each in row] for row in np.rint(noise)]


def moving(count: int, level: int = 100) -> list[list[int]]:
    swing = level + 200 * np.sin(np.arange(count * RATE) / 9)
    return [[int(each) for each in row] for row in np.rint(swing).reshape(count, RATE)]


# -- what a stretch is ---------------------------------------------------------------------------------------------


def test_a_bed_in_which_nothing_happens_is_told_once_a_minute() -> None:
    told = seconds(still(301))
    assert [feel.lasted for feel in told] == [LASTED_MOST] * 5
    assert [feel.at for feel in told] == [EVENING + minute * 60 * SECOND_MS for minute in range(1, 6)]
    assert all(feel.moved == 0 and abs(feel.level - 100) <= 1 for feel in told)


def test_when_the_bed_begins_to_move_the_stretch_before_is_told_at_once() -> None:
    told = seconds([*still(90), *moving(12), *still(80)])
    assert [(feel.lasted, feel.moved) for feel in told] == [(60, 0), (30, 0), (5, 5), (5, 5), (2, 2), (15, 0), (60, 0)]
    assert told[2].since() == EVENING + 90 * SECOND_MS


def test_a_step_of_the_level_without_any_swing_is_a_change_too() -> None:
    told = seconds([*still(90), *still(90, level=180)])
    assert [feel.level for feel in told] == pytest.approx([100, 100, 180], abs=1)
    assert told[1].lasted == 30


def test_a_spike_is_none() -> None:
    clean = still(61)
    spiked = [list(row) for row in clean]
    for number in range(5, 60, 9):
        spiked[number][number] = 2_047
    assert [feel.moved for feel in seconds(spiked)] == [0]
    assert seconds(spiked)[0].level == seconds(clean)[0].level


def test_an_input_at_an_end_of_its_range_says_so() -> None:
    assert seconds([[2_047] * RATE] * 61)[0].railed == LASTED_MOST
    assert seconds([[-2_048] * RATE] * 61)[0].railed == LASTED_MOST
    assert seconds(still(61))[0].railed == 0


# -- lost, late, wild ----------------------------------------------------------------------------------------------


def test_a_lost_block_costs_nothing_and_a_lost_minute_ends_the_stretch() -> None:
    bed, told = Felt(), []
    for number, (start, samples) in enumerate(blocks(LOAD_12, [], EVENING, at(0.2))):
        lost = number % 40 == 7 or at(0.1) <= start < at(0.1) + 60 * SECOND_MS
        told += [] if lost else bed.feel(start, RATE, 12, samples)
    assert max(feel.moved for feel in told) == 0
    before, after = next(pair for pair in pairwise(told) if pair[1].since() > pair[0].at)
    assert (after.since() - before.at) // SECOND_MS in range(58, 63)
    assert sum(feel.lasted for feel in told) == pytest.approx(12 * 60 - 60, abs=62)


def test_blocks_that_jitter_by_some_milliseconds_are_the_same_bed() -> None:
    dice = np.random.default_rng(3)
    straight, jittered = Felt(), Felt()
    both: tuple[list[Feel], list[Feel]] = ([], [])
    for start, samples in blocks(LOAD_24, sleeper([(at(0.1), at(0.4))]), EVENING, at(0.5)):
        both[0].extend(straight.feel(start, 80, 24, samples))
        both[1].extend(jittered.feel(Instant(start + int(dice.integers(-15, 16))), 80, 24, samples))
    assert sum(feel.lasted for feel in both[1]) == pytest.approx(sum(feel.lasted for feel in both[0]), abs=3)
    assert abs(len(both[0]) - len(both[1])) <= 6


def test_a_clock_that_is_set_back_begins_anew() -> None:
    told = seconds(still(90)) + seconds(still(90), Instant(EVENING - DAY_MS))
    bed = Felt()
    again: list[Feel] = []
    for begin in (EVENING, Instant(EVENING - DAY_MS)):
        for number, row in enumerate(still(90)):
            for index in range(0, RATE, BLOCK):
                again += bed.feel(Instant(begin + number * 1_000 + index * 10), RATE, 12, row[index : index + BLOCK])
    assert [feel for feel in again if feel in told] == told


@given(rate=st.integers(-5, 300), bits=st.integers(-5, 64))
def test_a_rate_or_width_that_no_board_has_is_refused_in_one_line(rate: int, bits: int) -> None:
    if not (50 <= rate <= 100 and 12 <= bits <= 24):
        with pytest.raises(ValueError, match=r"^waveform of .* not 12 to 24 at 50 to 100$"):
            Felt().feel(EVENING, rate, bits, [0])


BLOCKS = st.tuples(
    st.integers(-3_000, 4_000) | st.integers(-DAY_MS, DAY_MS),
    st.sampled_from([(50, 12), (80, 24), (100, 12), (100, 16)]),
    st.integers(-(1 << 23), (1 << 23) - 1),
    st.integers(0, 1 << 23),
    st.integers(0, 25),
)


@settings(max_examples=60, deadline=None)
@given(pieces=st.lists(BLOCKS, max_size=60), seed=st.integers(0, 9))
def test_whatever_samples_come_the_numbers_stay_within_bounds(
    pieces: list[tuple[int, tuple[int, int], int, int, int]], seed: int
) -> None:
    bed, when, dice = Felt(), int(EVENING), np.random.default_rng(seed)
    told: list[Feel] = []
    for step_ms, (rate, bits), level, swing, count in pieces:
        top = 1 << bits - 1
        for _ in range(12):
            when = max(when + step_ms % 600, 0)
            samples = np.clip(level + dice.integers(-swing, swing + 1, count), -top, top - 1).tolist()
            told += bed.feel(Instant(when), rate, bits, samples)
        when = max(when + step_ms, 0)
    assert [felt("bridge-1/bed0", payload(feel)) for feel in told] == told


def test_noise_without_end_costs_no_more_than_the_bound_and_never_one_a_second() -> None:
    dice = np.random.default_rng(2)
    loud = dice.choice([1, 300], size=6 * 3_600, p=[0.7, 0.3])
    told = seconds([(dice.standard_normal(RATE) * each).clip(-2_000, 2_000).astype(int).tolist() for each in loud])
    assert len(told) <= CHANGES_SAVED + len(loud) / CHANGE_EVERY_S + len(loud) / LASTED_MOST + 1
    assert 24 * 3_600 / CHANGE_EVERY_S + 24 * 60 <= 2_500
    assert all(feel.lasted >= 1 for feel in told)


def test_a_night_with_a_restless_hour_is_told_in_few_words() -> None:
    restless = ((at(2), at(3)),)
    body = Lies(at(0.5), at(4.5), 70.0, turns=5.0, restless=restless, edge_s=20)
    told = feels(LOAD_24, [body], EVENING, at(5))
    assert len(told) + 19 * 60 <= 2_500, "with a still rest of the day"


# -- against another hand ------------------------------------------------------------------------------------------


def test_level_and_unrest_are_what_scipy_makes_of_the_same_samples() -> None:
    rows = (np.array(still(60, seed=8)) + np.rint(6 * np.sin(np.arange(60 * RATE) / 60)).reshape(60, RATE)).astype(int)
    told = seconds([*rows.tolist(), *still(1)])[0]
    tenths = stats.trim_mean(rows.reshape(600, 10), 0.1, axis=1)
    halves = tenths.reshape(-1, 5).mean(axis=1)[: 7 * 16].reshape(7, 16)
    spread = np.std(signal.detrend(halves, axis=1), axis=1)
    assert told.unrest == round(float(np.median(spread)) * PARTS)
    assert told.most == round(float(np.std(tenths.reshape(60, 10), axis=1).max()) * PARTS)
    assert told.level == round(float(np.median(np.median(tenths.reshape(60, 10), axis=1))))


# -- the simulated bed itself --------------------------------------------------------------------------------------


@given(cuts=st.lists(st.integers(1, 900), max_size=5), bed=st.sampled_from(sorted(BEDS)))
@settings(max_examples=30, deadline=None)
def test_a_simulated_bed_is_the_same_in_whatever_pieces_it_is_had(cuts: list[int], bed: str) -> None:
    simulated = SimulatedBed(BEDS[bed], sleeper([(at(0.5), at(2))]), 7)
    since, step_ms = at(0.499), SECOND_MS // 50
    whole = simulated.signal(since, 1_000, 50)
    edges = sorted({0, 1_000, *cuts})
    pieces = [simulated.signal(Instant(since + a * step_ms), b - a, 50) for a, b in pairwise(edges)]
    assert [sample for piece in pieces for sample in piece] == whole
    top = 1 << BEDS[bed].bits - 1
    assert all(-top <= sample < top for sample in whole)


# -- as the journal holds it ---------------------------------------------------------------------------------------


def test_what_is_written_is_read_again() -> None:
    night = two_nights("load")
    assert [felt("bridge-1/bed0", payload(feel)) for feel in night] == list(night)
    assert max(len(payload(feel)) for feel in night) < 100


GOOD = {"at": int(EVENING), "felt": [60, 100, 8, 15, 0, 0]}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (b"", "not JSON"),
        (b"[]", "has at and felt"),
        (b'{"at":1}', "has at and felt"),
        (json.dumps({**GOOD, "more": 1}).encode(), "has at and felt"),
        (json.dumps({**GOOD, "felt": [60, 100, 8, 15, 0]}).encode(), "not a list of 6 numbers"),
        (json.dumps({**GOOD, "felt": {"lasted": 1}}).encode(), "not a list of 6 numbers"),
        (json.dumps({**GOOD, "at": 1.5}).encode(), "at is 1.5, not a whole number"),
        (json.dumps({**GOOD, "at": True}).encode(), "at is True"),
        (json.dumps({**GOOD, "at": -1}).encode(), "at is -1"),
        (json.dumps({**GOOD, "at": 10**18}).encode(), "at is 1000000000000000000"),
        (json.dumps({**GOOD, "felt": [0, 100, 8, 15, 0, 0]}).encode(), "lasted is 0"),
        (json.dumps({**GOOD, "felt": [61, 100, 8, 15, 0, 0]}).encode(), "lasted is 61"),
        (json.dumps({**GOOD, "felt": [60, COUNTS_MOST + 1, 8, 15, 0, 0]}).encode(), "level is 8388609"),
        (json.dumps({**GOOD, "felt": [60, "1", 8, 15, 0, 0]}).encode(), "level is 1"),
        (json.dumps({**GOOD, "felt": [60, 1, -8, 15, 0, 0]}).encode(), "unrest is -8"),
        (json.dumps({**GOOD, "felt": [30, 1, 8, 15, 31, 0]}).encode(), "more seconds moved"),
        (json.dumps(GOOD).encode() + b" " * 300, "more than 200"),
        (b'{"at":1,"felt":[1,NaN,1,1,0,0]}', "NaN is not a number"),
    ],
)
def test_a_summary_that_is_none_is_refused_in_one_line(wrong: bytes, why: str) -> None:
    with pytest.raises(BadFrame, match=why) as fault:
        felt("bridge-1/bed0", wrong)
    assert str(fault.value).isprintable()


@given(st.binary(max_size=150))
def test_whatever_bytes_come_they_are_a_summary_or_a_bad_frame(said: bytes) -> None:
    with pytest.raises(BadFrame):
        felt("bridge-1/bed0", said)
