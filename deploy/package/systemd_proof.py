"""The packages on a whole machine, with systemd: systemd_proof.py KEPT PACKAGE…, inside namespaces of its own (vm.sh).

``package-proof`` runs what the packages lay down as systemd would; this one lets systemd do it, on a Debian that boots.
Every step is printed with its seconds, ok or BAD, and the first that is BAD ends it. The centre is the kit's, outside
of the machine; the radio is in memory.
"""

import os
import re
import subprocess
import sys
import tempfile
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Final

from agent.transport.keys_io import signer
from deploy.package.fresh_root import step
from deploy.package.home import CONFIG, HUB
from deploy.package.machine import HOST, PATIENCE_S, STICK, Machine, made
from deploy.package.machine_home import CENTRE, PARTS, PENDANTS, MachineHome, devices
from deploy.package.machine_trials import flooded, hangs, killed, limited, powerless, rebooted, walls
from tests.brokers import Authority, Mosquitto, centre_process, until

PAGE: Final = 8443
LOG_LINES: Final = 40
OURS: Final = "hearthwatch*"
# Processes of ours that are still there.
THERE: Final = """
import glob, pwd
ours = {user.pw_uid for user in pwd.getpwall() if user.pw_name.startswith("hearthwatch")}
for status in glob.glob("/proc/[0-9]*/status"):
    said = dict(line.split(":", 1) for line in open(status))
    if int(said["Uid"].split()[0]) in ours:
        print(said["Name"].strip())
"""


def failed(machine: Machine) -> list[str]:
    return machine.run("systemctl", "list-units", "--failed", "--plain", "--no-legend").splitlines()


def installed(home: MachineHome, packages: list[Path]) -> None:
    at = home.machine
    with step("a machine boots: Debian's own kernel, systemd its first process") as lines:
        at.up()
        at.run("systemctl", "is-system-running", "--wait")
        lines += [at.run("uname", "-r").strip(), at.run("systemctl", "--version").splitlines()[0]]
    with step("dpkg installs both packages on it, without a complaint"):
        said = at.run("dpkg", "--install", *(f"{STICK}/{package.name}" for package in packages))
        complaints = [line for line in said.splitlines() if re.search("(?i)fail|error|warn|cannot", line)]
        assert not complaints, complaints
    with step("what shall run runs, what waits for a set-up waits, nothing has failed"):
        enabled = at.run("systemctl", "is-enabled", "hearthwatch.target", "hearthwatch-zigbee2mqtt.service")
        assert enabled.split() == ["enabled"] * 2, enabled
        states = {part: home.unit(f"hearthwatch-{part}").state for part in (*PARTS, "egress")}
        assert states == dict.fromkeys(PARTS, "inactive") | {"egress": "active"}, states
        at.run("systemctl", "is-active", "hearthwatch.target", "mosquitto")
        at.run("nft", "list", "table", "inet", "hearthwatch")
        assert home.shares_by_process()
        assert failed(at) == []
    with step("systemd-analyze verify: of the units, on the machine, with all that they name"):
        # A bare Debian has no `man`; that the page is there is lintian's to see.
        said = at.sh("systemd-analyze verify --man=no /lib/systemd/system/hearthwatch*")
        assert said == "", said


def set_up(home: MachineHome, work: Path, centre: Mosquitto, authority: Authority) -> None:
    at = home.machine
    with step("zigbee2mqtt runs, with a radio in memory"):
        home.radio()
    with step("provision, from an answers file: twelve devices join"):
        home.joined(centre.port)
    with step("provision once more, with what the centre signed"):
        key = home.signed(authority, (work / "centre.pub").read_text())
        (work / "hubs" / f"{HUB}.pub").write_text(key)
    with step("hearthwatch.target is restarted, as provision says: each tells systemd that it is ready"):
        at.run("systemctl", "restart", "hearthwatch.target")
        for part in PARTS:
            unit = home.runs(part)
            assert unit.user == f"hearthwatch-{part}"
            assert at.run("stat", "-c", "%U", f"/proc/{unit.pid}").strip() == unit.user
            assert at.run("systemctl", "show", "--property=Type", "--value", f"hearthwatch-{part}").strip() == "notify"
        assert failed(at) == []
    with step("a pendant is pressed: alert, outbox, uplink, the centre, and its signed receipt"):
        home.press()
        until(home.at_centre, "the alert at the centre", PATIENCE_S)
        until(lambda: not home.unsigned(), "its receipt", PATIENCE_S)


def upgraded(home: MachineHome, packages: list[Path]) -> None:
    with step("the packages once more, as an upgrade: each starts anew, and a pendant is heard"):
        before = {part: home.unit(f"hearthwatch-{part}") for part in PARTS}
        home.machine.run("dpkg", "--install", *(f"{STICK}/{package.name}" for package in packages))
        for part, unit in before.items():
            home.runs(part, unit)
        home.called(PENDANTS[8])
        assert failed(home.machine) == []


def healthy(home: MachineHome) -> None:
    with step("every sensor is heard, and hearthwatch doctor finds nothing wrong"):
        home.every_sensor()

        def bad() -> list[str]:
            said = home.machine.tried("hearthwatch", "doctor", *CONFIG)[1]
            return [line for line in said.splitlines() if line.startswith("BAD")]

        until(lambda: not bad(), "doctor without a BAD line", PATIENCE_S)


def gone(home: MachineHome) -> None:
    at = home.machine
    with step("purged: no unit, process, rule or file of ours is left, the broker runs, nothing has failed"):
        at.run("dpkg", "--purge", "hearthwatch-zigbee2mqtt", "hearthwatch")
        left = at.run("systemctl", "list-units", "--all", "--plain", "--no-legend", OURS)
        assert left == "", left
        assert (said := at.python(THERE)) == "", said
        assert at.tried("nft", "list", "table", "inet", "hearthwatch")[0] != 0
        files = at.sh(
            "ls -d /etc/hearthwatch /var/lib/hearthwatch* /run/hearthwatch /usr/lib/hearthwatch* 2>&1 || true"
        )
        assert all("No such file" in line for line in files.splitlines()), files
        at.run("systemctl", "is-active", "mosquitto")
        assert failed(at) == []


def proved(machine: Machine, work: Path, packages: list[Path]) -> None:
    authority = Authority(work / "ca", host=CENTRE, days=(-1, 200))
    signer(str(work / "centre.key"))
    with Mosquitto(work, authority) as broker:
        me = replace(broker.client("centre"), host=CENTRE)
        with centre_process(me, work) as receiver:
            home = MachineHome(machine, receiver)
            installed(home, packages)
            set_up(home, work, broker, authority)
            hangs(home)
            killed(home)
            limited(home)
            walls(home, broker.port)
            rebooted(home)
            powerless(home)
            flooded(home, PAGE)
            upgraded(home, packages)
            healthy(home)
            gone(home)


def main(kept: Path, packages: list[Path]) -> None:
    image = kept / "machine.img"
    made(kept / "bare", image, {CENTRE: HOST})
    with tempfile.TemporaryDirectory() as folder:
        work, centre = Path(folder), Path(folder) / "centre"
        centre.mkdir()
        (work / "hosts").write_text(f"127.0.0.1 localhost {CENTRE}\n")
        subprocess.run(["mount", "--bind", str(work / "hosts"), "/etc/hosts"], check=True)
        handed = [*packages, Path("tests/z2m/adapter.js"), devices(centre)]
        with Machine(image, work, handed, (PAGE,)) as machine:
            try:
                proved(machine, centre, packages)
            except BaseException:
                traceback.print_exc()
                with machine.still_answers():
                    print(machine.run("journalctl", "-b", "--no-pager", "-n", str(LOG_LINES)))
                print(*(work / "console.log").read_text(errors="replace").splitlines()[-LOG_LINES:], sep="\n  ")
                raise


if __name__ == "__main__":
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    code = 1
    try:
        main(Path(sys.argv[1]).resolve(), [Path(one).resolve() for one in sys.argv[2:]])
        code = 0
    except BaseException as fault:
        print(f"the proof ended: {fault}" if not isinstance(fault, SystemExit) else fault)
    sys.stdout.flush()
    os._exit(code)  # and with it, as the first process of its namespace, all that it started
