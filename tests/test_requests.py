"""What people ask of a hub that runs: whose requests are heeded, and which are too old to be meant."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from agent.line_io import Line
from agent.live_io import Frames, frame_queue
from agent.nouns import Refused
from agent.requests_io import FRESH_MS, ask
from tests.brokers import LONG_S
from tests.test_apart import OTHER, as_root

WALK: Final[dict[str, object]] = {"seconds": 3_600, "by": "Ines"}


@contextmanager
def heeding(state: Path) -> Iterator[Frames]:
    frames = frame_queue()
    line = Line(state, state / "memory", [None], frames, lambda: None, 0.05)
    line.start()
    try:
        yield frames
    finally:
        line.stop()


def asked(state: Path, what: str, said: dict[str, object]) -> Path:
    ask(state, what, said)
    (path,) = (state / "requests").iterdir()
    return path


def heeded(state: Path) -> list[str]:
    """What was done of all that lies there. The last is looked at when those before it have been."""
    (state / "requests" / "~.json").write_text('{"what": "last"}')
    said: list[str] = []
    with heeding(state) as frames:
        while "last" not in said:
            frame = frames.get(timeout=LONG_S)
            assert frame is not None
            said.append(frame.address)
    return said[:-1]


@as_root
def test_somebody_whom_the_hub_would_not_heed_is_told_so_at_once(tmp_path: Path) -> None:
    os.seteuid(OTHER)
    try:
        with pytest.raises(Refused, match="another user's, who would not heed this: use sudo"):
            ask(tmp_path, "pause", {"until_ms": 1 << 52})
    finally:
        os.seteuid(0)


@as_root
@pytest.mark.parametrize(
    ("what", "said", "does"),
    [
        ("walk", WALK, False),
        ("walk", {"step": "press", "of": "pendant"}, False),
        ("test_call", {}, False),
        ("pause", {"until_ms": 1 << 52}, False),
        ("consent", {"given": True}, False),
        ("consent", {"given": False}, True),
    ],
)
def test_the_page_may_withdraw_consent_and_ask_nothing_else(
    what: str, said: dict[str, object], does: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = asked(tmp_path, what, said)
    os.chown(path, OTHER, OTHER)
    assert heeded(tmp_path) == ([what] if does else [])
    assert path.exists() == does  # what is heeded stays until it is in the journal
    assert ("is not heeded" in capfd.readouterr().err) != does


@pytest.mark.parametrize(
    ("what", "said", "does"),
    [
        ("walk", WALK, False),
        ("walk", {"step": "press", "of": "pendant"}, False),
        ("test_call", {}, False),
        ("walk", {"seconds": 0}, True),
        ("pause", {"until_ms": 1 << 52}, True),
        ("consent", {"given": False}, True),
    ],
)
@pytest.mark.parametrize("by_ms", [-FRESH_MS - 5_000, FRESH_MS + 5_000], ids=["old", "before the clock was set"])
def test_a_walk_that_nobody_heard_of_does_not_begin_when_nobody_walks_any_more(
    what: str, said: dict[str, object], does: bool, by_ms: int, tmp_path: Path
) -> None:
    path = asked(tmp_path, what, said)
    at = path.stat().st_mtime_ns + by_ms * 1_000_000
    os.utime(path, ns=(at, at))
    assert heeded(tmp_path) == ([what] if does else [])


def test_who_asks_now_is_heeded(tmp_path: Path) -> None:
    for what, said in (("walk", WALK), ("test_call", {})):
        ask(tmp_path, what, said)
    assert sorted(heeded(tmp_path)) == ["test_call", "walk"]


def test_a_pipe_that_is_laid_there_holds_up_nobody(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "requests").mkdir()
    os.mkfifo(tmp_path / "requests" / "0.json")
    ask(tmp_path, "consent", {"given": False})
    assert heeded(tmp_path) == ["consent"]
    assert "0.json cannot be read: it is no file" in capfd.readouterr().err
