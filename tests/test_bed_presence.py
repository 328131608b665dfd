"""Whether somebody is in bed, and since when: simulated beds whose truth is known."""

import json
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.nouns import HOUR_MS, MINUTE_MS, SECOND_MS, Instant, Reading, is_activity
from agent.sensors.bed_presence import GAP_MS, RESTLESS_MS, BedPresence
from agent.sensors.feel import COUNTS_MOST, LASTED_MOST, PARTS, Feel
from agent.simulate.bed import Lies, sleeper
from tests.bed_maker import BEDS, EVENING, MORNING, NIGHTS, at, feels, presence, told, two_nights

WITHIN_MS = 10 * SECOND_MS
SECOND_NIGHT = [moment for stay in NIGHTS[2:] for moment in stay]


@cache
def settled(bed: str) -> str:
    """What is remembered of a bed after two nights."""
    judge = BedPresence("bed")
    told(two_nights(bed), judge)
    return json.dumps(judge.snapshot())


def knows(bed: str) -> BedPresence:
    judge = BedPresence("bed")
    judge.restore(json.loads(settled(bed)))
    return judge


def morning(hours: float) -> Instant:
    """So many hours after the two nights."""
    return Instant(MORNING + round(hours * 3_600) * SECOND_MS)


def then(bed: str, hours: float, *on_it: Lies) -> list[tuple[str, int, Instant]]:
    """What is told of a bed that is known, in the hours after the two nights."""
    return presence(told(on_from(bed, hours, *on_it), knows(bed)))


def on_from(bed: str, hours: float, *on_it: Lies) -> list[Feel]:
    """Without a gap after the two nights."""
    return feels(BEDS[bed], on_it, two_nights(bed)[-1].at, morning(hours))


def after(since: float, until: float, kg: float, still: float = 0.0, turns: float = 0.0) -> Lies:
    return Lies(morning(since), morning(until), kg, still, turns)


# -- in and out ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bed", sorted(BEDS))
def test_who_goes_to_bed_and_gets_up_is_told_within_ten_seconds_of_the_truth(bed: str) -> None:
    said = [one for one in presence(told(two_nights(bed))) if one[2] >= at(6)]
    assert [(quantity, value) for quantity, value, _ in said] == [("bed", 1), ("bed", 0)] * 2
    for (_, _, moment), true in zip(said, SECOND_NIGHT, strict=True):
        assert abs(moment - true) <= WITHIN_MS


@pytest.mark.parametrize("bed", sorted(BEDS))
def test_nothing_is_said_before_it_is_known_and_the_first_night_is_judged(bed: str) -> None:
    said = presence(told(two_nights(bed)))
    assert said[0][:2] == ("bed_level", 1)
    assert at(1.5) <= said[0][2] <= at(1.7), "half an hour in bed teaches what a body is"
    first_night = [one for one in said if one[2] < at(6)]
    assert [one[:2] for one in first_night[1:]] == [("bed", 0), ("bed", 1), ("bed", 0)]


@pytest.mark.parametrize("bed", sorted(BEDS))
def test_a_hub_that_is_put_in_while_she_sleeps_knows_when_she_gets_up(bed: str) -> None:
    late = [feel for feel in two_nights(bed) if feel.since() >= at(1.4)]
    said = presence(told(late))
    assert said[0] == ("bed_level", 0, said[0][2]) or said[0][2] >= at(3)
    assert [one[:2] for one in said if one[2] >= at(6)] == [("bed", 1), ("bed", 0)] * 2


def test_who_sits_down_to_put_on_slippers_is_there_from_then_on() -> None:
    stays = [(morning(0.5), morning(1.5))]
    said = then("load", 2, *sleeper(stays, edge_s=60))
    assert [one[:2] for one in said] == [("bed", 1), ("bed", 0)]
    assert abs(said[0][2] - stays[0][0]) <= WITHIN_MS
    assert abs(said[1][2] - stays[0][1]) <= WITHIN_MS


def test_a_hand_on_the_mattress_is_nobody() -> None:
    assert then("load", 1, after(0.5, 0.501, 30.0, 0.002)) == []


# -- what else lies on a bed ---------------------------------------------------------------------------------------

KINDS = ("load", "strip", "piezo")


@pytest.mark.parametrize("bed", KINDS)
def test_a_cat_on_the_bed_is_nobody(bed: str) -> None:
    assert then(bed, 3, after(0.5, 2.5, 5.0, 0.002, 6.0)) == []


@pytest.mark.parametrize("bed", KINDS)
def test_a_dog_that_stays_behind_does_not_keep_her_in_bed(bed: str) -> None:
    dog = after(0.7, 3, 8.0, 0.002, 6.0)
    said = then(bed, 3.5, *sleeper([(morning(0.5), morning(2))]), dog)
    assert [one[:2] for one in said] == [("bed", 1), ("bed", 0)]
    # Without a level the dog's own stirring, when she has gone, is part of the same movement.
    assert abs(said[1][2] - morning(2)) <= (MINUTE_MS if bed == "piezo" else WITHIN_MS)


@pytest.mark.parametrize("bed", KINDS)
def test_a_suitcase_is_as_still_as_a_thing_and_she_is_felt_on_top_of_it(bed: str) -> None:
    case = after(0.2, 3, 25.0)
    said = then(bed, 3, *sleeper([(morning(1), morning(2))]), case)
    assert [one[:2] for one in said] == [("bed", 1), ("bed", 0)]
    assert abs(said[0][2] - morning(1)) <= WITHIN_MS
    assert abs(said[1][2] - morning(2)) <= WITHIN_MS


def test_a_weight_that_nobody_ever_has_is_a_thing_too() -> None:
    said = then("load", 3, after(0.2, 3, 60.0))
    assert [one for one in said if one[1]] == [] or said[-1][:2] == ("bed_level", 0)
    assert not any(quantity == "bed" and not value for quantity, value, _ in said), "no thing gets up"


def test_blankets_put_on_and_taken_off_move_the_zero_and_nothing_else() -> None:
    blankets = [after(n / 4, n / 4 + 2, 3.0) for n in range(8)]
    assert then("load", 5, *blankets) == []


# -- unheard -------------------------------------------------------------------------------------------------------


def test_after_a_time_unheard_the_bed_is_found_and_not_felt() -> None:
    gone = [feel for feel in two_nights("load") if not at(6.5) <= feel.at < at(7.5)]
    said = presence(told(gone))
    assert ("bed_level", 1) in [one[:2] for one in said if at(7.4) <= one[2] <= at(7.7)]
    assert [one[:2] for one in said if one[2] > at(7.7)] == [("bed", 0), ("bed", 1), ("bed", 0)]


def test_a_link_that_was_down_is_told_by_how_the_bed_stands_now() -> None:
    judge = knows("load")
    judge.missed()
    said = presence(told(feels(BEDS["load"], [], MORNING, morning(0.1)), judge))
    assert [one[:2] for one in said] == [("bed_level", 0)]


def test_a_summary_that_comes_again_says_nothing() -> None:
    judge, night = BedPresence("bed"), two_nights("load")
    told(night, judge)
    remembered = json.dumps(judge.snapshot())
    assert told(night, judge) == []
    assert json.dumps(judge.snapshot()) == remembered


def test_a_summary_from_the_future_is_not_believed() -> None:
    feel = two_nights("load")[0]
    assert BedPresence("bed").hear(Instant(feel.at - 1), feel) == ()


# -- restless ------------------------------------------------------------------------------------------------------


def test_a_restless_half_hour_is_told_and_is_no_activity() -> None:
    body = Lies(morning(0.5), morning(2.5), 70.0, turns=2.0, restless=((morning(1), morning(1.5)),), edge_s=20)
    said = [r for r in told(on_from("load", 3, body), knows("load")) if r.quantity == "restless"]
    assert all(
        0 <= reading.value <= RESTLESS_MS // SECOND_MS + LASTED_MOST and not is_activity(reading) for reading in said
    )
    during = [r.value for r in said if morning(1.2) <= r.at <= morning(1.55)]
    others = [r.value for r in said if not morning(1) <= r.at <= morning(1.8)]
    assert min(during) > 2 * max(others)
    assert all(morning(0.5) <= r.at <= morning(2.6) for r in said), "nobody there is not restless"


def test_an_input_that_is_one_checks_in_about_once_a_minute() -> None:
    moments = [r.at for r in told(two_nights("piezo")) if r.quantity == "checkin"]
    assert 0.7 <= len(moments) / ((MORNING - EVENING) / MINUTE_MS) <= 1
    assert min(b - a for a, b in pairwise(moments)) >= MINUTE_MS


# -- laws ----------------------------------------------------------------------------------------------------------


FEELS = st.lists(
    st.builds(
        lambda gap, lasted, level, unrest, most, moved, railed: (
            gap,
            Feel(Instant(0), lasted, level, unrest, most, min(moved, lasted), min(railed, lasted)),
        ),
        st.sampled_from([0, 0, 0, 1, GAP_MS, 3 * HOUR_MS]),
        st.sampled_from([1, 5, 15, 60, 60, 60]) | st.integers(1, LASTED_MOST),
        st.sampled_from([0, 10, 1_000, 1_100, -COUNTS_MOST, COUNTS_MOST]) | st.integers(-COUNTS_MOST, COUNTS_MOST),
        st.sampled_from([0, 8, 40, 40, 300]) | st.integers(0, 2 * COUNTS_MOST * PARTS),
        st.integers(0, 2_000_000),
        st.sampled_from([0, 0, 60]),
        st.sampled_from([0, 0, 0, 60]),
    ),
    max_size=120,
)


def in_time(those: list[tuple[int, Feel]]) -> list[Feel]:
    moment, found = int(EVENING), []
    for gap_ms, feel in those:
        moment += gap_ms + feel.lasted * SECOND_MS
        found.append(feel._replace(at=Instant(moment)))
    return found


def holds(readings: list[Reading], heard: list[Feel]) -> None:
    """What must be so of any bed: times never go back nor ahead, ``bed`` alternates, numbers are bounded."""
    state: int | None = None
    last = 0
    for reading in readings:
        assert reading.at <= heard[-1].at
        if reading.quantity in ("bed", "bed_level", "available"):
            assert reading.at >= last
            last = reading.at
        if reading.quantity == "bed":
            assert state is not None
            assert reading.value == 1 - state, "who gets up was in bed, and who lies down was not"
        if reading.quantity in ("bed", "bed_level"):
            state = reading.value
        assert (
            0 <= reading.value <= (RESTLESS_MS // SECOND_MS + 2 * LASTED_MOST if reading.quantity == "restless" else 1)
        )


@settings(max_examples=150, deadline=None)
@given(those=FEELS, known=st.sampled_from(["", "load", "piezo"]))
def test_whatever_is_felt_nothing_throws_and_presence_alternates(those: list[tuple[int, Feel]], known: str) -> None:
    heard = in_time(those)
    judge = knows(known) if known else BedPresence("bed")
    if known:
        heard = [feel._replace(at=Instant(feel.at + MORNING - EVENING)) for feel in heard]
    if heard:
        said = told(heard, judge)
        holds([Reading(MORNING, "bed", "bed_level", 0), *said] if known else said, heard)
    assert len(json.dumps(judge.snapshot())) < 1_500


@settings(max_examples=60, deadline=None)
@given(bed=st.sampled_from(["load", "piezo"]), cuts=st.sets(st.integers(0, 900), max_size=5))
def test_a_restart_anywhere_changes_nothing(bed: str, cuts: set[int]) -> None:
    judge = BedPresence("bed")
    said: list[Reading] = []
    for number, feel in enumerate(two_nights(bed)):
        if number in cuts:
            memory = json.dumps(judge.snapshot(), allow_nan=False)
            judge = BedPresence("bed")
            judge.restore(json.loads(memory))
            assert json.dumps(judge.snapshot()) == memory
        said += judge.hear(feel.at, feel)
    assert said == told(two_nights(bed))
