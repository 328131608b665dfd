"""The operator's terminal: what is open, most urgent first, read from the centre's file while it is written."""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from time import sleep
from typing import Final

from rich.live import Live
from rich.text import Text

from agent.civil import rfc3339
from agent.nouns import Instant
from centre.incidents import CRITICAL, Incident, in_order, is_overdue, title, why
from centre.store_io import MOST_SHOWN, Store, now

LOOK_S: Final = 0.5


def watch(store: Store, as_json: bool, once: bool) -> None:
    """Until interrupted; ``once``: what is open now. As JSON, a line for each incident that is or becomes different.
    On a terminal, the whole screen, with a bell for each new critical one; elsewhere, all of it whenever it changes."""
    known: dict[tuple[str, str], Incident] = {}
    with ExitStack() as screen:
        live = None
        if not as_json and not once and sys.stdout.isatty():
            live = screen.enter_context(Live(screen=True, auto_refresh=False))
        while True:
            at, open_ = now(), in_order(store.incidents())
            fresh = {_key(one): one for one in open_}
            if as_json:
                for line in _changes(store, known, open_, at):
                    print(json.dumps(line), flush=True)
            elif live is not None:
                if any(one.worst == CRITICAL for key, one in fresh.items() if key not in known):
                    live.console.bell()
                live.update(Text("\n").join(_screen(store, open_, at)), refresh=True)
            elif once or fresh != known:
                print("\n".join(line.plain for line in _screen(store, open_, at)), flush=True)
            known = fresh
            if once:
                return
            sleep(LOOK_S)


def _key(one: Incident) -> tuple[str, str]:
    return one.said.hub, one.said.id


def _changes(
    store: Store, known: dict[tuple[str, str], Incident], open_: list[Incident], at: Instant
) -> Iterator[dict[str, object]]:
    yield from (record(one, at) for one in open_ if known.get(_key(one)) != one)
    for key in known.keys() - {_key(one) for one in open_}:
        closed = store.incident(*key)
        if closed is not None and closed.state == "closed":  # else it is only further down than MOST_SHOWN
            yield record(closed, at)


def record(one: Incident, at: Instant) -> dict[str, object]:
    """An incident for a program."""
    said = one.said
    moments: dict[str, Instant | None] = {
        "raised": one.raised,
        "since": said.since,
        "received": one.received,
        "taken": one.taken,
        "closed": one.closed,
        "again": one.again,
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
        "overdue": is_overdue(one, at),
        "by": one.by,
        "verdict": one.verdict,
        "reason": one.reason,
        "before": one.before,
        "told_twice": one.beside,
        "confidence_permille": said.confidence_permille,
        "coverage_permille": said.coverage_permille,
        "clock": said.clock,
        "title": title(one),
        "told": why(one, at),
    }
    return facts | times


def _screen(store: Store, open_: list[Incident], at: Instant) -> Iterator[Text]:
    waiting = sum(one.state == "open" for one in open_)
    more = store.count_open() - len(open_)
    yield Text(f"{waiting} waiting, {len(open_) - waiting} taken  {_minute(at)}", "bold")
    if more > 0:
        yield Text(f"and {more} more: only the {MOST_SHOWN} most urgent are shown", "bold")
    for one in open_:
        late = is_overdue(one, at)
        mark = f"taken by {one.by}" if one.state == "taken" else "OVERDUE" if late else "waiting"
        head = f"{one.worst.upper()}  {title(one)}  {one.said.hub}/{one.said.id}  {mark}"
        yield Text(head, "reverse bold" if late else "bold")
        yield Text(f"    {why(one, at)}")
    for words, hubs in (("GONE", store.all_gone()), ("SILENT", store.all_silent())):
        yield from (Text(f"{words}  {hub}  since {_minute(since)}") for hub, since in hubs.items())


def _minute(at: Instant) -> str:
    return rfc3339(at)[:16].replace("T", " ") + "Z"
