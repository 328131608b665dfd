"""The packages on a Debian for another processor, under an emulator: smoke.py ROOT PACKAGE..., as proof.py is called.

An emulator filters no system calls, and is slow: what is shown is that everything is there for that processor, loads
and runs. The rest does not depend on one.
"""

import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Final

from deploy.package.fresh_root import HEAR, PATIENCE_S, Root, installed, started, step
from deploy.package.proof import gone
from tests.brokers import until

# Without the processor of a Pi 4 to read of, onnxruntime reads this machine's and crashes.
PI: Final = """processor\t: 0
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm crc32 cpuid
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd08
CPU revision\t: 3

"""
HUB: Final = """[hub]
id = "hub-0001"
state = "/var/lib/hearthwatch"
outbox = "/var/lib/hearthwatch/outbox"
volatile = "/run/hearthwatch"
home = "home.toml"
[local]
host = "127.0.0.1"
username = "hearthwatch"
credentials = "watch/local-password"
[upstream]
host = "127.0.0.1"
"""
HOME: Final = """[home]
id = "elm-12"
timezone = "Europe/London"
residents = 1
[[room]]
id = "hall"
kind = "hall"
[[sensor]]
id = "pendant"
kind = "button"
room = "hall"
link = "zigbee"
address = "0x00158d0001a2b3c4"
"""


def smoked(folder: Path, packages: list[Path]) -> None:
    root = Root(folder, 5 * PATIENCE_S)
    (folder / "run/proof/cpuinfo").write_text(PI)
    subprocess.run(["mount", "--bind", f"{folder}/run/proof/cpuinfo", f"{folder}/proc/cpuinfo"], check=True)
    with step("both packages are installed"):
        installed(root, *packages)
    with step("hearthwatch --version"):
        assert "security updates until" in root.run("hearthwatch", "--version")
    (folder / "etc/hearthwatch/hub.toml").write_text(HUB)
    (folder / "etc/hearthwatch/home.toml").write_text(HOME)
    with step("both models load and are what was signed"):
        said = subprocess.run(
            root.words("hearthwatch", "doctor", "--config", "/etc/hearthwatch/hub.toml"),
            capture_output=True, text=True, check=False,
        ).stdout  # fmt: skip
        assert "ok  models: " in said, said
    root.start("notify", "python3", "-c", HEAR)
    until(lambda: (folder / "run/systemd/notify").exists(), "the notify socket")
    for name in ("watch", "uplink"):
        with step(f"{name} runs as its own user"):
            started(root, name, f"{root.uid(f'hearthwatch-{name}')} ['READY=1'", "--plain")
    with step("its Node runs, and zigbee2mqtt's module for the serial port is there"):
        lib = "/usr/lib/hearthwatch-zigbee2mqtt"
        ask = f"require('{lib}/node_modules/@serialport/bindings-cpp'); console.log(process.arch)"
        assert "arm64" in root.run(f"{lib}/node", "-e", ask)
    root.end()
    gone(root)


if __name__ == "__main__":
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    code = 1
    try:
        smoked(Path(sys.argv[1]).resolve(), [Path(one).resolve() for one in sys.argv[2:]])
        code = 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    os._exit(code)
