"""No number is used twice: not after a power cut in which nothing could be stored, not from an old copy."""

import json
import shutil
from pathlib import Path

import pytest

from agent.engine import Engine
from agent.home import parse
from agent.nouns import Entry, Frame, Instant
from agent.numbers_io import JUMP, Numbers
from tests.brokers import until
from tests.disk_maker import Hub
from tests.living_hub import HOME


@pytest.fixture
def numbers(tmp_path: Path) -> Numbers:
    (tmp_path / "memory").mkdir()
    return Numbers(tmp_path, tmp_path / "memory")


def started(boot: str, epoch: int = 1) -> Engine:
    engine = Engine(parse(HOME), epoch)
    engine.step(Entry(1, Instant(10**12), Frame("hub", "boot", json.dumps({"boot": boot}).encode())))
    return engine


def test_the_first_start_of_a_hub_begins_with_epoch_one(numbers: Numbers) -> None:
    engine = Engine(parse(HOME))
    numbers.settle(engine, (0, 0), "boot-1")
    assert (engine.incidents.epoch, engine.incidents.seq) == (1, 0)


def test_a_restart_within_a_boot_goes_on_where_it_was(numbers: Numbers) -> None:
    engine = started("boot-1")
    numbers.settle(engine, (1, 0), "boot-1")
    assert engine.incidents.epoch == 1


def test_every_boot_begins_an_epoch_since_what_was_said_without_storage_left_no_trace(numbers: Numbers) -> None:
    epochs: list[int] = []
    for boot in range(1, 50):
        engine = started(f"boot-{boot}", epochs[-1] if epochs else 1)
        numbers.settle(engine, (epochs[-1] if epochs else 1, 0), f"boot-{boot + 1}")
        epochs.append(engine.incidents.epoch)
    assert epochs == sorted(set(epochs))
    assert epochs[-1] <= 50 * (JUMP + 1)


def test_an_epoch_is_not_used_again_although_journal_and_outbox_are_lost(numbers: Numbers) -> None:
    engine = started("boot-1")
    numbers.settle(engine, (1, 0), "boot-2")
    again = Engine(parse(HOME))
    numbers.settle(again, (0, 0), "boot-3")
    assert again.incidents.epoch > engine.incidents.epoch


def test_a_start_that_cannot_write_down_its_epoch_takes_one_that_nobody_else_is_likely_to_take(
    numbers: Numbers, tmp_path: Path
) -> None:
    (tmp_path / "epoch").mkdir()  # nothing can be put in its place
    found = set()
    for _ in range(20):
        engine = started("boot-1")
        numbers.settle(engine, (1, 7), "boot-2")
        found.add(engine.incidents.epoch)
    assert len(found) == 20
    assert min(found) > JUMP


def test_a_state_directory_put_back_from_an_old_copy_begins_another_epoch(tmp_path: Path) -> None:
    state, copy = tmp_path / "state", tmp_path / "copy"
    hub = Hub(state)
    hub.smoke(1)
    until(lambda: hub.durable() == [(1, 1)], "the first alert")
    hub.stop()
    shutil.copytree(state, copy)
    hub = Hub(state)
    hub.smoke(0)
    hub.smoke(1)
    until(lambda: hub.durable() == [(1, 1), (1, 2), (1, 3)], "what the copy does not know")
    hub.stop()
    shutil.rmtree(state)
    copy.rename(state)
    hub = Hub(state)
    hub.smoke(0)
    until(lambda: hub.durable() == [(1, 1), (2, 1)], "no number of the first epoch again")
    hub.stop()
