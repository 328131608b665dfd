"""Commands for families: one day of the home, to read, to print, or to hand over."""

import argparse
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from agent.civil import Wall, rfc3339
from agent.clock_io import wall_ms
from agent.commands.asking import DONE, PROBLEMS, Refused, home_of, progress, say
from agent.commands.hub import configured
from agent.files_io import write_whole
from agent.journal_io import Journal
from agent.nouns import Home, Instant
from agent.past_io import past_of
from agent.past_log_io import past_of_log
from agent.sensors.log_io import LogReader
from agent.summary.day import Day, summarised
from agent.summary.plain import plain
from agent.summary.sentences import sentences
from agent.summary.words import Words
from agent.summary.words_io import languages
from agent.summary.words_io import words as in_language

FIRST: Final = date(1970, 1, 1)


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    summary = commands.add_parser("summary", help="one day: what was seen, what was said, what came of it")
    summary.add_argument("logs", nargs="*", type=Path, metavar="LOG", help="sensor logs, with --home")
    summary.add_argument("--config", type=Path, metavar="HUB", help="hub.toml: the day from this hub's journal")
    summary.add_argument("--home", type=Path, help="home.toml that the logs belong to")
    summary.add_argument("--day", type=_day, required=True, metavar="YYYY-MM-DD", help="a day of the home's own clock")
    summary.add_argument("--json", action="store_true", help="as docs/summary.schema.json has it")
    summary.add_argument("--html", type=Path, metavar="FILE", help="write there one page that needs nothing else")
    summary.add_argument("--language", choices=languages(), default="en")
    summary.set_defaults(run=summed)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day such as 2026-03-02") from None


def summed(asked: argparse.Namespace) -> int:
    """From the hub's journal, which a running hub goes on writing, or from logs."""
    if (asked.config is None) == (asked.home is None or not asked.logs):
        raise Refused("summary needs --config HUB, or --home HOME with sensor logs")
    number, problems = (asked.day - FIRST).days, 0
    if asked.config is not None:
        day = _of_hub(asked.config, number)
    else:
        day, problems = _of_logs(asked.home, asked.logs, number)
    _print(asked, day, in_language(asked.language))
    return PROBLEMS if problems else DONE


def _print(asked: argparse.Namespace, day: Day, words: Words) -> None:
    if asked.html is not None:
        write_page(asked.html, day, words)
        say(f"written to {asked.html}")
    if asked.json:
        print(json.dumps(plain(day, words), ensure_ascii=False))
    elif asked.html is None:
        print(words.date(day.number))
        print("\n".join(words.say(sentence, day) for sentence in sentences(day)))


def write_page(path: Path, day: Day, words: Words | None = None) -> None:
    """The day as one file, whole or not at all."""
    from agent.summary.leaf_io import leaf  # a template engine, where a page is wanted

    try:
        write_whole(path, leaf(day, words or in_language()).encode())
    except OSError as fault:
        raise Refused(f"{path}: cannot be written: {fault.strerror}") from None


def _of_hub(config: Path, number: int) -> Day:
    _, state, home = configured(config)
    _consented(home)
    if not (state / "journal.db").exists():
        raise Refused(f"{state}: no journal yet; start the hub first")
    return day_of_journal(state / "journal.db", home, number, Instant(wall_ms()))


def day_of_journal(path: Path, home: Home, number: int, now: Instant = Instant(0)) -> Day:
    """``now``: by this machine's clock; else the day is known as far as the journal goes."""
    journal = Journal(path)
    try:
        past, known = past_of(journal, home, number, now)
        _begun(home, number, known)
        return summarised(home, number, past, known)
    finally:
        journal.close()


def _of_logs(home_file: Path, logs: list[Path], number: int) -> tuple[Day, int]:
    """The day, and how many lines of the logs were skipped."""
    home = home_of(home_file)
    _consented(home)
    reader = LogReader(logs, home, say)
    with progress("summary", sum(path.stat().st_size for path in logs if path.exists())) as tell:
        past, now = past_of_log(home, number, reader, lambda at: tell(reader.read_bytes, rfc3339(at)[:10]))
    if now is None:
        raise Refused("the logs hold nothing of that day, nor of any before it")
    _begun(home, number, now)
    return summarised(home, number, past, now), reader.problems


def _begun(home: Home, number: int, known: Instant) -> None:
    """Of a day to come there is nothing to tell, not even that nothing was observed."""
    last = Wall(home.timezone).day(known)
    if number > last:
        day, known_day = (FIRST + timedelta(one) for one in (number, last))
        raise Refused(f"{day} is still to come; the last day that is known is {known_day}")


def _consented(home: Home) -> None:
    if not home.consent.summary_to_family:
        raise Refused("home.toml: the resident does not want the day to be told ([consent] summary_to_family = false)")
