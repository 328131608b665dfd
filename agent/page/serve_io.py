"""The process that families look at: it reads the journal and its own book, and talks to nobody but browsers nearby."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from agent.hub import Hub, Page
from agent.nouns import Refused
from agent.page.certificate_io import certificate_of, fingerprint
from agent.page.family_io import Family
from agent.page.home_io import AtHome
from agent.page.page_io import page as pages
from agent.serving_io import Connections, coming_round, server, tls_of
from agent.summary.words_io import languages, words
from agent.watchdog_io import Watchdog, round_s
from agent.web_io import Site, application

THREADS: Final = 2  # a family is small; what more ask at once waits its turn
# Of malloc.h, (M_ARENA_MAX, 1), (M_MMAP_THRESHOLD, 256 KiB), (M_TRIM_THRESHOLD, 128 KiB): one heap for all threads, and
# what a password or a month once needed goes back.
MALLOC: Final = ((-8, 1), (-3, 1 << 18), (-1, 1 << 17))
# A browser opens six; a page is two requests, on as many connections. With nice 10 alone the first sixty requests of a
# flood cost an alert 2 ms of its p99; were the page always to give way, it would take ten seconds on a busy machine.
AT_ONCE: Final = Connections(most=60, of_one=12, asks=120, a_second=8, crowd=1)
NICE: Final = 10  # an alert goes before a page


class HomeSite(Site):
    """The pages of one home, for the threads that serve them."""

    def __init__(self, page: Page, home: AtHome, family: Family, fingerprint: str | None = None) -> None:
        """``fingerprint``: of the certificate, for whoever is invited; None: there is none."""
        refusals = home.catalogue.table("refused")
        super().__init__("page", family.accounts, page.hosts, page.secure, near=True, refusals=refusals)
        self.home, self.url, self.fingerprint = home, page.url, fingerprint
        self._family = family

    @contextmanager
    def family(self) -> Iterator[Family]:
        with self.lock:
            yield self._family


def serve(hub: Hub, page: Page, folder: Path, state: Path) -> None:
    """For ever. Refused if it cannot be served there. It gives systemd a sign of life when the loop that hears browsers
    and the threads that answer them have come round."""
    os.nice(NICE)
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # it never cuts in
    for option, value in MALLOC:
        ctypes.CDLL(None).mallopt(option, value)
    if page.language not in languages():
        raise Refused(f"[page] language: there are words in {', '.join(languages())}, and none in {page.language!r}")
    home = AtHome(folder / hub.home, state, hub.simulation is not None, words(page.language))
    own = folder / page.state if page.state else state
    family = Family(own, shared=True)
    tls, shown = None, None
    if page.secure:
        certificate, key = certificate_of(own, (page.address, *page.names))
        tls = tls_of(certificate, key)
        shown = fingerprint(Path(certificate))
        _say(f"certificate {shown}")
    app = application(pages, HomeSite(page, home, family, shown))
    try:
        made = server(app, page.address, page.port, THREADS, tls, AT_ONCE)
    except OSError as fault:
        raise Refused(f"[page] {page.address}:{page.port}: {fault.strerror}") from None
    _say(page.url)
    home.count_ahead()
    dog = Watchdog("page", ["answers"], hub.stall_s, sign=lambda: None)
    coming_round(made, partial(dog.advanced, "answers"), round_s(hub.stall_s))
    made.run()


def _say(line: str) -> None:
    print(f"page: {line}", file=sys.stderr, flush=True)
