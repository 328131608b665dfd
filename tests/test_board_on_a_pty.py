"""`hearthwatch bridge simulate`: a board on a pty, for whoever has none."""

import os
import select
import signal
from itertools import pairwise
from pathlib import Path

import pytest

from agent.hub import BAUD
from agent.sensors.serial_io import Line
from agent.sensors.wire import HEARTBEAT, HELLO, READING, heartbeat
from agent.simulate.board import HEARTBEAT_MS
from tests.brokers import until
from tests.pretend_board import PretendBoard


def arrived(line: Line) -> list[bytes]:
    """What can be read now; a port that has nothing is not asked."""
    return list(line.read()) if select.select([line], [], [], 0)[0] else []


@pytest.fixture
def link(tmp_path: Path) -> Path:
    return tmp_path / "bridge-1"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_simulated_board_has_a_port_until_it_is_ended(link: Path, number: signal.Signals) -> None:
    said: list[bytes] = []
    with PretendBoard("--link", str(link), "--still") as board:
        assert board.port == str(link)
        line = Line(board.port, BAUD)

        def heard(type: int) -> bool:
            said.extend(arrived(line))
            return type in [body[1] for body in said]

        until(lambda: heard(HELLO), "its hello")
        board.say("nonsense")
        board.say("door0 1")
        until(lambda: heard(READING), "the door's reading")
        line.close()
        code, words = board.end(number)
    assert code == 0
    assert words.startswith("hearthwatch: 'nonsense' is no order")
    assert len(words.splitlines()) == 1
    assert not link.is_symlink()


def test_a_link_that_a_killed_board_left_is_laid_anew_and_a_file_is_not_touched(link: Path) -> None:
    with PretendBoard("--link", str(link)) as killed:
        killed.end(signal.SIGKILL)
    assert link.is_symlink()
    with PretendBoard("--link", str(link)) as board:
        assert os.readlink(link).startswith("/dev/pts/")
        assert board.end() == (0, "")
    link.write_text("mine")
    with PretendBoard("--link", str(link)) as refused:
        assert refused.end(None) == (
            2,
            f"hearthwatch: {link}: cannot lead to the board: is there already: name a path that is not\n",
        )
    assert link.read_text() == "mine"


@pytest.mark.parametrize("speed", ["0", "121", "fast", "9" * 5_000])
def test_a_speed_that_no_hub_can_have_is_refused_in_one_line(speed: str) -> None:
    with PretendBoard("--speed", speed) as refused:
        code, said = refused.end(None)
    assert code == 2
    assert "is no whole number from 1 to 120" in said.splitlines()[-1]


def test_a_simulated_board_runs_as_fast_as_the_hub_of_the_demo() -> None:
    """Twenty heartbeats in a row, two seconds apart by its own time, within a second or so of ours."""
    uptimes: list[int] = []
    with PretendBoard("--still", "--speed", "120") as board:
        line = Line(board.port, BAUD)

        def heard() -> bool:
            uptimes.extend(heartbeat(body[4:]).state.uptime for body in arrived(line) if body[1] == HEARTBEAT)
            return len(uptimes) > 20

        until(heard, "twenty heartbeats")
        line.close()
    assert all(later - earlier >= HEARTBEAT_MS for earlier, later in pairwise(uptimes))
