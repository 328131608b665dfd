"""What the family's page refuses. Real requests, byte by byte where it matters, to a real page of a hub."""

import os
import re
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import Client

from agent.hub import Page
from agent.near import is_near
from agent.nouns import Instant
from agent.page.family_io import INVITED_MS, MOST_MEMBERS, UNUSED_MS, Family
from agent.page.home_io import AtHome
from agent.page.page_io import page as pages
from agent.page.serve_io import AT_ONCE, HomeSite
from agent.passwords import MOST_FAILURES, SESSION_MS, Unfit
from agent.serving_io import MAX_BODY_BYTES
from agent.summary.words_io import words
from agent.web_io import HEADERS, application
from tests.guests import drip_until_cut_off
from tests.page_maker import FEW_DAYS, PASSWORD, Guest, HubPage

ALL = ("/", "/day/2026-03-02", "/week", "/month", "/sent", "/looks", "/consent")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubPage]:
    with HubPage(tmp_path_factory.mktemp("home"), count=FEW_DAYS) as found:
        yield found


@pytest.fixture(scope="module")
def anna(page: HubPage) -> Guest:
    return page.guest("anna")


# -- who is not in -----------------------------------------------------------------------------------------------------


def test_nothing_is_shown_or_done_without_logging_in(page: HubPage) -> None:
    guest = Guest(page)
    for cookie in ("", "session=" + "x" * 43, "session="):
        guest.cookie = cookie
        for path in (*ALL, "/sent/1", "/week/2026-03-02", "/month/2026-03"):
            answer = guest.ask("GET", path)
            assert (answer.status, answer.headers["Location"]) == (303, "/login"), path
            assert "Kitchen" not in answer.text
        for path in ("/consent", "/logout"):
            assert guest.ask("POST", path, {"csrf": "x", "sure": "yes"}).headers["Location"] == "/login"
    assert not (page.state / "requests").exists()


@pytest.mark.parametrize("token", [None, "", "x" * 43])
def test_a_form_that_another_site_sent_changes_nothing(page: HubPage, anna: Guest, token: str | None) -> None:
    fields = {"sure": "yes"} | ({} if token is None else {"csrf": token})
    assert anna.ask("POST", "/consent", fields).status == 403
    assert anna.ask("POST", "/logout", {} if token is None else {"csrf": token}).status in (400, 403)
    mine = {"sure": "yes", "csrf": anna.csrf()}
    for origin in ("http://evil.example", "null", f"https://{page.host}", f"http://{page.host}.evil.example"):
        assert anna.ask("POST", "/consent", mine, Origin=origin).status == 403
    for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS"):
        assert "Ended" not in anna.ask(method, "/consent").text
    other = page.guest(f"other{len(token or '')}{token is None}".lower())
    assert other.ask("POST", "/consent", mine).status == 403, "each session has its own"
    assert not (page.state / "requests").exists()
    assert anna.ask("GET", "/looks").status == 200, "and is still in"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example", "", "a b", "[::1]", "0.0.0.0"]
)
def test_a_strangers_name_that_was_made_to_point_here_is_refused(page: HubPage, anna: Guest, host: str) -> None:
    for path in ("/login", "/", "/page.css"):
        answer = anna.ask("GET", path, Host=host)
        assert answer.status == 400
        assert "Kitchen" not in answer.text


def test_only_browsers_nearby_are_answered_whatever_they_say_of_themselves(page: HubPage) -> None:
    near = ("127.0.0.1", "127.9.9.9", "10.0.0.3", "172.16.0.1", "172.31.255.254", "192.168.178.20", "169.254.3.4")
    near_too = ("::1", "fd00::20", "fe80::1%eth0", "::ffff:192.168.1.2")
    far = ("8.8.8.8", "172.15.0.1", "172.32.0.1", "192.169.0.1", "100.64.0.1", "203.0.113.7", "::ffff:8.8.8.8")
    far_too = ("2001:db8::1", "fe00::1", "::", "0.0.0.0", "", "localhost", "10.0.0.3, 8.8.8.8", "unknown")
    assert all(is_near(address) for address in (*near, *near_too))
    assert not any(is_near(address) for address in (*far, *far_too))
    with far_away(page) as app:
        for address in (*far, *far_too):
            for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Client-IP", "True-Client-IP"):
                asked = app.get(
                    "/login", headers={"Host": page.host, header: "127.0.0.1"}, environ_base={"REMOTE_ADDR": address}
                )
                assert (asked.status_code, b"<form" in asked.data) == (403, False), address
        served = app.get("/login", headers={"Host": page.host}, environ_base={"REMOTE_ADDR": "10.0.0.3"})
        assert served.status_code == 200


class far_away:  # noqa: N801
    """The page's application itself: this machine has no address from which to come from afar."""

    def __init__(self, page: HubPage) -> None:
        self._page = page

    def __enter__(self) -> Client:
        page = self._page
        self._family = Family(page.state, shared=True)
        home = AtHome(page.folder / "home.toml", page.state, True, words())
        return Client(application(pages, HomeSite(Page("127.0.0.1", page.port), home, self._family)))

    def __exit__(self, *_: object) -> None:
        self._family.close()


# -- what they send ----------------------------------------------------------------------------------------------------


def test_every_answer_forbids_frames_scripts_and_keeping(page: HubPage, anna: Guest) -> None:
    for path in (*ALL, "/login", "/page.css", "/nowhere", "/static/x", "/welcome/x"):
        answer = anna.ask("GET", path)
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS, path
        assert answer.headers["Cache-Control"] == "no-store" or path.startswith("/static/")
        assert "<script" not in answer.text
        assert not re.search(r"\s(style|on\w+)=", answer.text), path
        assert "Server" not in answer.headers
    csp = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in csp
    assert "frame-ancestors 'none'" in csp
    assert "script" not in csp
    assert "unsafe" not in csp


@pytest.mark.parametrize(
    "path",
    [
        "/static/../home_io.py", "/static/%2e%2e/home_io.py", "/page.css/..%2f..%2fpage.db", "//etc/passwd", "/page.db",
        "/day/../../x", "/day/2026-03-02%0aforged", "/day/%3Cscript%3E", "/day/%E2%80%AE", "/day/2026-03-02?x=<script>",
        "/" + "a" * 4_000, "/%00", "/day/2026-3-2", "/day/20260302", "/day/9999-99-99", "/day/0001-01-01", "/day/-1",
        "/day/9999-12-31", "/week/2026-W10", "/week/9999-12-31", "/month/2026-3", "/month/0000-00", "/month/9999-12",
        "/month/2026-03-01", "/sent/0", "/sent/-1", "/sent/99999", "/sent/2", "/sent/%D9%A3",
        "/sent/1e3", "/looks/anna",
    ],
)  # fmt: skip
def test_a_path_that_is_not_ours_is_not_found_and_not_repeated(page: HubPage, anna: Guest, path: str) -> None:
    answer = anna.ask("GET", path)
    assert answer.status == 404
    for word in ("script>", "forged", "etc/passwd", "\u202e", "import", "aaaa"):
        assert word not in answer.text
    assert "Traceback" not in page.said()
    assert "forged" not in page.said()


@pytest.mark.parametrize(
    "evil", ["<script>alert(1)</script>", "\u202eanna", "anna\r\nforged: yes", "'; DROP TABLE member; --", "{{7*7}}"]
)
def test_markup_and_tricks_in_any_field_stay_text_or_are_refused(page: HubPage, anna: Guest, evil: str) -> None:
    answer = Guest(page).ask("POST", "/login", {"name": evil, "password": evil})
    assert answer.status in (403, 429)
    assert evil not in answer.text
    answer = Guest(page).ask("POST", "/welcome", {"code": evil, "password": evil, "again": evil})
    assert answer.status in (404, 429)
    assert evil not in answer.text
    csrf = anna.csrf()
    assert anna.ask("POST", "/consent", {"csrf": csrf, "sure": "yes", "by": evil}).status == 400
    assert anna.ask("POST", "/consent", f"csrf={csrf}&csrf=x&sure=yes").status in (400, 403)
    for kind in ("text/plain", "application/json", "multipart/form-data; boundary=x"):
        assert anna.ask("POST", "/consent", {"csrf": csrf, "sure": "yes"}, Content_Type=kind).status in (400, 403)
    assert not (page.state / "requests").exists()
    family = Family(page.state)
    for look in family.looks():
        assert re.fullmatch(r"[ -~]+", look.who + look.what), "the book holds no words of a guest"
    family.close()
    assert "Traceback" not in page.said()
    assert "forged" not in page.said()


def test_a_request_that_is_too_long_or_packed_is_refused(page: HubPage) -> None:
    guest = Guest(page)
    assert guest.ask("POST", "/login", "name=" + "x" * MAX_BODY_BYTES).status == 413
    assert guest.ask("GET", "/login", X="x" * 20_000).status == 431
    assert guest.ask("POST", "/login", {str(number): "x" for number in range(100)}).status in (400, 413)
    assert guest.ask("POST", "/login", "\x1f\x8b\x08\x00", Content_Encoding="gzip").status == 400
    assert guest.ask("PUT", "/login", "x").status == 405
    assert guest.ask("GET", "/login").status == 200


def test_who_holds_many_connections_open_is_stopped_and_others_are_served(page: HubPage) -> None:
    lines = [socket.create_connection(("127.0.0.1", page.port), 5, ("127.0.0.9", 0)) for _ in range(AT_ONCE.of_one * 3)]
    try:
        closed = 0
        for line in lines[AT_ONCE.of_one :]:
            closed += line.recv(1) == b""
        assert closed == AT_ONCE.of_one * 2
        assert Guest(page).ask("GET", "/login").status == 200
    finally:
        for line in lines:
            line.close()


def test_a_request_that_drips_in_is_cut_off_and_others_are_served_meanwhile(page: HubPage) -> None:
    lines = [
        socket.create_connection(("127.0.0.1", page.port), 5, (f"127.0.0.{number + 10}", 0)) for number in range(20)
    ]

    def others() -> None:
        assert Guest(page).ask("GET", "/login").status == 200

    try:
        drip_until_cut_off(lines, others)
    finally:
        for line in lines:
            line.close()


# -- passwords, codes and sessions -------------------------------------------------------------------------------------


def test_passwords_cannot_be_tried_for_long_not_even_with_another_start_and_who_is_in_goes_on(tmp_path: Path) -> None:
    with HubPage(tmp_path, count=FEW_DAYS) as page:
        inside, guest = page.guest("anna"), Guest(page)
        answers = [guest.log_in(f"guess-number-{number}").status for number in range(MOST_FAILURES + 2)]
        assert answers == [403] * MOST_FAILURES + [429] * 2
        assert guest.log_in().status == 429
        assert inside.ask("GET", "/looks").status == 200
        page.stop()
        page.start()
        assert guest.log_in().status == 429, "a page that is started anew knows them"
        assert inside.ask("GET", "/looks").status == 200
        assert inside.ask("GET", "/looks").text.count("gave a wrong name or password") == MOST_FAILURES
        books = b"".join(file.read_bytes() for file in page.state.glob("page.db*"))
        for secret in (PASSWORD, "guess-number-1", inside.cookie.partition("=")[2]):
            assert secret.encode() not in books
            assert secret not in page.said()


def test_codes_of_invitations_cannot_be_tried_for_long(tmp_path: Path) -> None:
    with HubPage(tmp_path, count=FEW_DAYS) as page:
        code, guest = page.invite("anna"), Guest(page)
        guesses = [
            guest.ask("POST", "/welcome", {"code": f"{number}" * 22, "password": PASSWORD, "again": PASSWORD}).status
            for number in range(MOST_FAILURES + 1)
        ]
        assert guesses == [404] * MOST_FAILURES + [429]
        assert guest.ask("POST", "/welcome", {"code": code, "password": PASSWORD, "again": PASSWORD}).status == 429
        assert code.encode() not in b"".join(file.read_bytes() for file in page.state.glob("page.db*"))
        assert code not in page.said()


def test_a_session_does_not_outlive_the_log_out_nor_the_member(tmp_path: Path) -> None:
    with HubPage(tmp_path, count=FEW_DAYS) as page:
        guest = page.guest("gone")
        cookie, csrf = guest.cookie, guest.csrf()
        assert guest.ask("POST", "/logout", {"csrf": csrf}).status == 303
        guest.cookie = cookie
        assert guest.ask("GET", "/").status == 303
        guest.log_in()
        assert guest.ask("GET", "/").status == 200
        assert "may no longer look" in page.command("remove", "--name", "gone")
        assert guest.ask("GET", "/").status == 303
        assert guest.log_in().status == 403
        assert "nobody of that name" in page.command("remove", "--name", "gone", status=2)


def test_sessions_and_invitations_end_by_themselves_and_a_family_has_a_size(tmp_path: Path) -> None:
    family, at = Family(tmp_path), Instant(1_772_360_400_000)
    code = family.invite("anna", False, at, "a test")
    assert family.invited(code, Instant(at + INVITED_MS - 1)) == "anna"
    assert family.accept(code, PASSWORD, Instant(at + INVITED_MS)) is None
    assert family.accept(family.invite("anna", True, at, "a test"), PASSWORD, at) == "anna"
    assert family.lives_here("anna")
    token = family.accounts.begin("anna", at)
    for ms in range(0, SESSION_MS, UNUSED_MS // 2):
        assert family.accounts.find(token, Instant(at + ms)) is not None
    assert family.accounts.find(token, Instant(at + SESSION_MS)) is None
    unused = family.accounts.begin("anna", at)
    assert family.accounts.find(unused, Instant(at + UNUSED_MS)) is None
    for number in range(MOST_MEMBERS - 1):
        family.invite(f"m{number}", False, at, "a test")
    with pytest.raises(Unfit, match="no more can be"):
        family.invite("one-more", False, at, "a test")
    with pytest.raises(Unfit, match="a name is"):
        family.invite("<b>", False, at, "a test")
    assert family.remove("anna", at, "a test")
    assert not family.lives_here("anna")
    assert family.first_broken() is None
    family.close()
    assert [stat.S_IMODE(os.stat(file).st_mode) for file in tmp_path.iterdir()] == [0o600] * len(os.listdir(tmp_path))
