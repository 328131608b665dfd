"""Homes as arrays: for every active minute its features, how long the silence after it was, and what it was.

Built by features.Features exactly as the resident process would; cached in the work folder.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agent.civil import Wall
from agent.detect.whereabouts import Whereabouts
from agent.nouns import Home, Watch, is_activity
from bench.homes import homes_in, outage, readings
from training.bins import LONGEST_MS, MINUTE_MS
from training.features import Features
from training.places import ENTRANCE, place_of


@dataclass
class Data:
    """One row for the last sign of life of each active minute. ``outage``: its silence is one, and masked."""

    homes: list[str]
    home: np.ndarray  # index into homes
    at: np.ndarray  # ms
    minute: np.ndarray  # of the local day
    place: np.ndarray
    away: np.ndarray  # the last sign of life was an entrance
    silence: np.ndarray  # ms to the next sign of life; -1: the log ends
    outage: np.ndarray
    x: np.ndarray  # int16 features


def load(folder: Path, cache: Path, killed: bool = False) -> Data:
    """``killed``: in each home one sensor, a different one from home to home, falls silent half-way."""
    if not cache.exists():
        kill = (lambda number: number) if killed else (lambda number: -1)
        parts = [_home(home, log, kill(number)) for number, (home, log) in enumerate(homes_in(folder, None))]
        names = [home.id for home, _ in homes_in(folder, None)]
        arrays = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        arrays["home"] = np.repeat(np.arange(len(parts)), [len(part["at"]) for part in parts])
        np.savez(cache, names=np.array(names), **arrays)
    with np.load(cache) as stored:
        keys = ("home", "at", "minute", "place", "away", "silence", "outage", "x")
        return Data([str(name) for name in stored["names"]], *[stored[key] for key in keys])


def _home(home: Home, log: Path, kill: int) -> dict[str, np.ndarray]:
    places = {
        s.id: place_of(s.kind, s.role or "", home.rooms[s.room].kind if s.room else "other")
        for s in home.sensors.values()
    }
    wall, features, where, watch = Wall(home.timezone), Features(), Whereabouts(home), Watch()
    heard = [reading for reading in readings(log, home) if is_activity(reading)]
    if kill >= 0:
        half = (heard[0].at + heard[-1].at) // 2
        dead = sorted(home.sensors)[kill % len(home.sensors)]
        heard = [reading for reading in heard if reading.sensor != dead or reading.at < half]
    rows: list[tuple[int, int, int, int, int, int]] = []
    x: list[list[int]] = []
    for index, reading in enumerate(heard):
        at, place = reading.at, places[reading.sensor]
        where.observe(at, (reading,), watch)
        features.hear(at, wall.local_ms(at), place)
        after = heard[index + 1].at if index + 1 < len(heard) else -1
        if after >= 0 and after // MINUTE_MS == at // MINUTE_MS:
            continue
        silence = after - at if after >= 0 else -1
        masked = silence > LONGEST_MS and outage(at, after)
        rows.append((at, wall.minute_of_day(at), place, int(place == ENTRANCE), silence, int(masked)))
        x.append(features.row(where.doubt))
    columns = np.array(rows, dtype=np.int64).T
    keys = ("at", "minute", "place", "away", "silence", "outage")
    return dict(zip(keys, columns, strict=True)) | {"x": np.array(x, dtype=np.int16)}
