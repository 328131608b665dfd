"""Ed25519 keys in files: the hub's own, made on the hub and never leaving it, and the pinned ones of others.

A key is one line, 32 bytes as base64url: short enough to read out or to print as a code. (PEM would cost the resident
process another 5 MB of code to read it.) ``hub.key`` can be read by its owner only; ``hub.pub`` beside it is what the
monitoring centre pins. The centre's own key works the same way.
"""

import os
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from agent.nouns import Instant, Refused
from agent.owner_io import given
from agent.transport.envelope import Sign, Verify

KEY_BYTES: Final = 32
MAX_FILE_BYTES: Final = 256  # a larger file is no key of ours
MAX_CERTIFICATE_BYTES: Final = 65_536  # read of a certificate file; what stands beyond is not looked at


class BadKey(Refused):
    """A key file that cannot be used; the message says which, why, and what to do."""


def public_path(path: str) -> str:
    """Where the public half of the key in ``path`` lies: hub.key -> hub.pub."""
    return str(Path(path).with_suffix(".pub"))


def signer(path: str, may_make: bool = True) -> Sign:
    """The private key in ``path``; at first start it is made there, with its public half beside it.

    ``may_make`` false: something was signed before, so a key that is not there was lost. So was one whose public half
    is still there; nobody who pinned that would believe another. BadKey then, and if the file is not a key or others
    may read it; OSError if it cannot be read or written.
    """
    public = public_path(path)
    try:
        key = Ed25519PrivateKey.from_private_bytes(_read(path, private=True))
    except FileNotFoundError:
        if not may_make or os.path.exists(public):
            raise BadKey(
                f"{path}: the key is gone, and another would not be believed; put it back from a copy, or start with"
                f" a new folder and have the new {Path(public).name} pinned"
            ) from None
        key = Ed25519PrivateKey.generate()
        _write(path, key.private_bytes_raw(), 0o600)
    if not os.path.exists(public):  # also after a power cut between the two files
        _write(public, key.public_key().public_bytes_raw(), 0o644)
    return key.sign


def verifier(path: str) -> Verify:
    """The pinned public key in ``path``. BadKey if it is none; OSError if it cannot be read."""
    key = Ed25519PublicKey.from_public_bytes(_read(path, private=False))

    def verify(signature: bytes, message: bytes) -> bool:
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    return verify


class Certificate(NamedTuple):
    """What stands in a PEM certificate; times are UTC."""

    names: tuple[str, ...]  # common names; one, if it is a hub's
    first: Instant
    last: Instant
    serial: int
    public: bytes  # its public key, as DER


def certificate(path: str) -> Certificate:
    """BadKey if that file is none; OSError if it cannot be read."""
    from cryptography import x509  # 4 MB that the resident processes do without when hub.toml names the id
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from cryptography.x509.oid import NameOID

    with open(path, "rb", opener=_without_waiting) as file:
        pem = file.read(MAX_CERTIFICATE_BYTES)
    try:
        found = x509.load_pem_x509_certificate(pem)
        names = tuple(str(name.value) for name in found.subject.get_attributes_for_oid(NameOID.COMMON_NAME))
        public = found.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        first, last = (
            Instant(int(at.timestamp() * 1_000)) for at in (found.not_valid_before_utc, found.not_valid_after_utc)
        )
    except ValueError as error:
        raise BadKey(f"{path}: not a PEM certificate: {error}") from error
    return Certificate(names, first, last, found.serial_number, public)


def public_of(path: str) -> bytes:
    """The public half of a private key in PEM, as DER. BadKey if it is none, or locked; OSError if unreadable."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    with open(path, "rb", opener=_without_waiting) as file:
        pem = file.read(MAX_CERTIFICATE_BYTES)
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKey(f"{path}: not a private key in PEM without a password") from error
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def common_name(path: str) -> str:
    """The common name in a PEM certificate: a hub's id, where hub.toml leaves it to that. BadKey if there is none."""
    names = certificate(path).names
    if len(names) != 1:
        raise BadKey(f"{path}: has {len(names)} common names, not one; set id in hub.toml")
    return names[0]


def _without_waiting(path: str, flags: int) -> int:
    """A pipe in the place of a key would keep us waiting for somebody to write."""
    return os.open(path, flags | os.O_NONBLOCK)


def _read(path: str, private: bool) -> bytes:
    with open(path, "rb", opener=_without_waiting) as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        line = file.read(MAX_FILE_BYTES).strip()
    if private and mode & 0o077:
        raise BadKey(f"{path}: others may read this private key (mode {mode:o}); run chmod 600 on it")
    try:
        raw = urlsafe_b64decode(line + b"=")
    except ValueError as error:
        raise BadKey(f"{path}: not a key: {error}") from error
    if len(raw) != KEY_BYTES:
        raise BadKey(f"{path}: not a key of {KEY_BYTES} bytes in base64url; take it again from where it was made")
    return raw


def _write(path: str, raw: bytes, mode: int) -> None:
    """Whole or not at all, on the disk before it is used, and never over a key that is already there."""
    half = f"{path}.{os.getpid()}.half"
    folder = os.path.dirname(path) or "."
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        given(descriptor, folder)
        os.write(descriptor, urlsafe_b64encode(raw).rstrip(b"=") + b"\n")
        os.fsync(descriptor)
        os.link(half, path)
    finally:
        os.close(descriptor)
        os.unlink(half)
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
