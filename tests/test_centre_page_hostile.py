"""What the operators' page refuses. Real requests, byte by byte where it matters, to a real receiver."""

import http.client
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.nouns import Refused
from agent.passwords import MOST_FAILURES
from agent.serving_io import MAX_BODY_BYTES
from agent.web_io import HEADERS
from centre.page_io import page
from centre.web_io import CSP, Place, show
from tests.brokers import free_port
from tests.desk_maker import OPERATOR, PASSWORD, Desk
from tests.guests import Visitor, drip_until_cut_off


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with Desk(tmp_path_factory.mktemp("desk")) as found:
        hub = found.hub()
        hub.holds(hub.say(), "received")
        yield found


class Guest(Visitor):
    def __init__(self, desk: Desk, port: int | None = None) -> None:
        port = port or desk.port
        assert port is not None
        super().__init__(f"127.0.0.1:{port}", lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=20))

    def log_in(self) -> str:
        """Returns the token that this session's forms carry."""
        assert self.ask("POST", "/login", {"name": OPERATOR, "password": PASSWORD}).status == 303
        found = re.search(r'name="csrf" value="([\w-]+)"', self.ask("GET", "/").text)
        assert found is not None
        return found[1]


def test_nothing_is_shown_or_done_without_logging_in(desk: Desk) -> None:
    guest = Guest(desk)
    for path in ("/", "/closed", "/incident/hub-7/1-1"):
        answer = guest.ask("GET", path)
        assert (answer.status, answer.headers["Location"]) == (303, "/login")
        assert "hub-7" not in answer.text
    for path in ("/incident/hub-7/1-1/take", "/incident/hub-7/1-1/outcome", "/logout"):
        assert guest.ask("POST", path, {"csrf": "x", "outcome": "true"}).headers["Location"] == "/login"
    guest.cookie = "session=" + "x" * 43
    assert guest.ask("GET", "/").status == 303
    assert not desk.store.audit_of("hub-7", "1-1")


@pytest.mark.parametrize("token", [None, "", "x" * 43])
def test_a_form_that_another_site_sent_changes_nothing(desk: Desk, token: str | None) -> None:
    guest = Guest(desk)
    csrf = guest.log_in()
    fields = {} if token is None else {"csrf": token}
    for what in ("take", "outcome"):
        assert guest.ask("POST", f"/incident/hub-7/1-1/{what}", {**fields, "outcome": "true"}).status == 403
    foreign = guest.ask("POST", "/incident/hub-7/1-1/take", {"csrf": csrf}, Origin="http://evil.example")
    assert foreign.status == 403
    assert guest.ask("GET", "/incident/hub-7/1-1/take").status == 405
    assert not desk.store.audit_of("hub-7", "1-1")
    other = Guest(desk)
    other.log_in()
    assert other.ask("POST", "/incident/hub-7/1-1/take", {"csrf": csrf}).status == 403, "each session has its own"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example", "", "a b"])
def test_a_strangers_name_that_was_made_to_point_here_is_refused(desk: Desk, host: str) -> None:
    assert Guest(desk).ask("GET", "/login", Host=host).status == 400


def test_every_answer_forbids_frames_scripts_and_keeping(desk: Desk) -> None:
    guest = Guest(desk)
    guest.log_in()
    for path in ("/", "/login", "/closed", "/incident/hub-7/1-1", "/nowhere", "/renew.js", "/static/nothing"):
        answer = guest.ask("GET", path)
        wanted = HEADERS | {"Content-Security-Policy": CSP}
        assert {name: answer.headers[name] for name in wanted} == wanted, path
        assert "no-" in answer.headers["Cache-Control"]
        assert "<script>" not in answer.text
        assert " style=" not in answer.text
        assert "Server" not in answer.headers
    assert "frame-ancestors 'none'" in CSP
    assert "unsafe" not in CSP


@pytest.mark.parametrize(
    "path",
    [
        "/static/../centre_io.py", "/static/%2e%2e/centre_io.py", "/static/..%2f..%2fpyproject.toml", "//etc/passwd",
        "/incident/../../x", "/incident/hub-7/1-1%0aforged", "/incident/%3Cscript%3E/1-1", "/incident/hub-7/%E2%80%AE",
        "/incident/hub-7/1-1?x=<script>", "/" + "a" * 4_000, "/%00", "/incident/HUB/1-1", "/incident/hub-7/1-99",
    ],
)  # fmt: skip
def test_a_path_that_is_not_ours_is_not_found_and_not_repeated(desk: Desk, path: str) -> None:
    guest = Guest(desk)
    guest.log_in()
    answer = guest.ask("GET", path)
    assert answer.status == 404
    for word in ("script>", "forged", "etc/passwd", "\u202e", "import", "aaaa"):
        assert word not in answer.text
    assert not [line for line in desk.receivers[0].errors if "forged" in line or "Traceback" in line]


@pytest.mark.parametrize(
    "evil", ["<script>alert(1)</script>", "\u202eines.k", "ines.k\r\nforged: yes", "'; DROP TABLE"]
)
def test_markup_and_tricks_in_any_field_stay_text_or_are_refused(desk: Desk, evil: str) -> None:
    guest = Guest(desk)
    answer = guest.ask("POST", "/login", {"name": evil, "password": evil})
    assert answer.status in (403, 429)
    assert evil not in answer.text
    csrf = guest.log_in()
    answer = guest.ask("POST", "/incident/hub-7/1-1/outcome", {"csrf": csrf, "outcome": evil})
    assert answer.status == 409
    assert evil not in answer.text
    assert guest.ask("POST", "/incident/hub-7/1-1/take", {"csrf": csrf, "by": evil}).status == 400
    assert guest.ask("POST", "/incident/hub-7/1-1/take", f"csrf={csrf}&csrf=x").status in (400, 403)
    assert guest.ask("POST", "/incident/hub-7/1-1/take", {"csrf": csrf}, Content_Type="text/plain").status == 403
    for who, what in desk.store.ask("SELECT who, what FROM audit"):
        assert re.fullmatch(r"[ -~]+", who + what), "the audit holds no words of a guest"
    assert not [line for line in desk.receivers[0].errors if "forged" in line or "Traceback" in line]


def test_a_request_that_is_too_long_is_refused(desk: Desk) -> None:
    guest = Guest(desk)
    assert guest.ask("POST", "/login", "name=" + "x" * MAX_BODY_BYTES).status == 413
    assert guest.ask("GET", "/login", X="x" * 20_000).status == 431
    assert guest.ask("POST", "/login", {"name": OPERATOR, "password": "x" * 5_000}).status == 403
    assert guest.ask("POST", "/login", {str(number): "x" for number in range(100)}).status in (400, 413)
    assert guest.ask("PUT", "/login", "x").status == 405
    assert guest.ask("GET", "/login").status == 200


def test_a_request_that_drips_in_is_cut_off_and_others_are_served_meanwhile(desk: Desk) -> None:
    assert desk.port is not None
    lines = [socket.create_connection(("127.0.0.1", desk.port), 5) for _ in range(20)]

    def others() -> None:
        assert Guest(desk).ask("GET", "/login").status == 200

    try:
        drip_until_cut_off(lines, others)
    finally:
        for line in lines:
            line.close()


def test_passwords_cannot_be_tried_for_long_and_who_is_in_goes_on(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        inside, guest = Guest(desk), Guest(desk)
        inside.log_in()
        answers = [
            guest.ask("POST", "/login", {"name": OPERATOR, "password": f"guess-number-{number}"}).status
            for number in range(MOST_FAILURES + 2)
        ]
        assert answers == [403] * MOST_FAILURES + [429] * 2
        assert guest.ask("POST", "/login", {"name": OPERATOR, "password": PASSWORD}).status == 429
        assert inside.ask("GET", "/").status == 200
        noted = desk.store.ask("SELECT count(*) FROM audit WHERE what LIKE 'gave a wrong%'")
        assert noted == [(MOST_FAILURES,)]


def test_a_session_does_not_outlive_the_log_out(desk: Desk) -> None:
    guest = Guest(desk)
    csrf = guest.log_in()
    cookie = guest.cookie
    assert guest.ask("POST", "/logout", {"csrf": csrf}).status == 303
    guest.cookie = cookie
    assert guest.ask("GET", "/").status == 303


def test_the_page_is_not_served_to_a_network_in_the_clear() -> None:
    with pytest.raises(Refused, match="in the clear"):
        Place("0.0.0.0", 8080)
    with pytest.raises(Refused, match="--page-name"):
        Place("0.0.0.0", 8080, behind_proxy=True)
    assert "evil.example" not in Place("127.0.0.1", 8080).hosts()


def test_behind_a_proxy_the_cookie_is_for_tls_alone(desk: Desk) -> None:
    port = free_port()
    show(page, desk.state, Place("127.0.0.1", port, ("centre.example",), behind_proxy=True))
    guest = Guest(desk, port)
    answer = guest.ask("POST", "/login", {"name": OPERATOR, "password": PASSWORD}, Host="centre.example")
    assert answer.status == 303
    assert answer.headers["Set-Cookie"].startswith("__Host-session=")
    assert "Secure" in answer.headers["Set-Cookie"]
