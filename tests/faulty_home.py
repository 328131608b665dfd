"""A simulated home with zigbee sensors that has been watched for two weeks, and what happens to it after."""

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

from agent.civil import parse_rfc3339
from agent.detect.detector import Models
from agent.engine import Engine
from agent.home import parse
from agent.models_io import shipped
from agent.nouns import DAY_MS, Alert, Entry, Frame, Home, Instant
from agent.replay import Record, replay
from agent.simulate.days import days
from agent.simulate.dialects import Heard, as_zigbee, opening
from agent.simulate.fleet import TEN, home_text
from agent.simulate.sensors import Fault

FIRST: Final = parse_rfc3339("2026-01-05T00:00:00Z")  # a Monday; London is on UTC
SETTLED_DAYS: Final = 14
SETTLED: Final = Instant(FIRST + SETTLED_DAYS * DAY_MS)  # Monday 2026-01-19, 00:00
DAYS: Final = SETTLED_DAYS + 5
SEED: Final = 2

Frames = list[Heard]
Edit = Callable[[Frames], Frames]


@cache
def models() -> Models:
    """The shipped ones, loaded once."""
    return shipped()


@cache
def home() -> Home:
    return parse(home_text(SEED).encode())


def frames(faults: Sequence[Fault] = ()) -> Frames:
    first, second = opening(TEN, SEED)
    heard = as_zigbee(days(SEED, FIRST, DAYS, faults=faults), TEN, SEED)
    return [Heard(FIRST, first), Heard(FIRST, second), *heard]


@cache
def _memory() -> str:
    """What the hub knows on the last midnight of the two weeks; nothing was said until then."""
    engine, record = Engine(home(), models=models()), Record("h")
    replay(entries([one for one in frames() if one.at < SETTLED]), engine, record)
    assert not record.said, "a quiet home is quiet"
    return json.dumps(engine.snapshot())


@cache
def days_after(faults: tuple[Fault, ...] = ()) -> tuple[Heard, ...]:
    return tuple(one for one in frames(faults) if one.at >= SETTLED)


def settled() -> Engine:
    """The hub at the end of the two weeks."""
    engine = Engine(home(), models=models())
    engine.restore(json.loads(_memory()))
    return engine


def at(hour: float, day: int = 0) -> Instant:
    """So many hours, and days, after the two weeks."""
    return Instant(SETTLED + day * DAY_MS + round(hour * 3_600_000))


def hub(when: Instant, address: str, **said: object) -> Heard:
    return Heard(when, Frame("hub", address, json.dumps(said).encode()))


def bridge(when: Instant, online: bool, retained: bool = False) -> Heard:
    said = json.dumps({"state": "online" if online else "offline"}).encode()
    return Heard(when, Frame("zigbee", "bridge/state", said, retained))


def without(frames: Frames, since: Instant, until: Instant) -> Frames:
    """Nothing is heard in [since, until)."""
    return [one for one in frames if not since <= one.at < until]


def back(when: Instant, since: Instant) -> Frames:
    """A hub that starts, having been off, and finds its broker again."""
    first, second = opening(TEN, SEED)
    found = Frame("zigbee", "bridge/connection", b"online")
    return [hub(when, "boot", from_ms=since), *(Heard(when, frame) for frame in (found, first, second))]


def restarted(edit: Edit = list, faults: tuple[Fault, ...] = (), every: int = 500) -> list[Alert]:
    """As ``lived``, but the hub's memory goes through a snapshot after so many frames, over and over."""
    engine, record = settled(), Record("h")
    heard = entries(sorted(edit(list(days_after(faults))), key=lambda one: one.at))
    for start in range(0, len(heard), every):
        replay(heard[start : start + every], engine, record)
        memory = json.dumps(engine.snapshot())
        engine = Engine(home(), models=models())
        engine.restore(json.loads(memory))
    return record.said


def lived(edit: Edit = list, faults: tuple[Fault, ...] = (), until: Instant | None = None) -> list[Alert]:
    """What is said in the days after, when what is heard is ``edit``ed."""
    engine, record = settled(), Record("h")
    after = sorted(edit(list(days_after(faults))), key=lambda one: one.at)
    heard = [entry for entry in entries(after) if until is None or entry.at <= until]
    if until is not None:
        heard.append(Entry(len(heard), until))
    replay(heard, engine, record)
    assert engine.next_deadline() is None or (engine.next_deadline() or 0) > engine.now
    assert [alert.at for alert in record.said] == sorted(alert.at for alert in record.said), "time went backwards"
    return record.said


def entries(heard: Sequence[Heard]) -> list[Entry]:
    return [Entry(number, one.at, one.frame) for number, one in enumerate(heard, 1)]


def diary(alerts: Sequence[Alert], kind: str = "") -> list[str]:
    return [f"{alert.kind} {alert.state}" for alert in alerts if not kind or alert.kind == kind]
