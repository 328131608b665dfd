"""Commands for a monitoring centre: the receiver with its page, the operator's view, answers, operators, keys."""

import argparse
import getpass
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from agent.commands.asking import DONE, PROBLEMS, Refused, say
from agent.transport.envelope import REASONS, VERDICTS

if TYPE_CHECKING:
    from centre.store_io import Store
    from centre.web_io import Place

PORT: Final = 8883
STATE: Final = "centre.db"
MOST_TYPED: Final = 1_024  # bytes of a password on standard input; what stands beyond is not read


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    centre = commands.add_parser("centre", help="the receiver kit for monitoring centres")
    names = "serve | watch | ack | operator | verify | backup | retire | keygen"
    verbs = centre.add_subparsers(dest="verb", required=True, metavar=names)
    _serve(verbs.add_parser("serve", help="receive, verify, keep, sign receipts; print a line for each; show the page"))
    _state(watch := verbs.add_parser("watch", help="the open incidents, most urgent first, live"))
    watch.add_argument("--json", action="store_true", help="print a JSON line whenever an incident changes")
    watch.add_argument("--once", action="store_true", help="print what is open now, and end")
    watch.set_defaults(run=watched)

    _state(ack := verbs.add_parser("ack", help="take an incident, or say what came of it; its hub is told"))
    ack.add_argument("incident", metavar="HUB/ID", help="as watch prints it; the ID alone where only one hub has it")
    ack.add_argument("--by", required=True, metavar="NAME", help="who you are, for the audit")
    ack.add_argument("--outcome", choices=VERDICTS, help="true: help was needed")
    ack.add_argument("--reason", choices=REASONS, help="why a false one was false")
    ack.set_defaults(run=acknowledged)

    operator = verbs.add_parser("operator", help="who may log in to the page").add_subparsers(required=True)
    _state(add := operator.add_parser("add", help="asks for the password; or reads it from standard input"))
    add.add_argument("name", metavar="NAME")
    add.set_defaults(run=added)
    _state(remove := operator.add_parser("remove", help="and log out whoever is in under that name"))
    remove.add_argument("name", metavar="NAME")
    remove.set_defaults(run=removed)
    _state(listing := operator.add_parser("list"))
    listing.set_defaults(run=listed)

    _state(verify := verbs.add_parser("verify", help="whether the audit is as it was written"))
    verify.set_defaults(run=verified)

    _state(backup := verbs.add_parser("backup", help="a copy of the centre's file, while it is in use"))
    backup.add_argument("copy", metavar="COPY", help="a new file")
    backup.set_defaults(run=backed_up)

    _state(retire := verbs.add_parser("retire", help="a hub was erased: check its request, believe its key no more"))
    retire.add_argument("request", type=Path, metavar="FILE", help="what `hearthwatch erase` wrote")
    retire.add_argument("--hubs", type=Path, required=True, metavar="DIR", help="public keys of the hubs, HUB.pub each")
    retire.set_defaults(run=retired)

    keygen = verbs.add_parser("keygen", help="make the key that signs receipts; print the half that hubs pin")
    keygen.add_argument("--signing-key", required=True, metavar="FILE")
    keygen.set_defaults(run=made)


def _state(command: argparse.ArgumentParser) -> None:
    command.add_argument("--state", default=STATE, metavar="FILE", help=f"the centre's file; {STATE} if not said")


def _serve(serve: argparse.ArgumentParser) -> None:
    serve.add_argument("--host", required=True, help="the centre's MQTT broker")
    serve.add_argument("--port", type=int, default=PORT)
    serve.add_argument("--ca", help="certificate authority of the broker; without it only a broker on this machine")
    serve.add_argument("--cert", help="this receiver's client certificate")
    serve.add_argument("--key", help="the private key of that certificate")
    serve.add_argument("--hubs", type=Path, required=True, metavar="DIR", help="public keys of the hubs, HUB.pub each")
    serve.add_argument("--signing-key", required=True, metavar="FILE", help="signs receipts; made at first start")
    _state(serve)
    serve.add_argument("--client-id", default="hearthwatch-centre", help="a second receiver needs its own")
    serve.add_argument("--shared", action="store_true", help="divide the work with other receivers of this --state")
    serve.add_argument("--json", action="store_true", help="print JSON Lines")
    serve.add_argument("--page", metavar="HOST:PORT", help="serve the operators' page there; this machine alone")
    serve.add_argument("--page-name", action="append", default=[], metavar="NAME", help="that browsers use for it")
    serve.add_argument(
        "--behind-proxy", action="store_true", help="a proxy with TLS stands before the page: another address is fine"
    )
    serve.set_defaults(run=served)


def served(asked: argparse.Namespace) -> int:
    from agent.mqtt_io import Broker
    from centre.centre_io import Desk, serve

    if not asked.hubs.is_dir():
        raise Refused(f"{asked.hubs}: no such folder; it holds the hubs' public keys, HUB.pub each")
    for option, name in (("--ca", asked.ca), ("--cert", asked.cert), ("--key", asked.key)):
        if name is not None and not Path(name).is_file():
            raise Refused(f"{name}: no such file ({option})")
    broker = Broker(asked.host, asked.port, ca=asked.ca, certificate=asked.cert, key=asked.key)
    desk = Desk(
        broker, str(asked.hubs), asked.signing_key, asked.state, asked.json, asked.client_id, asked.shared
    )  # fmt: skip
    try:
        if asked.page is not None:
            from centre.page_io import page
            from centre.web_io import show

            place = _place(asked)
            show(page, asked.state, place)
            say(f"centre: the operators' page: {place.address}")
        serve(desk)
    except KeyboardInterrupt:
        say("centre: stopped")
    except BrokenPipeError:
        raise  # whoever read our lines has gone
    except (ValueError, OSError) as fault:
        raise Refused(str(fault)) from None
    return DONE


def _place(asked: argparse.Namespace) -> "Place":
    from centre.web_io import Place

    host, _, port = asked.page.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise Refused(f"--page {asked.page}: write HOST:PORT, as in 127.0.0.1:8080")
    return Place(host.strip("[]"), int(port), tuple(asked.page_name), asked.behind_proxy)


def watched(asked: argparse.Namespace) -> int:
    from centre.watch_io import watch

    with suppress(KeyboardInterrupt):
        watch(_opened(asked), asked.json, asked.once)
    return DONE


def acknowledged(asked: argparse.Namespace) -> int:
    from agent.passwords import NAME
    from centre.answers_io import Answers, found
    from centre.incidents import Answer, NotNow
    from centre.store_io import now

    if not NAME.fullmatch(asked.by):
        raise Refused("--by: a name is 1 to 32 of a-z, 0-9, dot and -, and begins with a letter")
    if (asked.outcome == "false") != (asked.reason is not None):
        needs = asked.outcome == "false"
        raise Refused("--outcome false needs --reason" if needs else "--reason belongs to --outcome false alone")
    store = _opened(asked)
    kind = "human" if asked.outcome is None else "outcome"
    try:
        hub, id = found(store, asked.incident)
        Answers(store).give(hub, id, Answer(kind, asked.by, now(), asked.outcome, asked.reason), _me())
    except NotNow as fault:
        raise Refused(str(fault)) from None
    say(f"{hub}/{id}: written down; the receiver tells the hub")
    return DONE


def added(asked: argparse.Namespace) -> int:
    from agent.passwords import Unfit, fit
    from centre.store_io import Store, now
    from centre.web_io import accounts_of

    try:
        if sys.stdin.isatty():
            password = getpass.getpass("password: ")
            if getpass.getpass("once more: ") != password:
                raise Refused("the two were not the same; nothing was changed")
        else:
            password = sys.stdin.readline(MOST_TYPED).rstrip("\r\n")
        fit(asked.name, password)
        accounts_of(Store(asked.state)).add(asked.name, password, now(), _me())
    except Unfit as fault:
        raise Refused(str(fault)) from None
    say(f"{asked.name} may log in")
    return DONE


def removed(asked: argparse.Namespace) -> int:
    from centre.store_io import now
    from centre.web_io import accounts_of

    if not accounts_of(_opened(asked)).remove(asked.name, now(), _me()):
        raise Refused(f"{asked.name}: no such operator")
    say(f"{asked.name} may no longer log in")
    return DONE


def listed(asked: argparse.Namespace) -> int:
    from centre.web_io import accounts_of

    for name in accounts_of(_opened(asked)).names():
        print(name)
    return DONE


def verified(asked: argparse.Namespace) -> int:
    broken = _opened(asked).first_broken()
    print(json.dumps({"audit": "as it was written" if broken is None else "changed", "first_changed_line": broken}))
    return DONE if broken is None else PROBLEMS


def backed_up(asked: argparse.Namespace) -> int:
    _opened(asked).copy(asked.copy)
    say(f"{asked.copy}: copied")
    return DONE


def retired(asked: argparse.Namespace) -> int:
    from centre.retire_io import retire

    print(retire(_opened(asked), asked.request, asked.hubs, _me()))
    return DONE


def _opened(asked: argparse.Namespace) -> "Store":
    """The centre's file, which must be there: a mistyped name makes no new one."""
    from centre.store_io import Store

    if not Path(asked.state).is_file():
        raise Refused(f"{asked.state}: no such file; it is the --state of `hearthwatch centre serve`")
    return Store(asked.state, may_make=False)


def _me() -> str:
    """For the audit: whoever types at this machine."""
    name = os.environ.get("SUDO_USER") or os.environ.get("USER") or str(os.getuid())
    return "command line, " + "".join(letter for letter in name[:32] if letter.isalnum() or letter in ".-_")


def made(asked: argparse.Namespace) -> int:
    from agent.transport.keys_io import BadKey, public_path, signer

    try:
        signer(asked.signing_key)
        public = public_path(asked.signing_key)
        print(Path(public).read_text(encoding="ascii").strip())
    except (BadKey, OSError) as fault:
        raise Refused(str(fault)) from None
    say(f"written to {public}: give this file to every hub as its receipt_key")
    return DONE
