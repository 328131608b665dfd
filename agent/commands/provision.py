"""Setting up a home: from an answers file for fleets, or led from step to step in a terminal."""

import argparse
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from agent.commands.asking import DONE, PROBLEMS, Refused, say
from agent.commands.provision_asking import wrapped
from agent.provision.plan import NAMES
from agent.provision.provision_io import load
from agent.setup_io import Session

LONGEST_WAIT_S = 86_400
KEPT = "All that was said is kept: the same command goes on from here."
NEXT = "The hub goes by it from its next start: sudo systemctl restart hearthwatch.target. Then: hearthwatch walk-test"


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    provision = commands.add_parser("provision", help="set up this hub and its home, step by step; go on at any time")
    provision.add_argument("--config", type=Path, required=True, metavar="HUB", help="hub.toml, which is written here")
    provision.add_argument("--answers", type=Path, metavar="FILE", help="all answers at once; nothing is asked then")
    provision.add_argument("--step", choices=NAMES, help="go to this step; going back is going there")
    provision.add_argument(
        "--wait", type=_seconds, metavar="SECONDS", help="with --answers: for devices; else for ever"
    )
    provision.add_argument(
        "--status", action="store_true", help="how far it is, and what is missing; nothing is changed"
    )
    provision.add_argument(
        "--page", nargs="?", const="", metavar="ADDRESS[:PORT]", help="as a page for a phone in the home's network"
    )
    provision.add_argument("--json", action="store_true", help="the same for a program; events as JSON Lines")
    provision.set_defaults(run=provisioned)


def _seconds(text: str) -> int:
    if not text.isdecimal() or int(text) > LONGEST_WAIT_S:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 to {LONGEST_WAIT_S}")
    return int(text)


def provisioned(asked: argparse.Namespace) -> int:
    if asked.status:
        return told(looked(asked.config), asked.json)
    if asked.answers is not None:
        from agent.commands.provision_fleet import answered

        if asked.step is not None:
            raise Refused("--answers goes through all steps; --step is for a terminal")
        with Session(asked.config) as session:
            answered(session, asked.answers, asked.wait, asked.json)
            return told(session.view(), asked.json)
    if asked.page is not None:
        from agent.setup_page.serve_io import serve

        try:
            return DONE if serve(asked.config, asked.page, say) else PROBLEMS
        except KeyboardInterrupt:
            say(f"\nThe page has ended. {KEPT}")
            raise
    if asked.wait is not None or asked.json:
        raise Refused("--wait goes with --answers FILE, --json with that or --status; in a terminal neither is needed")
    if not sys.stdin.isatty():
        raise Refused("without a terminal provision needs --answers FILE, --page, or --status")
    return _in_a_terminal(asked)


def _in_a_terminal(asked: argparse.Namespace) -> int:
    from agent.commands.provision_steps import led

    with Session(asked.config) as session:
        try:
            with suppress(EOFError):  # Ctrl-D leaves, as q does
                led(session, asked.step)
        except KeyboardInterrupt:
            say(f"\n{KEPT}")
            raise
        written = bool(session.view()["written"])
        if not written:
            say(f"\n{KEPT}")
        return DONE if written else PROBLEMS


def looked(config: Path) -> dict[str, Any]:
    """How far it is, also while another installer is at it."""
    session = Session(config)
    session.setup = load(config)
    return session.view()


def told(view: dict[str, Any], as_json: bool) -> int:
    """PROBLEMS while something is missing that was asked for."""
    if as_json:
        print(json.dumps(view))
    else:
        print("\n".join(overview(view)))
    return DONE if view["written"] and not any(step["missing"] for step in view["steps"]) else PROBLEMS


def overview(view: dict[str, Any]) -> list[str]:
    """The steps, what is missing and what is better put right: for 80 columns, without colours."""
    lines = []
    for step in view["steps"]:
        mark = {"done": "done ", "open": "     ", "waits": "later"}[step["state"]]
        if step["state"] == "open" and step["optional"] and not step["missing"]:
            mark = "may  "
        lines.append(f"{mark} {step['name']:9} {step['title']}")
        for line in step["missing"] if step["state"] != "waits" else []:
            lines += wrapped(f"! {line}", " " * 16)
    for line in view["notices"]:
        lines += wrapped(f"note: {line}", "")
    return lines
