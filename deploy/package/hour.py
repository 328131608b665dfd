"""An installer's hour on a hub that has just been installed: provision, walk-test, certificate, as root, as typed."""

import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from deploy.package.fresh_root import PATIENCE_S, Root, step
from tests.brokers import Authority, Mosquitto, until
from tests.setup_maker import ANSWERS
from tests.walked_hub import Walks
from tests.z2m.harness import DOOR, PIR, SOS, report

HUB: Final = "hub-0001"
CONFIG: Final = ("--config", "/etc/hearthwatch/hub.toml")
ON_A_STICK: Final = "run/proof"
PAGE: Final = '\n[page]\naddress = "0.0.0.0"\nnames = ["localhost"]\n'
UPSTREAM: Final = 'ca = "ca.pem"\ncertificate = "hub.pem"\nreceipt_key = "receipts.pub"\n'
CLEAR_S: Final = 2.0  # the radio's movement is over by then
Tell = Callable[..., None]


def provisioned(root: Root, work: Path, centre: Mosquitto, authority: Authority, tell: Tell) -> None:
    """Until home.toml and hub.toml are written. What the centre knows of the hub is in ``work``/hubs then."""
    stick = root.folder / ON_A_STICK
    upstream = f'host = "127.0.0.1"\nport = {centre.port}\n{UPSTREAM}'
    answers = ANSWERS.replace('host = "127.0.0.1"\nport = 1884\n', upstream)
    (stick / "answers.toml").write_text(answers + PAGE)
    asked, public = "/etc/hearthwatch/centre/hub.csr", "/var/lib/hearthwatch/hub.pub"
    with step("provision, from an answers file: three devices join (radio in memory), the hub makes its keys"):
        said = _provision(root, tell)
        assert f"for the centre: {asked} and {public}" in said, said
    (work / "hubs").mkdir(exist_ok=True)
    shutil.copy(root.folder / public[1:], work / "hubs" / f"{HUB}.pub")
    (stick / "hub.pem").write_bytes(authority.sign((root.folder / asked[1:]).read_bytes()))
    shutil.copy(authority.ca, stick / "ca.pem")
    shutil.copy(work / "centre.pub", stick / "receipts.pub")
    with step("provision once more, with what the centre signed: home.toml and hub.toml are written"):
        said = _provision(root, tell)
        assert "written: /etc/hearthwatch/hub.toml" in said, said


def _provision(root: Root, tell: Tell) -> str:
    name = "provision"
    process = root.start(name, "hearthwatch", "provision", *CONFIG, "--answers", f"/{ON_A_STICK}/answers.toml")
    until(lambda: process.poll() is not None or "may join" in root.said(name), "joining", PATIENCE_S)
    for device in (PIR, DOOR, SOS):
        if process.poll() is None:
            tell(do="join", device=device)
            _until_taken(root, process, device)
    process.wait(PATIENCE_S)
    assert process.returncode in (0, 1), root.said(name)
    return root.said(name)


def _until_taken(root: Root, process: subprocess.Popen[str], device: str) -> None:
    """It has said what it is."""
    said = re.compile(rf"{device} is (?!being)")
    until(lambda: process.poll() is not None or said.search(root.said("provision")), device, PATIENCE_S)


def walked(root: Root, tell: Tell) -> None:
    def do(what: str, which: str) -> None:
        if what == "room":
            tell(do="say", device=PIR, cluster=0x0406, data=report(1, 0, 0x18, b"\x01").hex())
        elif what in ("open", "shut"):
            data = bytes([9, 1, 0, what == "open", 0, 0, 0, 0, 0])
            tell(do="say", device=DOOR, cluster=0x0500, data=data.hex())
        elif what == "press":
            tell(do="say", device=SOS, cluster=0x0501, data=bytes([1, 77, 2]).hex())

    time.sleep(CLEAR_S)
    with step("walk-test: each sensor answers where it is, and the centre signs for the test alert"):
        with Walks(root.words("hearthwatch", "walk-test", *CONFIG), do) as walks:
            end, status = walks.all(), walks.status()
        assert (status, end["faults"]) == (0, []), end
    with step("certificate: signed by the hub, with the sheet for who lives there"):
        root.run("hearthwatch", "certificate", *CONFIG, "--by", "Ines")
        root.run(
            "hearthwatch",
            "certificate",
            "--verify",
            "/etc/hearthwatch/certificate.html",
            "--key",
            "/var/lib/hearthwatch/hub.pub",
        )
