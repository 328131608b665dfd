"""A Debian in a folder, as if it were up, and the steps of a proof that are told of it."""

import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.brokers import until

HERE: Final = Path(__file__).parent
PATIENCE_S: Final = 60.0  # for anything; under an emulator it takes five times as long
INDENT: Final = 17 * " "  # of what a step was told, below it
HEAR: Final = """
import os, socket
line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
line.bind("/run/systemd/notify")
os.chmod("/run/systemd/notify", 0o777)
line.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
while True:
    said, rest, _, _ = line.recvmsg(4096, 64)
    uid = int.from_bytes(rest[0][2][4:8], "little") if rest else -1
    print(uid, said.decode().split(), flush=True)
"""


@contextmanager
def step(what: str) -> Iterator[list[str]]:
    """What is put into the list is printed below it, a line each."""
    began, lines = time.monotonic(), list[str]()
    try:
        yield lines
    except BaseException as fault:
        said = (str(fault).strip().splitlines() or [type(fault).__name__])[-1]
        print(f"BAD  {time.monotonic() - began:6.1f} s  {what}: {said}", flush=True)
        raise
    print(f"ok   {time.monotonic() - began:6.1f} s  {what}", *lines, sep=f"\n{INDENT}", flush=True)


class Root:
    """A Debian in a folder, as if it were up: its own /proc, /dev and /run."""

    def __init__(self, folder: Path, patience_s: float = PATIENCE_S) -> None:
        self.folder, self.patience_s = folder, patience_s
        self.children: list[subprocess.Popen[str]] = []
        mounts = [("--bind", str(folder), str(folder)), ("-t", "proc", "proc", f"{folder}/proc")]
        mounts += [("-t", "tmpfs", "tmpfs", f"{folder}/{name}") for name in ("run", "tmp", "dev")]
        for words in mounts:
            subprocess.run(["mount", *words], check=True)
        for name in ("null", "zero", "full", "random", "urandom", "tty"):
            (folder / "dev" / name).touch()
            subprocess.run(["mount", "--bind", f"/dev/{name}", f"{folder}/dev/{name}"], check=True)
        for name in ("shm", "pts"):
            (folder / "dev" / name).mkdir()
        for name in ("systemd", "lock", "proof"):
            (folder / "run" / name).mkdir()
        # Nothing is started by dpkg itself.
        (folder / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
        (folder / "usr/sbin/policy-rc.d").chmod(0o755)
        shutil.copy(HERE / "as_unit.py", folder / "run/proof/")

    def words(self, *words: str) -> list[str]:
        return ["chroot", str(self.folder), *words]

    def run(self, *words: str, status: int = 0, env: dict[str, str] | None = None) -> str:
        clean = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        ended = subprocess.run(self.words(*words), capture_output=True, text=True, env=clean | (env or {}), check=False)
        assert ended.returncode == status, f"{' '.join(words)}: {ended.returncode}: {ended.stdout}{ended.stderr}"
        return ended.stdout + ended.stderr

    def start(self, name: str, *words: str) -> subprocess.Popen[str]:
        """What it says is in /run/proof/NAME.log."""
        log = (self.folder / "run/proof" / f"{name}.log").open("w")
        child = subprocess.Popen(self.words(*words), stdin=subprocess.PIPE, stdout=log, stderr=log, text=True)
        self.children.append(child)
        return child

    def unit(self, name: str, *more: str) -> subprocess.Popen[str]:
        return self.start(name, "python3", "/run/proof/as_unit.py", f"/lib/systemd/system/{name}.service", *more)

    def said(self, name: str) -> str:
        return (self.folder / "run/proof" / f"{name}.log").read_text()

    def uid(self, user: str) -> int:
        return int(self.run("id", "-u", user))

    def may(self, user: str, flag: str, path: str) -> bool:
        words = ["setpriv", f"--reuid={user}", f"--regid={'nogroup' if user == 'nobody' else user}", "--init-groups"]
        return subprocess.run(self.words(*words, "test", flag, path), check=False).returncode == 0

    def end(self) -> None:
        for child in self.children:
            child.terminate()
        for child in self.children:
            try:
                child.wait(self.patience_s)
            except subprocess.TimeoutExpired:
                child.kill()
        self.children.clear()


def journal(root: Root, sql: str) -> list[tuple[object, ...]]:
    path = root.folder / "var/lib/hearthwatch/journal.db"
    if not path.exists():
        return []
    with sqlite3.connect(path, timeout=10) as db:
        return list(db.execute(sql))


def installed(root: Root, *packages: Path) -> None:
    for package in packages:
        shutil.copy(package, root.folder / "run/proof/")
    root.run("dpkg", "--force-unsafe-io", "--install", *(f"/run/proof/{package.name}" for package in packages))


def started(root: Root, name: str, sign: str, *more: str) -> None:
    process = root.unit(f"hearthwatch-{name}", *more)
    until(lambda: sign in root.said("notify") or process.poll() is not None, f"{name} to be ready", root.patience_s)
    assert process.poll() is None, root.said(f"hearthwatch-{name}")
