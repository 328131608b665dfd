"""``hearthwatch doctor``: what is wrong with a hub, why it matters, what to do; and a bundle for support."""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

from agent.commands.asking import DONE, PROBLEMS, Refused, home_of, progress, say
from agent.commands.hub import hub_of
from agent.doctor.check import Check, lines, plain, worst_first
from agent.doctor.examine_io import examine
from agent.hub import Hub


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    doctor = commands.add_parser("doctor", help="what is wrong with this hub, why it matters, what to do")
    doctor.add_argument("--config", type=Path, required=True, metavar="HUB", help="hub.toml")
    doctor.add_argument("--json", action="store_true", help="for programs: a list of checks (docs/doctor.md)")
    doctor.add_argument("--bundle", type=Path, metavar="FILE", help="also write what support needs, .tar.gz, no names")
    doctor.set_defaults(run=examined)


def examined(asked: argparse.Namespace) -> int:
    hub, state = hub_of(asked.config)
    if asked.bundle is not None:
        from agent.doctor.bundle_io import fit

        fit(asked.bundle)
    checks = _checks(hub, asked.config)
    if asked.json:
        print(json.dumps(plain(checks)))
    else:
        colours = sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and "NO_COLOR" not in os.environ
        print("\n".join(lines(checks, shutil.get_terminal_size().columns, colours)))
    if asked.bundle is not None:
        _bundle(asked.bundle, hub, state, asked.config, checks)
    return PROBLEMS if worst_first(checks) else DONE


def _bundle(file: Path, hub: Hub, state: Path, config: Path, checks: list[Check]) -> None:
    from agent.doctor.bundle import bundle, manifest
    from agent.doctor.bundle_io import versions, write
    from agent.doctor.past_io import alert_counts

    try:
        home = home_of(config.parent / hub.home)
    except Refused:  # which the checks say
        home = None
    write(file, bundle(checks, hub, home, alert_counts(state), versions()))
    say(f"\n{file}: written. This is what is in it:\n\n{manifest()}")


def _checks(hub: Hub, config: Path) -> list[Check]:
    with progress("doctor", 0) as tell:
        checks: list[Check] = []
        for check in examine(hub, config):
            checks.append(check)
            tell(len(checks), check.title)
    return checks
