"""The demo: what it calls a success, what it leaves behind, and one real run of it."""

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
from hypothesis import given
from hypothesis import strategies as st

from agent.civil import Wall
from agent.demo.judge import Got, Ledger, Said, judge
from agent.demo.parts_io import HOST, Line, broker, free_port, mosquitto, wait_for
from agent.demo.plain_io import summary
from agent.demo.stage_io import woken
from agent.mqtt_io import Broker, Client
from agent.nouns import MINUTE_MS, Instant
from agent.sensors.payload import parse
from agent.simulate.fleet import TIMEZONE
from agent.simulate.story import Expected, story
from tests.brokers import ROOT, until

WALL = Wall(TIMEZONE)
STORY = story(1)
LONGEST_RUN_S = 90.0


def told(expected: tuple[Expected, ...] = STORY.expected) -> list[Said]:
    """Each expectation as a hub would meet it."""
    return [Said(one.after, f"2-{n}", one.kind, one.state) for n, one in enumerate(expected, start=1)]


def ledger(said: list[Said], lost: int | None = None, unsigned: int | None = None) -> Ledger:
    """All of it received and signed for, but the ``lost``-th and the ``unsigned``-th."""
    made = Ledger()
    made.said = said
    for seq, one in enumerate(said):
        if seq != lost:
            made.got.append(Got(one.at, one.id, one.kind, one.state, 2, seq))
        if seq not in (lost, unsigned):
            made.receipts.add((2, seq))
    return made


def faults(made: Ledger) -> tuple[str, ...]:
    return judge(STORY.expected, STORY.tolerated, made, WALL).faults


def test_a_demo_in_which_all_was_said_and_signed_for_is_a_success() -> None:
    verdict = judge(STORY.expected, STORY.tolerated, ledger(told()), WALL)
    assert not verdict.faults
    lines = list(summary(verdict, WALL))
    assert len([line for line in lines if line.endswith("received     signed")]) == len(STORY.expected)
    assert lines[-1] == "Nothing else was raised."


@given(st.sets(st.integers(min_value=0, max_value=len(STORY.expected) - 1), min_size=1))
def test_a_demo_that_misses_any_alert_names_each_that_is_missing(missing: set[int]) -> None:
    said = [one for n, one in enumerate(told()) if n not in missing]
    found = faults(ledger(said))
    assert len(found) == len(missing)
    for n in missing:
        one = STORY.expected[n]
        assert any(fault.startswith(f"{one.kind} {one.state} was not said") for fault in found)


@pytest.mark.parametrize("which", range(len(STORY.expected)))
def test_a_demo_fails_if_the_centre_or_the_hub_lacks_one_signature(which: int) -> None:
    (lost,) = faults(ledger(told(), lost=which))
    assert "did not reach the centre" in lost
    (unsigned,) = faults(ledger(told(), unsigned=which))
    assert "holds no receipt" in unsigned


def test_an_alert_at_the_wrong_time_is_told_with_both_times() -> None:
    said = told()
    said[0] = said[0]._replace(at=Instant(STORY.expected[0].before + MINUTE_MS))
    (fault,) = faults(ledger(said))
    assert fault == "night_exit raised was said at 05:49, not between 05:34 and 05:48"


def test_an_alert_that_is_not_in_the_story_is_a_false_alert() -> None:
    more = Said(STORY.start_at, "2-99", "bed_exit", "raised")
    assert faults(ledger([*told(), more])) == ("bed_exit raised at 05:22 is not in the story",)
    assert not faults(ledger([*told(), more._replace(kind="test_call")]))
    twice = told()[0]._replace(id="2-99")
    assert faults(ledger([*told(), twice])) == ("night_exit raised at 05:34 is not in the story",)


def test_what_the_centre_complains_of_spoils_the_demo() -> None:
    made = ledger(told())
    made.complaints.append("the centre complains: a forged envelope")
    assert faults(made) == ("the centre complains: a forged envelope",)


def test_the_simulated_zigbee2mqtt_starts_with_what_it_remembers() -> None:
    said = [frame for _, frame in woken(STORY)]
    assert [frame.address for frame in said[:2]] == ["bridge/state", "bridge/devices"]
    last = {frame.address: frame.payload for _, frame in STORY.past}
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
        until(lambda: any("--follow" in line for line in parts(folder)), "all parts of the demo to run")
        assert len(parts(folder)) >= 5
        running.send_signal(number)
        running.communicate()
    assert running.returncode == (-number if number == signal.SIGKILL else 130)
    until(lambda: not parts(folder), "every part to be gone")


def test_a_demo_refuses_a_folder_that_holds_something_in_one_line(folder: Path) -> None:
    (folder / "demo").mkdir()
    with demo("--keep", str(folder / "demo")) as running:
        said = running.communicate()[1].splitlines()
    assert running.returncode == 2
    assert said[-1].startswith("hearthwatch: ")
    assert "not there yet" in said[-1]


def test_the_demo_tells_its_story_live_within_ninety_seconds(folder: Path) -> None:
    started = time.monotonic()
    with demo("--seed", "7", temporary=folder) as running:
        out, err = running.communicate()
    assert running.returncode == 0, out + err
    assert time.monotonic() - started <= LONGEST_RUN_S
    for one in STORY.expected:
        row = rf"{one.kind.replace('_', ' ')} {one.state} +\d\d:\d\d-\d\d:\d\d +\d\d:\d\d +received +signed"
        assert re.search(row, out), one
    for scene in STORY.scenes:
        assert f"{scene.title}. {scene.told}" in out
    assert "Nothing else was raised." in out
    assert not list(folder.iterdir())
