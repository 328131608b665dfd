"""Real brokers for tests: mosquitto, plain or TLS 1.3 with client certificates, started, killed and restarted at will;
and the real processes that talk through it."""

import datetime
import ipaddress
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self, TypeVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agent.hub import STALL_S
from agent.mqtt_io import Broker

T = TypeVar("T")
ROOT: Final = Path(__file__).parent.parent
CENTRE: Final = ("centre", "serve")  # the command that is the centre's receiver
LONG_S: Final = 20.0  # for anything that should happen at once: a bound, not a wait

# What a monitoring centre's broker allows: a hub its own three topics, the centre the other ends of them.
ACL: Final = """
pattern write hearthwatch/v1/%u/alert
pattern write hearthwatch/v1/%u/will
pattern read hearthwatch/v1/%u/receipt
user centre
topic read hearthwatch/v1/+/alert
topic read hearthwatch/v1/+/will
topic write hearthwatch/v1/+/receipt
"""


def until(condition: Callable[[], T], what: str, limit_s: float = LONG_S) -> T:
    """What ``condition`` returns as soon as it is true; fails after ``limit_s`` with ``what`` was waited for."""
    end = time.monotonic() + limit_s
    while not (found := condition()):
        assert time.monotonic() < end, f"waited {limit_s:g} s in vain: {what}"
        time.sleep(0.01)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Authority:
    """A certificate authority in a folder; ``issue`` writes NAME.crt and NAME.key for server or client.

    What it issues is good for ``host``, from so many ``days`` after today until so many.
    """

    def __init__(
        self, folder: Path, name: str = "ca", host: str = "localhost", days: tuple[int, int] = (-1, 2)
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.ca = folder, folder / f"{name}.crt"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._host, self._days = host, days
        self.ca.write_bytes(self._certificate(self._name, self._key.public_key(), ca=True))

    def issue(self, name: str) -> tuple[str, str]:
        """Paths of a certificate with the common name ``name`` and of its key; where ``host`` is localhost, good for
        127.0.0.1 too."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate, private = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        certificate.write_bytes(self._certificate(subject, key.public_key(), ca=False))
        pkcs8, bare = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        private.write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, bare))
        return str(certificate), str(private)

    def sign(self, request: bytes, name: str | None = None) -> bytes:
        """The certificate that is asked for, in PEM; ``name``: for somebody else than who asks."""
        asked = x509.load_pem_x509_csr(request)
        key = asked.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) if name else asked.subject
        return self._certificate(subject, key, ca=False)

    def _certificate(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, ca: bool) -> bytes:
        now = datetime.datetime.now(datetime.UTC)
        here = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))] if self._host == "localhost" else []
        names = [x509.DNSName(self._host), *here]
        first, last = (-30, 30) if ca else self._days
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            x509.CertificateBuilder(self._name, subject, key, x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=first))
            .not_valid_after(now + datetime.timedelta(days=last))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(authority, critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
        )
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


class Mosquitto:
    """One mosquitto on a free loopback port that it keeps over restarts. With ``authority`` TLS 1.3 and certificates.

    Over TLS the common name of a certificate is the user, and ``acl`` applies.
    """

    def __init__(
        self,
        folder: Path,
        authority: Authority | None = None,
        acl: str = ACL,
        more: str = "",
        anonymous: bool = True,
    ) -> None:
        where = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if where is None:
            pytest.skip("mosquitto is not here; install Debian's package mosquitto")
        self.port, self._program, self._folder, self._authority = free_port(), where, folder, authority
        lines = [f"listener {self.port} 127.0.0.1", "log_type error", "log_type notice", "user root", more]
        if authority is None:
            lines.append(f"allow_anonymous {str(anonymous).lower()}")
        else:
            certificate, key = authority.issue("server")
            (folder / "acl").write_text(acl)
            lines += [f"cafile {authority.ca}", f"certfile {certificate}", f"keyfile {key}", "tls_version tlsv1.3"]
            lines += ["require_certificate true", "use_identity_as_username true", f"acl_file {folder / 'acl'}"]
        self._config = folder / "mosquitto.conf"
        self._config.write_text("\n".join(lines) + "\n")
        self._process: subprocess.Popen[bytes] | None = None

    def client(self, name: str) -> Broker:
        """How the client called ``name`` finds this broker and shows who it is."""
        if self._authority is None:
            return Broker("127.0.0.1", self.port)
        certificate, key = self._authority.issue(name)
        return Broker("127.0.0.1", self.port, str(self._authority.ca), certificate, key)

    def start(self) -> None:
        log = (self._folder / "mosquitto.log").open("ab")
        self._process = subprocess.Popen([self._program, "-c", str(self._config)], stdout=log, stderr=log)
        log.close()
        until(self._answers, f"mosquitto to start, see {self._folder}/mosquitto.log")

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def allow(self, acl: str) -> None:
        """From now on, on the connections that stand too."""
        assert self._process is not None
        (self._folder / "acl").write_text(acl)
        self._process.send_signal(signal.SIGHUP)

    def hang(self) -> None:
        """It keeps its connections, and does nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()


class Process:
    """A real Python process of ours that runs ``code``; ``lines`` is what it has printed so far."""

    def __init__(self, code: str, *words: str, env: Mapping[str, str] | None = None) -> None:
        """``env`` is added to ours."""
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, *words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | env if env is not None else None,
        )
        self.lines: list[str] = []
        self.errors: list[str] = []
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers = [
            threading.Thread(target=_collect, args=(self._process.stdout, self.lines)),
            threading.Thread(target=_collect, args=(self._process.stderr, self.errors)),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The JSON lines printed so far whose ``event`` is ``kind``."""
        return [event for event in map(json.loads, tuple(self.lines)) if event["event"] == kind]

    def send(self, number: signal.Signals) -> int:
        """Send a signal that ends it; returns the exit status."""
        self._process.send_signal(number)
        return self.ended()

    def over(self) -> bool:
        """Whether it has ended by itself."""
        return self._process.poll() is not None

    def ended(self) -> int:
        """The exit status, once it has ended, and all that it printed is in ``lines``."""
        status = self._process.wait(LONG_S)
        for reader in self._readers:
            reader.join()
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            pipe.close()
        return status

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process.stdout is not None and not self._process.stdout.closed:
            self.send(signal.SIGKILL)


def _collect(pipe: IO[str], lines: list[str]) -> None:
    for line in pipe:
        lines.append(line.rstrip("\n"))


def uplink_process(hub: str, broker: Broker, state: Path, stall_s: int = STALL_S) -> Process:
    """``uplink`` as a process of its own, as on a hub."""
    code = "import sys; from agent.mqtt_io import Broker; from agent.transport.uplink_io import uplink\n"
    return Process(code + f"uplink({hub!r}, {[broker]!r}, {str(state)!r}, stall_s={stall_s})")


def centre_process(broker: Broker, folder: Path, *more: str) -> Process:
    """The centre's receiver with --json; pinned keys in ``folder``/hubs, its own in ``folder``/centre.key."""
    (folder / "hubs").mkdir(exist_ok=True)
    words = ["--host", broker.host, "--port", str(broker.port), "--json", "--hubs", str(folder / "hubs")]
    words += ["--signing-key", str(folder / "centre.key"), "--state", str(folder / "centre.db")]
    if broker.ca is not None:
        words += ["--ca", str(broker.ca), "--cert", str(broker.certificate), "--key", str(broker.key)]
    code = "import argparse, sys; from agent.commands import centre; top = argparse.ArgumentParser()\n"
    code += "centre.register(top.add_subparsers()); asked = top.parse_args(sys.argv[1:])\n"
    return Process(code + "sys.exit(asked.run(asked))", *CENTRE, *words, *more)


def old_broker(port: int) -> Process:
    """A broker that knows MQTT 3.1.1 only: amqtt, as it serves the demo where mosquitto is absent."""
    pytest.importorskip("amqtt")
    config = {
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    }
    code = f"import asyncio; from amqtt.broker import Broker\nasync def main():\n    await Broker({config!r}).start()\n"
    broker = Process(code + "    print('ready', flush=True); await asyncio.Event().wait()\nasyncio.run(main())")
    until(lambda: broker.lines, "amqtt to start")
    return broker
