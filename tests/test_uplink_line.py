"""The MQTT client itself: it sleeps, keeps nothing in memory, and no broker can make it fall over."""

import random
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent import mqtt_io
from agent.hub import KEEPALIVE_S
from agent.mqtt_io import TAKEN_OVER, Broker, Client
from tests.brokers import Authority, Mosquitto, until

CONNACK = bytes([0x20, 3, 0, 0, 0])  # MQTT 5, accepted, no properties


class Line:
    """A client with everything that it told."""

    def __init__(
        self, broker: Broker, *subscriptions: str, keepalive_s: int = KEEPALIVE_S, spread_s: float = 0.0
    ) -> None:
        self.messages: list[bytes] = []
        self.links: list[tuple[bool, str]] = []
        self.acks: list[tuple[int, int]] = []
        self.turns = 0
        self.client = Client(
            replace(broker, keepalive_s=keepalive_s), "line",
            lambda topic, payload, retained: self.messages.append(payload),
            lambda up, reason: self.links.append((up, reason)), lambda mid, code: self.acks.append((mid, code)),
            subscriptions=subscriptions, spread_s=spread_s,
        )  # fmt: skip

    def turn(self, limit_s: float = 0.05) -> bool:
        self.turns += 1
        self.client.turn(limit_s)
        return True

    def until_up(self) -> None:
        until(lambda: self.turn() and self.client.up, "the line up")


class Server(threading.Thread):
    """Says ``answer`` to whoever connects, after the CONNECT has come, and closes; None: stays silent."""

    def __init__(self, answer: bytes | None) -> None:
        super().__init__(daemon=True)
        self._answer = answer
        self._door = socket.create_server(("127.0.0.1", 0))
        self.broker = Broker("127.0.0.1", int(self._door.getsockname()[1]))
        self._silent: list[socket.socket] = []
        self.start()

    def run(self) -> None:
        while True:
            try:
                caller, _ = self._door.accept()
                caller.recv(4_096)
                if self._answer is None:
                    self._silent.append(caller)
                    continue
                with caller:
                    caller.sendall(self._answer)
                    caller.shutdown(socket.SHUT_WR)
            except OSError:
                if self._door.fileno() < 0:
                    return

    def close(self) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        for caller in self._silent:
            caller.close()
        self.join()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as found:
        yield found


def test_thousands_of_messages_pass_through_a_small_window_over_tls(tmp_path: Path) -> None:
    with Mosquitto(tmp_path, Authority(tmp_path / "tls"), "pattern readwrite x") as broker:
        line = Line(broker.client("line"), "x")
        line.until_up()
        sent = 0
        while sent < 3_000:
            if line.client.publish("x", str(sent).encode().ljust(1_024)) is None:
                line.turn(5)
            else:
                sent += 1
        until(lambda: line.turn() and len(line.acks) == len(line.messages) == 3_000, "all of them")
    assert [int(payload) for payload in line.messages] == list(range(3_000))
    assert {code for _, code in line.acks} == {0}
    line.client.close()


def test_nothing_is_kept_in_memory_while_the_line_is_down(broker: Mosquitto) -> None:
    line = Line(broker.client("line"), "x")
    assert line.client.publish("x", b"before the start") is None
    line.until_up()
    broker.kill()
    until(lambda: line.turn() and not line.client.up, "the line down")
    assert line.client.publish("x", b"while down") is None
    broker.start()
    line.until_up()
    line.client.publish("x", b"after")
    until(lambda: line.turn() and line.messages, "the message; the subscription was renewed")
    assert line.messages == [b"after"]
    assert line.links == [(True, "MQTT 5"), (False, "connection lost"), (True, "MQTT 5")]
    line.client.close()


def test_an_idle_line_stays_up_and_hardly_ever_wakes(broker: Mosquitto) -> None:
    line = Line(broker.client("line"), "x", keepalive_s=2)
    line.until_up()
    line.turns, end = 0, time.monotonic() + 4.5  # mosquitto drops a silent client after 3 s
    while time.monotonic() < end:
        line.turn(10)
    assert line.client.up
    assert line.links == [(True, "MQTT 5")]
    assert line.turns <= 18, "four sleeps a keepalive, and the broker's answers"
    line.client.close()


def test_a_wake_up_is_reported_at_once_although_the_line_sleeps(broker: Mosquitto) -> None:
    line = Line(broker.client("line"))
    line.until_up()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(b"x")
        assert line.client.turn(10, ours.fileno()) == [ours.fileno()]
    line.client.close()


@pytest.mark.parametrize("seed", range(60))
def test_whatever_a_broker_says_the_client_lives(seed: int) -> None:
    noise = random.Random(seed)
    kinds = [0x20, 0x30, 0x32, 0x40, 0x90, 0xD0, 0xE0, noise.randrange(256)]
    body = noise.randbytes(noise.randrange(40))
    packet = bytes([noise.choice(kinds), noise.choice([len(body), noise.randrange(128)])]) + body
    server = Server(packet if seed % 3 == 0 else CONNACK + packet)
    line = Line(server.broker, *["x"][: seed % 2])
    until(lambda: line.turn() and any(not up for up, _ in line.links), "the line to be given up")
    line.client.close()
    server.close()


def test_a_refused_subscription_is_a_line_that_is_down() -> None:
    server = Server(CONNACK + bytes([0x90, 4, 0, 1, 0, 0x87]))
    line = Line(server.broker, "x")
    until(lambda: line.turn() and line.links, "the line to be given up")
    assert line.links == [(False, "subscription refused: Not authorized")]
    line.client.close()
    server.close()


def test_a_broker_that_says_that_our_id_was_taken_is_called_again_only_later() -> None:
    server = Server(CONNACK + bytes([0xE0, 1, TAKEN_OVER]))
    line = Line(server.broker)
    until(lambda: line.turn() and len(line.links) == 2, "the line to be given up")
    assert line.links == [(True, "MQTT 5"), (False, "another client connected with this hub's id")]
    before = line.turns
    line.turn(2)
    line.turn(2)
    assert not line.client.up
    assert line.turns == before + 2, "it sleeps: the next attempt is half a minute away at most"
    line.client.close()
    server.close()


def test_a_broker_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_io, "ANSWER_S", 0.1)
    monkeypatch.setattr(mqtt_io, "HANDSHAKE_S", 0.1)
    server = Server(None)
    line = Line(server.broker)
    until(lambda: line.turn() and line.links, "the line to be given up")
    assert line.links == [(False, "the broker does not answer")]
    line.client.close()
    server.close()


def test_attempts_become_rarer_and_are_told_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = int(door.getsockname()[1])
    line = Line(Broker("127.0.0.1", port))
    end = time.monotonic() + 3
    while time.monotonic() < end:
        line.turn(10)
    assert len(line.links) == 1
    assert "refused" in line.links[0][1]
    assert line.turns <= 5, "an attempt at once, after up to 1 s, and after up to 2 s more"


def test_a_line_that_others_lost_too_waits_for_its_turn_and_not_if_somebody_needs_it(
    broker: Mosquitto, tmp_path: Path
) -> None:
    line = Line(broker.client("line"), spread_s=1e9)  # its turn would come in some years
    line.until_up()
    broker.kill()
    until(lambda: line.turn() and not line.client.up, "the loss")
    broker.start()
    line.client.hurry(True)
    line.until_up()
    line.client.hurry(True)
    assert line.client.up, "whoever is connected stays so"
    broker.kill()
    until(lambda: line.turn() and not line.client.up, "the loss")
    broker.start()
    line.until_up()  # it is needed still
    line.client.close()


def test_a_password_is_read_from_its_file(tmp_path: Path) -> None:
    maker = shutil.which("mosquitto_passwd")
    if maker is None:
        pytest.skip("mosquitto_passwd is not here; it comes with Debian's package mosquitto")
    (tmp_path / "secret").write_text("correct horse\n")
    (tmp_path / "wrong").write_text("battery staple\n")
    subprocess.run([maker, "-b", "-c", str(tmp_path / "users"), "hub", "correct horse"], check=True)
    more = f"password_file {tmp_path / 'users'}"
    with Mosquitto(tmp_path, more=more, anonymous=False) as broker:
        right, wrong = (
            Line(Broker("127.0.0.1", broker.port, username="hub", password_file=str(tmp_path / name)))
            for name in ("secret", "wrong")
        )
        right.until_up()
        until(lambda: wrong.turn() and wrong.links, "the refusal")
    assert wrong.links == [(False, "refused: Not authorized")]
    right.client.close()


def test_a_missing_file_is_named() -> None:
    line = Line(Broker("127.0.0.1", 1, ca="/nowhere/ca.crt"))
    line.turn()
    assert "/nowhere/ca.crt" in line.links[0][1]
