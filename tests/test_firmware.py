"""The wired board itself: its core on this machine, and its real binary in a simulated processor, read by the hub."""

import json
import os
import shutil
import subprocess
from itertools import pairwise
from random import Random

import pytest

from agent.nouns import is_late
from agent.sensors.wire import HELLO
from tests.board_maker import Ends
from tests.simulated_board import BUILT, CASE, CORD, LOAD, PIR, REED, STRIP, HubsEnd, SimulatedBoard, build, make

DOOR_OPEN, DOOR_SHUT = ("front-door", "door", 1), ("front-door", "door", 0)
BY_WATCHDOG = 8
SPARE = 256  # bytes of RAM between the data and the deepest stack
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


def test_an_empty_board_is_flashed_through_its_bootloader_and_then_speaks() -> None:
    if not shutil.which("avrdude") or make("-n", "bootloader").returncode != 0:
        pytest.skip("no board is flashed here: install Debian's packages avrdude and arduino-core-avr")
    assert make("bootloader").returncode == 0
    with SimulatedBoard("bootloader.bin") as board:
        made = make("flash", f"PORT={board.path}")
        assert made.returncode == 0, made.stderr
        linked = BUILT / "bridge.bin"
        subprocess.run(["avr-objcopy", "-O", "binary", "-R", ".eeprom", BUILT / "bridge.elf", linked], check=True)
        assert board.flash(linked.stat().st_size) == linked.read_bytes()
        hub = HubsEnd(board).met()
        assert hub.board.firmware == "m328p 0.1"
        hub.close()


def test_nobody_flashes_a_board_without_saying_which() -> None:
    made = make("flash", "PORT=")
    assert made.returncode != 0
    assert "say where the board is: PORT=" in made.stderr


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
        for move in range(73):
            board.pin(REED, (move + 1) % 2)
        hub = HubsEnd(board, kept)
        hub.until_heard(64, "what the board still has")
        assert [line.partition(":")[2][:21] for line in hub.refused] == [" 9 readings are lost:"]
        assert hub.told() == [DOOR_SHUT, DOOR_OPEN] * 32
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


def move_door_and_motion(board: SimulatedBoard, hub: HubsEnd, times: int) -> None:
    for move in range(times):
        board.pin(REED, (move + 1) % 2)
        board.pin(PIR, (move + 1) % 2)
        hub.until_heard(2 * move + 2, "door and motion")


def test_a_bed_is_felt_a_hundred_times_a_second_and_no_block_is_lost_while_others_move() -> None:
    with SimulatedBoard() as board:
        hub = HubsEnd(board).met().feel(STRIP)
        move_door_and_motion(board, hub, 10)
        hub.until(lambda: len(hub.blocks) >= 12, "three seconds of the bed")
        assert hub.board.blocks_lost == 0
        starts = [piece.at for piece in hub.blocks]
        assert all(abs(later - sooner - 250) <= 2 for sooner, later in pairwise(starts))
        assert {piece.rate_hz * len(piece.samples) for piece in hub.blocks} == {2_500}
        hub.close()


def test_load_cells_are_felt_eighty_times_a_second_in_24_bits_and_no_sample_is_lost_while_others_move() -> None:
    with SimulatedBoard() as board:
        board.set("load", -100)  # one more with each sample
        hub = HubsEnd(board).met().feel(LOAD)
        move_door_and_motion(board, hub, 10)
        hub.until(lambda: len(hub.blocks) >= 12, "four seconds of the bed")
        assert hub.board.blocks_lost == 0
        assert {(piece.channel, piece.bits, piece.rate_hz, len(piece.samples)) for piece in hub.blocks} == {
            (LOAD, 24, 80, 25)
        }
        weighed = [sample for piece in hub.blocks for sample in piece.samples]
        assert weighed == list(range(weighed[0], weighed[0] + len(weighed)))
        starts = [piece.at for piece in hub.blocks]
        assert all(abs(later - sooner - 312.5) <= 1.5 for sooner, later in pairwise(starts))
        assert hub.tested() == (7, 7)
        hub.close()


def test_strip_and_load_cells_are_felt_at_once_and_each_order_is_still_obeyed_with_memory_to_spare() -> None:
    with SimulatedBoard() as board:
        board.set("load", 7_000_000)
        hub = HubsEnd(board).met().feel(STRIP).feel(LOAD)
        for _ in range(20):
            assert hub.tested() == (7, 7)
        hub.until(lambda: len(hub.blocks) >= 20, "three seconds of two beds")
        assert hub.board.health is not None
        assert hub.board.health.refused == 0  # no byte from the hub was lost while the amplifier was read
        assert hub.board.blocks_lost == 0
        assert {piece.channel for piece in hub.blocks} == {STRIP, LOAD}
        assert board.never_used() >= SPARE
        hub.close()


def test_load_cells_that_no_longer_answer_are_told_nothing_is_made_up_and_wired_again_they_are_felt() -> None:
    with SimulatedBoard() as board:
        hub = HubsEnd(board).met().feel(LOAD)
        assert hub.tested() == (7, 3)  # none are wired yet
        for how in ("cut", "deaf", "short", "slow"):
            board.set("load", 1_000)
            hub.until(lambda: hub.tested() == (7, 7), "the bed")
            board.set("load", how)
            hub.until(lambda: hub.tested() == (7, 3), f"the test to fail: {how}")
            hub.blocks.clear()
            board.pass_time(700)  # two blocks' time
            assert hub.tested() == (7, 3)
            assert not hub.blocks, how
        hub.close()


def test_load_cells_that_are_pulled_too_far_do_not_pass() -> None:
    with SimulatedBoard() as board:
        board.set("load", 8_388_600)
        hub = HubsEnd(board).met().feel(LOAD)
        hub.until(lambda: hub.tested() == (7, 3), "the rail")
        hub.close()


def test_a_board_whose_program_hangs_starts_anew_and_says_why() -> None:
    with SimulatedBoard() as board:
        hub = HubsEnd(board).met()
        before = hub.board.boot
        board.hang()
        hub.until(lambda: hub.resets[-1] == BY_WATCHDOG, "who speaks, and by what it was started")
        hub.until(lambda: hub.board.boot not in (None, before), "the new start to be understood")
        board.pin(REED, 1)
        hub.until(lambda: DOOR_OPEN in hub.told(), "the door, as ever")
        hub.close()


def test_an_opened_case_and_a_falling_supply_are_told() -> None:
    with SimulatedBoard() as board:
        hub = HubsEnd(board).met()
        assert hub.tested() == (3, 3)
        assert 4_900 < hub.supply_mv() < 5_100
        board.pin(CASE, 1)
        hub.until(lambda: ("front-door", "tamper", 1) in hub.told(), "the case")
        board.set("v", 4_200)
        hub.until(lambda: hub.supply_mv() < 4_300, "a heartbeat with the supply")
        assert hub.tested() == (3, 1)
        hub.close()
