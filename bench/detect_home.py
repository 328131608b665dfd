"""One home lived through the product, once for each thing that is asked: what ``make bench-detect`` judges.

A row is the last sign of life of an active minute: where a freeze is injected. Its deadline is what the engine promises
there; what the untouched log raised is counted on the row whose silence it was.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

import numpy as np

from agent.civil import Wall
from agent.detect.bins import LONGEST_MS
from agent.detect.detector import Models
from agent.detect.onnx_io import OnnxModel
from agent.detect.places import place_of
from agent.engine import Engine
from agent.loop import fill
from agent.nouns import MINUTE_MS, Home, Instant, Reading, Sensor, is_activity
from agent.replay import of_lines
from bench.beds import BED, BED_ROOM, with_bed
from bench.homes import lines, outage, readings

Line = tuple[Instant, str, bytes]
NONE: Final = -1  # no deadline
SUPERVISION: Final = ("sensor_lost", "sensor_mute")


class Case(NamedTuple):
    """A home, its log, and a model that never saw it, with the record of the others."""

    number: int
    home: Home
    log: Path
    model: Path | None
    record: Sequence[int]


class Rows(NamedTuple):
    """Of one home and one way of living it, a number for each row. ``silence``: ms to the next sign of life, -1 at the
    end; ``delay``: ms to the deadline, NONE; ``bed``: 1 occupied, 0 not, or there is none."""

    at: np.ndarray
    local: np.ndarray
    place: np.ndarray
    silence: np.ndarray
    outage: np.ndarray
    delay: np.ndarray
    raised: np.ndarray
    bed: np.ndarray
    flagged: float | None  # hours after ``dead`` until the sensor was told


def models_of(case: Case) -> Models:
    if case.model is None:
        return Models()
    return Models({"fall": OnnxModel(case.model.read_bytes())}, {}, {"fall": case.record})


def lived(case: Case, budget: float, models: Models) -> Rows:
    return _live(case.home, list(lines(case.log, case.home)), budget, models)


def killed(case: Case, budget: float, models: Models) -> tuple[str, Instant, Rows]:
    """One sensor, a different one from home to home, is silent from the middle of the log on, and nobody says so."""
    told = list(lines(case.log, case.home))
    dead = sorted(case.home.sensors)[case.number % len(case.home.sensors)]
    middle = Instant((told[0][0] + told[-1][0]) // 2)
    rest = [line for line in told if line[1] != dead or line[0] < middle]
    since = max([line[0] for line in rest if line[1] == dead], default=middle)
    return dead, middle, _live(case.home, rest, budget, models, (dead, since))


def bedded(case: Case, budget: float, models: Models) -> Rows:
    """The same log with a bed that is felt, simulated from when somebody was last seen in the bedroom."""
    room = next(room.id for room in case.home.rooms.values() if room.kind == BED_ROOM)
    sensors = dict(case.home.sensors) | {BED: Sensor(BED, "bed", room, None, "log", BED)}
    heard = with_bed(case.home, list(readings(case.log, case.home)), Random(1_000 + case.number))
    told = [(each.at, each.sensor, f"{each.quantity} {each.value}".encode()) for each in heard]
    return _live(replace(case.home, sensors=sensors), told, budget, models)


def _live(
    home: Home, told: Sequence[Line], budget: float, models: Models, dead: tuple[str, Instant] | None = None
) -> Rows:
    engine = Engine(replace(home, care=replace(home.care, false_alerts_per_30_days=budget)), models=models)
    engine.tells_promises = False  # asked below, once a minute
    rooms = {room.id: room.kind for room in home.rooms.values()}
    places = {s.id: place_of(s.kind, s.role or "", rooms[s.room]) for s in home.sensors.values()}
    wall, found, raised, flagged = Wall(home.timezone), list[tuple[int, ...]](), set[int](), None
    in_bed = False
    minutes = [line[0] // MINUTE_MS for line in told] + [-1]
    for index, entry in enumerate(of_lines(told)):
        outcome = None
        for one in fill([entry], engine):
            outcome = engine.step(one)
            for alert in outcome.alerts:
                assert alert.kind not in ("agent_fault", "model_fault"), alert.text
                if alert.kind == "possible_fall" and alert.state == "raised":
                    raised.add(alert.since)
                elif dead and alert.kind in SUPERVISION and dead[0] in alert.text and alert.at > dead[1]:
                    flagged = alert.at if flagged is None else flagged
        assert outcome is not None, "an entry has an outcome"
        active = [reading for reading in outcome.readings if is_activity(reading)]
        in_bed = next((r.value == 1 for r in active if r.quantity == "bed"), in_bed)
        if active and minutes[index] != minutes[index + 1]:
            found.append(_row(engine, wall, places, active[-1], in_bed))
    hours = (flagged - dead[1]) / 3_600_000 if dead is not None and flagged is not None else None
    return _rows(np.array(found, dtype=np.int64).reshape(-1, 5), raised, hours)


def _row(engine: Engine, wall: Wall, places: dict[str, int], last: Reading, in_bed: bool) -> tuple[int, ...]:
    deadline = engine.possible_fall.promise().deadline
    delay = NONE if deadline is None else deadline - last.at
    return last.at, wall.local_ms(last.at), places[last.sensor], delay, int(in_bed)


def _rows(found: np.ndarray, raised: set[int], hours: float | None) -> Rows:
    at, local, place, delay, bed = found.T
    silence = np.append(np.diff(at), -1)
    dark = [int(s > LONGEST_MS and outage(a, a + s)) for a, s in zip(at.tolist(), silence.tolist(), strict=True)]
    told = np.isin(at, np.array(sorted(raised), dtype=np.int64))
    return Rows(at, local, place, silence, np.array(dark, dtype=bool), delay, told, bed, hours)
