"""What the journal and the outbox of a hub, which may be running, tell a doctor. Nothing in them is changed."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from agent.civil import parse_rfc3339
from agent.clock_io import wall_ms
from agent.detect.record import Record
from agent.doctor.check import Check
from agent.engine import Engine, OtherFormat
from agent.home import BadHome, parse
from agent.hub import Hub
from agent.journal_io import Journal, JournalError, Segment
from agent.line_io import standing
from agent.loop import fill, run
from agent.nouns import DAY_MS, Clock, Entry, Home, Instant, Outcome
from agent.packing import unpack
from agent.past_io import UNWRITTEN_MS
from agent.sensors.wire import LINK as WIRED
from agent.sensors.zigbee import LINK as ZIGBEE
from agent.transport.outbox_io import RANK, Fault, Outbox
from agent.transport.outboxes_io import outbox_path, volatile_folder

LOOK_BACK_MS: Final = 2 * DAY_MS  # how well a device is heard, and how a board is: of so long
BATTERY_MS: Final = 7 * DAY_MS  # a battery reports seldom
WEAR_MS: Final = 7 * DAY_MS
STUCK_MINUTES: Final = 5  # what waits for so long does not wait for a moment's peace of the line


@dataclass(slots=True)
class BoardPast:
    """What a wired board said of itself lately; None: nothing."""

    firmware: str | None = None
    supply_mv: int | None = None
    refused: int = 0
    boots: set[int] = field(default_factory=set)
    lost: int = 0


@dataclass(slots=True)
class Past:
    """``records`` and ``standing`` are supervision's: each sensor's, and the sensors for which each finding stands.
    None: another agent wrote them. ``link_quality`` is of each device's last message, by its name at zigbee2mqtt."""

    now: Instant
    fresh: bool = False  # the hub wrote in this quarter of an hour: it runs
    clock: Clock = Clock()
    records: Mapping[str, Record] | None = None
    standing: Mapping[str, frozenset[str]] = field(default_factory=dict)
    battery: dict[str, int] = field(default_factory=dict)
    link_quality: dict[str, int] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # of devices at zigbee2mqtt, by address
    boards: dict[str, BoardPast] = field(default_factory=dict)
    called: Instant | None = None  # the last proof of life
    receipted: Instant | None = None
    journal_bytes_a_day: int | None = None


def past_of(state: Path) -> Past | None:
    """None where there is no journal, or none that can be read: that is told elsewhere."""
    path = state / "journal.db"
    if not path.exists():
        return None
    try:
        journal = Journal(path)
    except JournalError:
        return None
    try:
        return _read(journal)
    except JournalError:
        return None
    finally:
        journal.close()


def _read(journal: Journal) -> Past:
    end = journal.last()
    past = Past(Instant(wall_ms()) if end is None else end[1])
    segment = journal.last_segment()
    if segment is not None:
        _supervision(journal, segment, past)
    past.now = Instant(max(past.now, wall_ms() - past.clock.offset_ms))
    written = Instant(past.now if end is None else end[1])
    past.fresh = past.now - written <= UNWRITTEN_MS
    for reading in journal.readings(Instant(written - BATTERY_MS), Instant(written + 1)):
        if reading.quantity == "battery_percent":
            past.battery[reading.sensor] = reading.value
    for entry in _entries(journal, Instant(written - LOOK_BACK_MS)):
        _hear(entry, past)
    _calls(journal, past)
    past.journal_bytes_a_day = _bytes_a_day(journal, written)
    return past


class _Nobody:
    def put(self, entry: Entry, outcome: Outcome) -> None:
        """What was said then is not said again."""


def _supervision(journal: Journal, segment: Segment, past: Past) -> None:
    """What supervision holds of each sensor, after all that the journal has."""
    try:
        engine = Engine(parse(segment.home), segment.epoch)
        engine.restore(segment.snapshot)
    except (BadHome, OtherFormat):
        return
    engine.tells_promises = False
    run(fill(journal.entries(segment.id), engine), engine, _Nobody())
    memory = engine.snapshot()
    proof = cast(Mapping[str, Any], memory["proof"])
    records: dict[str, Record] = {}
    for sensor, plain in proof["health"]["records"].items():
        records[sensor] = Record()
        records[sensor].take(plain)
    past.records = records
    past.standing = {kind: frozenset(sensors) for kind, sensors in proof["health"]["open"].items()}
    past.clock = Clock(*proof["clock"])
    devices = cast(Mapping[str, Any], memory["decoder"])["zigbee"]["devices"]
    past.names = {address: str(device["name"]) for address, device in devices.items() if device.get("name")}


def _entries(journal: Journal, since: Instant) -> Iterator[Entry]:
    rows = journal.rows("SELECT first_seq, from_at, entries FROM batch WHERE to_at >= ? ORDER BY id", (since,))
    for first_seq, from_at, body in rows:
        with suppress(ValueError):  # a damaged batch is told of the journal
            yield from unpack(body, first_seq, from_at)


def _hear(entry: Entry, past: Past) -> None:
    frame = entry.frame
    if frame is None or frame.link not in (ZIGBEE, WIRED) or not frame.payload.startswith(b"{"):
        return
    try:
        said = json.loads(frame.payload)
    except (ValueError, RecursionError):
        return
    if frame.link == ZIGBEE:
        quality = said.get("linkquality")
        if type(quality) is int and not frame.retained:
            past.link_quality[frame.address] = quality
    elif "/" not in frame.address:
        _hear_board(past.boards.setdefault(frame.address, BoardPast()), said)


def _hear_board(board: BoardPast, said: Mapping[str, Any]) -> None:
    for kind in ("hello", "beat"):
        part = said.get(kind)
        if isinstance(part, dict):
            if type(part.get("boot")) is int:
                board.boots.add(part["boot"])
            board.firmware = str(part.get("firmware") or board.firmware or "") or None
            board.supply_mv = part["supply_mv"] if type(part.get("supply_mv")) is int else board.supply_mv
            board.refused = part["refused"] if type(part.get("refused")) is int else board.refused
    if type(said.get("lost")) is int:
        board.lost += said["lost"]


def _calls(journal: Journal, past: Past) -> None:
    said = "SELECT at, epoch, seq FROM alert WHERE kind = 'test_call' AND envelope IS NOT NULL ORDER BY at DESC LIMIT 1"
    for at, epoch, seq in journal.rows(said):
        past.called = Instant(at)
        answered = "SELECT min(at) FROM custody WHERE epoch = ? AND seq = ? AND state = 'received'"
        ((receipted,),) = journal.rows(answered, (epoch, seq))
        past.receipted = None if receipted is None else Instant(receipted)


def _bytes_a_day(journal: Journal, until: Instant) -> int | None:
    """What entries, readings and what was said took of the last days; None before a day is over."""
    first = journal.first()
    if first is None or until - first < DAY_MS:
        return None
    since = max(first, until - WEAR_MS)
    ((batches,),) = journal.rows(
        "SELECT coalesce(sum(length(entries) + length(readings)), 0) FROM batch WHERE to_at >= ?", (since,)
    )
    ((said,),) = journal.rows("SELECT coalesce(sum(length(body) + 1024), 0) FROM alert WHERE at >= ?", (since,))
    return int(batches + said) * DAY_MS // (until - since)


def alert_counts(state: Path) -> dict[str, int]:
    """How often each kind was raised since the journal began; of a journal that cannot be read, nothing."""
    path = state / "journal.db"
    if not path.exists():
        return {}
    with suppress(JournalError):
        journal = Journal(path)
        try:
            rows = journal.rows("SELECT kind, count(*) FROM alert WHERE state = 'raised' GROUP BY kind ORDER BY kind")
            return {str(kind): int(count) for kind, count in rows}
        finally:
            journal.close()
    return {}


def wishes(state: Path, home: Home) -> Iterator[Check]:
    with suppress(JournalError):  # what is wrong with the journal is told of it
        for what, line in standing(state, home):
            yield Check(what, "asked", line)


def outbox_of(hub: Hub, folder: Path, state: Path) -> Check:
    """What waits, on the disk and in memory, and for how long."""
    places = [
        Path(outbox_path(str(folder / (hub.outbox or hub.state)))),
        volatile_folder(str(state), hub.volatile) / "outbox.db",
    ]
    there = [place for place in places if place.exists()]
    if not there:
        return Check("outbox", "new", "nothing was said yet")
    waiting: dict[tuple[int, int], tuple[int, bytes]] = {}
    for place in there:
        try:
            box = Outbox(str(place), durable=False)
            try:
                waiting |= {(one.epoch, one.seq): (one.rank, box.envelope(one.epoch, one.seq)) for one in box.waiting()}
            finally:
                box.close()
        except (Fault, OSError, KeyError) as fault:
            return Check("outbox", "unreadable", f"{place}: {fault}")
    if not waiting:
        return Check("outbox", "empty", "nothing waits")
    critical = sum(rank == RANK["critical"] for rank, _ in waiting.values())
    minutes = max(0, wall_ms() - min(_raised(waiting.values()))) // 60_000
    some = "1 message waits" if len(waiting) == 1 else f"{len(waiting)} messages wait"
    found = f"{some}, {critical} of them critical; the oldest for {lasted(minutes)}"
    code = "stuck" if minutes >= STUCK_MINUTES else "waits"
    return Check("outbox", code, found, figures={"waiting": len(waiting), "critical": critical})


def _raised(sealed: Iterable[tuple[int, bytes]]) -> Iterator[int]:
    for _, envelope in sealed:
        try:
            yield parse_rfc3339(json.loads(envelope)["raised"])
        except (ValueError, KeyError, TypeError):
            yield wall_ms()


def lasted(minutes: int) -> str:
    """In the largest unit that says enough."""
    for unit, size in (("day", 1_440), ("hour", 60)):
        if minutes >= 2 * size:
            return f"{minutes // size} {unit}s"
    return "less than a minute" if minutes < 1 else f"{minutes} minute{'' if minutes == 1 else 's'}"
