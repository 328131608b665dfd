"""Commands for installers: what this hub promises, and what is wrong with it."""

import argparse
import json
from pathlib import Path

from agent.commands.asking import DONE, PROBLEMS, Refused, home_of, say
from agent.commands.hub import configured, hub_of
from agent.doctor_io import examine
from agent.engine import Engine
from agent.journal_io import Journal
from agent.models_io import shipped
from agent.recover import resume
from agent.replay import Record, of_lines, replay
from agent.sensors.log_io import LogReader


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    promise = commands.add_parser("promise", help="when a fall now would be reported, by room and hour")
    promise.add_argument("logs", nargs="*", type=Path, metavar="LOG", help="sensor logs, instead of a hub's journal")
    promise.add_argument("--config", type=Path, metavar="HUB", help="hub.toml")
    promise.add_argument("--home", type=Path, help="home.toml, with LOG")
    promise.add_argument("--json", action="store_true")
    promise.set_defaults(run=promised)
    doctor = commands.add_parser("doctor", help="what is wrong with this hub, why it matters, what to do")
    doctor.add_argument("--config", type=Path, required=True, metavar="HUB", help="hub.toml")
    doctor.add_argument("--json", action="store_true")
    doctor.set_defaults(run=examined)


def promised(asked: argparse.Namespace) -> int:
    engine = _engine(asked)
    home = engine.home
    hours = list(range(24))
    table = {
        room: [engine.possible_fall.promise_at(room, hour * 60 + 30) for hour in hours] for room in sorted(home.rooms)
    }
    expected = engine.possible_fall.expected()
    if asked.json:
        said = {
            "home": home.id,
            "minutes": {room: [_minutes(limit) for limit in limits] for room, limits in table.items()},
            "expected": expected._asdict(),
        }
        print(json.dumps(said))
        return DONE
    print("Minutes of silence until this hub would report a possible fall, by the hour in which it was last heard:\n")
    width = max(len(room) for room in table)
    print(" " * width + "".join(f"{hour:>5}" for hour in hours))
    for room, limits in table.items():
        print(f"{room:<{width}}" + "".join(f"{_minutes(limit):>5}" for limit in limits))
    rate = expected.false_alerts_permille_per_30_days / 1_000
    print(f"\nExpected false alerts: {rate:.1f} in 30 days, from {expected.own_days} days of this home", end="")
    print(f" and {expected.prior_days} days' worth of what other homes taught.")
    return DONE


def _minutes(limit_ms: int) -> int:
    return -(-limit_ms // 60_000)


def _engine(asked: argparse.Namespace) -> Engine:
    if asked.config is not None:
        _, state, home = configured(asked.config)
        if not (state / "journal.db").exists():
            return Engine(home, models=shipped())
        return resume(Journal(state / "journal.db"), home, shipped())
    if asked.home is None:
        raise Refused("promise needs --config HUB, or --home HOME with sensor logs")
    home = home_of(asked.home)
    engine = Engine(home, models=shipped())
    if asked.logs:
        replay(of_lines(LogReader(asked.logs, home, say)), engine, Record(home.id))
    return engine


def examined(asked: argparse.Namespace) -> int:
    hub, _ = hub_of(asked.config)
    checks = list(examine(hub, asked.config.parent))
    if asked.json:
        print(json.dumps([{"name": c.name, "good": c.good, "found": c.found, "advice": c.advice} for c in checks]))
    else:
        for check in checks:
            mark = {True: "ok  ", False: "BAD ", None: "?   "}[check.good]
            print(f"{mark}{check.name}: {check.found}" + (f" -> {check.advice}" if check.advice else ""))
    return PROBLEMS if any(check.good is False for check in checks) else DONE
