"""The operator's terminal: what is open, most urgent first, read from the centre's file while it is written."""

import json
import sys
from collections.abc import Iterator
from time import sleep, time_ns
from typing import Final

from agent.civil import rfc3339
from agent.nouns import Instant
from centre.incidents import Incident, NotNow, in_order, is_overdue, title, why
from centre.store_io import MOST_SHOWN, Store

LOOK_S: Final = 0.5
CLEAR: Final = "\x1b[H\x1b[2J"
BOLD: Final = "\x1b[1m"
LOUD: Final = "\x1b[7m"
PLAIN: Final = "\x1b[0m"


def clock() -> Instant:
    return Instant(time_ns() // 1_000_000)


def found(store: Store, words: str) -> tuple[str, str]:
    """Hub and id of HUB/ID, or of an ID that only one hub's open incident has. NotNow if it is none, or of several."""
    hub, slash, id = words.partition("/")
    if slash:
        return hub, id
    hubs = [one.said.hub for one in store.incidents() if one.said.id == words]
    if len(hubs) != 1:
        raise NotNow(f"{words}: {'no open incident' if not hubs else 'more than one hub has it'}; write HUB/ID")
    return hubs[0], words


def watch(store: Store, as_json: bool, once: bool) -> None:
    """Until interrupted; ``once``: what is open now. As JSON, a line for each incident that is or becomes different."""
    known: dict[tuple[str, str], Incident] = {}
    while True:
        now, open_ = clock(), in_order(store.incidents())
        if as_json:
            for line in _changes(store, known, open_, now):
                print(json.dumps(line), flush=True)
        elif once or not sys.stdout.isatty():
            if once or {_key(one): one for one in open_} != known:
                print("\n".join(_screen(store, open_, now, ("", "", ""))), flush=True)
        else:
            print(CLEAR + "\n".join(_screen(store, open_, now, (BOLD, LOUD, PLAIN))), end="", flush=True)
        known = {_key(one): one for one in open_}
        if once:
            return
        sleep(LOOK_S)


def _key(one: Incident) -> tuple[str, str]:
    return one.said.hub, one.said.id


def _changes(
    store: Store, known: dict[tuple[str, str], Incident], open_: list[Incident], now: Instant
) -> Iterator[dict[str, object]]:
    yield from (record(one, now) for one in open_ if known.get(_key(one)) != one)
    for key in known.keys() - {_key(one) for one in open_}:
        closed = store.incident(*key)
        if closed is not None and closed.state == "closed":  # else it is only further down than MOST_SHOWN
            yield record(closed, now)


def record(one: Incident, now: Instant) -> dict[str, object]:
    """An incident for a program."""
    said = one.said
    moments: dict[str, Instant | None] = {
        "raised": one.raised,
        "since": said.since,
        "received": one.received,
        "taken": one.taken,
        "closed": one.closed,
    }
    times: dict[str, object] = {name: None if at is None else rfc3339(at) for name, at in moments.items()}
    facts: dict[str, object] = {
        "incident": f"{said.hub}/{said.id}",
        "hub": said.hub,
        "id": said.id,
        "kind": said.kind,
        "severity": one.worst,
        "room": said.room,
        "state": one.state,
        "ended": one.ended,
        "test": said.test,
        "overdue": is_overdue(one, now),
        "by": one.by,
        "verdict": one.verdict,
        "reason": one.reason,
        "confidence_permille": said.confidence_permille,
        "coverage_permille": said.coverage_permille,
        "clock": said.clock,
        "title": title(one),
        "told": why(one, now),
    }
    return facts | times


def _screen(store: Store, open_: list[Incident], now: Instant, style: tuple[str, str, str]) -> Iterator[str]:
    bold, loud, plain = style
    waiting = sum(one.state == "open" for one in open_)
    more = store.count_open() - len(open_)
    yield f"{bold}{waiting} waiting, {len(open_) - waiting} taken{plain}  {rfc3339(now)[:19].replace('T', ' ')}Z" + (
        f"  (and {more} more: only the {MOST_SHOWN} most urgent are shown)" if more > 0 else ""
    )
    for one in open_:
        late = is_overdue(one, now)
        mark = f"taken by {one.by}" if one.state == "taken" else "OVERDUE" if late else "waiting"
        head = f"{one.worst.upper()}  {title(one)}  {one.said.hub}/{one.said.id}  {mark}"
        yield f"{loud if late else bold}{head}{plain}"
        yield f"    {why(one, now)}"
    for words, hubs in (("GONE", store.all_gone()), ("SILENT", store.all_silent())):
        yield from (f"{words}  {hub}  since {rfc3339(at)[:16].replace('T', ' ')}Z" for hub, at in hubs.items())
