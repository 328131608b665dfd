"""The contract with a monitoring centre for programs: JSON Schema of what is sent, AsyncAPI of where and how.

All of it is made from what ``envelope`` seals and opens by, so that there is one list of fields and bounds. What no
schema can say stands in the descriptions: that the bytes are canonical, padded to one length, and signed.
"""

import json
import re
from dataclasses import fields
from typing import Any, Final

from agent.nouns import Instant
from agent.transport.envelope import (
    ENVELOPE_BYTES,
    FORMS,
    GONE,
    MAX_RECEIPT_BYTES,
    MAY_BE_NULL,
    RANGES,
    REASONS,
    RECEIPTS,
    VERDICTS,
    VERSION,
    Envelope,
    Receipt,
    topic,
)

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
HUB: Final = "{hub}"
# 64 bytes as base64url without padding: the last letter carries two bits.
SIGNATURE: Final = "^[A-Za-z0-9_-]{85}[AQgw]$"
INSTANT: Final = (
    "^(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9][.][0-9]{3}Z$"
)
_WORDS: Final = re.compile(r"[a-z]+(?:\|[a-z]+)*")  # a form that is a list of words and nothing else

ENVELOPE_SAYS: Final = (
    f"One alert, technical alert or proof of life of a hub: exactly {ENVELOPE_BYTES} bytes of canonical JSON (RFC 8785:"
    " keys sorted, no spaces, printable ASCII, no escapes, whole numbers). pad is as many dots as make the length."
    " sig is base64url without padding of the hub's Ed25519 signature over the canonical object without sig."
    " Numbers (epoch, seq) have no gaps: seq counts from 1 in each epoch; previous is the SHA-256, in hexadecimal, of"
    f" the {ENVELOPE_BYTES} bytes before, be it of the epoch before, or 64 zeros where the hub knows of none. Refuse"
    " whatever is not exactly so."
)
RECEIPT_SAYS: Final = (
    f"What the centre says of one alert: at most {MAX_RECEIPT_BYTES} bytes of canonical JSON (RFC 8785). alert is the"
    f" SHA-256, in hexadecimal, of the {ENVELOPE_BYTES} bytes it answers. sig is base64url without padding of the"
    " centre's Ed25519 signature over the canonical object without sig; hubs pin that key. received: it is written down"
    " at the centre. human: a person has taken it. outcome: a person closed the incident, with a verdict, and a reason"
    " where that is false. cancelled-test: a test call needs nobody any more."
)
DELIVERED: Final = (
    "A PUBACK is a hint: a broker gives one before it stores, and for topics that nobody may write or read. An alert is"
    " delivered when the hub holds a receipt of kind received that the pinned key of the centre signed and that names"
    " the hash of the alert. Until then the hub sends the same bytes again: expect them more than once, and answer"
    " each. Critical ones come first; the rest at most 5 a second after an outage."
)


def documents() -> dict[str, str]:
    """File name in docs/ -> its whole text."""
    made = {
        "envelope.schema.json": envelope_schema(),
        "receipt.schema.json": receipt_schema(),
        "asyncapi.json": asyncapi(),
    }
    return {name: json.dumps(found, indent=2, ensure_ascii=True) + "\n" for name, found in made.items()}


def envelope_schema() -> dict[str, Any]:
    pad = {"type": "string", "pattern": "^[.]*$", "maxLength": ENVELOPE_BYTES}
    return _object("Envelope", ENVELOPE_SAYS, _fields(Envelope) | {"pad": pad})


def receipt_schema() -> dict[str, Any]:
    found = _object("Receipt", RECEIPT_SAYS, _fields(Receipt) | {"kind": {"enum": list(RECEIPTS)}})
    rules = [
        _only("kind", "outcome", "verdict", VERDICTS),
        _only("verdict", "false", "reason", REASONS),
    ]
    return found | {"allOf": rules}


def asyncapi() -> dict[str, Any]:
    """AsyncAPI 3.0, written as the hub sees it: what it sends, and what it receives."""
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Hearthwatch: a hub and its monitoring centre", "version": f"{VERSION}.0.0"}
        | {"description": DELIVERED, "license": {"name": "Apache-2.0"}},
        "defaultContentType": "application/json",
        "servers": {"centre": _server()},
        "channels": {
            "alert": _channel("alert", "Signed envelopes.", {"envelope": _to("messages", "envelope")}),
            "will": _channel(
                "will",
                "Whether the hub has its line. Retained: a receiver that comes later learns it too.",
                {"gone": _to("messages", "gone"), "back": _to("messages", "back")},
            ),
            "receipt": _channel("receipt", "Signed answers.", {"receipt": _to("messages", "receipt")}),
        },
        "operations": {
            "sendAlert": _operation("send", "alert", DELIVERED),
            "sendWill": _operation("send", "will", "The broker says it for a hub that vanished.", retain=True),
            "receiveReceipt": _operation("receive", "receipt", "Believed only if the pinned key signed it."),
        },
        "components": {"messages": _messages(), "securitySchemes": {"certificate": _certificate()}},
    }


def _fields(noun: type[Envelope] | type[Receipt]) -> dict[str, Any]:
    return {field.name: _field(field.name, field.type) for field in fields(noun)}


def _field(name: str, kind: Any) -> dict[str, Any]:
    if kind is bool:
        return {"type": "boolean"}
    if kind is Instant:
        return {"type": "string", "format": "date-time", "pattern": INSTANT}
    if name in RANGES:
        lowest, highest = RANGES[name]
        return {"type": "integer", "minimum": lowest, "maximum": highest}
    form, null = FORMS[name].pattern, name in MAY_BE_NULL
    if _WORDS.fullmatch(form):
        return {"enum": form.split("|") + ([None] if null else [])}
    return {"type": ["string", "null"] if null else "string", "pattern": f"^{form}$"}


def _object(title: str, says: str, properties: dict[str, Any]) -> dict[str, Any]:
    properties = properties | {"version": {"const": VERSION}, "sig": {"type": "string", "pattern": SIGNATURE}}
    return {
        "$schema": DRAFT,
        "title": title,
        "description": says,
        "type": "object",
        "properties": {name: properties[name] for name in sorted(properties)},
        "required": sorted(properties),
        "additionalProperties": False,
    }


def _only(name: str, value: str, other: str, allowed: tuple[str, ...]) -> dict[str, Any]:
    """``other`` says something exactly where ``name`` is ``value``."""
    return {
        "if": {"properties": {name: {"const": value}}},
        "then": {"properties": {other: {"enum": list(allowed)}}},
        "else": {"properties": {other: {"const": None}}},
    }


def _server() -> dict[str, Any]:
    return {
        "host": "{broker}:8883",
        "protocol": "secure-mqtt",
        "protocolVersion": "5.0",
        "description": "TLS 1.3 only. MQTT 5, or 3.1.1 where the broker knows no other. Without TLS to nobody.",
        "variables": {"broker": {"description": "The centre's broker, as hub.toml names it under upstream."}},
        "security": [{"$ref": "#/components/securitySchemes/certificate"}],
        "bindings": {
            "mqtt": {
                "clientId": HUB,
                "cleanSession": True,
                "lastWill": {"topic": topic(HUB, "will"), "qos": 1, "message": GONE.decode("ascii"), "retain": True},
            }
        },
    }


def _certificate() -> dict[str, str]:
    says = "The client's certificate. Its common name is the hub's id, and a hub may use the topics of that id only."
    return {"type": "X509", "description": says}


def _channel(what: str, says: str, messages: dict[str, Any]) -> dict[str, Any]:
    hub = {"description": f"The hub's id, {FORMS['hub'].pattern}; it says nothing of the person."}
    return {"address": topic(HUB, what), "description": says, "parameters": {"hub": hub}, "messages": messages}


def _operation(action: str, channel: str, says: str, retain: bool = False) -> dict[str, Any]:
    mqtt = {"qos": 1} | ({"retain": retain} if action == "send" else {})
    where = {"$ref": f"#/channels/{channel}"}
    return {"action": action, "channel": where, "description": says, "bindings": {"mqtt": mqtt}}


def _messages() -> dict[str, Any]:
    gone = json.loads(GONE)
    return {
        "envelope": {"summary": "What the hub says.", "payload": {"$ref": "./envelope.schema.json"}},
        "receipt": {"summary": "What the centre answers.", "payload": {"$ref": "./receipt.schema.json"}},
        "gone": {
            "summary": "The hub has lost its line: fixed bytes, the same for every hub.",
            "payload": {"const": gone},
            "examples": [{"payload": gone}],
        },
        "back": {
            "summary": "No bytes, retained: the hub is connected again, and its Will is cleared.",
            "payload": {"type": "string", "maxLength": 0},
        },
    }


def _to(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}
