"""``hearthwatch doctor``: what is wrong with this hub, why it matters, what to do."""

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from agent.__main__ import main
from agent.doctor import local_io
from agent.engine import Engine
from agent.home import parse
from agent.journal_io import Journal
from agent.nouns import NOTHING, Entry, Frame, Instant
from agent.simulate.fleet import home_text

HUB: Final = """
[hub]
id = "hub-1"
state = "state"
home = "home.toml"
[local]
host = "127.0.0.1"
port = {port}
[[upstream]]
host = "127.0.0.1"
port = {port}
"""
Found = dict[str, dict[str, object]]


@pytest.fixture
def port() -> Iterator[int]:
    """A port at which something answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(local_io, "ANSWER_S", 0.1)  # nobody here speaks MQTT
    Path("home.toml").write_text(home_text(3))
    Path("hub.toml").write_text(HUB.format(port=port))
    return tmp_path


def doctor(capsys: pytest.CaptureFixture[str]) -> tuple[int, Found]:
    """The exit code, and what was found, by name."""
    code = main(["doctor", "--config", "hub.toml", "--json"])
    found = json.loads(capsys.readouterr().out)
    return code, {f"{check['name']} {check['about'] or ''}".strip(): check for check in found}


def begun() -> Path:
    Path("state").mkdir()
    path = Path("state/journal.db")
    journal = Journal(path)
    journal.begin(Engine(parse(home_text(3))), Instant(10**12), 1, "test")
    journal.put(Entry(1, Instant(10**12), Frame("zigbee", "x", b"{}")), NOTHING)
    journal.close()
    return path


def test_a_new_hub_is_told_what_is_missing(hub: Path, capsys: pytest.CaptureFixture[str], port: int) -> None:
    code, found = doctor(capsys)
    assert found["home"]["good"] is True
    assert found["local broker"]["good"] is True
    assert (found["state"]["good"], found["journal"]["good"]) == (None, None)
    assert not Path("state").exists()
    assert found[f"receipt key 127.0.0.1:{port}"]["good"] is False
    assert code == 1


def test_every_check_that_failed_says_what_to_do(hub: Path, capsys: pytest.CaptureFixture[str], port: int) -> None:
    Path("home.toml").write_text("[home]\n")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        free = closed.getsockname()[1]
    Path("hub.toml").write_text(HUB.format(port=free))
    code, found = doctor(capsys)
    assert code == 1
    failed = [check for check in found.values() if check["good"] is False]
    assert {"home", "local broker", f"centre 127.0.0.1:{free}"} <= {
        name for name, check in found.items() if check in failed
    }
    assert all(check["why"] and check["do"] for check in failed)


def test_for_a_person_each_check_is_a_line_with_its_reason_and_what_to_do(
    hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["doctor", "--config", "hub.toml"])
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    begun = [line for line in lines[:-2] if not line.startswith("    ")]
    assert all(line[:4] in ("ok  ", "BAD ", "?   ") for line in begun[:-1])
    told = next(at for at, line in enumerate(lines) if line.startswith("BAD receipt key"))
    assert lines[told + 1].startswith("    why: ")
    assert any(line.startswith("    do:  ") for line in lines[told + 2 : told + 4])


def test_a_whole_journal_is_called_whole(hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begun()
    assert doctor(capsys)[1]["journal"]["good"] is True


@pytest.mark.parametrize(
    "damage",
    [lambda body: body[: len(body) // 2], lambda body: b"no database" * 99, lambda body: body[:16] + body[17:]],
)
def test_a_journal_that_cannot_be_read_is_found(damage: object, hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = begun()
    assert callable(damage)
    path.write_bytes(damage(path.read_bytes()))
    code, found = doctor(capsys)
    assert (code, found["journal"]["good"]) == (1, False)
    assert found["journal"]["do"]


def test_a_state_directory_that_is_a_file_is_found(hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("state").write_text("")
    code, found = doctor(capsys)
    assert (code, found["state"]["good"]) == (1, False)


def test_files_that_hub_toml_names_and_that_are_not_there_are_found(
    hub: Path, capsys: pytest.CaptureFixture[str], port: int
) -> None:
    files = 'ca = "ca.pem"\ncertificate = "hub.pem"\nkey = "hub.key"\nreceipt_key = "centre.pub"\n'
    Path("hub.toml").write_text(HUB.format(port=port) + files)
    code, found = doctor(capsys)
    assert code == 1
    assert found[f"centre 127.0.0.1:{port}"]["good"] is False
    assert found[f"receipt key 127.0.0.1:{port}"]["good"] is False


def test_the_examination_changes_nothing(hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = begun()
    before = path.read_bytes()
    doctor(capsys)
    assert path.read_bytes() == before
    assert sorted(str(file) for file in Path("state").iterdir()) == ["state/journal.db"]


@pytest.mark.parametrize("text", [None, "no TOML", "[hub]\n", "\x00\xff"])
def test_without_a_hub_file_there_is_nothing_to_examine(
    text: str | None, hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("hub.toml").unlink()
    if text is not None:
        Path("hub.toml").write_text(text)
    assert main(["doctor", "--config", "hub.toml"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("hearthwatch: hub.toml:")
    assert "Traceback" not in err


def test_a_serial_port_is_looked_at_and_left_alone(
    hub: Path, capsys: pytest.CaptureFixture[str], port: int, tmp_path: Path
) -> None:
    board, line = os.openpty()
    (tmp_path / "file").touch()
    ports = [f'[[serial]]\nport = "{path}"\n' for path in (os.ttyname(line), "nowhere", "file")]
    Path("hub.toml").write_text(HUB.format(port=port) + "".join(ports))
    Path("home.toml").write_text(home_text(3) + ATTIC)
    code, found = doctor(capsys)
    assert code == 1
    assert found["serial bridge-1"]["good"] is True
    look = "`hearthwatch bridge monitor --config hub.toml --bridge bridge-1 --selftest`"
    assert found["serial bridge-1"]["do"] == f"stop the hub, and {look} shows what it says"
    assert "plug the board in" in str(found["serial bridge-2"]["do"])
    assert "is no serial port" in str(found["serial bridge-3"]["found"])
    assert "nobody hears 1 sensor (attic)" in str(found["serial"]["found"])
    os.set_blocking(board, False)
    with pytest.raises(BlockingIOError):
        os.read(board, 1)  # nothing was said to it
    os.close(board)
    os.close(line)


ATTIC: Final = """
[[sensor]]
id = "attic"
kind = "motion"
room = "kitchen"
link = "serial"
address = "bridge-9/motion0"
"""


def test_a_home_with_nothing_zigbee_is_not_asked_for_zigbee2mqtt(hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wired = home_text(3).partition("[[sensor]]")[0] + ATTIC
    Path("home.toml").write_text(wired)
    found = doctor(capsys)[1]
    assert found["zigbee2mqtt"]["good"] is None
    assert found["zigbee2mqtt"]["found"] == "not asked: nothing in home.toml is zigbee"
    assert found["home"]["found"] == "5 rooms, 1 sensor"
    Path("home.toml").write_text(home_text(3))
    assert doctor(capsys)[1]["zigbee2mqtt"]["good"] is False


def test_a_hub_that_is_not_set_up_yet_is_told_how_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "hub.toml"
    assert main(["doctor", "--config", str(config)]) == 2
    said = capsys.readouterr().err
    assert said == f"hearthwatch: {config}: no such file; a hub is set up by: hearthwatch provision --config {config}\n"
