"""What a walk through a home finds: every sensor working, swapped, in the wrong room, blind, badly placed."""

from itertools import permutations
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.nouns import DAY_MS, Instant, Reading, Sensor
from agent.provision.walk import Walk, script
from agent.provision.walk_findings import Found, Known, findings, legs
from agent.provision.walk_words import faults, next_line, remarks, room_lines
from tests.home_maker import ROOMS, make_home
from tests.walk_maker import AT, BED, FLAT, PENDANT, SMOKE, Walker

KNOWN: Final = Known(heard={"smoke": Instant(AT - 3_600_000)})


def found(walk: Walk, known: Known = KNOWN) -> dict[str, Found]:
    return {one.sensor: one for one in findings(walk, known)}


def told(walker: Walker, known: Known = KNOWN) -> list[str]:
    return faults(findings(walker.all(), known), walker.home)


def test_a_home_in_which_all_is_well_has_nothing_to_put_right() -> None:
    assert told(Walker()) == []


def test_two_sensors_that_hang_in_each_others_rooms_are_told_by_both_their_names() -> None:
    lines = told(Walker(mounted={"kitchen-motion": "bathroom", "bathroom-motion": "kitchen"}))
    assert lines == [
        "bathroom-motion: swapped with kitchen-motion: give the two each other's place, or correct home.toml",
        "kitchen-motion: swapped with bathroom-motion: give the two each other's place, or correct home.toml",
    ]


def test_three_in_a_ring_are_told_as_three() -> None:
    ring = {"kitchen-motion": "bathroom", "bathroom-motion": "living", "living-motion": "kitchen"}
    lines = told(Walker(mounted=ring))
    assert [line.partition(":")[0] for line in lines] == ["bathroom-motion", "kitchen-motion", "living-motion"]
    assert all("give the 3 each other's place" in line for line in lines)
    assert "swapped with living-motion and kitchen-motion" in lines[0]


@given(where=st.permutations(ROOMS))
@settings(max_examples=120, deadline=None)
def test_however_the_eyes_were_mixed_up_each_is_told_and_no_other(where: list[str]) -> None:
    mounted = {f"{room}-motion": place for room, place in zip(ROOMS, where, strict=True)}
    wrong = {sensor for sensor, place in mounted.items() if sensor != f"{place}-motion"}
    for one in found(Walker(mounted=mounted).all()).values():
        assert one.verdict == ("swapped" if one.sensor in wrong else "working")
        if one.sensor in wrong:
            ring, at = [one.sensor], f"{mounted[one.sensor]}-motion"
            while at != one.sensor:
                ring.append(at)
                at = f"{mounted[at]}-motion"
            assert list(one.cycle) == ring


def test_one_that_hangs_in_another_room_is_told_with_that_room() -> None:
    assert told(Walker(mounted={"bathroom-motion": "hall"})) == [
        "bathroom-motion: answers in hall and not in bathroom: mount it in bathroom, or correct home.toml"
    ]


def test_one_that_speaks_and_never_sees_is_blind() -> None:
    walker = Walker(mounted={"living-motion": "nowhere"})
    walker.walk.hear([Reading(AT, "living-motion", "battery_percent", 80)])
    assert told(walker) == [
        "living-motion: speaks, but saw nobody in living: walk there again; else: is it covered, or turned to the wall?"
    ]


def test_a_dead_one_was_not_heard_at_all() -> None:
    assert told(Walker(dead=frozenset({"living-motion"}))) == [
        "living-motion: was not heard at all: battery or radio; press its own button and see whether it joins"
    ]


def test_one_that_sees_the_next_room_too_is_badly_placed() -> None:
    assert told(Walker(sees={"hall-motion": "kitchen"})) == [
        "hall-motion: sees kitchen too: turn it away; if somebody else moved there, walk again"
    ]


def test_a_door_wired_the_other_way_round_is_found() -> None:
    walker = Walker(inverted=frozenset({"front-door"}))
    assert told(walker) == ["front-door: says the opposite: set inverted = true for it in home.toml"]


def test_a_bed_wired_the_other_way_round_is_found() -> None:
    assert told(Walker(inverted=frozenset({"bed"}))) == [
        "bed: says the opposite: set inverted = true for it in home.toml"
    ]


def test_two_doors_that_answer_for_each_other_are_swapped() -> None:
    lines = told(Walker(mounted={"front-door": "fridge", "fridge": "front-door"}))
    assert [line[: line.index(":", 12)] for line in lines] == [
        "front-door: swapped with fridge",
        "fridge: swapped with front-door",
    ]


def test_a_fridge_that_somebody_opens_meanwhile_is_no_swap() -> None:
    walker = Walker(dead=frozenset({"front-door"}))
    walker.do("open", "front-door")
    walker.walk.hear([Reading(walker.now, "fridge", "door", 1)])
    walker.do("shut", "front-door")
    walker.walk.hear([Reading(walker.now, "fridge", "door", 0)])
    verdicts = found(walker.all())
    assert (verdicts["front-door"].verdict, verdicts["fridge"].verdict) == ("silent", "working")


def test_a_button_that_is_not_heard_is_told() -> None:
    (line,) = told(Walker(dead=frozenset({"pendant"})))
    assert line.startswith("pendant: was not heard at all")


def test_smoke_is_not_set_off_and_lives_if_it_was_heard_today() -> None:
    assert found(Walker().all())["smoke"].verdict == "working"
    long_ago = Known(heard={"smoke": Instant(AT - 2 * DAY_MS)})
    assert found(Walker().all(), long_ago)["smoke"].verdict == "silent"


def test_a_battery_that_will_not_last_is_changed_while_somebody_is_there() -> None:
    lines = told(Walker(), KNOWN._replace(battery_percent={"hall-motion": 12}))
    assert lines == ["hall-motion: battery at 12 %: change it; the new one is heard when it next reports"]


def test_a_weak_radio_is_told_and_stops_nothing() -> None:
    walker = Walker()
    walker.walk.radio("hall-motion", 90)
    walker.walk.radio("hall-motion", 22)
    walk = walker.all()
    assert faults(findings(walk, KNOWN), walk.home) == []
    (line,) = remarks(findings(walk, KNOWN))
    assert line.startswith("hall-motion: weak radio (22 of 255)")


def test_rooms_walked_in_another_order_that_is_said_are_no_fault() -> None:
    for order in list(permutations(ROOMS))[::17]:
        walker = Walker()
        for room in order:
            walker.do("room", room)
        assert told(walker) == []


def test_a_room_that_was_marked_by_mistake_is_corrected_by_the_next_mark() -> None:
    walker = Walker()
    walker._mark("room", "kitchen")
    walker.do("room", "bathroom")
    assert told(walker) == []
    assert [stay.room for stay in walker.walk.stays()][:1] == ["bathroom"]


def test_a_room_that_was_only_passed_through_was_not_tried() -> None:
    walker = Walker(dead=frozenset({"living-motion"}))
    walker.do("room", "living", stay_ms=2_000)
    walk = walker.walk
    assert found(walk)["living-motion"].verdict == "not_walked"
    assert found(walk)["kitchen-motion"].verdict == "not_walked"


def test_an_eye_that_saw_its_walker_come_in_and_is_blind_since_answers_all_the_same() -> None:
    walker = Walker(dead=frozenset({"kitchen-motion"}))
    walker.do("room", "hall")
    walker.walk.hear([Reading(Instant(walker.now + 3_000), "kitchen-motion", "motion", 1)])
    walker.do("room", "kitchen")
    assert found(walker.walk)["kitchen-motion"].verdict == "working"


def test_one_that_hangs_where_it_should_not_and_only_saw_its_walker_come_in_is_told() -> None:
    walker = Walker(dead=frozenset({"bathroom-motion"}))
    walker.do("room", "hall")
    walker.walk.hear([Reading(Instant(walker.now + 3_000), "bathroom-motion", "motion", 1)])
    walker.do("room", "kitchen")
    walker.do("room", "bathroom")
    assert (found(walker.walk)["bathroom-motion"].verdict, found(walker.walk)["bathroom-motion"].rooms) == (
        "wrong_room",
        ("kitchen",),
    )


def test_ways_between_rooms_and_blind_times_are_measured_in_whole_ms() -> None:
    walk = Walker().all()
    verdicts = findings(walk, KNOWN)
    assert {one.blind_ms for one in verdicts if one.kind == "motion"} == {6_000}
    ways = {(leg.one, leg.other): leg.ms for leg in legs(walk, verdicts)}
    assert ways["bedroom-motion", "hall-motion"] > 4_000
    assert all(isinstance(ms, int) for ms in ways.values())


def test_the_way_begins_where_who_lives_there_comes_in() -> None:
    assert script(FLAT)[0].what == "hall"
    assert script(FLAT, ("living", "bedroom"))[0].what == "living"
    kinds = [step for step in script(FLAT) if step.what in ("front-door", "bed", "pendant")]
    assert [step.kind for step in kinds] == ["open", "shut", "press", "sit", "leave"]


def test_the_next_line_says_what_is_awaited_and_who_answers_instead() -> None:
    walker = Walker()
    assert next_line(walker.walk) == "Go to hall, and press Enter there"
    walker._mark("room", "kitchen")
    assert next_line(walker.walk) == "Walk about in kitchen: waiting for kitchen-motion (Enter goes on)"
    walker.walk.hear([Reading(walker.now, "bathroom-motion", "motion", 1)])
    assert "bathroom-motion answers instead!" in next_line(walker.walk)


def test_the_rooms_fit_on_a_phone_whatever_they_are_called() -> None:
    walk = Walk(FLAT)
    assert all(len(line) <= 40 for line in room_lines(walk, 40))


@pytest.mark.parametrize("extra", [(), (BED,), (PENDANT, SMOKE)])
def test_a_mark_of_what_this_home_does_not_have_is_none(extra: tuple[Sensor, ...]) -> None:
    walker = Walker(make_home(*extra))
    walker._mark("room", "ballroom")
    walker._mark("open", "drawbridge")
    assert walker.walk.marks == []
