"""The steps of an alert's life, by name, and a process that is killed -9 at one of them.

The product has no test code in it: a child process wraps the function that stands at the step before it becomes
``watch``, ``uplink`` or the receiver, and kills itself there. Its patience is shortened too (``HURRIED``): what is
sent again after a minute on a hub is sent again after three seconds here.
"""

import functools
import importlib
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, Final, NamedTuple

HURRIED: Final = {"RESEND_MS": 3_000, "DEAF_MS": 200}  # of agent.transport.sending
CODE: Final = "from tests.steps import become; become()"  # what the child runs; its words: the step or "", the command


def always(*_words: Any) -> bool:
    return True


class Step(NamedTuple):
    """``process`` dies ``before`` or ``after`` its call of ``where``, if ``about`` says so of the words."""

    process: str
    when: str
    where: str
    about: Callable[..., bool] = always


def of_alerts(journal: Any) -> bool:
    return bool(journal._unwritten)


def of_receipt(_journal: object, entry: Any, _outcome: object) -> bool:
    return entry.frame is not None and tuple(entry.frame[:2]) == ("centre", "receipt")


def on(what: str) -> Callable[..., bool]:
    return lambda _client, topic, *_words, **_more: topic.endswith(f"/{what}")


def came(receiver: Any) -> bool:
    return any(hasattr(one, "sealed") for one in receiver._came)


def is_receipt(_outbox: object, what: str, *_words: object) -> bool:
    return what == "receipt"


OUTBOX: Final = "agent.transport.outbox_io:Outbox"
PUBLISH: Final = "agent.mqtt_io:Client.publish"
STEPS: Final = {
    "judged, and nothing is written": Step("watch", "before", "agent.journal_io:Journal.flush", of_alerts),
    "in the journal's transaction": Step("watch", "after", "agent.journal_io:Journal._write_alert"),
    "in the journal, not in the outbox": Step("watch", "before", f"{OUTBOX}.put"),
    "in the outbox, and uplink does not know": Step("watch", "after", f"{OUTBOX}.put"),
    "seen by uplink, not published": Step("uplink", "before", PUBLISH, on("alert")),
    "published, the broker has not answered": Step("uplink", "after", PUBLISH, on("alert")),
    "answered by the broker, not noted": Step("uplink", "before", f"{OUTBOX}.broker_said"),
    "noted, and no receipt has come": Step("uplink", "after", f"{OUTBOX}.broker_said"),
    "heard by the centre, not written down": Step("centre", "before", "centre.store_io:Store.keep"),
    "in the centre's transaction": Step("centre", "after", "centre.store_io:Store.keep"),
    "written down by the centre, not answered": Step("centre", "after", "centre.centre_io:Receiver._write", came),
    "signed for, and the receipt is not sent": Step("centre", "before", PUBLISH, on("receipt")),
    "the receipt is sent, and the centre has not heard so": Step("centre", "after", PUBLISH, on("receipt")),
    "receipt heard, not appended": Step("uplink", "before", f"{OUTBOX}.give_back", is_receipt),
    "receipt appended, and watch does not know": Step("uplink", "after", f"{OUTBOX}.give_back", is_receipt),
    "watch knows, the broker has no answer for the receipt": Step(
        "uplink", "after", "agent.transport.uplink_io:Uplink._came"
    ),
    "receipt read and believed, not before the loop": Step("watch", "after", "agent.line_io:Line._receipt"),
    "receipt in the loop, not in the journal": Step("watch", "before", "agent.journal_io:Journal.put", of_receipt),
    "receipt in the journal, not marked in the outbox": Step("watch", "before", f"{OUTBOX}.receipted"),
    "marked, and what came back is not forgotten": Step("watch", "after", f"{OUTBOX}.receipted"),
    "forgotten": Step("watch", "after", f"{OUTBOX}.forget_returned"),
}


def become() -> None:
    """Be the command that the words name, killed at the step that they name first."""
    name, *words = sys.argv[1:]
    sending = importlib.import_module("agent.transport.sending")
    for bound, shorter in HURRIED.items():
        assert hasattr(sending, bound)
        setattr(sending, bound, shorter)
    if name:
        arm(STEPS[name])
    sys.exit(importlib.import_module("agent.__main__").main(words))


def arm(step: Step) -> None:
    module, _, path = step.where.partition(":")
    owner: Any = importlib.import_module(module)
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    original = getattr(owner, name)

    @functools.wraps(original)
    def deadly(*words: Any, **more: Any) -> Any:
        here = step.about(*words, **more)
        if here and step.when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        found = original(*words, **more)
        if here:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    setattr(owner, name, deadly)
