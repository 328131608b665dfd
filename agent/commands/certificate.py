"""``certificate``: that a home was walked, that its alarm arrives, that who lives there agreed; signed by the hub."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from agent.certificate_io import certify, facts, still, verified, walk_path, write_sheet
from agent.civil import rfc3339
from agent.clock_io import wall_ms
from agent.commands.asking import DONE, PROBLEMS, Refused, say
from agent.commands.hub import configured
from agent.journal_file_io import Written
from agent.nouns import WORDS_MOST, Instant
from agent.provision.setup import Agreed


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    part = commands.add_parser("certificate", help="certify a home that was walked; check a certificate, or the home")
    part.add_argument("--config", type=Path, metavar="HUB", help="hub.toml")
    part.add_argument("--by", type=_person, metavar="NAME", help="who installed this home")
    part.add_argument("--agreed-by", type=_person, metavar="NAME", help="who lives here and agreed")
    part.add_argument("--out", type=Path, metavar="FILE", help="certificate.html beside home.toml, unless named")
    part.add_argument("--sheet", type=Path, metavar="FILE", help="privacy.html beside home.toml, unless named")
    part.add_argument("--sheet-only", action="store_true", help="only the sheet for who lives here")
    part.add_argument("--verify", type=Path, metavar="FILE", help="is not a byte of that certificate changed?")
    part.add_argument("--key", type=Path, metavar="HUB.PUB", help="with --verify: the hub's public key")
    part.add_argument(
        "--check", action="store_true", help="does what the walk found still hold? a moved sensor is told"
    )
    part.add_argument("--json", action="store_true")
    part.set_defaults(run=certified)


def _person(text: str) -> str:
    if not text.strip() or len(text) > WORDS_MOST or not text.isprintable():
        raise argparse.ArgumentTypeError(f"a name has 1 to {WORDS_MOST} printable characters")
    return text.strip()


def certified(asked: argparse.Namespace) -> int:
    """0: written, whole, or unchanged; 1: what stands in the way, a line each, and nothing is written."""
    if asked.verify is not None:
        return _verify(asked)
    if asked.config is None:
        raise Refused("certificate needs --config HUB; or --verify FILE with --key HUB.PUB")
    hub, state, home = configured(asked.config)
    folder = asked.config.parent
    home_file = folder / hub.home
    sheet = asked.sheet or home_file.with_name("privacy.html")
    if asked.check:
        return _said(asked, _check(state, lambda journal: still(home, home_file, journal)), {})
    if asked.sheet_only:
        _kept_apart(sheet, asked.config, home_file, walk_path(home_file))
        write_sheet(home, sheet)
        return _said(asked, [], {"sheet": str(sheet)})
    out = asked.out or home_file.with_name("certificate.html")
    _kept_apart(out, sheet, asked.config, home_file, walk_path(home_file))
    today = rfc3339(Instant(wall_ms()))[:10]
    agreed = Agreed(asked.agreed_by, today, "") if asked.agreed_by else None
    wrong = certify(facts(hub, folder, state, home, asked.by or "", agreed), state, out, sheet)
    return _said(asked, wrong, {} if wrong else {"certificate": str(out), "sheet": str(sheet)})


def _kept_apart(*paths: Path) -> None:
    """Whatever is written is none of what is read, and no two are one."""
    places = [path.resolve() for path in paths]
    for place in places:
        if places.count(place) > 1:
            raise Refused(f"{place}: is used by this very command for something else; name another file to write to")


def _check(state: Path, look: Callable[[Written], list[str]]) -> list[str]:
    journal = Written(state / "journal.db", read_only=True)
    try:
        return look(journal)
    finally:
        journal.close()


def _verify(asked: argparse.Namespace) -> int:
    if asked.key is None and asked.config is None:
        raise Refused("--verify needs the hub's public key: --key HUB.PUB, or --config HUB on the hub itself")
    key = asked.key or configured(asked.config)[1] / "hub.pub"
    try:
        said = verified(asked.verify, key)
    except Refused as fault:
        return _said(asked, [str(fault)], {})
    words = f"unchanged: {said['hub']}, home {said['home']}, certified {said['at'][:10]} by {said['by']}"
    if asked.json:
        print(json.dumps({"faults": [], "claims": said}, ensure_ascii=False))
    else:
        print(words)
    return DONE


def _said(asked: argparse.Namespace, wrong: list[str], files: dict[str, str]) -> int:
    if asked.json:
        print(json.dumps({"faults": wrong, **files}, ensure_ascii=False))
    else:
        for line in wrong:
            say(line)
        for what, file in files.items():
            print(f"{what}: {file}")
        if not wrong and not files:
            print("what the walk found still holds")
    return PROBLEMS if wrong else DONE
