"""The family's page: who is invited reads a day, and who lives there sees who looked."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.journal_io import Journal
from tests.brokers import until
from tests.living_hub import HOME as LIVING
from tests.page_maker import LAST, PASSWORD, Guest, HubPage
from tests.test_watch_process import Run


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubPage]:
    with HubPage(tmp_path_factory.mktemp("home")) as found:
        yield found


def test_who_is_invited_chooses_a_password_and_reads_the_day(page: HubPage) -> None:
    anna = page.guest("anna")
    today = anna.ask("GET", "/").text
    assert "The day of Monday 30 March 2026" in today
    assert "Up at " in today
    assert "as usual" in today
    anna.ask("POST", "/logout", {"csrf": anna.csrf()})
    assert anna.ask("GET", "/").headers["Location"] == "/login"
    assert anna.log_in().headers["Location"] == "/"
    assert "The day of Sunday 29 March 2026" in anna.ask("GET", "/day/2026-03-29").text
    telephone = Guest(page, "Anna ")
    assert telephone.log_in().headers["Location"] == "/", "as its keyboard writes a name"
    assert telephone.log_in(PASSWORD.upper()).status == 403


def test_an_invitation_opens_once_and_a_poor_password_does_not_use_it_up(page: HubPage) -> None:
    code, ben = page.invite("ben"), Guest(page, "ben")
    assert "ben, invited" in page.command("list")
    assert "Welcome, ben" in ben.ask("GET", f"/welcome/{code}").text
    for password, again in (("short", "short"), (PASSWORD, PASSWORD + "x"), ("ben-ben-ben-ben", "ben-ben-ben-ben")):
        answer = ben.ask("POST", "/welcome", {"code": code, "password": password, "again": again})
        assert answer.status == 400
        assert 'role="alert"' in answer.text
    form = {"code": code, "password": PASSWORD, "again": PASSWORD}
    assert ben.ask("POST", "/welcome", form).status == 303
    assert ben.ask("POST", "/welcome", form).status == 404
    assert Guest(page).ask("GET", f"/welcome/{code}").status == 404
    assert "may look already" in page.command("invite", "--name", "ben", status=2)


def test_weeks_months_and_days_lead_to_one_another_and_not_beyond_what_was_lived(page: HubPage) -> None:
    guest = page.guest("cara")
    for path in ("/week", "/week/2026-03-12", "/month", "/month/2026-03", "/day/2026-03-01", f"/day/{LAST}"):
        assert guest.ask("GET", path).status == 200, path
    for path in ("/day/2026-02-28", "/day/2026-03-31", "/week/2026-04-06", "/month/2026-02", "/month/2026-04"):
        assert guest.ask("GET", path).status == 404, path
    assert 'href="/week/2026-03-30"' in guest.ask("GET", f"/day/{LAST}").text
    assert "Days that were not as usual: " in guest.ask("GET", "/month").text


def test_what_left_the_home_is_told_in_words_and_nothing_else_did(page: HubPage) -> None:
    dora = page.guest("dora")
    text = dora.ask("GET", "/sent").text
    assert "Help button, most urgent" in text
    assert "The monitoring centre was told: help button." in dora.ask("GET", "/").text, "as soon as it was written down"
    assert "Not yet received" in text
    assert "Mon 30 Mar 2026, 23:58" in text, "what is kept for years is told with its year"


def test_where_she_was_when_she_asked_for_help_is_told_to_her_and_to_others_as_she_agreed(page: HubPage) -> None:
    gwen, own = page.guest("gwen"), page.guest("self", "--resident")
    assert "bathroom" not in gwen.ask("GET", "/sent").text
    assert "not shown to you" in gwen.ask("GET", "/sent").text
    assert "Help button, most urgent, bathroom" in own.ask("GET", "/sent").text
    file = page.folder / "home.toml"
    text = file.read_text()
    file.write_text(f"{text}\n[consent]\nbathroom_detail_to_family = true\n")
    try:
        assert "Help button, most urgent, bathroom" in gwen.ask("GET", "/sent").text
    finally:
        file.write_text(text)


def test_each_sees_what_they_looked_at_and_who_lives_there_sees_all(page: HubPage) -> None:
    emil, frida, resident = page.guest("emil"), page.guest("frida"), page.guest("mum", "--resident")
    emil.ask("GET", "/day/2026-03-10")
    emil.ask("GET", "/day/2026-03-10")
    frida.ask("GET", "/sent")
    own, others, all_of_them = (guest.ask("GET", "/looks").text for guest in (emil, frida, resident))
    assert own.count("looked at Tuesday 10 March 2026") == 1
    assert "frida" not in own
    assert "emil" not in others
    assert "looked at what left this home" in others
    assert "<strong>emil</strong> looked at Tuesday 10 March 2026" in all_of_them
    assert "<strong>frida</strong>" in all_of_them
    printed = page.command("looks")
    assert "emil  looked at Tuesday 10 March 2026" in printed
    assert PASSWORD not in printed + page.said()


def test_a_page_that_there_is_not_is_not_looked_at_and_fills_no_book(page: HubPage) -> None:
    hans = page.guest("hans")
    for path in ("/day/2031-01-01", "/day/a", "/day/b", "/week/c", "/month/2031-01", "/sent/77", "/sent/x"):
        assert hans.ask("GET", path).status == 404
    assert "</strong> looked at" not in hans.ask("GET", "/looks").text
    assert hans.ask("GET", "/week").status == 200
    assert "looked at the week of Monday 30 March 2026" in hans.ask("GET", "/looks").text


def test_a_withdrawal_that_cannot_be_handed_on_is_said_to_be_none_and_stands_in_no_book(page: HubPage) -> None:
    ines, requests = page.guest("ines"), page.state / "requests"
    requests.write_text("no folder")
    try:
        answer = ines.ask("POST", "/consent", {"csrf": ines.csrf(), "sure": "yes"})
    finally:
        requests.unlink()
    assert answer.status == 503
    assert "Nothing was ended: the hub cannot be told, and goes on watching" in answer.text
    assert "withdrew" not in ines.ask("GET", "/looks").text


def test_a_withdrawal_on_the_page_is_the_one_of_the_command_and_the_hub_takes_it(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    hub = Run(tmp_path / "state")
    hub.smoke(1)
    until((tmp_path / "state" / "journal.db").exists, "the hub to write")
    hub.smoke(0)
    with HubPage(tmp_path, LIVING) as page:
        anna = page.guest("anna")
        hub.stop()
        hub = Run(tmp_path / "state")
        until((tmp_path / "state" / "watch.sock").exists, "the hub to listen")
        answer = anna.ask("POST", "/consent", {"csrf": anna.csrf(), "sure": "yes"})
        assert "The hub has been told" in answer.text
        until(lambda: not list((tmp_path / "state" / "requests").iterdir()), "the request to be taken")
        text = until(lambda: "by the wish of who lives there" in anna.ask("GET", "/consent").text, "the page to say so")
        assert text
        assert "Not watched now" in anna.ask("GET", "/").text
        assert "Home not watched" in anna.ask("GET", "/sent").text
        hub.stop()
    journal = Journal(tmp_path / "state" / "journal.db")
    entries = [entry.frame for segment in journal.segments() for entry in journal.entries(segment.id)]
    journal.close()
    (asked,) = [json.loads(frame.payload) for frame in entries if frame is not None and frame.link == "care"]
    assert (asked["given"], asked["by"], asked["asked_by"]) == (False, "anna", "anna, on the page")
