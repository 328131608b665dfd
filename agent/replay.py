"""Replay: a recorded stretch of time through the same loop, and what it says against what was said then."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from agent.civil import rfc3339
from agent.engine import Engine
from agent.loop import fill, run
from agent.nouns import Alert, Entry, Frame, Instant, Outcome, is_activity
from agent.packing import alert_line

TOLD_EVERY: Final = 2_000  # entries between two words on progress


def of_lines(lines: Iterable[tuple[Instant, str, bytes]], until: Instant | None = None) -> Iterator[Entry]:
    """Entries from the lines of a log; with ``until``, later lines are left out and silence is told through it."""
    seq = 0
    for at, sensor, payload in lines:
        if until is not None and at > until:
            break
        seq += 1
        yield Entry(seq, at, Frame("log", sensor, payload))
    if until is not None:
        yield Entry(seq, until)


class Record:
    """A sink that keeps what a technician asked for, as lines. ``said`` is every alert, in order.

    ``tell`` is handed each alert as it comes, for somebody who follows a replay at its pace.
    """

    def __init__(self, home: str, deadlines: bool = False, tell: Callable[[Alert], None] = lambda alert: None) -> None:
        self._tell = tell
        self._home = home
        self.wants_deadlines = deadlines
        self.alerts: list[str] = []
        self.said: list[Alert] = []
        self.deadlines: list[str] = []
        self.rejects: list[str] = []
        self.rejected = 0
        self.frames = 0
        self.first: Instant | None = None
        self.last: Instant | None = None

    def put(self, entry: Entry, outcome: Outcome) -> None:
        self.last = entry.at
        if entry.frame is not None:
            self.frames += 1
            self.first = entry.at if self.first is None else self.first
        if outcome.alerts:
            self.said += outcome.alerts
            for alert in outcome.alerts:
                self._tell(alert)
            self.alerts += [alert_line(alert, self._home) for alert in outcome.alerts]
        if outcome.reject is not None:
            self.rejected += 1
            self.rejects = [*self.rejects, outcome.reject][:20]
        if self.wants_deadlines and outcome.promise is not None:
            self.deadlines += [
                deadline_line(entry.at, reading.sensor, outcome) for reading in outcome.readings if is_activity(reading)
            ]


def deadline_line(at: Instant, sensor: str, outcome: Outcome) -> str:
    """One line of ``--deadlines``: what happens if nothing more is heard."""
    assert outcome.promise is not None
    deadline, state = outcome.promise
    said = {
        "at": rfc3339(at),
        "sensor": sensor,
        "deadline": None if deadline is None else rfc3339(deadline),
        "state": state,
    }
    return json.dumps(said, separators=(",", ":"))


def replay(entries: Iterable[Entry], engine: Engine, record: Record) -> Record:
    """Walk the entries through the engine, with the silences that were due between them."""
    engine.tells_promises = record.wants_deadlines
    run(fill(entries, engine), engine, record)
    return record


def told(entries: Iterable[Entry], tell: Callable[[Instant], None]) -> Iterator[Entry]:
    """The same entries; ``tell`` hears now and then how far it has come."""
    for count, entry in enumerate(entries):
        if count % TOLD_EVERY == 0:
            tell(entry.at)
        yield entry


def differences(recorded: list[str], recomputed: list[str]) -> list[str]:
    """What two lists of alert lines do not share, in order: '-' was said then, '+' would be said now."""
    old, new = Counter(recorded), Counter(recomputed)
    gone = [("-", line) for line in (old - new).elements()]
    come = [("+", line) for line in (new - old).elements()]
    if not gone and not come and recorded != recomputed:
        return ["? the same lines in another order"]
    return [f"{sign} {line}" for sign, line in sorted(gone + come, key=lambda pair: _when(pair[1]))]


def _when(line: str) -> str:
    return str(json.loads(line)["at"])
