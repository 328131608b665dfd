"""First checks of a hub: what is wrong, why it matters, what to do. Each check is a function; none changes anything."""

import contextlib
import os
import socket
import ssl
import stat
from collections.abc import Iterator, Sized
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

from agent.clock_io import synchronised, wall_is_believable
from agent.home import BadHome
from agent.home import parse as parse_home
from agent.hub import Hub, Local, Serial, Upstream, unheard
from agent.journal_io import JournalError
from agent.line_io import standing
from agent.models_io import shipped
from agent.mqtt_io import Broker, Client
from agent.nouns import BadFrame, Home
from agent.sensors.bridge_info import INFO, wrong_settings
from agent.sensors.signals import Board
from agent.sensors.zigbee import DEVICES, LINK
from agent.sensors.zigbee_io import CANNOT_SWITCH
from agent.transport.keys_io import BadKey, verifier
from agent.verify_io import verify

REACH_S: Final = 5.0  # a broker that does not answer for so long is not reached
INFO_S: Final = 5.0  # zigbee2mqtt's settings are retained: a broker that has them sends them at once
FREE_LEAST_BYTES: Final = 200 << 20
_REFUSALS: Final = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the centre wants a client certificate",
    "TLSV1_ALERT_UNKNOWN_CA": "the centre does not know who signed this hub's certificate",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "this hub's certificate has been revoked",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "this hub's certificate has expired",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the centre refuses this hub's certificate",
}


@dataclass(frozen=True, slots=True)
class Check:
    """``good`` None: it could not be checked. ``advice`` is one line: why it matters and what to do."""

    name: str
    good: bool | None
    found: str
    advice: str = ""


def examine(hub: Hub, config: Path) -> Iterator[Check]:
    """Every check in turn; ``config`` is the file of ``hub``, whose paths are relative to the folder of it."""
    folder = config.parent
    state = folder / hub.state
    checks, home = _home(folder / hub.home, hub)
    yield from checks
    if home is not None:
        yield from _wishes(state, home)
    for serial in hub.serial:
        which = f" --bridge {serial.bridge}" if len(hub.serial) > 1 else ""
        yield _port(serial, folder, f"hearthwatch bridge monitor --config {config}{which} --selftest")
    yield _state(state)
    yield _journal(state / "journal.db")
    yield _models()
    yield _clock()
    local = _reach("local broker", hub.local.host, hub.local.port, "no sensor can be heard: is mosquitto running?")
    yield local
    if local.good and home is not None and not _needs_zigbee(home):
        yield Check("zigbee2mqtt", None, "not asked: nothing in home.toml is zigbee")
    elif local.good:
        yield _zigbee2mqtt(hub.local, folder)
        if home is not None and home.signals:
            yield _signals(home, hub.local, folder)
    for upstream in hub.upstreams:
        yield _upstream(upstream, folder)
        yield _receipt_key(upstream, folder)


def _home(path: Path, hub: Hub) -> tuple[list[Check], Home | None]:
    try:
        home = parse_home(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as fault:
        return [Check("home", False, f"{path}: {fault}", "without a home file nothing is watched: write it")], None
    except BadHome as fault:
        mistakes = (
            "1 mistake: correct it" if len(fault.mistakes) == 1 else f"{len(fault.mistakes)} mistakes: correct them"
        )
        return [Check("home", False, f"{path}: {fault.mistakes[0]}", mistakes)], None
    checks = [Check("home", True, f"{_count(home.rooms, 'room')}, {_count(home.sensors, 'sensor')}")]
    if lost := unheard(hub, home):
        checks.append(Check("serial", False, lost, "name the port of that board in hub.toml"))
    return checks, home


def _count(things: Sized, what: str) -> str:
    return f"{len(things)} {what}{'' if len(things) == 1 else 's'}"


def _needs_zigbee(home: Home) -> bool:
    return bool(home.signals) or any(sensor.link == LINK for sensor in home.sensors.values())


def _port(serial: Serial, folder: Path, look: str) -> Check:
    """Whether the port is there and may be opened; it is left alone, since ``watch`` may have it."""
    name, port = f"serial {serial.bridge}", folder / serial.port
    try:
        device = stat.S_ISCHR(port.stat().st_mode)
    except OSError as fault:
        return Check(name, False, f"{port}: {fault.strerror}", "its sensors are not heard: is the board plugged in?")
    if not device:
        return Check(name, False, f"{port}: is no serial port", "name one of those that `ls /dev/serial/by-id` shows")
    if not os.access(port, os.R_OK | os.W_OK):
        return Check(name, False, f"{port}: no permission", "put the user that runs hearthwatch into the group dialout")
    return Check(name, True, f"{port} is there", f"stop the hub, and `{look}` shows what the board says")


def _wishes(state: Path, home: Home) -> Iterator[Check]:
    advice = {
        "rest": "silence is nobody's business until then",
        "walk": "what sensors say meanwhile alarms nobody, but for help buttons and smoke; it ends by itself",
        "consent": "see docs/home-first.md before you give it",
    }
    try:
        for what, line in standing(state, home):
            yield Check(what, None, line, advice[what])
    except JournalError:
        return  # what is wrong with the journal is said below


def _state(state: Path) -> Check:
    if not state.exists():
        return Check("state", None, f"{state}: not there yet; watch makes it when it starts")
    try:
        free = os.statvfs(state)
    except OSError as fault:
        return Check("state", False, f"{state}: {fault.strerror}", "the journal cannot be kept: make it writable")
    room = free.f_bavail * free.f_frsize
    if not state.is_dir() or not os.access(state, os.W_OK):
        return Check(
            "state",
            False,
            f"{state}: not a folder that can be written to",
            "the journal cannot be kept: make it writable",
        )
    enough = room >= FREE_LEAST_BYTES
    return Check(
        "state", enough, f"{room >> 20} MiB free", "" if enough else "a full disk loses the journal: make room"
    )


def _journal(path: Path) -> Check:
    if not path.exists():
        return Check("journal", None, "not begun yet")
    try:
        wrong = verify(path)
    except JournalError as fault:
        return Check("journal", False, str(fault), "keep the file and start with a new state directory")
    if wrong:
        return Check("journal", False, wrong[0], "keep the file; export what can be read")
    return Check("journal", True, "whole")


def _models() -> Check:
    models = shipped()
    if models.faults:
        why = "; ".join(f"{name}: {fault}" for name, fault in sorted(models.faults.items()))
        return Check("models", False, why, "rules without a model stand in and tell later: install the agent anew")
    return Check("models", True, ", ".join(sorted(models.by_name)))


def _clock() -> Check:
    if synchronised():
        return Check("clock", True, "set by a time server")
    if wall_is_believable():
        return Check("clock", None, "not set by a time server", "rules of the day may be wrong: allow NTP")
    return Check("clock", False, "stands in the past", "certificates and rules of the day fail: allow NTP")


def _reach(name: str, host: str, port: int, advice: str) -> Check:
    try:
        socket.create_connection((host, port), REACH_S).close()
    except OSError as fault:
        return Check(name, False, f"{host}:{port}: {fault.strerror or fault}", advice)
    return Check(name, True, f"{host}:{port} answers")


def _retained(local: Local, folder: Path, topic: str) -> tuple[bytes | None, str]:
    """What the local broker retains of zigbee2mqtt on a topic, asked for INFO_S at most; and why there is nothing."""
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
    end = monotonic() + INFO_S
    while not came and not lost and monotonic() < end:
        client.turn(end - monotonic())
    client.close()
    return (came[0] if came else None), (lost[0] if lost and not came else "")


def _signals(home: Home, local: Local, folder: Path) -> Check:
    """Whether zigbee2mqtt lists a device for each signal, and one that can be switched so."""
    board = Board(home.signals)
    devices, lost = _retained(local, folder, DEVICES)
    if devices is None or not board.learn(devices):
        return Check("signals", None, lost or "zigbee2mqtt has not listed its devices", "see zigbee2mqtt")
    if undriven := board.undriven():
        found = f"{CANNOT_SWITCH}: {', '.join(undriven)}"
        return Check("signals", False, found, "nobody is asked first there: check address and kind in home.toml")
    return Check("signals", True, f"{len(home.signals)} can be switched")


def _zigbee2mqtt(local: Local, folder: Path) -> Check:
    """What zigbee2mqtt says of its own settings."""
    info, lost = _retained(local, folder, INFO)
    if lost:
        return Check("zigbee2mqtt", False, lost, "no sensor can be heard: check username and credentials in [local]")
    if info is None:
        found = f"nothing on {local.base_topic}/{INFO} in {INFO_S:g} s"
        return Check("zigbee2mqtt", False, found, "no sensor can be heard: is it running, is base_topic its own?")
    try:
        wrong = wrong_settings(info)
    except BadFrame as fault:
        return Check("zigbee2mqtt", False, str(fault), "see who else publishes at the local broker")
    if wrong:
        return Check("zigbee2mqtt", False, "; ".join(wrong), "set this in its configuration.yaml and start it again")
    return Check("zigbee2mqtt", True, "set as this hub needs it")


def _upstream(upstream: Upstream, folder: Path) -> Check:
    name = f"centre {upstream.host}:{upstream.port}"
    if upstream.ca is None:
        return _reach(name, upstream.host, upstream.port, "alerts reach nobody: ask the centre, check the network")
    try:
        return Check(name, True, _handshake(upstream, folder))
    except ssl.SSLCertVerificationError as fault:
        return Check(name, False, fault.verify_message, "the centre is not who it should be: check ca, host and clock")
    except ssl.SSLError as fault:
        why = _REFUSALS.get(fault.reason or "", fault.reason or str(fault))
        return Check(name, False, why, "alerts reach nobody: ask the centre for a certificate that it accepts")
    except OSError as fault:
        return Check(name, False, fault.strerror or str(fault), "alerts reach nobody: check the network and the files")


def _handshake(upstream: Upstream, folder: Path) -> str:
    """A raw TLS probe: with TLS 1.3 a refusal comes after the handshake, where MQTT libraries hide its reason."""
    context = ssl.create_default_context(cafile=str(folder / (upstream.ca or "")))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if upstream.certificate:
        context.load_cert_chain(folder / upstream.certificate, folder / (upstream.key or ""))
    plain = socket.create_connection((upstream.host, upstream.port), REACH_S)
    with context.wrap_socket(plain, server_hostname=upstream.host) as line:
        line.settimeout(1.0)
        line.sendall(b"\xc0\x00")  # PINGREQ before CONNECT: a broker closes, or tells by an alert why not
        with contextlib.suppress(TimeoutError):  # silence is consent
            line.recv(1)
        return f"{line.version()}, certificate accepted"


def _receipt_key(upstream: Upstream, folder: Path) -> Check:
    if upstream.receipt_key is None:
        return Check("receipt key", False, "none named", "no receipt is believed: name the centre's key in hub.toml")
    try:
        verifier(str(folder / upstream.receipt_key))
    except (BadKey, OSError) as fault:
        return Check("receipt key", False, str(fault), "no receipt is believed: take the key again from the centre")
    return Check("receipt key", True, "pinned")
