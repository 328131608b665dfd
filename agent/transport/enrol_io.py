"""This hub becomes known to a monitoring centre: its TLS key is made here, a request goes out, a certificate comes in.

The key (EC P-256) never leaves the hub. What comes in is judged before it is used; each refusal is one line that says
what is wrong, whose mistake it is, and what to do.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from agent.files_io import write_whole
from agent.nouns import Instant, Refused
from agent.transport.keys_io import MAX_CERTIFICATE_BYTES, BadKey, verifier

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate

MAX_CHAIN: Final = 5  # certificates from the hub's to the authority's; a longer way is not followed
# No certificate that ended before it is good, whatever the hub's clock says: nobody ran this agent then.
EARLIEST: Final = datetime(2026, 1, 1, tzinfo=UTC)


def request(key: Path, file: Path, hub: str) -> None:
    """The request in ``file``, which the centre signs; the key is made where there is none. Refused if what is there is
    no key of that kind; OSError if they cannot be written."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    if not key.exists():
        made = ec.generate_private_key(ec.SECP256R1())
        pkcs8, bare = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        write_whole(key, made.private_bytes(serialization.Encoding.PEM, pkcs8, bare), 0o600)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hub)])
    asked = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(_key(key), hashes.SHA256())
    write_whole(file, asked.public_bytes(serialization.Encoding.PEM))


def is_requested(key: Path, file: Path, hub: str) -> bool:
    """Whether the request there is this hub's, with the key that is there."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    try:
        asked = x509.load_pem_x509_csr(file.read_bytes())
        names = [str(name.value) for name in asked.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        return names == [hub] and asked.public_key() == _key(key).public_key()
    except (OSError, ValueError, Refused):
        return False


def _key(path: Path) -> "EllipticCurvePrivateKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it wants a password
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Refused(f"{path}: is no key of this hub's; move it away, and another one is made")
    return key


def fault_of(certificate: Path, ca: Path, key: Path, hub: str, now: Instant | None) -> str:
    """Why the centre's two files cannot be used with this hub's key, in one line; or nothing.

    ``now`` None: this hub does not know the time. Then only a certificate that ended before anybody ran this agent is
    known to be over; all else is checked as ever.
    """
    try:
        chain, authorities = _certificates(certificate), _certificates(ca)
        mine = _key(key)
    except Refused as fault:
        return str(fault)
    own = chain[0]
    return (
        _not_ours(own, certificate, hub)
        or _not_the_keys(own, certificate, mine)
        or _not_signed(chain, authorities, certificate, ca)
        or _out_of_date(own, certificate, now)
        or _out_of_date(authorities[0], ca, now)
    )


def _certificates(path: Path) -> "list[Certificate]":
    from cryptography import x509

    try:
        with path.open("rb") as file:
            return x509.load_pem_x509_certificates(file.read(MAX_CERTIFICATE_BYTES))
    except FileNotFoundError:
        raise Refused(f"{path}: is not there; take it from the centre") from None
    except OSError as fault:
        raise Refused(f"{path}: cannot be read: {fault.strerror}") from None
    except ValueError:
        raise Refused(f"{path}: is no PEM certificate; take it from the centre again") from None


def _not_ours(own: "Certificate", path: Path, hub: str) -> str:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    names = [str(name.value) for name in own.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if _is_authority(own):
        return f"{path}: is an authority's certificate and not a hub's; are the centre's files mixed up?"
    if names != [hub]:
        whose = ascii(names[0])[:60] if names else "nobody"
        return f"{path}: is for {whose} and not for {hub}; are the files of two hubs mixed up? Else ask the centre"
    try:
        uses = own.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return ""
    if ExtendedKeyUsageOID.CLIENT_AUTH not in uses:
        return f"{path}: may not be shown by a hub (it lacks clientAuth); the centre must make it anew"
    return ""


def _is_authority(certificate: "Certificate") -> bool:
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _not_the_keys(own: "Certificate", path: Path, key: "EllipticCurvePrivateKey") -> str:
    if own.public_key() == key.public_key():
        return ""
    return f"{path}: belongs to another key than this hub's; carry this hub's request to the centre again"


def _not_signed(
    chain: "Sequence[Certificate]", authorities: "Sequence[Certificate]", certificate: Path, ca: Path
) -> str:
    if not all(_is_authority(one) for one in authorities):
        return f"{ca}: is no authority's certificate; take the centre's ca again"
    here = chain[0]
    for _ in range(MAX_CHAIN):
        if any(_signed(here, by) for by in authorities):
            return ""
        above = next((by for by in chain[1:] if by != here and _signed(here, by)), None)
        if above is None:
            break
        here = above
    return f"{certificate}: was not signed by the authority in {ca.name}; one of the two is another centre's"


def _signed(one: "Certificate", by: "Certificate") -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        one.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _out_of_date(one: "Certificate", path: Path, now: Instant | None) -> str:
    at = max(EARLIEST, datetime.fromtimestamp((now or 0) / 1_000, UTC))
    if one.not_valid_after_utc < at:
        return f"{path}: ended on {one.not_valid_after_utc:%Y-%m-%d}; ask the centre for a new one"
    if now is not None and at < one.not_valid_before_utc:
        begins = f"{one.not_valid_before_utc:%Y-%m-%d %H:%M}"
        return f"{path}: begins on {begins} UTC, and it is {at:%Y-%m-%d %H:%M} here; is this hub's clock right?"
    return ""


def receipt_key_fault(path: Path) -> str:
    """Why the centre's public key cannot be used, in one line; or nothing."""
    try:
        verifier(str(path))
    except BadKey as fault:
        return str(fault)
    except FileNotFoundError:
        return f"{path}: is not there; take receipts.pub from the centre"
    except OSError as fault:
        return f"{path}: cannot be read: {fault.strerror}"
    except ValueError:  # 32 bytes that are no point
        return f"{path}: is no key; take receipts.pub from the centre again"
    return ""
