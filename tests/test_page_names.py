"""The home's own words on its page: what is not to be told is not, and what is told is text."""

import re
import stat
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import product

import pytest

from agent.journal_file_io import JournalError, Written
from tests.page_maker import FEW_DAYS, HOME, Guest, HubPage

TAGS = ("<script>{}</script>", "<img src=x onerror={}>", "<svg onload={}>", "</title><script>{}</script>", '"><b {}>',
        "' onfocus={} x='", "<iframe src=javascript:{}>", "</svg><script>{}//", "<style>{}</style>", "<!--{}", "]]>{}",
        "<a href=javascript:{}>x", "&lt;script&gt;{}", "<math><mi {}>", "\" onclick={} \"", "{{{{{}}}}}", "{{%{}%}}",
        "<base href=//{}>", "<meta http-equiv=refresh {}>", "<form action=//{}>", "<link rel=x href=//{}>")  # fmt: skip
DEEDS = ("alert(1)", "a=1", "`x`", "fetch('//x')", "top.x=1", "\\x3cb", "&#60;b&#62;", "%3Cb%3E", "＜b＞", "x" * 20)
PAYLOADS = [tag.format(deed)[:64] for tag, deed in product(TAGS, DEEDS)]
OURS = {
    "html", "head", "meta", "title", "link", "body", "a", "header", "nav", "form", "input", "span", "button", "main",
    "svg", "defs", "pattern", "rect", "path", "circle", "h1", "h2", "h3", "p", "section", "ol", "ul", "li", "div",
    "text", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "strong", "label",
}  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubPage]:
    with HubPage(tmp_path_factory.mktemp("home"), count=FEW_DAYS) as found:
        yield found


@pytest.fixture(scope="module")
def anna(page: HubPage) -> Guest:
    return page.guest("anna")


class Seen(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in OURS:
            self.found.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.found.append(name)
            if name in ("href", "action", "src") and not re.match(r"[/#]", value or ""):
                self.found.append(f"{name}={value}")

    def handle_data(self, data: str) -> None:
        self.words += data


def test_scripts_as_names_of_rooms_and_sensors_come_out_as_text(page: HubPage, anna: Guest) -> None:
    assert len(set(PAYLOADS)) >= 200
    rooms = re.findall(r'^name = ".*"$', HOME, flags=re.MULTILINE)
    sensors = re.findall(r'(?m)^link = "log"\naddress = ".*"$', HOME)
    file = page.folder / "home.toml"
    try:
        for begin in range(0, len(PAYLOADS), len(rooms)):
            few, text = PAYLOADS[begin : begin + len(rooms)], HOME
            for room, payload in zip(rooms, few, strict=False):
                text = text.replace(room, f"name = {toml(payload)}", 1)
            for sensor, payload in zip(sensors[-2:], few, strict=False):
                text = text.replace(sensor, f'link = "log"\naddress = {toml(payload)}', 1)
            file.write_text(text)
            seen = Seen()
            seen.feed(anna.ask("GET", "/day/2026-03-02").text)
            assert not seen.found, few
            assert few[0] in seen.words
    finally:
        file.write_text(HOME)


def toml(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def test_a_day_that_is_not_to_be_told_is_not_from_the_next_request_on(page: HubPage, anna: Guest) -> None:
    file = page.folder / "home.toml"
    file.write_text(f"{HOME}\n[consent]\nsummary_to_family = false\n")
    try:
        for path in ("/", "/day/2026-03-02", "/week", "/month", "/sent"):
            answer = anna.ask("GET", path)
            assert answer.status == 403
            assert "does not want the days of this home to be told" in answer.text
            assert "Kitchen" not in answer.text
            assert "Help button" not in answer.text
        assert "does not want the day to be told" in page.command("invite", "--name", "late", status=2)
        file.write_text("this is no home")
        assert anna.ask("GET", "/").status == 403, "a file that is wrong gives nothing away"
    finally:
        file.write_text(HOME)
    assert anna.ask("GET", "/").status == 200


def test_what_left_her_home_is_kept_from_nobody_who_lives_there_though_no_day_is_told(page: HubPage) -> None:
    mum, fritz, file = page.guest("mum", "--resident"), page.guest("fritz"), page.folder / "home.toml"
    file.write_text(f"{HOME}\n[consent]\nsummary_to_family = false\n")
    try:
        assert "Help button" in mum.ask("GET", "/sent").text
        assert mum.ask("GET", "/looks").status == 200
        assert mum.ask("GET", "/").status == 403
        assert "Help button" not in fritz.ask("GET", "/sent").text
    finally:
        file.write_text(HOME)


def test_the_bathroom_stays_out_of_every_page_unless_it_was_agreed(page: HubPage, anna: Guest) -> None:
    for path in ("/", "/day/2026-03-02", "/week", "/month"):
        text = anna.ask("GET", path).text
        for said in ("In the bathroom", "Visits to the bathroom", "Bathroom"):
            assert said not in text, path


def test_the_page_cannot_write_what_the_hub_knows(page: HubPage) -> None:
    journal = Written(page.state / "journal.db", read_only=True)
    with pytest.raises(JournalError, match="readonly"):
        list(journal.rows("DELETE FROM alert RETURNING 1"))
    journal.close()
    with pytest.raises(JournalError, match="has the hub been started"):
        Written(page.state / "none.db", read_only=True)
    assert not (page.state / "none.db").exists()
    assert f"{stat.S_IMODE((page.state / 'page.db').stat().st_mode):o}" == "600"
