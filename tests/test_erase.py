"""``hearthwatch erase``: a hub leaves a home and takes nothing along; the centre believes it no more."""

import fcntl
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from agent.__main__ import main
from agent.clock_io import wall_ms
from agent.erase.alone_io import STOP
from agent.nouns import Instant
from agent.page.certificate_io import certificate_of
from agent.page.family_io import Family
from agent.transport.keys_io import certificate, signer, verifier
from agent.transport.outbox_io import Outbox
from agent.transport.outboxes_io import make_private, volatile_folder
from agent.transport.retirement import open_retirement
from tests.brokers import Authority, Mosquitto, Process, until
from tests.conftest import ROOT
from tests.doctor_maker import HOME, days_until, lay, live
from tests.page_maker import HubPage
from tests.test_doctor_zigbee import retain
from tests.whole_hub import RUN

EACH: Final = int(os.environ.get("HEARTHWATCH_ERASE_EACH", "7"))  # 1: killed at every single step
CANARY: Final = "qzx07wvk-canary"


def inhabited(folder: Path, upstream: str = "", local: str = "") -> Path:
    """A hub that has lived: keys, certificates, passwords, a journal, a damaged one, accounts, requests, records."""
    local = local or 'host = "127.0.0.1"\nport = 9\n'
    local += 'username = "hub"\ncredentials = "local-password"\n'
    config = lay(folder, upstream or 'host = "127.0.0.1"\nport = 9\n', local)
    state = folder / "state"
    (folder / "local-password").write_text(f"{CANARY}-password\n")
    (folder / "home.toml").write_text(HOME + f"# {CANARY}\n")
    now = wall_ms()
    live(state, days_until(now, 1), Instant(now))
    (state / "journal.db.damaged-1").write_bytes((state / "journal.db").read_bytes() + CANARY.encode())
    (state / "requests").mkdir()
    (state / "requests" / "1.json").write_text(json.dumps({"by": CANARY}))
    for name in ("epoch", "hub.id", "walk.json", "something-newer"):
        (state / name).write_text(CANARY)
    signer(str(state / "hub.key"))
    Outbox(str(state / "outbox.db")).close()
    Family(state).invite("anna", False, Instant(now), CANARY)
    certificate_of(state, ("127.0.0.1",))
    beside = (
        "setup.json",
        "walk.json",
        "privacy.html",
        "home.toml.before",
        ".home.toml.ab12",
        "local-password.77.half",
    )
    for name in beside:
        (folder / name).write_text(CANARY)
    memory = volatile_folder(str(state))
    make_private(memory)
    (memory / "said").write_text(CANARY)
    return config


def with_line(folder: Path) -> tuple[Path, Authority]:
    ours = Authority(folder / "tls")
    shown, key = ours.issue("hub-7")
    files = f'ca = "{ours.ca}"\ncertificate = "{shown}"\nkey = "{key}"\nreceipt_key = "centre.pub"\n'
    return inhabited(folder, f'host = "127.0.0.1"\nport = 9\n{files}'), ours


def erased(config: Path, out: Path, *more: str) -> int:
    return main(["erase", "--config", str(config), "--out", str(out), *more])


def everything(*folders: Path) -> bytes:
    return b"\n".join(path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file())


def test_nothing_of_a_home_is_left_and_the_request_is_signed_by_the_hub(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home, out = tmp_path / "hub", tmp_path / "retire.json"
    home.mkdir()
    config, _ = with_line(home)
    pinned = tmp_path / "hub-7.pub"
    pinned.write_bytes((home / "state" / "hub.pub").read_bytes())
    secrets = [CANARY.encode(), (home / "state" / "hub.key").read_bytes().strip(), b"PRIVATE KEY", b"anna", b"0x00158d"]
    serial = f"{certificate(str(home / 'tls' / 'hub-7.crt')).serial:x}"
    memory = volatile_folder(str(home / "state"))
    assert all(secret in everything(home, memory) for secret in secrets)
    assert erased(config, out, "--yes") == 0
    left = everything(home)
    assert [secret for secret in secrets if secret in left] == []
    assert list((home / "state").iterdir()) == []
    assert not memory.exists()
    assert config.exists()
    said = open_retirement(out.read_bytes(), verifier(str(pinned)))
    assert (said.hub, said.serials) == ("hub-7", (serial,))
    assert said.public_key == pinned.read_text().strip()
    assert {"keys", "journal", "home file", "family accounts"} <= set(said.erases)
    proof = (tmp_path / "retire-proof.txt").read_text()
    assert proof in capsys.readouterr().out
    assert "STILL THERE" not in proof
    assert "memory card" in proof
    assert "Not erased either: zigbee2mqtt's folder" in proof
    assert not any(secret in everything(tmp_path) for secret in secrets)


def test_the_folders_of_an_outbox_and_a_page_that_lie_elsewhere_are_emptied_too(tmp_path: Path) -> None:
    config, _ = with_line(tmp_path)
    text = config.read_text().replace("[hub]\n", '[hub]\noutbox = "shared"\n')
    config.write_text(f'{text}\n[page]\naddress = "127.0.0.1"\nstate = "family"\n')
    for name in ("shared", "family"):
        (tmp_path / name).mkdir()
    Outbox(str(tmp_path / "shared" / "outbox.db")).close()
    Family(tmp_path / "family").invite("ben", False, Instant(wall_ms()), CANARY)
    assert erased(config, tmp_path / "retire.json", "--yes") == 0
    assert [*(tmp_path / "shared").iterdir(), *(tmp_path / "family").iterdir()] == []


def test_each_file_is_overwritten_before_its_name_goes(tmp_path: Path) -> None:
    config = inhabited(tmp_path)
    key = tmp_path / "state" / "hub.key"
    kept = tmp_path.parent / "another-name"
    os.link(key, kept)
    erased(config, tmp_path / "retire.json", "--yes")
    assert kept.read_bytes() == b""


def test_the_hubs_id_must_be_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config, out = inhabited(tmp_path), tmp_path / "retire.json"
    before = everything(tmp_path / "state")
    for typed in ("hub-8\n", "yes\n", ""):
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        assert erased(config, out) == 2
    assert "nothing was erased" in capsys.readouterr().err
    assert CANARY.encode() in before
    assert CANARY.encode() in everything(tmp_path / "state")
    assert not out.exists()
    monkeypatch.setattr(sys, "stdin", io.StringIO("hub-7\n"))
    assert erased(config, out) == 0


def test_a_second_time_there_is_nothing_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, out = inhabited(tmp_path), tmp_path / "retire.json"
    assert erased(config, out, "--yes") == 0
    first = out.read_bytes()
    assert erased(config, out, "--yes") == 0
    assert "nothing was done" in capsys.readouterr().err
    assert out.read_bytes() == first


def test_killed_at_any_step_it_goes_on_and_no_key_goes_before_its_request(tmp_path: Path) -> None:
    home, work = tmp_path / "hub", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    inhabited(home)
    verify = verifier(str(home / "state" / "hub.pub"))
    runs = [sys.executable, "-m", "tests.erase_steps", str(home), str(work), str(EACH)]
    done = subprocess.run(runs, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)
    steps: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(steps) > 20
    assert steps[-1]["status"] == 0
    for step in steps:
        assert step["status"] in (9, 0)
        assert step["again"] == 0
        if "state/hub.key" not in step["before"]["files"]:
            open_retirement(step["before"]["request"].encode(), verify)
        assert step["after"]["files"] == ["hub.toml"]
        assert step["after"]["proof"]
        open_retirement(step["after"]["request"].encode(), verify)


def test_a_hub_that_runs_is_not_stopped_but_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, out = inhabited(tmp_path), tmp_path / "retire.json"
    with Process(RUN, "watch", "--config", str(config)):
        until((tmp_path / "state" / "watch.sock").exists, "watch to run")
        assert erased(config, out, "--yes") == 75
    assert capsys.readouterr().err == f"hearthwatch: watch runs: {STOP}\n"
    with Process(RUN, "uplink", "--config", str(config)):
        until((tmp_path / "state" / "uplink.sock").exists, "uplink to run")
        assert erased(config, out, "--yes") == 75
    assert "uplink runs" in capsys.readouterr().err
    assert not out.exists()
    assert erased(config, out, "--yes") == 0


@pytest.mark.parametrize(("lock", "who"), [("setup.lock", "an installer's set-up"), ("state/walk.lock", "a walk test")])
def test_an_installer_who_is_still_at_work_is_not_overtaken(
    lock: str, who: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, out = inhabited(tmp_path), tmp_path / "retire.json"
    with (tmp_path / lock).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert erased(config, out, "--yes") == 75
    assert f"{who} runs" in capsys.readouterr().err
    assert erased(config, out, "--yes") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hub.toml", "retire-proof.txt", "retire.json", "state"]


def test_while_the_family_looks_nothing_is_erased_under_their_eyes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with HubPage(tmp_path, count=1) as page:
        assert erased(tmp_path / "hub.toml", tmp_path / "retire.json", "--yes") == 75
        assert "the page runs" in capsys.readouterr().err
        assert (page.state / "hub.key").exists()
    assert erased(tmp_path / "hub.toml", tmp_path / "retire.json", "--yes") == 0


def test_zigbee2mqtts_network_key_and_names_go_when_its_folder_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broker").mkdir()
    folder = tmp_path / "zigbee2mqtt"
    (folder / "log" / "today").mkdir(parents=True)
    names = ("configuration.yaml", "configuration_backup_v4.yaml", "database.db", "state.json", "log/today/log.log")
    for name in (*names, "coordinator_backup.json"):
        (folder / name).write_text(CANARY)
    (folder / "external_converters").mkdir()
    with Mosquitto(tmp_path / "broker") as broker:
        config = inhabited(tmp_path, local=f'host = "127.0.0.1"\nport = {broker.port}\n')
        retain(broker, "zigbee2mqtt/bridge/state", b'{"state":"online"}')
        more = ("--yes", "--zigbee2mqtt", str(folder))
        assert erased(config, tmp_path / "retire.json", *more) == 75
        assert "zigbee2mqtt runs" in capsys.readouterr().err
        retain(broker, "zigbee2mqtt/bridge/state", b'{"state":"offline"}')
        assert erased(config, tmp_path / "retire.json", *more) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["external_converters"]
    assert "Not erased either" not in (tmp_path / "retire-proof.txt").read_text()


def test_zigbee2mqtts_folder_may_go_later_and_what_was_proved_before_stays(tmp_path: Path) -> None:
    (tmp_path / "zigbee2mqtt").mkdir()
    config, out = inhabited(tmp_path), tmp_path / "retire.json"
    assert erased(config, out, "--yes") == 0
    request, proof = out.read_bytes(), (tmp_path / "retire-proof.txt").read_text()
    (tmp_path / "zigbee2mqtt" / "database.db").write_text(CANARY)
    assert erased(config, out, "--yes", "--zigbee2mqtt", str(tmp_path / "zigbee2mqtt")) == 0
    assert out.read_bytes() == request
    both = (tmp_path / "retire-proof.txt").read_text()
    assert both.startswith(proof)
    assert "NO REQUEST" not in both
    assert list((tmp_path / "zigbee2mqtt").iterdir()) == []


def test_what_cannot_be_removed_is_told_and_the_next_run_finishes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, out = inhabited(tmp_path), tmp_path / "retire.json"
    held = tmp_path / "state" / "requests"
    if subprocess.run(["chattr", "+i", str(held / "1.json")], capture_output=True, check=False).returncode:
        pytest.skip("no file can be made immovable here")
    try:
        assert erased(config, out, "--yes") == 1
        assert "STILL THERE: " in capsys.readouterr().out
        assert not (tmp_path / "state" / "hub.key").exists()
    finally:
        subprocess.run(["chattr", "-i", str(held / "1.json")], check=True)
    assert erased(config, out, "--yes") == 0
    assert list((tmp_path / "state").iterdir()) == []


def test_a_copy_of_a_key_that_somebody_left_beside_it_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, copy = inhabited(tmp_path), tmp_path / "backup" / "old.key"
    copy.parent.mkdir()
    copy.write_bytes((tmp_path / "state" / "hub.key").read_bytes())
    assert erased(config, tmp_path / "retire.json", "--yes") == 1
    assert f"STILL THERE: {copy}: holds a key or a password of this hub" in capsys.readouterr().out
    assert copy.exists()  # it is no file that hub.toml names: a person decides
    assert erased(config, tmp_path / "retire.json", "--yes") == 1
    assert f"STILL THERE: {copy}" in capsys.readouterr().out
    copy.unlink()
    assert erased(config, tmp_path / "retire.json", "--yes") == 0
    assert list((tmp_path / "state").iterdir()) == []


def test_a_request_that_was_lost_before_the_work_was_done_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, out = inhabited(tmp_path), tmp_path / "retire.json"
    (tmp_path / "state" / "hub.key").unlink()
    assert erased(config, out, "--yes") == 1
    assert "NO REQUEST: this hub had no key" in capsys.readouterr().out
    assert not out.exists()
