"""The wired board itself: its core on this machine, and its real binary in a simulated processor, read by the hub."""

import json
import os
import shutil
from itertools import pairwise
from random import Random

import pytest

from agent.nouns import is_late
from agent.sensors.wire import CONFIGURE, DONE, HELLO, READING, SELFTEST
from tests.board_maker import BED, Ends
from tests.simulated_board import CORD, PIR, REED, HubsEnd, SimulatedBoard, build, make, order

DOOR_OPEN, DOOR_SHUT = ("front-door", "door", 1), ("front-door", "door", 0)
CLOSE_MS = 1_000  # simulated; the bound of 20 ms is test_board_time's: here a frame waits for a busy machine


@pytest.fixture(scope="module", autouse=True)
def _built() -> None:
    build()


def test_the_boards_core_does_what_its_own_tests_say() -> None:
    if not shutil.which("cppcheck"):
        pytest.skip("the core is not looked through here: install Debian's package cppcheck")
    made = make("test")
    assert made.returncode == 0, made.stdout + made.stderr
    assert "facts hold" in made.stdout


def test_the_binary_fits_the_board_with_room_for_its_stack() -> None:
    made = make("size")
    assert made.returncode == 0, made.stdout + made.stderr


def test_a_door_that_opens_at_the_board_is_a_reading_at_the_hub() -> None:
    with SimulatedBoard() as board:
        hub = HubsEnd(board).met()
        assert hub.board.firmware == "m328p 0.1"
        opened = board.pin(REED, 1)
        hub.until_heard(1, "the door")
        at, reading = hub.heard[0]
        assert hub.told() == [DOOR_OPEN]
        assert abs(reading.at - opened) < CLOSE_MS
        assert not is_late(at, reading)
        hub.close()


def test_a_hub_that_comes_late_is_told_who_speaks_and_what_happened_before() -> None:
    with SimulatedBoard() as board:
        first = HubsEnd(board).met()
        first.close()
        board.pin(CORD, 0)
        hub = HubsEnd(board)
        hub.until(lambda: ("cord", "button", 1) in hub.told(), "the cord that was pulled before")
        assert HELLO in hub.types
        hub.close()


def test_what_happened_while_the_hub_was_off_arrives_once_in_order_and_with_its_times() -> None:
    with SimulatedBoard() as board:
        before = HubsEnd(board).met()
        board.pin(REED, 1)
        before.until(lambda: before.told() == [DOOR_OPEN], "the door before")
        kept = json.dumps(before.ends.journal.snapshot())
        before.close()
        moves = []
        for level in (0, 1, 0):
            moves.append(board.pin(REED, level))
        board.pass_time(5_000)
        hub = HubsEnd(board, Ends(memory=json.loads(kept)))
        hub.until_heard(3, "three moves of the door")
        board.pin(PIR, 1)
        hub.until(lambda: ("hall-motion", "motion", 1) in hub.told(), "somebody who moves now")
        assert hub.told() == [DOOR_SHUT, DOOR_OPEN, DOOR_SHUT, ("hall-motion", "motion", 1)]
        assert all(abs(reading.at - at) < CLOSE_MS for (_, reading), at in zip(hub.heard[:3], moves, strict=True))
        assert [is_late(at, reading) for at, reading in hub.heard] == [True, True, True, False]
        hub.close()


def test_more_than_the_board_can_keep_is_told_as_lost_and_the_latest_arrives() -> None:
    with SimulatedBoard() as board:
        before = HubsEnd(board).met()
        kept = before.ends
        before.close()
        for move in range(41):
            board.pin(REED, (move + 1) % 2)
        hub = HubsEnd(board, kept)
        hub.until_heard(32, "what the board still has")
        assert [line.partition(":")[2][:21] for line in hub.refused] == [" 9 readings are lost:"]
        assert hub.told() == [DOOR_SHUT, DOOR_OPEN] * 16
        hub.close()


def test_noise_on_the_line_costs_no_reading() -> None:
    with SimulatedBoard() as board:
        hub = HubsEnd(board).met()
        for move in range(6):
            hub.noise(os.urandom(40))
            board.pin(REED, (move + 1) % 2)
            hub.until_heard(move + 1, "the door, in spite of the noise")
        assert hub.told() == [DOOR_OPEN, DOOR_SHUT] * 3
        hub.close()


def test_a_line_that_loses_a_fifth_and_damages_a_fifth_delays_and_loses_nothing() -> None:
    with SimulatedBoard() as board:
        hub = HubsEnd(board, loses=Random(1)).met()
        for move in range(10):
            board.pin(REED, (move + 1) % 2)
        hub.until_heard(10, "ten moves of the door")
        assert hub.told() == [DOOR_OPEN, DOOR_SHUT] * 5
        assert [reading.at for _, reading in hub.heard] == sorted(reading.at for _, reading in hub.heard)
        assert hub.deframer.refused > 0
        hub.close()


def test_a_bed_is_felt_a_hundred_times_a_second_and_no_block_is_lost_while_others_move() -> None:
    with SimulatedBoard() as board:
        hub = HubsEnd(board).met()
        hub.say(order(CONFIGURE, [BED, 1, 0, 0]))
        hub.until(lambda: DONE in hub.types, "the answer to the order")
        for move in range(10):
            board.pin(REED, (move + 1) % 2)
            board.pin(PIR, (move + 1) % 2)
            hub.until_heard(2 * move + 2, "door and motion")
        hub.until(lambda: len(hub.blocks) >= 12, "three seconds of the bed")
        assert hub.board.blocks_lost == 0
        starts = [piece.at for piece in hub.blocks]
        assert all(abs(later - sooner - 250) <= 2 for sooner, later in pairwise(starts))
        assert {piece.rate_hz * len(piece.samples) for piece in hub.blocks} == {2_500}
        hub.close()


def test_the_board_tests_itself_when_it_is_asked() -> None:
    with SimulatedBoard() as board:
        hub = HubsEnd(board).met()
        hub.say(order(0x84, []))
        hub.until(lambda: SELFTEST in hub.types, "the self-test")
        hub.until(lambda: hub.board.health is not None and hub.board.health.supply_mv, "the supply")
        assert hub.board.health is not None
        assert 4_500 < hub.board.health.supply_mv < 5_500
        assert READING not in hub.types
        hub.close()
