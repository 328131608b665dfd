"""Who is away, who may be in, and what a door can say of it. The front door is in the hall."""

from dataclasses import replace

from agent.detect.bed import BedExit
from agent.detect.doors import DoorLeftOpen, NightExit
from agent.detect.possible_fall import PossibleFall
from agent.detect.routine import NotUp
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


def test_a_stuck_sensor_that_speaks_moves_no_silence() -> None:
    home, still = up(), up()
    for one in (home, still):
        one.see("09:00:01", unseen=frozenset({"hall-motion"}))
    for minute in range(10, 60, 10):
        home.hear(f"09:{minute}", "hall-motion")
    home.until("23:00")
    still.until("23:00")
    assert home.diary() == still.diary() != []


def test_a_mat_that_chatters_ends_no_alarm_and_somebody_who_moves_does() -> None:
    home = up()
    home.until("23:00")
    home.see("23:01", unseen=frozenset({"bed"}))
    home.hear("23:02", "bed", 1)
    home.hear("23:02:10", "bed", 0)
    assert [line.split()[2] for line in home.diary()] == ["raised"]
    home.hear("23:03", "kitchen-motion")
    assert [line.split()[2] for line in home.diary()] == ["raised", "cleared"]


def test_a_stuck_sensor_is_no_sign_of_getting_up() -> None:
    home = Drive(a_home(not_up_by=10 * 60 + 30), NotUp)
    home.see("00:30", unseen=frozenset({"kitchen-motion"}))
    home.hear("08:00", "kitchen-motion")
    home.until("11:00")
    assert home.diary() == ["10:30 not_up raised"]


def test_a_stuck_sensor_brings_nobody_home_at_night_and_lets_nobody_out() -> None:
    home = Drive(a_home(), NightExit)
    home.see("22:40", unseen=frozenset({"kitchen-motion", "back"}))
    home.hear("23:00", "back", 1)
    home.until("01:00")
    assert home.diary() == []
    home.hear("02:00", "front", 1)
    home.hear("02:01", "kitchen-motion")
    home.hear("02:10", "kitchen-motion")
    assert home.diary() == ["02:05 night_exit raised"]


def test_a_mat_that_chatters_is_no_return_to_bed_and_no_exit() -> None:
    home = Drive(a_home(), BedExit)
    home.hear("22:00", "bed", 1)
    home.hear("01:00", "bed", 0)
    home.until("01:40")
    home.see("01:41", unseen=frozenset({"bed"}))
    home.hear("01:42", "bed", 1)
    home.until("04:00")
    home.hear("04:00", "bed", 0)
    home.until("09:00")
    assert home.diary() == ["01:30 bed_exit raised"]


def test_a_contact_that_chatters_does_not_end_what_was_told_of_its_door() -> None:
    home = Drive(a_home(), DoorLeftOpen)
    home.hear("09:00", "front", 0)
    home.hear("10:00", "front", 1)
    home.see("10:30", unseen=frozenset({"front"}))
    home.hear("10:31", "front", 0)
    assert home.diary() == ["10:20 door_left_open raised"]
    home.see("15:00", unseen=frozenset())
    home.hear("15:01", "front", 1)
    home.hear("15:02", "front", 0)
    assert home.diary()[1:] == ["15:02 door_left_open cleared"]
