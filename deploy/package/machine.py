"""A whole machine, emulated: Debian with its own kernel and its own systemd, asked over a serial line of its own.

Its disk is as it was made each time: what is written goes to a file that is gone with it. What it reaches of the
network is the namespace that the proof runs in, by the address HOST.
"""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tests.brokers import until

HERE: Final = Path(__file__).parent
PATIENCE_S: Final = 300.0  # for anything: its processor is emulated, some twenty times as slow
HOST: Final = "10.0.2.2"
MEMORY_MIB: Final = 1024
DISK_BYTES: Final = "3G"  # of which a fifth is taken
STICK_BYTES: Final = "160M"
STICK: Final = "/media/stick"  # where the machine sees what it was handed
EAR: Final = """
[Unit]
Description=What the proof asks
After=dev-virtio\\x2dports-proof.device
Wants=dev-virtio\\x2dports-proof.device
[Service]
ExecStart=python3 -I /usr/local/lib/machine_ear.py
Restart=always
OOMScoreAdjust=-1000
[Install]
WantedBy=multi-user.target
"""
WIRE: Final = "[Match]\nName=eth0\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\nLinkLocalAddressing=no\n"
# Not of a hub, or only of use with a network outside.
UNWANTED: Final = (
    "apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer",
    "dpkg-db-backup.timer", "getty@tty1.service", "serial-getty@ttyS0.service", "systemd-networkd-wait-online.service",
)  # fmt: skip


def made(root: Path, image: Path, names: dict[str, str]) -> None:
    """``image`` is a disk with the Debian of ``root``, which is changed for it. ``names``: address by name."""
    (root / "etc/hostname").write_text("hub\n")
    hosts = "".join(f"{address} {name}\n" for name, address in names.items())
    (root / "etc/hosts").write_text(f"127.0.0.1 localhost hub\n{hosts}")
    (root / "etc/fstab").write_text(f"/dev/vda / ext4 defaults 0 1\n/dev/vdb {STICK} ext4 ro 0 0\n")
    (root / STICK[1:]).mkdir(exist_ok=True)
    (root / "etc/systemd/network/eth0.network").write_text(WIRE)
    (root / "etc/systemd/system/ear.service").write_text(EAR)
    (root / "usr/local/lib").mkdir(exist_ok=True)
    shutil.copy(HERE / "machine_ear.py", root / "usr/local/lib/")
    for words in (["enable", "ear", "systemd-networkd"], ["mask", *UNWANTED]):
        subprocess.run(["systemctl", f"--root={root}", "--quiet", *words], check=True)
    # A journal that a reset does not take.
    (root / "var/log/journal").mkdir(exist_ok=True)
    _disk(root, image, DISK_BYTES)


def _disk(folder: Path, image: Path, size: str) -> None:
    """An ext4 file system with what is in ``folder``."""
    image.unlink(missing_ok=True)
    words = ["mke2fs", "-q", "-t", "ext4", "-d", str(folder), str(image), size]
    subprocess.run(words, stdout=subprocess.DEVNULL, check=True)


class Machine:
    """``work``: a folder for its ends; what it says at its console is in console.log there. ``handed``: files that it
    finds under STICK. ``ports``: of it, that are reached from here under the same number."""

    def __init__(self, image: Path, work: Path, handed: list[Path], ports: tuple[int, ...] = ()) -> None:
        kept, stick = image.parent / "bare", work / "stick"
        stick.mkdir()
        for file in handed:
            shutil.copy(file, stick)
        _disk(stick, work / "stick.img", STICK_BYTES)
        forwards = "".join(f",hostfwd=tcp:127.0.0.1:{port}-10.0.2.15:{port}" for port in ports)
        self.starts: list[str] = []
        self._heard = b""
        self._lines = {name: work / f"{name}.sock" for name in ("ear", "monitor")}
        self._process = subprocess.Popen(
            [
                "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", str(MEMORY_MIB),
                "-nodefaults", "-no-user-config", "-display", "none", "-snapshot",
                "-kernel", str(kept / "vmlinuz"), "-initrd", str(kept / "initrd.img"),
                "-append", "root=/dev/vda rw console=ttyS0 net.ifnames=0 quiet panic=5 systemd.show_status=yes",
                "-drive", f"file={image},format=raw,if=virtio,cache=writeback",
                "-drive", f"file={work}/stick.img,format=raw,if=virtio",
                "-nic", f"user,model=virtio-net-pci{forwards}",
                "-device", "virtio-rng-pci", "-device", "virtio-serial-pci",
                "-chardev", f"socket,id=ear,path={self._lines['ear']},server=on,wait=off",
                "-device", "virtserialport,chardev=ear,name=proof",
                "-serial", f"file:{work}/console.log",
                "-monitor", f"unix:{self._lines['monitor']},server=on,wait=off",
            ],
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        until(lambda: all(line.exists() for line in self._lines.values()), "the machine to be there")
        self._ear, self._monitor = (self._dial(path) for path in self._lines.values())

    def _dial(self, path: Path) -> socket.socket:
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(1.0)
        line.connect(str(path))
        return line

    def _next(self, limit_s: float) -> dict[str, Any]:
        end = time.monotonic() + limit_s
        while b"\n" not in self._heard:
            assert time.monotonic() < end, f"the machine has not answered within {limit_s:g} s"
            assert self._process.poll() is None, "the machine has ended"
            try:
                self._heard += self._ear.recv(65_536)
            except TimeoutError:
                continue
        one, self._heard = self._heard.split(b"\n", 1)
        found: dict[str, Any] = json.loads(one)
        return found

    def up(self) -> None:
        """It has started: one more of ``starts``."""
        while "up" not in (said := self._next(PATIENCE_S)) or said["up"] in self.starts:
            pass
        self.starts.append(said["up"])

    def tried(self, *words: str, give: str = "", limit_s: float = PATIENCE_S) -> tuple[int, str]:
        """Its status, and what it said, errors last."""
        self._ear.sendall(json.dumps({"words": words, "give": give, "limit_s": limit_s}).encode() + b"\n")
        said = self._next(limit_s + PATIENCE_S)
        assert "status" in said, f"the machine started anew during {' '.join(words)}"
        return int(said["status"]), str(said["said"])

    def run(self, *words: str, give: str = "", status: int = 0, limit_s: float = PATIENCE_S) -> str:
        found, said = self.tried(*words, give=give, limit_s=limit_s)
        assert found == status, f"{' '.join(words)}: {found}: {said}"
        return said

    def sh(self, line: str, status: int = 0) -> str:
        return self.run("sh", "-c", line, status=status)

    def python(self, code: str, *words: str, user: str = "root") -> str:
        return self.run("runuser", "-u", user, "--", "python3", "-I", "-c", code, *words).strip()

    def reset(self) -> None:
        """As if its power went, and came back: what was not on the disk is gone."""
        self._monitor.sendall(b"system_reset\n")
        self.up()

    def reboot(self) -> None:
        self.run("systemctl", "--no-block", "reboot")
        self.up()

    @contextmanager
    def still_answers(self) -> Iterator[None]:
        """For what is only told of a proof that has ended BAD, where it can be."""
        try:
            yield
        except (AssertionError, OSError) as fault:
            print(f"the machine says no more: {fault}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for line in (self._ear, self._monitor):
            line.close()
        self._process.kill()
        self._process.wait()
