"""The command line: ``hearthwatch``."""

import argparse
import os
import sys
from collections.abc import Sequence

from agent.commands import centre, demo, hub, installer, technician
from agent.commands.asking import BAD, RUNNING, Refused, say
from agent.commands.hub import VERSION
from agent.journal_io import JournalError
from agent.sensors.log_io import NoLog
from agent.watch_io import Running


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="hearthwatch", description="Watches over a home from its own sensors; publishes only alerts."
    )
    top.add_argument("--version", action="version", version=f"hearthwatch {VERSION}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for part in (demo, hub, technician, installer, centre):
        part.register(commands)
    return top


def main(words: Sequence[str] | None = None) -> int:
    """0 done, 1 done with reported problems, 2 bad input or usage, 75 already running."""
    asked = parser().parse_args(words)
    try:
        return int(asked.run(asked))
    except (Refused, NoLog, JournalError) as fault:
        for line in str(fault).splitlines():
            say(f"hearthwatch: {line}")
        return BAD
    except Running as fault:
        say(f"hearthwatch: {fault}")
        return RUNNING
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader of our output has gone
        return BAD
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
