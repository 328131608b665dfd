"""The hub's own certificate for its page, made on the hub; its key never leaves it.

    python -m agent.page.certificate_io CERTIFICATE KEY NAME ...

Run in a child process: what makes certificates costs memory that the page does without.
"""

import hashlib
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final

from agent.files_io import write_whole
from agent.nouns import Refused

if TYPE_CHECKING:
    from cryptography import x509

CERTIFICATE: Final = "page.pem"
KEY: Final = "page.key"
# Nobody but the family's own browsers believes it, and they are asked once: to ask again would teach them to say yes.
VALID: Final = timedelta(days=20 * 365)
# A hub without a clock battery may be in 1970 when it makes it.
VALID_FROM: Final = datetime(2020, 1, 1, tzinfo=UTC)


def certificate_of(state: Path, names: tuple[str, ...]) -> tuple[str, str]:
    """The files of certificate and key; made at the first start. Refused if they cannot be."""
    certificate, key = state / CERTIFICATE, state / KEY
    if not certificate.exists():
        job = [sys.executable, "-m", "agent.page.certificate_io", str(certificate), str(key), *names]
        done = subprocess.run(job, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise Refused(f"{certificate}: cannot be made: {said}")
    return str(certificate), str(key)


def fingerprint(certificate: Path) -> str | None:
    """SHA-256 of it as browsers show it, in pairs; None: there is none yet."""
    try:
        der = ssl.PEM_cert_to_DER_cert(certificate.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as fault:
        raise Refused(f"{certificate}: is no certificate: {fault}; remove it, and another one is made") from None
    return hashlib.sha256(der).digest().hex(":").upper()


def _named(name: str) -> "x509.GeneralName":
    from cryptography import x509

    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def make(certificate: Path, key: Path, names: list[str]) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    secret = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Hearthwatch, at home")])
    others = x509.SubjectAlternativeName([_named(name) for name in names])
    builder = x509.CertificateBuilder(who, who, secret.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(VALID_FROM).not_valid_after(VALID_FROM + VALID)
    builder = builder.add_extension(others, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    made = builder.sign(secret, hashes.SHA256())
    form = serialization.PrivateFormat.PKCS8
    pem = secret.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    # The key first: a certificate that is there has its key.
    write_whole(key, pem, 0o600)
    write_whole(certificate, made.public_bytes(serialization.Encoding.PEM))


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
