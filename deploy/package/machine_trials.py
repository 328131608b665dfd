"""What only a machine with systemd can show of a hub that runs on it: it is hung, killed, filled, cut off, and comes
back."""

import json
import os
import signal
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException, HTTPSConnection
from typing import Final

from deploy.package.fresh_root import step
from deploy.package.machine import HOST, PATIENCE_S
from deploy.package.machine_home import PARTS, PENDANTS, RADIO, MachineHome
from tests.brokers import until

BEYOND: Final = "203.0.113.2"  # a machine that is not in the home
WHEN_HUNG_S: Final = 45  # WatchdogSec of the units
CUTS: Final = 2
CROWD: Final = 10  # who ask for the page at once
# A process that goes into the group of a unit's processes, as if it were one of them.
JOINS: Final = """
import json, os, pwd, signal, socket, sys, time
def join(unit):
    open(f"/sys/fs/cgroup/system.slice/{unit}.service/cgroup.procs", "w").write(str(os.getpid()))
"""
EATS: Final = f"""{JOINS}
join(sys.argv[1])
open("/proc/self/oom_score_adj", "w").write("300")  # OOMScoreAdjust, as the page has it
kept = bytearray(b"x") * (600 << 20)
"""
FORKS: Final = f"""{JOINS}
join(sys.argv[1])
made = []
try:
    while len(made) < 500:
        if not (child := os.fork()):
            time.sleep(60)
            os._exit(0)
        made.append(child)
except BlockingIOError:
    print(len(made))
for child in made:
    os.kill(child, signal.SIGKILL)
"""
# sys.argv: unit (or -), user, then pairs of an address and a port. A datagram where the port is 9. Whether it went out.
REACHES: Final = f"""{JOINS}
unit, user, *pairs = sys.argv[1:]
if unit != "-":
    join(unit)
os.setgroups([]); os.setgid(pwd.getpwnam(user).pw_gid); os.setuid(pwd.getpwnam(user).pw_uid)
def goes(address, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if port == 9 else socket.SOCK_STREAM) as line:
        line.settimeout(3)
        try:
            line.connect((address, port))
            line.send(b"x")
        except ConnectionRefusedError:
            return True  # it was there, and nobody listens
        except OSError:
            return False
        return True
print(json.dumps([goes(address, int(port)) for address, port in zip(pairs[::2], pairs[1::2])]))
"""
COMES_TO: Final = """
import os, sys, time
pid, wanted, limit_s = map(int, sys.argv[1:])
end = time.monotonic() + limit_s
while {os.sched_getscheduler(int(each)) for each in os.listdir(f"/proc/{pid}/task")} != {wanted}:
    if time.monotonic() > end:
        sys.exit(1)
    time.sleep(0.02)
"""


def hangs(home: MachineHome) -> None:
    """Each part stands still, and is ended by systemd and started anew."""
    for part in PARTS:
        with step(f"{part} stands still (SIGSTOP): systemd's watchdog ends it, and starts it anew") as lines:
            before, others = home.unit(f"hearthwatch-{part}"), _pids(home, part)
            home.machine.sh(f"kill -STOP {before.pid}")
            began = time.monotonic()
            if part == "uplink":
                home.press()
                until(home.unsigned, "an alert that waits", PATIENCE_S)
            now = home.runs(part, before)
            assert now.restarts == before.restarts + 1, now
            assert _told(home, part, "Watchdog timeout"), "systemd says why"
            assert _pids(home, part) == others, "nobody else was touched"
            lines.append(
                f"ready again {time.monotonic() - began:.0f} s after it stood still; WatchdogSec={WHEN_HUNG_S}"
            )
        if part == "uplink":
            with step("the alert that was made meanwhile is signed for by the centre"):
                until(lambda: not home.unsigned(), "the receipt", PATIENCE_S)
    with step("and watch, started anew, goes on: a pendant is pressed, and signed for"):
        _one_more(home, PENDANTS[0])


def _pids(home: MachineHome, but: str) -> list[int]:
    return [home.unit(f"hearthwatch-{part}").pid for part in PARTS if part != but]


def _told(home: MachineHome, part: str, words: str) -> str:
    """What systemd has said of it since this start of the machine, of those words."""
    unit = part if part == "mosquitto" else f"hearthwatch-{part}"
    _, said = home.machine.tried("journalctl", "-b", "-u", unit, "-o", "cat", "--grep", words)
    return said.strip() if words in said else ""


def _one_more(home: MachineHome, pendant: str) -> None:
    """Pressed once."""
    before = home.said()
    home.press(pendant)
    until(lambda: home.said() - before, "an alert", PATIENCE_S)
    until(lambda: not home.unsigned(), "its receipt", PATIENCE_S)


def killed(home: MachineHome) -> None:
    for part in (*PARTS, "mosquitto", "zigbee2mqtt"):
        with step(f"{part} is killed (SIGKILL): started anew") as lines:
            before = home.unit(part if part == "mosquitto" else f"hearthwatch-{part}")
            home.machine.sh(f"kill -KILL {before.pid}")
            began = time.monotonic()
            assert home.runs(part, before).restarts == before.restarts + 1
            lines.append(f"ready again after {time.monotonic() - began:.1f} s")
    with step("and the whole way is there again: a pendant is pressed until it is heard, and signed for"):
        home.called(PENDANTS[1])


def limited(home: MachineHome) -> None:
    """What is too much for a unit is that unit's loss alone."""
    with step("a process among those of the page takes more memory than MemoryMax: it ends, and the page starts anew"):
        before, others = home.unit("hearthwatch-page"), _pids(home, "page")
        assert home.machine.tried("python3", "-I", "-c", EATS, "hearthwatch-page")[0] == -signal.SIGKILL
        until(lambda: _told(home, "page", "oom-kill"), "systemd to say so", PATIENCE_S)
        home.runs("page", before)
        assert _pids(home, "page") == others, "nobody else was touched"
    with step("a process among those of the page makes more than TasksMax: it may not, and the page goes on") as lines:
        before = home.unit("hearthwatch-page")
        made = home.machine.python(FORKS, "hearthwatch-page")
        most = home.machine.run("systemctl", "show", "--property=TasksMax", "--value", "hearthwatch-page").strip()
        lines.append(f"{made} of at most {most} could be made")
        assert 0 < int(made) < int(most), lines
        assert home.unit("hearthwatch-page").pid == before.pid


def walls(home: MachineHome, centre: int) -> None:
    """Where each may go. ``centre``: the port that hub.toml names, behind which the centre's broker is."""

    def went(unit: str, user: str, *pairs: tuple[str, int]) -> list[bool]:
        words = [str(word) for pair in pairs for word in pair]
        found: list[bool] = json.loads(home.machine.run("python3", "-I", "-c", REACHES, unit, user, *words))
        return found

    with step("IPAddressDeny: root, among the processes of each unit, to the centre and beyond the home"):
        to = (HOST, centre), (BEYOND, 9)
        units = ("-", "uplink", "page", "watch", "zigbee2mqtt", "mosquitto")
        found = {one: went(f"hearthwatch-{one}" if one in units[1:5] else one, "root", *to) for one in units}
        free, private, here = [True, True], [True, False], [False, False]
        expected = dict(zip(units, (free, free, private, here, here, here), strict=True))
        assert found == expected, found
    with step("nftables: each user, outside of every unit, to the centre's port and to another one"):
        to = (HOST, centre), (HOST, 443)
        users = ("root", "hearthwatch-uplink", "hearthwatch-watch", "hearthwatch-page", "hearthwatch-zigbee2mqtt")
        found = {user: went("-", user, *to) for user in users}
        expected = dict(zip(users, ([True, True], [True, False], here, here, here), strict=True))
        assert found == expected, found
    with step("nftables.service is started, loads its own rules anew and ends: ours are there after each"):
        for verb in ("start", "reload", "restart", "stop"):
            home.machine.run("systemctl", verb, "nftables")
            until(lambda: home.machine.tried("nft", "list", "table", "inet", "hearthwatch")[0] == 0, verb, PATIENCE_S)


@contextmanager
def _nobody_signs(home: MachineHome) -> Iterator[None]:
    os.kill(home.receiver.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(home.receiver.pid, signal.SIGCONT)


def _up_by_itself(home: MachineHome) -> None:
    for part in (*PARTS, "zigbee2mqtt"):
        home.runs(part)


def rebooted(home: MachineHome) -> None:
    with step("a reboot while an alert waits for its receipt: all are up again, and nobody started them") as lines:
        with _nobody_signs(home):
            home.press(PENDANTS[2])
            until(home.unsigned, "an alert that waits", PATIENCE_S)
            last = home.last_batch()
            home.machine.reboot()
            _up_by_itself(home)
            assert home.unsigned(), "it waits still"
        lines.append(home.machine.run("systemd-analyze", "time").splitlines()[0])
    with step("it is signed for then"):
        until(lambda: not home.unsigned(), "the receipt", PATIENCE_S)
    with step("the rules of nftables were loaded before the network was there"):
        loaded, network = (
            int(home.machine.run("systemctl", "show", "--property=ActiveEnterTimestampMonotonic", "--value", unit))
            for unit in ("hearthwatch-egress", "systemd-networkd")
        )
        assert 0 < loaded < network, (loaded, network)
        home.machine.run("nft", "list", "table", "inet", "hearthwatch")
    with step("the journal says from when on the hub was awake again, with the number of that start"):
        home.called(PENDANTS[2])
        boots = [json.loads(rest)["boot"] for _, what, rest in home.of_itself(last) if what == "boot"]
        assert home.machine.starts[-1] in boots, boots


def powerless(home: MachineHome) -> None:
    for number in range(1, CUTS + 1):
        with step(f"the power goes while alerts are made and signed for ({number} of {CUTS}), and comes back") as lines:
            lines.append(_cut(home, number))
        with step("what the centre signed for is in the journal, and the journal is whole"):
            known = {(one["epoch"], one["seq"]) for one in home.at_centre()}
            assert known <= home.said(), sorted(known - home.said(), key=str)
            missing = [one for one in home.told_by_centre() if one["event"] in ("missing", "refused")]
            assert not missing, missing
            home.machine.run("hearthwatch", "journal", "verify", "--config", "/etc/hearthwatch/hub.toml")
    with step("and a pendant is heard, and signed for"):
        home.called(PENDANTS[1])


def _cut(home: MachineHome, signed: int) -> str:
    """After so many alerts, while somebody presses two pendants that were not pressed before without end."""
    before = len(home.at_centre())
    two = PENDANTS[1 + 2 * signed : 3 + 2 * signed]
    home.machine.run("tee", "/run/presses", give="".join(home.pressed(one) for _ in range(100) for one in two))
    line = f"while read -r one; do printf '%s\\n' \"$one\" >{RADIO}; sleep 1; done </run/presses"
    home.machine.sh(f"({line}) >/dev/null 2>&1 &")
    until(lambda: len(home.at_centre()) >= before + signed, "the first of them", PATIENCE_S)
    home.machine.reset()
    at_cut = len(home.at_centre())
    _up_by_itself(home)
    until(lambda: not home.unsigned(), "the receipts", PATIENCE_S)
    return f"{at_cut - before} alerts had reached the centre, {len(home.at_centre()) - at_cut} came afterwards"


def flooded(home: MachineHome, port: int) -> None:
    over, unsure = threading.Event(), ssl._create_unverified_context()

    def ask() -> None:
        while not over.is_set():
            with suppress(OSError, HTTPException):
                line = HTTPSConnection("127.0.0.1", port, timeout=5, context=unsure)
                line.request("GET", "/login")
                line.getresponse().read()
                line.close()

    crowd = [threading.Thread(target=ask) for _ in range(CROWD)]
    page = home.unit("hearthwatch-page")
    comes_to = ("python3", "-I", "-c", COMES_TO, str(page.pid))
    try:
        with step(f"{CROWD} ask for the page without end: all of it runs as {page.user} when nobody else wants to"):
            home.machine.run(*comes_to, str(os.SCHED_BATCH), "60")
            for one in crowd:
                one.start()
            home.machine.run(*comes_to, str(os.SCHED_IDLE), "60")
        with step("meanwhile a pendant is pressed, and signed for"):
            _one_more(home, PENDANTS[7])
    finally:
        over.set()
        for one in crowd:
            if one.ident is not None:
                one.join()
    with step("they have gone: it comes back from that, as its own user (LimitNICE)"):
        home.machine.run(*comes_to, str(os.SCHED_BATCH), "60")
        assert home.unit("hearthwatch-page").pid == page.pid
