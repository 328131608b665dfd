"""The operators' pages: log in, see what is open, take it, say what came of it.

Every page is made here, whole, and works without JavaScript; with it the list renews itself in place.
"""

import re
from typing import Any, Final

from agent.civil import rfc3339
from agent.nouns import Instant
from agent.pages_io import Pages, abort, g, redirect, render_template, url_for
from agent.transport.envelope import is_hub
from agent.web_io import form, log_in, log_out, logged_in, now
from agent.web_io import site as desk
from centre.incidents import (
    REASON_WORDS,
    VERDICT_WORDS,
    Answer,
    Incident,
    NotNow,
    in_order,
    is_overdue,
    outcome_words,
    title,
    why,
)
from centre.receiver import is_late
from centre.store_io import MOST_SHOWN

ID: Final = re.compile(r"[0-9]{1,16}-[0-9]{1,16}")
STATES: Final = {"open": "waiting for somebody", "taken": "taken", "closed": "closed"}

page: Final = Pages("page", __name__)


@page.get("/login")
def login() -> Any:
    return render_template("login.html", wrong=None)


@page.post("/login")
def enter() -> Any:
    return log_in("page.listing")


@page.post("/logout")
@logged_in
def logout() -> Any:
    return log_out()


@page.get("/")
@logged_in
def listing() -> Any:
    return render_template("open.html", **_open())


@page.get("/closed")
@logged_in
def closed() -> Any:
    with desk().at() as (store, _):
        found = store.incidents(closed=True)
    return render_template("closed.html", incidents=found, most=MOST_SHOWN)


@page.get("/incident/<hub>/<id>")
@logged_in
def incident(hub: str, id: str) -> Any:
    return render_template("incident.html", **_incident(hub, id))


@page.post("/incident/<hub>/<id>/take")
@logged_in
def take(hub: str, id: str) -> Any:
    form("csrf")
    return _answer(hub, id, Answer("human", g.session.who, now()))


@page.post("/incident/<hub>/<id>/outcome")
@logged_in
def outcome(hub: str, id: str) -> Any:
    """The form's choice is a verdict, or "false-REASON"."""
    _, choice = form("csrf", "outcome")
    verdict, _, reason = choice.partition("-")
    return _answer(hub, id, Answer("outcome", g.session.who, now(), verdict, reason or None))


def _answer(hub: str, id: str, said: Answer) -> Any:
    _checked(hub, id)
    try:
        with desk().at() as (_, answers):
            answers.give(hub, id, said, "page")
    except NotNow as fault:
        return render_template("incident.html", **_incident(hub, id), words=f"Not done: {fault}."), 409
    return redirect(url_for("page.incident", hub=hub, id=id), 303)


def _open() -> dict[str, Any]:
    at = now()
    with desk().at() as (store, _):
        found, count = in_order(store.incidents()), store.count_open()
        gone, silent = store.all_gone(), store.all_silent()
    return {
        "waiting": [one for one in found if one.state == "open"],
        "taken": [one for one in found if one.state == "taken"],
        "more": count - len(found),
        "gone": gone,
        "silent": silent,
        "now": at,
    }


def _checked(hub: str, id: str) -> None:
    if not is_hub(hub) or not ID.fullmatch(id):
        abort(404)


def _incident(hub: str, id: str) -> dict[str, Any]:
    _checked(hub, id)
    with desk().at() as (store, answers):
        found = store.incident(hub, id)
        if found is None:
            abort(404)
        said, noted, heard = store.said_of(hub, id), store.audit_of(hub, id), answers.is_heard(hub, id)
        gone = hub in store.all_gone()
    return {"one": found, "said": said, "noted": noted, "heard": heard, "gone": gone, "now": now()}


@page.context_processor
def _words() -> dict[str, Any]:
    """What every template may call."""
    choices = [("true", VERDICT_WORDS["true"]), ("visitor", VERDICT_WORDS["visitor"]), ("test", VERDICT_WORDS["test"])]
    choices += [(f"false-{reason}", f"false alarm: {words}") for reason, words in REASON_WORDS.items()]
    return {
        "who": g.session.who if g.get("session") else None,
        "csrf": g.session.csrf if g.get("session") else None,
        "title_of": title,
        "why": why,
        "is_overdue": is_overdue,
        "is_late": is_late,
        "outcome_words": outcome_words,
        "choices": choices,
        "states": STATES,
        "path_of": _path_of,
    }


def _path_of(one: Incident) -> str:
    return url_for("page.incident", hub=one.said.hub, id=one.said.id)


@page.template_filter("time")
def _time(at: Instant) -> str:
    return rfc3339(at)[:19].replace("T", " ") + " UTC"
