"""Company: how many are present at least, from what one person cannot do."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Final

from hypothesis import given, settings

from agent.detect.company import MOST, Company
from agent.detect.detector import Detector
from agent.detect.whereabouts import Whereabouts
from agent.engine import Engine
from agent.home import parse
from agent.nouns import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Home, Instant, Reading, Watch
from agent.simulate.fleet import TEN, home_text
from bench.company import DAYS, lived, overlapping, score, share, tell, visitor
from bench.homes import homes_in
from bench.visits import judge
from tests.detector_contract import LIFE, Step, keeps_the_contract
from tests.detector_contract import lived as lived_through
from tests.driver import Drive, a_home

VISITED_SEED: Final = 3


def build(home: Home, whereabouts: Whereabouts) -> Detector:
    return Company(home)


class Flat:
    """The home of tests/driver.py; ``now`` goes on by what is heard."""

    def __init__(self, residents: int = 1) -> None:
        self.drive = Drive(replace(a_home(), residents=residents), build)
        self.drive.until("09:00")
        self.now = Instant(self.drive.now + 9 * HOUR_MS)

    @property
    def company(self) -> Company:
        company = self.drive.detectors[1]
        assert isinstance(company, Company)
        return company

    def hear(self, after_ms: int, *sensors: str, value: int = 1) -> None:
        """After so long the sensors are heard, one second after the other."""
        self.now = Instant(self.now + after_ms)
        for nth, sensor in enumerate(sensors):
            self.now = Instant(self.now + (SECOND_MS if nth else 0))
            self.drive.hear(self.now, sensor, value)

    def both(self, minutes: int = 15) -> None:
        """Somebody in the bedroom and somebody in the kitchen, heard within a second of each other every minute."""
        for _ in range(minutes):
            self.hear(MINUTE_MS, "bedroom-motion", "kitchen-motion")

    def strangers(self, minutes: int) -> None:
        """The same two, who have nothing to do with each other: as often 1 s as 20 s apart."""
        for nth in range(minutes):
            self.hear(MINUTE_MS - 30 * SECOND_MS, "bedroom-motion")
            self.hear((nth * 11 % 29 + 1) * SECOND_MS, "kitchen-motion")
            self.wait(10 * SECOND_MS)

    def wait(self, ms: int) -> None:
        self.now = Instant(self.now + ms)
        self.drive.until(self.now)

    def walk(self, minutes: int) -> None:
        """One person, who goes from the bedroom through the hall to the kitchen and back, and stays for a while."""
        for nth in range(minutes // 10):
            rooms = ("bedroom-motion", "hall-motion", "kitchen-motion")
            for room in rooms if nth % 2 else reversed(rooms):
                self.hear(5 * SECOND_MS, room)
            for _ in range(3):
                self.hear(3 * MINUTE_MS, "kitchen-motion" if nth % 2 else "bedroom-motion")


def test_company_keeps_the_contract_of_every_detector() -> None:
    keeps_the_contract(build, examples=30)


def test_a_report_of_a_battery_that_comes_with_something_else_is_nobody_who_moves() -> None:
    company = Company(a_home())
    company.observe(Instant(1_000), [Reading(Instant(1_000), "bedroom-motion", "motion", 1)], Watch())
    before = company.snapshot()
    company.observe(Instant(2_000), [Reading(Instant(2_000), "kitchen-motion", "battery_percent", 80)], Watch())
    assert company.snapshot() == before


def test_one_person_who_walks_from_room_to_room_is_one() -> None:
    flat = Flat()
    flat.walk(8 * 60)
    assert (flat.company.people, flat.company.visiting, flat.company.since) == (1, False, None)


def test_two_rooms_that_lie_apart_heard_at_once_again_and_again_are_two_people() -> None:
    flat = Flat()
    flat.hear(MINUTE_MS, "bedroom-motion", "kitchen-motion")
    assert flat.company.people == 1, "once proves nothing"
    flat.both()
    assert (flat.company.people, flat.company.visiting) == (2, True)
    assert flat.company.since is not None


def test_a_visit_ends_soon_after_the_visitor_left_by_the_door() -> None:
    flat = Flat()
    flat.both()
    flat.hear(MINUTE_MS, "front")
    flat.hear(10 * SECOND_MS, "front", value=0)
    assert flat.company.visiting
    flat.wait(20 * MINUTE_MS)
    assert (flat.company.people, flat.company.visiting) == (1, False)


def test_a_visitor_who_sits_still_and_has_not_left_is_there_for_two_hours() -> None:
    flat = Flat()
    flat.both()
    flat.wait(110 * MINUTE_MS)
    assert (flat.company.people, flat.company.visiting) == (1, True)
    flat.wait(11 * MINUTE_MS)
    assert not flat.company.visiting


def test_a_wake_comes_when_a_visit_ends_although_nothing_is_heard() -> None:
    flat = Flat()
    flat.both()
    due = flat.company.deadline()
    assert due is not None
    assert due - flat.now <= MOST * MINUTE_MS
    flat.wait(DAY_MS)
    assert flat.company.deadline() is None


def test_sensors_that_look_at_one_place_do_not_make_two_of_one() -> None:
    flat = Flat()
    for _ in range(3 * 24 * 4):
        flat.hear(15 * MINUTE_MS, "bedroom-motion", "kitchen-motion")
    assert flat.company.people == 1
    flat.both(60)
    assert (flat.company.people, flat.company.visiting) == (1, False)


def test_somebody_in_bed_and_somebody_in_the_kitchen_are_two() -> None:
    flat = Flat()
    flat.hear(MINUTE_MS, "bed")
    flat.hear(10 * MINUTE_MS, "kitchen-motion")
    assert flat.company.people == 1, "a mat may be slow"
    flat.hear(4 * MINUTE_MS, "kitchen-motion")
    flat.hear(2 * MINUTE_MS, "kitchen-motion")
    assert flat.company.people == 2


def test_who_got_up_is_not_two_because_the_mat_is_slow() -> None:
    flat = Flat()
    flat.hear(MINUTE_MS, "bed")
    flat.hear(10 * MINUTE_MS, "kitchen-motion")
    flat.hear(MINUTE_MS, "kitchen-motion")
    flat.hear(MINUTE_MS, "bed", value=0)
    for _ in range(10):
        flat.hear(2 * MINUTE_MS, "kitchen-motion")
    assert flat.company.people == 1


def test_a_mat_that_stays_occupied_all_day_is_not_company_all_day() -> None:
    flat = Flat()
    flat.hear(MINUTE_MS, "bed")
    for _ in range(10 * 12):
        flat.hear(5 * MINUTE_MS, "kitchen-motion")
    assert flat.company.people == 1


def test_a_sensor_that_is_not_believed_brings_no_company() -> None:
    flat = Flat()
    flat.drive.see(flat.now, unseen=frozenset({"bedroom-motion"}))
    flat.both()
    assert flat.company.people == 1


def test_where_two_live_two_are_no_visit() -> None:
    flat = Flat(residents=2)
    flat.both()
    assert (flat.company.people, flat.company.visiting) == (2, False)


def test_three_rooms_heard_at_once_are_three_people() -> None:
    flat = Flat(residents=2)
    for _ in range(10):
        flat.hear(MINUTE_MS, "bedroom-motion", "kitchen-motion", "bathroom-motion")
    assert (flat.company.people, flat.company.visiting) == (3, True)


def test_where_somebody_else_lives_company_is_usual_and_no_visit() -> None:
    flat = Flat()
    for _ in range(4):
        flat.strangers(10 * 60)
        flat.wait(14 * HOUR_MS)
    assert not flat.company.visiting
    flat.strangers(2 * 60)
    assert (flat.company.people, flat.company.visiting) == (2, False)


@settings(max_examples=50, deadline=None)
@given(life=LIFE)
def test_a_restart_changes_nothing_of_what_is_known_of_company(life: list[Step]) -> None:
    whole = lived_through(a_home(), [build], life)
    again = whole.reborn()
    for drive in (whole, again):
        for minute in range(1, 20):
            drive.hear(Instant(drive.now + minute * 1_700), "bedroom-motion" if minute % 2 else "kitchen-motion")
    one, other = whole.detectors[1], again.detectors[1]
    assert one.snapshot() == other.snapshot()


def test_a_restart_in_the_middle_of_a_simulated_visit_changes_nothing() -> None:
    home = parse(home_text(VISITED_SEED, link="log"))
    heard = lived(VISITED_SEED, visitor(VISITED_SEED, 4)[0], count=4)
    whole = tell(home, heard).company
    part = Company(home)
    for nth, reading in enumerate(heard):
        if nth % 500 == 499:
            memory = json.dumps(part.snapshot(), allow_nan=False)
            part = Company(home)
            part.restore(json.loads(memory))
        while (due := part.deadline()) is not None and due < reading.at:
            part.observe(due, (), Engine(home).proof.watch)
        part.observe(reading.at, (reading,), Engine(home).proof.watch)
    assert part.snapshot() == whole.snapshot()


def test_who_lives_alone_has_hardly_a_visit_that_was_none() -> None:
    alone = [score("alone", seed) for seed in (1, 2)]
    assert all(one.company_permille <= 5 for one in alone)
    assert sum(one.false_visits for one in alone) * 14 <= 2 * DAYS


def test_a_pir_that_looks_into_the_next_room_is_learnt_in_two_weeks() -> None:
    assert score("overlapping", 1).late_permille <= 5
    assert len(overlapping()) == len(TEN) + 3


def test_most_visits_are_found_and_what_is_called_a_visit_is_one() -> None:
    visited = [score("visited", seed) for seed in (1, 2, VISITED_SEED)]
    right, wrong = sum(one.right for one in visited), sum(one.wrong for one in visited)
    assert sum(one.found for one in visited) * 2 >= sum(one.visits for one in visited)
    assert right * 10 >= 8 * (right + wrong)


def test_who_lives_with_somebody_is_not_visited_every_day() -> None:
    two = score("two", 1)
    assert two.company_permille >= 150
    assert two.false_visits * 7 <= 2 * DAYS


def test_what_is_kept_of_company_stays_small() -> None:
    home = parse(home_text(1, link="log"))
    memory = tell(home, lived(1, visitor(1)[0])).company.snapshot()
    assert len(json.dumps(memory)) < 4_000


def test_the_engine_offers_how_many_are_there() -> None:
    engine = Engine(parse(home_text(1, link="log")))
    assert (engine.company.people, engine.company.visiting) == (1, False)


def test_in_real_homes_company_is_neither_never_nor_always(hearthwatch_data: Path) -> None:
    cases = homes_in(hearthwatch_data / "tihm", None)[::6]
    shares = [share(60, case) for case in cases]
    assert sum(one.company > 20 for one in shares) * 2 > len(shares)
    assert all(one.company < 600 for one in shares)


def test_a_visit_put_into_a_real_home_is_found_more_often_than_not(hearthwatch_data: Path) -> None:
    cases = homes_in(hearthwatch_data / "tihm", None)[1:8]
    found = [judge(pair) for pair in pairwise(cases)]
    visits = sum(one.visits for one in found)
    assert visits >= 10
    assert sum(one.company for one in found) * 10 >= visits * 7
    assert sum(one.company for one in found) > sum(one.company_before for one in found)
