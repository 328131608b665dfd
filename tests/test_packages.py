"""What the packages lay down on a hub, as far as it can be held without installing them: `make package-proof` does."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from agent import SUPPORTED_UNTIL, VERSION
from agent.mqtt_io import Broker, Client
from tests.brokers import Mosquitto, until
from tests.conftest import ROOT

PACKAGE: Final = ROOT / "deploy" / "package"
HUB: Final = PACKAGE / "hearthwatch"
ZIGBEE: Final = PACKAGE / "hearthwatch-zigbee2mqtt"
ACL: Final = HUB / "etc/hearthwatch/broker/acl"


def needs(program: str) -> str:
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin")
    return found or pytest.skip(f"no {program} here: `make test` installs it")


# -- users and folders ---------------------------------------------------------------------------------------------


def test_systemd_finds_no_fault_with_users_and_folders(tmp_path: Path) -> None:
    """In a root of their own: users first, folders for them next, and all of it once more, as an upgrade does."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/group").write_text("mosquitto:x:105:\ndialout:x:20:\nroot:x:0:\n")
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n")
    for package in (HUB, ZIGBEE):
        (confs,) = (package / "usr/lib/sysusers.d").iterdir()
        run(needs("systemd-sysusers"), f"--root={tmp_path}", str(confs))
    if os.geteuid():
        pytest.skip("folders of other users can be made by root alone")
    told = {
        "home.toml": "640",
        "answers.toml": "600",
        "home.toml.before": "600",
        "walk.json": "600",
        "certificate.html": "600",
    }
    (tmp_path / "etc/hearthwatch").mkdir()
    for name in told:
        (tmp_path / "etc/hearthwatch" / name).write_text("The Smiths")
    for package in (HUB, ZIGBEE, HUB, ZIGBEE):
        (confs,) = (package / "usr/lib/tmpfiles.d").iterdir()
        said = run(needs("systemd-tmpfiles"), "--create", f"--root={tmp_path}", str(confs))
        assert said == ""
    groups = dict(re.findall(r"(?m)^([\w-]+):x:(\d+):", (tmp_path / "etc/group").read_text()))
    found = (tmp_path / "var/lib/hearthwatch/outbox").stat()
    assert (oct(found.st_mode)[-4:], found.st_gid) == ("2770", int(groups["hearthwatch-out"]))
    found = (tmp_path / "var/lib/hearthwatch").stat()
    assert (oct(found.st_mode)[-4:], found.st_gid) == ("2751", int(groups["hearthwatch-home"]))
    assert oct((tmp_path / "var/lib/hearthwatch/requests").stat().st_mode)[-4:] == "3770"
    assert {name: oct((tmp_path / "etc/hearthwatch" / name).stat().st_mode)[-3:] for name in told} == told


def run(*words: str, given: str | None = None) -> str:
    ended = subprocess.run(words, capture_output=True, text=True, input=given, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout + ended.stderr


# -- the hub's own broker ------------------------------------------------------------------------------------------


class Someone:
    """A client of the hub's broker: what it hears, and whether what it says arrives."""

    def __init__(self, broker: Broker, name: str) -> None:
        self.heard: list[str] = []
        self.up: list[bool] = []
        self.client = Client(
            broker, name, on_message=lambda topic, payload, retained: self.heard.append(topic),
            on_link=lambda up, reason: self.up.append(up), subscriptions=("#",),
        )  # fmt: skip


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Mosquitto]:
    """The packaged ACL, with a password for each client; root's file system is not the hub's, so paths are others."""
    passwords = tmp_path / "passwords"
    passwords.write_text("hearthwatch:one\nzigbee2mqtt:two\n")
    run(needs("mosquitto_passwd"), "-U", str(passwords))
    for name, word in (("hearthwatch", "one"), ("zigbee2mqtt", "two")):
        (tmp_path / name).write_text(word)
    more = f"password_file {passwords}\nacl_file {ACL}"
    with Mosquitto(tmp_path, more=more, anonymous=False) as broker:
        yield broker


def as_client(local: Mosquitto, tmp_path: Path, name: str) -> Someone:
    found = Someone(Broker("127.0.0.1", local.port, username=name, password_file=str(tmp_path / name)), f"test-{name}")
    until(lambda: found.client.turn(0.1) is not None and found.up, f"{name} at the broker")
    assert found.up == [True]
    return found


SAYS: Final = (
    ("hearthwatch", "zigbee2mqtt/0x00158d0001a2b301/set", True),
    ("hearthwatch", "zigbee2mqtt/bridge/request/permit_join", True),
    ("hearthwatch", "zigbee2mqtt/bridge/request/device/rename", True),
    ("hearthwatch", "zigbee2mqtt/0x00158d0001a2b301", False),  # a sensor speaks for itself
    ("hearthwatch", "zigbee2mqtt/bridge/state", False),
    ("hearthwatch", "zigbee2mqtt/bridge/request/options", False),  # settings,
    ("hearthwatch", "zigbee2mqtt/bridge/request/extension/save", False),  # and code
    ("hearthwatch", "zigbee2mqtt/bridge/request/converter/save", False),
    ("hearthwatch", "elsewhere", False),
    ("zigbee2mqtt", "zigbee2mqtt/0x00158d0001a2b301", True),
    ("zigbee2mqtt", "zigbee2mqtt/bridge/state", True),
    ("zigbee2mqtt", "homeassistant/anything", False),
    ("zigbee2mqtt", "hearthwatch/v1/hub-1/alert", False),
)


def test_each_client_of_the_broker_says_only_what_it_is_for(local: Mosquitto, tmp_path: Path) -> None:
    both = {name: as_client(local, tmp_path, name) for name in ("hearthwatch", "zigbee2mqtt")}
    for name, topic, _ in SAYS:
        both[name].client.publish(topic, b"x")
    both["zigbee2mqtt"].client.publish("zigbee2mqtt/last", b"x")
    both["hearthwatch"].client.publish("zigbee2mqtt/last/set", b"x")

    def all_came() -> bool:
        for one in both.values():
            one.client.turn(0.05)
        return all({"zigbee2mqtt/last", "zigbee2mqtt/last/set"} <= set(one.heard) for one in both.values())

    until(all_came, "what was said last")
    arrived = {topic for one in both.values() for topic in one.heard}
    assert arrived - {"zigbee2mqtt/last", "zigbee2mqtt/last/set"} == {topic for _, topic, may in SAYS if may}
    for one in both.values():
        one.client.close()


def test_nobody_is_let_in_without_a_password_of_their_own(local: Mosquitto, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("two")
    for broker in (
        Broker("127.0.0.1", local.port),
        Broker("127.0.0.1", local.port, username="hearthwatch", password_file=str(tmp_path / "wrong")),
    ):
        someone = Someone(broker, "stranger")
        until(lambda one=someone: one.client.turn(0.1) is not None and one.up, "the broker's word")  # type: ignore[misc]
        assert not any(someone.up)
        someone.client.close()


def test_the_packaged_broker_listens_on_this_machine_alone_and_to_nobody_unknown() -> None:
    said = (HUB / "etc/mosquitto/conf.d/hearthwatch.conf").read_text()
    assert re.findall(r"(?m)^listener (.*)$", said) == ["1883 127.0.0.1"]
    assert "allow_anonymous false" in said


# -- where the users may go ----------------------------------------------------------------------------------------


def egress(config: Path) -> str:
    code = "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); import egress\n"
    code += "print(egress.ports(Path(sys.argv[2])))"
    return run(sys.executable, "-c", code, str(HUB / "usr/lib/hearthwatch"), str(config))


def test_the_way_to_the_centre_is_the_port_that_hub_toml_names(tmp_path: Path) -> None:
    config = tmp_path / "hub.toml"
    config.write_text('[[upstream]]\nhost = "a"\nport = 9443\n[[upstream]]\nhost = "b"\n')
    assert "[8883, 9443]" in egress(config)
    config.write_text('[upstream]\nhost = "a"\nport = 1\n')
    assert "[1]" in egress(config)


def test_a_hub_whose_file_is_broken_still_reaches_the_usual_port(tmp_path: Path) -> None:
    config = tmp_path / "hub.toml"
    for text in ("[[[", "upstream = 7", '[[upstream]]\nport = "9"', "[upstream]\nport = 70000"):
        config.write_text(text)
        assert "[8883]" in egress(config), text
    assert "[8883]" in egress(tmp_path / "nowhere")


def test_the_firewall_takes_the_rules() -> None:
    rules = (HUB / "usr/lib/hearthwatch/egress.nft").read_text()
    for uid, user in enumerate(("watch", "uplink", "page"), 61_001):
        rules = rules.replace(f"skuid hearthwatch-{user}", f"skuid {uid}")
    if os.geteuid():
        pytest.skip("nft asks the kernel, and that wants root")
    run(needs("unshare"), "--net", needs("nft"), "-f", "-", given=f"define centre_ports = {{ 8883, 9443 }}\n{rules}")


# -- what is in it -------------------------------------------------------------------------------------------------


def test_the_version_names_the_day_until_which_it_is_mended() -> None:
    said = run(sys.executable, "-m", "agent", "--version")
    assert said == f"hearthwatch {VERSION}, with security updates until {SUPPORTED_UNTIL}\n"
    assert re.fullmatch(r"20[3-9]\d-\d\d-\d\d", SUPPORTED_UNTIL)


REPORT: Final = {
    "install": [
        {
            "metadata": {"name": "Werkzeug", "version": "3.1.9", "license_expression": "BSD-3-Clause"},
            "download_info": {"archive_info": {"hashes": {"sha256": "ab" * 32}}},
        },
        {
            "metadata": {"name": "pyserial", "version": "3.5", "license": "BSD", "classifier": []},
            "download_info": {"archive_info": {"hashes": {"sha256": "cd" * 32}}},
        },
    ]
}


def bom(report: Mapping[str, object], folder: Path) -> str:
    (folder / "report.json").write_text(json.dumps(report))
    npm = str(ROOT / "deploy/zigbee2mqtt/package-lock.json")
    words = [
        sys.executable,
        "-W",
        "error",
        str(PACKAGE / "sbom.py"),
        "hearthwatch",
        VERSION,
        str(folder / "report.json"),
        npm,
    ]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_the_list_of_parts_is_a_right_one_and_the_same_each_time(tmp_path: Path) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = bom(REPORT, tmp_path)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    turned = {"install": list(reversed(REPORT["install"]))}
    assert bom(turned, tmp_path) == text
    parts = {part["name"]: part for part in json.loads(text)["components"]}
    assert parts["werkzeug"]["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
    assert parts["werkzeug"]["licenses"] == [{"license": {"id": "BSD-3-Clause"}}]
    assert parts["zigbee2mqtt"]["purl"].startswith("pkg:npm/zigbee2mqtt@")


@pytest.mark.parametrize(
    "script", sorted(PACKAGE.glob("*/DEBIAN/p*")), ids=lambda path: f"{path.parts[-3]}-{path.name}"
)
def test_a_shell_can_read_each_maintainer_script(script: Path) -> None:
    run("sh", "-n", str(script))
