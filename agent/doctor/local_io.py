"""The home's side: the local broker, zigbee2mqtt, and whether a stranger could speak to either."""

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Final

from agent.doctor.check import Check
from agent.hub import Local
from agent.mqtt_io import Broker, Client
from agent.nouns import BadFrame, Home
from agent.sensors.bridge_info import INFO, about, wrong_settings
from agent.sensors.signals import Board
from agent.sensors.zigbee import DEVICES, LINK
from agent.sensors.zigbee_io import CANNOT_SWITCH

REACH_S: Final = 5.0  # a broker that does not answer for so long is not reached
ANSWER_S: Final = 5.0  # the broker's yes or no; and what it retains it sends at once
KNOWN_VERSION: Final = 2  # of zigbee2mqtt: an older one publishes otherwise
PROC: Final = Path("/proc")


def local_of(local: Local, folder: Path, home: Home | None) -> Iterator[Check]:
    where = f"{local.host}:{local.port}"
    if (lost := unreached(local.host, local.port)) is not None:
        yield Check("local broker", "silent", f"{where}: {lost}")
        return
    yield Check("local broker", "answers", f"{where} answers")
    yield from _anonymous(local)
    if home is not None and not _needs_zigbee(home):
        yield Check("zigbee2mqtt", "not_asked", "not asked: nothing in home.toml is zigbee")
        return
    yield from _zigbee2mqtt(local, folder)
    if home is not None and home.signals:
        yield _signals(home, local, folder)


def _needs_zigbee(home: Home) -> bool:
    return bool(home.signals) or any(sensor.link == LINK for sensor in home.sensors.values())


def unreached(host: str, port: int) -> str | None:
    """Why nobody answers there; None: somebody does."""
    try:
        socket.create_connection((host, port), REACH_S).close()
    except OSError as fault:
        return fault.strerror or str(fault)
    return None


def own_addresses(proc: Path = PROC) -> list[str]:
    """What others in the network may call this machine; none of its own loopback, nor those of one cable alone."""
    found: list[str] = []
    with suppress(OSError):
        lines = (proc / "net" / "fib_trie").read_text().splitlines()
        for before, line in pairwise(lines):
            if "host LOCAL" in line and before.strip().startswith("|-- "):
                found.append(before.split()[-1])
    with suppress(OSError):
        for line in (proc / "net" / "if_inet6").read_text().splitlines():
            raw = bytes.fromhex(line.split()[0])
            if struct.unpack("!H", raw[:2])[0] & 0xFFC0 != 0xFE80:
                found.append(socket.inet_ntop(socket.AF_INET6, raw))
    return sorted({one for one in found if not one.startswith("127.") and one != "::1"})


def _open_at(port: int) -> str | None:
    """One of this machine's own addresses in the network at which that port answers."""
    return next((one for one in own_addresses() if unreached(one, port) is None), None)


def _anonymous(local: Local) -> Iterator[Check]:
    """Tried for real: whoever gives no name is let in, or is not."""
    said: list[bool] = []
    stranger = Client(
        Broker(local.host, local.port), f"hearthwatch-doctor-{os.getpid()}", lambda *message: None,
        lambda up, reason: said.append(up),
    )  # fmt: skip
    end = monotonic() + ANSWER_S
    while not said and not stranger.up and monotonic() < end:
        stranger.turn(end - monotonic())
    let_in = stranger.up or True in said
    stranger.close()
    if not let_in:
        yield Check("anonymous", "refused", "the local broker lets nobody in without a name")
    elif (address := _open_at(local.port)) is not None:
        yield Check("anonymous", "everywhere", f"the local broker lets anybody in, at {address}:{local.port} too")
    else:
        yield Check("anonymous", "here", "the local broker lets anybody on this hub in without a name")


def retained(local: Local, folder: Path, topic: str) -> tuple[bytes | None, str]:
    """What the local broker retains of zigbee2mqtt on a topic, asked for ANSWER_S at most; and why there is nothing."""
    password = str(folder / local.credentials) if local.credentials else None
    broker = Broker(local.host, local.port, username=local.username, password_file=password)
    came: list[bytes] = []
    lost: list[str] = []
    client = Client(
        broker,
        f"hearthwatch-doctor-{os.getpid()}",
        on_message=lambda topic, payload, retained: came.append(payload),
        on_link=lambda up, reason: None if up else lost.append(reason),
        subscriptions=(f"{local.base_topic}/{topic}",),
    )
    end = monotonic() + ANSWER_S
    while not came and not lost and monotonic() < end:
        client.turn(end - monotonic())
    client.close()
    return (came[0] if came else None), (lost[0] if lost and not came else "")


def _signals(home: Home, local: Local, folder: Path) -> Check:
    """Whether zigbee2mqtt lists a device for each signal, and one that can be switched so."""
    board = Board(home.signals)
    devices, lost = retained(local, folder, DEVICES)
    if devices is None or not board.learn(devices):
        return Check("signals", "unknown", lost or "zigbee2mqtt has not listed its devices")
    if undriven := board.undriven():
        return Check("signals", "cannot", f"{CANNOT_SWITCH}: {', '.join(undriven)}")
    return Check("signals", "can", f"{len(home.signals)} can be switched")


def _zigbee2mqtt(local: Local, folder: Path) -> Iterator[Check]:
    """What zigbee2mqtt says of its own settings."""
    info, lost = retained(local, folder, INFO)
    if lost:
        yield Check("zigbee2mqtt", "refused", lost)
        return
    if info is None:
        yield Check("zigbee2mqtt", "silent", f"nothing on {local.base_topic}/{INFO} in {ANSWER_S:g} s")
        return
    try:
        wrong, said = wrong_settings(info), about(info)
    except BadFrame as fault:
        yield Check("zigbee2mqtt", "not_understood", str(fault))
        return
    version = ".".join(map(str, said.version)) or "of no known version"
    figures = {"major_version": said.version[0]} if said.version else {}
    if said.version and said.version[0] < KNOWN_VERSION:
        yield Check("zigbee2mqtt", "old", f"is {version}", figures=figures)
    elif wrong:
        yield Check("zigbee2mqtt", "settings", "; ".join(wrong), figures=figures)
    else:
        yield Check("zigbee2mqtt", "well", f"{version}, set as this hub needs it", figures=figures)
    yield Check("joining", *(("open", "devices may join now") if said.joins else ("closed", "no device may join now")))
    yield _frontend(said.frontend)


def _frontend(port: int | None) -> Check:
    if port is None:
        return Check("frontend", "off", "zigbee2mqtt shows no page")
    if (address := _open_at(port)) is not None:
        return Check("frontend", "exposed", f"zigbee2mqtt's page is open to the network, at {address}:{port}")
    return Check("frontend", "here", "zigbee2mqtt's page is shown on this hub alone")
