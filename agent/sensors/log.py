"""The sensor log: JSON Lines, one reading a line, in order of time. What technicians exchange.

Bad lines are reported with their number and skipped. Lines out of order within a minute are sorted; older ones are
reported and skipped, because the time they belong to has already been told.
"""

import heapq
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from agent.civil import parse_rfc3339, rfc3339
from agent.nouns import BINARY, SECOND_MS, Frame, Instant, Reading

LINE_MOST_BYTES: Final = 4_096  # a longer line is a bad line
SORTED_WITHIN_MS: Final = 60 * SECOND_MS
KEYS: Final = frozenset({"at", "sensor", "kind", "value"})
VALUE_MOST: Final = 1_000_000.0
AT_END: Final = Instant(4_102_444_800_000)  # 2100: a later reading is of a clock gone wrong, and a bad line

# The log's kind -> quantity and how many of its units make one of ours.
KINDS: Final = {quantity: (quantity, 1) for quantity in BINARY - {"link"}} | {
    "battery": ("battery_percent", 1),
    "temperature": ("temperature_mc", 1_000),
    "restless": ("restless", 1),
}
_KIND_OF: Final = {quantity: kind for kind, (quantity, _) in KINDS.items()}


class Line(NamedTuple):
    at: Instant
    sensor: str
    payload: bytes  # as a Frame of link "log" carries it: b"motion 1"


class BadLine(ValueError):
    """One line of a log that says nothing usable; the message says why."""


def parse(line: bytes, known: Callable[[str], str | None]) -> Line:
    """One line. ``known`` gives the id of the home's sensor of that name or address, or None."""
    if len(line) > LINE_MOST_BYTES:
        raise BadLine(f"longer than {LINE_MOST_BYTES} bytes")
    try:
        said = _DECODER.decode(line.decode())
    except (ValueError, RecursionError) as fault:
        raise BadLine(fault.args[0] if isinstance(fault, BadLine) else "not one JSON object") from None
    if not isinstance(said, dict) or not said.keys() >= KEYS:
        missing = ", ".join(sorted(KEYS - said.keys())) if isinstance(said, dict) else "all of it"
        raise BadLine(f"not a reading: missing {missing}")
    at, sensor, kind, value = said["at"], said["sensor"], said["kind"], said["value"]
    if not (isinstance(at, str) and isinstance(sensor, str) and isinstance(kind, str)):
        raise BadLine("at, sensor and kind must be texts")
    try:
        moment = parse_rfc3339(at)
    except (ValueError, OverflowError) as fault:
        raise BadLine(f"at is {at[:40]!r}: {str(fault).removeprefix(repr(at)).strip()}") from None
    if moment >= AT_END:
        raise BadLine(f"at is {at!r}: no reading is from after {rfc3339(AT_END)}")
    id = known(sensor)
    if id is None:
        raise BadLine(f"{sensor[:60]!r} is no sensor of this home")
    return Line(moment, id, _payload(kind, value))


def _payload(kind: str, value: object) -> bytes:
    if kind not in KINDS:
        raise BadLine(f"kind is {kind[:40]!r}, not one of {', '.join(sorted(KINDS))}")
    quantity, scale = KINDS[kind]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadLine(f"value is {str(value)[:40]!r}, not a number")
    if not -VALUE_MOST <= value <= VALUE_MOST:
        raise BadLine("value is out of all bounds")
    if quantity in BINARY and value not in (0, 1):
        raise BadLine(f"value of {kind} is {value}, not 0 or 1")
    if quantity == "battery_percent" and not 0 <= value <= 100:
        raise BadLine(f"battery is {value}, not a percentage")
    return f"{quantity} {round(value * scale)}".encode()


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    said = dict(pairs)
    if len(said) != len(pairs):
        raise BadLine("a key stands twice")
    return said


def _no_constant(name: str) -> object:
    raise BadLine(f"{name} is not a number")


def in_order(lines: Iterable[tuple[int, Line]], report: Callable[[int, str], None]) -> Iterator[Line]:
    """Lines by time, sorted within a minute; older ones go to ``report`` with their number."""
    waiting: list[tuple[Instant, int, Line]] = []
    newest = Instant(0)
    released = Instant(0)
    for number, line in lines:
        if line.at < released or line.at < newest - SORTED_WITHIN_MS:
            report(number, f"{rfc3339(line.at)} is more than a minute older than a line before it")
            continue
        if not waiting and line.at >= newest:
            newest = line.at
            waiting.append((line.at, number, line))
            continue
        heapq.heappush(waiting, (line.at, number, line))
        newest = max(newest, line.at)
        while waiting and waiting[0][0] < newest - SORTED_WITHIN_MS:
            released, _, first = heapq.heappop(waiting)
            yield first
    while waiting:
        yield heapq.heappop(waiting)[2]


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)


def frame(line: Line) -> Frame:
    return Frame("log", line.sensor, line.payload)


def write(reading: Reading) -> str | None:
    """A reading as a line of a log, without its end; None for what no log holds (the state of a link)."""
    kind = _KIND_OF.get(reading.quantity)
    if kind is None:
        return None
    value: object = reading.value
    if reading.quantity == "temperature_mc":
        value = reading.value / 1_000
    said = {"at": rfc3339(reading.at), "sensor": reading.sensor, "kind": kind, "value": value}
    return json.dumps(said, separators=(",", ":"))
