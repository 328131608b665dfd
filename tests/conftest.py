"""What all tests share: where the real homes are, and saying last what was skipped and why."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from agent.transport.keys_io import signer
from tests.desk_maker import Desk
from tests.hub_maker import Hub

ROOT = Path(__file__).parent.parent
settings.register_profile("house", deadline=None)  # no test fails because the machine is busy
settings.load_profile("house")


@pytest.fixture(scope="session", autouse=True)
def _runtime_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What a hub keeps in memory is kept apart from that of a hub on this machine, and goes with the tests."""
    os.environ["XDG_RUNTIME_DIR"] = str(tmp_path_factory.mktemp("runtime"))


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """The hub's end of a line: its outbox and keys, pinned at a centre in the same folder."""
    found = Hub(tmp_path)
    signer(str(tmp_path / "centre.key"))
    found.pin_at(tmp_path)
    yield found
    found.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A centre without a page: broker, receiver, operators."""
    with Desk(tmp_path, page=False) as found:
        yield found


@pytest.fixture(scope="session")
def hearthwatch_data() -> Path:
    """The folder of real homes and device definitions: HEARTHWATCH_DATA, by default ../shared/data."""
    folder = Path(os.environ.get("HEARTHWATCH_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no real homes here: set HEARTHWATCH_DATA to the folder that holds tihm/")
    return folder


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped: dict[str, list[str]] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        skipped.setdefault(reason.removeprefix("Skipped: "), []).append(report.nodeid)
    if skipped:
        terminalreporter.section("not run here, and why")
    for reason, tests in sorted(skipped.items()):
        terminalreporter.line(f"{reason}")
        for test in tests:
            terminalreporter.line(f"    {test}")
