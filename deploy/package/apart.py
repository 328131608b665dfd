"""Who may read what on an installed hub, and where each of its users may go: tried as each of them."""

import os
import subprocess
import sys
from typing import Final

from deploy.package.fresh_root import Root
from tests.brokers import until

USERS: Final = ("hearthwatch-watch", "hearthwatch-uplink", "hearthwatch-page", "hearthwatch-zigbee2mqtt", "nobody")
# Who may read what; the rest of USERS may not. A folder: who may look into it.
READERS: Final = {
    "/etc/hearthwatch/hub.toml": {"watch", "uplink", "page", "zigbee2mqtt", "nobody"},
    "/etc/hearthwatch/home.toml": {"watch", "page"},
    "/etc/hearthwatch/setup.json": set(),
    "/etc/hearthwatch/walk.json": set(),
    "/etc/hearthwatch/certificate.html": set(),
    "/etc/hearthwatch/privacy.html": set(),
    "/etc/hearthwatch/watch/local-password": {"watch"},
    "/etc/hearthwatch/broker/passwords": set(),
    "/etc/hearthwatch/centre/hub.key": {"uplink"},
    "/etc/hearthwatch/centre/receipts.pub": {"watch", "uplink", "page", "zigbee2mqtt", "nobody"},
    "/var/lib/hearthwatch": {"watch", "page"},
    "/var/lib/hearthwatch/hub.key": {"watch"},
    "/var/lib/hearthwatch/journal.db": {"watch", "page"},
    "/var/lib/hearthwatch/outbox": {"watch", "uplink"},
    "/var/lib/hearthwatch/outbox/outbox.db": {"watch", "uplink"},
    "/var/lib/hearthwatch/requests": {"watch", "page"},
    "/var/lib/hearthwatch-page": {"page"},
    "/var/lib/hearthwatch-page/page.db": {"page"},
    "/var/lib/hearthwatch-page/page.key": {"page"},
    "/run/hearthwatch": {"watch", "uplink"},
    "/var/lib/hearthwatch-zigbee2mqtt/secret.yaml": {"zigbee2mqtt"},
}
WRITERS: Final = {
    "/etc/hearthwatch": set(),
    "/var/lib/hearthwatch": {"watch"},
    "/var/lib/hearthwatch/journal.db": {"watch"},
    "/var/lib/hearthwatch/outbox/outbox.db": {"watch", "uplink"},
    "/var/lib/hearthwatch/requests": {"watch", "page"},
    "/var/lib/hearthwatch-page": {"page"},
    "/usr/lib/hearthwatch": set(),
}
BEYOND: Final = "203.0.113.2"  # a machine that is not in the home
REACHES: Final = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 2).close()
except OSError as fault:
    sys.exit(f"{type(fault).__name__}")
"""

LISTENS: Final = """
import socket, sys, time
for _ in range(500):
    try:
        kept = [socket.create_server((sys.argv[1], int(port))) for port in sys.argv[2:]]
        break
    except OSError:  # the address is not there yet
        time.sleep(0.1)
time.sleep(600)
"""
# What none of the units may do, whoever they are: each line is refused, or it is printed.
TRIES: Final = """
import ctypes, mmap, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def refused(what, does):
    try:
        if does() not in (-1, None): print(what)
    except OSError: pass
refused("writes a file of the system", lambda: open("/etc/hostname", "a"))
refused("writes where nobody else is", lambda: open("/var/lib/elsewhere", "w"))
refused("makes a namespace", lambda: libc.unshare(0x20000))
refused("traces another", lambda: libc.ptrace(0, 0, 0, 0))
refused("opens a raw packet socket", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
refused("runs what it wrote", lambda: mmap.mmap(-1, 4096, prot=7))
refused("becomes root", lambda: os.setuid(0) or 1)
refused("sees root's home", lambda: os.listdir("/root"))
"""


def held(root: Root) -> None:
    """By the units' own words, as as_unit carries them out."""
    for name in ("watch", "uplink", "page", "egress"):
        unit = f"/lib/systemd/system/hearthwatch-{name}.service"
        said = root.run("python3", "/run/proof/as_unit.py", unit, f"TRY={TRIES}")
        assert said == "", f"{name}: {said.splitlines()}"


def readable(root: Root) -> None:
    for flag, table in (("-r", READERS), ("-w", WRITERS)):
        for path, who in table.items():
            assert (root.folder / path.lstrip("/")).exists(), f"{path} is not there"
            found = {user.removeprefix("hearthwatch-") for user in USERS if root.may(user, flag, path)}
            assert found == who, f"{path}: {flag} for {sorted(found)}, not {sorted(who)}"


def walls(uids: dict[str, int], centre: int) -> None:
    """Where each user may go, from this machine to one beyond it, which is a namespace of its own on a wire.

    ``centre``: the port that hub.toml names.
    """
    ports = (443, centre, 53)
    words = ["unshare", "--net", sys.executable, "-c", LISTENS, BEYOND, *map(str, ports)]
    outside = subprocess.Popen(words)
    ours = os.stat("/proc/self/ns/net").st_ino
    until(lambda: os.stat(f"/proc/{outside.pid}/ns/net").st_ino != ours, "a namespace")
    within = f"nsenter --net=/proc/{outside.pid}/ns/net ip"
    for command in (
        f"ip link add inner type veth peer name outer netns {outside.pid}",
        "ip addr add 203.0.113.1/24 dev inner", "ip link set inner up",
        f"{within} addr add {BEYOND}/24 dev outer", f"{within} link set outer up",
    ):  # fmt: skip
        subprocess.run(command.split(), check=True)

    def reaches(uid: int, port: int) -> bool:
        user = ["setpriv", f"--reuid={uid}", "--clear-groups"]
        tried = subprocess.run(
            [*user, sys.executable, "-c", REACHES, BEYOND, str(port)], capture_output=True, check=False
        )
        return tried.returncode == 0

    until(lambda: reaches(0, ports[-1]), "the machine beyond")
    went = {(user, port) for user, uid in uids.items() for port in ports if reaches(uid, port)}
    expected = {("root", port) for port in ports} | {("hearthwatch-uplink", 53), ("hearthwatch-uplink", centre)}
    assert went == expected, f"reached: {sorted(went)}"
    outside.kill()
    outside.wait()
