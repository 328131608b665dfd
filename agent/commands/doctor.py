"""``hearthwatch doctor``: what is wrong with a hub, why it matters, what to do; and a bundle for support."""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

from agent.commands.asking import DONE, PROBLEMS, progress
from agent.commands.hub import hub_of
from agent.doctor.check import Check, lines, plain, worst_first
from agent.doctor.examine_io import examine
from agent.hub import Hub


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    doctor = commands.add_parser("doctor", help="what is wrong with this hub, why it matters, what to do")
    doctor.add_argument("--config", type=Path, required=True, metavar="HUB", help="hub.toml")
    doctor.add_argument("--json", action="store_true", help="for programs: a list of checks (docs/doctor.md)")
    doctor.set_defaults(run=examined)


def examined(asked: argparse.Namespace) -> int:
    hub, _ = hub_of(asked.config)
    checks = _checks(hub, asked.config)
    if asked.json:
        print(json.dumps(plain(checks)))
    else:
        colours = sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and "NO_COLOR" not in os.environ
        print("\n".join(lines(checks, shutil.get_terminal_size().columns, colours)))
    return PROBLEMS if worst_first(checks) else DONE


def _checks(hub: Hub, config: Path) -> list[Check]:
    with progress("doctor", 0) as tell:
        checks: list[Check] = []
        for check in examine(hub, config):
            checks.append(check)
            tell(len(checks), check.title)
    return checks
