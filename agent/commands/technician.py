"""Commands for technicians: replay a log or a journal; take logs out of a journal and put them in."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from agent import VERSION
from agent.civil import rfc3339
from agent.clock_io import paced
from agent.commands.asking import DONE, PROBLEMS, Refused, home_of, instant, progress, say
from agent.commands.hub import configured
from agent.engine import Engine
from agent.files_io import write_lines
from agent.home import parse
from agent.journal_io import Journal, lay_down, verify
from agent.nouns import DAY_MS, Home, Instant
from agent.replay import Record, differences, of_lines, replay, told
from agent.sensors.log import Line, write
from agent.sensors.log_io import LogReader
from agent.watch_io import locked

SQLITE_HEAD = b"SQLite format 3\x00"


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    asked = commands.add_parser("replay", help="a log, or a journal, through the same engine as live")
    asked.add_argument("logs", nargs="+", type=Path, metavar="LOG", help="sensor logs (.jsonl, .gz), or one journal")
    asked.add_argument("--home", type=Path, help="home.toml; a journal carries its own")
    asked.add_argument("--alerts", type=Path, metavar="OUT", help="write the alerts there, JSON Lines; - prints them")
    asked.add_argument("--deadlines", type=Path, metavar="OUT", help="write there what each sign of life promises")
    asked.add_argument("--until", type=instant, metavar="T", help="tell silence through T (RFC 3339)")
    asked.add_argument("--budget", type=float, metavar="N", help="false alerts per 30 days, instead of the care plan's")
    asked.add_argument("--speed", type=float, metavar="X", help="replay at X times real time, printing as it goes")
    asked.add_argument("--home-b", type=Path, metavar="H2", help="also with this home file; print what differs")
    asked.set_defaults(run=replayed)

    journal = commands.add_parser("journal", help="logs in and out of a journal")
    verbs = journal.add_subparsers(dest="verb", required=True, metavar="export | import | verify")
    for verb, words in (
        ("export", "print the sensor log of a journal"),
        ("import", "replay a sensor log into a journal"),
        ("verify", "check that a journal is whole"),
    ):
        part = verbs.add_parser(verb, help=words)
        part.add_argument("--config", type=Path, required=True, metavar="HUB", help="hub.toml")
        if verb == "export":
            part.add_argument("--since", type=instant, default=Instant(0), metavar="T")
            part.add_argument("--until", type=instant, default=Instant(1 << 52), metavar="T")
            part.add_argument("--out", type=Path, help="write the log there instead of printing it")
        if verb == "import":
            part.add_argument("logs", nargs="+", type=Path, metavar="LOG")
        part.set_defaults(run={"export": exported, "import": imported, "verify": verified}[verb])


# -- replay ----------------------------------------------------------------------------------------------------


def replayed(asked: argparse.Namespace) -> int:
    if _is_journal(asked.logs[0]):
        return _replay_journal(asked)
    if asked.home is None:
        raise Refused("replay of a log needs --home HOME")
    if asked.speed is not None and not 0 < asked.speed <= 1e9:
        raise Refused("--speed must be above 0")
    home = _budgeted(home_of(asked.home), asked.budget)
    reader = LogReader(asked.logs, home, say)
    record = Record(home.id, deadlines=asked.deadlines is not None)
    with progress("replay", sum(path.stat().st_size for path in asked.logs)) as tell:
        entries = told(of_lines(reader, asked.until), lambda at: tell(reader.read_bytes, rfc3339(at)[:10]))
        replay(paced(entries, asked.speed) if asked.speed else entries, Engine(home), record)
    _write(asked, record)
    say(_summary(record, reader.problems))
    if asked.home_b is not None:
        _compare(asked, record)
    return PROBLEMS if reader.problems or record.rejected else DONE


def _budgeted(home: Home, budget: float | None) -> Home:
    if budget is None:
        return home
    if not 0.1 <= budget <= 60:
        raise Refused("--budget must be between 0.1 and 60 false alerts per 30 days")
    return replace(home, care=replace(home.care, false_alerts_per_30_days=budget))


def _write(asked: argparse.Namespace, record: Record) -> None:
    for path, lines in ((asked.alerts, record.alerts), (asked.deadlines, record.deadlines)):
        if path == Path("-"):
            sys.stdout.writelines(f"{line}\n" for line in lines)
        elif path is not None:
            try:
                write_lines(path, lines)
            except OSError as fault:
                raise Refused(f"{path}: cannot be written: {fault.strerror}") from None
    if asked.alerts is None:
        for alert in record.said:
            print(f"{rfc3339(alert.at)}  {alert.severity:<8}  {alert.kind:<17}  {alert.state:<7}  {alert.text}")


def _summary(record: Record, problems: int) -> str:
    days = ((record.last or 0) - (record.first or 0)) / DAY_MS
    skipped = f", {problems + record.rejected} lines skipped" if problems + record.rejected else ""
    return f"{record.frames:,} readings over {days:.1f} days: {len(record.alerts)} alert lines{skipped}"


def _compare(asked: argparse.Namespace, record: Record) -> None:
    other = _budgeted(home_of(asked.home_b), asked.budget)
    second = Record(other.id)
    replay(of_lines(LogReader(asked.logs, other, lambda _: None), asked.until), Engine(other), second)
    changed = differences(record.alerts, second.alerts)
    print(f"with {asked.home_b}: {len(changed)} alert lines differ (- as it is, + as it would be)")
    for line in changed:
        print(line)


def _is_journal(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(16) == SQLITE_HEAD
    except OSError as fault:
        raise Refused(f"{path}: cannot be read: {fault.strerror}") from None


def _replay_journal(asked: argparse.Namespace) -> int:
    """Each segment by itself, from its own snapshot: what was said then against what is said now."""
    if len(asked.logs) > 1:
        raise Refused("replay takes one journal at a time")
    journal = Journal(asked.logs[0])
    record = Record("", deadlines=asked.deadlines is not None)
    segments = journal.segments()
    recorded = [line for epoch, seq, line in journal.alerts()]
    with progress("replay", len(segments)) as tell:
        for count, segment in enumerate(segments):
            home = parse(segment.home)
            engine = Engine(_budgeted(home, asked.budget), segment.epoch)
            engine.restore(segment.snapshot)
            part = Record(home.id, record._wants_deadlines)
            replay(journal.entries(segment.id), engine, part)
            record.alerts += part.alerts
            record.said += part.said
            record.deadlines += part.deadlines
            record.frames += part.frames
            record.first, record.last = record.first or part.first, part.last
            tell(count + 1, rfc3339(segment.started_at)[:10])
    _write(asked, record)
    changed = differences(recorded, record.alerts)
    for line in changed:
        say(line)
    verdict = "the same" if not changed else f"{len(changed)} lines differ (- was said then, + is said now)"
    say(f"{_summary(record, 0)}; {len(recorded)} recorded: {verdict}")
    return PROBLEMS if changed else DONE


# -- journal ---------------------------------------------------------------------------------------------------


def exported(asked: argparse.Namespace) -> int:
    _, state, _ = configured(asked.config)
    journal = Journal(_existing(state / "journal.db"))
    lines = (write(reading) for reading in journal.readings(asked.since, asked.until))
    if asked.out is not None:
        write_lines(asked.out, (line for line in lines if line is not None))
    else:
        sys.stdout.writelines(f"{line}\n" for line in lines if line is not None)
    return DONE


def imported(asked: argparse.Namespace) -> int:
    """A past that this hub did not live: replayed into the journal before its own entries, in an epoch of its own."""
    _, state, home = configured(asked.config)
    with locked(state):
        journal = Journal(state / "journal.db", home.id)
        if journal.last() is not None:
            raise Refused("this journal has begun already; a past can only be imported into a new state directory")
        reader = LogReader(asked.logs, home, say)
        lines: list[Line] = list(reader)
        with progress("import", len(lines)) as tell:
            lay_down(journal, Engine(home), told(of_lines(lines), lambda at: tell(0, rfc3339(at)[:10])), VERSION)
        journal.close()
    say(f"{len(lines):,} readings imported")
    return PROBLEMS if reader.problems else DONE


def verified(asked: argparse.Namespace) -> int:
    _, state, _ = configured(asked.config)
    wrong = verify(_existing(state / "journal.db"))
    for line in wrong:
        say(line)
    print("the journal is whole" if not wrong else f"{len(wrong)} faults")
    return PROBLEMS if wrong else DONE


def _existing(path: Path) -> Path:
    if not path.exists():
        raise Refused(f"{path}: there is no journal here yet")
    return path
