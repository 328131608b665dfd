"""The family's page in a real browser: log in, read a day, turn to the week, follow a sentence to what it rests on."""

import re
import struct
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from tests.browser import Browser, chromium
from tests.conftest import ROOT
from tests.hands import DOCS
from tests.page_maker import PASSWORD, HubPage

PICTURES = ROOT / "build" / "page"
WIDTHS = (320, 600, 1_000, 1_600)
OF_DOCS = {"day": (880, 1_080), "week": (880, 1_080), "first-day": (360, 720)}  # pixels wide and high
PAGES = {
    "day": "/day/2026-03-29", "today": "/", "first-day": "/day/2026-03-01", "week": "/week/2026-03-20",
    "month": "/month", "sent": "/sent", "looks": "/looks", "family": "/family", "consent": "/consent",
    "nowhere": "/nowhere",
}  # fmt: skip
TAB, ENTER = "\ue004", "\ue007"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubPage]:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with HubPage(tmp_path_factory.mktemp("home")) as found:
        yield found


def logged_in(browser: Browser, page: HubPage, name: str, *words: str) -> None:
    """By an invitation the first time; then by name and password."""
    if f"{name}\n" in page.command("list").replace(", who lives here", ""):
        browser.open(f"{page.address}/login")
        browser.type("#name", name)
        browser.type("#password", PASSWORD)
    else:
        browser.open(f"{page.address}/welcome/{page.invite(name, *words)}")
        browser.type("#password", PASSWORD)
        browser.type("#again", PASSWORD)
    browser.click(".card button")
    browser.shows("Log out")


def test_a_daughter_logs_in_reads_a_day_turns_to_the_week_and_asks_why(browser: Browser, page: HubPage) -> None:
    browser.script(False)
    try:
        logged_in(browser, page, "anna")
    finally:
        browser.script(True)
    browser.shows("The day of Monday 30 March 2026")
    number = browser.run(
        "return [...document.querySelectorAll('.told li')].findIndex(e => /^Up at/.test(e.innerText)) + 1"
    )
    said = str(browser.run(f"return document.querySelector('#s{number}').innerText"))
    time = re.search(r"\d\d:\d\d", said)
    assert time is not None
    browser.click(f"#s{number} a")
    assert browser.address().endswith(f"#e{number}")
    assert time[0] in str(browser.run(f"return document.querySelector('#e{number}').innerText"))
    browser.click(f"#e{number} a")
    assert browser.address().endswith(f"#s{number}")
    browser.click("a[rel=prev]")
    browser.shows("The day of Sunday 29 March 2026")
    browser.click(".turn a[href^='/week/']")
    browser.shows("The week from Mon 23 Mar to Sunday 29 March 2026")
    browser.click("summary")
    browser.shows("Tue 24 Mar")
    browser.click(".days a")
    browser.shows("The day of Monday 23 March 2026")
    browser.click(".turn a[href^='/month/']")
    browser.shows("The month from Sun 1 Mar to Tuesday 31 March 2026")
    browser.click(".who button")
    browser.shows("Log in")
    browser.open(f"{page.address}/week")
    browser.shows("Log in")


def test_the_cookie_is_for_this_page_alone_and_no_script_of_anybody_runs(browser: Browser, page: HubPage) -> None:
    logged_in(browser, page, "anna")
    (cookie,) = browser.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/")
    assert browser.run("return document.cookie") == ""
    browser.run("const s = document.createElement('script'); s.text = 'document.title = 1'; document.body.append(s)")
    assert browser.run("return document.title").startswith("The day of")
    assert browser.run("return performance.getEntriesByType('resource').map(e => new URL(e.name).host)") in (
        [], [page.host], [page.host] * 2
    )  # fmt: skip


def test_all_of_it_can_be_done_with_keys_alone(browser: Browser, page: HubPage) -> None:
    logged_in(browser, page, "anna")
    browser.click(".who button")
    browser.shows("Log in")
    browser.keys(*"anna", TAB, *PASSWORD, ENTER)
    browser.shows("The day of")
    browser.keys(TAB, ENTER)  # to the content
    assert browser.address().endswith("#main")
    browser.keys(TAB, ENTER)
    browser.shows("The day of Sunday 29 March 2026")


def test_every_page_is_without_fault_for_those_who_see_or_move_differently(browser: Browser, page: HubPage) -> None:
    browser.open("about:blank")
    welcome = f"/welcome/{page.invite('ben')}"
    faults = seen(browser, page, {"login": "/login", "welcome": welcome, "no-invitation": "/welcome/x"})
    logged_in(browser, page, "mum", "--resident")
    faults += seen(browser, page, PAGES)
    file = page.folder / "home.toml"
    text = file.read_text()
    file.write_text(f"{text}\n[consent]\nsummary_to_family = false\n")
    faults += seen(browser, page, {"withheld": "/"})
    file.write_text(text)
    assert not faults


def test_the_familys_guide_shows_the_page_as_it_is(browser: Browser, page: HubPage, tmp_path: Path) -> None:
    """Its pictures are taken anew where DOCS_PICTURES names their folder."""
    guide = (ROOT / "docs/family.md").read_text()
    logged_in(browser, page, "clara")
    for name, (wide, high) in OF_DOCS.items():
        browser.open(page.address + PAGES[name])
        browser.narrow(wide, high)
        shown = Path(DOCS or tmp_path) / f"family-{name}.png"
        browser.picture(shown)
        assert size(shown) == size(ROOT / "docs" / shown.name) == (wide, high)
        assert f"({shown.name})" in guide
    browser.narrow(0)


def size(picture: Path) -> tuple[int, ...]:
    """Of a PNG, in pixels: wide and high."""
    return struct.unpack(">II", picture.read_bytes()[16:24])


def seen(browser: Browser, page: HubPage, paths: dict[str, str]) -> list[str]:
    """What is wrong with these pages, in light and dark, from a narrow telephone to a wide screen."""
    faults = []
    for (name, path), scheme in product(paths.items(), ("light", "dark")):
        browser.emulate(prefers_color_scheme=scheme)
        browser.open(page.address + path)
        for width in WIDTHS:
            browser.narrow(width)
            faults += [f"{name} {scheme} {width}: {fault}" for fault in browser.faults_of_access()]
            if browser.run("return document.documentElement.scrollWidth > innerWidth"):
                faults.append(f"{name} {width}: wider than the screen")
            if width in (320, 1_000):
                browser.whole(width)
                browser.picture(PICTURES / f"{name}-{scheme}-{width}.png")
    browser.emulate(prefers_color_scheme="light")
    browser.narrow(0)
    return faults


def test_a_day_and_a_week_are_printed_without_what_is_for_the_screen(browser: Browser, page: HubPage) -> None:
    logged_in(browser, page, "anna")
    for name, path, most in (("day", "/day/2026-03-29", 2), ("week", "/week/2026-03-20", 4)):
        browser.open(page.address + path)
        printed = browser.printed()
        (PICTURES / f"{name}.pdf").write_bytes(printed)
        assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= most
        browser.emulate_print(True)
        assert browser.run("return getComputedStyle(document.querySelector('header')).display") == "none"
        browser.emulate_print(False)


def test_who_lives_here_ends_the_watching_with_one_tick(browser: Browser, page: HubPage) -> None:
    logged_in(browser, page, "mum", "--resident")
    browser.click("nav a[href='/consent']")
    browser.click(".card button")
    browser.shows("the box was not ticked")
    assert not list(Path(page.state).glob("requests/*"))
    browser.click("#sure")
    browser.click(".card button")
    browser.shows("The watching has been ended")
    browser.shows("it reads this first when it starts")
    (request,) = Path(page.state).glob("requests/*")
    assert '"given": false' in request.read_text()
    browser.click("nav a[href='/looks']")
    browser.shows("withdrew the consent to be watched")
