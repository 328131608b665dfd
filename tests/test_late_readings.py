"""What happened while nobody listened, and a board kept: told with its own time, and never taken for a sign of now."""

import json
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.detect.latecomers import Latecomers
from agent.engine import Engine
from agent.journal_io import Journal
from agent.loop import fill, run
from agent.nouns import HOUR_MS, LATE_MS, MINUTE_MS, SECOND_MS, Entry, Frame, Instant, Reading, Sensor, is_late
from agent.packing import LATEST_MS, by_time, pack_readings, unpack_readings
from agent.replay import Record
from tests.home_maker import make_home

NIGHT: Final = Instant(1_772_416_800_000)  # 2026-03-02, 02:00 in London, where it is UTC
HOME: Final = make_home(
    Sensor("back-door", "door", "hall", "entrance", "serial", "bridge-1/door0"),
    Sensor("mat", "bed", "bedroom", None, "serial", "bridge-1/door1"),
    Sensor("cord", "button", "bathroom", None, "serial", "bridge-1/button0"),
    Sensor("stairs", "motion", "hall", None, "serial", "bridge-1/motion0"),
)


class Night:
    """A home from two in the morning on; all times are since then."""

    def __init__(self) -> None:
        self.engine, self.record, self._seq = Engine(HOME), Record("h"), 0

    def frame(self, at_ms: int, link: str, address: str, **said: int) -> None:
        self._put(at_ms, Frame(link, address, json.dumps(said).encode()))

    def wired(self, at_ms: int, channel: str, value: int, made_ms: int | None = None) -> None:
        made = NIGHT + (at_ms if made_ms is None else made_ms)
        self.frame(at_ms, "serial", f"bridge-1/{channel}", at=made, boot=1, number=self._seq, value=value)

    def motion(self, at_ms: int, room: str) -> None:
        self._put(at_ms, Frame("log", f"{room}-motion", b"motion 1"))

    def off(self, from_ms: int, to_ms: int) -> None:
        """The hub was; the board was not."""
        self.frame(to_ms, "hub", "boot", from_ms=NIGHT + from_ms)

    def until(self, at_ms: int) -> None:
        self._put(at_ms, None)

    def _put(self, at_ms: int, frame: Frame | None) -> None:
        self._seq += frame is not None
        entry = Entry(self._seq, Instant(NIGHT + at_ms), frame)
        run(fill([entry], self.engine), self.engine, self.record)

    def said(self, kind: str) -> list[tuple[str, int, int, bool]]:
        """(state, at, since, late), both in minutes."""
        return [
            (alert.state, (alert.at - NIGHT) // MINUTE_MS, (alert.since - NIGHT) // MINUTE_MS, alert.late)
            for alert in self.record.said
            if alert.kind == kind and alert.state != "updated"
        ]


@pytest.fixture
def night() -> Night:
    night = Night()
    night.wired(0, "door0", 0)
    night.wired(1, "door1", 1)
    return night


def test_a_cord_that_was_pulled_while_the_hub_was_off_calls_as_soon_as_it_is_back_and_says_since_when(
    night: Night,
) -> None:
    night.off(5 * MINUTE_MS, 20 * MINUTE_MS)
    night.wired(20 * MINUTE_MS + SECOND_MS, "button0", 1, made_ms=7 * MINUTE_MS)
    assert night.said("sos") == [("raised", 7, 7, True)]


def test_a_cord_is_heard_however_much_was_heard_after_it(night: Night) -> None:
    night.motion(30 * MINUTE_MS, "kitchen")
    night.wired(31 * MINUTE_MS, "button0", 1, made_ms=7 * MINUTE_MS)
    assert night.said("sos") == [("raised", 7, 7, True)]


def test_a_cord_is_heard_late_in_a_walk_test_too_with_its_own_time(night: Night) -> None:
    night.frame(30 * MINUTE_MS, "care", "walk", seconds=3_600)
    night.wired(31 * MINUTE_MS, "button0", 1, made_ms=7 * MINUTE_MS)
    assert night.said("sos") == [("raised", 7, 7, True)]


def test_what_is_in_time_is_not_called_late(night: Night) -> None:
    night.wired(10 * MINUTE_MS, "button0", 1, made_ms=10 * MINUTE_MS - SECOND_MS)
    assert night.said("sos") == [("raised", 10, 9, False)]


def test_an_outside_door_that_was_opened_at_night_while_the_hub_was_off_is_told_by_its_own_time(night: Night) -> None:
    night.wired(2 * MINUTE_MS, "door1", 0)
    night.off(5 * MINUTE_MS, 8 * MINUTE_MS)
    night.wired(8 * MINUTE_MS + SECOND_MS, "door0", 1, made_ms=6 * MINUTE_MS)
    night.until(HOUR_MS)
    assert night.said("night_exit") == [("raised", 11, 6, False)]


def test_who_left_the_bed_while_the_hub_was_off_is_missed_by_the_plans_minutes_since_then(night: Night) -> None:
    night.off(5 * MINUTE_MS, 8 * MINUTE_MS)
    night.wired(8 * MINUTE_MS + SECOND_MS, "door1", 0, made_ms=6 * MINUTE_MS)
    night.until(HOUR_MS)
    assert night.said("bed_exit") == [("raised", 36, 6, False)]


def test_a_door_that_was_opened_and_shut_and_a_bed_left_and_found_again_meanwhile_are_no_alert(night: Night) -> None:
    night.wired(2 * MINUTE_MS, "door1", 1)
    night.off(5 * MINUTE_MS, 65 * MINUTE_MS)
    back = 65 * MINUTE_MS + SECOND_MS
    for number, (channel, value, made) in enumerate(
        [("door1", 0, 6), ("door0", 1, 7), ("door0", 0, 8), ("door1", 1, 11), ("motion0", 1, 12)]
    ):
        night.wired(back + number, channel, value, made_ms=made * MINUTE_MS)
    night.until(2 * HOUR_MS)
    assert [night.said(kind) for kind in ("night_exit", "bed_exit", "door_left_open")] == [[], [], []]


def test_a_hand_on_the_mattress_while_nobody_listened_is_nobody_back_in_bed(night: Night) -> None:
    night.wired(2 * MINUTE_MS, "door1", 0)
    night.until(40 * MINUTE_MS)
    assert night.said("bed_exit") == [("raised", 32, 2, False)]
    night.wired(50 * MINUTE_MS, "door1", 1, made_ms=42 * MINUTE_MS)
    night.wired(50 * MINUTE_MS + 5, "door1", 0, made_ms=42 * MINUTE_MS + 20 * SECOND_MS)
    night.until(HOUR_MS)
    assert night.said("bed_exit") == [("raised", 32, 2, False)]


def test_what_a_pad_says_of_the_time_before_a_fall_was_told_does_not_end_it(night: Night) -> None:
    night.motion(2 * MINUTE_MS, "hall")
    night.until(13 * HOUR_MS)
    raised = night.said("possible_fall")
    assert [told[0] for told in raised] == ["raised"]
    due = raised[0][1] * MINUTE_MS
    night.wired(13 * HOUR_MS + MINUTE_MS, "door1", 0, made_ms=max(due - 3 * MINUTE_MS, 3 * MINUTE_MS))
    assert night.said("possible_fall") == raised


def test_who_moved_before_nobody_was_heard_any_more_is_not_taken_for_moving_now(night: Night) -> None:
    quiet = Night()
    for home in (night, quiet):
        home.motion(2 * MINUTE_MS, "hall")
    night.wired(9 * MINUTE_MS, "motion0", 1, made_ms=3 * MINUTE_MS)
    for home in (night, quiet):
        home.until(13 * HOUR_MS)
    assert [told[0] for told in night.said("possible_fall")] == ["raised"]
    assert night.said("possible_fall")[0][:3] == quiet.said("possible_fall")[0][:3]


def test_a_fall_that_was_told_is_not_ended_by_what_was_done_before(night: Night) -> None:
    night.motion(2 * MINUTE_MS, "hall")
    night.until(13 * HOUR_MS)
    night.wired(13 * HOUR_MS + MINUTE_MS, "motion0", 1, made_ms=10 * MINUTE_MS)
    assert [told[0] for told in night.said("possible_fall")] == ["raised"]
    night.wired(13 * HOUR_MS + 2 * MINUTE_MS, "motion0", 1)
    assert [told[0] for told in night.said("possible_fall")] == ["raised", "cleared"]


def test_where_somebody_was_before_is_no_news_of_where_they_are(night: Night) -> None:
    night.motion(20 * MINUTE_MS, "kitchen")
    night.wired(21 * MINUTE_MS, "motion0", 1, made_ms=10 * MINUTE_MS)
    night.wired(21 * MINUTE_MS, "door0", 1, made_ms=11 * MINUTE_MS)
    assert night.engine.whereabouts.room == "kitchen"
    assert not night.engine.whereabouts.away
    night.until(2 * HOUR_MS)
    assert night.said("door_left_open") == [("raised", 31, 11, False)]


def test_a_day_is_read_back_in_order_of_time_and_what_came_the_day_after_is_in_it(tmp_path: Path) -> None:
    journal, home = Journal(tmp_path / "journal.db"), Night()
    journal.begin(home.engine, NIGHT, 1, "test")
    home.record = journal  # type: ignore[assignment]  # a sink like any other
    home.wired(5 * MINUTE_MS, "motion0", 1)
    home.wired(HOUR_MS, "motion0", 0)
    journal.flush()
    home.wired(20 * HOUR_MS, "motion0", 1, made_ms=10 * MINUTE_MS)
    journal.flush()
    told = journal.readings(NIGHT, Instant(NIGHT + 2 * HOUR_MS))
    made = [(one.at - NIGHT) // MINUTE_MS for one in told if one.quantity == "motion"]
    assert made == [5, 10, 60]
    journal.close()


def test_the_journal_has_every_reading_with_its_own_time(night: Night) -> None:
    made = Instant(NIGHT + 3 * MINUTE_MS)
    said = {"at": made, "boot": 1, "number": 9, "value": 1}
    frame = Frame("serial", "bridge-1/motion0", json.dumps(said).encode())
    outcome = night.engine.step(Entry(9, Instant(NIGHT + HOUR_MS), frame))
    told = [(one.sensor, one.at) for one in outcome.readings if one.quantity == "motion"]
    assert told == [("stairs", made)]


BED: Final = make_home(Sensor("felt", "bed", "bedroom", None, "serial", "bridge-1/bed0"))


def felt(at_ms: int, made_ms: int, value: int) -> tuple[Instant, Reading]:
    return Instant(NIGHT + at_ms), Reading(Instant(NIGHT + made_ms), "felt", "bed", value)


def test_who_is_felt_to_lie_down_lies_there_now_whoever_turned_over_meanwhile() -> None:
    late = Latecomers(BED)
    late.told(Instant(NIGHT + 20_000), [Reading(Instant(NIGHT + 20_000), "bedroom-motion", "motion", 1)])
    now, lies = felt(30_000, 5_000, 1)
    (told,) = late.told(now, [lies])
    assert told == lies._replace(at=Instant(now - LATE_MS))
    assert not is_late(now, told)


def test_who_was_heard_elsewhere_since_getting_up_is_there_and_the_bed_is_only_known_to_be_empty() -> None:
    late = Latecomers(BED)
    late.told(Instant(NIGHT + 20_000), [Reading(Instant(NIGHT + 20_000), "hall-motion", "motion", 1)])
    now, up = felt(30_000, 15_000, 0)
    assert late.told(now, [up]) == [up._replace(quantity="bed_level")]
    now, up = felt(60_000, 45_000, 0)
    assert late.told(now, [up]) == [up._replace(at=Instant(now - LATE_MS))], "nothing later: she got up just now"


made = st.lists(st.tuples(st.integers(0, LATEST_MS), st.sampled_from(["motion", "door"])), max_size=40)


@given(made, st.integers(1, 9), st.integers(0, LATEST_MS), st.integers(0, LATEST_MS))
def test_what_is_read_back_is_what_was_made_then_however_late_it_came_and_in_whatever_batch(
    told: list[tuple[int, str]], size: int, since: int, until: int
) -> None:
    came, batches = sorted(at for at, _ in told), []
    readings = [Reading(Instant(at), "door-1", quantity, number) for number, (at, quantity) in enumerate(told)]
    for begin in range(0, len(readings), size):
        from_at = came[min(begin + size, len(came)) - 1]
        batches.append((from_at, pack_readings(readings[begin : begin + size], Instant(from_at))))
    within = (Instant(since), Instant(until), frozenset({"motion"}))
    found = by_time(one for from_at, body in batches for one in unpack_readings(body, from_at, *within))
    wanted = [one for one in readings if since <= one.at < until and one.quantity == "motion"]
    assert list(found) == sorted(wanted, key=lambda one: one.at)
