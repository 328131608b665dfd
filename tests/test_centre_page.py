"""The operators' page in a real browser: a person takes it, says what came of it, and the hub hears."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.nouns import MINUTE_MS, Instant
from centre.store_io import now
from tests.brokers import until, uplink_process
from tests.browser import Browser, chromium
from tests.desk_maker import OPERATOR, PASSWORD, Desk
from tests.hub_maker import Hub

TAB, ENTER, SPACE = "\ue004", "\ue007", " "


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture
def desk(tmp_path: Path, browser: Browser) -> Iterator[Desk]:
    with Desk(tmp_path) as found:
        yield found
    browser.open("about:blank")


def logged_in(browser: Browser, desk: Desk) -> None:
    browser.open(f"{desk.address}/")
    browser.shows("Log in")
    browser.type("#name", OPERATOR)
    browser.type("#password", PASSWORD)
    browser.click(".login button")
    browser.shows("Log out")


def test_an_alert_arrives_is_taken_and_closed_and_the_hub_hears_of_it(browser: Browser, desk: Desk) -> None:
    logged_in(browser, desk)
    browser.shows("Nobody waiting")
    browser.run("document.body.dataset.same = 'yes'")
    hub = desk.hub()
    seq = hub.say()
    browser.shows("Possible fall, bathroom")
    assert browser.run("return document.body.dataset.same") == "yes", "it came without the page being loaded anew"
    assert browser.run("return document.title").startswith("1 waiting")
    browser.click("#i-hub-7-1-1")
    browser.click("form[action$='/take'] button")
    hub.holds(seq, "human")
    browser.shows("has been told")
    browser.click("input[value='false-asleep']")
    browser.click("form[action$='/outcome'] button")
    receipt = hub.holds(seq, "outcome")
    assert (receipt.verdict, receipt.reason) == ("false", "asleep")
    browser.shows("closed it: false alarm (asleep or resting)")
    assert "Your answer" not in browser.text()
    browser.click("nav a[href='/closed']")
    browser.shows(f"false alarm (asleep or resting), {OPERATOR}")
    browser.click(".who button")
    browser.shows("Password")
    browser.open(f"{desk.address}/closed")
    assert browser.address().endswith("/login")


def test_what_an_operator_answers_reaches_a_real_hub_over_its_uplink(
    browser: Browser, desk: Desk, tmp_path: Path
) -> None:
    hub = Hub(tmp_path, "elm-12")
    try:
        hub.pin_at(tmp_path)
        with uplink_process("elm-12", desk.broker, hub.state):
            logged_in(browser, desk)
            hub.say()
            browser.click("#i-elm-12-1-1")
            until(lambda: hub.owes_nothing(tmp_path), "the hub to hold the receipt")
            browser.click("form[action$='/take'] button")
            browser.shows("has been told")
            until(lambda: "human" in hub.told(tmp_path), "the hub to learn that a person has it")
            browser.click("input[value='true']")
            browser.click("form[action$='/outcome'] button")
            until(lambda: "outcome" in hub.told(tmp_path), "the hub to learn what came of it")
    finally:
        hub.close()


def test_every_page_is_without_fault_for_those_who_see_or_move_differently(browser: Browser, desk: Desk) -> None:
    hub = desk.hub()
    for kind, severity in (("sos", "critical"), ("not_up", "high"), ("leak", "medium"), ("routine_change", "low")):
        hub.holds(hub.say(kind, severity=severity), "received")
    hub.holds(hub.say("test_call", severity="info", test=True), "cancelled-test")
    hub.holds(hub.say("possible_fall", raised=Instant(now() - 90 * MINUTE_MS)), "received")
    with desk.store.writing():  # as if it had waited
        desk.store.change("UPDATE incident SET received_ms=received_ms-120000 WHERE id='1-1'")
    hub.gone()
    browser.open(f"{desk.address}/login")
    faults = seen(browser, "login")
    logged_in(browser, desk)
    browser.shows("Overdue")
    browser.shows("Not connected: 1 hub")
    for path in ("/", "/closed", "/incident/hub-7/1-1", "/incident/hub-7/1-5", "/incident/hub-7/1-9"):
        browser.open(desk.address + path)
        faults += seen(browser, path)
    assert not faults


def seen(browser: Browser, where: str) -> list[str]:
    """What is wrong with the page, in light and dark, on a narrow phone, and at twice the size."""
    found = []
    for scheme in ("light", "dark"):
        browser.emulate(prefers_color_scheme=scheme)
        found += [f"{where} {scheme}: {fault}" for fault in browser.faults_of_access()]
    browser.emulate(prefers_color_scheme="light")
    for width in (320, 500):  # 1,000 at 200 %; the standard asks for 320
        browser.narrow(width)
        if browser.run("return document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{where}: wider than {width}")
    browser.narrow(0)
    return found


def test_the_focus_stays_where_it_is_when_the_list_renews_itself(browser: Browser, desk: Desk) -> None:
    hub = desk.hub()
    hub.say("leak", severity="medium")
    logged_in(browser, desk)
    browser.shows("Leak")
    browser.run("document.getElementById('i-hub-7-1-1').focus()")
    hub.say()
    browser.shows("2 waiting")
    assert browser.run("return document.activeElement.id") == "i-hub-7-1-1"


def test_an_incident_is_answered_with_the_keyboard_alone(browser: Browser, desk: Desk) -> None:
    hub = desk.hub()
    seq = hub.say()
    hub.holds(seq, "received")
    browser.open(f"{desk.address}/login")
    browser.keys(*OPERATOR, TAB, *PASSWORD, ENTER)
    browser.shows("Possible fall, bathroom")
    walk(browser, "i-hub-7-1-1")
    browser.keys(ENTER)
    browser.shows("Your answer")
    walk(browser, "take")
    browser.keys(SPACE)
    hub.holds(seq, "human")


def walk(browser: Browser, id: str) -> None:
    """With the tabulator, until the focus is there; it can be seen on the way."""
    for _ in range(20):
        browser.keys(TAB)
        assert browser.run("return getComputedStyle(document.activeElement).outlineStyle") != "none"
        if browser.run("return document.activeElement.id") == id:
            return
    raise AssertionError(f"{id} cannot be reached")


def test_the_page_works_without_javascript(browser: Browser, desk: Desk) -> None:
    hub = desk.hub()
    seq = hub.say()
    hub.holds(seq, "received")
    browser.script(False)
    try:
        browser.open(f"{desk.address}/login")
        browser.type("#name", OPERATOR)
        browser.type("#password", PASSWORD)
        browser.click(".login button")
        browser.find("#i-hub-7-1-1")
        browser.find("noscript meta[http-equiv=refresh]")
        browser.click("#i-hub-7-1-1")
        browser.click("#take")
        hub.holds(seq, "human")
    finally:
        browser.script(True)


def test_a_page_that_cannot_be_renewed_says_so_and_a_session_that_is_over_leads_to_the_log_in(
    browser: Browser, desk: Desk
) -> None:
    logged_in(browser, desk)
    desk.accounts.remove(OPERATOR, now(), "a test")
    browser.shows("Password")
    desk.accounts.add(OPERATOR, PASSWORD, now(), "a test")
    logged_in(browser, desk)
    desk.receivers[0].send(signal.SIGKILL)
    browser.shows("new alerts are not shown")


def test_two_operators_who_answer_at_once_are_told_who_was_first(browser: Browser, desk: Desk) -> None:
    hub = desk.hub()
    seq = hub.say()
    hub.holds(seq, "received")
    logged_in(browser, desk)
    browser.click("#i-hub-7-1-1")
    browser.find("#take")
    desk.command("ack", "hub-7/1-1", "--by", "j.doe", "--outcome", "visitor")
    browser.click("#take")
    browser.shows("Not done: it was closed already, by j.doe: a visitor or carer was there.")


def test_the_cookie_is_for_this_page_alone(browser: Browser, desk: Desk) -> None:
    logged_in(browser, desk)
    (cookie,) = browser.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/")
    assert browser.run("return document.cookie") == ""
    browser.click(".who button")
    browser.shows("Password")
    assert not browser.cookies()
