"""The set-up page as a process: it has the session of one installer, and ends by itself when that is over."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Final

from agent.clock_io import wall_ms
from agent.files_io import give_to_owner_of_folder
from agent.hub import EVERYWHERE, NEAR, Page
from agent.near import is_loopback
from agent.nouns import Instant, Refused
from agent.page.certificate_io import certificate_of, fingerprint
from agent.serving_io import Connections, own_address, server, tls_of
from agent.setup_io import Session
from agent.setup_page import people_io, things_io
from agent.setup_page.entry_io import Entry, as_read
from agent.setup_page.joining_io import Joining
from agent.setup_page.page_io import page as pages
from agent.web_io import NO_SCRIPTS, Site, application

PORT: Final = 8444  # the family's page has 8443
IDLE_S: Final = 3_600.0  # nobody is in for so long: the page ends
GOODBYE_S: Final = 3.0  # for the last answer to reach the browser
LOOK_S: Final = 1.0
THREADS: Final = 4
AT_ONCE: Final = Connections(most=40, of_one=12)  # a browser opens six
BODY_BYTES: Final = 262_144  # three files of a centre, 64 KiB each at most, in one form
PARTS: Final = (things_io, people_io)  # they add their steps to the pages
CSP: Final = f"{NO_SCRIPTS}; script-src 'self'; connect-src 'self'"  # what joins shows itself in place


class Desk(Site):
    """What the threads of the page share. ``working``: the session, for one of them at a time, to change something; to
    show it no lock is needed, since a Setup never changes."""

    def __init__(self, session: Session, page: Page, tell: Callable[[str], None]) -> None:
        self.entry = Entry()
        super().__init__("set-up", self.entry, page.hosts, page.secure, near=True, csp=CSP, body_bytes=BODY_BYTES)
        self.session, self.page, self.tell = session, page, tell
        self.said = ""  # what was just done, until it is shown
        self.over = threading.Event()
        self._working = threading.Lock()
        self.joining = Joining(session, self._working)

    @contextmanager
    def working(self) -> Iterator[Session]:
        with self._working:
            yield self.session

    def tell_code(self) -> None:
        self.tell(f"code: {as_read(self.entry.code)}   (good once)")

    def free_if_unused(self) -> None:
        with self.lock:
            freed = self.entry.freed(Instant(wall_ms()))
        if freed:
            self.joining.end()
            self.tell("the installer has asked for nothing for long: whoever goes on needs a new code")
            self.tell_code()


def place(session: Session, asked: str) -> Page:
    """Where the page is served: where the family's page is, or is to be, unless an address is asked for. Refused for
    what is no address of a home's network or of this machine; for every address, unless browsers' names are known."""
    told = session.setup.page
    own, names = (told.address, told.names) if told is not None else (own_address(), ())
    host, colon, port = asked.rpartition(":") if asked.count(":") == 1 or "]" in asked else (asked, "", "")
    if colon and not (port.isascii() and port.isdecimal() and 0 < int(port) < 65_536):
        raise Refused(f"--page {asked[:60]}: expected ADDRESS or ADDRESS:PORT")
    address = host.strip("[]") or own
    if NEAR.read(address) is None or (address in EVERYWHERE and not names):
        raise Refused(f"--page {asked[:60]}: expected one address of this hub in the home's own network, or 127.0.0.1")
    return Page(address, int(port) if colon else PORT, () if is_loopback(address) else names)


def serve(config: Path, asked: str, tell: Callable[[str], None]) -> bool:
    """Until set-up is done, or nobody comes any more; whether home.toml is written. Refused if it cannot be."""
    with Session(config) as session:
        page = place(session, asked)
        tls = None
        if page.secure:
            state = config.parent / session.setup.state
            state.mkdir(parents=True, exist_ok=True)
            files = certificate_of(state, (page.address, *page.names))
            give_to_owner_of_folder(*map(Path, files))
            tls = tls_of(*files)
        desk = Desk(session, page, tell)
        try:
            made = server(application(pages, desk), page.address, page.port, THREADS, tls, AT_ONCE, BODY_BYTES)
        except OSError as fault:
            raise Refused(f"--page {page.address}:{page.port}: {fault.strerror}") from None
        serving = threading.Thread(target=made.run, name="serving", daemon=True)
        serving.start()
        tell(f"set-up page: {page.url}")
        if page.secure:
            tell(f"certificate: {fingerprint(Path(files[0]))}")
        desk.tell_code()
        try:
            _until_over(desk, serving)
        finally:
            desk.joining.end()
            made.close()
        _goodbye(made)
        return bool(session.view()["written"])


def _until_over(desk: Desk, serving: threading.Thread) -> None:
    since_s = monotonic()
    while not desk.over.wait(LOOK_S):
        if not serving.is_alive():
            raise Refused("the page has ended by a fault of its own; start it again: all that was said is kept")
        desk.free_if_unused()
        if desk.entry.holder is not None:
            since_s = monotonic()
        elif monotonic() - since_s > IDLE_S:
            desk.tell("nobody has come for an hour: the page has ended; all that was said is kept")
            return


def _goodbye(made: Any) -> None:
    """The last answers are sent."""
    end_s = monotonic() + GOODBYE_S
    while made.active_channels and monotonic() < end_s:
        threading.Event().wait(0.05)
