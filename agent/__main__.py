"""The command line: ``hearthwatch``."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Final

from agent import SUPPORTED_UNTIL, VERSION
from agent.commands.asking import BAD, RUNNING, say
from agent.nouns import Refused, Running

# One file for each reader, and what it registers. Only the file that is asked for is loaded: what a process on the
# hub does not need is memory that it does not take.
READERS: Final = {
    "demo": ("demo",),
    "hub": ("run", "watch", "uplink", "pause", "consent"),
    "technician": ("replay", "journal"),
    "installer": ("promise", "bridge"),
    "provision": ("provision",),
    "walk": ("walk-test",),
    "certificate": ("certificate",),
    "doctor": ("doctor",),
    "erase": ("erase",),
    "family": ("summary",),
    "page": ("page", "family"),
    "centre": ("centre",),
}


def parser(words: Sequence[str]) -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="hearthwatch", description="Watches over a home from its own sensors; publishes only alerts."
    )
    support = f"hearthwatch {VERSION}, with security updates until {SUPPORTED_UNTIL}"
    top.add_argument("--version", action="version", version=support)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    wanted = [reader for reader, verbs in READERS.items() if words and words[0] in verbs]
    for reader in wanted or READERS:
        importlib.import_module(f"agent.commands.{reader}").register(commands)
    return top


def main(words: Sequence[str] | None = None) -> int:
    """0 done, 1 done with reported problems, 2 bad input or usage, 75 already running."""
    words = sys.argv[1:] if words is None else words
    asked = parser(words).parse_args(words)
    try:
        return int(asked.run(asked))
    except Refused as fault:
        for line in str(fault).splitlines():
            say(f"hearthwatch: {line}")
        return RUNNING if isinstance(fault, Running) else BAD
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader of our output has gone
        return BAD
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
