"""What leaves the house, to the byte. Nothing else does.

An envelope is one JSON object of exactly 1,024 bytes: canonical (RFC 8785), signed with the hub's Ed25519 key, filled
up with ``pad`` so that its length says nothing. It carries no name, no sentence and no reading; a room is its kind.
A receipt is the centre's answer, signed with the centre's key; it names one envelope by its hash.

All values are whole numbers, true, false, null and strings of printable ASCII that JSON never escapes; for these,
sorted keys without spaces are the canonical form. Whoever opens builds the same bytes again and compares, so that
there is one way only to say a thing, and a change of any byte is refused.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, TypeVar

from agent.civil import parse_rfc3339, rfc3339
from agent.nouns import Alert, BadFrame, Instant

VERSION: Final = 1
ENVELOPE_BYTES: Final = 1_024
MAX_RECEIPT_BYTES: Final = 512  # a longer one is refused unread
FIRST: Final = "0" * 64  # ``previous`` where a hub knows of none before: its very first, or its journal was lost
GONE: Final = b'{"state":"gone","version":1}'  # the Last Will: the same bytes for every hub, for ever

LAST_INSTANT: Final = 253_402_300_799_999  # 9999-12-31; a clock that is past it, or before 1970, is cut to the range
MAX_NUMBER: Final = 2**53 - 1  # what every JSON reader still counts exactly
SIGNATURE_BYTES: Final = 64
SEVERITIES: Final = ("critical", "high", "medium", "low", "info")  # most urgent first
RECEIPTS: Final = ("received", "human", "outcome", "cancelled-test")
VERDICTS: Final = ("true", "false", "test", "visitor")  # what a person found; "true": help was needed
REASONS: Final = ("asleep", "away", "moving", "sensor", "other")  # why a false one was false

Sign = Callable[[bytes], bytes]  # message -> signature of 64 bytes
Verify = Callable[[bytes, bytes], bool]  # signature, message -> whether it is theirs

Noun = TypeVar("Noun")

_WORD = re.compile(r"[a-z][a-z_-]{0,31}")
_HUB = re.compile(r"[a-z0-9-]{1,32}")
_HASH = re.compile(r"[0-9a-f]{64}")
FORMS: Final[dict[str, re.Pattern[str]]] = {
    "hub": _HUB,
    "id": re.compile(r"[0-9]{1,16}-[0-9]{1,16}"),
    "kind": _WORD,
    "state": re.compile("raised|updated|cleared"),
    "severity": re.compile("|".join(SEVERITIES)),
    "room": _WORD,
    "clock": re.compile("synced|rtc|unknown"),
    "previous": _HASH,
    "alert": _HASH,
    "verdict": re.compile("|".join(VERDICTS)),
    "reason": re.compile("|".join(REASONS)),
}
MAY_BE_NULL: Final = frozenset({"room", "verdict", "reason"})
RANGES: Final = {
    "epoch": (1, MAX_NUMBER),
    "seq": (1, MAX_NUMBER),
    "raised": (0, LAST_INSTANT),
    "since": (0, LAST_INSTANT),
    "at": (0, LAST_INSTANT),
    "confidence_permille": (0, 1_000),
    "coverage_permille": (0, 1_000),
}


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the centre learns. ``raised`` and ``since`` are civil time, UTC, as good as ``clock`` says.

    ``seq`` numbers what this hub has said in this epoch, without gaps, from 1; ``id`` is the incident; ``room`` is the
    room's kind; ``previous`` is the hash of the envelope before this one, be it of the epoch before.
    """

    hub: str
    epoch: int
    seq: int
    id: str
    kind: str
    state: str
    severity: str
    room: str | None
    raised: Instant
    since: Instant
    clock: str
    confidence_permille: int
    coverage_permille: int
    test: bool
    previous: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the centre says of an alert; ``alert`` is the hash of its envelope, ``at`` the centre's time.

    received: it is written down here. human: a person has taken it. outcome: a person closed the incident, with a
    ``verdict``, and a ``reason`` where that is "false". cancelled-test: a test call needs nobody any more. Who the
    person was stays in the centre's audit.
    """

    hub: str
    epoch: int
    seq: int
    alert: str
    kind: str = "received"
    at: Instant = Instant(0)
    verdict: str | None = None
    reason: str | None = None


def envelope(alert: Alert, hub: str, epoch: int, room: str | None, previous: str) -> Envelope:
    """The one place that decides what the centre may know of an alert. ``room`` is the kind of the room."""
    return Envelope(
        hub=hub,
        epoch=epoch,
        seq=alert.seq,
        id=alert.id,
        kind=alert.kind,
        state=alert.state,
        severity=alert.severity,
        room=room,
        raised=_civil(alert.at, alert.clock.offset_ms),
        since=_civil(alert.since, alert.clock.offset_ms),
        clock=alert.clock.quality,
        confidence_permille=alert.confidence_permille,
        coverage_permille=alert.coverage_permille,
        test=alert.test,
        previous=previous,
    )


def seal(said: Envelope, sign: Sign) -> bytes:
    """Exactly 1,024 bytes. ValueError if a field breaks its bounds: that is our fault, not the world's."""
    if fault := _fault(_flat(said)):
        raise ValueError(fault)
    body = _body(said)
    return _canonical(body | {"sig": _text(sign(_canonical(body)))})


def open_envelope(data: bytes, verify: Verify) -> Envelope:
    """The envelope in ``data``; BadFrame, with the reason, unless every byte is as its hub sealed it."""
    if len(data) != ENVELOPE_BYTES:
        raise BadFrame(f"envelope of {len(data)} bytes, not {ENVELOPE_BYTES}")
    fields, signature = _opened(data, Envelope)
    for name in ("raised", "since"):
        fields[name] = _instant(name, fields[name])
    said = Envelope(**_sound(fields))
    return _proved(said, _body(said), signature, data, verify)


def seal_receipt(receipt: Receipt, sign: Sign) -> bytes:
    """At most 512 bytes. ValueError if a field breaks its bounds."""
    if fault := _fault(_flat(receipt)) or _unsaid(receipt):
        raise ValueError(fault)
    body = _receipt_body(receipt)
    return _canonical(body | {"sig": _text(sign(_canonical(body)))})


def open_receipt(data: bytes, verify: Verify) -> Receipt:
    """The receipt in ``data``; BadFrame unless the centre signed exactly these bytes."""
    if len(data) > MAX_RECEIPT_BYTES:
        raise BadFrame(f"receipt of {len(data)} bytes, more than {MAX_RECEIPT_BYTES}")
    fields, signature = _opened(data, Receipt)
    fields["at"] = _instant("at", fields["at"])
    receipt = Receipt(**_sound(fields))
    if fault := _unsaid(receipt):
        raise BadFrame(fault)
    return _proved(receipt, _receipt_body(receipt), signature, data, verify)


def _flat(noun: Envelope | Receipt) -> dict[str, Any]:
    """dataclasses.asdict would copy every value, which cost a centre a quarter of its time."""
    return {name: getattr(noun, name) for name in noun.__dataclass_fields__}


def _receipt_body(receipt: Receipt) -> dict[str, Any]:
    return _flat(receipt) | {"at": rfc3339(receipt.at), "version": VERSION}


def _unsaid(receipt: Receipt) -> str | None:
    """What a receipt of its kind must say, or may not; None: it is whole."""
    if receipt.kind not in RECEIPTS:
        return f"receipt of kind {receipt.kind!r}; known: {', '.join(RECEIPTS)}"
    if (receipt.kind == "outcome") != (receipt.verdict is not None):
        return f"a verdict belongs to an outcome, and this is {receipt.kind}: {receipt.verdict!r}"
    if (receipt.verdict == "false") != (receipt.reason is not None):
        return f"a reason belongs to the verdict false, and this is {receipt.verdict!r}: {receipt.reason!r}"
    return None


def digest(sealed: bytes) -> str:
    """The hash by which the next envelope and a receipt name this one."""
    return sha256(sealed).hexdigest()


def is_hub(name: str) -> bool:
    """Whether ``name`` may be a hub's id: safe in a topic and in a file name."""
    return _HUB.fullmatch(name) is not None


def topic(hub: str, what: str) -> str:
    """``what`` is alert, receipt or will; "+" for ``hub`` means every hub."""
    return f"hearthwatch/v1/{hub}/{what}"


def _civil(at: Instant, offset_ms: int) -> Instant:
    return Instant(min(max(at + offset_ms, 0), LAST_INSTANT))


def _canonical(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def _text(signature: bytes) -> str:
    return urlsafe_b64encode(signature).rstrip(b"=").decode("ascii")


def _body(said: Envelope) -> dict[str, Any]:
    """All but the signature, padded so that the whole with it is as long as every other."""
    fields = _flat(said) | {"raised": rfc3339(said.raised), "since": rfc3339(said.since), "version": VERSION}
    bare = len(_canonical(fields | {"pad": "", "sig": _text(bytes(SIGNATURE_BYTES))}))
    assert bare <= ENVELOPE_BYTES, "the bounds of the fields keep this true"
    return fields | {"pad": "." * (ENVELOPE_BYTES - bare)}


def _fault(fields: dict[str, Any]) -> str | None:
    """What breaks a bound, or None."""
    for name, value in fields.items():
        if name in MAY_BE_NULL and value is None:
            continue
        if name == "test":
            sound = isinstance(value, bool)
        elif name in RANGES:
            lowest, highest = RANGES[name]
            sound = type(value) is int and lowest <= value <= highest
        else:
            sound = isinstance(value, str) and FORMS[name].fullmatch(value) is not None
        if not sound:
            return f"{name} is {value!r:.80}"
    return None


def _sound(fields: dict[str, Any]) -> dict[str, Any]:
    if fault := _fault(fields):
        raise BadFrame(fault)
    return fields


def _opened(data: bytes, noun: type[Envelope] | type[Receipt]) -> tuple[dict[str, Any], bytes]:
    """The fields of the noun as JSON gives them, and the signature; form and meaning are not yet checked."""
    try:
        found = json.loads(data.decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise BadFrame(f"not JSON: {error}") from error
    names = noun.__dataclass_fields__.keys()
    missing = {*names, "version", "sig"} - found.keys() if isinstance(found, dict) else {"version"}
    if missing or found["version"] != VERSION:
        raise BadFrame(f"not version {VERSION} of the format, or without {', '.join(sorted(missing)) or 'nothing'}")
    try:
        signature = urlsafe_b64decode(found["sig"] + "==")
    except (TypeError, ValueError) as error:
        raise BadFrame(f"sig is not base64url: {error}") from error
    return {name: found[name] for name in names}, signature


def _instant(name: str, value: Any) -> Instant:
    try:
        return parse_rfc3339(value)
    except (TypeError, ValueError) as error:
        raise BadFrame(f"{name}: {error}") from error


def _proved(noun: Noun, body: dict[str, Any], signature: bytes, data: bytes, verify: Verify) -> Noun:
    """``noun``, if these are the only bytes that say it and the signature is theirs."""
    if _canonical(body | {"sig": _text(signature)}) != data:
        raise BadFrame("not in canonical form")
    if not verify(signature, _canonical(body)):
        raise BadFrame("the signature is not of the pinned key")
    return noun
