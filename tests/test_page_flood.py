"""Many requests at once for the family's page: who asks too often is refused unread, and others are served."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest

from agent.page.serve_io import AT_ONCE
from agent.serving_io import _gone
from tests.page_maker import FEW_DAYS, Guest, HubPage


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubPage]:
    with HubPage(tmp_path_factory.mktemp("home"), count=FEW_DAYS) as found:
        yield found


def connected(page: HubPage, address: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", page.port), 5, (address, 0))


def answered(page: HubPage, address: str) -> bool:
    line = http.client.HTTPConnection("127.0.0.1", page.port, timeout=20, source_address=(address, 0))
    try:
        line.request("GET", "/login", headers={"Host": page.host})
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def test_who_asks_too_often_is_refused_and_who_lives_here_is_served(page: HubPage) -> None:
    mum = page.guest("mum", "--resident")
    count = 0
    while answered(page, "127.0.0.7"):
        count += 1
        assert count < AT_ONCE.asks * 20, "never refused"
    assert count >= AT_ONCE.asks // 2 - 1, "a connection, and a request on it"
    assert mum.ask("GET", "/").status == 200


def test_connections_on_which_nothing_is_asked_count_as_well(page: HubPage) -> None:
    for _ in range(AT_ONCE.asks * 20):
        line = connected(page, "127.0.0.6")
        line.close()
        if not answered(page, "127.0.0.6"):
            break
    else:
        raise AssertionError("never refused")
    assert Guest(page).ask("GET", "/login").status == 200


def test_many_requests_in_one_breath_are_no_way_around_the_measure(page: HubPage) -> None:
    one = f"GET /login HTTP/1.1\r\nHost: {page.host}\r\n\r\n".encode()
    with connected(page, "127.0.0.8") as line:
        with suppress(OSError):
            line.sendall(one * AT_ONCE.asks * 10)
        heard = bytearray()
        with suppress(OSError):
            while piece := line.recv(1 << 16):
                heard += piece
    assert heard.count(b"HTTP/1.1 200") < AT_ONCE.asks * 10
    assert Guest(page).ask("GET", "/login").status == 200


def test_a_house_full_of_silent_connections_from_everywhere_lets_the_next_one_in(page: HubPage) -> None:
    count = AT_ONCE.most + AT_ONCE.of_one
    lines = [connected(page, f"127.0.2.{1 + number // AT_ONCE.of_one}") for number in range(count)]
    try:
        assert Guest(page).ask("GET", "/login").status == 200
        assert lines[0].recv(1) == b"", "who has been silent for longest has made room"
    finally:
        for line in lines:
            line.close()


def test_nothing_is_made_for_a_browser_that_has_gone() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        assert not _gone(ours)
        theirs.sendall(b"GET /week HTTP/1.1\r\n\r\n")
        assert not _gone(ours)
        theirs.close()
        assert _gone(ours), "though what it asked for is still to be read"
    assert _gone(ours)
