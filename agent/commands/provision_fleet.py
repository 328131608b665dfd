"""A home set up from an answers file: nothing is asked, devices are waited for, and what is missing is told."""

import json
from collections.abc import Iterable
from pathlib import Path

from agent.commands.asking import Refused, say
from agent.commands.provision import NEXT
from agent.provision.answers import BadAnswers
from agent.provision.joined import expected, waiting
from agent.provision.plan import ready
from agent.setup_io import Session


def answered(session: Session, answers: Path, wait_s: int | None, as_json: bool) -> None:
    """As far as it can be done now; the same file again goes on from there. Refused for a file with mistakes."""
    try:
        session.say_file(answers)
    except BadAnswers as bad:
        raise Refused("\n".join(f"{answers}: {mistake}" for mistake in bad.mistakes)) from None
    tell = tell_json if as_json else tell_plain
    request, public = session.make_keys()
    tell("keys", f"for the centre: {request} and {public}")
    for fault in [*session.take_in(), *(session.meet_boards() if session.setup.serial else [])]:
        tell("fault", fault)
    if waiting(session.setup) or expected(session.setup):
        _paired(session, wait_s, as_json)
    for member in session.setup.family:
        if member.name not in session.setup.invited:
            try:
                link = session.invite(member.name)
                tell("invited", f"{member.name} is let in once, within 7 days, by {link}")
            except Refused as why:
                tell("not invited", str(why))
    found = session.found()
    if not found.written and not ready(session.setup, found):
        for path in session.write():
            tell("written", f"written: {path}")
        for line in session.promised():
            tell("promise", line)
        tell("next", NEXT)


def _paired(session: Session, wait_s: int | None, as_json: bool) -> None:
    tell = tell_json if as_json else tell_plain
    told = ""
    with session.pairing() as pairs:
        for event in pairs.until_done(wait_s):
            if event is not None:
                tell(event.what, event.words, event.address)
            if (now := waited(session)) != told:
                told = now
                tell("waiting", now)


def waited(session: Session) -> str:
    """For whom devices are let in, in one line."""
    named = [f"the device {address}" for address in expected(session.setup)]
    unnamed = [f"the next {kind} for {id}" for id, kind in waiting(session.setup)]
    return f"waiting for {_listed([*named, *unnamed])}" if named or unnamed else "all devices are there"


def _listed(words: Iterable[str], most: int = 3) -> str:
    words = list(words)
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def tell_plain(what: str, words: str, address: str = "") -> None:
    """``link`` comes with every message: for a person it stands in the overview."""
    if what != "link":
        say(words)


def tell_json(what: str, words: str, address: str = "") -> None:
    print(json.dumps({"event": what, "words": words} | ({"address": address} if address else {})), flush=True)
