"""Commands of the hub itself: the processes, and what a person at the hub may ask of it."""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from agent.civil import rfc3339
from agent.clock_io import wall_ms
from agent.commands.asking import DONE, Refused, home_of, instant, read_text, say
from agent.files_io import write_whole
from agent.home import BadHome, parse
from agent.hub import BadHub, Hub, Upstream
from agent.hub import parse as parse_hub
from agent.journal_io import Journal
from agent.live_io import frame_queue
from agent.mqtt_io import Broker
from agent.nouns import DAY_MS, Home, Instant
from agent.sensors.zigbee_io import Listener
from agent.transport.door_io import knock
from agent.transport.keys_io import common_name
from agent.transport.uplink_io import uplink, watch_door
from agent.watch_io import clock_of, live, locked

try:
    VERSION = version("hearthwatch")
except PackageNotFoundError:  # run from a checkout that was not installed
    VERSION = "0.1.0"

PROCESSES: Final = ("watch", "uplink")
LISTEN_S: Final = 3_600.0  # a turn of the local broker's client; it wakes for its keepalive by itself
RESTART_S: Final = 1.0  # doubles with each crash in a row,
RESTART_MOST_S: Final = 30.0  # up to this
STEADY_S: Final = 60.0  # a process that ran so long starts the waiting anew
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
    pause = commands.add_parser("pause", help="rest: holiday, visitors, privacy; a help button is heard all the same")
    pause.add_argument("--config", type=Path, required=True, metavar="HUB", help="hub.toml")
    pause.add_argument("--until", type=instant, metavar="T", help="RFC 3339; at most 60 days ahead")
    pause.add_argument("--why", choices=("holiday", "visitors", "privacy"), help="what is written down as the reason")
    pause.add_argument("--end", action="store_true", help="end the rest now")
    pause.set_defaults(run=paused)


def configured(config: Path) -> tuple[Hub, Path, Home]:
    """The hub, its state directory and its home, all readable; Refused otherwise, with every mistake."""
    hub, state = hub_of(config)
    return hub, state, home_of(config.parent / hub.home)


def hub_of(config: Path) -> tuple[Hub, Path]:
    try:
        hub = parse_hub(read_text(config))
    except BadHub as fault:
        raise Refused("\n".join(f"{config}: {mistake}" for mistake in fault.mistakes)) from None
    return hub, config.parent / hub.state


def hub_id(hub: Hub, config: Path, state: Path) -> str:
    """hub.toml's id; else the certificate's common name; else, for demos and tests, one made here once."""
    if hub.id is not None:
        return hub.id
    certificate = hub.upstreams[0].certificate
    if certificate is not None:
        return common_name(str(config.parent / certificate))
    made = state / "hub.id"
    if not made.exists():
        state.mkdir(parents=True, exist_ok=True)
        write_whole(made, f"hub-{os.urandom(4).hex()}\n".encode())
    return made.read_text().strip()


# -- the processes ---------------------------------------------------------------------------------------------


def watched(asked: argparse.Namespace) -> int:
    config: Path = asked.config
    hub, state = hub_of(config)
    with locked(state):
        home = _good_home(config.parent / hub.home, state)
        frames = frame_queue()
        local = Broker(
            hub.local.host,
            hub.local.port,
            username=hub.local.username,
            password_file=str(config.parent / hub.local.credentials) if hub.local.credentials else None,
        )
        name = hub_id(hub, config, state)
        listener = Listener(local, f"hearthwatch-{name}", hub.local.base_topic, frames.put, say)
        threading.excepthook = _crash
        threading.Thread(target=_listen, args=(listener,), name="zigbee", daemon=True).start()
        start, speed = (hub.simulation.start, hub.simulation.speed) if hub.simulation else (None, 1)
        live(
            state,
            home,
            name,
            frames,
            _receipt_key(hub, config),
            VERSION,
            lambda engine, last: clock_of(engine, last, start, speed),
            asked.follow,
        )
    return DONE


def _listen(listener: Listener) -> None:
    while True:
        listener.turn(LISTEN_S)


def _crash(fault: threading.ExceptHookArgs) -> None:
    """A thread at the rim that fails must not leave a loop that looks alive: end, and be started again."""
    say(
        f"watch: {fault.thread.name if fault.thread else 'a thread'} failed: {fault.exc_type.__name__}: {fault.exc_value}"
    )
    os._exit(1)


def _receipt_key(hub: Hub, config: Path) -> Path | None:
    key = hub.upstreams[0].receipt_key
    if key is None:
        say("watch: hub.toml names no receipt_key: no receipt will be believed, and every alert stays open")
        return None
    return config.parent / key


def _good_home(path: Path, state: Path) -> Home:
    """The home file; if it has become wrong, the last good one, with every mistake said."""
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
    hub, state = hub_of(asked.config)
    if not state.exists():
        raise Refused(f"{state}: no state directory yet; start watch first")
    uplink(hub_id(hub, asked.config, state), _broker(hub.upstreams[0], asked.config.parent), str(state))
    return DONE


def _broker(upstream: Upstream, folder: Path) -> Broker:
    files = [str(folder / name) if name else None for name in (upstream.ca, upstream.certificate, upstream.key)]
    return Broker(upstream.host, upstream.port, *files)


def ran(asked: argparse.Namespace) -> int:
    """Keep both processes up; one that ends is started again, a little later each time."""
    hub, state, _ = configured(asked.config)
    state.mkdir(parents=True, exist_ok=True)
    threads = [threading.Thread(target=_keep, args=(name, asked.config), daemon=True) for name in PROCESSES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return DONE


def _keep(name: str, config: Path) -> None:
    wait_s = RESTART_S
    while True:
        started = time.monotonic()
        job = subprocess.Popen(
            [sys.executable, "-m", "agent", name, "--config", str(config)], preexec_fn=_die_with_parent
        )
        code = job.wait()
        wait_s = RESTART_S if time.monotonic() - started > STEADY_S else min(wait_s * 2, RESTART_MOST_S)
        say(f"{name} ended with {code}; starting it again in {wait_s:.0f} s")
        time.sleep(wait_s)


def _die_with_parent() -> None:
    """A child must not outlive the command that a person has ended (prctl PR_SET_PDEATHSIG, SIGKILL)."""
    import ctypes

    ctypes.CDLL(None).prctl(1, 9)


# -- what a person may ask -------------------------------------------------------------------------------------


def paused(asked: argparse.Namespace) -> int:
    """Lays a request into the state directory; watch journals it, with who asked and when."""
    _, state = hub_of(asked.config)
    if asked.end == (asked.until is not None):
        raise Refused("pause needs either --until T or --end")
    now = Instant(wall_ms())
    if asked.until is not None and not now < asked.until <= now + PAUSE_MOST_MS:
        raise Refused("--until must lie ahead, by at most 60 days")
    said = {
        "what": "pause",
        "until_ms": asked.until,
        "why": asked.why,
        "asked_by": os.environ.get("SUDO_USER") or os.environ.get("USER") or str(os.getuid()),
    }
    requests = state / "requests"
    requests.mkdir(parents=True, exist_ok=True)
    write_whole(requests / f"{time.time_ns()}.json", json.dumps(said).encode())
    heard = knock(watch_door(str(state)))
    until = f"until {rfc3339(asked.until)}" if asked.until is not None else "ended"
    print(f"rest {until}{'' if heard else '; the agent is not running and will read this when it starts'}")
    return DONE
