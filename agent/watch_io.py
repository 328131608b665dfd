"""The process that knows the home: links in, the loop, the journal, and sealed envelopes into the outbox.

Start is recovery. Whatever ended the last run, this one opens the journal, takes the last snapshot, replays what came
after it without saying it again, puts into the outbox what had not reached it, and goes on.
"""

import json
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from agent.ballast_io import Ballast
from agent.civil import rfc3339
from agent.clock_io import HubClock, boot_id
from agent.detect.detector import NO_MODELS, Models
from agent.detect.own_words import DAMAGED
from agent.engine import OWN_LINKS, Engine
from agent.files_io import locked_by_us
from agent.hub import STALL_S, Serial
from agent.journal_io import Journal, JournalError
from agent.line_io import Line
from agent.live_io import Frames, boot_frame, frame_queue, intake
from agent.loop import fill, run
from agent.models_io import shipped
from agent.mqtt_io import Broker
from agent.nouns import Entry, Frame, Home, Instant, Outcome, Refused, is_late
from agent.numbers_io import Numbers
from agent.packing import alert_line
from agent.recover import clock_of, missing, resume
from agent.salvage_io import begin_anew, is_damaged, take_over
from agent.sensors.decode import of_the_link
from agent.sensors.kept_io import Kept
from agent.sensors.orders_io import Orders
from agent.sensors.serial_io import Ports
from agent.sensors.wire import LINK
from agent.sensors.zigbee import CONNECTION
from agent.sensors.zigbee_io import Listener
from agent.sink_io import HubSink, Sealer
from agent.storing_io import Storing
from agent.transport.door_io import knock
from agent.transport.keys_io import verifier
from agent.transport.outbox_io import fresh_if_damaged
from agent.transport.outboxes_io import PUT_BUSY_MS, Outboxes, make_private, outbox_path, volatile_folder
from agent.transport.pulse_io import pulse_door
from agent.watchdog_io import Watchdog, end_with_any_thread, notify, round_s

STAGES: Final = ("loop", "line", "zigbee")  # of the process; the loop's own run has no zigbee
SERIAL: Final = "serial"  # one more where a home has wired boards


class Links(NamedTuple):
    """What the loop tells the threads of the links. ``begin`` starts those that need to know where the journal ends."""

    orders: Orders | None = None
    kept: Kept | None = None
    begin: Callable[[Engine, HubClock], None] = lambda engine, clock: None


NO_LINKS: Final = Links()


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """One agent per state directory; Running if there is one."""
    state.mkdir(parents=True, exist_ok=True)
    with locked_by_us(state / "lock", f"{state}: an agent is running with this state directory"):
        yield


class Follow:
    """A sink that also prints what each entry came to, a line of JSON each: for a person or a view that looks on."""

    def __init__(self, sink: HubSink, home: Home) -> None:
        self._sink, self._home = sink, home

    def put(self, entry: Entry, outcome: Outcome) -> None:
        self._sink.put(entry, outcome)
        frame = entry.frame
        own = frame is not None and (frame.link in OWN_LINKS or frame.address == CONNECTION)
        if frame is not None and (own or (frame.link == LINK and of_the_link(frame))):
            heard = {"link": frame.link, "address": frame.address, "payload": frame.payload.decode(errors="replace")}
            print(json.dumps({"at": rfc3339(entry.at)} | heard), flush=True)
        deadline = outcome.promise.deadline if outcome.promise else None
        for reading in outcome.readings:
            at, sensor, quantity, value = reading
            said: dict[str, object] = {"at": rfc3339(at), "sensor": sensor, "kind": quantity, "value": value}
            said |= {"late": True} if is_late(entry.at, reading) else {}
            if outcome.promise is not None:
                said |= {"deadline": rfc3339(deadline) if deadline else None, "state": outcome.promise.state}
            print(json.dumps(said), flush=True)
        for alert in outcome.alerts:
            print(f'{{"alert":{alert_line(alert, self._home.id)}}}', flush=True)
        for step in outcome.steps:
            what = {"incident": step.id, "kind": step.kind, "step": step.state, "epoch": step.epoch, "seq": step.seq}
            words = {name: word for name, word in (("verdict", step.verdict), ("reason", step.reason)) if word}
            print(json.dumps({"at": rfc3339(step.at)} | what | words), flush=True)
        for act in outcome.acts:
            about = {"epoch": act.epoch, "seq": act.seq} if act.seq else {}
            print(json.dumps({"at": rfc3339(entry.at), "act": act.kind, "seconds": act.seconds} | about), flush=True)
        if outcome.reject is not None:
            print(json.dumps({"at": rfc3339(entry.at), "reject": outcome.reject}), flush=True)


def live(
    state: Path,
    home: Home,
    hub: str,
    frames: Frames,
    receipt_keys: Sequence[Path | None],
    version: str,
    clock_for: Callable[[Engine, Instant | None], HubClock],
    follow: bool = False,
    models: Models = NO_MODELS,
    come_round: Callable[[str], None] = lambda stage: None,
    round_s: float = round_s(STALL_S),
    links: Links = NO_LINKS,
    volatile: str | None = None,
    outbox_dir: Path | None = None,
) -> None:
    """Watch until a None comes through the queue. The state directory must be locked by the caller.

    ``receipt_keys``: of each line's centre. ``come_round`` hears of each stage that does, every ``round_s``.
    ``volatile``, ``outbox_dir``: what uplink shares, in memory and on the disk; None: the usual one, and ``state``."""
    shared = outbox_dir or state
    memory = volatile_folder(str(state), volatile)
    with suppress(OSError):  # without it the hub has no second place, and says so when it needs one
        make_private(memory)
    aside = fresh_if_damaged(outbox_path(str(shared)))
    journal, engine, damaged = opened(state / "journal.db", home, models)
    outboxes, numbers = Outboxes(str(shared), memory, PUT_BUSY_MS), Numbers(state, memory)
    storing = Storing(journal, Ballast(state), frames, version)
    _tell_damaged(storing, aside, damaged)
    sink = HubSink(state, storing, outboxes, numbers, engine, links.orders, len(receipt_keys), links.kept, shared)
    engine.tells_promises = follow
    newest = outboxes.newest()
    numbers.settle(engine, max(journal.last_said(), newest[:2] if newest else (0, 0)), boot_id(), bool(damaged))
    sink.catch_up()
    journal.seal = Sealer(hub, home, _key(state, newest is not None), outboxes.newest())  # the newest after catch_up
    journal.put_back(missing(journal, outboxes.envelopes(), verifier(str(state / "hub.pub"))))
    seq, last = journal.last() or (0, None)
    clock = clock_for(engine, last)
    boot = boot_frame(clock, boot_id(), last, version, models.state(), len(receipt_keys))
    storing.begin(engine, clock.now(), seq + 1)
    line = Line(state, memory, receipt_keys, frames, partial(come_round, "line"), round_s, shared)
    line.start()
    links.begin(engine, clock)
    entries = intake(frames, clock, engine, seq, boot, partial(come_round, "loop"), round_s)
    # If this throws, the process ends: a thread that waits for the queue must not keep it alive.
    run(fill(entries, engine), engine, Follow(sink, home) if follow else sink)
    line.stop()
    storing.flush()
    journal.close()
    outboxes.close()


def _tell_damaged(storing: Storing, *aside: Path | str | None) -> None:
    for lost in filter(None, aside):
        _say(f"was damaged, and lies now in {lost}")
        storing.tell(DAMAGED, "damaged")


def opened(path: Path, home: Home, models: Models) -> tuple[Journal, Engine, Path | None]:
    """The journal and the engine as it was; where the journal is damaged, of what can still be read of it, and where
    the damaged one lies now."""
    take_over(path)
    aside = begin_anew(path, home) if is_damaged(path) else None
    journal = Journal(path, home.id)
    try:
        return journal, resume(journal, home, models), aside
    except JournalError:
        if aside is not None:
            raise
    journal.close()
    aside = begin_anew(path, home)
    journal = Journal(path, home.id)
    return journal, resume(journal, home, models), aside


def _key(state: Path, sealed_before: bool) -> Path:
    """The hub's key, made at the first start only: the centre believes no other."""
    key = state / "hub.key"
    if sealed_before and not key.exists():
        raise Refused(f"{key}: is gone, and the centre believes no other; put it back, or start a new state directory")
    return key


def watch(
    state: Path,
    home: Home,
    hub: str,
    local: Broker,
    base_topic: str,
    receipt_keys: Sequence[Path | None],
    version: str,
    simulated: tuple[Instant | None, int] = (None, 1),
    follow: bool = False,
    stall_s: int = STALL_S,
    volatile: str | None = None,
    serial: Sequence[Serial] = (),
    outbox_dir: Path | None = None,
) -> None:
    """The whole process: the links' threads, then the loop, for ever. ``simulated`` is (start, speed) of its clock.

    It gives a sign of life to systemd and to uplink only when every stage has come round.
    """
    frames = frame_queue()
    models = shipped(tell_slow=lambda name, why: _tell_slow(frames, name, why))
    orders, kept = Orders(), Kept()
    sensors, signals = home.sensors.values(), home.signals
    listener = Listener(local, f"hearthwatch-{hub}", base_topic, frames.put, _say, sensors, signals, orders)
    end_with_any_thread("watch")
    _end_in_order(frames)
    pause_s = round_s(stall_s)
    wired = bool(serial) or any(sensor.link == LINK for sensor in sensors)
    stages = (*STAGES, SERIAL) if wired else STAGES
    dog = Watchdog("watch", stages, stall_s, sign=lambda: knock(pulse_door(str(outbox_dir or state))))
    _keep_turning("zigbee", listener.turn, dog, pause_s)

    def begin(engine: Engine, clock: HubClock) -> None:
        if wired:
            kept.watch(engine.proof.wishes.watched)
            memory = engine.decoder.wired.memory
            ports = Ports(serial, sensors, memory, clock.now, frames.put, _say, kept)
            _keep_turning(SERIAL, ports.turn, dog, pause_s)

    def clock_for(engine: Engine, last: Instant | None) -> HubClock:
        return clock_of(engine, last, *simulated)

    rest = (dog.advanced, pause_s, Links(orders, kept, begin), volatile, outbox_dir)
    live(state, home, hub, frames, receipt_keys, version, clock_for, follow, models, *rest)
    notify("STOPPING=1")


def _end_in_order(frames: Frames) -> None:
    """Whoever stops this process, and does not kill it, loses nothing: what is pending is written first."""

    def last(number: int, where: object) -> None:
        # The loop itself was interrupted, perhaps with its hand on the queue: another thread waits for that.
        threading.Thread(target=frames.put, args=(None,), daemon=True).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, last)


def _keep_turning(stage: str, turn: Callable[[float], object], dog: Watchdog, round_s: float) -> None:
    def for_ever() -> None:
        while True:
            dog.advanced(stage)
            turn(round_s)

    threading.Thread(target=for_ever, name=stage, daemon=True).start()


def _tell_slow(frames: Frames, name: str, why: str) -> None:
    """From the loop itself, which must not wait for room in its own queue; then a later slow answer tells it."""
    with suppress(queue.Full):
        frames.put_nowait(Frame("hub", "model", json.dumps({"model": name, "why": why}).encode()))


def _say(line: str) -> None:
    print(f"watch: {line}\n", end="", file=sys.stderr, flush=True)  # at once: other threads speak too
