"""The family's pages: today, any day, a week, a month; what left this home; who looked; and an end of all of it.

Each is made here, whole, and works without JavaScript. Nothing of the home is changed from here but by a request that
the hub journals (consent).
"""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from agent.civil import Wall
from agent.nouns import Refused
from agent.page import invite_io
from agent.page.dates import month_of, month_path, number_of, week_of
from agent.page.family_io import LOOKS_SHOWN, MOST_CODE
from agent.page.guards_io import at_home, looked
from agent.page.looks import in_words
from agent.page.sent import SENT_ON_A_PAGE
from agent.page.sent import in_words as sent_in_words
from agent.page.trends import nights, trends, unmeasured, unwatched
from agent.pages_io import Pages, abort, g, render_template, request, url_for
from agent.passwords import Unfit, token_hash
from agent.requests_io import ask
from agent.summary.leaf_io import TEMPLATES
from agent.summary.signs import rooms_hidden
from agent.summary.view import drawn, night_hours
from agent.web_io import form, log_in, log_out, logged_in, now, site, with_session

CSS: Final = (TEMPLATES / "leaf.css").read_text()

page: Final = Pages("page", __name__, templates=TEMPLATES)


@page.get("/page.css")
def style() -> Any:
    return CSS + render_template("page.css"), {"Content-Type": "text/css; charset=utf-8"}


# -- in and out --------------------------------------------------------------------------------------------------------


@page.get("/login")
def login() -> Any:
    return render_template("login.html", wrong=None)


@page.post("/login")
def enter() -> Any:
    return log_in("page.today")


@page.post("/logout")
@logged_in
def logout() -> Any:
    return log_out()


@page.get("/welcome/<code>")
def welcome(code: str) -> Any:
    """Where an invitation leads."""
    with site().family() as family:
        name = family.invited(code[:MOST_CODE], now())
    if name is None:
        return render_template("welcome.html", name=None, code="", wrong=None), 404
    return render_template("welcome.html", name=name, code=code, wrong=None)


@page.post("/welcome")
def accept() -> Any:
    """The password is chosen here, by whom it is for; the installer never knows it."""
    code, password, again = form("code", "password", "again")
    ours, at, address = site(), now(), request.remote_addr or ""
    code = code[:MOST_CODE]
    with ours.guessing:
        if ours.failures.must_wait(token_hash(""), address, at):
            return render_template("welcome.html", name=None, code="", wrong=ours.refusals["too_many"]), 429
        with ours.family() as family:
            name = family.invited(code, at)
            if name is None:
                ours.failures.failed(token_hash(""), address, at)
                family.accounts.failed("", address, at)
                return render_template("welcome.html", name=None, code="", wrong=None), 404
            try:
                if password != again:
                    raise Unfit("not_the_same", "the two passwords are not the same; type both again")
                accepted = family.accept(code, password, at)
            except Unfit as fault:
                said = at_home().catalogue.table("unfit")[fault.key].format(**fault.said)
                return render_template("welcome.html", name=name, code=code, wrong=said), 400
            if accepted is None:  # taken back by the installer's command meanwhile
                return render_template("welcome.html", name=None, code="", wrong=None), 404
            token = family.accounts.begin(accepted, at)
    return with_session(token, "page.today")


# -- days --------------------------------------------------------------------------------------------------------------


@page.get("/")
@looked
def today() -> Any:
    return _day(at_home().last_day())


@page.get("/day/<date>")
@looked
def day(date: str) -> Any:
    return _day(_number(date))


def _number(date: str) -> int:
    """Of a day that is not ahead, and not before the first."""
    number = number_of(date)
    if number is None or not at_home().first_day() <= number <= at_home().last_day():
        abort(404)
    return number


def _day(number: int) -> Any:
    ours, words = at_home(), at_home().catalogue
    found = ours.day(number)
    return render_template(
        "day.html",
        **drawn(found, words),
        before=number - 1 if number > ours.first_day() else None,
        after=number + 1 if number < ours.last_day() else None,
        standing=ours.not_watched(),
    )


@page.get("/week")
@looked
def this_week() -> Any:
    return _week(at_home().last_day())


@page.get("/week/<date>")
@looked
def week(date: str) -> Any:
    return _week(_number(date))


def _week(number: int) -> Any:
    return _stretch("week", *week_of(number), lambda day: url_for("page.week", date=_iso(day)))


@page.get("/month")
@looked
def this_month() -> Any:
    return _month(at_home().last_day())


@page.get("/month/<date>")
@looked
def month(date: str) -> Any:
    number = number_of(f"{date}-01")
    if number is None or number > at_home().last_day() or month_of(number)[1] < at_home().first_day():
        abort(404)
    return _month(number)


def _month(number: int) -> Any:
    return _stretch("month", *month_of(number), lambda day: url_for("page.month", date=month_path(day)))


def _stretch(kind: str, first: int, last: int, path_of: Callable[[int], str]) -> Any:
    """The days of it that have been, with what is usual, side by side."""
    ours, words = at_home(), at_home().catalogue
    begin, end = max(first, ours.first_day()), min(last, ours.last_day())
    days = ours.days(begin, end)
    return render_template(
        "stretch.html",
        kind=kind,
        path_of=path_of,
        first=first,
        last=last,
        days=days,
        trends=trends(days, words),
        unmeasured=unmeasured(days, words),
        unwatched=unwatched(days, words),
        standing=ours.not_watched(),
        strip=nights(days, words),
        night_hours=night_hours(words),
        before=begin - 1 if begin > ours.first_day() else None,
        after=last + 1 if last < ours.last_day() else None,
    )


# -- what left, who looked, and an end ---------------------------------------------------------------------------------


@page.get("/sent")
@partial(looked, hers=True)
def sent() -> Any:
    return _sent("1")


@page.get("/sent/<sheet>")
@partial(looked, hers=True)
def sent_before(sheet: str) -> Any:
    return _sent(sheet)


def _sent(sheet: str) -> Any:
    if not sheet.isdecimal() or len(sheet) > 4 or sheet.startswith("0"):
        abort(404)
    number, ours = int(sheet), at_home()
    found, count = ours.sent(number - 1)
    if not found and number > 1:
        abort(404)
    with site().family() as family:  # what left their own home is kept from nobody who lives there
        told_where = not rooms_hidden(ours.home()) or family.lives_here(g.session.who)
    rows = [sent_in_words(one, Wall(ours.home().timezone), ours.catalogue, told_where) for one in found]
    more = number + 1 if number * SENT_ON_A_PAGE < count else None
    return render_template("sent.html", rows=rows, count=count, sheet=number, more=more, told_where=told_where)


@page.get("/looks")
@logged_in
def looks() -> Any:
    """One's own; who lives here sees everybody's."""
    who, ours = g.session.who, at_home()
    with site().family() as family:
        all_of_them = family.lives_here(who)
        found = family.looks(None if all_of_them else who, LOOKS_SHOWN)
    wall = Wall(ours.home().timezone)
    rows = [in_words(one, wall, ours.catalogue) for one in found]
    return render_template("looks.html", rows=rows, everybody=all_of_them, most=LOOKS_SHOWN)


page.get("/family")(invite_io.family)
for change in (invite_io.ask, invite_io.agree, invite_io.drop, invite_io.end, invite_io.link):
    page.post(f"/family/{change.__name__}")(change)


@page.get("/consent")
@logged_in
def consent() -> Any:
    standing = None
    try:
        standing = at_home().not_watched() if at_home().started else None
    except Refused as fault:  # a journal that cannot be read is no reason to go on watching
        print(f"page: {fault}", file=sys.stderr, flush=True)
    return render_template("consent.html", done=False, wrong=None, standing=standing)


@page.post("/consent")
@logged_in
def withdraw() -> Any:
    """As `hearthwatch consent --withdraw` does; the box is ticked by hand, so that no slip of a finger ends it."""
    words = at_home().words
    if "sure" not in request.form:
        form("csrf")
        return render_template("consent.html", done=False, wrong=words["consent_tick"], standing=None), 400
    form("csrf", "sure")
    who = g.session.who
    try:
        heard = ask(at_home().state, "consent", {"given": False, "by": who}, f"{who}, on the page")
    except OSError as fault:
        print(f"page: the request of {who} cannot be written: {fault.strerror}", file=sys.stderr, flush=True)
        return render_template("consent.html", done=False, wrong=words["consent_failed"], standing=None), 503
    try:
        with site().family() as family:
            family.note(who, "withdrew the consent to be watched", now())
    except Refused as fault:  # it is ended all the same, and the journal has it: nobody is told that it failed
        print(f"page: {fault}", file=sys.stderr, flush=True)
    return render_template("consent.html", done=True, heard=heard, wrong=None, standing=None)


def _iso(number: int) -> str:
    return at_home().catalogue.iso_date(number)


@page.context_processor
def _words() -> dict[str, Any]:
    """What every template may call."""
    session, ours = g.get("session"), at_home()
    return {
        "who": session.who if session else None,
        "csrf": session.csrf if session else None,
        "words": ours.catalogue,
        "site": ours.words,
        "iso": _iso,
        "month_path": month_path,
    }
