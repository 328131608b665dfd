"""An installer's hour on a hub that has just been installed: provision, walk-test, certificate, as root, as typed.

Much goes wrong in it first (broken.py), and is put right.
"""

import shutil
import time
from pathlib import Path

from deploy.package.broken import CLEAR_S, joined, refused, walked_in_vain
from deploy.package.fresh_root import Root, step
from deploy.package.home import CONFIG, HUB, ON_A_STICK, Somebody, answers, provision
from tests.brokers import Authority, Mosquitto, Process
from tests.walked_hub import Walks


def provisioned(root: Root, work: Path, centre: Mosquitto, authority: Authority, somebody: Somebody) -> None:
    """Until home.toml and hub.toml are written. What the centre knows of the hub is in ``work``/hubs then."""
    stick = root.folder / ON_A_STICK
    (stick / "answers.toml").write_text(answers(centre.port))
    asked, public = "/etc/hearthwatch/centre/hub.csr", "/var/lib/hearthwatch/hub.pub"
    said = joined(root, somebody)
    assert f"for the centre: {asked} and {public}" in said, said
    (work / "hubs").mkdir(exist_ok=True)
    shutil.copy(root.folder / public[1:], work / "hubs" / f"{HUB}.pub")
    shutil.copy(work / "centre.pub", stick / "receipts.pub")
    request = (root.folder / asked[1:]).read_bytes()
    refused(root, authority, stick, request)
    (stick / "hub.pem").write_bytes(authority.sign(request))
    shutil.copy(authority.ca, stick / "ca.pem")
    with step("provision once more, with what the centre signed: home.toml and hub.toml are written"):
        said = provision(root)
        assert "written: /etc/hearthwatch/hub.toml" in said, said


def walked(root: Root, somebody: Somebody, receiver: Process) -> None:
    walked_in_vain(root, somebody, receiver)
    time.sleep(CLEAR_S)
    with step("walk-test: each sensor answers where it is, and the centre signs for the test alert"):
        with Walks(root.words("hearthwatch", "walk-test", *CONFIG), somebody.do) as walks:
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
