"""A member wants to invite somebody: nobody gets in before who lives there has agreed, on the page."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.nouns import Instant
from agent.page.family_io import MOST_MEMBERS, Family
from agent.page.wishes_io import MOST_ASKED, WISH_MS
from agent.passwords import Unfit
from tests.page_maker import FEW_DAYS, HOME, PASSWORD, Guest, HubPage

DEEDS = ("ask", "agree", "drop", "end", "link")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubPage]:
    with HubPage(tmp_path_factory.mktemp("home"), count=FEW_DAYS) as found:
        yield found


@pytest.fixture(scope="module")
def mum(page: HubPage) -> Guest:
    return page.guest("mum", "--resident")


@pytest.fixture(scope="module")
def anna(page: HubPage) -> Guest:
    return page.guest("anna")


def does(guest: Guest, deed: str, name: str) -> int:
    return guest.ask("POST", f"/family/{deed}", {"csrf": guest.csrf(), "name": name}).status


def link_for(guest: Guest, name: str) -> str:
    """The code on the page that ``guest`` gets."""
    answer = guest.ask("POST", "/family/link", {"csrf": guest.csrf(), "name": name})
    assert answer.status == 200
    found = re.search(r"/welcome/([\w-]+)", answer.text)
    assert found is not None
    return found[1]


def test_a_member_asks_who_lives_there_agrees_and_the_link_lets_in_once(page: HubPage, mum: Guest, anna: Guest) -> None:
    assert does(anna, "ask", "Ben ") == 303, "as a telephone's keyboard writes it"
    assert "has not answered yet" in anna.ask("GET", "/family").text
    assert does(anna, "link", "ben") == 403
    assert "ben, invited" not in page.command("list")
    asked = mum.ask("GET", "/family").text
    assert "I agree that ben may look" in asked
    assert "You have not answered yet." in asked
    assert does(mum, "agree", "ben") == 303
    assert does(mum, "link", "ben") == 403, "it is for who had asked"
    code, ben = link_for(anna, "ben"), Guest(page, "ben")
    assert does(anna, "link", "ben") == 403, "once"
    assert ben.ask("POST", "/welcome", {"code": code, "password": PASSWORD, "again": PASSWORD}).status == 303
    assert ben.ask("GET", "/").status == 200
    told = mum.ask("GET", "/looks").text
    for line in ("<strong>anna</strong> asked to invite ben", "<strong>mum</strong> agreed to invite ben"):
        assert line in told


def test_nobody_but_who_lives_there_can_agree_or_see_what_others_asked(page: HubPage, mum: Guest, anna: Guest) -> None:
    cara = page.guest("cara")
    assert does(anna, "ask", "dora") == 303
    assert "dora" not in cara.ask("GET", "/family").text
    assert "asked for by" not in cara.ask("GET", "/family").text
    for guest in (anna, cara):
        assert does(guest, "agree", "dora") == 403
    for deed in ("drop", "link"):
        assert does(cara, deed, "dora") == 403
    assert does(cara, "ask", "dora") == 400, "asked for already"
    assert does(mum, "drop", "dora") == 303
    assert "dora" not in anna.ask("GET", "/family").text
    assert does(mum, "agree", "dora") == 403
    assert does(anna, "link", "dora") == 403


def test_who_lives_there_agrees_by_asking(page: HubPage, mum: Guest) -> None:
    assert does(mum, "ask", "emil") == 303
    code = link_for(mum, "emil")
    assert "Welcome, emil" in Guest(page).ask("GET", f"/welcome/{code}").text
    assert "emil, invited" in mum.ask("GET", "/family").text


def test_who_lives_there_ends_that_somebody_looks_and_nobody_else_can(page: HubPage, mum: Guest, anna: Guest) -> None:
    greta, dad = page.guest("greta"), page.guest("dad", "--resident")
    page.invite("late")
    assert "greta may no longer look" in mum.ask("GET", "/family").text
    assert "dad may no longer look" not in mum.ask("GET", "/family").text
    assert "may no longer look" not in anna.ask("GET", "/family").text
    for guest, name in ((anna, "greta"), (anna, "anna"), (mum, "dad"), (mum, "mum"), (mum, "nobody")):
        assert does(guest, "end", name) == 403
    assert greta.ask("GET", "/").status == 200
    assert does(mum, "end", "greta") == 303
    assert greta.ask("GET", "/").headers["Location"] == "/login"
    assert greta.log_in().status == 403
    assert does(mum, "end", "late") == 303
    assert "late" not in page.command("list")
    assert "<strong>mum</strong> ended that greta may look" in mum.ask("GET", "/looks").text
    assert dad.ask("GET", "/").status == 200


def test_a_form_of_another_site_asks_for_nobody_and_agrees_to_nothing(page: HubPage, mum: Guest, anna: Guest) -> None:
    assert does(anna, "ask", "fritz") == 303
    for deed in DEEDS:
        for guest in (mum, anna):
            assert guest.ask("POST", f"/family/{deed}", {"name": "fritz"}).status == 403
            assert guest.ask("POST", f"/family/{deed}", {"csrf": "x", "name": "fritz"}).status == 403
            mine = {"csrf": guest.csrf(), "name": "fritz"}
            assert guest.ask("POST", f"/family/{deed}", mine, Origin="http://evil.example").status == 403
            assert guest.ask("POST", f"/family/{deed}", mine | {"by": "mum"}).status == 400
            assert guest.ask("GET", f"/family/{deed}").status in (404, 405)
        assert Guest(page).ask("POST", f"/family/{deed}", {"csrf": "x", "name": "fritz"}).status == 303, "to log in"
    assert "has not answered yet" in anna.ask("GET", "/family").text


@pytest.mark.parametrize("name", ["", "änna", "<b>x</b>", "a b", "x" * 33, "\u202eanna", "anna\r\nb", "1anna"])
def test_a_name_that_cannot_be_one_is_refused_and_stays_text(anna: Guest, name: str) -> None:
    answer = anna.ask("POST", "/family/ask", {"csrf": anna.csrf(), "name": name})
    assert answer.status == 400
    assert "A name is 1 to 32" in answer.text
    assert "<b>x" not in answer.text


def test_nobody_is_invited_while_the_day_is_not_to_be_told(page: HubPage, mum: Guest) -> None:
    csrf, file = mum.csrf(), page.folder / "home.toml"
    file.write_text(f"{HOME}\n[consent]\nsummary_to_family = false\n")
    try:
        assert mum.ask("GET", "/family").status == 403
        for deed in DEEDS:
            assert mum.ask("POST", f"/family/{deed}", {"csrf": csrf, "name": "gerd"}).status == 403
    finally:
        file.write_text(HOME)
    assert "gerd" not in mum.ask("GET", "/family").text


def test_nobody_fills_the_book_by_asking_again_and_again(tmp_path: Path) -> None:
    family, at = Family(tmp_path), Instant(1_772_360_400_000)
    family.accept(family.invite("anna", False, at, "a test"), PASSWORD, at)
    for _ in range(MOST_ASKED):
        family.wishes.ask("ben", at, "anna")
        family.wishes.drop("ben", at, "anna")
    with pytest.raises(Unfit, match="within a week"):
        family.wishes.ask("ben", at, "anna")
    family.wishes.ask("ben", Instant(at + WISH_MS), "anna")
    family.close()


def test_wishes_end_by_themselves_and_with_who_had_them_and_a_family_has_a_size(page: HubPage) -> None:
    family, at = Family(page.folder), Instant(1_772_360_400_000)
    for name, resident in (("mum", True), ("anna", False)):
        family.accept(family.invite(name, resident, at, "a test"), PASSWORD, at)
    family.wishes.ask("ben", at, "anna")
    assert not family.wishes.agree("ben", Instant(at + WISH_MS), "mum"), "too late"
    assert family.wishes.agree("ben", at, "mum")
    family.remove("mum", at, "a test")
    assert family.wishes.code("ben", at, "anna") is None, "nobody who lives there has agreed any more"
    for number in range(MOST_MEMBERS - 1):
        family.invite(f"m{number}", False, at, "a test")
    with pytest.raises(Unfit, match="no more can be"):
        family.wishes.ask("one-more", at, "anna")
    family.remove("m0", at, "a test")
    family.wishes.ask("one-more", at, "anna")
    with pytest.raises(Unfit, match="no more can be"):
        family.invite("another", False, at, "a test")
    family.remove("anna", at, "a test")
    assert family.wishes.all(at) == []
    assert family.first_broken() is None
    family.close()
