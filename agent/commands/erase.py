"""``hearthwatch erase``: takes a hub out of a home, with proof."""

import argparse
import sys
from pathlib import Path
from typing import Final

from agent.commands.asking import DONE, PROBLEMS, Refused, say
from agent.commands.hub import hub_of

MOST_TYPED: Final = 256


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    erase = commands.add_parser("erase", help="take this hub out of its home: all that it knows goes, with proof")
    erase.add_argument("--config", type=Path, required=True, metavar="HUB", help="hub.toml, which stays")
    erase.add_argument("--out", type=Path, metavar="FILE", help="the request for the centre; else retire-ID.json")
    erase.add_argument("--zigbee2mqtt", type=Path, metavar="DIR", help="its folder too: network key, names, devices")
    erase.add_argument("--yes", action="store_true", help="do not ask for the hub's id")
    erase.set_defaults(run=erased)


def erased(asked: argparse.Namespace) -> int:
    from agent.erase.alone_io import alone
    from agent.erase.check_io import check
    from agent.erase.erase_io import Work, begun, erase, found, name_of

    hub, state = hub_of(asked.config)
    folder = asked.config.parent
    work = Work(hub, folder, state, asked.out or Path("retire.json"), asked.zigbee2mqtt)
    if begun(work) is None and not found(work):
        say("Nothing of this hub is left: nothing was done.")
        return DONE
    name = name_of(work)
    if asked.out is None:
        work = work._replace(request=Path(f"retire-{name}.json"))
    check(work)
    with alone(hub, folder, state, asked.zigbee2mqtt):
        if not asked.yes and begun(work) is None:
            try:
                _ask(name)
            except KeyboardInterrupt:
                say("\nNothing was erased.")
                raise
        done = erase(work)
    print(done.text)
    if done.file is not None:
        say(f"This proof lies in {done.file}. Carry the request to the centre: `hearthwatch centre retire FILE`.")
    return DONE if done.whole else PROBLEMS


def _ask(name: str) -> None:
    """Whoever erases types the hub's id: nobody does that by mistake."""
    say(f"All that hub {name} knows of its home goes: keys, journal, family accounts, home file. Nobody can undo it.")
    sys.stderr.write(f"Type {name} to erase it: ")
    sys.stderr.flush()
    if sys.stdin.readline(MOST_TYPED).strip() != name:
        raise Refused(f"that is not {name}; nothing was erased")
