"""The home of the proof: what its answers file says, what its sensors tell by radio, and the installer's command."""

import subprocess
from collections.abc import Callable
from itertools import count
from typing import Final

from deploy.package.fresh_root import PATIENCE_S, Root
from tests.brokers import until
from tests.setup_maker import ANSWERS
from tests.z2m.harness import DOOR, PIR, SOS, report

HUB: Final = "hub-0001"
CONFIG: Final = ("--config", "/etc/hearthwatch/hub.toml")
ON_A_STICK: Final = "run/proof"
PROVISION: Final = ("hearthwatch", "provision", *CONFIG, "--answers", f"/{ON_A_STICK}/answers.toml")
BEDSIDE: Final = "0x00158d0001a2b3c5"  # the second PIR
EYES: Final = {"hall": PIR, "bedroom": BEDSIDE}
MORE: Final = """
[page]
address = "0.0.0.0"
names = ["localhost"]

[[sensor]]
id = "bedroom-motion"
kind = "motion"
room = "bedroom"
link = "zigbee"
"""
UPSTREAM: Final = 'ca = "ca.pem"\ncertificate = "hub.pem"\nreceipt_key = "receipts.pub"\n'
Tell = Callable[..., None]


def answers(centre_port: int) -> str:
    upstream = f'host = "127.0.0.1"\nport = {centre_port}\n{UPSTREAM}'
    return ANSWERS.replace('host = "127.0.0.1"\nport = 1884\n', upstream) + MORE


def provisioning(root: Root) -> subprocess.Popen[str]:
    """It has said for whom it waits, or it is over."""
    process = root.start("provision", *PROVISION)
    until(lambda: process.poll() is not None or "waiting for" in root.said("provision"), "joining", PATIENCE_S)
    return process


def provision(root: Root, *env: str) -> str:
    """From wherever it is, where no device is waited for any more. ``env``: NAME=VALUE each."""
    process = root.start("provision", "env", *env, *PROVISION)
    process.wait(PATIENCE_S)
    assert process.returncode in (0, 1), root.said("provision")
    return root.said("provision")


class Somebody:
    """Somebody in that home, whose steps its sensors tell. ``tell``: what the radio is told. ``sees``: room -> who sees
    them there; ``inverted``: the door says the opposite."""

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self.sees: dict[str, str | None] = dict(EYES)
        self.inverted = False
        self._numbers = count(1)  # zigbee2mqtt takes a message with the number of the one before for its echo

    def _say(self, device: str, cluster: int, *data: int) -> None:
        self.tell(do="say", device=device, cluster=cluster, data=bytes(data).hex())

    def _number(self) -> int:
        return next(self._numbers) % 256

    def seen(self, eye: str) -> None:
        self._say(eye, 0x0406, *report(self._number(), 0, 0x18, b"\x01"))

    def door(self, is_open: bool) -> None:
        self._say(DOOR, 0x0500, 9, self._number(), 0, is_open != self.inverted, 0, 0, 0, 0, 0)

    def door_battery(self, percent: int) -> None:
        self._say(DOOR, 0x0001, *report(self._number(), 0x21, 0x20, bytes([percent * 2])))

    def press(self) -> None:
        self._say(SOS, 0x0501, 1, self._number(), 2)

    def do(self, step: str, what: str) -> None:
        """What a step of the walk asks for."""
        if step == "room" and (eye := self.sees[what]) is not None:
            self.seen(eye)
        elif step in ("open", "shut"):
            self.door(step == "open")
        elif step == "press":
            self.press()
