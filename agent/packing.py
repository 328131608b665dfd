"""How entries and alerts are written down: batches of entries as bytes, alerts as lines of JSON."""

import json
import zlib
from collections import deque
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Final, cast

from agent.civil import rfc3339
from agent.nouns import DAY_MS, Alert, Entry, Frame, Instant, Reading, Snapshot

LEVEL: Final = 1  # zlib: a quarter of the time of level 6 for a tenth more bytes (make bench)
LATEST_MS: Final = 3 * DAY_MS  # a board keeps readings over a weekend; of a longer time they stand where they came
EVER: Final = Instant(1 << 62)
BODY_MOST_BYTES: Final = 64 << 20  # a batch that unpacks to more is damaged


def pack(entries: Sequence[Entry]) -> bytes:
    """Entries as a batch's body; at least one."""
    start = entries[0].at
    rows: list[tuple[object, ...]] = []
    for _, at, frame in entries:
        if frame is None:
            rows.append((at - start,))
        else:
            link, address, payload, retained = frame
            rows.append((at - start, link, address, payload.decode("latin-1"), int(retained)))
    return _deflate(rows)


def pack_readings(readings: Sequence[Reading], from_at: Instant) -> bytes:
    return _deflate([(at - from_at, sensor, quantity, value) for at, sensor, quantity, value in readings])


def unpack_readings(
    body: bytes,
    from_at: int,
    since: Instant = Instant(-EVER),
    until: Instant = EVER,
    quantities: Container[str] | None = None,
) -> Iterator[Reading]:
    """Those in [since, until), of these ``quantities`` alone; None: of all."""
    plain = _inflate(body)
    if from_at >= until and b"[-" not in plain:
        return  # none of it was made before its batch began: nothing to look for
    names: dict[str, str] = {}  # one object for each: whoever keeps a day of readings keeps half as much
    for after, sensor, quantity, value in cast(list[tuple[int, str, str, int]], json.loads(plain)):
        at = from_at + after
        if since <= at < until and (quantities is None or quantity in quantities):
            sensor, quantity = names.setdefault(sensor, sensor), names.setdefault(quantity, quantity)
            yield Reading(Instant(at), sensor, quantity, value)


def by_time(readings: Iterable[Reading]) -> Iterator[Reading]:
    """In order of time, though some came up to ``LATEST_MS`` after they were made."""
    waiting: deque[Reading] = deque()
    for reading in readings:
        later = []
        while waiting and waiting[-1].at > reading.at:
            later.append(waiting.pop())
        waiting.append(reading)
        waiting.extend(reversed(later))
        while waiting[0].at < waiting[-1].at - LATEST_MS:
            yield waiting.popleft()
    yield from waiting


def unpack(body: bytes, first_seq: int, from_at: int) -> Iterator[Entry]:
    """The entries of a body; ValueError if it is damaged."""
    seq = first_seq - 1
    for row in cast(list[list[object]], json.loads(_inflate(body))):
        at = Instant(from_at + cast(int, row[0]))
        if len(row) == 1:
            yield Entry(seq, at)
        else:
            seq += 1
            _, link, address, payload, retained = cast(tuple[int, str, str, str, int], row)
            yield Entry(seq, at, Frame(link, address, payload.encode("latin-1"), retained != 0))


def frames_of(body: bytes, from_at: int, link: str) -> Iterator[tuple[Instant, str, bytes]]:
    """(instant, address, payload) of each frame of a link; a body that holds none is not taken apart. ValueError if it
    is damaged."""
    plain = _inflate(body)
    if f'"{link}"'.encode() not in plain:
        return
    for row in cast(list[list[object]], json.loads(plain)):
        if len(row) > 1 and row[1] == link:
            after, _, address, payload, _ = cast(tuple[int, str, str, str, int], row)
            yield Instant(from_at + after), address, payload.encode("latin-1")


def pack_snapshot(snapshot: Snapshot) -> bytes:
    return zlib.compress(json.dumps(snapshot, separators=(",", ":")).encode(), 6)


def unpack_snapshot(body: bytes) -> Snapshot:
    return cast(Snapshot, json.loads(_inflate(body)))


def _deflate(rows: object) -> bytes:
    return zlib.compress(json.dumps(rows, separators=(",", ":")).encode(), LEVEL)


def _inflate(body: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        plain = inflater.decompress(body, BODY_MOST_BYTES)
    except zlib.error as fault:
        raise ValueError(f"damaged: {fault}") from None
    if not inflater.eof:
        raise ValueError(f"damaged: cut short, or more than {BODY_MOST_BYTES} bytes")
    return plain


def alert_line(alert: Alert, home: str) -> str:
    """One alert as contracts.md prints it, without the line's end."""
    said = {
        "id": alert.id,
        "home": home,
        "kind": alert.kind,
        "state": alert.state,
        "severity": alert.severity,
        "at": rfc3339(alert.at),
        "since": rfc3339(alert.since),
        "room": alert.room,
        "text": alert.text,
        "evidence": [
            {"at": rfc3339(at), "sensor": sensor, "kind": quantity, "value": value}
            for at, sensor, quantity, value in alert.evidence
        ],
        "confidence_permille": alert.confidence_permille,
        "coverage_permille": alert.coverage_permille,
        "late": alert.late,
        "test": alert.test,
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))
