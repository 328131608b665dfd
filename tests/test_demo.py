"""The demo with real parts: its line, what it leaves behind, and one real run of it."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.demo.parts_io import HOST, Line, broker, free_port, mosquitto, wait_for
from agent.demo.stage_io import woken
from agent.mqtt_io import Broker, Client
from agent.sensors.payload import parse
from agent.simulate.story import story
from tests.brokers import ROOT, until

STORY = story(1)
LONGEST_RUN_S = 90.0
SET_UP_S = 60.0  # 28 days are lived through first: some seconds of both cores, and more where others use them too


def test_the_simulated_zigbee2mqtt_starts_with_what_it_remembers() -> None:
    said = [frame for _, frame in woken(STORY)]
    assert [frame.address for frame in said[:2]] == ["bridge/state", "bridge/devices"]
    last = {frame.address: frame.payload for _, frame in STORY.past if frame.link == "zigbee"}
    assert len(said) == len(last) >= 10
    for frame in said[2:]:
        now, then = parse(frame.address, frame.payload), parse(frame.address, last[frame.address])
        assert isinstance(now, dict)
        assert isinstance(then, dict)
        assert now == {key: value for key, value in then.items() if key != "linkquality"}


# -- real parts ------------------------------------------------------------------------------------------------


@pytest.fixture(params=["mosquitto", "amqtt"])
def port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    """A broker of the demo, of either make."""
    if request.param == "amqtt":
        pytest.importorskip("amqtt")
    elif mosquitto() is None:
        pytest.skip("mosquitto is not here; install Debian's package mosquitto")
    found = free_port()
    with broker("home", tmp_path, found, embedded=request.param == "amqtt") as part:
        wait_for(found, part)
        yield found


def test_a_line_that_was_cut_carries_again_when_it_is_back(port: int) -> None:
    line = Line(port)
    links: list[bool] = []
    came: list[bytes] = []
    client = Client(
        Broker(HOST, line.port),
        "demo",
        lambda _topic, payload, _retained: came.append(payload),
        lambda up, _reason: links.append(up),
        subscriptions=("a/b",),
    )

    def turn() -> None:
        line.carry(client.turn(0.1, *line.filenos()))

    def reached(condition: bool) -> bool:
        turn()
        return condition

    until(lambda: reached(client.up), "the client to be connected through the line")
    assert client.publish("a/b", b"before") is not None
    until(lambda: reached(came == [b"before"]), "what was published")
    line.cut()
    until(lambda: reached(not client.up), "the client to notice that the line is cut")
    line.restore()
    until(lambda: reached(client.up), "the client to be back")
    assert client.publish("a/b", b"after") is not None
    until(lambda: reached(came == [b"before", b"after"]), "what was published after the outage")
    assert links == [True, False, True]
    client.close()
    line.cut()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for sockets in it."""
    with tempfile.TemporaryDirectory(prefix="hw-") as made:
        yield Path(made)


def demo(*words: str, temporary: Path | None = None) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "agent", "demo", "--plain", *words]
    where = os.environ | ({"TMPDIR": str(temporary)} if temporary else {})
    return subprocess.Popen(command, cwd=ROOT, env=where, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def parts(folder: Path) -> list[str]:
    """The command lines of running processes that name ``folder``, the demo's own apart."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if "--keep" not in words and any(str(folder) in word for word in words):
            found.append(" ".join(words))
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_demo_that_is_ended_leaves_no_process_behind(folder: Path, number: signal.Signals) -> None:
    with demo("--keep", str(folder / "demo")) as running:
        until(lambda: any("--follow" in line for line in parts(folder)), "all parts of the demo to run", SET_UP_S)
        assert len(parts(folder)) >= 5
        running.send_signal(number)
        running.communicate()
    assert running.returncode == (-number if number == signal.SIGKILL else 130)
    until(lambda: not parts(folder), "every part to be gone")
    assert (folder / "demo" / "port").is_symlink() == (number == signal.SIGKILL)  # the wired board's


def test_a_demo_refuses_a_folder_that_holds_something_in_one_line(folder: Path) -> None:
    (folder / "demo").mkdir()
    with demo("--keep", str(folder / "demo")) as running:
        said = running.communicate()[1].splitlines()
    assert running.returncode == 2
    assert said[-1].startswith("hearthwatch: ")
    assert "not there yet" in said[-1]


def test_the_demo_tells_its_story_live_within_ninety_seconds(folder: Path) -> None:
    started = time.monotonic()
    page = folder / "day.html"
    temporary = folder / "temporary"
    temporary.mkdir()
    with demo("--seed", "7", "--page", str(page), temporary=temporary) as running:
        out, err = running.communicate()
    assert running.returncode == 0, out + err
    assert time.monotonic() - started <= LONGEST_RUN_S
    for one in STORY.expected:
        row = rf"{one.kind.replace('_', ' ')} {one.state} +\d\d:\d\d-\d\d:\d\d +\d\d:\d\d +received +signed"
        assert re.search(row, out), one
    assert re.search(r"possible fall raised .* taken, true", out)
    for scene in STORY.scenes:
        assert f"{scene.title}. {scene.told}" in out
    for words in (
        "home    the wired bed is empty",
        "home    the wired bed is occupied",
        "home    she presses the answer button",
        "and was answered: nothing left the home",
        "and nobody answered",
        "a person at the centre has taken it",
        "it is no false alert of this home",
    ):
        assert words in out, words
    lamp = re.findall(r"home    the lamp is (on|off)", out)
    assert lamp[::2] == ["on"] * (len(lamp) // 2)
    assert len(lamp) >= 2 * len(STORY.asked)
    assert err.splitlines()[-1].endswith(str(page)), "the day as a family reads it is named last"
    day = page.read_text()
    assert "The monitoring centre was told: possible fall; a person there took it at" in day
    assert re.search(r"To bed at \d\d:\d\d", day), "the night is told, though the bed was new"
    assert lamp[-1] == "off"
    assert "Nothing else was raised." in out
    assert not list(temporary.iterdir())
