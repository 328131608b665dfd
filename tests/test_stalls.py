"""A hub that no longer looks after its home says so: by silence to systemd, and by the Will at the centre."""

import ctypes
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.progress import Progress
from agent.transport.keys_io import signer
from agent.watchdog_io import ROUNDS, Watchdog, notify
from tests.brokers import Mosquitto, Process, centre_process, until, uplink_process
from tests.hub_maker import HUB, Hub
from tests.whole_hub import WholeHub, upstream

STALL_S: Final = 3  # stall_seconds of the hubs here
# A sign of life may lie unread for a round, and be missed a round late.
WILL_S: Final = STALL_S * (1 + 2 / ROUNDS)
STAGES: Final = ("loop", "line", "zigbee")


class Systemd:
    """The receiving end of $NOTIFY_SOCKET."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)

    def heard(self) -> list[str]:
        """What came since it was asked last."""
        found = []
        while True:
            try:
                found.append(self._socket.recv(1_024).decode())
            except BlockingIOError:
                return found

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Systemd]:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    found = Systemd(str(tmp_path / "notify"))
    yield found
    found.close()


@contextmanager
def frozen(thread: int) -> Iterator[None]:
    """One thread of a child process stopped, and the others not, as a debugger does it (ptrace)."""
    libc = ctypes.CDLL(None, use_errno=True)
    attach, detach, wall = 16, 17, 0x40000000
    if libc.ptrace(attach, thread, None, None) != 0:
        pytest.skip(f"a thread cannot be stopped here: {os.strerror(ctypes.get_errno())}")
    os.waitpid(thread, wall)
    try:
        yield
    finally:
        libc.ptrace(detach, thread, None, None)


# -- who has come round ----------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from(STAGES), st.integers(0, 20_000)), max_size=60))
def test_a_sign_of_life_means_that_every_stage_came_round_since_the_last(life: list[tuple[str, int]]) -> None:
    progress, now, seen = Progress(dict.fromkeys(STAGES, 45_000), 0), 0, set[str]()
    last = dict.fromkeys(STAGES, 0)
    for stage, passed in life:
        now += passed
        seen.add(stage)
        last[stage] = now
        assert progress.advanced(stage, now) == (seen == set(STAGES))
        seen = set() if seen == set(STAGES) else seen
        assert progress.stalled(now) == tuple(name for name in STAGES if now - last[name] > 45_000)


def test_systemd_hears_ready_once_and_is_fed_from_then_on(systemd: Systemd) -> None:
    signs: list[int] = []
    dog = Watchdog("watch", STAGES, 45, sign=lambda: signs.append(1))
    for _ in range(3):
        for stage in STAGES:
            dog.advanced(stage)
    assert systemd.heard() == ["READY=1\nWATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]
    assert len(signs) == 3
    notify("STOPPING=1")
    assert systemd.heard() == ["STOPPING=1"]


def test_systemd_is_told_through_a_socket_without_a_file_too(monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"@hearthwatch-{os.getpid()}"
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    found = Systemd(address)
    notify("READY=1")
    assert found.heard() == ["READY=1"]
    found.close()


def test_a_systemd_that_is_not_there_costs_a_line_and_not_the_hub(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    notify("WATCHDOG=1")
    assert capsys.readouterr().err.startswith("systemd cannot be told WATCHDOG=1: ")
    monkeypatch.delenv("NOTIFY_SOCKET")
    notify("WATCHDOG=1")
    assert capsys.readouterr().err == ""


def test_a_loop_that_lives_while_a_thread_of_it_hangs_does_not_feed_the_watchdog(systemd: Systemd) -> None:
    hangs, freed, rounds = threading.Event(), threading.Event(), 50
    dog = Watchdog("watch", STAGES, 45, sign=lambda: None)

    def listens() -> None:
        dog.advanced("zigbee")
        hangs.set()
        freed.wait()
        dog.advanced("zigbee")

    listener = threading.Thread(target=listens)
    listener.start()
    hangs.wait()
    for _ in range(rounds):
        dog.advanced("loop")
        dog.advanced("line")
    assert systemd.heard() == ["READY=1\nWATCHDOG=1"], "fed once, before it hung"
    freed.set()
    listener.join()
    assert systemd.heard() == ["WATCHDOG=1"]


# -- what the centre hears -------------------------------------------------------------------------------------


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    signer(str(tmp_path / "centre.key"))
    with Mosquitto(tmp_path) as found:
        yield found


@contextmanager
def hub_and_centre(tmp_path: Path, broker: Mosquitto) -> Iterator[tuple[WholeHub, Process]]:
    """A hub whose stages may stall for STALL_S, its line up, and its centre."""
    way = upstream(broker.client("hub"), tmp_path / "centre.pub")
    with (
        centre_process(broker.client("centre"), tmp_path) as centre,
        WholeHub(tmp_path, broker.client("local"), way, f"stall_seconds = {STALL_S}") as hub,
    ):
        hub.pin_at(tmp_path)
        until(lambda: ("online", "MQTT 5") in hub.links(), "the line up")
        yield hub, centre


def test_a_watch_that_is_stopped_brings_the_will_and_its_return_takes_it_back(
    tmp_path: Path, broker: Mosquitto, systemd: Systemd
) -> None:
    with hub_and_centre(tmp_path, broker) as (hub, centre):
        until(lambda: "WATCHDOG=1" in systemd.heard(), "systemd to be fed")
        os.kill(hub.watch.pid, signal.SIGSTOP)
        until(lambda: centre.events("gone"), "the Will", WILL_S + 1)
        os.kill(hub.watch.pid, signal.SIGCONT)
        until(lambda: centre.events("back"), "the Will to be taken back")
        hub.smoke()
        until(lambda: not hub.outbox.waiting(), "a receipt, as before")
        reasons = [reason for _, reason in hub.links()]
        assert "watch gives no sign of life: the centre hears the Will until it does" in reasons


def test_one_thread_that_hangs_brings_the_will_although_the_loop_lives(
    tmp_path: Path, broker: Mosquitto, systemd: Systemd
) -> None:
    with hub_and_centre(tmp_path, broker) as (hub, centre):
        threads = sorted(int(one.name) for one in Path(f"/proc/{hub.watch.pid}/task").iterdir())
        with frozen(threads[-1]):  # the youngest: the one that takes in what comes back
            until(lambda: centre.events("gone"), "the Will")
            until(lambda: "watch: does not come round: line" in hub.watch.errors, "the stage to be named")
            assert not centre.events("back")
        until(lambda: centre.events("back"), "the Will to be taken back")
        until(lambda: "watch: all stages come round again" in hub.watch.errors, "that to be said")


def test_what_a_stalled_watch_had_said_still_arrives_and_the_will_stands(tmp_path: Path, broker: Mosquitto) -> None:
    hub = Hub(tmp_path)
    hub.pin_at(tmp_path)
    with (
        centre_process(broker.client("centre"), tmp_path) as centre,
        uplink_process(HUB, broker.client(HUB), hub.state, stall_s=STALL_S),
    ):
        until(lambda: any("online" in line for line in centre.errors), "the centre online")
        until(lambda: centre.events("gone"), "the Will of a hub whose watch never started")
        hub.say(3, lives=False)
        until(lambda: len(centre.events("alert")) == 3, "its alerts all the same")
        assert not centre.events("back"), "nobody looks after the home"
        until(lambda: hub.owes_nothing(tmp_path), "the receipts")
        until(lambda: centre.events("back"), "it to be back, now that watch lives")
    hub.close()
