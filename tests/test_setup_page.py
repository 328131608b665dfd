"""The set-up page: a home is set up in it, it goes on where it was, and it tells mistakes to somebody in a hall."""

import html
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from agent.nouns import Refused
from agent.page.certificate_io import fingerprint
from agent.provision.provision_io import load
from agent.setup_io import Session
from agent.setup_page.serve_io import place
from tests.brokers import LONG_S, ROOT, Authority, until
from tests.page_maker import COMMAND
from tests.pretend_board import PretendBoard
from tests.setup_page_maker import SAID, Installer, SetupPage, set_up_to


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


def test_mistakes_stand_beside_their_field_in_the_words_of_an_answers_file(ann: Installer) -> None:
    answer = ann.say("/step/home", id="Elm 12", timezone="Europe/Londn", residents="many")
    assert answer.status == 400
    told = re.sub(r"<[^>]+>", " ", answer.text)
    assert "Give 1 to 32 of a-z, 0-9 and -, not &#39;Elm 12&#39;" in told
    assert "did you mean &#39;Europe/London&#39;?" in told
    assert "Give a whole number from 1 to 20" in told
    assert re.search(r'id="id" .*aria-describedby="id-hint id-why" aria-invalid="true" autofocus', answer.text)
    assert answer.text.count("autofocus") == 1
    assert 'value="Elm 12"' in answer.text, "what was typed is not lost"


# -- that it goes on ---------------------------------------------------------------------------------------------------


def test_a_page_that_is_killed_in_mid_step_goes_on_where_it_was(tmp_path: Path) -> None:
    page = SetupPage(tmp_path)
    for done, (path, fields) in enumerate(SAID, 1):
        with page:
            ann = page.installer()
            assert ann.say(path, **fields).status == 303
            assert ann.say("/step/home", id="Not this", timezone="", residents="").status == 400
            page.process.send_signal(signal.SIGKILL)
        with page:
            assert f"{done} of 10 steps are done" in page.installer().ask("GET", "/").text
    assert not (tmp_path / "home.toml").exists(), "never half a home"


def test_a_broker_that_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    with SetupPage(tmp_path) as page:
        ann = page.installer()
        set_up_to(ann, "/step/rooms")
        identity = dict(SAID[0][1]) | {"port": "1"}
        assert ann.say("/step/identity", **identity).status == 303
        assert ann.say("/step/sensors", what="motion", room="hall").status == 303
        assert ann.say("/joining/begin").status == 303
        until(lambda: "is mosquitto running" in ann.ask("GET", "/step/sensors").text, "the fault")


def test_the_keys_never_leave_and_the_request_does(page: SetupPage, ann: Installer) -> None:
    request = ann.ask("GET", "/hub.csr")
    assert request.headers["Content-Disposition"] == 'attachment; filename="hub.csr"'
    assert request.text == (page.folder / "centre" / "hub.csr").read_text()
    secret = (page.folder / "state" / "hub.key").read_text().strip()
    for path in ("/", "/step/identity", "/hub.pub", "/hub.csr"):
        answer = ann.ask("GET", path)
        assert secret not in answer.text
        assert "PRIVATE" not in answer.text


def test_a_centres_files_are_taken_in_together_or_the_one_that_is_wrong_is_named(tmp_path: Path) -> None:
    hub, centre = tmp_path / "hub", Authority(tmp_path / "ca")
    hub.mkdir()
    with SetupPage(hub) as page:
        ann = page.installer()
        set_up_to(ann, "/step/identity")
        request, pinned = (hub / "centre" / "hub.csr").read_bytes(), (hub / "state" / "hub.pub").read_text()
        right = {
            "host": "broker.example.org", "port": "", "ca_text": centre.ca.read_text(), "receipt_key_text": pinned,
            "certificate_text": centre.sign(request).decode(),
        }  # fmt: skip
        for name, text, why in (
            ("certificate_text", centre.sign(request, "hub-9").decode(), "It is for 'hub-9' and not for hub-0001"),
            ("ca_text", Authority(tmp_path / "other").ca.read_text(), "was not signed by the authority"),
            ("receipt_key_text", "not a key", "receipt"),
            ("ca_text", "nonsense", "no PEM certificate"),
        ):
            answer = ann.say("/centre/0", **right | {name: text})
            assert answer.status == 400
            assert why.lower() in html.unescape(answer.text).lower()
            assert load(page.config).centres == ()
            assert not list((hub / "brought").iterdir())
        assert ann.say("/centre/0", **right).status == 303
        assert (hub / "centre" / "hub.pem").read_text() == right["certificate_text"].strip()
        assert "This step is done" in ann.ask("GET", "/step/centre").text


def test_a_board_is_asked_who_it_is_and_what_is_wired_to_it_is_said(tmp_path: Path) -> None:
    with PretendBoard() as board:
        with Session(tmp_path / "hub.toml") as session:  # its port is no real one, so it was said in an answers file
            session.say({"serial": [{"port": board.port, "bridge": "bridge-1"}]})
        with SetupPage(tmp_path) as page:
            ann = page.installer()
            set_up_to(ann, "/step/rooms")
            assert "has not answered yet" in ann.ask("GET", "/step/boards").text
            assert ann.say("/step/boards", port="/dev/ttyNobody").status == 409
            assert ann.say("/step/boards", port="").status == 303
            assert "The board has said who it is." in ann.ask("GET", "/step/boards").text
            assert ann.say("/boards/bridge-1/door0", what="motion", room="hall").status == 400, "it is a door's"
            assert ann.say("/boards/bridge-1/door0", what="door entrance", room="hall").status == 303
            assert ann.say("/boards/bridge-1/door9", what="door entrance", room="hall").status == 404
            assert ann.say("/boards/bridge-1/bed0", what="bed", room="cellar").status == 400
            board.end()
            answer = ann.say("/step/boards", port="")
            assert answer.status == 400
            assert "Bridge-1: " in answer.text
            assert "Wired: bridge-1/door0" in ann.ask("GET", "/step/sensors").text
            assert ann.say("/boards/bridge-1/door0", what="door entrance", room="hall").status == 404, "it is taken"


def test_a_page_for_the_network_has_tls_and_the_hubs_own_certificate(tmp_path: Path) -> None:
    with SetupPage(tmp_path, secure=True) as page:
        given = Installer(page).enter()
        assert given.headers["Set-Cookie"].startswith("__Host-session=")
        assert "Secure" in given.headers["Set-Cookie"]
        assert str(fingerprint(tmp_path / "state" / "page.pem")) in page.said()
        with socket.create_connection(("127.0.0.1", page.port), LONG_S) as line:
            line.sendall(b"GET /login HTTP/1.1\r\nHost: x\r\n\r\n")
            said = b""
            with suppress(ConnectionResetError):
                said = line.recv(4_096)
            assert b"HTTP" not in said, "in the clear nothing is said"


def test_where_a_page_may_be_served(tmp_path: Path) -> None:
    session = Session(tmp_path / "hub.toml")
    for asked in ("8.8.8.8", "0.0.0.0", "evil.example", "192.168.1.7:0", "192.168.1.7:x", "192.168.1.7:99999"):
        with pytest.raises(Refused, match="--page"):
            place(session, asked)
    assert place(session, "192.168.1.7").url == "https://192.168.1.7:8444"
    assert place(session, "192.168.1.7:9000").hosts == {"192.168.1.7:9000"}
    assert place(session, "127.0.0.1").url == "http://127.0.0.1:8444"


def test_an_address_that_this_hub_has_not_is_told_in_one_line(tmp_path: Path) -> None:
    line = [
        sys.executable,
        "-c",
        COMMAND,
        "provision",
        "--config",
        str(tmp_path / "hub.toml"),
        "--page",
        "192.168.254.77",
    ]
    ended = subprocess.run(line, capture_output=True, text=True, cwd=ROOT, timeout=LONG_S, check=False)
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == ["hearthwatch: --page 192.168.254.77:8444: Cannot assign requested address"]
    assert (tmp_path / "state" / "page.key").stat().st_mode & 0o777 == 0o600, "it is over TLS, and the key is the hub's"
