"""A hub's last word: the request to believe it no more. Signed with the key that is then erased.

It travels as a file that the installer carries to the centre, not over the line: nothing but alerts leaves a home, a
hub is erased where its line is down as well, and the outbox is itself among what is erased.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from agent.civil import parse_rfc3339, rfc3339
from agent.nouns import BadFrame, Instant
from agent.transport.envelope import Sign, Verify, is_hub

VERSION: Final = 1
WHAT: Final = "hearthwatch-retirement"  # no other thing that a hub signs begins so
MOST_BYTES: Final = 8_192  # a longer file is no request
MOST_LISTED: Final = 32  # certificates, and kinds of what is erased
_CLOCKS: Final = ("synced", "rtc", "unknown")
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_SERIAL: Final = re.compile(r"[0-9a-f]{1,40}")
_WORDS: Final = re.compile(r"[a-z0-9 -]{1,40}")


@dataclass(frozen=True, slots=True)
class Retirement:
    """``serials``: of the hub's client certificates, in hexadecimal, as authorities print them. ``public_key``: what
    the centre pinned. ``erases``: what is removed from the hub after this was signed."""

    hub: str
    public_key: str
    serials: tuple[str, ...]
    at: Instant
    clock: str
    erases: tuple[str, ...]


def seal(said: Retirement, sign: Sign) -> bytes:
    """One line of JSON that anybody can read."""
    body = _body(said)
    return _canonical(body | {"sig": urlsafe_b64encode(sign(_canonical(body))).rstrip(b"=").decode()}) + b"\n"


def claimed(data: bytes) -> Retirement:
    """What such a file says of itself, believed by nobody yet. BadFrame if it is none."""
    return _opened(data)[0]


def open_retirement(data: bytes, verify: Verify) -> Retirement:
    """BadFrame unless the hub signed exactly this."""
    said, signature = _opened(data)
    if not verify(signature, _canonical(_body(said))):
        raise BadFrame("is not signed by the key that is pinned for this hub")
    return said


def _body(said: Retirement) -> dict[str, Any]:
    return asdict(said) | {"at": rfc3339(said.at), "version": VERSION, "what": WHAT}


def _canonical(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode("ascii")


def _opened(data: bytes) -> tuple[Retirement, bytes]:
    try:
        found = json.loads(data.decode("ascii")) if len(data) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("what") != WHAT or found.get("version") != VERSION:
        raise BadFrame("is no request to retire a hub, of this version")
    try:
        signature = urlsafe_b64decode(str(found["sig"]) + "==")
        said = Retirement(
            _one(found, "hub", is_hub),
            _one(found, "public_key", _KEY.fullmatch),
            _several(found, "serials", _SERIAL),
            parse_rfc3339(str(found["at"])),
            _one(found, "clock", _CLOCKS.__contains__),
            _several(found, "erases", _WORDS),
        )
    except (KeyError, ValueError) as fault:
        raise BadFrame(f"is no whole request: {fault}") from None
    return said, signature


def _one(found: Mapping[str, Any], name: str, fits: Any) -> str:
    value = found[name]
    if not isinstance(value, str) or not fits(value):
        raise ValueError(f"{name} is {value!r:.60}")
    return value


def _several(found: Mapping[str, Any], name: str, form: re.Pattern[str]) -> tuple[str, ...]:
    values = found[name]
    good = isinstance(values, list) and len(values) <= MOST_LISTED
    if not good or not all(isinstance(value, str) and form.fullmatch(value) for value in values):
        raise ValueError(f"{name} is {values!r:.60}")
    return tuple(values)
