"""The packages on a Debian that has never seen them: proof.py ROOT, inside namespaces of its own (prove.sh makes them).

Every step is printed with its seconds, ok or BAD, and the first that is BAD ends it. What is run is what the packages
laid down: the units' own commands as their users (as_unit.py), the packaged broker, the packaged zigbee2mqtt with a
radio in memory. The centre is the kit's, outside of that root, with certificates made here. What goes wrong while a
home is set up and walked is done to it on purpose (broken.py).
"""

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
import traceback
from http.client import HTTPSConnection
from pathlib import Path
from typing import Final

from agent.transport.keys_io import signer
from deploy.package.apart import USERS, held, readable, walls
from deploy.package.fresh_root import HEAR, PATIENCE_S, Root, installed, journal, started, step
from deploy.package.home import EYES, Somebody, Tell
from deploy.package.hour import provisioned, walked
from tests.brokers import Authority, Mosquitto, Process, centre_process, until
from tests.guests import Visitor

LOG_LINES: Final = 12  # of each process, where the proof ends BAD
PASSWORD: Final = "long enough for anybody"
PLACES: Final = ("var/lib", "run", "usr/lib", "lib/systemd/system", "usr/share", "usr/share/doc", "usr/bin")


def heard(root: Root) -> list[dict[str, object]]:
    """What watch prints of itself with --follow; its unit does not, so this reads the sensor log of its journal."""
    out = root.run("hearthwatch", "journal", "export", "--config", "/etc/hearthwatch/hub.toml")
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


def page_answers(root: Root) -> None:
    said = root.run("hearthwatch", "family", "invite", "--name", "anna", "--config", "/etc/hearthwatch/hub.toml")
    code = re.search(r"/welcome/([\w-]+)", said)
    assert code, said
    pem = root.folder / "var/lib/hearthwatch-page/page.pem"
    trust = ssl.create_default_context(cafile=str(pem))
    guest = Visitor("localhost:8443", lambda: HTTPSConnection("localhost", 8443, timeout=20, context=trust))
    joined = guest.ask("POST", "/welcome", {"code": code[1], "password": PASSWORD, "again": PASSWORD})
    assert (joined.status, joined.headers["Location"]) == (303, "/"), joined.text
    day = guest.ask("GET", "/")
    assert day.status == 200, (day.status, day.text[:200])
    assert guest.ask("GET", "/sent").status == 200


def lived(root: Root, centre_said: list[str], somebody: Somebody) -> None:
    with step("a door opens: zigbee2mqtt, broker, watch"):
        for is_open in (False, True, False):
            somebody.door(is_open)
            for eye in EYES.values():
                somebody.seen(eye)
            time.sleep(1)
    with step("a pendant is pressed: alert, outbox, uplink, the centre's broker over TLS, receiver"):
        somebody.press()
        until(lambda: any('"sos"' in line for line in centre_said), "the alert at the centre", PATIENCE_S)
    with step("its signed receipt is in the journal"):
        until(
            lambda: journal(root, "SELECT 1 FROM custody WHERE kind = 'sos' AND state = 'received'"),
            "receipt",
            PATIENCE_S,
        )
    with step("the readings are in the journal"):
        until(
            lambda: {"front-door", "pendant"} <= {str(one["sensor"]) for one in heard(root)}, "the readings", PATIENCE_S
        )


def laid_down(root: Root, packages: list[Path]) -> None:
    folder = root.folder
    with step("both packages are installed"):
        installed(root, *packages)
    with step("and once more, as an upgrade does: what people changed stays"):
        mine = folder / "var/lib/hearthwatch-zigbee2mqtt/configuration.yaml"
        mine.write_text(mine.read_text().replace("last_seen: ISO_8601", "last_seen: ISO_8601  # mine"))
        keep = [mine, folder / "etc/hearthwatch/broker/passwords", folder / "etc/hearthwatch/watch/local-password"]
        before = [path.read_bytes() for path in keep]
        installed(root, *packages)
        assert [path.read_bytes() for path in keep] == before
    with step("hearthwatch --version"):
        assert "security updates until" in root.run("hearthwatch", "--version")


def radio(root: Root) -> Tell:
    """The hub's own broker and zigbee2mqtt, as the packages lay them; what the radio is told to do."""
    with step("the hub's own broker runs as packaged"):
        for words in (
            "mkdir -p /var/log/mosquitto /run/mosquitto",
            "chown mosquitto /var/log/mosquitto /run/mosquitto",
        ):
            root.run(*words.split())
        root.start("mosquitto", "mosquitto", "-c", "/etc/mosquitto/mosquitto.conf")
        until(lambda: socket.socket().connect_ex(("127.0.0.1", 1883)) == 0, "mosquitto", PATIENCE_S)
    for name in ("adapter.js", "devices.json"):
        shutil.copy(Path("tests/z2m") / name, root.folder / "run/proof/")
    modules = "/usr/lib/hearthwatch-zigbee2mqtt/node_modules"
    with step("zigbee2mqtt starts as its unit says, and shows at the broker"):
        configuration = root.folder / "var/lib/hearthwatch-zigbee2mqtt/configuration.yaml"
        eyes = (f"  '{eye}': {{friendly_name: '{eye}', occupancy_timeout: 1}}\n" for eye in EYES.values())
        short = f"\ndevices:\n{''.join(eyes)}"
        text = configuration.read_text().replace("serial: {}", "serial: {port: /dev/null, adapter: ember}")
        configuration.write_text(text + short)
        radio = ("NODE_OPTIONS=--require /run/proof/adapter.js", f"Z2M_MODULES={modules}", "GIT_DIR=/nonexistent")
        z2m = root.unit("hearthwatch-zigbee2mqtt", *radio)

    def tell(**order: object) -> None:
        assert z2m.stdin is not None
        z2m.stdin.write(json.dumps(order) + "\n")
        z2m.stdin.flush()

    return tell


def proved(folder: Path, packages: list[Path]) -> None:
    root, work = Root(folder), folder / "run/proof/centre"
    laid_down(root, packages)
    work.mkdir()
    authority = Authority(work / "ca", days=(-1, 200))
    signer(str(work / "centre.key"))
    with Mosquitto(work, authority) as broker, centre_process(broker.client("centre"), work) as receiver:
        somebody = Somebody(radio(root))
        provisioned(root, work, broker, authority, somebody)
        uids = {user: root.uid(user) for user in USERS if user != "nobody"}
        with step("where each user may go: the rules are loaded as their unit says, and tried from each"):
            root.run("python3", "/run/proof/as_unit.py", "/lib/systemd/system/hearthwatch-egress.service")
            walls(uids | {"root": 0}, broker.port)
        root.start("notify", "python3", "-c", HEAR)
        until(lambda: (folder / "run/systemd/notify").exists(), "the notify socket")
        live(root, uids, receiver, somebody)
        root.end()
    gone(root)


def live(root: Root, uids: dict[str, int], receiver: Process, somebody: Somebody) -> None:
    for name in ("watch", "uplink", "page"):
        with step(f"{name} starts as its unit says, and tells systemd so"):
            started(root, name, f"{uids[f'hearthwatch-{name}']} ['READY=1'")
    lived(root, receiver.lines, somebody)
    walked(root, somebody, receiver)
    with step("the page lets in who was invited, and shows the day from the journal"):
        page_answers(root)
    with step("who may read and write what"):
        readable(root)
    with step("what the units may not, each of them is refused"):
        held(root)
    with step("doctor"):
        out = subprocess.run(
            root.words("hearthwatch", "doctor", "--config", "/etc/hearthwatch/hub.toml"),
            capture_output=True,
            text=True,
            check=False,
        )
        bad = [line for line in out.stdout.splitlines() if line.startswith("BAD")]
        assert not bad, bad
    with step("the signs of life went on: each process as its own user"):
        signs = [f"{uids[f'hearthwatch-{name}']} ['WATCHDOG=1']" for name in ("watch", "uplink", "page")]
        until(lambda: all(sign in root.said("notify") for sign in signs), "a second sign of each", PATIENCE_S)


def gone(root: Root) -> None:
    names = ("hearthwatch-zigbee2mqtt", "hearthwatch")
    with step("removed: the journal, the set-up and the radio network stay"):
        root.run("dpkg", "--remove", *names)
        for kept in (
            "var/lib/hearthwatch/journal.db",
            "etc/hearthwatch/home.toml",
            "var/lib/hearthwatch-zigbee2mqtt/configuration.yaml",
        ):
            assert (root.folder / kept).exists(), f"{kept} is gone"
        assert not (root.folder / "usr/lib/hearthwatch").exists(), os.listdir(root.folder / "usr/lib/hearthwatch")
    with step("purged: without a question, and nothing is left of anybody's life"):
        root.run("dpkg", "--purge", *names)
        places = [root.folder / name for name in PLACES]
        left = [str(path) for place in places for path in place.glob("*hearthwatch*")]
        left += [str(path) for path in (root.folder / "etc").rglob("*hearthwatch*")]
        assert not left, left


if __name__ == "__main__":
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    code = 1
    try:
        proved(Path(sys.argv[1]).resolve(), [Path(one).resolve() for one in sys.argv[2:]])
        code = 0
    except BaseException:
        traceback.print_exc()
        for log in sorted(Path(sys.argv[1]).glob("run/proof/*.log")):
            print(log.name, *log.read_text().splitlines()[-LOG_LINES:], sep="\n  ")
    sys.stdout.flush()
    os._exit(code)  # and with it, as the first process of its namespace, all that it started
