"""The real agent on a real line to the board's real binary: cold starts, kills, cables that are pulled."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.sink_io import UNKEPT_MOST
from tests.brokers import until
from tests.simulated_board import CORD, REED, SimulatedBoard, build
from tests.wired_hub import SLOW_S, WiredHub

MOVES = int(os.environ.get("HEARTHWATCH_WIRED_MOVES", "60"))  # a day of a busy home, 2,000: make soak
DOOR_OPEN, DOOR_SHUT = ("front-door", "door", 1), ("front-door", "door", 0)


@pytest.fixture(scope="module", autouse=True)
def _built() -> None:
    build()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[WiredHub]:
    with WiredHub(tmp_path) as hub:
        yield hub


def told(hub: WiredHub) -> list[tuple[str, str, int]]:
    return [(sensor, kind, value) for _, sensor, kind, value in hub.readings()]


def test_a_cold_start_in_which_the_reader_opens_late_misses_nothing(tmp_path: Path) -> None:
    with SimulatedBoard() as board:
        board.pin(CORD, 0)
        with WiredHub(tmp_path) as hub:
            hub.plug(board.path)
            hub.until_met()
            until(lambda: hub.alerts("sos"), "the cord that was pulled before", SLOW_S)
            assert hub.board("hello")[0]["firmware"] == "m328p 0.1"


def test_a_hub_that_is_killed_and_back_has_everything_once_in_order_and_with_its_times(hub: WiredHub) -> None:
    with SimulatedBoard() as board:
        hub.plug(board.path)
        hub.until_met()
        began = board.now()
        moved = [board.pin(REED, 1) - began]
        hub.until_heard(1, "the door before")
        hub.kill()
        assert hub.kept() == [], "in memory only"
        moved += [board.pin(REED, level) - began for level in (0, 1, 0, 1, 0)]
        board.pass_time(3_000)
        hub.start()
        hub.until_heard(7, "what happened meanwhile, and what had been heard and was not written")
        board.pin(CORD, 0)
        until(lambda: hub.alerts("sos"), "an alert, with which all is written", SLOW_S)
        assert hub.late() == [False, *[True] * 6, False]
        kept = [(one.sensor, one.quantity, one.value) for one in hub.kept()]
        assert kept == [*[DOOR_OPEN, DOOR_SHUT] * 3, ("cord", "button", 1)], "each once, in order"
        times = [one.at for one in hub.kept()]
        apart = [later - times[0] for later in times[:6]]
        assert all(abs(a - (b - moved[0])) < 500 for a, b in zip(apart, moved, strict=True)), "as they were apart"
        assert not hub.board("lost")
        assert hub.faults() == [], "its journal is whole"


def test_what_is_on_the_disk_is_not_sent_again_to_a_hub_that_was_killed(hub: WiredHub) -> None:
    with SimulatedBoard() as board:
        hub.plug(board.path)
        hub.until_met()
        for level in (1, 0) * 15:
            board.pin(REED, level)
        hub.until_heard(30, "the door")
        until(lambda: len(hub.kept()) >= UNKEPT_MOST, "so many that they are written", SLOW_S)
        written = len(hub.kept())
        hub.kill()
        hub.start()
        hub.until_heard(30 + 30 - written, "what was not written")
        board.pin(CORD, 0)
        until(lambda: hub.alerts("sos"), "an alert, with which all is written", SLOW_S)
        assert [(one.sensor, one.quantity, one.value) for one in hub.kept()][:30] == [DOOR_OPEN, DOOR_SHUT] * 15
        again = len(hub.readings()) - 30 - 1
        assert again == 30 - written, "only what was not written came again"


def test_a_board_that_is_unplugged_and_plugged_in_elsewhere_is_told_lost_and_heard_again(hub: WiredHub) -> None:
    with SimulatedBoard() as board:
        hub.plug(board.path)
        hub.until_met()
        hub.unplug()
    until(lambda: hub.board("link") == [1, 0], "the link to be lost", SLOW_S)
    until(lambda: any("bridge-1: " in line for line in hub.watch.errors), "why", SLOW_S)
    with SimulatedBoard() as board:
        hub.plug(board.path)
        until(lambda: hub.board("link") == [1, 0, 1], "the link to be back", SLOW_S)
        until(lambda: len(hub.board("selftest")) == 2, "the board to do as home.toml says", SLOW_S)
        board.pin(REED, 1)
        hub.until_heard(1, "the door")
        assert told(hub) == [DOOR_OPEN]


def test_a_line_of_garbage_is_told_as_what_it_is_and_the_board_is_heard_when_it_ends(hub: WiredHub) -> None:
    other, line = os.openpty()
    hub.plug(os.ttyname(line))
    until(
        lambda: os.write(other, b"\xf7" * 64) and any("no frame" in line for line in hub.watch.errors), "advice", SLOW_S
    )
    assert any("at 115200 baud?" in line for line in hub.watch.errors)
    until(lambda: hub.board("link")[-1:] == [0], "the link to be lost", SLOW_S)
    with SimulatedBoard() as board:
        hub.plug(board.path)
        os.close(other)
        os.close(line)
        hub.until_met()
        until(lambda: hub.board("link")[-1:] == [1], "the link to be there", SLOW_S)


def test_what_happens_faster_than_it_is_kept_is_all_kept(hub: WiredHub) -> None:
    with SimulatedBoard() as board:
        hub.plug(board.path)
        hub.until_met()
        for move in range(MOVES):
            board.pin(REED, (move + 1) % 2)
        hub.until_heard(MOVES, "all moves of the door")
        assert told(hub) == [DOOR_OPEN, DOOR_SHUT] * (MOVES // 2)
        until(lambda: len(hub.kept()) >= MOVES - UNKEPT_MOST, "all but the last few to be written", SLOW_S)
        assert {beat["blocks_lost"] for beat in hub.board("beat")} == {0}, "nor a piece of the bed's waveform"
        assert not hub.board("lost")


def test_a_bed_is_felt_by_the_real_board_and_no_waveform_is_kept(hub: WiredHub) -> None:
    with SimulatedBoard() as board:
        hub.plug(board.path)
        hub.until_met()
        board.pass_time(4_000)
        board.set("a", 3_900)  # somebody sits down
        board.pass_time(4_000)
        board.pin(CORD, 0)  # what the journal has of an alert, it has of all before
        until(lambda: hub.alerts("sos"), "the cord", SLOW_S)
        felt = hub.frames("bridge-1/bed0")
        assert felt, "told as soon as the level changed"
        assert all(set(json.loads(payload)) == {"at", "felt"} and len(payload) < 100 for payload in felt)
        assert len(felt) <= 8


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_hub_that_is_stopped_has_written_what_it_heard(number: signal.Signals, hub: WiredHub) -> None:
    with SimulatedBoard() as board:
        hub.plug(board.path)
        hub.until_met()
        board.pin(REED, 1)
        hub.until_heard(1, "the door")
        assert hub.kept() == []
        assert hub.watch.send(number) == 0
        assert [(one.sensor, one.value) for one in hub.kept()] == [("front-door", 1)]


def test_without_consent_the_board_looks_at_nothing_and_with_it_again_at_everything(hub: WiredHub) -> None:
    with SimulatedBoard() as board:
        hub.plug(board.path)
        hub.until_met()
        hub.consent("--withdraw")
        until(lambda: len(hub.board("selftest")) == 2, "its inputs to be switched off, one by one", SLOW_S)
        board.pin(REED, 1)
        board.pin(CORD, 0)
        board.pin(CORD, 1)
        board.pass_time(3_000)
        hub.consent("--give")
        until(lambda: len(hub.board("selftest")) == 3, "the board to be as home.toml says", SLOW_S)
        board.pin(REED, 0)
        until(lambda: DOOR_SHUT in told(hub), "the door, now", SLOW_S)
        assert DOOR_OPEN not in told(hub), "that is nobody's to know"
        assert not hub.alerts("sos")
        board.pin(CORD, 0)
        until(lambda: hub.alerts("sos"), "the cord, now", SLOW_S)
