"""Runs a unit's command as systemd would, where there is no systemd: as_unit.py UNIT [--plain] [NAME=VALUE]

As its user and groups, with its umask, environment, view of the files, system calls, families of addresses, and memory
that cannot be both written and run; all of it taken from the unit's file. What wants systemd itself (limits of memory,
addresses and devices, restarts) is left out. ``--plain``: the user, groups, umask and environment alone, for a
processor that is emulated. NAME=VALUE is added to the environment; TRY=CODE runs that Python instead. Run as root
inside the root it is for; the proof of the packages does.
"""

import ctypes
import os
import pwd
import shlex
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import NoReturn

NEW_MOUNTS = 0x0002_0000  # CLONE_NEWNS
NO_NEW_PRIVS, REFUSE_EXEC_GAIN = (38, 1), (65, 1)  # prctl: PR_SET_NO_NEW_PRIVS; PR_SET_MDWE
ALLOW, EPERM = 0x7FFF_0000, 0x0005_0001  # SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(EPERM)
EQUAL = 4  # SCMP_CMP_EQ
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16}
NOTIFY = "/run/systemd/notify"
KEEP_CAPS, AMBIENT, RAISE = 8, 47, 2  # PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE
CAPABILITIES = {"CAP_NET_ADMIN": 12}
CAPABILITY_VERSION = 0x2008_0522  # the third, of two words each
DYNAMIC = 61_999  # one of those that systemd takes for a user who lives as long as the unit does

libc = ctypes.CDLL(None, use_errno=True)


class Comparison(ctypes.Structure):
    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


def settings(unit: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for line in Path(unit).read_text().splitlines():
        key, sign, value = line.partition("=")
        if sign and not line.startswith("#"):
            found[key].append(value)
    return found


def done(code: int) -> None:
    if code < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def view(unit: dict[str, list[str]]) -> None:
    """The files as the unit sees them."""
    done(libc.unshare(NEW_MOUNTS))
    mount("--make-rprivate", "/")
    writable = [path for line in unit["ReadWritePaths"] for path in line.split()]
    for path in writable:
        mount("--bind", path, path)
    for path in ("/tmp", "/var/tmp"):
        mount("-t", "tmpfs", "tmpfs", path)
    kept = ("/proc", "/dev", "/sys", "/tmp", "/var/tmp", *writable)
    for line in Path("/proc/self/mounts").read_text().splitlines():
        place = line.split()[1]
        if not any(place == one or place.startswith(f"{one}/") for one in kept):
            mount("-o", "remount,bind,ro", place)
    Path("/tmp/nothing").touch(0o000)
    for path in (path for line in unit["InaccessiblePaths"] for path in line.split()):
        found = Path(path.removeprefix("-"))
        if found.is_dir():
            mount("-t", "tmpfs", "-o", "mode=000,ro", "tmpfs", str(found))
        elif found.exists():
            mount("--bind", "/tmp/nothing", str(found))
    for path in ("/home", "/root"):
        mount("-t", "tmpfs", "-o", "mode=000,ro", "tmpfs", path)


def calls(groups: list[str]) -> set[str]:
    found: set[str] = set()
    for group in groups:
        listed = subprocess.run(
            ["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True
        )
        words = [line.strip() for line in listed.stdout.splitlines()[1:] if not line.strip().startswith("#")]
        found |= {word for word in words if word and not word.startswith("@")}
        found |= calls([word for word in words if word.startswith("@")])
    return found


def filtered(unit: dict[str, list[str]]) -> None:
    """From here on, of system calls, only what the unit allows; the rest fail with EPERM, as there."""
    allowed = calls([one for one in unit["SystemCallFilter"] if not one.startswith("~")])
    allowed -= calls(" ".join(one[1:] for one in unit["SystemCallFilter"] if one.startswith("~")).split())
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(seccomp.seccomp_init(EPERM))
    for name in allowed - {"socket"}:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # of this processor
            done(seccomp.seccomp_rule_add_array(rules, ALLOW, number, 0, None))
    number = seccomp.seccomp_syscall_resolve_name(b"socket")
    for family in " ".join(unit["RestrictAddressFamilies"]).split():
        only = Comparison(0, EQUAL, FAMILIES[family], 0)
        done(seccomp.seccomp_rule_add_array(rules, ALLOW, number, 1, ctypes.byref(only)))
    done(seccomp.seccomp_load(rules))


def user_of(unit: dict[str, list[str]]) -> pwd.struct_passwd:
    if unit["DynamicUser"] == ["yes"]:
        return pwd.struct_passwd(("dynamic", "x", DYNAMIC, DYNAMIC, "", "/", "/bin/false"))
    return pwd.getpwnam(unit["User"][0])


def become(user: pwd.struct_passwd, unit: dict[str, list[str]]) -> None:
    kept = [CAPABILITIES[word] for line in unit["AmbientCapabilities"] for word in line.split()]
    os.setgroups(os.getgrouplist(user.pw_name, user.pw_gid))
    os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
    libc.prctl(KEEP_CAPS, 1, 0, 0, 0)
    os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
    mask = sum(1 << number for number in kept)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    done(libc.capset(header, (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)))
    for number in kept:
        done(libc.prctl(AMBIENT, RAISE, number, 0, 0))
    os.umask(int(unit["UMask"][0], 8))
    os.chdir((unit["WorkingDirectory"] or ["/"])[0])
    libc.prctl(*NO_NEW_PRIVS, 0, 0, 0)


def main(path: str, *words: str) -> NoReturn:
    unit, plain = settings(path), "--plain" in words
    for condition in unit["ExecCondition"]:
        if subprocess.run(shlex.split(condition), check=False, stdout=subprocess.DEVNULL).returncode:
            sys.exit(f"{path}: not wanted here: {condition}")
    for command in unit["ExecStartPre"]:
        subprocess.run(shlex.split(command.lstrip("+-")), check=not command.startswith("-"))
    user = user_of(unit)
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin", "LANG": "C.UTF-8", "USER": user.pw_name}
    environment |= {"HOME": user.pw_dir, "LOGNAME": user.pw_name}
    environment |= dict(one.split("=", 1) for line in unit["Environment"] for one in shlex.split(line))
    environment |= dict(one.split("=", 1) for one in words if "=" in one)
    if unit["Type"] == ["notify"]:
        environment |= {"NOTIFY_SOCKET": NOTIFY, "WATCHDOG_USEC": f"{unit['WatchdogSec'][0]}000000"}
    tried = environment.get("TRY")
    start = ["python3", "-c", tried] if tried else shlex.split(unit["ExecStart"][0])
    if not plain:
        view(unit)
    become(user, unit)
    if not plain:
        filtered(unit)
        if unit["MemoryDenyWriteExecute"] == ["yes"]:
            done(libc.prctl(*REFUSE_EXEC_GAIN, 0, 0, 0))
    os.execvpe(start[0], start, environment)


if __name__ == "__main__":
    main(*sys.argv[1:])
