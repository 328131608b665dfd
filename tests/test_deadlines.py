"""Each line of ``--deadlines`` is what a replay cut at that line does, to the millisecond.

Observation is assumed to go on: what says nothing of a person (check-ins, batteries, a sensor that clears) is fed on
after the cut; where a log has none of it, there is only silence.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Final

import pytest

from agent.__main__ import main
from agent.engine import Engine
from agent.home import parse
from agent.loop import fill, run
from agent.models_io import shipped
from agent.nouns import ACTIVITY, DAY_MS, HOUR_MS, Entry, Home, Instant, Outcome, Promise, Reading, is_activity
from agent.replay import of_lines
from agent.sensors.log import write
from agent.sensors.log_io import LogReader
from agent.simulate.days import days
from agent.simulate.dialects import as_readings
from agent.simulate.fleet import home_text
from agent.simulate.sensors import Fault

MONDAY: Final = Instant(1_772_409_600_000)  # 2026-03-02
FAULTS: Final = (
    Fault("bathroom-motion", "dead", Instant(MONDAY + 3 * DAY_MS)),
    Fault("hall-motion", "stuck", Instant(MONDAY + 4 * DAY_MS + 9 * HOUR_MS)),
    Fault("front-door", "dead", Instant(MONDAY + 6 * DAY_MS)),
)
NEVER_MS: Final = 3 * DAY_MS  # "null" is held for so long
DAYS: Final = 9
LAST_MS: Final = (DAYS - 1) * DAY_MS  # later lines of a simulated log have too few check-ins after them
SAMPLE: Final = 90
MODELS: Final = shipped()


def everything(reading: Reading) -> bool:
    return True


def no_checkins(reading: Reading) -> bool:
    return reading.quantity in ACTIVITY


def activations(reading: Reading) -> bool:
    return is_activity(reading)


def simulated(seed: int, keep: Callable[[Reading], bool], faults: tuple[Fault, ...]) -> Iterator[Entry]:
    readings = filter(keep, as_readings(days(seed, MONDAY, DAYS, faults=faults)))
    return of_lines((at, sensor, f"{quantity} {value}".encode()) for at, sensor, quantity, value in readings)


def says_nothing_of_a_person(entry: Entry) -> bool:
    assert entry.frame is not None
    quantity, _, value = entry.frame.payload.decode().partition(" ")
    return not is_activity(Reading(entry.at, entry.frame.address, quantity, int(value)))


class Falls:
    """When a possible fall was raised."""

    def __init__(self) -> None:
        self.at: list[Instant] = []

    def put(self, entry: Entry, outcome: Outcome) -> None:
        self.at += [a.at for a in outcome.alerts if (a.kind, a.state) == ("possible_fall", "raised")]


def raised(home: Home, memory: str, entry: Entry, later: list[Entry], until: int) -> list[Instant]:
    engine, falls = Engine(home, models=MODELS), Falls()
    engine.restore(json.loads(memory))
    on = [one for one in later if one.at <= until and says_nothing_of_a_person(one)]
    run(fill([*on, Entry(entry.seq, Instant(until))], engine), engine, falls)
    return falls.at


def promises_kept(home: Home, told: list[Entry], among: int, fed: bool) -> set[str]:
    """Cut at some of the first so many lines, and look what happens; the states that were seen."""
    engine, states = Engine(home, models=MODELS), set()
    wanted = set(Random(1).sample(range(among), SAMPLE))
    for index, entry in enumerate(told):
        promise = None
        for one in fill([entry], engine):
            promise = engine.step(one).promise
        if index in wanted and promise is not None:
            later = told[index + 1 : index + 10_000] if fed else []
            states.add(promise.state)
            assert_kept(home, json.dumps(engine.snapshot()), entry, later, promise)
    return states


def assert_kept(home: Home, memory: str, entry: Entry, later: list[Entry], promise: Promise) -> None:
    if promise.deadline is None:
        assert promise.state in ("away", "not_watched")
        assert raised(home, memory, entry, later, entry.at + NEVER_MS) == []
        return
    assert entry.at < promise.deadline <= entry.at + 12 * HOUR_MS
    assert raised(home, memory, entry, later, promise.deadline - 1) == []
    assert raised(home, memory, entry, later, promise.deadline) == [promise.deadline]


@pytest.mark.parametrize("faults", [(), FAULTS], ids=["whole", "faults"])
@pytest.mark.parametrize("keep", [everything, no_checkins, activations])
def test_what_was_promised_on_a_simulated_day_is_what_happens(
    keep: Callable[[Reading], bool], faults: tuple[Fault, ...]
) -> None:
    told = list(simulated(3, keep, faults))
    among = sum(entry.at < MONDAY + LAST_MS for entry in told)
    states = promises_kept(parse(home_text(3, link="log")), told, among, fed=keep is not activations)
    assert "home" in states


@pytest.mark.parametrize("name", ["tihm-0697d", "tihm-0f352", "tihm-55cd4", "tihm-ec812"])
def test_what_was_promised_in_a_real_home_is_what_happens(name: str, hearthwatch_data: Path) -> None:
    folder = hearthwatch_data / "tihm"
    home = parse((folder / f"{name}.home.toml").read_text())
    told = list(of_lines(LogReader([folder / f"{name}.jsonl.gz"], home, lambda line: None)))[:12_000]
    states = promises_kept(home, told, len(told), fed=False)
    assert {"home", "away"} <= states


def test_a_log_cut_at_a_line_is_replayed_by_the_command_as_promised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [line for line in map(write, as_readings(days(4, MONDAY, 3))) if line and '"value":1' in line]
    lines = [line for line in lines if json.loads(line)["kind"] in ACTIVITY]
    (tmp_path / "home.toml").write_text(home_text(4, link="log"))
    log, deadlines, alerts = (str(tmp_path / name) for name in ("log", "deadlines", "alerts"))
    command = ["replay", "--home", str(tmp_path / "home.toml"), log]
    Path(log).write_text("\n".join(lines))
    assert main([*command, "--deadlines", deadlines]) == 0
    promised = [json.loads(line) for line in Path(deadlines).read_text().splitlines()]
    assert len(promised) == len(lines)
    for index in Random(2).sample(range(len(lines)), 6):
        Path(log).write_text("\n".join(lines[: index + 1]))
        end = promised[index]["deadline"]
        assert end is not None
        assert main([*command, "--alerts", alerts, "--until", end]) == 0
        said = [json.loads(line) for line in Path(alerts).read_text().splitlines()]
        falls = [one["at"] for one in said if (one["kind"], one["state"]) == ("possible_fall", "raised")]
        assert falls == [end]
    capsys.readouterr()


@pytest.mark.parametrize("name", ["tihm-b45c2", "tihm-c55f8", "tihm-e4959"])
def test_no_sensor_is_judged_while_nothing_is_heard_so_that_no_deadline_moves(
    name: str, hearthwatch_data: Path
) -> None:
    folder = hearthwatch_data / "tihm"
    home = parse((folder / f"{name}.home.toml").read_text())
    engine, promised = Engine(home, models=MODELS), None
    for entry in of_lines(LogReader([folder / f"{name}.jsonl.gz"], home, lambda line: None)):
        for one in fill([entry], engine):
            promise = engine.step(one).promise
            if promise is not None:
                promised = promise.deadline
            assert engine.possible_fall.promise().deadline in (promised, None)
