"""A page of ours on a network: how it is served, and what is refused before it is looked at.

What a browser sends is hostile until it is shown to be ours: where it comes from, the host that it asks for, the
length, the time that it takes, the session, the form's token.
"""

import re
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial, wraps
from typing import Any, Final

import waitress
import waitress.channel
from flask import Blueprint, Flask, Response, abort, current_app, g, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from agent.accounts_io import Accounts
from agent.clock_io import wall_ms
from agent.near import is_near
from agent.nouns import Instant, Refused
from agent.passwords import MOST_PASSWORD, SESSION_MS, Failures, matches, token_hash

MAX_BODY_BYTES: Final = 8_192  # of a form; a longer one is refused
MAX_HEAD_BYTES: Final = 16_384  # of a request's head; a longer one is refused
RECORD_BYTES: Final = 16_384  # of TLS; read whole, since what of one stays unread wakes nobody
REQUEST_S: Final = 10  # for a browser to have sent its request whole; then the connection ends
CONNECTIONS: Final = 200  # at once; beyond it the next one waits
PATH: Final = re.compile(r"/[A-Za-z0-9/._-]{0,120}")  # of our own pages; any other is not found, and not repeated
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


class Site:
    """What the threads of a page share: who may log in, one at a time, and the memory of wrong passwords.

    ``hosts``: what a browser may ask for in Host; a stranger's name that was made to point here is none of it.
    ``secure``: browsers reach it over TLS. ``near``: only they may that are in this home or on this machine.
    """

    def __init__(
        self, name: str, accounts: Accounts, hosts: frozenset[str], secure: bool, near: bool = False, csp: str = ""
    ) -> None:
        self.name, self.hosts, self.secure, self.near = name, hosts, secure, near
        self.cookie = "__Host-session" if secure else "session"
        self.headers = HEADERS | ({"Content-Security-Policy": csp} if csp else {})
        self.failures = Failures()
        for at, who, where in accounts.failures():
            self.failures.failed(who, where, at)
        self.guessing = threading.Lock()  # one password at a time: each costs 32 MiB
        self.lock = threading.Lock()
        self._accounts = accounts

    @contextmanager
    def accounts(self) -> Iterator[Accounts]:
        with self.lock:
            yield self._accounts


class Prompt(waitress.channel.HTTPChannel):  # type: ignore[misc]  # waitress ships no types
    """A connection whose time runs from a request's first byte, not from its latest: dripping does not keep it."""

    last_activity: float

    def handle_read(self) -> None:
        begun: float | None = self.last_activity if self.request is not None else None
        super().handle_read()
        if begun is not None and self.request is not None:
            self.last_activity = begun


class NotYet(Exception):
    """Of a TLS record or handshake only a part has come."""


class Sealed(Prompt):
    """The same inside TLS. waitress has none; its loop needs no more than to be told when there is nothing yet."""

    def handle_read(self) -> None:
        with suppress(NotYet):
            super().handle_read()

    def recv(self, size: int) -> bytes:
        try:
            return bytes(super().recv(size))
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise NotYet from None

    def send(self, data: bytes, do_close: bool = True) -> int:
        try:
            return int(super().send(data, do_close))
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0


def tls_of(certificate: str, key: str) -> ssl.SSLContext:
    """OSError if the two files are not there, or are no pair."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


def server(app: Flask, host: str, port: int, threads: int, tls: ssl.SSLContext | None = None) -> Any:
    """Listens on return, and serves while its ``run`` is running. OSError if it cannot listen there."""
    made: Any = waitress.create_server(
        app,
        host=host,
        port=port,
        threads=threads,
        ident=None,
        connection_limit=CONNECTIONS,
        max_request_body_size=MAX_BODY_BYTES,
        max_request_header_size=MAX_HEAD_BYTES,
        recv_bytes=RECORD_BYTES,
        channel_timeout=REQUEST_S,
        cleanup_interval=1,
        log_socket_errors=False,
        url_scheme="http" if tls is None else "https",
    )
    if not hasattr(made, "effective_port"):
        made.close()
        raise Refused(f"{host}: that name has several addresses; say which one")
    made.channel_class = Prompt if tls is None else partial(_sealed, tls)
    return made


def _sealed(tls: ssl.SSLContext, server: Any, sock: socket.socket, address: Any, bounds: Any, map: Any = None) -> None:
    try:
        inside = tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
    except OSError:  # it has gone again
        sock.close()
        return
    Sealed(server, inside, address, bounds, map)


def application(page: Blueprint, site: Site) -> Flask:
    """``page`` brings the folders of its templates and of what is static."""
    app = Flask(page.import_name)
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY_BYTES
    app.config["MAX_FORM_PARTS"] = 10
    app.config["SITE"] = site
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.before_request(_is_ours)
    app.register_blueprint(page)
    app.register_error_handler(HTTPException, _problem)
    app.register_error_handler(Refused, _out_of_order)
    app.after_request(_kept_safe)
    return app


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
        abort(403, "This page is for those who are in this home.")
    if request.environ.get("HTTP_HOST", "").lower() not in ours.hosts:
        abort(400, "This page is not served under that name.")
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
            abort(403, "That form was not filled in here.")


def _kept_safe(response: Response) -> Response:
    for name, value in site().headers.items():
        response.headers[name] = value
    response.headers["Cache-Control"] = "no-store" if request.endpoint != "static" else "no-cache"
    return response


def _problem(fault: HTTPException) -> tuple[str, int]:
    return render_template("problem.html", title=fault.name, wrong=fault.description), fault.code or 500


def _out_of_order(fault: Refused) -> tuple[str, int]:
    name = site().name
    print(f"{name}: the page: {fault}", file=sys.stderr, flush=True)
    return render_template(
        "problem.html", title="Out of order", wrong=f"What the {name} keeps cannot be used now."
    ), 503


def form(*names: str) -> list[str]:
    """The fields of a form of ours, exactly these; 400 or 403 otherwise."""
    if request.content_type != "application/x-www-form-urlencoded" or sorted(request.form) != sorted(names):
        abort(400, "That is not a form of this page.")
    if any(len(request.form.getlist(name)) != 1 for name in names):
        abort(400, "That is not a form of this page.")
    return [request.form[name] for name in names]


def logged_in(view: Callable[..., Any]) -> Callable[..., Any]:
    """Only for whoever is logged in; and what changes something only from a form of theirs."""

    @wraps(view)
    def guarded(**where: str) -> Any:
        if g.session is None:
            return redirect(url_for("page.login"), 303)
        if request.method == "POST" and request.form.get("csrf") != g.session.csrf:
            abort(403, "That form was not filled in here, or you have logged in anew since. Open the page again.")
        return view(**where)

    return guarded


# -- in and out --------------------------------------------------------------------------------------------------------


def log_in(within: str) -> Any:
    """The form with name and password: to the endpoint ``within`` with a session, or the form again with why not."""
    name, password = form("name", "password")
    ours, at, address = site(), now(), request.remote_addr or ""
    name = name[:32]
    who = token_hash(name)
    with ours.guessing:
        if ours.failures.must_wait(who, address, at):
            return render_template("login.html", wrong="Too many wrong passwords. Wait 15 minutes."), 429
        with ours.accounts() as accounts:
            salt, kept = accounts.secret(name)
        right = len(password) <= MOST_PASSWORD and matches(password, salt, kept)
        if not right:
            ours.failures.failed(who, address, at)
    with ours.accounts() as accounts:
        if not right:
            accounts.failed(name, address, at)
            return render_template("login.html", wrong="That name and password do not go together."), 403
        token = accounts.begin(name, at)
    return with_session(token, within)


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
