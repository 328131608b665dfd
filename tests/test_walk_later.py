"""Weeks after the walk: an eye that was hung elsewhere is told by the ways that are no longer gone."""

from dataclasses import replace
from typing import Final

import pytest

from agent.home import parse
from agent.nouns import Instant, Reading
from agent.provision.walk_file import Walked
from agent.provision.walk_findings import Leg
from agent.provision.walk_later import LOOK_DAYS, moved
from agent.simulate.days import days
from agent.simulate.fleet import TEN, Device, home_text

AT: Final = Instant(1_772_438_400_000)
HOME: Final = parse(home_text(7, link="log"))
EYES: Final = [device.id for device in TEN if device.kind == "motion"]
# Every room of the simulated home lies at the hall.
LEGS: Final = tuple(
    Leg(min("hall-motion", eye), max("hall-motion", eye), 4_000) for eye in EYES if eye != "hall-motion"
)
WALKED: Final = Walked("", "Ines", AT, AT, (), LEGS)


def lived(fleet: tuple[Device, ...], seed: int, count: int = LOOK_DAYS) -> list[Reading]:
    told = days(seed, AT, count, fleet=fleet)
    return [Reading(one.at, one.sensor, one.quantity, one.value) for one in told]


def hung(sensor: str, room: str) -> tuple[Device, ...]:
    return tuple(replace(device, feels=room) if device.id == sensor else device for device in TEN)


@pytest.mark.parametrize("seed", range(1, 9))
def test_ordinary_weeks_say_of_no_sensor_that_it_has_moved(seed: int) -> None:
    assert moved(HOME, WALKED, lived(TEN, seed)) == []


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("room", ["bathroom", "kitchen"])
def test_the_hall_sensor_that_was_hung_in_another_room_is_told(seed: int, room: str) -> None:
    assert moved(HOME, WALKED, lived(hung("hall-motion", room), seed)) == [
        "the hall sensor (hall-motion) has moved: hang it where it was, or walk again"
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_one_of_two_that_now_look_at_one_place_is_told_by_both_names(seed: int) -> None:
    assert moved(HOME, WALKED, lived(hung("kitchen-motion", "bedroom"), seed)) == [
        "bedroom-motion or kitchen-motion has moved: both now look at one place; hang it where it was, or walk again"
    ]


def test_two_days_are_too_few_to_say_anything() -> None:
    assert moved(HOME, WALKED, lived(hung("hall-motion", "bathroom"), 1, count=2)) == []


def test_a_home_with_a_dead_sensor_is_not_told_that_it_has_moved() -> None:
    assert moved(HOME, WALKED, [one for one in lived(TEN, 1) if one.sensor != "kitchen-motion"]) == []
