"""walk.json: what a walk came to, whole, beside home.toml; for the certificate, and for what is looked at later."""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple, cast

from agent.civil import parse_rfc3339, rfc3339
from agent.nouns import Home, Instant, Refused
from agent.provision.walk_findings import Found, Leg

VERSION: Final = 1  # another one is refused, not guessed at
FILE: Final = "walk.json"
MOST_BYTES: Final = 1 << 20  # a larger file is not read


class Call(NamedTuple):
    """The test alert: its number, and how long after it was made the centre signed for it, and cancelled it as a test.
    None: not within the time that was waited."""

    epoch: int
    seq: int
    at: Instant
    received_ms: int | None = None
    cancelled_ms: int | None = None


class Walked(NamedTuple):
    """``home_digest``: of the home.toml that was walked. Times are civil."""

    home_digest: str
    by: str
    began: Instant
    ended: Instant
    sensors: tuple[Found, ...]
    legs: tuple[Leg, ...]
    call: Call | None = None


def home_digest(home: Home) -> str:
    """Of home.toml's text as it stands: any change of it wants another walk."""
    return sha256(home.text.encode()).hexdigest()


def written(walked: Walked) -> bytes:
    call = walked.call
    whole: dict[str, Any] = {
        "version": VERSION,
        "home_digest": walked.home_digest,
        "by": walked.by,
        "began": rfc3339(walked.began),
        "ended": rfc3339(walked.ended),
        "sensors": [one._asdict() for one in walked.sensors],
        "legs": [one._asdict() for one in walked.legs],
        "call": None if call is None else call._asdict() | {"at": rfc3339(call.at)},
    }
    return (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode()


def read(data: bytes) -> Walked:
    """Refused, in one line, for whatever is no walk of this version."""
    if len(data) > MOST_BYTES:
        raise Refused(f"{FILE}: is {len(data)} bytes long, more than {MOST_BYTES}; walk again")
    try:
        whole = cast(dict[str, Any], json.loads(data))
        if whole["version"] != VERSION:
            raise Refused(
                f"{FILE}: is of version {str(whole['version'])[:20]}, and this agent knows {VERSION}; walk again"
            )
        call = whole["call"]
        return Walked(
            str(whole["home_digest"]),
            str(whole["by"]),
            parse_rfc3339(whole["began"]),
            parse_rfc3339(whole["ended"]),
            tuple(_found(one) for one in whole["sensors"]),
            tuple(Leg(str(one["one"]), str(one["other"]), int(one["ms"])) for one in whole["legs"]),
            None if call is None else Call(**(call | {"at": parse_rfc3339(call["at"])})),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Refused(f"{FILE}: is no walk that was written whole; walk again") from None


def _found(one: dict[str, Any]) -> Found:
    found = Found(**one)
    return found._replace(rooms=_words(found.rooms), cycle=_words(found.cycle))


def _words(found: Sequence[object]) -> tuple[str, ...]:
    return tuple(str(each) for each in found)
