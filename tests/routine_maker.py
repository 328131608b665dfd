"""Ordinary days of somebody who lives by the clock, with the small differences that days have; seeded."""

from collections.abc import Iterator
from random import Random
from typing import Final

from agent.detect.detector import NO_MODELS, Models
from agent.detect.routine_change import RoutineChange
from agent.detect.trust import Trust
from agent.nouns import DAY_MS, MINUTE_MS, Instant
from tests.driver import MIDNIGHT, SENSORS, Build, Drive, a_home

NOON: Final = Instant(MIDNIGHT + DAY_MS // 2)
Heard = tuple[int, str, int]  # minutes after noon


def detector(models: Models = NO_MODELS) -> Build:
    return lambda home, whereabouts: RoutineChange(home, whereabouts, Trust(models))


def routine(drive: Drive) -> RoutineChange:
    found = drive.detectors[1]
    assert isinstance(found, RoutineChange)
    return found


def a_life(models: Models = NO_MODELS, **home: object) -> Drive:
    """A home at the noon at which its first whole day begins."""
    drive = Drive(a_home(**home), detector(models))  # type: ignore[arg-type]
    drive.see(NOON, observed=True)
    return drive


def live(drive: Drive, days: int, night_visits: int = 0, up: int = 0, sparse: bool = False) -> None:
    """So many days from the noon that is next: ``night_visits`` more than usual, up ``up`` minutes later."""
    for _ in range(days):
        noon = Instant(NOON + -(-(drive.now - NOON) // DAY_MS) * DAY_MS)
        for minute, sensor, value in sorted(_day(noon // DAY_MS, night_visits, up, sparse)):
            if sensor in drive.home.sensors:
                drive.hear(Instant(noon + minute * MINUTE_MS), sensor, value)
        drive.until(Instant(noon + DAY_MS))


def _day(seed: int, night_visits: int, up: int, sparse: bool) -> Iterator[Heard]:
    dice = Random(seed)
    rise = 19 * 60 + dice.randrange(-20, 21) + up
    bed = 10 * 60 + 30 + dice.randrange(-20, 21)
    out = 180 + dice.randrange(30)
    back = out + 50 + dice.randrange(20)
    for start, end in ((5, bed), (rise, 24 * 60 - 5)):
        for step, minute in enumerate(range(start, end, 15)):
            if not (sparse and dice.random() < 0.6) and not out - 5 < minute <= back:
                yield minute + dice.randrange(5), ("kitchen-motion", "hall-motion", "bedroom-motion")[step % 3], 1
    for minute in (60, 390, rise + 30):
        yield minute + dice.randrange(30), "fridge", 1
    for minute in (130, 350, bed - 10, rise + 5):
        yield minute + dice.randrange(9), "bathroom-motion", 1
    yield from ((out, "front", 1), (out, "front", 0), (back, "front", 1), (back + 2, "hall-motion", 1))
    yield bed, "bed", 1
    for visit in range(1 + dice.randrange(2) + night_visits):
        minute = 12 * 60 + 20 + visit * 45 + dice.randrange(20)
        yield from ((minute, "bed", 0), (minute + 2, "bathroom-motion", 1), (minute + 6, "bed", 1))
    yield rise, "bed", 0


def a_day(nth: int, night_visits: int = 0) -> list[tuple[Instant, str, bytes]]:
    """The same day as lines of a log."""
    noon = Instant(NOON + nth * DAY_MS)
    day = sorted(_day(noon // DAY_MS, night_visits, 0, False))
    return [
        (Instant(noon + at * MINUTE_MS), sensor, f"{SENSORS[sensor][0]} {value}".encode()) for at, sensor, value in day
    ]


def whys(drive: Drive) -> list[str]:
    """What was said when it began."""
    return [dict(finding.words)["why"] for _, finding in drive.said if finding.state == "raised"]
