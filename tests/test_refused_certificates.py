"""Who is not the centre learns nothing: not one byte of payload goes to a broker that cannot prove who it is."""

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.mqtt_io import Broker
from agent.transport.keys_io import signer
from tests.brokers import Authority, until, uplink_process
from tests.hub_maker import HUB, Hub


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    found = Hub(tmp_path)
    signer(str(tmp_path / "centre.key"))
    yield found
    found.close()


class Impostor(threading.Thread):
    """A server with a certificate of its own authority: counts what a hub would tell it."""

    def __init__(self, authority: Authority) -> None:
        super().__init__(daemon=True)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*authority.issue("server"))
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        self.calls, self.bytes = 0, 0
        self.start()

    def run(self) -> None:
        while True:
            try:
                caller, _ = self._door.accept()
            except OSError:
                return
            self.calls += 1
            try:
                with self._context.wrap_socket(caller, server_side=True) as line:
                    while data := line.recv(4_096):
                        self.bytes += len(data)
            except OSError:
                continue

    def close(self) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self.join()


def heard_by(impostor: Impostor, ours: Authority, hub: Hub, centre: Path) -> str:
    """What the hub says of the line to it, once it has called twice."""
    certificate, key = ours.issue(HUB)
    hub.say()
    with uplink_process(HUB, Broker("127.0.0.1", impostor.port, str(ours.ca), certificate, key), hub.state):
        until(lambda: impostor.calls >= 2, "two attempts")
    impostor.close()
    assert impostor.bytes == 0
    assert hub.outbox.waiting(), "the alert is open still"
    assert hub.states(centre) == ["offline"]
    return hub.link[0]["reason"]


def test_a_stranger_who_poses_as_the_centre_hears_not_one_byte(tmp_path: Path, hub: Hub) -> None:
    ours, theirs = Authority(tmp_path / "ours"), Authority(tmp_path / "theirs")
    said = heard_by(Impostor(theirs), ours, hub, tmp_path)
    assert said == "the broker's certificate is refused: unable to get local issuer certificate"


@pytest.mark.parametrize(
    ("host", "days", "why"),
    [
        ("elsewhere.example", (-1, 2), "IP address mismatch, certificate is not valid for '127.0.0.1'"),
        ("localhost", (-3, -1), "certificate has expired"),
        ("localhost", (1, 3), "certificate is not yet valid"),
    ],
)
def test_a_certificate_that_is_not_the_centres_now_opens_no_line(
    host: str, days: tuple[int, int], why: str, tmp_path: Path, hub: Hub
) -> None:
    ours = Authority(tmp_path / "ours", host=host, days=days)
    said = heard_by(Impostor(ours), ours, hub, tmp_path)
    assert said == f"the broker's certificate is refused: {why}"
