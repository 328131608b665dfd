"""Commands of the family's page: its process, who may look, and who has."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from agent.commands.asking import DONE, PROBLEMS, Refused, say
from agent.commands.hub import configured, hub_of
from agent.hub import Page

if TYPE_CHECKING:
    from agent.page.family_io import Family


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    page = commands.add_parser("page", help="the process that families look at, from a browser in the home's network")
    page.set_defaults(run=served)
    family = commands.add_parser("family", help="who may look at the page, and who has")
    verbs = family.add_subparsers(required=True, metavar="invite | list | remove | looks")
    invite = verbs.add_parser("invite", help="prints a link that lets somebody in once; they choose the password")
    invite.add_argument("--resident", action="store_true", help="it is who lives there: they see who looked")
    invite.set_defaults(run=invited)
    remove = verbs.add_parser("remove", help="and log out whoever is in under that name")
    remove.set_defaults(run=removed)
    for part in (invite, remove):
        part.add_argument("--name", required=True, metavar="NAME", help="a-z, 0-9, dot and -")
    listing = verbs.add_parser("list", help="who may look, and who is invited")
    listing.set_defaults(run=listed)
    looks = verbs.add_parser("looks", help="who looked, when, and at what: for who lives there, on paper")
    looks.set_defaults(run=looked)
    for part in (page, invite, remove, listing, looks):
        part.add_argument("--config", type=Path, required=True, metavar="HUB", help="hub.toml")


def _page(config: Path) -> tuple[Page, Path]:
    """The page, and the folder of its accounts."""
    hub, state = hub_of(config)
    if hub.page is None:
        raise Refused(f"{config}: has no [page]; deploy/hub.toml shows one")
    return hub.page, config.parent / hub.page.state if hub.page.state else state


def served(asked: argparse.Namespace) -> int:
    from agent.page.serve_io import serve

    hub, state = hub_of(asked.config)
    page, _ = _page(asked.config)
    if not state.exists():
        raise Refused(f"{state}: no state directory yet; start watch first")
    serve(hub, page, asked.config.parent, state)
    return DONE


def _family(state: Path) -> "Family":
    from agent.page.family_io import Family

    if not state.exists():
        raise Refused(f"{state}: no state directory yet; start watch first")
    return Family(state)


def _who() -> str:
    from os import environ

    return environ.get("SUDO_USER") or environ.get("USER") or "the installer"


def invited(asked: argparse.Namespace) -> int:
    """Only where who lives there wants the day to be told."""
    from agent.clock_io import wall_ms
    from agent.nouns import Instant
    from agent.page.certificate_io import CERTIFICATE, certificate_of, fingerprint
    from agent.passwords import Unfit

    page, state = _page(asked.config)
    _, _, home = configured(asked.config)
    if not home.consent.summary_to_family:
        raise Refused("home.toml: the resident does not want the day to be told ([consent] summary_to_family = false)")
    try:
        code = _family(state).invite(asked.name, asked.resident, Instant(wall_ms()), _who())
    except Unfit as fault:
        raise Refused(str(fault)) from None
    print(f"{page.url}/welcome/{code}")
    say(f"This link lets {asked.name} in once, within 7 days, from a browser in the home's own network.")
    if page.secure:
        certificate_of(state, (page.address, *page.names))
        say("The browser will warn, once: nobody outside has vouched for this hub. It is the right one if the browser")
        say(f"shows this fingerprint (SHA-256): {fingerprint(state / CERTIFICATE)}")
    return DONE


def removed(asked: argparse.Namespace) -> int:
    from agent.clock_io import wall_ms
    from agent.nouns import Instant

    _, state = _page(asked.config)
    if not _family(state).remove(asked.name, Instant(wall_ms()), _who()):
        raise Refused(f"{asked.name}: nobody of that name may look, or is invited")
    say(f"{asked.name} may no longer look")
    return DONE


def listed(asked: argparse.Namespace) -> int:
    from agent.clock_io import wall_ms
    from agent.nouns import Instant

    _, state = _page(asked.config)
    family = _family(state)
    for name in family.accounts.names():
        print(f"{name}, who lives here" if family.lives_here(name) else name)
    for name in family.waiting(Instant(wall_ms())):
        print(f"{name}, invited")
    return DONE


def looked(asked: argparse.Namespace) -> int:
    """All of it, the oldest first; PROBLEMS if a line is not as it was written."""
    from agent.civil import Wall
    from agent.page.looks import in_words
    from agent.summary.words_io import words

    _, state = _page(asked.config)
    _, _, home = configured(asked.config)
    family, wall = _family(state), Wall(home.timezone)
    for one in reversed(family.looks()):
        print("  ".join(in_words(one, wall, words())))
    broken = family.first_broken()
    if broken is not None:
        say(f"line {broken} is not as it was written: somebody has changed this book")
    return DONE if broken is None else PROBLEMS
