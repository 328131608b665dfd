"""Homes as arrays: for every active minute what the fall model is told, and how long the silence after it was.

Made by ``Features`` exactly as the hub makes them; cached in the work folder. Each home is lived three times: as it
is; with one sensor taken out, so that the model learns what it is not to see a place; and with a bed that is felt
(beds.py), because these homes have none.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Final

import numpy as np

from agent.civil import Wall
from agent.detect.bins import LONGEST_MS
from agent.detect.company import Company
from agent.detect.features import Context, Features
from agent.detect.places import ENTRANCE, PLACES, place_of
from agent.detect.whereabouts import Whereabouts
from agent.nouns import MINUTE_MS, Home, Instant, Reading, Watch, is_activity
from bench.beds import BED, BED_ROOM, with_bed
from bench.homes import homes_in, outage, readings

PLAIN, ONE_LESS, WITH_BED = range(3)
KEYS: Final = ("at", "place", "silence", "outage", "variant")


@dataclass
class Data:
    """One row for the last sign of life of each active minute. ``outage``: its silence is one, and masked."""

    homes: list[str]
    home: np.ndarray  # index into homes
    at: np.ndarray  # ms
    place: np.ndarray
    silence: np.ndarray  # ms to the next sign of life; -1: the log ends
    outage: np.ndarray
    variant: np.ndarray  # PLAIN, ONE_LESS, WITH_BED
    x: np.ndarray  # int16 features

    @property
    def away(self) -> np.ndarray:
        """The last sign of life was an entrance."""
        found: np.ndarray = self.place == ENTRANCE
        return found


def load(folder: Path, cache: Path) -> Data:
    cases = homes_in(folder, None)
    if not cache.exists():
        with ProcessPoolExecutor(2) as pool:
            parts = list(pool.map(_lives, range(len(cases)), cases))
        arrays = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        arrays["home"] = np.repeat(np.arange(len(parts)), [len(part["at"]) for part in parts])
        np.savez(cache, allow_pickle=False, **arrays)
    with np.load(cache) as stored:
        names = [home.id for home, _ in cases]
        return Data(names, *[stored[key] for key in ("home", *KEYS, "x")])


def _lives(number: int, case: tuple[Home, Path]) -> dict[str, np.ndarray]:
    home, log = case
    heard = [reading for reading in readings(log, home) if is_activity(reading)]
    dead = sorted(home.sensors)[number % len(home.sensors)]
    lives = [_life(home, heard, PLAIN), _life(home, [each for each in heard if each.sensor != dead], ONE_LESS, dead)]
    if any(room.kind == "bedroom" for room in home.rooms.values()):
        lives.append(_life(home, with_bed(home, heard, Random(number)), WITH_BED))
    return {key: np.concatenate([life[key] for life in lives]) for key in lives[0]}


def _life(home: Home, heard: Sequence[Reading], variant: int, dead: str = "") -> dict[str, np.ndarray]:
    features, rows, x = Features(), [], []
    for at, place, silence, context in _minutes(home, heard, features, dead):
        masked = silence > LONGEST_MS and outage(Instant(at), Instant(at + silence))
        rows.append((at, place, silence, int(masked), variant))
        x.append(features.row(context))
    columns = np.array(rows, dtype=np.int64).reshape(-1, len(KEYS)).T
    return dict(zip(KEYS, columns, strict=True)) | {"x": np.array(x, dtype=np.int16)}


def _minutes(
    home: Home, heard: Sequence[Reading], features: Features, dead: str
) -> Iterator[tuple[int, int, int, Context]]:
    """Instant, place, silence after it and context of the last sign of life of each active minute."""
    places = {s.id: place_of(s.kind, s.role or "", home.rooms[s.room].kind) for s in home.sensors.values()}
    places[BED] = PLACES.index("bedroom")
    seen = sum(1 << place for place in {place for sensor, place in places.items() if sensor not in (dead, BED)})
    wall, where, company, watch = Wall(home.timezone), Whereabouts(home), Company(home), Watch()
    in_bed, has_bed = False, any(reading.sensor == BED for reading in heard)
    for reading, after in pairwise([*heard, None]):
        assert reading is not None, "only the end is"
        at, place = reading.at, places[reading.sensor]
        if reading.sensor == BED:
            in_bed = reading.value == 1
        else:
            where.observe(at, (reading,), watch)
            company.observe(at, (reading,), watch)
        features.hear(at, wall.local_ms(at), place)
        if after is None or after.at // MINUTE_MS != at // MINUTE_MS:
            here = in_bed and place == PLACES.index(BED_ROOM)
            bed = 0 if not has_bed else 1 if here else 0 if in_bed else -1
            yield at, place, after.at - at if after else -1, Context(where.doubt, bed, company.people - 1, seen)
