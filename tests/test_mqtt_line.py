"""One line to one broker: what cannot be reached is said and tried again, and a line that is given up is missed."""

import socket
import threading
from pathlib import Path

import pytest

from agent import mqtt_io
from agent.mqtt_io import Broker, Client, Will
from tests.brokers import until

CONNACK = b"\x20\x03\x00\x00\x00"
DISCONNECT = b"\xe0\x00"


class Hung(threading.Thread):
    """A broker that takes the connection, answers a SUBSCRIBE with ``suback``, and then nothing any more."""

    def __init__(self, suback: int) -> None:
        super().__init__(daemon=True)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        self._suback = suback
        self.heard, self.left = b"", False
        self.start()

    def run(self) -> None:
        line, _ = self._door.accept()
        self._door.close()
        with line:
            line.recv(4_096)
            line.sendall(CONNACK)
            subscribe = line.recv(4_096)
            line.sendall(b"\x90\x04" + subscribe[2:4] + b"\x00" + bytes([self._suback]))
            while data := line.recv(4_096):
                self.heard += data
        self.left = True


def client(broker: Broker, told: list[tuple[bool, str]]) -> Client:
    return Client(
        broker, "hub-7", lambda *message: None, lambda up, reason: told.append((up, reason)),
        will=Will("gone", b"gone"), subscriptions=["receipt"],
    )  # fmt: skip


def test_a_broker_that_hangs_is_left_without_goodbye_so_that_the_centre_hears_the_will(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mqtt_io, "ACKNOWLEDGE_S", 0.2)
    broker, told = Hung(suback=1), list[tuple[bool, str]]()
    hub = client(Broker("127.0.0.1", broker.port), told)
    until(lambda: hub.turn(0.05) or hub.up, "the line up")
    hub.publish("alert", b"help")
    until(lambda: hub.turn(0.05) or broker.left, "the line to be given up")
    assert told[-1] == (False, "the broker does not answer")
    assert b"help" in broker.heard
    assert not broker.heard.endswith(DISCONNECT)


def test_a_broker_that_refuses_the_subscription_is_left_without_goodbye() -> None:
    broker, told = Hung(suback=135), list[tuple[bool, str]]()
    hub = client(Broker("127.0.0.1", broker.port), told)
    until(lambda: hub.turn(0.05) or broker.left, "the line to be given up")
    assert told[-1] == (False, "subscription refused: Not authorized")
    assert broker.heard == b""


def test_who_ends_politely_says_goodbye() -> None:
    broker, told = Hung(suback=1), list[tuple[bool, str]]()
    hub = client(Broker("127.0.0.1", broker.port), told)
    until(lambda: hub.turn(0.05) or hub.up, "the line up")
    hub.close()
    until(lambda: broker.left, "the line to be closed")
    assert broker.heard == DISCONNECT


def test_a_host_that_no_resolver_takes_is_said_and_tried_again() -> None:
    told = list[tuple[bool, str]]()
    hub = client(Broker("mqtt..local", 1883), told)
    hub.turn(0.05)
    assert told[0][0] is False
    assert told[0][1].startswith("cannot connect: ")


def test_a_password_file_that_is_no_text_is_said_and_tried_again(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_bytes(b"\xff\xfe\n")
    told = list[tuple[bool, str]]()
    hub = client(Broker("127.0.0.1", 1, username="hub", password_file=str(secret)), told)
    hub.turn(0.05)
    assert told == [(False, f"cannot connect: {secret}: the password in its first line is not UTF-8 text")]
