"""Keys in files: made once, whole, and for their owner's eyes only; and the commands that need them."""

import argparse
import os
import stat
from pathlib import Path

import pytest

from agent.commands import centre
from agent.commands.asking import Refused
from agent.transport.keys_io import BadKey, common_name, public_path, signer, verifier
from tests.brokers import Authority


def test_a_hub_makes_its_key_once_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    path = str(tmp_path / "hub.key")
    first, second = signer(path), signer(path)
    assert first(b"x") == second(b"x")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert verifier(public_path(path))(first(b"x"), b"x")
    assert not verifier(public_path(path))(first(b"x"), b"y")
    assert sorted(os.listdir(tmp_path)) == ["hub.key", "hub.pub"]


def test_a_public_half_that_was_lost_is_written_again(tmp_path: Path) -> None:
    sign = signer(str(tmp_path / "hub.key"))
    (tmp_path / "hub.pub").unlink()
    signer(str(tmp_path / "hub.key"))
    assert verifier(str(tmp_path / "hub.pub"))(sign(b"x"), b"x")


def test_a_lost_key_is_not_silently_made_anew(tmp_path: Path) -> None:
    path = str(tmp_path / "hub.key")
    with pytest.raises(BadKey, match=r"hub\.key: the key is gone"):
        signer(path, may_make=False)
    assert os.listdir(tmp_path) == []
    signer(path)
    signer(path, may_make=False)
    os.unlink(path)
    with pytest.raises(BadKey, match=r"put it back from a copy.*hub\.pub"):
        signer(path)  # the public half is pinned somewhere, and nobody who pinned it would believe another
    assert os.listdir(tmp_path) == ["hub.pub"]


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    signer(str(tmp_path / "hub.key"))
    (tmp_path / "hub.key").chmod(0o640)
    with pytest.raises(BadKey, match="chmod 600"):
        signer(str(tmp_path / "hub.key"))


@pytest.mark.parametrize("text", ["", "short", "A" * 44, "\x00" * 43, "A" * 10_000])
def test_a_file_that_is_no_key_is_refused_and_not_written_over(tmp_path: Path, text: str) -> None:
    for name in ("hub.key", "centre.pub"):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    with pytest.raises(BadKey, match=r"hub\.key"):
        signer(str(tmp_path / "hub.key"))
    with pytest.raises(BadKey, match=r"centre\.pub"):
        verifier(str(tmp_path / "centre.pub"))
    assert (tmp_path / "hub.key").read_text() == text


def test_a_hubs_name_can_be_read_from_its_certificate(tmp_path: Path) -> None:
    certificate, key = Authority(tmp_path / "tls").issue("elm-12")
    assert common_name(certificate) == "elm-12"
    with pytest.raises(BadKey, match="not a PEM certificate"):
        common_name(key)


def run(*words: str) -> int:
    top = argparse.ArgumentParser()
    centre.register(top.add_subparsers())
    asked = top.parse_args(["centre", *words])
    return int(asked.run(asked))


def test_a_centre_makes_its_key_and_shows_the_half_to_pin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("keygen", "--signing-key", str(tmp_path / "centre.key")) == 0
    assert capsys.readouterr().out == (tmp_path / "centre.pub").read_text()
    with pytest.raises(Refused, match="nowhere"):
        run("keygen", "--signing-key", str(tmp_path / "nowhere" / "centre.key"))


def test_a_desk_that_cannot_be_set_up_gets_one_clear_line(tmp_path: Path) -> None:
    key = ["--signing-key", str(tmp_path / "centre.key"), "--state", str(tmp_path / "centre.db")]
    with pytest.raises(Refused, match="no such folder"):
        run("serve", "--host", "127.0.0.1", "--hubs", str(tmp_path / "hubs"), *key)
    with pytest.raises(Refused, match="without TLS"):
        run("serve", "--host", "192.0.2.1", "--hubs", str(tmp_path), *key)
    (tmp_path / "centre.db").write_bytes(b"not a database" * 100)
    with pytest.raises(Refused, match="not a database"):
        run("serve", "--host", "127.0.0.1", "--hubs", str(tmp_path), *key)
