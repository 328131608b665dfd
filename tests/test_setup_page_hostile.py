"""What the set-up page refuses: who has not the code, what is no form of its own, what is out of order."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from agent.nouns import Instant, Refused
from agent.passwords import MOST_FAILURES
from agent.provision.provision_io import load
from agent.setup_io import Session
from agent.setup_page.entry_io import LETTERS, UNUSED_MS, Entry
from agent.setup_page.fields import MOST_CHARS
from agent.setup_page.serve_io import BODY_BYTES, CSP
from agent.web_io import HEADERS
from tests.brokers import until
from tests.setup_page_maker import CARE, SAID, Installer, SetupPage, set_up_to

EVIL = (
    "<script>alert(1)</script>",
    "\u202eanna",
    "a\r\nforged: yes",
    "{{7*7}}",
    '"><img src=x onerror=alert(1)>',
    "\x00",
)
POSTS = (
    "/step/identity", "/step/home", "/step/consent", "/step/rooms", "/step/sensors", "/step/boards", "/step/care",
    "/step/family", "/step/files", "/family", "/family/invite", "/centre/0", "/joining/begin", "/joining/end",
    "/finish", "/logout", "/step/care/pass", "/rooms/hall", "/rooms/hall/remove", "/sensors/x/remove", "/devices/x/use",
)  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SetupPage]:
    with SetupPage(tmp_path_factory.mktemp("hub")) as found:
        yield found


@pytest.fixture(scope="module")
def ann(page: SetupPage) -> Installer:
    """Who has said all that the first steps ask for."""
    found = page.installer()
    set_up_to(found, "/step/rooms")
    return found


# -- who is not in -----------------------------------------------------------------------------------------------------


def test_nothing_is_shown_or_done_without_the_code(page: SetupPage, ann: Installer) -> None:
    stranger = Installer(page)
    for cookie in ("", "session=" + "x" * 43):
        stranger.cookie = cookie
        for path in ("/", "/step/home", "/rooms/hall", "/hub.csr", "/hub.pub", "/next"):
            answer = stranger.ask("GET", path)
            assert (answer.status, answer.headers["Location"]) == (303, "/login"), path
        for path in POSTS:
            answer = stranger.ask("POST", path, {"csrf": ann.csrf, "name": "x"})
            assert answer.headers["Location"] == "/login", path


def test_a_form_that_was_not_filled_in_here_changes_nothing(page: SetupPage, ann: Installer) -> None:
    before = load(page.config)
    for path in POSTS:
        assert ann.ask("POST", path, {"csrf": "x" * 43}).status == 403, path
        assert ann.ask("POST", path, {}).status == 403, path
        assert ann.ask("POST", path, {"csrf": ann.csrf}, Origin="http://evil.example").status == 403, path
    assert load(page.config) == before


def test_another_name_for_this_hub_is_refused(page: SetupPage, ann: Installer) -> None:
    for host in ("evil.example", f"evil.example:{page.port}", "127.0.0.1", f"localhost.evil:{page.port}", ""):
        assert ann.ask("GET", "/", Host=host).status == 400


def test_somebody_who_is_not_in_this_home_is_refused(page: SetupPage, ann: Installer) -> None:
    """The page listens on this machine alone; where it listens for a network, the same rule is asked first."""
    from werkzeug.test import Client

    from agent.hub import Page
    from agent.setup_page.page_io import page as pages
    from agent.setup_page.serve_io import Desk
    from agent.web_io import application

    found = Client(application(pages, Desk(Session(page.config), Page("192.168.1.7", 8444), print)))
    for address, status in (("203.0.113.9", 403), ("2001:db8::1", 403), ("192.168.1.9", 200), ("127.0.0.1", 200)):
        answer = found.get("/login", headers={"Host": "192.168.1.7:8444"}, environ_overrides={"REMOTE_ADDR": address})
        assert answer.status_code == status, address


def test_every_answer_forbids_frames_and_foreign_scripts(ann: Installer) -> None:
    wanted = HEADERS | {"Content-Security-Policy": CSP}
    for path in (
        "/",
        "/login",
        "/step/home",
        "/step/sensors",
        "/nowhere",
        "/renew.js",
        "/static/page.css",
        "/static/x",
    ):
        answer = ann.ask("GET", path)
        assert {name: answer.headers[name] for name in wanted} == wanted, path
        assert "no-" in answer.headers["Cache-Control"]
        assert not re.search(r"<script(?! src=)|\s(style|on\w+)=", answer.text), path
        assert "Server" not in answer.headers
    assert "unsafe" not in CSP


def test_the_cookie_is_for_this_page_alone(tmp_path: Path) -> None:
    with SetupPage(tmp_path) as page:
        given = Installer(page).enter().headers["Set-Cookie"]
        assert "HttpOnly" in given
        assert "SameSite=Strict" in given
        assert "Path=/" in given


# -- the code ----------------------------------------------------------------------------------------------------------


def test_a_code_has_no_letters_that_look_alike_and_is_good_once() -> None:
    entry = Entry()
    assert len(entry.code) >= 8
    assert not set("0O1IL2Z5S8BV") & set(LETTERS)
    code = entry.code
    token = entry.enter(f" {code[:4].lower()} {code[4:]}-", "Ann", entry_time(0))
    assert token is not None
    assert entry.find(token, entry_time(1)) is not None
    assert entry.enter(code, "Ben", entry_time(2)) is None
    assert entry.enter(entry.code, "Ben", entry_time(2)) is None, "Ann is in"
    entry.leave()
    assert entry.find(token, entry_time(3)) is None
    assert entry.enter(code, "Ben", entry_time(3)) is None, "the first code is used up"
    assert entry.enter(entry.code, "Ben", entry_time(3)) is not None


def entry_time(seconds: int) -> Instant:
    return Instant(1_800_000_000_000 + seconds * 1_000)


def test_wrong_codes_are_heard_for_a_while_and_then_not_even_the_right_one(tmp_path: Path) -> None:
    with SetupPage(tmp_path) as page:
        guesser = Installer(page)
        for _ in range(MOST_FAILURES):
            assert guesser.enter("AAAA-AAAA").status == 403
        answer = guesser.enter()
        assert answer.status == 429
        assert "Wait 15 minutes" in answer.text
        assert page.process.poll() is None


def test_a_second_installer_is_told_who_is_at_it_and_since_when(page: SetupPage, ann: Installer) -> None:
    second = Installer(page, "Ben")
    for answer in (second.ask("GET", "/login"), second.enter()):
        assert re.search(r"Somebody is setting up this hub: .*Ann.*, since \d\d:\d\d", answer.text)
    assert second.csrf == ""
    assert ann.ask("GET", "/").status == 200, "Ann goes on"
    with pytest.raises(Refused, match="another installer is setting up this hub"), Session(page.config):
        pass


def test_who_leaves_makes_room_for_the_next_with_another_code(tmp_path: Path) -> None:
    with SetupPage(tmp_path) as page:
        first = page.code()
        ann = page.installer()
        set_up_to(ann, "/step/home")
        cookie = ann.cookie
        assert ann.say("/logout").status == 303
        until(lambda: page.code() != first, "another code")
        ben = page.installer("Ben")
        assert "3 of 10" not in ben.ask("GET", "/").text
        assert "2 of 10 steps are done" in ben.ask("GET", "/").text, "what Ann said is kept"
        ann.cookie = cookie
        assert ann.ask("GET", "/").status == 303


def test_an_installer_who_has_gone_does_not_keep_the_next_one_out() -> None:
    entry = Entry()
    entry.enter(entry.code, "Ann", entry_time(0))
    assert not entry.freed(entry_time(UNUSED_MS // 1_000 - 1))
    assert entry.freed(entry_time(UNUSED_MS // 1_000))
    assert entry.enter(entry.code, "Ben", entry_time(UNUSED_MS // 1_000)) is not None


# -- what is said ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("evil", EVIL)
def test_tricks_in_any_field_stay_text_or_are_refused(page: SetupPage, ann: Installer, evil: str) -> None:
    before = load(page.config)
    forms = [*SAID, ("/step/sensors", {"what": "motion", "room": "hall"}), ("/centre/0", {"host": "x", "port": ""})]
    forms += [("/step/care", CARE), ("/family", {"name": "tom", "resident": "no"}), ("/step/boards", {"port": ""})]
    for path, fields in forms:
        for name in fields:
            answer = ann.say(path, **fields | {name: evil})
            assert answer.status in (303, 400, 409), (path, name)
            follow = answer.text + ann.ask("GET", "/").text + ann.ask("GET", "/step/rooms").text
            for raw in ("<script>alert", "<img src=x", "\u202e", "49</", "\x00"):
                assert raw not in follow, (path, name)
    for field in ("code", "who"):
        fields = {"code": "x", "who": "Ben", field: evil}
        answer = Installer(page).ask("POST", "/login", fields)
        assert evil not in answer.text
    assert "forged: yes" not in page.said().splitlines()
    assert "Traceback" not in page.said()
    assert load(page.config).hub_id == before.hub_id


def test_a_form_that_is_too_long_or_has_too_much_is_refused(page: SetupPage, ann: Installer) -> None:
    before = load(page.config)
    long = {"id": "elm-12", "timezone": "Europe/London", "residents": "1"}
    assert ann.say("/step/home", **long | {"id": "x" * (BODY_BYTES + 1)}).status == 413
    assert ann.say("/step/home", **long | {"id": "x" * (MOST_CHARS * 3)}).status == 400
    assert ann.say("/step/home", **long, more="x").status == 400
    assert ann.ask("POST", "/step/home", f"csrf={ann.csrf}&{urlencode(long)}&id=two").status == 400
    assert ann.say("/centre/0", host="broker.example.org", port="", ca_text="x" * 70_000).status == 400
    assert load(page.config) == before
    assert not (page.folder / "brought").exists() or not list((page.folder / "brought").iterdir())


def test_a_step_that_waits_for_another_cannot_be_said_before_it(tmp_path: Path) -> None:
    with SetupPage(tmp_path) as page:
        ann = page.installer()
        for path, fields in (
            ("/step/consent", dict(SAID[2][1])), ("/step/rooms", dict(SAID[3][1])), ("/step/care", CARE),
            ("/step/sensors", {"what": "motion", "room": "hall"}), ("/family", {"name": "tom", "resident": "no"}),
            ("/centre/0", {"host": "broker.example.org", "port": ""}), ("/step/files", {}), ("/joining/begin", {}),
            ("/step/care/pass", {}), ("/family/invite", {"name": ""}), ("/step/boards", {"port": ""}),
        ):  # fmt: skip
            answer = ann.say(path, **fields)
            assert answer.status == 409, path
            assert "First: " in answer.text or path == "/step/files", path
        assert not (tmp_path / "home.toml").exists()
        assert ann.ask("GET", "/hub.csr").status == 404
        assert ann.ask("GET", "/next").status == 303


@pytest.mark.parametrize(
    "path",
    [
        "/step/nothing", "/step/..", "/rooms/nobody", "/sensors/nobody", "/devices/0x1", "/step/home/",
        "/step/home?x=1", "/static/../page_io.py", "/static/%2e%2e/forms.py", "/%3Cscript%3E", "/setup.json",
        "/hub.key", "/centre/hub.key",
    ],
)  # fmt: skip
def test_a_path_that_is_not_ours_is_not_found_and_not_repeated(ann: Installer, path: str) -> None:
    answer = ann.ask("GET", path)
    assert answer.status == 404
    assert "script>" not in answer.text
    assert "import " not in answer.text
