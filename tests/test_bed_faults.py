"""A bed that chatters, that is stuck, or whose input is none: each is told within a day.

The two public shapes of failure, of a mat that is on or off: one that makes four fifths of all that a home says, and
one that says "occupied" for days. The same of a bed that is felt: flat, at an end of its range, or nothing but noise.
"""

from collections.abc import Callable, Iterable

import numpy as np
import pytest

from agent.detect.supervision import ProofOfWatch
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Finding, Instant, Reading, Sensor
from agent.sensors.bed_felt import Felt
from agent.sensors.bed_presence import BedPresence
from agent.sensors.feel import Feel
from agent.simulate.bed import sleeper
from tests.bed_maker import BEDS, MORNING, feels, presence, told, two_nights
from tests.home_maker import make_home
from tests.test_supervision import T0, kinds, live, walk

MAT = Sensor("bed", "bed", "bedroom", None, "serial", "bridge-1/bed0")
FAULTY = Instant(T0 + 2 * DAY_MS)


def supervised(bed: Iterable[Reading], days: int) -> list[tuple[Instant, Finding]]:
    """What supervision says of a home of seven live sensors and this bed, in two good days and then ``days`` more."""
    proof = ProofOfWatch(make_home(MAT, link="zigbee"))
    good = [
        Reading(Instant(T0 + day * DAY_MS + h * HOUR_MS), "bed", "bed", v)
        for day in (0, 1)
        for h, v in ((7, 0), (22, 1))
    ]
    others = list(live((2 + days) * 24))
    return walk(proof, sorted([*others, *good, *bed], key=lambda reading: reading.at))


def beats(since: Instant, until: Instant) -> list[Reading]:
    return [Reading(Instant(moment), "bed", "checkin", 1) for moment in range(since, until, MINUTE_MS)]


# -- a mat that is on or off ---------------------------------------------------------------------------------------


def test_a_mat_that_makes_four_fifths_of_all_that_a_home_says_is_told_within_a_day() -> None:
    others = sum(r.quantity in ("motion", "door") for r in live(24))
    every_ms = DAY_MS // (4 * others)
    chatter = [Reading(Instant(FAULTY + n * every_ms), "bed", "bed", n % 2) for n in range(2 * 4 * others)]
    said = kinds(supervised([*chatter, *beats(FAULTY, Instant(FAULTY + 2 * DAY_MS))], 2), "sensor_chattering")
    assert [(state, subject) for _, state, subject in said] == [("raised", "bed")]
    assert said[0][0] - FAULTY <= DAY_MS


def test_a_mat_that_is_stuck_at_occupied_is_told_within_a_day() -> None:
    up = Reading(Instant(FAULTY + 7 * HOUR_MS), "bed", "bed", 0)
    down = Reading(Instant(FAULTY + 22 * HOUR_MS), "bed", "bed", 1)
    said = kinds(supervised([up, down, *beats(FAULTY, Instant(FAULTY + 4 * DAY_MS))], 4), "sensor_stuck")
    assert [(state, subject) for _, state, subject in said] == [("raised", "bed")]
    assert said[0][0] - down.at <= DAY_MS


# -- a bed that is felt --------------------------------------------------------------------------------------------


def shifted(those: Iterable[Feel], to: Instant) -> list[Feel]:
    """The same summaries, so that the last ends at ``to``."""
    heard = list(those)
    return [feel._replace(at=Instant(feel.at + to - heard[-1].at)) for feel in heard]


def in_bed(kind: str) -> tuple[BedPresence, Feel]:
    """A bed that is known, and she has been in it for an hour."""
    judge = BedPresence("bed")
    told(two_nights(kind), judge)
    since = two_nights(kind)[-1].at
    body = sleeper([(Instant(since + 10 * MINUTE_MS), Instant(since + 4 * HOUR_MS))])
    heard = feels(BEDS[kind], body, since, Instant(since + 70 * MINUTE_MS))
    assert presence(told(heard, judge))[-1][:2] == ("bed", 1)
    return judge, heard[-1]


def flat(before: Feel, minutes: int) -> list[Feel]:
    return [Feel(Instant(before.at + n * MINUTE_MS), 60, before.level, 0, 0, 0, 0) for n in range(1, minutes)]


def railed(before: Feel, minutes: int) -> list[Feel]:
    return [Feel(Instant(before.at + n * MINUTE_MS), 60, 8_388_607, 3, 4, 0, 60) for n in range(1, minutes)]


def as_still_as_a_pump(before: Feel, minutes: int) -> list[Feel]:
    """It lives, as far as can be told, and never turns over."""
    return [before._replace(at=Instant(before.at + n * MINUTE_MS), lasted=60, moved=0) for n in range(1, minutes)]


def noise(before: Feel, minutes: int) -> list[Feel]:
    """A wire that is off: through the rim, since it is noise that must not become presence there."""
    dice, felt, found = np.random.default_rng(5), Felt(), []
    for second in range(minutes * 60):
        samples = np.rint(dice.normal(0, 2_000_000, 80)).clip(-8_388_608, 8_388_607).astype(int).tolist()
        for index in range(0, 80, 20):
            start = Instant(before.at + second * SECOND_MS + index * SECOND_MS // 80)
            found += felt.feel(start, 80, 24, samples[index : index + 20])
    return found


FAULTS: dict[str, tuple[Callable[[Feel, int], list[Feel]], int]] = {
    "flat": (flat, 26 * 60),
    "at an end of its range": (railed, 26 * 60),
    "never turning": (as_still_as_a_pump, 26 * 60),
    "noise": (noise, 150),
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_an_input_that_dies_while_she_is_in_bed_is_told_within_a_day(fault: str) -> None:
    judge, last = in_bed("load")
    fails, minutes = FAULTS[fault]
    since = last.at
    said = told(fails(last, minutes), judge)
    assert [one[:2] for one in presence(said)][-1] == ("available", 0)
    gone = presence(said)[-1][2]
    assert gone - since <= 8 * HOUR_MS
    assert not [r for r in said if r.at > gone], "what is not there does not check in"
    moved = [reading._replace(at=Instant(reading.at - since + FAULTY + HOUR_MS)) for reading in said]
    findings = supervised([*beats(FAULTY, Instant(FAULTY + HOUR_MS)), *moved], 2)
    lost = kinds(findings, "sensor_lost")
    assert [(state, subject) for _, state, subject in lost] == [("raised", "bed")]
    assert lost[0][0] - FAULTY <= DAY_MS


@pytest.mark.parametrize("fails", [flat, railed])
def test_an_input_that_dies_while_nobody_is_there_is_told_within_a_day(
    fails: Callable[[Feel, int], list[Feel]],
) -> None:
    judge = BedPresence("bed")
    night = two_nights("load")
    told(night, judge)
    said = presence(told(fails(night[-1], 26 * 60), judge))
    assert [one[:2] for one in said][-1] == ("available", 0)
    assert said[-1][2] - night[-1].at <= DAY_MS


def test_an_input_that_was_flat_from_the_first_day_is_told_within_a_day() -> None:
    judge = BedPresence("bed")
    said = presence(told(flat(Feel(MORNING, 60, 5, 0, 0, 0, 0), 26 * 60), judge))
    assert [one[:2] for one in said] == [("available", 0)]


def test_a_strip_that_rests_at_the_end_of_its_range_all_day_is_no_fault() -> None:
    judge = BedPresence("bed")
    night = two_nights("load")
    told(night, judge)
    assert [one for one in presence(told(railed(night[-1], 18 * 60), judge)) if one[0] == "available"] == []


def test_an_input_that_comes_back_is_believed_again_and_found_as_it_stands() -> None:
    judge, last = in_bed("load")
    dead = flat(last, 150)
    assert presence(told(dead, judge))[-1][:2] == ("available", 0)
    body = sleeper([(Instant(dead[-1].at + 30 * MINUTE_MS), Instant(dead[-1].at + 90 * MINUTE_MS))])
    said = presence(told(feels(BEDS["load"], body, dead[-1].at, Instant(dead[-1].at + 2 * HOUR_MS)), judge))
    assert said[0][:2] == ("available", 1)
    assert [one[0] for one in said[1:2]] == ["bed_level"]
    assert said[-1][:2] == ("bed", 0)


def test_noise_is_not_taken_for_somebody_who_comes_and_goes() -> None:
    judge = BedPresence("bed")
    night = two_nights("load")
    told(night, judge)
    said = [one for one in presence(told(noise(night[-1], 150), judge)) if one[0] == "bed"]
    assert len(said) <= 20, "health flags what is more as chattering"
