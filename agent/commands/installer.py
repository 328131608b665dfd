"""Commands for installers: what this hub promises, and the wired board."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from agent.civil import rfc3339
from agent.commands.asking import DONE, PROBLEMS, Refused, home_of, progress, say
from agent.commands.hub import configured, hub_of
from agent.engine import Engine, OtherFormat
from agent.files_io import write_whole
from agent.home import BadHome, parse
from agent.hub import BAUD, MAX_SPEED, Serial
from agent.journal_io import Journal, Segment
from agent.loop import fill, run
from agent.models_io import shipped
from agent.nouns import DAY_MS, Sensor, link_of
from agent.promise.picture import picture
from agent.promise.waits import DAYS, Promised, Waits
from agent.promise.words import cell_of, plain, sentence, table
from agent.recover import resume
from agent.replay import of_lines, told
from agent.sensors.log_io import LogReader

if TYPE_CHECKING:
    from agent.monitor.monitor_io import View

LONGEST_LOOK_S: Final = 86_400


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    promise = commands.add_parser("promise", help="when a fall now would be reported, by room and hour")
    promise.add_argument("logs", nargs="*", type=Path, metavar="LOG", help="sensor logs, instead of a hub's journal")
    promise.add_argument("--config", type=Path, metavar="HUB", help="hub.toml")
    promise.add_argument("--home", type=Path, help="home.toml, with LOG")
    promise.add_argument("--json", action="store_true")
    promise.add_argument("--svg", type=Path, metavar="FILE", help="also write a picture of it there")
    promise.add_argument("--at", type=_minute, metavar="HH:MM", help="with --room: one sentence about that time of day")
    promise.add_argument("--room", metavar="ROOM", help="the id of a room")
    promise.set_defaults(run=promised)
    _register_bridge(commands)


def _register_bridge(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    bridge = commands.add_parser("bridge", help="the wired board on a serial port")
    verbs = bridge.add_subparsers(dest="verb", required=True, metavar="monitor | simulate")
    looked = verbs.add_parser("monitor", help="what a board says, live; what it keeps for the hub stays in it")
    where = looked.add_mutually_exclusive_group(required=True)
    where.add_argument("--config", type=Path, metavar="HUB", help="hub.toml: its ports, and the sensors of its home")
    where.add_argument("--port", metavar="PATH", help="the port itself, such as /dev/serial/by-id/…")
    looked.add_argument("--bridge", metavar="NAME", help="with --config: which board, where there are several")
    looked.add_argument("--baud", type=_baud, metavar="N", help=f"with --port; {BAUD} unless named")
    looked.add_argument("--selftest", action="store_true", help="also ask the board to test itself")
    looked.add_argument("--forget", action="store_true", help="in the end the board loses what it keeps for the hub")
    looked.add_argument("--for", type=_seconds, dest="limit_s", metavar="SECONDS", help="end by itself")
    looked.add_argument("--plain", action="store_true", help="plain lines, even where there is a terminal")
    looked.add_argument("--json", action="store_true", help="a line of JSON for each event")
    looked.set_defaults(run=monitored)
    simulated = verbs.add_parser("simulate", help="a board that is none, on a port of its own; until Ctrl-C")
    simulated.add_argument("--link", type=Path, metavar="PATH", help="a name for its port, such as hub.toml may have")
    simulated.add_argument("--speed", type=_speed, default=1, metavar="N", help="its time runs N times as fast")
    simulated.add_argument("--bed", action="store_true", help="the bed is felt though no hub has asked for it")
    simulated.add_argument("--boot", type=_boot, default=1, metavar="N", help="how often it was started")
    simulated.add_argument(
        "--still", action="store_true", help="nobody is there but you: type door0 1, motion0 0, bed0 1 …"
    )
    simulated.set_defaults(run=simulated_board)


def promised(asked: argparse.Namespace) -> int:
    if (asked.at is None) != (asked.room is None):
        raise Refused("--at HH:MM and --room ROOM go together: one sentence about that room at that time")
    inputs = {path.resolve() for path in (*asked.logs, asked.home, asked.config) if path is not None}
    if asked.svg is not None and asked.svg.resolve() in inputs:
        raise Refused(f"{asked.svg}: is read by this very command; name another file to write to")
    if asked.config is not None and (asked.logs or asked.home is not None):
        raise Refused("promise takes either --config HUB, or --home HOME with sensor logs")
    found, problems = _of_hub(asked.config) if asked.config is not None else _of_logs(asked.home, asked.logs)
    if asked.room in found.unheard:
        raise Refused(f"no sensor hears anybody in {asked.room!r}: who falls there was last heard in another room")
    if asked.room is not None and asked.room not in found.rooms:
        raise Refused(f"{asked.room!r} is no room of this home; there are {', '.join(found.rooms)}")
    if asked.svg is not None:
        try:
            write_whole(asked.svg, picture(found).encode())
        except OSError as fault:
            raise Refused(f"{fault.filename}: cannot be written: {fault.strerror}") from None
    _print(asked, found)
    return PROBLEMS if problems else DONE


def _print(asked: argparse.Namespace, found: Promised) -> None:
    if asked.room is not None:
        said = sentence(found, asked.room, asked.at)
        cell = cell_of(asked.at // 60, found.rooms[asked.room][asked.at // 60])
        print(json.dumps({"room": asked.room, **cell, "sentence": said}) if asked.json else said)
    elif asked.json:
        print(json.dumps(plain(found)))
    else:
        print("\n".join(table(found)))


def _of_logs(home_file: Path | None, logs: list[Path]) -> tuple[Promised, int]:
    """What was promised over the last weeks of these logs, and how many of their lines were skipped."""
    if home_file is None:
        raise Refused("promise needs --config HUB, or --home HOME with sensor logs")
    home = home_of(home_file)
    engine, waits = Engine(home, models=shipped()), Waits(home)
    waits.follow(engine)
    problems = 0
    if logs:
        reader = LogReader(logs, home, say)
        with progress("promise", sum(path.stat().st_size for path in logs if path.exists())) as tell:
            entries = told(of_lines(reader), lambda at: tell(reader.read_bytes, rfc3339(at)[:10]))
            run(fill(entries, engine), engine, waits)
        problems = reader.problems
    return _promised(waits, engine), problems


def _of_hub(config: Path) -> tuple[Promised, int]:
    """What was promised over the last weeks of a hub's journal, and how many of its segments were left out."""
    _, state, home = configured(config)
    waits = Waits(home)
    if not (state / "journal.db").exists():
        return _promised(waits, Engine(home, models=shipped())), 0
    journal, models, left_out = Journal(state / "journal.db"), shipped(), 0
    segments = _last_weeks(journal)
    with progress("promise", len(segments)) as tell:
        for count, segment in enumerate(segments):
            tell(count, rfc3339(segment.started_at)[:10])
            try:
                engine = Engine(parse(segment.home), segment.epoch, models)
                engine.restore(segment.snapshot)
            except (BadHome, OtherFormat) as fault:
                since = rfc3339(segment.started_at)
                say(f"left out what was heard from {since} on: agent {segment.agent} wrote {fault}")
                left_out += 1
                continue
            waits.follow(engine)
            run(fill(journal.entries(segment.id), engine), engine, waits)
    return _promised(waits, resume(journal, home, models)), left_out


def _last_weeks(journal: Journal) -> list[Segment]:
    """The segments that hold any of the last days."""
    last, segments = journal.last(), journal.segments()
    if last is None:
        return []
    ends = [segment.started_at for segment in segments[1:]] + [last[1]]
    return [segment for segment, end in zip(segments, ends, strict=True) if end > last[1] - DAYS * DAY_MS]


def _promised(waits: Waits, engine: Engine) -> Promised:
    return waits.promised(engine.possible_fall.promise_at, engine.possible_fall.expected())


def _minute(text: str) -> int:
    """A time of day on the command line."""
    hour, colon, minute = text.partition(":")
    if not (colon and hour.isdecimal() and minute.isdecimal() and int(hour) < 24 and int(minute) < 60):
        raise argparse.ArgumentTypeError(f"{text!r} is no time of day such as 10:00")
    return int(hour) * 60 + int(minute)


# -- the wired board -------------------------------------------------------------------------------------------


def _speed(text: str) -> int:
    return _whole(text, 1, MAX_SPEED)


def _boot(text: str) -> int:
    return _whole(text, 0, 65_535)


def _baud(text: str) -> int:
    return _whole(text, 9_600, 1_000_000)


def _seconds(text: str) -> int:
    return _whole(text, 1, LONGEST_LOOK_S)


def _whole(text: str, least: int, most: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} to {most}")
    return value


def simulated_board(asked: argparse.Namespace) -> int:
    from agent.simulate.board_io import simulate

    try:
        simulate(asked.speed, asked.link, asked.bed, not asked.still, asked.boot)
    except KeyboardInterrupt:
        return DONE


def monitored(asked: argparse.Namespace) -> int:
    from agent.monitor.asks import Asks
    from agent.monitor.heard import Heard
    from agent.monitor.monitor_io import monitor

    port, sensors = _of_config(asked.config, asked.bridge) if asked.config else (_of_port(asked), {})
    if asked.config and asked.baud is not None:
        raise Refused("--baud goes with --port; with --config the baud is the one in hub.toml")
    asks = Asks(sensors if asked.config else None, asked.selftest)
    good = monitor(port, Heard(sensors), asks, _view(asked), asked.limit_s, asked.forget)
    return DONE if good or asked.limit_s is None else PROBLEMS


def _of_port(asked: argparse.Namespace) -> Serial:
    if asked.bridge is not None:
        raise Refused("--bridge goes with --config HUB, which knows the ports by name")
    return Serial(asked.port, "the board", asked.baud or BAUD)


def _of_config(config: Path, bridge: str | None) -> tuple[Serial, dict[str, Sensor]]:
    """The port of hub.toml, and what its home has on the board there, by channel."""
    hub, _ = hub_of(config)
    named = {port.bridge: port for port in hub.serial}
    if not named:
        raise Refused(f"{config}: has no [[serial]]; name the port itself with --port PATH")
    if bridge is None and len(named) > 1:
        raise Refused(f"{config}: has several boards; say which with --bridge: {', '.join(named)}")
    port = named.get(bridge or next(iter(named)))
    if port is None:
        raise Refused(f"{config}: has no board {bridge!r}; there are {', '.join(named)}")
    home = home_of(config.parent / hub.home)
    behind = [sensor for sensor in home.sensors.values() if link_of(sensor) == port.bridge]
    return port, {sensor.address.partition("/")[2]: sensor for sensor in behind}


def _view(asked: argparse.Namespace) -> "View":
    if not asked.json and not asked.plain and sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        from agent.monitor.terminal_io import TerminalView

        return TerminalView(asked.forget)
    from agent.monitor.plain_io import JsonView, PlainView

    return JsonView() if asked.json else PlainView()
