"""The operators' page on the network: where it is served, to whom, and what is refused before it is looked at.

What a browser sends is hostile until it is shown to be ours: the host that it asks for, the length, the time that it
takes, the session, the form's token.
"""

import os
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

import waitress
import waitress.channel
from flask import Blueprint, Flask, Response, abort, current_app, g, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from agent.mqtt_io import Broker
from agent.nouns import Refused
from centre.accounts_io import Accounts
from centre.answers_io import Answers
from centre.operators import Failures
from centre.store_io import Fault, Store, now

MAX_BODY_BYTES: Final = 8_192  # of a form; a longer one is refused
MAX_HEAD_BYTES: Final = 16_384  # of a request's head; a longer one is refused
REQUEST_S: Final = 10  # for a browser to have sent its request whole; then the connection ends
CONNECTIONS: Final = 200  # at once; beyond it the next one waits
THREADS: Final = 4
PATH: Final = re.compile(r"/[A-Za-z0-9/._-]{0,120}")  # of our own pages; any other is not found, and not repeated
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';"
    " img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the page is served, and by which names browsers may ask for it. Another address than this machine's own
    only with a proxy before it that brings TLS. Refused otherwise."""

    host: str
    port: int
    names: tuple[str, ...] = ()
    behind_proxy: bool = False

    def __post_init__(self) -> None:
        if self.exposed() and not self.behind_proxy:
            raise Refused(
                f"--page {self.host}: passwords would cross the network in the clear; serve the page on 127.0.0.1, or"
                " put a proxy with TLS before it and say --behind-proxy"
            )
        if self.behind_proxy and not self.names:
            raise Refused("--behind-proxy: say by which name browsers reach the proxy: --page-name NAME")

    def exposed(self) -> bool:
        """Whether others than this machine can reach it."""
        return Broker(self.host, self.port).exposed()

    @property
    def address(self) -> str:
        return f"https://{self.names[0]}/" if self.behind_proxy else f"http://{self.host}:{self.port}/"

    def hosts(self) -> frozenset[str]:
        """What a browser may ask for in Host; a stranger's name that was made to point here is none of it."""
        own = ("localhost", "127.0.0.1", "[::1]") if not self.exposed() else ()
        return frozenset(f"{name}:{self.port}" for name in (*own, *self.names)) | frozenset(self.names)


class Desk:
    """What the threads of the page share: the file, one at a time, and the memory of wrong passwords."""

    def __init__(self, state: str, place: Place) -> None:
        self.place, self.hosts = place, place.hosts()
        self.cookie = "__Host-session" if place.behind_proxy else "session"
        self.failures = Failures()
        self.guessing = threading.Lock()  # one password at a time: each costs 32 MiB
        self._store = Store(state, shared=True)
        self._accounts, self._answers = Accounts(self._store), Answers(self._store)
        self._lock = threading.Lock()

    @contextmanager
    def at(self) -> Iterator[tuple[Store, Accounts, Answers]]:
        with self._lock:
            yield self._store, self._accounts, self._answers


class Prompt(waitress.channel.HTTPChannel):  # type: ignore[misc]  # waitress ships no types
    """A connection whose time runs from a request's first byte, not from its latest: dripping does not keep it."""

    last_activity: float

    def handle_read(self) -> None:
        begun: float | None = self.last_activity if self.request is not None else None
        super().handle_read()
        if begun is not None and self.request is not None:
            self.last_activity = begun


def show(page: Blueprint, state: str, place: Place) -> int:
    """Serve the page from threads of this process; returns the port. Refused or OSError if it cannot be.

    A page that fails as a whole takes the process with it: whoever starts it again starts both.
    """
    server: Any = waitress.create_server(
        application(page, state, place),
        host=place.host,
        port=place.port,
        threads=THREADS,
        ident=None,
        connection_limit=CONNECTIONS,
        max_request_body_size=MAX_BODY_BYTES,
        max_request_header_size=MAX_HEAD_BYTES,
        channel_timeout=REQUEST_S,
        cleanup_interval=1,
    )
    server.channel_class = Prompt

    if not hasattr(server, "effective_port"):
        raise Refused(f"--page {place.host}: that name has several addresses; say which one")

    def run() -> None:
        try:
            server.run()
        finally:
            traceback.print_exc()
            print("centre: the page has ended, and the receiver with it", file=sys.stderr, flush=True)
            os._exit(1)

    threading.Thread(target=run, name="page", daemon=True).start()
    return int(server.effective_port)


def application(page: Blueprint, state: str, place: Place) -> Flask:
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY_BYTES
    app.config["MAX_FORM_PARTS"] = 10
    app.config["DESK"] = Desk(state, place)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.before_request(_is_ours)
    app.register_blueprint(page)
    app.register_error_handler(HTTPException, _problem)
    app.register_error_handler(Fault, _out_of_order)
    app.after_request(_sealed)
    return app


def desk() -> Desk:
    found: Desk = current_app.config["DESK"]
    return found


# -- what is ours and what is not --------------------------------------------------------------------------------------


def _is_ours() -> None:
    g.session = None
    if request.environ.get("HTTP_HOST", "").lower() not in desk().hosts:
        abort(400, "This page is not served under that name.")
    if not PATH.fullmatch(request.path) or request.query_string:
        abort(404)
    if request.method not in ("GET", "HEAD", "POST"):
        abort(405)
    token = request.cookies.get(desk().cookie, "")
    if token:
        with desk().at() as (_, accounts, _):
            g.session = accounts.find(token, now())
    if request.method == "POST":
        scheme = "https" if desk().place.behind_proxy else "http"
        if request.headers.get("Origin") not in (None, f"{scheme}://{request.environ['HTTP_HOST']}"):
            abort(403, "That form was not filled in here.")


def _sealed(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers[name] = value
    response.headers["Cache-Control"] = "no-store" if request.endpoint != "static" else "no-cache"
    return response


def _problem(fault: HTTPException) -> tuple[str, int]:
    return render_template("problem.html", title=fault.name, words=fault.description), fault.code or 500


def _out_of_order(fault: Fault) -> tuple[str, int]:
    print(f"centre: the page: {fault}", file=sys.stderr, flush=True)
    return render_template("problem.html", title="Out of order", words="The centre's file cannot be used now."), 503


def form(*names: str) -> list[str]:
    """The fields of a form of ours, exactly these; 400 or 403 otherwise."""
    if request.content_type != "application/x-www-form-urlencoded" or sorted(request.form) != sorted(names):
        abort(400, "That is not a form of this page.")
    if any(len(request.form.getlist(name)) != 1 for name in names):
        abort(400, "That is not a form of this page.")
    return [request.form[name] for name in names]


def for_operators(view: Callable[..., Any]) -> Callable[..., Any]:
    """Only for whoever is logged in; and what changes something only from a form of theirs."""

    @wraps(view)
    def guarded(**where: str) -> Any:
        if g.session is None:
            return redirect(url_for("page.login"), 303)
        if request.method == "POST" and request.form.get("csrf") != g.session.csrf:
            abort(403, "That form was not filled in here, or you have logged in anew since. Open the page again.")
        return view(**where)

    return guarded
