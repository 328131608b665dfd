"""A hub that is restarted again and again says what one says that never was: five bad days, sensors failing."""

import json
import random
from typing import Final

import pytest

from agent.engine import Engine
from agent.nouns import HOUR_MS, Entry, Instant
from agent.replay import Record, replay
from agent.simulate.dialects import Heard
from agent.simulate.sensors import Fault
from tests.faulty_home import at, bridge, days_after, entries, home, hub, models, settled

KINDS: Final = ("dead", "mute", "stuck", "chattering")
SEEDS: Final = 8


def bad_days(seed: int) -> list[Heard]:
    """Frames with failing sensors, a flapping link, gaps and a corrected clock, at times that ``seed`` says."""
    dice = random.Random(seed)
    sensors = dice.sample(sorted(home().sensors), 3)
    hours = [dice.uniform(0, 60) for _ in sensors]
    faults = tuple(
        Fault(sensor, dice.choice(KINDS), at(hour), at(hour + 8)) for sensor, hour in zip(sensors, hours, strict=True)
    )
    frames = list(days_after(faults))
    for _ in range(4):
        hour = dice.uniform(1, 110)
        frames += [bridge(at(hour), online=False), bridge(at(hour + dice.choice((0.01, 0.5, 3))), online=True)]
        gap = dice.uniform(1, 110)
        frames.append(hub(at(gap), "gap", from_ms=at(gap - 0.002)))
    offset_ms = dice.choice((-3, 5)) * HOUR_MS
    frames.append(hub(at(dice.uniform(1, 110)), "clock", offset_ms=offset_ms, quality="synced"))
    return sorted(frames, key=lambda one: one.at)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_hub_that_is_restarted_every_few_hours_says_the_same(seed: int) -> None:
    told = entries(bad_days(seed))
    whole = replay(told, settled(), Record("h"))
    dice = random.Random(seed)
    engine, said = settled(), Record("h")
    part: list[Entry] = []
    turn = Instant(told[0].at + HOUR_MS)
    for entry in told:
        if entry.at >= turn:
            replay(part, engine, said)
            memory = json.dumps(engine.snapshot())
            engine, part = Engine(home(), models=models()), []
            engine.restore(json.loads(memory))
            assert json.dumps(engine.snapshot()) == memory
            turn = Instant(entry.at + dice.randrange(1, 9) * HOUR_MS)
        part.append(entry)
    replay(part, engine, said)
    assert said.alerts == whole.alerts
    assert len(whole.alerts) >= 2, "days on which little is said prove little"
