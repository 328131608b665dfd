"""A page of ours on a network: what is refused before it is looked at, and who is let in.

What a browser sends is hostile until it is shown to be ours: where it comes from, the host that it asks for, the
length, the time that it takes, the session, the form's token.
"""

import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, Final, Protocol

from agent.accounts_io import Session
from agent.clock_io import wall_ms
from agent.near import is_near
from agent.nouns import Instant, Refused
from agent.pages_io import (
    Application,
    HTTPException,
    Pages,
    Response,
    abort,
    current_app,
    g,
    redirect,
    render_template,
    request,
    url_for,
)
from agent.passwords import MOST_NAME, MOST_PASSWORD, SESSION_MS, Failures, as_typed, matches, token_hash
from agent.serving_io import MAX_BODY_BYTES

FORM_PARTS: Final = 10  # of a form that brings files
PATH: Final = re.compile(r"/[A-Za-z0-9/._-]{0,120}")  # of our own pages; any other is not found, and not repeated
RENEW: Final = (Path(__file__).parent / "renew.js").read_text()  # the one script that any page of ours has
NO_SCRIPTS: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": NO_SCRIPTS,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
# What is said of what is refused, for operators; a page with a catalogue of words has its own. By the answer's number
# where it has its own title, or words that are the same whatever was refused.
REFUSALS: Final = {
    "title": "That cannot be done",
    "title_404": "Not found",
    "title_503": "Out of order",
    "says": "Go back, and try it once more.",
    "says_404": "There is no such page here.",
    "says_413": "That is more than a form of this page can hold.",
    "says_503": "What is kept here cannot be used now.",
    "far": "This page is for those who are in this home.",
    "other_host": "This page is not served under that name.",
    "other_form": "That is not a form of this page.",
    "elsewhere": "That form was not filled in here.",
    "old_form": "That form was not filled in here, or you have logged in anew since. Open the page again.",
    "too_many": "Too many wrong passwords. Wait 15 minutes.",
    "no_match": "That name and password do not go together.",
}


class Sessions(Protocol):
    """Who is in, by the token in their cookie; and which wrong passwords are known of."""

    def find(self, token: str, now: Instant) -> Session | None: ...

    def failures(self) -> list[tuple[int, str, str]]: ...


class Site:
    """What the threads of a page share: who may log in, one at a time, and the memory of wrong passwords.

    ``hosts``: what a browser may ask for in Host; a stranger's name that was made to point here is none of it.
    ``secure``: browsers reach it over TLS. ``near``: only they may that are in this home or on this machine. ``csp``:
    of a page that lets our own script renew it in place. ``refusals``: what is said, with the keys of REFUSALS.
    ``body_bytes``: of a form; a longer one is refused.
    """

    def __init__(
        self,
        name: str,
        accounts: Sessions,
        hosts: frozenset[str],
        secure: bool,
        near: bool = False,
        csp: str = "",
        refusals: Mapping[str, str] = REFUSALS,
        body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self.refusals = refusals
        self.name, self.hosts, self.secure, self.near = name, hosts, secure, near
        self.renews, self.body_bytes = bool(csp), body_bytes
        self.cookie = "__Host-session" if secure else "session"
        self.headers = HEADERS | ({"Content-Security-Policy": csp} if csp else {})
        self.failures = Failures()
        for at, who, where in accounts.failures():
            self.failures.failed(who, where, at)
        self.guessing = threading.Lock()  # one password at a time: each costs 32 MiB
        self.lock = threading.Lock()
        self._accounts = accounts

    @contextmanager
    def accounts(self) -> Iterator[Sessions]:
        with self.lock:
            yield self._accounts


def application(page: Pages, site: Site) -> Application:
    """``page`` brings the folders of its templates and of what is static."""
    app = Application(page, site.body_bytes, FORM_PARTS, {"SITE": site})
    if site.renews:
        app.add("/renew.js", "renew", "GET", _renew)
    app.before.append(_is_ours)
    app.after.append(_kept_safe)
    app.wrong = {HTTPException: _problem, Refused: _out_of_order}
    return app


def _renew() -> Any:
    return RENEW, {"Content-Type": "text/javascript; charset=utf-8"}


def site() -> Any:
    """The Site of the page that is asked."""
    return current_app.config["SITE"]


def now() -> Instant:
    return Instant(wall_ms())


# -- what is ours and what is not --------------------------------------------------------------------------------------


def _is_ours() -> None:
    g.session = None
    ours = site()
    if ours.near and not is_near(request.remote_addr or ""):
        abort(403, "far")
    if request.environ.get("HTTP_HOST", "").lower() not in ours.hosts:
        abort(400, "other_host")
    if not PATH.fullmatch(request.path) or request.query_string:
        abort(404)
    if request.method not in ("GET", "HEAD", "POST"):
        abort(405)
    token = request.cookies.get(ours.cookie, "")
    if token:
        with ours.accounts() as accounts:
            g.session = accounts.find(token, now())
    if request.method == "POST":
        scheme = "https" if ours.secure else "http"
        if request.headers.get("Origin") not in (None, f"{scheme}://{request.environ['HTTP_HOST']}"):
            abort(403, "elsewhere")


def _kept_safe(response: Response) -> None:
    for name, value in site().headers.items():
        response.headers[name] = value
    response.headers["Cache-Control"] = "no-store" if request.endpoint not in ("static", "renew") else "no-cache"


def _problem(fault: HTTPException) -> tuple[str, int]:
    """``abort`` was given a key of REFUSALS, or nothing."""
    return _refused(fault.code or 500, fault.description or "")


def _out_of_order(fault: Refused) -> tuple[str, int]:
    print(f"{site().name}: the page: {fault}", file=sys.stderr, flush=True)
    return _refused(503)


def _refused(code: int, key: str = "") -> tuple[str, int]:
    said = site().refusals
    wrong = said.get(key) or said.get(f"says_{code}", said["says"])
    return render_template("problem.html", title=said.get(f"title_{code}", said["title"]), wrong=wrong), code


def form(*names: str) -> list[str]:
    """The fields of a form of ours, exactly these; 400 or 403 otherwise."""
    if request.content_type != "application/x-www-form-urlencoded" or sorted(request.form) != sorted(names):
        abort(400, "other_form")
    if any(len(request.form.getlist(name)) != 1 for name in names):
        abort(400, "other_form")
    return [request.form[name] for name in names]


def logged_in(view: Callable[..., Any]) -> Callable[..., Any]:
    """Only for whoever is logged in; and what changes something only from a form of theirs."""

    @wraps(view)
    def guarded(**where: str) -> Any:
        if g.session is None:
            return redirect(url_for("page.login"), 303)
        if request.method == "POST" and request.form.get("csrf") != g.session.csrf:
            abort(403, "old_form")
        return view(**where)

    return guarded


# -- in and out --------------------------------------------------------------------------------------------------------


def log_in(within: str) -> Any:
    """The form with name and password: to the endpoint ``within`` with a session, or the form again with why not."""
    name, password = form("name", "password")
    ours, at, address = site(), now(), request.remote_addr or ""
    name = as_typed(name)[:MOST_NAME]
    who = token_hash(name)
    with ours.guessing:
        if ours.failures.must_wait(who, address, at):
            return render_template("login.html", wrong=ours.refusals["too_many"]), 429
        with ours.accounts() as accounts:
            salt, kept = accounts.secret(name)
        right = len(password) <= MOST_PASSWORD and matches(password, salt, kept)
        if not right:
            ours.failures.failed(who, address, at)
    with ours.accounts() as accounts:
        if right:
            return with_session(accounts.begin(name, at), within)
        accounts.failed(name, address, at)
    return render_template("login.html", wrong=ours.refusals["no_match"]), 403


def with_session(token: str, within: str) -> Any:
    ours = site()
    response = redirect(url_for(within), 303)
    response.set_cookie(
        ours.cookie, token, max_age=SESSION_MS // 1_000, path="/", httponly=True, samesite="Strict", secure=ours.secure
    )
    return response


def log_out() -> Any:
    ours = site()
    with ours.accounts() as accounts:
        accounts.end(request.cookies[ours.cookie], now())
    response = redirect(url_for("page.login"), 303)
    response.delete_cookie(ours.cookie, path="/", httponly=True, samesite="Strict", secure=ours.secure)
    return response
