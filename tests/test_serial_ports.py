"""The ports themselves: what goes away while it is opened, what is no port, what nobody leads to."""

import os
import signal
import termios
from pathlib import Path
from time import monotonic_ns

import pytest

from agent.hub import Serial
from agent.nouns import Frame, Instant, Sensor
from agent.sensors.kept_io import Kept
from agent.sensors.serial_io import Held, Line, PortError, Ports
from tests.board_maker import SENSORS
from tests.brokers import until
from tests.pretend_board import PretendBoard


def ports(*named: Serial) -> tuple[Ports, list[Frame], list[str]]:
    heard: list[Frame] = []
    said: list[str] = []
    rim = Ports(named, SENSORS, lambda name: None, lambda: Instant(1), heard.append, said.append, Kept())
    return rim, heard, said


def test_a_port_that_goes_away_while_it_is_opened_is_told_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    board, line = os.openpty()

    def gone(fd: int, queue: int) -> None:
        raise termios.error(5, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(termios, "tcflush", gone)
        rim, _, said = ports(Serial(os.ttyname(line), "bridge-1"))
        rim.turn(0.0)
        assert len(said) == 1
        assert said[0].endswith("Input/output error")
    Line(os.ttyname(line), 115_200).close()
    os.close(board)
    os.close(line)


@pytest.mark.parametrize(
    ("path", "why"),
    [("nothing", "is the board plugged in?"), ("file", "is no serial port"), (".", "is no serial port")],
)
def test_what_is_no_port_is_told_with_what_to_do(path: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PortError, match=why) as fault:
        Line(str(tmp_path / path), 115_200)
    assert not isinstance(fault.value, Held)


def test_a_name_with_a_lock_in_it_is_not_taken_for_a_port_that_is_held() -> None:
    with pytest.raises(PortError) as fault:
        Line("/dev/serial/by-id/usb-Clockwork_Nano-if00", 115_200)
    assert not isinstance(fault.value, Held)


def test_two_who_want_one_port_are_told_apart() -> None:
    board, line = os.openpty()
    first = Line(os.ttyname(line), 115_200)
    with pytest.raises(Held, match="another program has it open"):
        Line(os.ttyname(line), 115_200)
    first.close()
    os.close(board)
    os.close(line)


def test_a_board_that_no_port_leads_to_is_told_lost_in_its_own_thread_and_not_before() -> None:
    rim, heard, _ = ports()
    assert heard == [], "whoever makes it must not wait for room in its own queue"
    rim.turn(0.0)
    assert heard == [Frame("serial", "bridge-1", b'{"link":0}')]


def test_two_boards_on_two_ports_are_heard_side_by_side_and_one_that_is_pulled_out_leaves_the_other() -> None:
    kitchen = Sensor("kitchen", "door", "hall", None, "serial", "bridge-2/door0")
    with PretendBoard("--still") as one, PretendBoard("--still") as other:
        named = [Serial(one.port, "bridge-1"), Serial(other.port, "bridge-2")]
        heard: list[Frame] = []
        rim = Ports(
            named, [*SENSORS, kitchen], lambda name: None, lambda: Instant(monotonic_ns() // 1_000_000), heard.append,
            print, Kept(),
        )  # fmt: skip

        def came(address: str, word: bytes) -> bool:
            rim.turn(0.05)
            return any(frame.address == address and word in frame.payload for frame in heard)

        for name in ("bridge-1", "bridge-2"):
            until(lambda name=name: came(name, b"selftest"), f"{name} to be met")  # type: ignore[misc]
        one.say("door0 1")
        until(lambda: came("bridge-1/door0", b'"value":1'), "its door")
        one.end(signal.SIGKILL)
        until(lambda: came("bridge-1", b'"link":0'), "it to be told lost")
        other.say("door0 1")
        until(lambda: came("bridge-2/door0", b'"value":1'), "the other's door")
        assert not came("bridge-2", b'"link":0')
        rim.close()
