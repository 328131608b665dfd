"""Whether a doctor sees that nothing keeps an installed hub's users to where they may go: the kernel's own tables."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from agent.doctor import firewall_io
from agent.doctor.check import Check
from agent.doctor.firewall_io import firewall
from tests.conftest import ROOT
from tests.doctor_maker import doctor, lay
from tests.test_apart import as_other, as_root
from tests.test_packages import HUB, needs

RULES: Final = HUB / "usr/lib/hearthwatch/egress.nft"
USERS: Final = ("watch", "uplink", "page")
# A doctor on a machine on which the package has laid down its rules.
DOCTOR: Final = """
import sys
from pathlib import Path
from agent.__main__ import main
from agent.doctor import examine_io
examine_io.RULES = Path(sys.argv[1])
sys.exit(main(["doctor", "--json", "--config", sys.argv[2]]))
"""


def rules() -> str:
    """As egress.py loads them; its users are numbers here."""
    text = RULES.read_text()
    for uid, user in enumerate(USERS, 61_001):
        text = text.replace(f"skuid hearthwatch-{user}", f"skuid {uid}")
    return f"define centre_ports = {{ 8883 }}\n{text}"


def asked(config: Path, *orders: str) -> dict[str, Any]:
    """What doctor says of the firewall of a machine of its own, in which nft was given these orders after the rules."""
    nft = needs("nft")
    given = "".join([rules(), *(f"{order}\n" for order in orders)])
    look = f'{nft} -f - && exec {sys.executable} -c "$@"'
    words = [needs("unshare"), "--net", "sh", "-c", look, "sh", DOCTOR, str(RULES), str(config)]
    done = subprocess.run(words, input=given, capture_output=True, text=True, check=False, cwd=ROOT)
    (found,) = [check for check in json.loads(done.stdout) if check["name"] == "firewall"]
    return dict(found)


@as_root
def test_a_hub_whose_users_are_kept_in_is_well(tmp_path: Path) -> None:
    found = asked(lay(tmp_path), "add table inet another", "add table ip hearthwatch")
    assert (found["code"], found["good"]) == ("loaded", True)


@as_root
def test_a_hub_that_nothing_keeps_in_is_told_whatever_else_the_firewall_holds(tmp_path: Path) -> None:
    config = lay(tmp_path)
    others = "table inet hearthwatch_of_old { chain out { meta skuid 61001 accept; }; }"
    found = asked(config, "delete table inet hearthwatch", others)
    assert (found["code"], found["good"]) == ("missing", False)
    assert found["found"] == "there is no table inet hearthwatch: hearthwatch-egress has not loaded it"
    assert "talk to anybody" in found["why"]
    assert found["do"] == "systemctl restart hearthwatch-egress"
    assert asked(config, "flush ruleset")["code"] == "missing"


@as_root
def test_a_table_without_its_rules_keeps_nobody_in(tmp_path: Path) -> None:
    found = asked(lay(tmp_path), "flush table inet hearthwatch")
    assert (found["code"], found["good"]) == ("missing", False)
    assert found["found"].startswith("table inet hearthwatch is there without its rules: ")


@as_root
@pytest.mark.parametrize(
    "order",
    [
        "flush chain inet hearthwatch nowhere",  # whoever is sent there comes back, and goes on
        "flush chain inet hearthwatch out",
        "insert rule inet hearthwatch out accept",  # all is let through before
        "insert rule inet hearthwatch out meta skuid 61001 accept",
        "add rule inet hearthwatch nowhere accept",  # after the refusal: nothing comes so far, but it is not as it was
        "insert rule inet hearthwatch to_the_centre counter accept",
        "flush chain inet hearthwatch to_the_family",
    ],
)
def test_a_table_whose_rules_were_changed_so_that_somebody_gets_out_is_told(tmp_path: Path, order: str) -> None:
    found = asked(lay(tmp_path), order)
    assert (found["code"], found["good"]) == ("missing", False)
    assert found["found"].startswith("table inet hearthwatch is there without its rules: ")


@as_root
def test_a_table_that_is_switched_off_keeps_nobody_in(tmp_path: Path) -> None:
    found = asked(lay(tmp_path), "add table inet hearthwatch { flags dormant; }")
    assert (found["code"], found["good"]) == ("missing", False)
    assert found["found"].startswith("table inet hearthwatch is there but switched off (dormant): ")


@as_root
def test_rules_that_nothing_is_sent_through_keep_nobody_in(tmp_path: Path) -> None:
    """The same chains, of which none is hooked to what goes out."""
    hook = "type filter hook output priority filter; policy accept;"
    assert hook in rules()
    unhooked = (
        "delete table inet hearthwatch\n" + rules().replace(hook, "").partition("delete table inet hearthwatch")[2]
    )
    assert asked(lay(tmp_path), unhooked)["code"] == "missing"


def test_a_hub_that_no_package_installed_has_no_such_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if firewall_io.RULES.exists():
        pytest.skip("the package is installed on this machine")
    assert "firewall" not in doctor(lay(tmp_path), capsys)[1]


def told(unit: dict[str, str]) -> Check:
    (check,) = firewall(RULES, unit)
    return check


def program(folder: Path, monkeypatch: pytest.MonkeyPatch, does: str) -> None:
    """An nft of which we know what it says."""
    (folder / "nft").write_text(f"#!/bin/sh\n{does}\n")
    (folder / "nft").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def _may_not_look() -> None:
    check = told({})
    assert (check.code, check.good, check.what_to_do) == ("no_right", None, "ask as root")


@as_root
def test_whoever_may_not_look_is_not_told_that_the_rules_are_gone() -> None:
    needs("nft")
    assert as_other(_may_not_look)


def test_without_nft_nobody_can_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(firewall_io, "SBIN", str(tmp_path))
    check = told({})
    assert (check.code, check.good) == ("no_nft", None)
    assert "nft is not installed" in check.found


def test_an_nft_that_cannot_ask_the_kernel_is_quoted_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, monkeypatch, "echo Unable to initialize Netlink socket: Protocol not supported >&2; exit 1")
    check = told({})
    assert (check.code, check.good) == ("no_answer", None)
    assert check.found == "nft does not answer: Unable to initialize Netlink socket: Protocol not supported"
    program(tmp_path, monkeypatch, "exit 3")
    assert told({}).found == "nft does not answer: it ended with 3"


def test_an_nft_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firewall_io, "NFT_S", 0.05)
    program(tmp_path, monkeypatch, "exec sleep 600")
    assert told({}).code == "no_answer"


@pytest.mark.parametrize(
    ("unit", "fault", "do"),
    [
        (
            {"ActiveState": "active", "SubState": "exited"},
            "hearthwatch-egress loaded it, and something else has removed it since",
            "what else sets",
        ),
        ({"ActiveState": "failed", "Result": "exit-code"}, "hearthwatch-egress cannot load it (exit-code)", "says why"),
        (
            {"SubState": "auto-restart", "Result": "timeout"},
            "hearthwatch-egress cannot load it (timeout)",
            "says why",
        ),
        ({"ActiveState": "inactive", "SubState": "dead"}, "hearthwatch-egress has not loaded it", "systemctl restart"),
        ({}, "hearthwatch-egress has not loaded it", "systemctl restart hearthwatch-egress"),
    ],
)
def test_whose_fault_it_is_is_told_by_what_systemd_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unit: dict[str, str], fault: str, do: str
) -> None:
    program(tmp_path, monkeypatch, "exit 0")  # no table at all
    check = told(unit)
    assert (check.code, check.good) == ("missing", False)
    assert check.found == f"there is no table inet hearthwatch: {fault}"
    assert do in check.what_to_do
