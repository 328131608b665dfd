"""``walk-test``: whoever installs a home walks through it once, and the screen follows."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from agent.commands.asking import DONE, PROBLEMS, Refused
from agent.commands.hub import configured
from agent.detect.walking import ASKED_MS, WALK_MOST_MS
from agent.line_io import standing
from agent.nouns import MINUTE_MS, SECOND_MS, WORDS_MOST, Home
from agent.provision.walk import STAY_MS, Walk, rooms_of
from agent.provision.walk_file import Call, Walked
from agent.provision.walk_words import faults, remarks, rooms_by_number, seconds
from agent.walk_io import CALL_WAIT_S, LOOK_S, Session, Tail, keep, walking

if TYPE_CHECKING:
    from agent.walk_views_io import Keys, View

MINUTES: Final = 60  # a walk lasts at most, unless another bound is named: a forgotten one ends by itself


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    walk = commands.add_parser("walk-test", help="walk through the home once: does every sensor answer where it is?")
    walk.add_argument("--config", type=Path, required=True, metavar="HUB", help="hub.toml of the hub that runs here")
    walk.add_argument("--by", metavar="NAME", default="", help="who walks, for the record")
    walk.add_argument("--rooms", default="", metavar="A,B", help="the rooms in the order in which you walk")
    walk.add_argument("--minutes", type=int, default=MINUTES, metavar="N", help="it ends by itself after so many")
    walk.add_argument("--stay", type=int, default=STAY_MS // SECOND_MS, metavar="S", help="seconds in a room, at least")
    walk.add_argument(
        "--wait", type=int, default=CALL_WAIT_S, metavar="S", help="for the centre to sign the test alert"
    )
    walk.add_argument("--end", action="store_true", help="end a walk that still lasts")
    walk.add_argument("--plain", action="store_true", help="plain lines, even where there is a terminal")
    walk.add_argument("--json", action="store_true", help="a line of JSON for each event")
    walk.set_defaults(run=walked)


def walked(asked: argparse.Namespace) -> int:
    """0: all is well and the centre has signed; 1: something is to be put right, a line each."""
    hub, state, home = configured(asked.config)
    most = WALK_MOST_MS // MINUTE_MS
    if not 1 <= asked.minutes <= most or not 0 <= asked.stay <= 600 or not 1 <= asked.wait <= 600:
        raise Refused(f"--minutes is 1 to {most}, --stay 0 to 600 seconds, --wait 1 to 600")
    if len(asked.by) > WORDS_MOST or not asked.by.isprintable():
        raise Refused(f"--by: a name has at most {WORDS_MOST} printable characters")
    if not home.consent.monitoring:
        raise Refused("who lives here has not agreed to be watched ([consent] monitoring): nothing can be tested")
    chosen = _rooms(home, asked.rooms)
    if not (state / "journal.db").exists():
        raise Refused(f"{state}: no journal yet: start the hub, then walk")
    for what, line in standing(state, home):
        if what == "consent":
            raise Refused(f"nothing can be tested: consent was {line}")
    tail = Tail(state / "journal.db", home, hub.simulation.speed if hub.simulation else 1)
    if asked.end:  # whoever follows it may have hung; they are told that it is over
        Session(state, home, tail, asked.by).end()
        print("no walk test is on")
        return DONE
    with walking(state):
        if not tail.is_of(home):
            raise Refused("home.toml was changed since watch was started: start watch again, then walk")
        session = Session(state, home, tail, asked.by, chosen, asked.stay * SECOND_MS)
        return _follow(asked, session, asked.config.parent / hub.home, home)


def _rooms(home: Home, text: str) -> tuple[str, ...]:
    chosen = tuple(room.strip() for room in text.split(",") if room.strip())
    walkable = rooms_of(home)
    for room in chosen:
        if room not in walkable:
            raise Refused(f"--rooms: {room[:40]!r} is no room with a sensor; there are {', '.join(walkable)}")
    return chosen


def _view(asked: argparse.Namespace) -> "View":
    from agent.walk_views_io import JsonView, PlainView, ScreenView

    if asked.json:
        return JsonView()
    return PlainView() if asked.plain or not sys.stdout.isatty() else ScreenView()


def _follow(asked: argparse.Namespace, session: Session, home_file: Path, home: Home) -> int:
    from agent.walk_views_io import Keys

    with _view(asked) as view:
        if session.begin(asked.minutes * 60):
            view.say("a walk test was on already: it goes on where it was")
        try:
            ended = _walk(session, view, Keys())
            call, silent = _call(session, view, asked.wait)
        except KeyboardInterrupt:  # who leaves so is done with it: nobody would be looked for until it ends by itself
            session.end()
            left = ["the walk test was left and is over, nothing is written down: the home is watched again"]
            view.end(left, {"faults": left, "file": None, "call": None})
            raise
        session.end()
        found = session.walked(call)
        path = keep(found, home_file)
        wrong = [*ended, *faults(found.sensors, home), *silent]
        lines = [*_told(found, home), *wrong, f"written to {path}"]
        view.end(lines, {"faults": wrong, "file": str(path), "call": None if call is None else call._asdict()})
    return PROBLEMS if wrong else DONE


def _walk(session: Session, view: "View", keys: "Keys") -> list[str]:
    """Until every step is done, or whoever walks ends it, or its time is over: then a line says so."""
    known = len(session.walk.calls) if session.walk is not None else 0
    while True:
        session.look()
        walk = session.walk
        assert walk is not None, "it has begun"
        for pressed in walk.calls[known:]:
            view.say(f"{pressed} was pressed unasked, and calls for help: tell the centre that it was you")
        known = len(walk.calls)
        view.show(walk)
        if session.until is None:
            return ["the walk ended before all was tried: by its time, or by somebody else"] if walk.ahead() else []
        here = walk.here
        late = here is not None and here.kind == "press" and session.now - walk.since > ASKED_MS
        if here is not None and (late or walk.is_over(session.now)):
            session.step("done", here.what)
            if late:  # a press from now on calls for help
                view.say(f"{here.what} was not pressed in time: type r to try again")
            continue
        ahead = walk.ahead()
        if walk.here is None and ahead is None:
            return []
        if walk.here is None and ahead is not None and ahead.kind not in ("room", "press"):
            session.step(*ahead)
            continue
        line = keys.line(LOOK_S)
        if line in ("q", "quit"):
            return ["the walk was ended before all was tried"]
        if line is not None:
            _typed(session, view, walk, line)


def _typed(session: Session, view: "View", walk: Walk, line: str) -> None:
    """Enter goes on; a number or the name of a room says where one stands; r tries the step again."""
    rooms = rooms_by_number(walk)
    room = rooms[int(line) - 1] if line.isdecimal() and 0 < int(line[:4]) <= len(rooms) else line
    if room in rooms:
        session.step("room", room)
    elif line == "r" and walk.latest is not None:
        session.step(*walk.latest)
    elif line:
        view.say("Enter goes on, a number says in which room you are, r tries again, q ends")
    elif walk.here is not None:
        session.step("done", walk.here.what)
    elif (ahead := walk.ahead()) is not None:
        session.step(*ahead)


def _call(session: Session, view: "View", wait_s: int) -> tuple[Call | None, list[str]]:
    """The test alert, and what is wrong with its way."""
    view.say("Test alert: waiting for the centre to sign")
    try:
        call = session.call(wait_s)
    except Refused as fault:
        return None, [str(fault)]
    if call.received_ms is None:
        why = f"the centre has not signed for the test alert within {wait_s} s"
        return call, [f"{why}: is uplink running, and does the centre know this hub? `hearthwatch doctor` says more"]
    return call, []


def _told(found: Walked, home: Home) -> Sequence[str]:
    working = sum(one.verdict == "working" for one in found.sensors)
    lines = [f"{working} of {len(found.sensors)} sensors work where they are", *remarks(found.sensors)]
    call = found.call
    if call is not None and call.received_ms is not None:
        way = f"test alert signed for by the centre after {seconds(call.received_ms)}"
        lines.append(way if call.cancelled_ms is None else f"{way}, cancelled after {seconds(call.cancelled_ms)}")
    return lines
