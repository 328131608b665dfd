"""The family's page inside TLS, with the certificate that the hub made for itself."""

import socket
import ssl
import stat
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from time import monotonic

import pytest

from agent.serving_io import REQUEST_S
from tests.guests import dripped
from tests.page_maker import Guest, HubPage


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubPage]:
    with HubPage(tmp_path_factory.mktemp("secure"), count=10, secure=True) as found:
        yield found


def test_beyond_this_machine_all_is_inside_tls_with_the_hubs_own_certificate(secure: HubPage) -> None:
    printed = secure.command("invite", "--name", "anna")
    der = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", secure.port)))
    fingerprint = sha256(der).digest().hex(":").upper()
    assert fingerprint in printed
    assert fingerprint in secure.said()
    assert f"{stat.S_IMODE((secure.state / 'page.key').stat().st_mode):o}" == "600"
    guest = secure.guest("ben")
    answer = guest.log_in()
    assert answer.headers["Set-Cookie"].startswith("__Host-session=")
    for word in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
        assert word in answer.headers["Set-Cookie"]
    assert "Up at" in guest.ask("GET", "/").text
    assert len(guest.ask("GET", "/month").text) > 16_384, "more than one record"
    assert guest.ask("POST", "/logout", {"csrf": guest.csrf()}, Origin=secure.address).status == 303


def test_what_is_no_tls_or_an_old_one_is_not_answered_and_half_a_greeting_holds_nobody_up(secure: HubPage) -> None:
    with socket.create_connection(("127.0.0.1", secure.port), 5) as line:
        line.sendall(b"GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with suppress(ConnectionResetError):
            assert b"HTTP" not in line.recv(1_000)
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", secure.port), 5) as line, pytest.raises((ssl.SSLError, OSError)):
        old.wrap_socket(line)
    half = [
        socket.create_connection(("127.0.0.1", secure.port), 5, (f"127.0.0.{number + 10}", 0)) for number in range(20)
    ]
    for line in half:
        line.sendall(b"\x16\x03\x01\x02\x00\x01")
    try:
        assert Guest(secure).ask("GET", "/login").status == 200
        end = monotonic() + REQUEST_S * 3
        left = set(half)
        while left and monotonic() < end:
            left = {line for line in left if dripped(line)}
            assert Guest(secure).ask("GET", "/login").status == 200
        assert not left, "every one of them was cut off"
    finally:
        for line in half:
            line.close()
