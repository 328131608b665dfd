"""What each process of a hub may do, and what becomes of it, as its unit says; `make package-proof` runs them."""

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

from agent.hub import parse
from tests.conftest import ROOT
from tests.test_packages import HUB, PACKAGE, ZIGBEE, needs

UNITS: Final = sorted(PACKAGE.glob("*/lib/systemd/system/*.service"))
EXPOSURE_MOST: Final = 1.5


def lines(unit: Path, key: str) -> list[str]:
    return re.findall(rf"(?m)^{key}=(.*)$", unit.read_text())


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_no_unit_is_open_to_more_than_it_needs(unit: Path) -> None:
    said = subprocess.run(
        [needs("systemd-analyze"), "security", "--offline=true", str(unit)], capture_output=True, text=True, check=False
    )
    found = re.search(r"Overall exposure level for .*: ([0-9.]+)", said.stdout)
    assert found is not None, said.stdout + said.stderr
    assert float(found[1]) <= EXPOSURE_MOST


def test_there_is_a_unit_for_each_process_of_a_hub() -> None:
    assert {unit.stem.removeprefix("hearthwatch-") for unit in UNITS} == {
        "watch", "uplink", "page", "egress", "zigbee2mqtt",
    }  # fmt: skip


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_that_crashes_again_and_again_goes_on_trying(unit: Path) -> None:
    assert lines(unit, "StartLimitIntervalSec") == ["0"]
    assert lines(unit, "Restart") == (["on-failure"] if unit.stem.endswith("egress") else ["always"])


@pytest.mark.parametrize("name", ["watch", "uplink", "page"])
def test_the_watchdog_waits_as_long_as_a_stage_may_take(name: str) -> None:
    unit = HUB / f"lib/systemd/system/hearthwatch-{name}.service"
    stall_s = parse((ROOT / "deploy" / "hub.toml").read_bytes()).stall_s
    assert lines(unit, "Type") == ["notify"]
    assert lines(unit, "WatchdogSec") == [str(stall_s)]


def test_a_page_that_gives_way_does_so_to_every_service() -> None:
    """Where cores are shared by service first, one that runs when nobody else wants to has its share all the same."""
    said = (HUB / "usr/lib/sysctl.d/60-hearthwatch.conf").read_text()
    assert dict(re.findall(r"(?m)^([a-z_.]+) = (\S+)$", said)) == {"kernel.sched_autogroup_enabled": "0"}
    assert "systemd-sysctl 60-hearthwatch.conf" in (HUB / "DEBIAN/postinst").read_text()
    for unit in UNITS:
        assert not any(lines(unit, key) for key in ("CPUWeight", "StartupCPUWeight", "CPUQuota", "Slice"))


def test_what_knows_the_home_may_speak_to_this_machine_alone() -> None:
    for unit in (
        HUB / "lib/systemd/system/hearthwatch-watch.service",
        ZIGBEE / f"lib/systemd/system/{ZIGBEE.name}.service",
    ):
        assert lines(unit, "IPAddressDeny") == ["any"]
        assert lines(unit, "IPAddressAllow") == ["localhost"]
