"""The way to each centre: whether its broker is there and is the right one, and what this hub shows it."""

import contextlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agent.civil import rfc3339
from agent.clock_io import wall_is_believable, wall_ms
from agent.doctor.check import Check
from agent.doctor.local_io import REACH_S, unreached
from agent.hub import Hub, Upstream
from agent.nouns import DAY_MS, Instant
from agent.transport.keys_io import BadKey, Certificate, certificate, public_of, verifier

SOON_DAYS: Final = 30  # a centre needs a few weeks to issue another, and somebody to bring it
SILENCE_S: Final = 2.0  # a broker that refuses a certificate says so within it
_REFUSALS: Final = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the centre wants a client certificate",
    "TLSV1_ALERT_UNKNOWN_CA": "the centre does not know who signed this hub's certificate",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "this hub's certificate has been revoked",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "this hub's certificate has expired",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the centre refuses this hub's certificate",
}
_REVOKED: Final = "SSLV3_ALERT_CERTIFICATE_REVOKED"


def centres(hub: Hub, folder: Path) -> Iterator[Check]:
    for upstream in hub.upstreams:
        where = f"{upstream.host}:{upstream.port}"
        yield _line(upstream, folder, where)
        if upstream.certificate is not None and upstream.key is not None:
            yield _certificate(folder / upstream.certificate, folder / upstream.key, hub.id, where)
        yield _receipt_key(upstream, folder, where)


def _line(upstream: Upstream, folder: Path, where: str) -> Check:
    if upstream.ca is None:
        lost = unreached(upstream.host, upstream.port)
        return Check("centre", "answers" if lost is None else "unreached", lost or "answers, without TLS", where)
    try:
        return Check("centre", "accepted", _handshake(upstream, folder), where)
    except ssl.SSLCertVerificationError as fault:
        return Check("centre", "not_the_centre", fault.verify_message, where)
    except ssl.SSLError as fault:
        reason = fault.reason or str(fault)
        code = "revoked" if reason == _REVOKED else "refused"
        return Check("centre", code, _REFUSALS.get(reason, reason), where)
    except FileNotFoundError as fault:
        return Check("centre", "files", f"{fault.filename or 'a file of its line'}: {fault.strerror}", where)
    except OSError as fault:
        return Check("centre", "unreached", fault.strerror or str(fault), where)


def _handshake(upstream: Upstream, folder: Path) -> str:
    """A raw TLS probe: with TLS 1.3 a refusal comes after the handshake, where MQTT libraries hide its reason. Nothing
    is sent: a broker that has closed would answer that with a reset, which overtakes its reason."""
    for name in filter(None, (upstream.ca, upstream.certificate, upstream.key)):
        open(folder / name, "rb").close()  # ssl's own error does not say which file is missing
    context = ssl.create_default_context(cafile=str(folder / (upstream.ca or "")))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if upstream.certificate:
        context.load_cert_chain(folder / upstream.certificate, folder / (upstream.key or ""))
    plain = socket.create_connection((upstream.host, upstream.port), REACH_S)
    with context.wrap_socket(plain, server_hostname=upstream.host) as line:
        line.settimeout(SILENCE_S)
        with contextlib.suppress(TimeoutError):  # silence is consent: it waits for us to speak
            if not line.recv(1):
                raise ssl.SSLError("the centre's broker closed the line without a reason")
        return f"{line.version()}, certificate accepted"


def _certificate(path: Path, key: Path, hub: str | None, where: str) -> Check:
    """What this hub shows, looked at without asking anybody."""
    try:
        found, public = certificate(str(path)), public_of(str(key))
    except (BadKey, OSError) as fault:
        return Check("certificate", "unreadable", str(fault), where)
    if found.public != public:
        return Check("certificate", "other_key", f"{key.name} is not the key of {path.name}", where)
    if hub is not None and found.names != (hub,):
        called = ", ".join(found.names) or "nobody"
        return Check("certificate", "other_hub", f"is for {called}, and this hub is {hub}", where)
    return _dates(found, where)


def _dates(found: Certificate, where: str) -> Check:
    now = wall_ms()
    days = (found.last - now) // DAY_MS
    figures = {"days_left": days}
    if not wall_is_believable():
        return Check("certificate", "clock_first", f"valid from {_day(found.first)} to {_day(found.last)}", where)
    if now < found.first:
        return Check("certificate", "not_yet", f"is not valid before {_day(found.first)}", where)
    if now > found.last:
        return Check("certificate", "expired", f"expired on {_day(found.last)}", where, figures=figures)
    left = "expires today" if days == 0 else f"expires in {days} day{'' if days == 1 else 's'}, on {_day(found.last)}"
    return Check("certificate", "soon" if days < SOON_DAYS else "good", left, where, figures=figures)


def _day(at: Instant) -> str:
    return rfc3339(at)[:10]


def _receipt_key(upstream: Upstream, folder: Path, where: str) -> Check:
    if upstream.receipt_key is None:
        return Check("receipt key", "none", "none named", where)
    try:
        verifier(str(folder / upstream.receipt_key))
    except (BadKey, OSError) as fault:
        return Check("receipt key", "unusable", str(fault), where)
    return Check("receipt key", "pinned", "pinned", where)
