"""Commands of the hub itself: the processes, and what a person at the hub may ask of it."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from agent import VERSION
from agent.civil import rfc3339
from agent.commands.asking import BAD, DONE, RUNNING, Refused, home_of, instant, read_text, say
from agent.home import BadHome, parse
from agent.hub import BadHub, Hub, Upstream, unheard
from agent.hub import parse as parse_hub
from agent.nouns import DAY_MS, WORDS_MOST, Home, Instant

if TYPE_CHECKING:
    from agent.mqtt_io import Broker

# Each process loads only its own half of the agent, inside the function that becomes it: memory on a small hub.
PROCESSES: Final = ("watch", "uplink")
PAUSE_MOST_MS: Final = 60 * DAY_MS  # a longer rest wants to be asked for again


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    for name, words, runs in (
        ("run", "all processes of the agent, as children", ran),
        ("watch", "the process that knows the home", watched),
        ("uplink", "the process that reaches the centre", uplinked),
    ):
        part = commands.add_parser(name, help=words)
        part.add_argument("--config", type=Path, required=True, metavar="HUB", help="hub.toml")
        if name == "watch":
            part.add_argument("--follow", action="store_true", help="print what is heard and said, as JSON Lines")
        part.set_defaults(run=runs)
    _register_wishes(commands)


def _register_wishes(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    pause = commands.add_parser("pause", help="rest: holiday, visitors, privacy; a help button is heard all the same")
    pause.add_argument("--until", type=instant, metavar="T", help="RFC 3339; at most 60 days ahead")
    pause.add_argument("--why", choices=("holiday", "visitors", "privacy"), help="what is written down as the reason")
    pause.add_argument("--end", action="store_true", help="end the rest now")
    pause.set_defaults(run=paused)
    consent = commands.add_parser("consent", help="whether who lives here wants to be watched; withdrawn, nothing is")
    consent.add_argument("--withdraw", action="store_true", help="watch no more: help buttons are off too")
    consent.add_argument("--give", action="store_true", help="watch again")
    consent.set_defaults(run=consented)
    for part in (pause, consent):
        part.add_argument("--config", type=Path, required=True, metavar="HUB", help="hub.toml")
        part.add_argument("--by", type=_person, metavar="NAME", help="who asks, for the record")
        part.add_argument("--status", action="store_true", help="print what stands, and ask nothing")


def _person(text: str) -> str:
    if not text.strip() or len(text) > WORDS_MOST or not text.isprintable():
        raise argparse.ArgumentTypeError(f"a name has 1 to {WORDS_MOST} printable characters")
    return text.strip()


def configured(config: Path) -> tuple[Hub, Path, Home]:
    """The hub, its state directory and its home, all readable; Refused otherwise, with every mistake."""
    hub, state = hub_of(config)
    return hub, state, home_of(config.parent / hub.home)


def hub_of(config: Path) -> tuple[Hub, Path]:
    if not config.exists():
        raise Refused(f"{config}: no such file; a hub is set up by: hearthwatch provision --config {config}")
    try:
        hub = parse_hub(read_text(config))
    except BadHub as fault:
        raise Refused("\n".join(f"{config}: {mistake}" for mistake in fault.mistakes)) from None
    return hub, config.parent / hub.state


# -- the processes ---------------------------------------------------------------------------------------------


def watched(asked: argparse.Namespace) -> int:
    from agent.identity_io import hub_id
    from agent.mqtt_io import Broker
    from agent.watch_io import locked, watch

    config: Path = asked.config
    folder = config.parent
    hub, state = hub_of(config)
    with locked(state):
        home = _good_home(folder / hub.home, state)
        if lost := unheard(hub, home):
            say(f"watch: {lost}")
        password = str(folder / hub.local.credentials) if hub.local.credentials else None
        local = Broker(hub.local.host, hub.local.port, username=hub.local.username, password_file=password)
        name = hub_id(hub, folder, state)
        simulated = (hub.simulation.start, hub.simulation.speed) if hub.simulation else (None, 1)
        keys = _receipt_keys(hub, folder)
        base = hub.local.base_topic
        ports = [replace(serial, port=str(folder / serial.port)) for serial in hub.serial]
        outbox = _outbox(hub, folder)
        outbox.mkdir(parents=True, exist_ok=True)
        rest = (asked.follow, hub.stall_s, hub.volatile, ports, outbox)
        watch(state, home, name, local, base, keys, VERSION, simulated, *rest)
    return DONE


def _outbox(hub: Hub, folder: Path) -> Path:
    return folder / (hub.outbox or hub.state)


def _receipt_keys(hub: Hub, folder: Path) -> list[Path | None]:
    """Of each upstream's centre, in order."""
    for upstream in hub.upstreams:
        if upstream.receipt_key is None:
            where = f"{upstream.host}:{upstream.port}"
            say(f"watch: hub.toml names no receipt_key of {where}: no receipt from there will be believed")
    return [folder / one.receipt_key if one.receipt_key is not None else None for one in hub.upstreams]


def _good_home(path: Path, state: Path) -> Home:
    """The home file; if it has become wrong, the last good one, with every mistake said."""
    from agent.journal_io import Journal

    try:
        return home_of(path)
    except Refused as fault:
        journal = state / "journal.db"
        segment = Journal(journal).last_segment() if journal.exists() else None
        if segment is None:
            raise
        say(f"{fault}\nwatch: going on with the last good home file")
        try:
            return parse(segment.home)
        except BadHome:
            raise fault from None


def uplinked(asked: argparse.Namespace) -> int:
    from agent.clock_io import wall_is_believable
    from agent.identity_io import hub_id
    from agent.transport.uplink_io import uplink

    hub, state = hub_of(asked.config)
    folder = asked.config.parent
    outbox = _outbox(hub, folder)
    if not outbox.exists():
        raise Refused(f"{outbox}: not there yet; start watch first")
    brokers = [_broker(one, folder) for one in hub.upstreams]
    name = hub_id(hub, folder, state)
    try:
        uplink(name, brokers, str(state), wall_is_believable, hub.stall_s, hub.volatile, str(outbox))
    except OSError as fault:
        raise Refused(f"uplink: {fault}") from None
    return DONE


def _broker(upstream: Upstream, folder: Path) -> "Broker":
    from agent.mqtt_io import Broker

    names = (upstream.ca, upstream.certificate, upstream.key)
    ca, certificate, key = (str(folder / name) if name else None for name in names)
    return Broker(upstream.host, upstream.port, ca, certificate, key, keepalive_s=upstream.keepalive_s)


def ran(asked: argparse.Namespace) -> int:
    """All processes; one that ends is started again, a little later each time."""
    from agent.keep_io import keep

    hub, state, _ = configured(asked.config)
    state.mkdir(parents=True, exist_ok=True)
    names = PROCESSES if hub.page is None else (*PROCESSES, "page")
    return keep([[name, "--config", str(asked.config)] for name in names], final=(BAD, RUNNING))


# -- what a person may ask -------------------------------------------------------------------------------------


def paused(asked: argparse.Namespace) -> int:
    """Lays a request into the state directory; watch journals it, with who asked and when."""
    from agent.clock_io import wall_ms

    if asked.status:
        return _told(asked, "rest", "no rest")
    _, state = hub_of(asked.config)
    if asked.end == (asked.until is not None):
        raise Refused("pause needs one of --until T, --end and --status")
    now = Instant(wall_ms())
    if asked.until is not None and not now < asked.until <= now + PAUSE_MOST_MS:
        raise Refused("--until must lie ahead, by at most 60 days")
    until = f"rest until {rfc3339(asked.until)}" if asked.until is not None else "rest ended"
    return _ask(state, "pause", {"until_ms": asked.until, "why": asked.why, "by": asked.by}, until)


def consented(asked: argparse.Namespace) -> int:
    """As ``paused``. Whoever gives consent again must be named, and whoever withdraws it."""
    if asked.status or not (asked.withdraw or asked.give):
        return _told(asked, "consent", "given: this home is watched")
    _, state, home = configured(asked.config)
    if asked.withdraw and asked.give:
        raise Refused("consent is either given or withdrawn: say --withdraw or --give")
    if asked.by is None:
        raise Refused("consent needs --by NAME: whose word it is is written down")
    if asked.give and not home.consent.monitoring:
        raise Refused("home.toml says monitoring = false under [consent]: take that out first, and start watch again")
    done = "consent given: this home is watched from now on"
    if asked.withdraw:
        done = (
            "consent withdrawn: what the sensors say is not taken in any more, HELP BUTTONS AND SMOKE ALARMS INCLUDED;"
            " the centre is told once. What was recorded before stays on this hub"
        )
    return _ask(state, "consent", {"given": asked.give, "by": asked.by}, done)


def _ask(state: Path, what: str, said: dict[str, object], done: str) -> int:
    from agent.requests_io import ask

    heard = ask(state, what, said)
    print(f"{done}{'' if heard else '; the agent is not running and will read this when it starts'}")
    return DONE


def _told(asked: argparse.Namespace, what: str, nothing: str) -> int:
    from agent.line_io import standing

    _, state, home = configured(asked.config)
    print(next((line for found, line in standing(state, home) if found == what), nothing))
    return DONE
