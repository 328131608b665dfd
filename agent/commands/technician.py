"""Commands for technicians: replay a log or a journal; take logs out of a journal and put them in."""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from agent import VERSION
from agent.civil import rfc3339
from agent.clock_io import paced
from agent.commands.asking import DONE, PROBLEMS, Refused, home_of, instant, progress, say
from agent.commands.hub import configured
from agent.detect.detector import Models
from agent.engine import Engine, OtherFormat
from agent.files_io import as_lines, write_together
from agent.home import BadHome, parse
from agent.journal_io import Journal, lay_down
from agent.models_io import shipped
from agent.nouns import DAY_MS, Alert, Home, Instant
from agent.replay import Record, differences, of_lines, replay, told
from agent.sensors.log import AT_END, Line, write
from agent.sensors.log_io import LogReader
from agent.verify_io import verify
from agent.watch_io import locked

SQLITE_HEAD: Final = b"SQLite format 3\x00"
SPEED_MOST: Final = 1_000_000_000  # a faster replay is one without --speed
PRINTED: Final = Path("-")  # as an output: standard output


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
            part.add_argument("--out", type=Path, metavar="FILE", help="write there instead of printing")
            part.add_argument(
                "--segment",
                type=int,
                metavar="N",
                help="a segment as one file, with --out; 0: the last that holds anything",
            )
        if verb == "import":
            part.add_argument("logs", nargs="+", type=Path, metavar="LOG")
        part.set_defaults(run={"export": exported, "import": imported, "verify": verified}[verb])


# -- replay ----------------------------------------------------------------------------------------------------


def replayed(asked: argparse.Namespace) -> int:
    _distinct(asked)
    if _is_journal(asked.logs[0]):
        return _replay_journal(asked)
    if asked.home is None:
        raise Refused("replay of a log needs --home HOME")
    if asked.speed is not None and not 0 < asked.speed <= SPEED_MOST:
        raise Refused(f"--speed must be above 0, and at most {SPEED_MOST:,}")
    if asked.until is not None and asked.until >= AT_END:
        raise Refused(f"--until must be before {rfc3339(AT_END)}")
    home = _budgeted(home_of(asked.home), asked.budget)
    other = _budgeted(home_of(asked.home_b), asked.budget) if asked.home_b is not None else None
    reader = LogReader(asked.logs, home, say)
    follow = asked.speed is not None and asked.alerts is None
    models = shipped()
    record = Record(home.id, asked.deadlines is not None, _print if follow else lambda alert: None)
    with progress("replay", sum(path.stat().st_size for path in asked.logs if path.exists())) as tell:
        entries = told(of_lines(reader, asked.until), lambda at: tell(reader.read_bytes, rfc3339(at)[:10]))
        replay(paced(entries, asked.speed) if asked.speed else entries, Engine(home, models=models), record)
    compared = _compared(asked, record, other, models) if other is not None else []
    _write(asked, record)
    say(_summary(record, reader.problems))
    for line in compared:
        print(line)
    return PROBLEMS if reader.problems or record.rejected else DONE


def _budgeted(home: Home, budget: float | None) -> Home:
    if budget is None:
        return home
    if not 0.1 <= budget <= 60:
        raise Refused("--budget must be between 0.1 and 60 false alerts per 30 days")
    return replace(home, care=replace(home.care, false_alerts_per_30_days=budget))


def _distinct(asked: argparse.Namespace) -> None:
    """No output may take the place of an input, or of the other output."""
    inputs = {path.resolve() for path in (*asked.logs, asked.home, asked.home_b) if path is not None}
    outputs = [path.resolve() for path in (asked.alerts, asked.deadlines) if path is not None and path != PRINTED]
    for path in outputs:
        if path.is_file() and path in inputs:
            raise Refused(f"{path}: is read by this very command; name another file to write to")
    if len(outputs) == 2 and outputs[0] == outputs[1] and (outputs[0].is_file() or not outputs[0].exists()):
        raise Refused(f"{outputs[0]}: alerts and deadlines cannot go to one file")


def _write(asked: argparse.Namespace, record: Record) -> None:
    pairs = ((asked.alerts, record.alerts), (asked.deadlines, record.deadlines))
    _put({path: as_lines(lines) for path, lines in pairs if path is not None and path != PRINTED})
    for path, lines in pairs:
        if path == PRINTED:
            sys.stdout.writelines(f"{line}\n" for line in lines)
    if asked.alerts is None and asked.speed is None:
        if record.said:
            say("times on the left are UTC; those in the sentences are the home's own")
        for alert in record.said:
            _print(alert)


def _print(alert: Alert) -> None:
    words = f"{rfc3339(alert.at)}  {alert.severity:<8}  {alert.kind:<17}  {alert.state:<7}  {alert.text}"
    print(words, flush=True)


def _put(files: Mapping[Path, bytes]) -> None:
    """Write all of these files, or none of them."""
    try:
        write_together(files)
    except OSError as fault:
        raise Refused(f"{fault.filename}: cannot be written: {fault.strerror}") from None


def _summary(record: Record, problems: int) -> str:
    days = ((record.last or 0) - (record.first or 0)) / DAY_MS
    skipped = f", {problems + record.rejected} lines skipped" if problems + record.rejected else ""
    return f"{record.frames:,} readings over {days:.1f} days: {len(record.alerts)} alert lines{skipped}"


def _compared(asked: argparse.Namespace, record: Record, other: Home, models: Models) -> list[str]:
    second = Record(other.id)
    replay(of_lines(LogReader(asked.logs, other, lambda _: None), asked.until), Engine(other, models=models), second)
    changed = differences(record.alerts, second.alerts)
    return [f"with {asked.home_b}: {len(changed)} alert lines differ (- as it is, + as it would be)", *changed]


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
    unused = [name for name in ("until", "speed", "home_b") if getattr(asked, name) is not None]
    if unused:
        raise Refused(f"--{unused[0].replace('_', '-')} is for sensor logs; a journal is replayed as it was lived")
    journal = Journal(asked.logs[0])
    record = Record("", deadlines=asked.deadlines is not None)
    segments, models = journal.segments(), shipped()
    recorded = [line for epoch, seq, line in journal.alerts()]
    with progress("replay", len(segments)) as tell:
        for count, segment in enumerate(segments):
            try:
                home = parse(segment.home)
                engine = Engine(_budgeted(home, asked.budget), segment.epoch, models)
                engine.restore(segment.snapshot)
            except (BadHome, OtherFormat) as fault:
                raise Refused(f"{asked.logs[0]}: written by agent {segment.agent}: {fault}; replay it there") from None
            part = Record(home.id, record.wants_deadlines)
            replay(journal.entries(segment.id), engine, part)
            record.alerts += part.alerts
            record.said += part.said
            record.deadlines += part.deadlines
            record.frames += part.frames
            record.first, record.last = record.first or part.first, part.last or record.last
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
    if asked.segment is not None:
        return _export_segment(journal, asked.segment, asked.out)
    lines = (write(reading) for reading in journal.readings(asked.since, asked.until))
    if asked.out is not None and asked.out != PRINTED:
        _put({asked.out: as_lines(line for line in lines if line is not None)})
    else:
        sys.stdout.writelines(f"{line}\n" for line in lines if line is not None)
    return DONE


def _export_segment(journal: Journal, number: int, out: Path | None) -> int:
    """The segment as a file that replays by itself; written whole or not at all."""
    known = [segment.id for segment in journal.segments()]
    if out is None or not known or (number and number not in known):
        raise Refused(f"export --segment needs --out FILE and a segment; there are {known or 'none yet'}")
    number = number or journal.last_told() or known[-1]
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "segment.db"
        journal.copy_segment(number, copy)
        _put({out: copy.read_bytes()})
    say(f"segment {number} written to {out}")
    return DONE


def imported(asked: argparse.Namespace) -> int:
    """A past that this hub did not live: replayed into the journal before its own entries, in an epoch of its own."""
    _, state, home = configured(asked.config)
    with locked(state):
        if (state / "journal.db").exists() and Journal(state / "journal.db").last() is not None:
            raise Refused("this journal has begun already; a past can only be imported into a new state directory")
        reader = LogReader(asked.logs, home, say)
        lines: list[Line] = list(reader)
        for leftover in state.glob("imported.db*"):
            leftover.unlink()
        journal = Journal(state / "imported.db", home.id)
        with progress("import", len(lines)) as tell:
            lay_down(
                journal,
                Engine(home, models=shipped()),
                told(of_lines(lines), lambda at: tell(0, rfc3339(at)[:10])),
                VERSION,
            )
        journal.close()
        (state / "imported.db").replace(state / "journal.db")  # an import that was cut off has imported nothing
    say(f"{len(lines):,} readings imported")
    return PROBLEMS if reader.problems else DONE


def verified(asked: argparse.Namespace) -> int:
    _, state, _ = configured(asked.config)
    wrong = verify(_existing(state / "journal.db"))
    for line in wrong:
        say(line)
    print("the journal is whole" if not wrong else f"{len(wrong)} {'fault' if len(wrong) == 1 else 'faults'}")
    return PROBLEMS if wrong else DONE


def _existing(path: Path) -> Path:
    if not path.exists():
        raise Refused(f"{path}: there is no journal here yet")
    return path
