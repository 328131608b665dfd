"""The operators' page on the network: where it is served, and to whom."""

import os
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from agent.accounts_io import Accounts
from agent.mqtt_io import Broker
from agent.nouns import MINUTE_MS, Refused
from agent.pages_io import Pages
from agent.serving_io import server
from agent.web_io import NO_SCRIPTS, Site, application
from centre.answers_io import Answers
from centre.store_io import Store

THREADS: Final = 4
UNUSED_MS: Final = 15 * MINUTE_MS  # a session that nothing was asked with: the page, left open, asks every few seconds
CSP: Final = f"{NO_SCRIPTS}; script-src 'self'; connect-src 'self'"  # its list renews itself in place


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
        own = ("localhost", "127.0.0.1", "[::1]") if not self.exposed() else ()
        return frozenset(f"{name}:{self.port}" for name in (*own, *self.names)) | frozenset(self.names)


def accounts_of(store: Store) -> Accounts:
    return Accounts(store, "operator", UNUSED_MS)


class Desk(Site):
    """The centre's file, for the threads of the page one at a time."""

    def __init__(self, state: str, place: Place) -> None:
        self._store = Store(state, shared=True)
        self._answers = Answers(self._store)
        super().__init__("centre", accounts_of(self._store), place.hosts(), place.behind_proxy, csp=CSP)

    @contextmanager
    def at(self) -> Iterator[tuple[Store, Answers]]:
        with self.lock:
            yield self._store, self._answers


def show(page: Pages, state: str, place: Place) -> int:
    """Serve the page from threads of this process; returns the port. Refused or OSError if it cannot be.

    A page that fails as a whole takes the process with it: whoever starts it again starts both.
    """
    made = server(application(page, Desk(state, place)), place.host, place.port, THREADS)

    def run() -> None:
        try:
            made.run()
        finally:
            traceback.print_exc()
            print("centre: the page has ended, and the receiver with it", file=sys.stderr, flush=True)
            os._exit(1)

    threading.Thread(target=run, name="page", daemon=True).start()
    return int(made.effective_port)
