"""`hearthwatch bridge monitor` on the simulated board, on lines that go wrong, and on a terminal."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.hub import BAUD
from agent.sensors import wire
from agent.sensors.framing import Deframer
from agent.sensors.serial_io import Line
from agent.sensors.wire import ACK, ASK_HELLO, CONFIGURE
from tests.board_maker import golden
from tests.bridge_monitor import ENDS_S, Monitor
from tests.brokers import until
from tests.conftest import ROOT
from tests.pretend_board import PretendBoard

HOME = """
[home]
id = "h"
timezone = "Europe/London"
residents = 1
[[room]]
id = "hall"
kind = "hall"
name = "Hall"
[[sensor]]
id = "front-door"
kind = "door"
room = "hall"
role = "entrance"
link = "serial"
address = "bridge-1/door0"
[care]
night = ["22:30", "06:00"]
"""
HUB = """
[hub]
id = "h"
state = "state"
home = "home.toml"
[local]
host = "127.0.0.1"
[[upstream]]
host = "127.0.0.1"
port = 1883
"""


@pytest.fixture
def board(tmp_path: Path) -> Iterator[PretendBoard]:
    with PretendBoard("--still", "--link", str(tmp_path / "port")) as plugged:
        yield plugged


@pytest.fixture
def bare() -> Iterator[tuple[int, str]]:
    """A port with nothing on it: our end, and its path."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    yield ours, os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


def test_a_technician_sees_the_board_and_each_change_as_it_happens(board: PretendBoard) -> None:
    with Monitor("--port", board.port, "--selftest") as monitor:
        monitor.until_says("pretend 0.1, up ")
        monitor.until_says("own test passed; supply 4.99 V")  # its bed too, which is on for as long as this looks
        monitor.until_says("bed0: switched on")
        monitor.until_says("bed0: on; lie down on it")
        board.say("door0 1")
        monitor.until_says("door0: open")
        board.say("button0 1")
        monitor.until_says("button0: pressed")
        assert monitor.end() == (0, "")
        lines = monitor.lines()
    assert lines[0].split(maxsplit=1)[1] == f"the board at {board.port}"
    told = [line.strip().partition("  ")[2] for line in lines]
    first = told.index("motion0: clear")
    assert told[first : first + 4] == [
        "motion0: clear",
        "door0: shut",
        "button0: not pressed",
        "tamper0: case shut",
    ]
    assert "  door0: open; changed once" in lines
    assert "  motion0: clear; DID NOT CHANGE" in lines
    assert lines[-2] == "WILL BE TOLD AS A CALL FOR HELP when the hub starts: button0 pressed once."
    assert lines[-1].startswith(
        "If that was a test: pull the board's USB plug once, or run this command again with --forget"
    )


def test_a_test_pull_is_no_call_for_help_when_the_board_was_told_to_forget(board: PretendBoard) -> None:
    with Monitor("--port", board.port, "--json", "--forget") as monitor:
        monitor.until("stands", 5)
        board.say("button0 1")
        monitor.until("reading")
        assert monitor.end() == (0, "")
        end = monitor.until("end")
    assert end["calls"] == {"button0 pressed": 1}
    assert "Thrown away, the hub will never hear of it: 1 reading that it kept for the hub" in end["words"]
    with Monitor("--port", board.port, "--json") as again:
        assert again.until("beat")["kept"] == 0
        assert not again.events("kept")
        assert again.until("switched")["channel"] == "bed0"  # it had been put back
        assert again.end() == (0, "")
        assert again.until("end")["calls"] == {}


def test_every_line_for_a_program_is_an_object_and_a_reading_comes_once(board: PretendBoard) -> None:
    with Monitor("--port", board.port, "--json") as monitor:
        monitor.until("hello")
        for count, value in enumerate((1, 0, 1), 1):
            board.say(f"door0 {value}")
            monitor.until("reading", count)
        since = len(monitor.events("beat"))
        monitor.until("beat", since + 4)  # it has said them again by now, more than once
        assert [event["value"] for event in monitor.events("reading")] == [1, 0, 1]
        assert monitor.events("beat")[-1]["kept"] == 3
        assert monitor.end() == (0, "")


def test_the_hub_has_every_reading_that_was_made_while_somebody_looked_on(board: PretendBoard) -> None:
    with Monitor("--port", board.port, "--json") as monitor:
        monitor.until("hello")
        board.say("door0 1")
        monitor.until("reading")
        monitor.end()
    with Monitor("--port", board.port, "--json") as again:
        assert again.until("kept")["level"] == "open"


def installed(folder: Path, *ports: tuple[str, str]) -> str:
    (folder / "home.toml").write_text(HOME)
    serial = [f'[[serial]]\nport = "{port}"\nbridge = "{name}"\n' for port, name in ports]
    (folder / "hub.toml").write_text("\n".join([HUB, *serial]))
    return str(folder / "hub.toml")


def test_the_sensors_of_the_home_are_named_with_the_inputs_that_they_are_on(
    board: PretendBoard, tmp_path: Path
) -> None:
    config = installed(tmp_path, (board.port, "bridge-1"), ("/dev/none", "bridge-2"))
    with Monitor("--config", config, "--bridge", "bridge-1") as monitor:
        monitor.until_says("5 inputs")
        board.say("door0 1")
        monitor.until_says("front-door (door0): open")
        assert monitor.end() == (0, "")


@pytest.mark.parametrize(
    ("ports", "words", "said"),
    [
        ((), (), "has no [[serial]]; name the port itself with --port PATH"),
        ((("/dev/a", "bridge-1"), ("/dev/b", "bridge-2")), (), "say which with --bridge: bridge-1, bridge-2"),
        ((("/dev/a", "bridge-1"),), ("--bridge", "cellar"), "has no board 'cellar'; there are bridge-1"),
        ((("/dev/none-such", "bridge-1"),), (), "/dev/none-such: nothing is there: is the board plugged in?"),
    ],
)
def test_a_hub_file_that_does_not_lead_to_a_board_is_refused_in_one_line(
    ports: tuple[tuple[str, str], ...], words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    with Monitor("--config", installed(tmp_path, *ports), *words) as monitor:
        code, errors = monitor.end(None)
    assert code == 2
    assert errors.count("\n") == 1
    assert said in errors


def test_the_baud_of_a_hubs_board_is_the_one_in_its_file(tmp_path: Path) -> None:
    with Monitor("--config", installed(tmp_path, ("/dev/a", "bridge-1")), "--baud", "9600") as monitor:
        code, errors = monitor.end(None)
    assert (code, errors) == (
        2,
        "hearthwatch: --baud goes with --port; with --config the baud is the one in hub.toml\n",
    )


def test_a_port_that_another_program_has_open_is_refused_with_what_to_do(board: PretendBoard) -> None:
    other = Line(board.port, BAUD)
    with Monitor("--port", board.port) as monitor:
        code, said = monitor.end(None)
    other.close()
    assert code == 2
    assert said == (
        f"hearthwatch: {board.port}: another program has it open; stop that one first;"
        " if that is `hearthwatch watch`, nobody watches meanwhile: start it again afterwards\n"
    )


# -- lines that go wrong ---------------------------------------------------------------------------------------


def test_a_port_with_nothing_on_it_is_told_in_words_and_is_a_problem(bare: tuple[int, str]) -> None:
    with Monitor("--port", bare[1], "--for", "6") as monitor:
        code, errors = monitor.end(None)
        assert (code, errors) == (1, "")
        why = "nothing comes: is this the board's port, and does the board have its program?"
        _, line, empty, _, summed_up = monitor.lines()
        assert line.endswith(why)
        assert (empty, summed_up) == ("", f"NO BOARD WAS HEARD: the port is open and {why}")


def test_garbage_is_taken_for_another_baud_and_a_board_that_comes_after_it_is_heard(bare: tuple[int, str]) -> None:
    ours, port = bare
    with Monitor("--port", port, "--json") as monitor:
        until(lambda: select.select([ours], [], [], 0)[0], "to be asked who it is")
        os.write(ours, bytes(range(256)) * 3 + b"\x1b[2J\x07" * 40)
        assert "another baud than 115200" in monitor.until("lost")["words"]
        os.write(ours, b"\0" + golden()["hello"].frame + golden()["reading_door_open"].frame)
        assert monitor.until("hello")["firmware"] == "m328p 0.1"
        assert monitor.end() == (0, "")
    said = list(Deframer().feed(os.read(ours, 65_536)))
    assert {body[1] for body in said} == {ASK_HELLO, ACK, CONFIGURE}
    first = wire.hello(golden()["hello"].payload).state
    acks = {body[4:] for body in said if body[1] == ACK}
    heard = (first.oldest, first.oldest + 1)
    assert acks == {wire.ack(first.boot, first.oldest, number) for number in heard}  # and nothing is to be forgotten


def test_a_board_that_is_pulled_out_is_waited_for_and_heard_again(tmp_path: Path) -> None:
    link = str(tmp_path / "port")
    with PretendBoard("--still", "--link", link) as first, Monitor("--port", link, "--json") as monitor:
        monitor.until("hello")
        first.end(signal.SIGKILL)
        assert not monitor.until("lost")["words"].startswith(link)  # first why, where is known
        with PretendBoard("--still", "--link", link, "--boot", "2"):
            assert monitor.until("hello", 2)["boot"] == 2
            assert monitor.end() == (0, "")


# -- on a terminal ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_terminal_is_put_back_as_it_was(board: PretendBoard, number: signal.Signals) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    before = termios.tcgetattr(theirs)
    command = [sys.executable, "-m", "agent", "bridge", "monitor", "--port", board.port]
    seen = bytearray()

    def drawn(what: bytes) -> bool:
        while select.select([ours], [], [], 0)[0]:
            seen.extend(os.read(ours, 65_536))
        return what in seen

    with subprocess.Popen(
        command, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, env=os.environ | {"TERM": "xterm-256color"}
    ) as process:
        until(lambda: drawn(b"pretend 0.1, up"), "the board's name", ENDS_S)
        board.say("door0 1")
        until(lambda: drawn(b"door0: open"), "the open door", ENDS_S)
        process.send_signal(number)
        until(lambda: drawn(b"\x1b[?1049l") and process.poll() is not None, "the terminal's own screen", ENDS_S)
        assert drawn(b"door0: open; changed once")
    assert seen.rindex(b"door0: open; changed once") > seen.rindex(b"\x1b[?1049l")  # the summary stays there
    assert process.returncode == 0
    assert b"\x1b[?25h" in seen[seen.rindex(b"\x1b[?25l") :]  # the cursor too
    assert termios.tcgetattr(theirs) == before
    assert b"Traceback" not in seen
    os.close(ours)
    os.close(theirs)
