"""The door for what a local broker delivers: bytes in, plain JSON data or one number out, or ``BadFrame``.

Whoever reaches the local broker can write anything on it, so nothing is taken on trust: neither size nor depth, no
key twice, no number that is none. Errors name the topic, shortened and printable.
"""

import json
import re
from math import isfinite
from typing import Final

from agent.nouns import BadFrame

MAX_FRAME_BYTES: Final = 64 * 1024  # a device's longest real message is some 10 KiB; a larger one is refused
MAX_DEVICES_BYTES: Final = 4 * 1024 * 1024  # bridge/devices: some 10 KiB a device, 200 devices and room
MAX_DEPTH: Final = 32  # objects and lists within each other; zigbee2mqtt needs a dozen, more are refused unread
MAX_SHOWN: Final = 80  # characters of a topic or a value in an error; the rest is cut


def shown(what: object) -> str:
    """For an error line: short, and without anything that a terminal or a log would obey."""
    text = what if isinstance(what, str) else repr(what)
    return (text if text.isprintable() else ascii(text))[:MAX_SHOWN]


_MARK: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[]}]', re.DOTALL)  # a string, whatever is in it; or a bracket


def _too_deep(text: str) -> bool:
    """Counted on the text: how deep the decoder itself could go depends on who called, and a replay calls otherwise."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for found in _MARK.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth > MAX_DEPTH:
            return True
    return False


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice")
    return found


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is not a number")


_strict = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_number).raw_decode
_plain = json.JSONDecoder(parse_constant=_no_number).raw_decode


def _decode(text: str) -> tuple[object, int]:
    """One flat object without a blank has as many keys as it has ``":``, or fewer; then none came twice.

    That is how zigbee2mqtt writes, and a third faster than looking at every key.
    """
    if text.count("{") == 1 and " " not in text and "\n" not in text and "\t" not in text and "\r" not in text:
        data, end = _plain(text)
        if isinstance(data, dict) and text.count('":') == len(data):
            return data, end
    return _strict(text)


def parse(address: str, payload: bytes, limit: int = MAX_FRAME_BYTES) -> object:
    """JSON text of at most ``limit`` bytes as data; too deep, too long a number, or anything after it is refused."""
    if len(payload) > limit:
        raise BadFrame(f"{shown(address)}: {len(payload)} bytes, more than {limit}")
    try:
        text = payload.decode()
        if _too_deep(text):
            raise ValueError(f"more than {MAX_DEPTH} objects or lists within each other")
        data, end = _decode(text)
        if end != len(text) and not text[end:].isspace():
            raise ValueError("something follows the JSON text")
    except ValueError as error:  # also what is not UTF-8, and integers of more than 4,300 digits
        raise BadFrame(f"{shown(address)}: not JSON: {shown(str(error))}") from None
    return data


def state(address: str, payload: bytes) -> bool:
    """Whether ``online``, said as a plain word or as {"state": "online"}; anything but the two words is refused."""
    word: object = payload.decode(errors="replace") if not payload.startswith(b"{") else None
    if word is None:
        data = parse(address, payload)
        word = data.get("state") if isinstance(data, dict) else None
    if word == "online":
        return True
    if word == "offline":
        return False
    raise BadFrame(f"{shown(address)}: state is {shown(word)}, neither online nor offline")


def number(raw: object) -> float | None:
    """A number as such or as text ("100.00"), within what any sensor measures; None for anything else."""
    if isinstance(raw, str) and len(raw) <= 16:
        try:
            raw = float(raw)
        except ValueError:
            return None
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    return raw if -1e6 <= raw <= 1e6 and isfinite(raw) else None
