"""The commissioning certificate: what must be so before a home is certified, what is then claimed, and the seal. Pure.

A certificate is one HTML file. The claims stand in it as JSON, canonical (RFC 8785) and signed with the hub's own key;
among them the digest of the page around them. So no byte of the file can be changed unseen: neither a claim, nor how it
is shown, nor a blank. ``type`` keeps a signature of this from being taken for one of anything else that the key signs.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final, NamedTuple, cast

from agent.civil import rfc3339, utc_minute
from agent.nouns import Home, Instant, Refused
from agent.provision.setup import Agreed
from agent.provision.walk_file import Walked, home_digest
from agent.provision.walk_findings import Found
from agent.provision.walk_words import faults as of_the_walk
from agent.provision.walk_words import remarks, room_name

TYPE: Final = "hearthwatch commissioning certificate"
VERSION: Final = 1
MOST_BYTES: Final = 1 << 20  # a larger file is no certificate
OPENS, CLOSES = '<script type="application/json" id="certificate">', "</script>"
# What would end the script element early, or begin another, is written as JSON allows it too.
_ESCAPES: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
Sign = Callable[[bytes], bytes]
Verify = Callable[[bytes, bytes], bool]  # signature, message


class Promise(NamedTuple):
    """Of a room: within how many minutes a fall at 10:00, and at 03:00, is reported at this home's setting."""

    room: str
    day_minutes: int
    night_minutes: int


class Battery(NamedTuple):
    """What a sensor has said of its battery since the walk; ``at`` is civil."""

    percent: int
    at: Instant


class Facts(NamedTuple):
    """All that a certificate rests on. ``signed``: the journal, too, has the centre's receipt of the test alert.
    ``batteries``: of each sensor that has told of its battery since the walk, the newest. ``withdrawn`` and ``walking``
    are the words of what stands; ``clock`` is the quality of the hub's time, and ``at`` what it says. ``key``: the
    digest of the public half of the hub's key."""

    hub: str
    home: Home
    at: Instant
    by: str
    agent: str
    models: Mapping[str, str]
    model_faults: Mapping[str, str]
    key: str
    clock: str
    walked: Walked | None = None
    batteries: Mapping[str, Battery] = MappingProxyType({})
    signed: bool = False
    agreed: Agreed | None = None
    withdrawn: str = ""
    walking: str = ""
    promise: tuple[Promise, ...] = ()


def faults(facts: Facts) -> list[str]:
    """Why this home is not certified, a line for each reason; empty: it is."""
    lines = []
    if not facts.by.strip():
        lines.append("who installed this home is not named: say --by NAME")
    lines += _consent(facts)
    if facts.clock == "unknown":
        lines.append("the hub does not know the time: connect it to the network, and certify then")
    lines += [f"the {name} model cannot be used: {why}" for name, why in sorted(facts.model_faults.items())]
    lines += _walk(facts)
    return lines


def _consent(facts: Facts) -> list[str]:
    if not facts.home.consent.monitoring:
        return ["consent is missing: home.toml says monitoring = false"]
    if facts.withdrawn:
        return [f"consent is missing: it was {facts.withdrawn}"]
    if facts.agreed is None or not facts.agreed.by:
        return ["consent is missing: nobody is on record as having agreed: provision, or say --agreed-by NAME"]
    return []


def _walk(facts: Facts) -> list[str]:
    walked = facts.walked
    if walked is None:
        return ["this home was not walked: run walk-test"]
    if walked.home_digest != home_digest(facts.home):
        return ["home.toml was changed since this home was walked: run walk-test again"]
    lines = of_the_walk(_now(walked, facts), facts.home, _heard(walked, facts))
    missing = sorted(facts.home.sensors.keys() - {one.sensor for one in walked.sensors})
    lines += [f"{sensor}: was not in the walk: run walk-test again" for sensor in missing]
    if facts.walking:
        lines.append(f"{facts.walking}: end it first, with walk-test --end")
    if walked.call is None or walked.call.received_ms is None or not facts.signed:
        lines.append("the centre has not signed for the test alert of the walk: run walk-test again")
    if walked.ended > facts.at:
        lines.append("the walk lies in the future: the hub's clock was set back since; run walk-test again")
    return lines


def _now(walked: Walked, facts: Facts) -> tuple[Found, ...]:
    """As the walk found them, each with the battery of its newest report: one may be new since, or nearly empty."""
    new = facts.batteries
    return tuple(
        one._replace(battery_percent=new[one.sensor].percent) if one.sensor in new else one for one in walked.sensors
    )


def _heard(walked: Walked, facts: Facts) -> dict[str, str]:
    """When the battery of each was."""
    since = {id: f"heard {utc_minute(new.at)}" for id, new in facts.batteries.items()}
    return {one.sensor: "in the walk" for one in walked.sensors} | since


def claims(facts: Facts) -> dict[str, Any]:
    """What the certificate says, for a program; the page says the same. Only where there are no ``faults``."""
    walked, agreed, home = facts.walked, facts.agreed, facts.home
    assert walked is not None, "there are no faults"
    assert walked.call is not None, "there are no faults"
    assert agreed is not None, "there are no faults"
    return {
        "type": TYPE,
        "version": VERSION,
        "hub": facts.hub,
        "key": facts.key,
        "home": home.id,
        "home_digest": walked.home_digest,
        "at": rfc3339(facts.at),
        "clock": facts.clock,
        "by": facts.by,
        "agent": facts.agent,
        "models": [{"name": name, "digest": digest} for name, digest in sorted(facts.models.items())],
        "rooms": [{"id": room.id, "kind": room.kind, "name": room_name(home, room.id)} for room in home.rooms.values()],
        "sensors": [_sensor(one, facts.batteries.get(one.sensor)) for one in _now(walked, facts)],
        "remarks": remarks(walked.sensors),
        "walk": {"by": walked.by, "began": rfc3339(walked.began), "ended": rfc3339(walked.ended)},
        "ways": [leg._asdict() for leg in walked.legs],
        "test_alert": walked.call._asdict() | {"at": rfc3339(walked.call.at)},
        "promise": [one._asdict() for one in facts.promise],
        "consent": agreed._asdict() | home_consent(home),
        "residents": home.residents,
        "timezone": home.timezone,
    }


def _sensor(one: Found, new: Battery | None) -> dict[str, Any]:
    """``battery_at``: when its battery was heard; null: by the walk."""
    return one._asdict() | {"rooms": [], "cycle": [], "battery_at": None if new is None else rfc3339(new.at)}


def home_consent(home: Home) -> dict[str, bool]:
    """What who lives there agreed to, as home.toml has it."""
    given = home.consent
    return {
        "monitoring": given.monitoring,
        "summary_to_family": given.summary_to_family,
        "bathroom_detail_to_family": given.bathroom_detail_to_family,
    }


# -- the seal ----------------------------------------------------------------------------------------------------


def seal(page: str, said: Mapping[str, Any], sign: Sign) -> bytes:
    """The page, which has room for it (OPENS, CLOSES), with the signed claims in it."""
    assert page.count(OPENS + CLOSES) == 1, "the template has one place for the claims"
    body = {**said, "page": sha256(page.encode()).hexdigest()}
    whole = _canonical({**body, "sig": _text(sign(_canonical(body).encode()))})
    return page.replace(OPENS + CLOSES, OPENS + _escaped(whole) + CLOSES).encode()


def opened(data: bytes, verify: Verify) -> dict[str, Any]:
    """The claims of a certificate of which no byte was changed; Refused, in a line, for anything else."""
    if len(data) > MOST_BYTES:
        raise Refused(f"is {len(data)} bytes long, more than {MOST_BYTES}: no certificate")
    opens, closes = OPENS.encode(), CLOSES.encode()
    before, found, rest = data.partition(opens)
    text, ends, after = rest.partition(closes)
    if not found or not ends or opens in rest:
        raise Refused("is no certificate of this product: it holds no signed claims")
    try:
        whole = cast(dict[str, Any], json.loads(text))
        body = {name: value for name, value in whole.items() if name != "sig"}
        signature = urlsafe_b64decode(str(whole["sig"]) + "==")
        same = _escaped(_canonical(body | {"sig": _text(signature)})).encode() == text
        page, type = str(body["page"]), body["type"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Refused("was changed: its claims cannot be read") from None
    if type != TYPE or not same or not verify(signature, _canonical(body).encode()):
        raise Refused("was changed, or is of another hub: its signature does not fit its claims")
    if sha256(before + opens + closes + after).hexdigest() != page:
        raise Refused("was changed: the page is not the one that was signed")
    return body


def _canonical(said: Mapping[str, Any]) -> str:
    """RFC 8785: whole numbers and text only, keys that are ASCII."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _escaped(text: str) -> str:
    for letter, code in _ESCAPES.items():
        text = text.replace(letter, code)
    return text


def _text(signature: bytes) -> str:
    return urlsafe_b64encode(signature).rstrip(b"=").decode()
