"""What a technician's replay says is what live said, byte for byte: real broker, threads, jumping clocks, restarts."""

import random
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from agent.clock_io import HubClock, boot_ms
from agent.engine import Engine
from agent.home import parse
from agent.journal_io import Journal
from agent.live_io import Frames, frame_queue
from agent.loop import fill, run
from agent.models_io import shipped
from agent.mqtt_io import Broker, Client
from agent.nouns import DAY_MS, HOUR_MS, Entry, Home, Instant
from agent.recover import clock_of
from agent.replay import Record, replay
from agent.sensors.zigbee_io import Listener
from agent.simulate.dialects import Heard
from agent.simulate.story import Story, story
from agent.watch_io import live
from tests.brokers import LONG_S, Mosquitto, until

SPEED = 1_800  # the story's two hours in four seconds
SEEDS = 20
PAST_MS = 3 * DAY_MS
MODELS = shipped()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with Mosquitto(tmp_path_factory.mktemp("broker")) as mosquitto:
        yield mosquitto.client("local")


class Radio:
    """The simulated zigbee2mqtt: publishes frames on the hub's own clock."""

    def __init__(self, broker: Broker) -> None:
        self._client = Client(broker, "radio", lambda *said: None, lambda *said: None)
        until(lambda: self._client.turn(0.05) or self._client.up, "the radio to connect")

    def play(self, frames: list[Heard], now: Callable[[], Instant], end: Instant) -> None:
        for at, frame in frames:
            while (left := (at - now()) / 1_000 / SPEED) > 0.001:
                self._client.turn(left)
            until(partial(self._say, frame.address, frame.payload, frame.retained), "a place in the window")
        while now() < end:
            self._client.turn((end - now()) / 1_000 / SPEED)

    def _say(self, address: str, payload: bytes, retained: bool) -> bool:
        sent = self._client.publish(f"zigbee2mqtt/{address}", payload, retained)
        self._client.turn(0.0 if sent is not None else 0.05)
        return sent is not None


class JumpingWall:
    """A wall clock that somebody corrects in the middle of the morning."""

    def __init__(self, seed: int, start: Instant) -> None:
        self._jump_ms = random.Random(seed).choice((-HOUR_MS, 3 * HOUR_MS, 90_000, -400 * 24 * HOUR_MS))
        self._start, self._zero = start, boot_ms()

    def __call__(self) -> int:
        gone = (boot_ms() - self._zero) * SPEED
        return self._start + gone + (self._jump_ms if gone > HOUR_MS // 2 else 0)


def half(
    state: Path, home: Home, broker: Broker, part: list[Heard], wall: JumpingWall, end: Instant, finish: bool = True
) -> None:
    """One run of the hub: what is played to it until ``end``, then it is stopped."""
    frames: Frames = frame_queue()
    clocks: list[HubClock] = []

    def clock_for(engine: Engine, last: Instant | None) -> HubClock:
        anchor = clock_of(engine, last, None, SPEED).anchor if last is not None else (boot_ms(), Instant(wall()))
        clocks.append(HubClock(last, wall=wall, synced=lambda: True, speed=SPEED, anchor=anchor))
        return clocks[0]

    loop = threading.Thread(target=live, args=(state, home, "hub-1", frames, (None,), "test", clock_for, False, MODELS))
    listener = Listener(broker, "hub", "zigbee2mqtt", frames.put, lambda line: None)
    stop = threading.Event()
    ear = threading.Thread(target=lambda: _while(listener, stop))
    loop.start()
    ear.start()
    until(lambda: clocks, "the hub to start")
    Radio(broker).play(part, clocks[0].now, end)
    stop.set()
    ear.join(LONG_S)
    listener.close()
    frames.put(None)
    loop.join(LONG_S)
    assert not loop.is_alive()


def _while(listener: Listener, stop: threading.Event) -> None:
    while not stop.is_set():
        listener.turn(0.2)


def lived_before(state: Path, home: Home, past: list[Heard]) -> None:
    """What the hub heard on the days before, in its journal."""
    journal = Journal(state / "journal.db", home.id)
    engine = Engine(home, models=MODELS)
    journal.begin(engine, past[0].at, 1, "test")
    entries = (Entry(seq, at, frame) for seq, (at, frame) in enumerate(past, 1))
    run(fill(entries, engine), engine, journal)
    journal.close()


def replayed(journal: Journal) -> list[str]:
    """Every segment from its own snapshot, through the same engine."""
    lines: list[str] = []
    for segment in journal.segments():
        home = parse(segment.home)
        engine = Engine(home, segment.epoch, MODELS)
        engine.restore(segment.snapshot)
        lines += replay(journal.entries(segment.id), engine, Record(home.id)).alerts
    return lines


def through(journal: Journal) -> list[str]:
    """All segments from the very first snapshot, with no snapshot in between."""
    first = journal.segments()[0]
    home = parse(first.home)
    engine = Engine(home, first.epoch, MODELS)
    engine.restore(first.snapshot)
    record = Record(home.id)
    for segment in journal.segments():
        replay(journal.entries(segment.id), engine, record)
    return record.alerts


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_morning_lived_with_a_jumping_clock_and_a_restart_replays_to_the_byte(
    seed: int, broker: Broker, tmp_path: Path
) -> None:
    told: Story = story(seed)
    home = parse(told.home_text)
    wall = JumpingWall(seed, told.start_at)
    frames = [*told.opening, *told.frames]
    middle = Instant(told.start_at + random.Random(seed).randrange(HOUR_MS // 2, HOUR_MS))
    days_before = told.past[-1].at - PAST_MS
    lived_before(tmp_path, home, [*told.past[:2], *(one for one in told.past[2:] if one.at >= days_before)])
    half(tmp_path, home, broker, [one for one in frames if one.at < middle], wall, middle)
    half(tmp_path, home, broker, [one for one in frames if one.at >= middle], wall, told.end_at)
    journal = Journal(tmp_path / "journal.db")
    recorded = [line for _, _, line in journal.alerts()]
    assert len(journal.segments()) == 3
    assert len(recorded) >= 2, "a morning in which nothing is said proves nothing"
    assert replayed(journal) == recorded
    assert through(journal) == recorded
