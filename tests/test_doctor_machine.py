"""What a doctor finds of the machine: its disk, its clock, who may read its files, and what runs as whom."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.clock_io import clock_battery
from agent.doctor.disk_io import Disk, disk_of, wear
from agent.doctor.home_parts import clock, parts
from agent.doctor.local_io import own_addresses
from agent.nouns import DAY_MS
from agent.transport.keys_io import signer
from tests.brokers import Mosquitto, Process, until
from tests.disk_maker import disk
from tests.doctor_maker import doctor, lay
from tests.whole_hub import RUN


@pytest.fixture
def sys_of(tmp_path: Path) -> Path:
    """A /sys as a card in a Pi has it, for the disk that holds this folder: a partition, and the card above it."""
    number = os.stat(tmp_path).st_dev
    card = tmp_path / "sys" / "devices" / "mmcblk0"
    (card / "mmcblk0p2").mkdir(parents=True)
    (card / "mmcblk0p2" / "partition").write_text("2\n")
    (card / "device").mkdir()
    (card / "stat").write_text("  9000 0 700000 0  4000 0  4194304 0 0 0 0 0 0 0 0 0 0\n")  # 2 GiB written
    (card / "device" / "date").write_text("08/2019\n")
    (tmp_path / "sys" / "dev" / "block").mkdir(parents=True)
    place = tmp_path / "sys" / "dev" / "block" / f"{os.major(number)}:{os.minor(number)}"
    place.symlink_to(card / "mmcblk0p2")
    return tmp_path / "sys"


def test_what_is_written_to_a_card_in_a_day_is_told_with_its_age(tmp_path: Path, sys_of: Path) -> None:
    found = disk_of(tmp_path, sys_of, up_ms=4 * DAY_MS)
    assert found == Disk(written_mib_a_day=512, used_percent=None, warns=False, made="08/2019")
    assert wear(found, 900).found == "512 MiB are written a day, 900 KiB of it by the journal, made 08/2019"
    assert wear(found, 900).code == "light"


def test_a_card_that_says_that_it_is_at_its_end_is_believed(tmp_path: Path, sys_of: Path) -> None:
    device = sys_of / "devices" / "mmcblk0" / "device"
    (device / "life_time").write_text("0x02 0x0a\n")
    assert wear(disk_of(tmp_path, sys_of, up_ms=4 * DAY_MS), None).code == "worn"
    (device / "life_time").write_text("0x02 0x03\n")
    assert wear(disk_of(tmp_path, sys_of, up_ms=4 * DAY_MS), None).code == "light"
    (device / "pre_eol_info").write_text("0x03\n")
    assert wear(disk_of(tmp_path, sys_of, up_ms=4 * DAY_MS), None).code == "worn"


def test_a_machine_that_writes_gigabytes_a_day_is_told_before_the_card_is_worn(tmp_path: Path, sys_of: Path) -> None:
    assert wear(disk_of(tmp_path, sys_of, up_ms=DAY_MS // 2), None).code == "heavy"
    just_started = disk_of(tmp_path, sys_of, up_ms=60_000)
    assert just_started.written_mib_a_day is None


def test_a_disk_that_says_nothing_is_not_called_well(tmp_path: Path) -> None:
    assert wear(disk_of(tmp_path, tmp_path / "nowhere"), None).code == "unknown"


def test_a_file_system_that_has_turned_read_only_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = lay(tmp_path)
    (tmp_path / "state").rmdir()
    with disk(tmp_path / "state") as small:
        subprocess.run(["mount", "-o", "remount,ro", str(small.path)], check=True)
        _, found = doctor(config, capsys)
    assert (found["state"]["code"], found["state"]["good"]) == ("read_only", False)
    assert "card" in found["state"]["do"] + found["state"]["why"]


def test_a_disk_with_hardly_any_room_is_full_before_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = lay(tmp_path)
    (tmp_path / "state").rmdir()
    with disk(tmp_path / "state"):
        _, found = doctor(config, capsys)
    assert found["state"]["code"] == "full"


def test_keys_and_journal_that_others_may_read_are_told_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = lay(tmp_path, local='host = "127.0.0.1"\nport = 9\nusername = "hub"\ncredentials = "local-password"\n')
    (tmp_path / "local-password").write_text("secret\n")
    for above in tmp_path.parents[:2]:
        above.chmod(0o711)  # else nobody comes as far as these files
    tmp_path.chmod(0o711)
    signer(str(tmp_path / "state" / "hub.key"))
    (tmp_path / "state" / "hub.key").chmod(0o640)
    (tmp_path / "local-password").chmod(0o644)
    (tmp_path / "home.toml").chmod(0o640)
    _, found = doctor(config, capsys)
    assert found["key"]["code"] == "unusable"
    assert found["key"]["do"] == f"chmod 600 {tmp_path / 'state' / 'hub.key'}"
    assert found["file local-password"]["code"] == "open"
    assert found["file local-password"]["do"].startswith("chmod 640 ")
    assert "file home.toml" not in found
    tmp_path.chmod(0o700)
    (tmp_path / "state" / "hub.key").chmod(0o600)
    _, found = doctor(config, capsys)
    assert found["file"]["code"] == "closed"  # nobody else can pass the folder
    assert found["key"]["good"] is True


def test_a_key_that_is_gone_is_not_taken_for_a_new_hub(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = lay(tmp_path)
    assert doctor(config, capsys)[1]["key"]["code"] == "new"
    signer(str(tmp_path / "state" / "hub.key"))
    (tmp_path / "state" / "hub.key").unlink()
    assert doctor(config, capsys)[1]["key"]["code"] == "gone"


@pytest.mark.parametrize(
    ("synced", "believable", "off_ms", "codes"),
    [
        (True, True, 12, ["synced", "fitted"]),
        (True, True, 9_000, ["drifted", "fitted"]),
        (False, True, 9_000, ["not_synced", "fitted"]),
        (False, False, None, ["past", "fitted"]),
    ],
)
def test_a_clock_is_judged_by_who_sets_it(synced: bool, believable: bool, off_ms: int | None, codes: list[str]) -> None:
    assert [check.code for check in clock(synced, believable, off_ms, True, "rtc")] == codes


def test_a_pi_without_a_clock_battery_is_known_by_its_hardware(tmp_path: Path) -> None:
    assert not clock_battery(tmp_path)
    (tmp_path / "rtc0").mkdir()
    (tmp_path / "rtc0" / "since_epoch").write_text("86400\n")  # its battery is empty: it stands in 1970
    assert not clock_battery(tmp_path)
    (tmp_path / "rtc0" / "since_epoch").write_text("1800000000\n")
    assert clock_battery(tmp_path)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    (tmp_path / "broker").mkdir()
    with Mosquitto(tmp_path / "broker") as found:
        yield found


def test_a_watch_that_runs_is_seen_and_as_whom_and_one_that_does_not_is_missed(
    tmp_path: Path, broker: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    config = lay(tmp_path, local=f'host = "127.0.0.1"\nport = {broker.port}\n')
    assert doctor(config, capsys)[1]["unit watch"]["code"] == "stopped"
    with Process(RUN, "watch", "--config", str(config)):
        until((tmp_path / "state" / "watch.sock").exists, "watch to run")
        found = doctor(config, capsys)[1]
    expected = "as_root" if os.getuid() == 0 else "running"
    assert found["unit watch"]["code"] == expected
    assert found["unit uplink"]["code"] == "stopped"


FAILED = {"LoadState": "loaded", "ActiveState": "failed", "SubState": "failed", "Result": "exit-code", "NRestarts": "5"}
ACTIVE = {"LoadState": "loaded", "ActiveState": "active", "SubState": "running", "Result": "success", "NRestarts": "2"}


def test_what_systemd_says_of_a_unit_is_told_in_words() -> None:
    seen = [("watch", 990, "hearthwatch-watch"), ("uplink", None, ""), ("page", 990, "hearthwatch-watch")]
    watch, uplink, page = parts(seen, {"watch": ACTIVE, "uplink": FAILED})
    assert (watch.code, watch.found) == ("running", "runs as hearthwatch-watch, started anew 2 times")
    assert (uplink.code, uplink.found) == ("failed", "systemd gave it up: exit-code")
    assert page.code == "running"


def test_one_user_for_what_knows_the_home_and_what_reaches_the_internet_is_told() -> None:
    watch, uplink = parts([("watch", 1000, "pi"), ("uplink", 1000, "pi")], {})
    assert (watch.code, uplink.code) == ("running", "one_user")
    assert uplink.good is None


def test_a_broker_that_lets_anybody_in_is_found_by_trying(
    tmp_path: Path, broker: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    config = lay(tmp_path, local=f'host = "127.0.0.1"\nport = {broker.port}\n')
    assert doctor(config, capsys)[1]["anonymous"]["code"] == "here"


def test_a_broker_that_asks_for_a_name_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broker").mkdir()
    with Mosquitto(tmp_path / "broker", anonymous=False) as broker:
        found = doctor(lay(tmp_path, local=f'host = "127.0.0.1"\nport = {broker.port}\n'), capsys)[1]
    assert found["anonymous"]["code"] == "refused"
    assert found["zigbee2mqtt"]["code"] == "refused"  # hub.toml names nobody to log in as


def test_a_broker_that_anybody_in_the_network_can_reach_is_worse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not own_addresses():
        pytest.skip("this machine has no address in a network: nothing can be open to one")
    (tmp_path / "broker").mkdir()
    open_to_all = Mosquitto(tmp_path / "broker")
    conf = tmp_path / "broker" / "mosquitto.conf"
    conf.write_text(re.sub(r"127\.0\.0\.1", "0.0.0.0", conf.read_text()))
    with open_to_all as broker:
        found = doctor(lay(tmp_path, local=f'host = "127.0.0.1"\nport = {broker.port}\n'), capsys)[1]
    assert found["anonymous"]["code"] == "everywhere"
