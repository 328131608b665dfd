"""The demo: a simulated home, live, through the real pipeline."""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from agent.civil import Wall
from agent.commands.asking import DONE, PROBLEMS, Refused, progress, say
from agent.demo.operator import NAME

if TYPE_CHECKING:
    from agent.demo.stage_io import View
    from agent.simulate.story import Story

LONGEST_FOLDER: Final = 80  # bytes: Unix sockets in it have room for 107
SEED_MOST: Final = 2**63 - 1


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    demo = commands.add_parser("demo", help="a simulated home, live, through the real pipeline; ends by itself")
    demo.add_argument("--seed", type=_seed, default=1, metavar="N", help="another seed is another home")
    demo.add_argument("--plain", action="store_true", help="plain lines, even where there is a terminal")
    demo.add_argument("--keep", type=Path, metavar="DIR", help="keep the journal and all else in this new folder")
    demo.add_argument("--page", type=Path, metavar="FILE", help="write there the day it lived through, for a family")
    demo.add_argument("--stay", action="store_true", help="then serve the hub's page of it on this machine")
    demo.add_argument("--embedded", action="store_true", help="the broker in Python, even where mosquitto is")
    demo.set_defaults(run=shown)


def _seed(text: str) -> int:
    try:
        seed = int(text)
    except ValueError:
        seed = -1
    if not 0 <= seed <= SEED_MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to {SEED_MOST}")
    return seed


def shown(asked: argparse.Namespace) -> int:
    """DONE if everything that the story expects was raised, received and signed for, and nothing else was raised."""
    # Imported here: what stays resident reads this file for its arguments only.
    from agent import VERSION
    from agent.demo.parts_io import NoPart
    from agent.demo.stage_io import perform
    from agent.simulate.fleet import TIMEZONE
    from agent.simulate.story import story

    say("A simulated home: its last 28 days, then one morning, 120 times as fast. It takes a little over a minute.")
    told = story(asked.seed)
    with _folder(asked.keep) as folder:
        try:
            with _view(asked.plain) as view:
                verdict = perform(told, folder, view, VERSION, progress, asked.embedded)
        except NoPart as fault:
            raise Refused(str(fault)) from None
        view.sum_up(verdict, Wall(TIMEZONE))
        if asked.page is not None:
            _write_day(asked.page, folder, told)
        for line in _what_next(asked.keep):
            say(line)
        if asked.page is not None:
            say(f"The morning as her family reads it, one page, to open or to print: {asked.page}")
        if asked.stay:
            _stay(folder)
    return PROBLEMS if verdict.faults else DONE


def _stay(folder: Path) -> None:
    """Serve the hub's page of this home, to whoever is at this machine, until Ctrl-C."""
    from agent.clock_io import wall_ms
    from agent.commands.hub import hub_of
    from agent.demo.parts_io import free_port
    from agent.nouns import Instant
    from agent.page.family_io import Family
    from agent.page.serve_io import serve

    config = folder / "hub.toml"
    config.write_text(f'{config.read_text()}\n[page]\naddress = "127.0.0.1"\nport = {free_port()}\n')
    hub, state = hub_of(config)
    assert hub.page is not None, "it was written just now"
    family = Family(state)
    code = family.invite("you", True, Instant(wall_ms()), "the demo")
    family.close()
    say(f"The hub's page, for you: {hub.page.url}/welcome/{code} (Ctrl-C ends it)")
    serve(hub, hub.page, folder, state)


def _write_day(page: Path, folder: Path, told: "Story") -> None:
    """What a family reads of the day that was lived through, until the demo's last instant."""
    from agent.commands.family import day_of_journal, write_page
    from agent.home import parse

    home = parse(told.home_text)
    write_page(page, day_of_journal(folder / "state" / "journal.db", home, Wall(home.timezone).day(told.start_at)))


def _what_next(kept: Path | None) -> Iterator[str]:
    """Where to look on, if anything was kept."""
    if kept is None:
        yield "The operators' page, with this morning in it: hearthwatch demo --keep DIR ends with the commands for it."
        return
    centre = kept.absolute() / "centre"
    desk = f"--state={centre / 'centre.db'}"
    keys = f"--hubs={centre / 'hubs'} --signing-key={centre / 'centre.key'}"
    yield f"The hub's journal is kept: hearthwatch replay {kept / 'state' / 'journal.db'}"
    yield (
        f"The operators' page: hearthwatch centre operator add {NAME} {desk} && hearthwatch centre serve"
        f" --host=127.0.0.1 --port=1883 {keys} {desk} --page=127.0.0.1:8080"
    )


def _view(is_plain: bool) -> "View":
    if is_plain or not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        from agent.demo.plain_io import PlainView

        return PlainView()
    from agent.demo.terminal_io import TerminalView

    return TerminalView()


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """A new folder, kept or removed in the end; its path is short enough for sockets in it."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="hearthwatch-") as made:
            yield _short(Path(made))
        return
    try:
        keep.mkdir(parents=True)
    except OSError as fault:
        raise Refused(f"{keep}: {fault.strerror}; --keep names a folder that is not there yet") from None
    yield _short(keep.absolute())


def _short(folder: Path) -> Path:
    if len(os.fsencode(folder)) > LONGEST_FOLDER:
        raise Refused(f"{folder}: longer than {LONGEST_FOLDER} bytes; name a shorter one with --keep DIR")
    return folder
