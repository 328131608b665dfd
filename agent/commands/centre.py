"""Commands for a monitoring centre: its key, and the receiver that hears every hub, verifies and answers."""

import argparse
from pathlib import Path
from typing import Final

from agent.commands.asking import DONE, Refused, say

PORT: Final = 8883


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    centre = commands.add_parser("centre", help="the receiver kit for monitoring centres")
    verbs = centre.add_subparsers(dest="verb", required=True, metavar="watch | keygen")

    watch = verbs.add_parser("watch", help="receive alerts, verify them, sign receipts, print a line for each")
    watch.add_argument("--host", required=True, help="the centre's MQTT broker")
    watch.add_argument("--port", type=int, default=PORT)
    watch.add_argument("--ca", help="certificate authority of the broker; without it only a broker on this machine")
    watch.add_argument("--cert", help="this receiver's client certificate")
    watch.add_argument("--key", help="the private key of that certificate")
    watch.add_argument("--hubs", type=Path, required=True, metavar="DIR", help="public keys of the hubs, HUB.pub each")
    watch.add_argument("--signing-key", required=True, metavar="FILE", help="signs receipts; made at first start")
    watch.add_argument("--state", default="centre.db", metavar="FILE", help="audit of all that was received")
    watch.add_argument("--client-id", default="hearthwatch-centre", help="a second receiver needs its own")
    watch.add_argument("--json", action="store_true", help="print JSON Lines")
    watch.set_defaults(run=watched)

    keygen = verbs.add_parser("keygen", help="make the key that signs receipts; print the half that hubs pin")
    keygen.add_argument("--signing-key", required=True, metavar="FILE")
    keygen.set_defaults(run=made)


def watched(asked: argparse.Namespace) -> int:
    from agent.mqtt_io import Broker
    from agent.transport.keys_io import BadKey
    from centre.centre_io import Desk, watch

    if not asked.hubs.is_dir():
        raise Refused(f"{asked.hubs}: no such folder; it holds the hubs' public keys, HUB.pub each")
    for option, name in (("--ca", asked.ca), ("--cert", asked.cert), ("--key", asked.key)):
        if name is not None and not Path(name).is_file():
            raise Refused(f"{name}: no such file ({option})")
    broker = Broker(asked.host, asked.port, ca=asked.ca, certificate=asked.cert, key=asked.key)
    desk = Desk(broker, str(asked.hubs), asked.signing_key, asked.state, asked.json, asked.client_id)
    try:
        watch(desk)
    except KeyboardInterrupt:
        say("centre: stopped")
    except BrokenPipeError:
        raise  # whoever read our lines has gone
    except (ValueError, BadKey, OSError) as fault:
        raise Refused(str(fault)) from None
    return DONE


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
