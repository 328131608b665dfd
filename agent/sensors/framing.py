"""Frames on a serial line, version 1 of firmware-bridge/README.md: bodies in, bytes out, and back again.

A body is version, type, number and payload; on the line it carries a CRC, has its zeros taken out (COBS) and ends with
one. What a body means is bridge.py's.
"""

from binascii import crc_hqx
from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple

VERSION: Final = 1
MAX_PAYLOAD: Final = 96
_HEAD: Final = Struct("<BBH")
_CRC_BYTES: Final = 2
MAX_BODY: Final = _HEAD.size + MAX_PAYLOAD
MAX_COBS: Final = MAX_BODY + _CRC_BYTES + 1  # without the end; of what is longer only the end is waited for


class Body(NamedTuple):
    """``number`` counts each type for itself, modulo 65,536."""

    version: int
    type: int
    number: int
    payload: bytes


def pack(type: int, number: int, payload: bytes = b"") -> bytes:
    """ValueError for a payload longer than MAX_PAYLOAD: ours to prevent."""
    if len(payload) > MAX_PAYLOAD:
        raise ValueError(f"a payload of {len(payload)} bytes, more than {MAX_PAYLOAD}")
    return _HEAD.pack(VERSION, type, number) + payload


def unpack(body: bytes) -> Body | None:
    """None for what is too short to be one."""
    if len(body) < _HEAD.size:
        return None
    version, type, number = _HEAD.unpack_from(body)
    return Body(version, type, number, body[_HEAD.size :])


def crc(data: bytes) -> int:
    """CRC-16/IBM-3740: 0x29B1 of ``123456789``."""
    return crc_hqx(data, 0xFFFF)


def encode(body: bytes) -> bytes:
    """As it goes over the line, with its end. Below 254 bytes COBS is just this: how far it is to each next zero."""
    checked = body + crc(body).to_bytes(_CRC_BYTES, "little")
    return b"".join(bytes([len(part) + 1]) + part for part in checked.split(b"\0")) + b"\0"


def decode(stuffed: bytes) -> bytes | None:
    """The body of a frame without its end; None when it is none, or was damaged on its way."""
    parts = []
    at = 0
    while at < len(stuffed):
        code = stuffed[at]
        if code > len(stuffed) - at or code == 0:
            return None
        parts.append(stuffed[at + 1 : at + code])
        at += code
    checked = b"\0".join(parts)
    body = checked[:-_CRC_BYTES]
    right = len(body) >= _HEAD.size and crc(body).to_bytes(_CRC_BYTES, "little") == checked[-_CRC_BYTES:]
    return body if right else None


class Deframer:
    """Finds the frames in what a line delivers, in pieces of any size. Keeps at most MAX_COBS bytes.

    After anything at all, the frame that follows the next end is read. ``refused`` counts what was no frame.
    """

    def __init__(self) -> None:
        self.refused = 0
        self.kept = bytearray()
        self._endless = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The bodies of the frames that ended in ``data``. To be read to its end: what is not read is not kept."""
        *ended, rest = data.split(b"\0")
        for piece in ended:
            self._keep(piece)
            if self.kept and (body := None if self._endless else decode(bytes(self.kept))) is not None:
                self.kept.clear()
                yield body
            elif self.kept:
                self.refused += 1
            self.kept.clear()
            self._endless = False
        self._keep(rest)

    def _keep(self, piece: bytes) -> None:
        room = MAX_COBS - len(self.kept)
        self._endless = self._endless or len(piece) > room
        self.kept += piece[:room]
