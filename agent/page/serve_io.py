"""The process that families look at: it reads the journal and its own book, and talks to nobody but browsers nearby."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from agent.hub import Hub, Page
from agent.nouns import Refused
from agent.page.certificate_io import certificate_of, fingerprint
from agent.page.family_io import Family
from agent.page.home_io import AtHome
from agent.page.page_io import page as pages
from agent.serving_io import Connections, server, tls_of
from agent.web_io import Site, application

THREADS: Final = 2  # a family is small; what more ask at once waits its turn
# Of malloc.h, (M_ARENA_MAX, 1), (M_MMAP_THRESHOLD, 256 KiB), (M_TRIM_THRESHOLD, 128 KiB): one heap for all threads, and
# what a password or a month once needed goes back.
MALLOC: Final = ((-8, 1), (-3, 1 << 18), (-1, 1 << 17))
AT_ONCE: Final = Connections(most=60, of_one=12, asks=60, a_second=4)  # a browser opens six; a page is two requests
NICE: Final = 10  # an alert goes before a page, however many ask for one


class HomeSite(Site):
    """The pages of one home, for the threads that serve them."""

    def __init__(self, page: Page, home: AtHome, family: Family) -> None:
        super().__init__("page", family.accounts, page.hosts, page.secure, near=True)
        self.home = home
        self._family = family

    @contextmanager
    def family(self) -> Iterator[Family]:
        with self.lock:
            yield self._family


def serve(hub: Hub, page: Page, folder: Path, state: Path) -> None:
    """For ever. Refused if it cannot be served there."""
    os.nice(NICE)
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # it never cuts in
    for option, value in MALLOC:
        ctypes.CDLL(None).mallopt(option, value)
    home = AtHome(folder / hub.home, state, hub.simulation is not None)
    family = Family(state, shared=True)
    tls = None
    if page.secure:
        certificate, key = certificate_of(state, (page.address, *page.names))
        tls = tls_of(certificate, key)
        _say(f"certificate {fingerprint(Path(certificate))}")
    try:
        made = server(application(pages, HomeSite(page, home, family)), page.address, page.port, THREADS, tls, AT_ONCE)
    except OSError as fault:
        raise Refused(f"[page] {page.address}:{page.port}: {fault.strerror}") from None
    _say(page.url)
    home.count_ahead()
    made.run()


def _say(line: str) -> None:
    print(f"page: {line}", file=sys.stderr, flush=True)
