"""Who is away, who may be in, and what a door can say of it. The front door is in the hall."""

from dataclasses import replace

from agent.detect.possible_fall import PossibleFall
from tests.detector_contract import keeps_the_contract
from tests.driver import Drive, a_home


def up(residents: int = 1) -> Drive:
    home = Drive(replace(a_home(), residents=residents), PossibleFall)
    home.hear("09:00", "kitchen-motion")
    return home


def where(home: Drive) -> str:
    return "away" if home.whereabouts.away else "doubt" if home.whereabouts.doubt else "in"


def test_a_fall_is_looked_for_with_residents_of_all_sorts() -> None:
    keeps_the_contract(PossibleFall, examples=30)


def test_who_opens_the_door_and_shuts_it_with_nothing_between_has_left() -> None:
    home = up()
    home.hear("10:00", "front", 1)
    assert where(home) == "away"
    home.hear("10:00:20", "front", 0)
    assert where(home) == "away"


def test_who_comes_in_and_shuts_the_door_behind_her_is_not_away_and_a_fall_is_looked_for() -> None:
    home = up()
    home.hear("10:00", "front", 1)
    home.hear("10:00:05", "hall-motion")
    home.hear("10:00:20", "front", 0)
    assert where(home) == "doubt"
    home.until("23:00")
    assert [line.split()[1:] for line in home.diary()] == [["possible_fall", "raised"]]


def test_a_door_shut_that_was_never_opened_says_nothing_of_leaving() -> None:
    home = up()
    home.hear("10:00", "front", 0)
    assert where(home) == "doubt"


def test_who_is_heard_in_another_room_after_the_door_is_in() -> None:
    home = up()
    home.hear("10:00", "front", 1)
    home.hear("10:00:05", "hall-motion")
    home.hear("10:00:20", "front", 0)
    home.hear("10:00:40", "kitchen-motion")
    assert where(home) == "in"


def test_a_visitor_who_leaves_does_not_take_along_who_lies_in_bed() -> None:
    home = up()
    home.hear("21:00", "bed", 1)
    home.hear("21:05", "hall-motion")
    home.hear("21:10", "front", 1)
    home.hear("21:10:20", "front", 0)
    assert (where(home), home.whereabouts.room) == ("in", "bedroom")
    home.days(1)
    assert home.diary()[-1].endswith("possible_fall raised")


def test_a_bed_out_of_sight_while_the_visitor_left_keeps_its_sleeper_once_it_is_seen_again() -> None:
    home = up()
    home.hear("21:00", "bed", 1)
    home.see("21:05", unseen=frozenset({"bed"}))
    home.hear("21:10", "front", 1)
    assert where(home) == "away"
    home.see("21:11", unseen=frozenset())
    assert where(home) == "in"
    home.days(1)
    assert home.diary()[-1].endswith("possible_fall raised")


def test_where_two_live_one_who_leaves_does_not_end_the_watch_over_the_other() -> None:
    home = up(residents=2)
    home.hear("10:00", "front", 1)
    home.hear("10:00:20", "front", 0)
    assert where(home) == "doubt"
    home.until("23:00")
    assert [line.split()[1:] for line in home.diary()] == [["possible_fall", "raised"]]


def test_a_restart_does_not_forget_where_somebody_lies() -> None:
    home = up()
    home.hear("21:00", "bed", 1)
    home.hear("21:10", "front", 1)
    after = home.reborn()
    assert (where(after), after.whereabouts.room) == (where(home), home.whereabouts.room)
