"""Who a hub is: told in hub.toml, by its certificate, or made once, and then the same for all its processes."""

import multiprocessing
import os
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from agent.hub import Hub, Local, Upstream
from agent.identity_io import hub_id
from agent.nouns import Refused

NAMELESS = Hub(None, "state", "home.toml", Local("localhost"), (Upstream("127.0.0.1", 1883),))
CERTIFIED = Hub(None, "state", "home.toml", Local("localhost"), (Upstream("c", 1, certificate="hub.pem"),))
STARTS = 20


def starts(folder: str, together: Barrier) -> None:
    """One process of a hub, started for the first time in one folder after the other."""
    for count in range(STARTS):
        here = Path(folder) / str(count)
        together.wait()
        (here / str(os.getpid())).write_text(hub_id(NAMELESS, here, here / "state"))


def test_two_processes_that_start_at_once_for_the_first_time_have_one_name(tmp_path: Path) -> None:
    for count in range(STARTS):
        (tmp_path / str(count)).mkdir()
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(2)
    both = [context.Process(target=starts, args=(str(tmp_path), together)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    for count in range(STARTS):
        names = {(tmp_path / str(count) / str(process.pid)).read_text() for process in both}
        assert names == {(tmp_path / str(count) / "state" / "hub.id").read_text().strip()}
        assert os.listdir(tmp_path / str(count) / "state") == ["hub.id"]


@pytest.mark.parametrize("text", ["", "Mum's hub\n", "x" * 33, "h\xfcb"])
def test_a_name_that_is_none_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "hub.id").write_bytes(text.encode("latin-1"))
    with pytest.raises(Refused, match=r"hub\.id: .*; set id in hub.toml") as refused:
        hub_id(NAMELESS, tmp_path, tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", [None, b"no certificate"])
def test_a_certificate_that_tells_no_name_is_refused_in_one_line(tmp_path: Path, text: bytes | None) -> None:
    if text is not None:
        (tmp_path / "hub.pem").write_bytes(text)
    with pytest.raises(Refused, match=r"hub\.pem"):
        hub_id(CERTIFIED, tmp_path, tmp_path)
