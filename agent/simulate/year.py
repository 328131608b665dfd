"""A year of a busy home as frames of a sensor log, cheap enough to time everything else with.

Fourteen days are simulated in full; the year goes round them, each day moved by up to twenty minutes. So a reading
costs the generator well under a microsecond, and no two fortnights are the same.
"""

from collections.abc import Iterator
from random import Random
from typing import Final

from agent.nouns import DAY_MS, MINUTE_MS, Frame, Instant, Reading
from agent.simulate.days import days
from agent.simulate.dialects import Heard, as_log_frames, as_readings
from agent.simulate.fleet import HEAVY, TWINS, Device, home_text, twin_id, twins
from agent.simulate.resident import Habits

YEAR_FROM: Final = Instant(1_735_689_600_000)  # 2025-01-01T00:00:00Z
READINGS: Final = 2_000_000
TIMEZONE: Final = "UTC"  # a year of days of 24 hours
FEW: Final = 10
MANY: Final = 200
TEMPLATE_DAYS: Final = 14
SHIFT_MS: Final = 20 * MINUTE_MS
HASTE: Final = 8.0


def synthetic_year(seed: int, readings: int = READINGS, sensors: int = FEW) -> Iterator[Heard]:
    """Exactly ``readings`` frames of the link ``log``, in order of time, about 5,500 a day from 2025-01-01.

    ``sensors`` is 10 or 200. With 200 the same person is seen by 39 PIRs a room, one at a time: the same events, so
    that the cost of one can be compared.
    """
    templates = _templates(seed, sensors)
    rng = Random(f"{seed}/year")
    left = readings
    midnight = YEAR_FROM
    while left > 0:
        for template in templates:
            begin = midnight + rng.randrange(SHIFT_MS)
            for after, frame in template[:left]:
                yield Heard(Instant(begin + after), frame)
            left -= len(template)
            if left <= 0:
                return
            midnight = Instant(midnight + DAY_MS)


def year_home_text(seed: int, sensors: int = FEW) -> str:
    """The home.toml that belongs to it."""
    return home_text(seed, _fleet(sensors), link="log", timezone=TIMEZONE)


def _fleet(sensors: int) -> tuple[Device, ...]:
    if sensors not in (FEW, MANY):
        raise ValueError(f"a synthetic year has {FEW} or {MANY} sensors, not {sensors}")
    return HEAVY if sensors == FEW else twins()


def _templates(seed: int, sensors: int) -> list[list[tuple[int, Frame]]]:
    """For each template day its frames, with milliseconds since midnight pressed together to leave room for a shift."""
    _fleet(sensors)
    told = as_readings(days(seed, YEAR_FROM, TEMPLATE_DAYS, TIMEZONE, fleet=HEAVY, habits=Habits(haste=HASTE)))
    if sensors == MANY:
        told = _spread(told)
    frames: dict[Frame, Frame] = {}  # one object for each thing a sensor can say
    templates: list[list[tuple[int, Frame]]] = [[] for _ in range(TEMPLATE_DAYS)]
    for at, frame in as_log_frames(told):
        day, after = divmod(at - YEAR_FROM, DAY_MS)
        templates[day].append((after * (DAY_MS - SHIFT_MS) // DAY_MS, frames.setdefault(frame, frame)))
    return templates


def _spread(told: Iterator[Reading]) -> Iterator[Reading]:
    """Each PIR's readings over its twins in turn; the twin that fired is the one that clears."""
    kinds = {device.id: device.kind for device in HEAVY}
    firing: dict[str, int] = {}
    speaking: dict[str, int] = {}
    for reading in told:
        sensor = reading.sensor
        if kinds[sensor] != "motion":
            yield reading
            continue
        turns = firing if reading.quantity == "motion" else speaking
        if reading.quantity != "motion" or reading.value:
            turns[sensor] = (turns.get(sensor, -1) + 1) % TWINS
        yield reading._replace(sensor=twin_id(sensor, turns.get(sensor, 0)))
