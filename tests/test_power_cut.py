"""The power goes at any moment: what was told is on the disk, and no number is used again.

Images of the disk hold what was synced and, of what was written after that, any sectors at all. kill -9 cannot show
what these show: there the kernel still writes everything.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.damage import memory
from bench.power import cut, recorded

IMAGES = int(os.environ.get("HEARTHWATCH_CUTS", "1000"))


@pytest.fixture
def folder() -> Iterator[Path]:
    if shutil.which("strace") is None:
        pytest.skip("no strace here: what a hub writes cannot be recorded")
    with tempfile.TemporaryDirectory(dir=memory()) as found:
        yield Path(found)


def test_a_power_cut_at_any_moment_loses_no_alert_that_anybody_was_told_of(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base, ops = recorded(folder, "FULL")
    assert sum(op.kind == "sync" for op in ops) > 100, "the recording is whole"
    found = cut(base, ops, IMAGES, seed=1, work=folder / "work")
    assert not found.bad, found.first
    assert not found.from_outbox, "the journal alone held everything that was told"
    with capsys.disabled():
        print(f"\n{IMAGES} power cuts in {len(ops)} operations: nothing lost, no number twice")


def test_without_the_sync_of_an_alert_the_same_cuts_lose_alerts(folder: Path) -> None:
    """The control: were this not so, the test above would prove nothing."""
    base, ops = recorded(folder, "NORMAL")
    bad = 0
    for seed in range(1, 9):  # in about one of a hundred both copies are caught, by how busy the machine is
        found = cut(base, ops, 200, seed=seed, work=folder / f"work{seed}")
        assert found.from_outbox + found.bad > 60, "the journal alone has lost what was told"
        bad += found.bad
        if bad:
            break
    assert bad, "and not even the second copy, which is synced after the knock, has all of it"
