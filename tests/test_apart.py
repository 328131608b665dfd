"""A hub whose processes are users of their own: each folder says who may use what is made in it."""

import os
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from agent.book_io import Book
from agent.certificate_io import write_sheet
from agent.files_io import write_whole
from agent.home import parse
from agent.journal_file_io import JournalError, Written
from agent.journal_io import Journal
from agent.nouns import Instant
from agent.provision.walk_file import Walked
from agent.transport.door_io import Door, knock
from agent.transport.keys_io import signer
from agent.transport.outbox_io import Outbox
from agent.transport.outboxes_io import make_private, volatile_folder
from agent.walk_io import keep
from tests.brokers import until
from tests.living_hub import HOME
from tests.page_maker import HubPage
from tests.test_packages import HUB
from tests.test_units import lines

OTHER = 61_234  # a user and a group that nobody else is
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")


@pytest.fixture
def shut_mask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A folder that any user can reach."""
    with TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        yield Path(place)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def as_other(does: Callable[[], object], *groups: int) -> bool:
    """Whether another user, of these groups, can do that."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups(groups)
            os.setresgid(OTHER, OTHER, OTHER)
            os.setresuid(OTHER, OTHER, OTHER)
            does()
            code = 0
        except (OSError, JournalError):
            code = 2
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code != 1, "it failed for another reason than what it may"
    return code == 0


@pytest.mark.usefixtures("shut_mask")
def test_an_outbox_is_for_whoever_its_folder_is_for(tmp_path: Path) -> None:
    for folder_mode, file_mode in ((0o2770, 0o660), (0o755, 0o644), (0o700, 0o600)):
        folder = tmp_path / f"{folder_mode:o}"
        folder.mkdir()
        folder.chmod(folder_mode)
        with closing(Outbox(str(folder / "outbox.db"))):
            assert mode(folder / "outbox.db") == file_mode
            assert mode(folder / "outbox.db-wal") == file_mode


@pytest.mark.usefixtures("shut_mask")
def test_whoever_may_come_to_a_door_may_knock(tmp_path: Path) -> None:
    with closing(Door(str(tmp_path / "door"))) as door:
        assert mode(tmp_path / "door") == 0o777
        assert knock(str(tmp_path / "door"))
        assert door.clear()


@pytest.mark.usefixtures("shut_mask")
def test_what_is_in_memory_is_for_whoever_its_place_is_for(tmp_path: Path) -> None:
    for place_mode, folder_mode in ((0o2770, 0o2770), (0o755, 0o700)):
        place = tmp_path / f"{place_mode:o}"
        place.mkdir()
        place.chmod(place_mode)
        folder = volatile_folder("/var/lib/hearthwatch", str(place))
        make_private(folder)
        assert mode(folder) == folder_mode


@as_root
def test_what_root_makes_in_somebodys_folder_is_theirs(tmp_path: Path) -> None:
    os.chown(tmp_path, OTHER, OTHER)
    write_whole(tmp_path / "page.pem", b"x")
    signer(str(tmp_path / "hub.key"))
    Book(str(tmp_path / "page.db"), "").close()
    Outbox(str(tmp_path / "outbox.db")).close()
    for name in ("page.pem", "hub.key", "hub.pub", "page.db", "outbox.db"):
        found = (tmp_path / name).stat()
        assert (found.st_uid, found.st_gid) == (OTHER, OTHER), name


def test_what_was_found_of_a_home_is_for_whoever_set_it_up(tmp_path: Path) -> None:
    write_sheet(parse(HOME), tmp_path / "privacy.html")
    keep(Walked("", "Ines", Instant(0), Instant(0), (), (), None), tmp_path / "home.toml")
    assert {path.name: mode(path) for path in tmp_path.iterdir()} == {"privacy.html": 0o600, "walk.json": 0o600}


def _journal(place: Path, group: int) -> Path:
    """As watch leaves it on an installed hub: its folder is another's, who may read what is in it."""
    folder = place / "state"
    folder.mkdir()
    before = os.umask(0o027)
    try:
        os.chown(folder, 0, group)
        folder.chmod(0o2751)
        Journal(folder / "journal.db").close()
    finally:
        os.umask(before)
    return folder / "journal.db"


def looked_at(path: Path) -> Callable[[], object]:
    def look() -> None:
        journal = Written(path, read_only=True)
        assert list(journal.rows("SELECT count(*) FROM batch")) == [(0,)]
        journal.close()

    return look


@as_root
def test_a_page_that_may_only_read_sees_the_journal_of_a_hub_that_runs_and_of_one_that_does_not(
    open_place: Path,
) -> None:
    path = _journal(open_place, OTHER + 1)
    assert as_other(looked_at(path), OTHER + 1), "nobody writes, and there is no log"
    with closing(Journal(path)) as journal:
        list(journal.alerts())
        assert path.with_name("journal.db-wal").exists()
        assert as_other(looked_at(path), OTHER + 1), "the hub runs"
    assert as_other(looked_at(path), OTHER + 1), "it has ended"


@as_root
def test_whoever_may_not_know_the_home_cannot_look_at_its_journal(open_place: Path) -> None:
    path = _journal(open_place, OTHER + 1)
    assert not as_other(looked_at(path))
    assert not as_other(lambda: os.listdir(path.parent))
    assert not as_other(lambda: path.open("r+b").close(), OTHER + 1), "who may look may not write"


def test_the_page_tells_systemd_that_it_is_there_and_goes_on(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("told")
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)) as line:
        line.bind(str(folder / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(folder / "notify"))
        heard: list[bytes] = []

        def hears(word: bytes) -> bool:
            with suppress(BlockingIOError):
                heard.append(line.recv(100))
            return any(word in said for said in heard)

        page = HubPage(folder, count=2)
        config = folder / "hub.toml"
        config.write_text(config.read_text().replace("[hub]\n", "[hub]\nstall_seconds = 3\n"))
        with page:
            until(lambda: hears(b"READY=1\nWATCHDOG=1"), "the first sign of life")
            heard.clear()
            until(lambda: hears(b"WATCHDOG=1"), "the next")


def test_the_rules_come_back_when_the_machines_own_are_loaded_anew() -> None:
    units = HUB / "lib/systemd/system"
    egress, theirs = units / "hearthwatch-egress.service", units / "nftables.service.d/hearthwatch.conf"
    assert "nftables.service" in lines(egress, "After")
    assert lines(egress, "ExecReload") == lines(egress, "ExecStart")
    for when in ("ExecStartPost", "ExecReload", "ExecStopPost"):  # a start alone would take ours away, and so a stop
        assert lines(theirs, when) == [f"-systemctl --no-block try-reload-or-restart {egress.name}"]
