"""The home of the proof on a whole machine: how it is set up there, as an installer would, and what can be asked of it.

The centre is the kit's, outside of the machine; its radio is in memory, and is told by a pipe.
"""

import json
import re
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

from deploy.package.home import BEDSIDE, CONFIG, EYES, Somebody, answers
from deploy.package.machine import PATIENCE_S, STICK, Machine
from tests.brokers import Authority, Process, until
from tests.z2m.harness import DOOR, PIR, SOS

CENTRE: Final = "broker.centre.example"
AGAIN_S: Final = 15.0  # until somebody presses once more
KIT: Final = "/opt/kit"
RADIO: Final = "/run/radio"
MODULES: Final = "/usr/lib/hearthwatch-zigbee2mqtt/node_modules"
PARTS: Final = ("watch", "uplink", "page")
# Somebody's buttons: of one a second press is another call only after ten minutes, and four presses are told of.
PENDANTS: Final = (SOS, *(f"0xa4c13800112233{number}" for number in range(50, 58)))
IN_MEMORY: Final = f"""[Service]
Environment=NODE_OPTIONS=--require={STICK}/adapter.js Z2M_MODULES={MODULES} GIT_DIR=/nonexistent
StandardInput=file:{RADIO}
StandardOutput=journal
"""
ASKED: Final = """
import json, sqlite3, sys
path = "file:/var/lib/hearthwatch/journal.db?mode=ro"
print(json.dumps(list(sqlite3.connect(path, uri=True, timeout=20).execute(sys.argv[1]))))
"""
# What the hub said of itself in its journal, of the batches after one.
OF_ITSELF: Final = """
import json, sqlite3, sys, zlib
path = "file:/var/lib/hearthwatch/journal.db?mode=ro"
for at, entries in sqlite3.connect(path, uri=True, timeout=20).execute(
    "SELECT from_at, entries FROM batch WHERE id > ? ORDER BY id", sys.argv[1:]
):
    for since, *frame in json.loads(zlib.decompress(entries)):
        if frame and frame[0] == "hub":
            print(json.dumps([at + since, frame[1], frame[2]]))
"""


def devices(folder: Path) -> Path:
    """What the radio knows of, for the machine: a file in ``folder``."""
    known = json.loads((Path("tests/z2m") / "devices.json").read_text())
    for number, pendant in enumerate(PENDANTS[1:], start=1):
        known[pendant] = known[SOS] | {"networkAddress": known[SOS]["networkAddress"] + 0x100 * number}
    file = folder / "devices.json"
    file.write_text(json.dumps(known))
    return file


def told(centre_port: int) -> str:
    """The answers file."""
    more = "".join(
        f'\n[[sensor]]\nid = "pendant-{pendant[-2:]}"\nkind = "button"\nroom = "hall"\nlink = "zigbee"\n'
        f'address = "{pendant}"\n'
        for pendant in PENDANTS[1:]
    )
    return answers(centre_port).replace('host = "127.0.0.1"', f'host = "{CENTRE}"') + more


@dataclass(frozen=True, slots=True)
class Unit:
    """As systemd knows it now."""

    state: str  # active, inactive, activating, failed
    sub: str
    pid: int
    restarts: int
    result: str
    user: str


class MachineHome:
    """``receiver`` is the centre's."""

    def __init__(self, machine: Machine, receiver: Process) -> None:
        self.machine, self.receiver = machine, receiver
        self._numbers = count(1)  # zigbee2mqtt takes a message with the number of the one before for its echo

    def _tell(self, **order: object) -> None:
        self.machine.run("tee", RADIO, give=json.dumps(order) + "\n")

    def pressed(self, pendant: str = SOS) -> str:
        """What the radio is told when that is pressed."""
        data = bytes((1, next(self._numbers) % 256, 2)).hex()
        return json.dumps({"do": "say", "device": pendant, "cluster": 0x0501, "data": data}) + "\n"

    def press(self, pendant: str = SOS) -> None:
        self.machine.run("tee", RADIO, give=self.pressed(pendant))

    # -- what can be asked ---------------------------------------------------------------------------------------

    def unit(self, name: str) -> Unit:
        keys = ("ActiveState", "SubState", "MainPID", "NRestarts", "Result", "User")
        said = self.machine.run("systemctl", "show", f"--property={','.join(keys)}", name)
        found = dict(line.split("=", 1) for line in said.splitlines())
        state, sub, pid, restarts, result, user = (found.get(key, "") for key in keys)
        return Unit(state, sub, int(pid or 0), int(restarts or 0), result, user)

    def runs(self, part: str, since: Unit | None = None) -> Unit:
        """Once it has told systemd that it is ready; ``since``: as another process than that."""
        name = part if part.startswith("mosquitto") else f"hearthwatch-{part}"

        def found() -> Unit | None:
            now = self.unit(name)
            new = since is None or now.pid != since.pid
            return now if new and (now.state, now.sub) == ("active", "running") else None

        now = until(found, f"{name} to run", PATIENCE_S)
        assert now is not None
        return now

    def shares_by_process(self) -> bool:
        """Whether who gives way does so to other services too: 60-hearthwatch.conf, and no service has a share of its
        own (of the units that systemd starts, in their own slice)."""
        by_session = self.machine.run("cat", "/proc/sys/kernel/sched_autogroup_enabled").strip()
        shared = self.machine.run("cat", "/sys/fs/cgroup/system.slice/cgroup.subtree_control").split()
        return by_session == "0" and "memory" in shared and "cpu" not in shared

    def journal(self, sql: str) -> list[list[object]]:
        found: list[list[object]] = json.loads(self.machine.python(ASKED, sql, user="hearthwatch-watch"))
        return found

    def of_itself(self, after: int = 0) -> list[tuple[int, str, str]]:
        """Instant, what (boot, gap, …), and the rest, since the batch ``after``."""
        said = self.machine.python(OF_ITSELF, str(after), user="hearthwatch-watch")
        return [(at, what, rest) for at, what, rest in map(json.loads, said.splitlines())]

    def last_batch(self) -> int:
        return int(str(self.journal("SELECT coalesce(max(id), 0) FROM batch")[0][0]))

    # -- how it is set up ----------------------------------------------------------------------------------------

    def radio(self) -> None:
        """zigbee2mqtt with a radio in memory; all else of it as the package lays it."""
        where, at = "/var/lib/hearthwatch-zigbee2mqtt/configuration.yaml", self.machine
        eyes = (f"  '{eye}': {{friendly_name: '{eye}', occupancy_timeout: 1}}\n" for eye in EYES.values())
        text = at.run("cat", where).replace("serial: {}", "serial: {port: /dev/null, adapter: ember}")
        at.run("tee", where, give=f"{text}\ndevices:\n{''.join(eyes)}")
        drop_in = "/etc/systemd/system/hearthwatch-zigbee2mqtt.service.d"
        at.run("mkdir", "-p", drop_in, KIT)
        at.run("tee", f"{drop_in}/radio.conf", give=IN_MEMORY)
        at.run("systemctl", "daemon-reload")
        at.run("systemctl", "restart", "hearthwatch-zigbee2mqtt")
        self.runs("zigbee2mqtt")

    def joined(self, centre_port: int) -> None:
        """Until provision has all but what the centre signs."""
        self.machine.run("tee", f"{KIT}/answers.toml", give=told(centre_port))
        until(self._begun, "provision to wait for devices", PATIENCE_S)
        for device in (DOOR, PIR, BEDSIDE, *PENDANTS[1:]):
            self._tell(do="join", device=device)
            self._said(f"^{device} is (?!being)")
        self._tell(do="join", device=SOS)
        self._said("^ended 1$")  # the centre has not signed yet

    def _begun(self) -> bool:
        """Whether provision waits for devices. zigbee2mqtt takes its time to start here: then provision says so, ends,
        and is typed again."""
        line = f"hearthwatch provision {' '.join(CONFIG)} --answers {KIT}/answers.toml"
        self.machine.sh(f"({line}; echo ended $?) </dev/null >{KIT}/said 2>&1 &")
        self._said("waiting for|^ended")
        return "waiting for" in self.machine.run("cat", f"{KIT}/said")

    def _said(self, line: str) -> None:
        """That provision has said so."""
        sought = re.compile(line, re.MULTILINE)
        until(lambda: sought.search(self.machine.run("cat", f"{KIT}/said")), f"provision: {line}", PATIENCE_S)

    def signed(self, authority: Authority, centre_key: str) -> str:
        """Provision again, with what the centre signed. The hub's own public key."""
        at = self.machine
        request = at.run("cat", "/etc/hearthwatch/centre/hub.csr").encode()
        at.run("tee", f"{KIT}/hub.pem", give=authority.sign(request).decode())
        at.run("tee", f"{KIT}/ca.pem", give=authority.ca.read_text())
        at.run("tee", f"{KIT}/receipts.pub", give=centre_key)
        said = at.run("hearthwatch", "provision", *CONFIG, "--answers", f"{KIT}/answers.toml")
        assert "written: /etc/hearthwatch/hub.toml" in said, said
        return at.run("cat", "/var/lib/hearthwatch/hub.pub")

    # -- alerts --------------------------------------------------------------------------------------------------

    def told_by_centre(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in tuple(self.receiver.lines)]

    def at_centre(self) -> list[dict[str, object]]:
        """The calls for help that it has signed for."""
        return [one for one in self.told_by_centre() if one.get("kind") == "sos"]

    def said(self) -> set[tuple[int, int]]:
        """Numbers of what the journal holds as said, and sealed."""
        return {(int(str(epoch)), int(str(seq))) for epoch, seq in self.journal(
            "SELECT epoch, seq FROM alert WHERE envelope IS NOT NULL"
        )}  # fmt: skip

    def unsigned(self) -> set[tuple[int, int]]:
        """Of those, for which nobody has signed."""
        rows = self.journal("SELECT DISTINCT epoch, seq FROM custody WHERE state = 'received'")
        return self.said() - {(int(str(epoch)), int(str(seq))) for epoch, seq in rows}

    def called(self, pendant: str) -> None:
        """Pressed, and again where nothing has come of it for a while (zigbee2mqtt may just be starting), until there
        is one more alert, and the centre has signed for all."""
        before = self.said()

        def heard() -> bool:
            self.press(pendant)
            end = time.monotonic() + AGAIN_S
            while time.monotonic() < end:
                if self.said() - before:
                    return True
            return False

        until(heard, "an alert", PATIENCE_S)
        until(lambda: not self.unsigned(), "the receipts", PATIENCE_S)

    def every_sensor(self) -> None:
        """Each says something."""
        somebody = Somebody(self._tell)
        for is_open in (True, False):
            somebody.door(is_open)
        for eye in EYES.values():
            somebody.seen(eye)
        for pendant in PENDANTS:
            self.press(pendant)
