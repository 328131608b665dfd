"""Commands for families: one day of the home."""

import argparse
import json
from datetime import date
from pathlib import Path
from typing import Final

from agent.civil import Wall
from agent.commands.asking import DONE, Refused
from agent.commands.hub import configured
from agent.journal_io import Journal
from agent.nouns import Instant
from agent.summary.day import Said, questions, told

FIRST: Final = date(1970, 1, 1)


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    summary = commands.add_parser("summary", help="one day: what was asked at home, what was said, what came of it")
    summary.add_argument("--config", type=Path, required=True, metavar="HUB", help="hub.toml")
    summary.add_argument("--day", type=_day, required=True, metavar="YYYY-MM-DD", help="a day of the home's own clock")
    summary.add_argument("--json", action="store_true")
    summary.set_defaults(run=summed)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day such as 2026-03-02") from None


def summed(asked: argparse.Namespace) -> int:
    """From the hub's journal, which a running hub goes on writing."""
    _, state, home = configured(asked.config)
    if not home.consent.summary_to_family:
        raise Refused("home.toml: the resident does not want the day to be told ([consent] summary_to_family = false)")
    if not (state / "journal.db").exists():
        raise Refused(f"{state}: no journal yet; start the hub first")
    wall, day = Wall(home.timezone), (asked.day - FIRST).days
    since, until = wall.instant(day, 0), wall.instant(day + 1, 0)
    journal = Journal(state / "journal.db")
    try:
        found = questions(journal.readings(since, until))
        rows = journal.rows("SELECT at, id, kind, state FROM alert WHERE at >= ? AND at < ?", (since, until))
        said = [Said(Instant(at), id, kind, state) for at, id, kind, state in rows]
        lines = told(found, said, journal.custody(since), wall)
    finally:
        journal.close()
    print(json.dumps({"day": asked.day.isoformat(), "lines": lines}) if asked.json else "\n".join(lines))
    return DONE
