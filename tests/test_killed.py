"""kill -9 at every named step of an alert's life, and at random, over and over: none lost, none twice, no gap."""

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.living_hub import Alarm, LivingHub
from tests.notes import Notes, told
from tests.steps import STEPS

KILLS = int(os.environ.get("HEARTHWATCH_KILLS", "200"))
SEED = int(os.environ.get("HEARTHWATCH_SEED", "1"))
BROKER_EVERY = 20  # of so many kills one is the centre's broker


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivingHub]:
    with LivingHub(tmp_path_factory.mktemp("steps")) as found:
        yield found


@pytest.fixture(scope="module")
def notes(request: pytest.FixtureRequest) -> Notes:
    return told(request.config, "kill -9")


@pytest.mark.parametrize("step", STEPS)
def test_a_hub_killed_at_this_step_of_an_alert_loses_it_not_and_tells_it_once(hub: LivingHub, step: str) -> None:
    process = STEPS[step].process
    hub.kill(process, step)
    with Alarm(hub.home.client("radio")):
        hub.dies(process)
    hub.drained()


def test_a_hub_and_its_centre_killed_at_random_in_a_fire_lose_no_alert_and_tell_none_twice(
    tmp_path: Path, notes: Notes
) -> None:
    dice = random.Random(SEED)
    with LivingHub(tmp_path) as hub:
        began = time.monotonic()
        with Alarm(hub.home.client("radio")):
            for kill in range(1, KILLS + 1):
                hub.goes_on(dice.randint(1, 4))
                if kill % BROKER_EVERY:
                    hub.kill(dice.choice(("watch", "uplink", "centre")))
                else:
                    hub.line.kill()
                    hub.line.start()
        killed_s = time.monotonic() - began
        found = hub.drained()
        whole_s = time.monotonic() - began
    notes.lines.append(
        f"seed {SEED}: {KILLS} kills in {killed_s:.0f} s, all told after {whole_s:.0f} s;"
        f" {len(found.said)} alerts, none lost, none twice, no gap"
    )
