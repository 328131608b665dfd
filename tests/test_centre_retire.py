"""A centre that is brought a hub's last word: the hub's key is believed no more, if the hub itself signed that."""

from pathlib import Path

import pytest

from agent.__main__ import main
from agent.transport.keys_io import certificate
from centre.store_io import Store, now
from tests.test_erase import erased, inhabited, with_line


def centre(folder: Path, hub: Path) -> list[str]:
    """A centre that has pinned this hub, and the words of its command."""
    (folder / "hubs").mkdir()
    (folder / "hubs" / "hub-7.pub").write_bytes((hub / "state" / "hub.pub").read_bytes())
    store = Store(str(folder / "centre.db"))
    store.expect({"hub-7"}, now())
    store.close()
    words = ["centre", "retire", str(hub / "retire.json"), "--hubs", str(folder / "hubs")]
    return [*words, "--state", str(folder / "centre.db")]


def audit(folder: Path) -> list[str]:
    store = Store(str(folder / "centre.db"), may_make=False)
    found = [str(what) for (what,) in store.ask("SELECT what FROM audit WHERE hub='hub-7'")]
    assert store.first_broken() is None
    assert found == [] or not store.ask("SELECT name FROM hub")  # nothing is expected of a hub that was taken out
    store.close()
    return found


def test_a_centre_takes_the_hub_out_with_a_line_in_its_audit_and_names_what_to_revoke(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "hub"
    home.mkdir()
    config, _ = with_line(home)
    serial = f"{certificate(str(home / 'tls' / 'hub-7.crt')).serial:x}"
    words = centre(tmp_path, home)
    assert erased(config, home / "retire.json", "--yes") == 0
    assert main(words) == 0
    assert f"revoke certificate {serial}" in capsys.readouterr().out
    assert list((tmp_path / "hubs").iterdir()) == []
    (line,) = audit(tmp_path)
    assert line.startswith("took the hub out: it was erased at 20")
    assert main(words) == 2  # taken out once
    assert "not pinned here" in capsys.readouterr().err
    assert len(audit(tmp_path)) == 1


def test_a_request_that_the_hub_did_not_sign_takes_nobody_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "hub"
    home.mkdir()
    config = inhabited(home)
    words = centre(tmp_path, home)
    assert erased(config, home / "retire.json", "--yes") == 0
    good = (home / "retire.json").read_bytes()
    forgeries = [good.replace(b'"clock":"', b'"clock":"x'), good.replace(b"hub-7", b"hub-8"), good[:-40], b"", b"[]"]
    forgeries += [
        good.replace(b'"erases":["keys"', b'"erases":["nothing"'),
        b"{" * 9_000,
        good.replace(b"hub-7", b"../x7"),
    ]
    for forged in forgeries:
        assert forged != good
        (home / "retire.json").write_bytes(forged)
        assert main(words) == 2
        assert "Traceback" not in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "hubs").iterdir()] == ["hub-7.pub"]
    assert audit(tmp_path) == []
