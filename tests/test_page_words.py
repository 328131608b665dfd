"""Every word that a family reads on the page comes from the catalogue: another language is another file."""

import re
import string
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

import pytest
from werkzeug.test import Client, TestResponse

from agent.hub import Page
from agent.nouns import Instant
from agent.page.family_io import Family
from agent.page.home_io import AtHome
from agent.page.page_io import page as pages
from agent.page.serve_io import HomeSite
from agent.passwords import MOST_FAILURES, Unfit, fit
from agent.summary.words import Words
from agent.summary.words_io import FOLDER, read
from agent.web_io import REFUSALS, application
from tests.guests import FORM
from tests.page_maker import FEW_DAYS, HOME, PASSWORD, live_through

HOST = "127.0.0.1:8080"
AT_HOME = {"REMOTE_ADDR": "127.0.0.1"}
FOREIGN = str.maketrans(string.ascii_letters, "".join(chr(0x0430 + n % 32) for n in range(52)))  # no letter of ours
FORMS = {"language", "plural", "time"}  # of these the words are for programs
DATA = {"Hearthwatch", "anna", "mum", "ben"}


def foreign(text: str) -> str:
    return "".join(
        piece if piece.startswith("{") else piece.translate(FOREIGN) for piece in re.split(r"(\{[^}]*\})", text)
    )


def translated(value: object, key: str = "") -> object:
    if isinstance(value, Mapping):
        return {name: translated(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [translated(each) for each in value]
    return value if key in FORMS else foreign(str(value))


class Read(HTMLParser):
    """What is read, or read out: text, and the names of what is no text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("aria-label", "title", "alt", "placeholder"):
                self.handle_data(value or "")

    def handle_data(self, data: str) -> None:
        self.words |= set(re.findall(r"[A-Za-z]{2,}", data))


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    live_through(folder, HOME, FEW_DAYS)
    (folder / "home.toml").write_text(HOME)
    return folder / "state"


class Abroad:
    """Somebody at a page that speaks another language."""

    def __init__(self, state: Path, family: Family) -> None:
        catalogue = Words(translated(read(FOLDER / "words_en.toml")))  # type: ignore[arg-type]
        home = AtHome(state.parent / "home.toml", state, True, catalogue)
        self.rooms = set(re.findall(r"[A-Za-z]{2,}", " ".join(room.name for room in home.home().rooms.values())))
        app = application(pages, HomeSite(Page("127.0.0.1", 8080), home, family, "AA:BB"))
        self.client = Client(app)
        self.seen: dict[str, set[str]] = {}

    def ask(self, method: str, path: str, fields: Mapping[str, str] | None = None, **headers: str) -> TestResponse:
        sent = {"Host": HOST} | (FORM if fields is not None else {}) | headers
        answer = self.client.open(path, method=method, data=urlencode(fields or {}), headers=sent, environ_base=AT_HOME)
        if answer.status_code != 303:
            text = re.sub(r'<p class="link">.*?</p>', "", answer.text)  # what is to be handed over as it is
            found = Read(text).words - DATA - self.rooms
            self.seen.setdefault(f"{method} {path} {answer.status_code}", set()).update(found)
        return answer

    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([\w-]+)"', self.ask("GET", "/looks").text)
        assert found is not None
        return found[1]


@pytest.fixture
def abroad(state: Path) -> Iterator[Abroad]:
    family = Family(state, shared=True)
    now = Instant(1 << 41)
    for name, resident in (("anna", False), ("mum", True)):
        if name not in family.accounts.names():
            family.accept(family.invite(name, resident, now, "mum"), PASSWORD, now)
    yield Abroad(state, family)
    family.close()


def test_all_that_a_family_reads_is_in_its_own_language_refusals_as_well(abroad: Abroad) -> None:
    ask = abroad.ask
    assert ask("POST", "/login", {"name": "mum", "password": "wrong-wrong-wrong"}).status_code == 403
    assert ask("POST", "/login", {"name": "mum", "password": PASSWORD}).status_code == 303
    csrf = abroad.csrf()
    for path in ("/", "/day/2026-03-01", "/week", "/month", "/sent", "/looks", "/family", "/consent", "/login"):
        assert ask("GET", path).status_code == 200
    for path, status in (("/nowhere", 404), ("/welcome/x", 404), ("/day/2020-01-01", 404)):
        assert ask("GET", path).status_code == status
    assert ask("GET", "/", Host="evil.example").status_code == 400
    assert ask("PUT", "/").status_code == 405
    assert ask("POST", "/consent", {"csrf": "x"}).status_code == 403
    assert ask("POST", "/consent", {"csrf": csrf}, Origin="http://evil.example").status_code == 403
    assert ask("POST", "/consent", {"csrf": csrf, "more": "1"}).status_code == 400
    assert ask("POST", "/consent", {"csrf": csrf}).status_code == 400
    assert ask("POST", "/consent", {"csrf": "x" * 9_000}).status_code == 413
    for name, status in (("A B", 400), ("mum", 400), ("ben", 303), ("ben", 400)):
        assert ask("POST", "/family/ask", {"csrf": csrf, "name": name}).status_code == status
    assert ask("GET", "/family").status_code == 200
    code = re.search(r"/welcome/([\w-]+)", ask("POST", "/family/link", {"csrf": csrf, "name": "ben"}).text)
    assert code is not None
    assert ask("POST", "/family/link", {"csrf": csrf, "name": "ben"}).status_code == 403
    for password, again in (("short", "short"), (PASSWORD, PASSWORD + "x"), ("ben-ben-ben-ben", "ben-ben-ben-ben")):
        assert ask("POST", "/welcome", {"code": code[1], "password": password, "again": again}).status_code == 400
    assert ask("GET", "/looks").status_code == 200
    assert ask("POST", "/consent", {"csrf": csrf, "sure": "yes"}).status_code == 200
    assert ask("GET", "/looks").status_code == 200
    for _ in range(MOST_FAILURES):
        ask("POST", "/login", {"name": "anna", "password": "wrong-wrong-wrong"})
    assert ask("POST", "/login", {"name": "anna", "password": PASSWORD}).status_code == 429
    assert {where: words for where, words in abroad.seen.items() if words} == {}


def test_each_refusal_has_its_words_in_the_catalogue() -> None:
    said = read(FOLDER / "words_en.toml")
    assert set(REFUSALS) <= set(said["refused"])  # type: ignore[call-overload]
    for name, password in (("A", PASSWORD), ("anna", "short"), ("anna", "anna-anna-anna")):
        with pytest.raises(Unfit) as fault:
            fit(name, password)
        text = said["unfit"][fault.value.key].format(**fault.value.said)  # type: ignore[index]
        assert text.lower().rstrip(".") == str(fault.value).lower()
