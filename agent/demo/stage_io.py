"""The demo itself: a simulated home's past and one morning of it, through the real processes, on a scaled clock.

    simulated zigbee2mqtt -> local broker -> watch -> outbox -> uplink -> the line -> the centre's broker -> centre
    simulated wired board -> serial port  ->

Everything between the first and the last word is what runs on a hub and at a centre; whoever sits at the centre
answers with the centre's own command, and the simulated home hears what the hub tells its lamp. One thread sleeps in
one poll over all of it; the hub's own clock, told by ``watch`` at its start, says when what is due.
"""

import json
import signal
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Final, Protocol, Self

from agent.civil import Wall, rfc3339
from agent.clock_io import HubClock
from agent.demo.judge import Verdict, judge
from agent.demo.operator import answer
from agent.demo.parts_io import HOST, START_S, Line, NoPart, Part, agent, broker, free_port, wait_for
from agent.demo.seen import Seen, Told
from agent.demo.wired_io import TURN_S, WiredBoard
from agent.engine import Engine
from agent.home import parse
from agent.journal_io import Journal, lay_down
from agent.models_io import shipped
from agent.mqtt_io import Broker, Client
from agent.nouns import DAY_MS, Entry, Frame, Instant
from agent.replay import told as telling
from agent.simulate.asked import LAMP
from agent.simulate.dialects import Heard
from agent.simulate.fleet import BRIDGE
from agent.simulate.story import SPEED_MOST, Scene, Story
from agent.transport.keys_io import public_path, signer

HUB: Final = "demo"
BASE: Final = "zigbee2mqtt"
PORT: Final = "port"  # the wired board's, in the demo's folder
SETTLE_S: Final = 15.0  # after the last scene: for receipts that are still on their way
KNOWN_DAYS: Final = 7  # of the past that the view begins with: doors may have stood for so long
LOOK_S: Final = 0.25  # the view is drawn so often

# What is done, and in all -> tells how far it has come: (done, words).
Progress = Callable[[str, float], AbstractContextManager[Callable[[float, str], None]]]


class View(Protocol):
    """For the eyes; entered before the first word and left before ``sum_up``."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...

    def show(self, seen: Seen, now: Instant) -> None:
        """Called several times a second, and whenever something was said."""
        ...

    def sum_up(self, verdict: Verdict, wall: Wall) -> None: ...


# -- before the curtain ----------------------------------------------------------------------------------------


def set_up(folder: Path, told: Story, local: int, line: int) -> Path:
    """Files of a hub and a centre that know each other's keys; returns hub.toml."""
    (folder / "state").mkdir()
    (folder / "centre" / "hubs").mkdir(parents=True)
    signer(str(folder / "state" / "hub.key"))
    (folder / "centre" / "hubs" / f"{HUB}.pub").write_bytes((folder / "state" / "hub.pub").read_bytes())
    centre_key = str(folder / "centre" / "centre.key")
    signer(centre_key)
    (folder / "home.toml").write_text(told.home_text)
    (folder / "hub.toml").write_text(
        f'[hub]\nid = "{HUB}"\nstate = "state"\nhome = "home.toml"\n\n'
        f'[local]\nhost = "{HOST}"\nport = {local}\nbase_topic = "{BASE}"\n\n'
        f'[[upstream]]\nhost = "{HOST}"\nport = {line}\nreceipt_key = "{public_path(centre_key)}"\n\n'
        f'[[serial]]\nport = "{folder / PORT}"\nbridge = "{BRIDGE}"\n\n'
        f"[simulation]\nstart = {rfc3339(told.start_at)}\nspeed = {SPEED_MOST}\n"
    )
    return folder / "hub.toml"


def live_through(told: Story, folder: Path, seen: Seen, version: str, progress: Progress) -> None:
    """The days before the story, through the same engine into the hub's journal; nothing of it is sent."""
    journal = Journal(folder / "state" / "journal.db", seen.home.id)
    engine = Engine(seen.home, models=shipped())
    first, whole = told.past[0].at, told.start_at - told.past[0].at
    past = (Entry(seq, at, frame) for seq, (at, frame) in enumerate(told.past, start=1))
    with progress("28 days", whole) as tell:
        lay_down(journal, engine, telling(past, lambda at: tell(at - first, rfc3339(at)[:10])), version)
    for reading in journal.readings(Instant(told.start_at - KNOWN_DAYS * DAY_MS), told.start_at):
        seen.read(reading)
    seen.promise = engine.possible_fall.promise()
    journal.close()


def woken(told: Story) -> list[Heard]:
    """What zigbee2mqtt says when it starts: the bridge, its devices, and the last it knew of each, from its cache.

    What comes from the cache has no linkquality and an old ``last_seen`` (field notes 7 and 15).
    """
    last = {frame.address: frame for _, frame in told.past if frame.link == "zigbee"}
    cached = [
        (frame, {key: value for key, value in json.loads(frame.payload).items() if key != "linkquality"})
        for address, frame in last.items()
        if not address.startswith("bridge/")
    ]
    return [
        *told.opening,
        *(Heard(told.start_at, frame._replace(payload=json.dumps(state).encode())) for frame, state in cached),
    ]


# -- the stage -------------------------------------------------------------------------------------------------


class Stage:
    """All parts that run, and what was seen of them. They go on while somebody takes turns.

    ``house``: the port of the home's broker. ``desk``: the centre's file.
    """

    def __init__(
        self, told: Story, view: View, house: int, board: WiredBoard, line: Line, desk: Path, running: ExitStack
    ) -> None:
        self.seen = Seen(parse(told.home_text))
        self.radio = Client(Broker(HOST, house), BASE, self._command, _unheard, subscriptions=(f"{BASE}/+/set",))
        self.line, self._board = line, board
        self._told, self._view, self._desk, self._running = told, view, desk, running
        self._parts: list[tuple[Part, Callable[[dict[str, object]], None]]] = []
        self._reactions: deque[Heard] = deque()  # of the home, to what the hub told its lamp
        self._clock: HubClock | None = None
        self._drawn = 0.0

    def listen(self, part: Part, hear: Callable[[dict[str, object]], None] = lambda line: None) -> Part:
        """From now on ``hear`` gets each line of JSON that the part prints."""
        self._parts.append((part, hear))
        return part

    def hub_now(self) -> Instant:
        """What the hub's clock says; the story's first instant while the hub has not started."""
        if self._clock is None and self.seen.anchor is not None:
            self._clock = HubClock(None, start=self._told.start_at, speed=SPEED_MOST, anchor=self.seen.anchor)
        return self._told.start_at if self._clock is None else self._clock.now()

    def turn(self, limit_s: float) -> None:
        """Sleep until something happens, at most ``limit_s``, and let it happen."""
        parts = [part.fileno() for part, _ in self._parts]
        ready = set(self.radio.turn(min(limit_s, TURN_S), *self.line.filenos(), *parts, self._board.fileno()))
        self._board.turn(self.hub_now())
        ready.discard(self._board.fileno())  # it speaks all the time, and nothing of that is seen here
        self.line.carry(ready)
        for part, hear in list(self._parts):
            if part.fileno() in ready:
                for line in part.lines():
                    hear(json.loads(line))
        self._parts = [listened for listened in self._parts if not listened[0].over]
        if ready or monotonic() - self._drawn >= LOOK_S:
            self._view.show(self.seen, self.hub_now())
            self._drawn = monotonic()

    def until(self, reached: Callable[[], bool], limit_s: float) -> bool:
        """Take turns until something is reached; False if it was not within ``limit_s``."""
        end = monotonic() + limit_s
        while not reached():
            if monotonic() >= end:
                return False
            self.turn(LOOK_S)
        return True

    def say(self, frame: Frame) -> bool:
        """Publish as zigbee2mqtt does; False: not now."""
        topic = f"{BASE}/{frame.address}"
        return self.radio.publish(topic, frame.payload, retain=frame.retained) is not None

    def centre(self, event: dict[str, object]) -> None:
        """The centre has printed a line; whoever sits there may answer."""
        now = self.hub_now()
        self.seen.receive(now, event)
        said = answer(event)
        if said is not None:
            self.seen.told.append(Told(now, "centre", said.told))
            command = agent("the operator", "centre", "ack", *said.words, f"--state={self._desk}", errand=True)
            self.listen(self._running.enter_context(command))

    def _command(self, topic: str, payload: bytes, _retained: bool) -> None:
        """The hub tells a device of the home to do something."""
        address = topic.removeprefix(f"{BASE}/").removesuffix("/set")
        self._reactions.extend(self._told.reaction(self.hub_now(), address, payload))

    def _react(self, now: Instant) -> None:
        while self._reactions and self._reactions[0].at <= now and self.say(self._reactions[0].frame):
            frame = self._reactions.popleft().frame
            if frame.address == LAMP.name:
                self.seen.switched(now, frame.payload)
            else:
                self.seen.pressed(now)

    def play(self) -> None:
        """The morning, each thing when the hub's clock says that it is due."""
        told = self._told
        messages, scenes = deque([*woken(told), *told.frames]), deque(told.scenes)
        while (now := self.hub_now()) < told.end_at:
            while scenes and scenes[0].at <= now:
                self._begin(scenes.popleft())
            while messages and messages[0].at <= now and self.say(messages[0].frame):
                messages.popleft()
            self._react(now)
            due = min([told.end_at, *(queue[0].at for queue in (messages, scenes, self._reactions) if queue)])
            self.turn(min(LOOK_S, max(0, due - now) / 1_000 / SPEED_MOST))

    def _begin(self, scene: Scene) -> None:
        self.seen.begin(self.hub_now(), scene)
        if scene.cue == "line_down":
            self.line.cut()
        elif scene.cue == "line_up":
            self.line.restore()


def perform(told: Story, folder: Path, view: View, version: str, progress: Progress, embedded: bool = False) -> Verdict:
    """Set up, play, wait for the last receipts, end every part, and judge. NoPart if something does not run."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: nothing is left running or lying about
    house, office = free_port(), free_port()
    with ExitStack() as running:
        brokers = [
            running.enter_context(broker(name, folder, port, embedded))
            for name, port in (("home", house), ("centre", office))
        ]
        for part, port in zip(brokers, (house, office), strict=True):
            wait_for(port, part)
        line = Line(office)
        desk = folder / "centre" / "centre.db"
        board = running.enter_context(WiredBoard(told, folder / PORT))
        stage = Stage(told, view, house, board, line, desk, running)
        seen = stage.seen
        config = set_up(folder, told, house, line.port)
        words = [f"--host={HOST}", f"--port={office}", f"--hubs={folder / 'centre' / 'hubs'}", "--json"]
        words += [f"--signing-key={folder / 'centre' / 'centre.key'}", f"--state={desk}"]
        centre = running.enter_context(agent("centre", "centre", "serve", *words))
        live_through(told, folder, seen, version, progress)
        # Not earlier: the line is carried in turns, and nobody took one until now.
        uplink = running.enter_context(agent("uplink", "uplink", f"--config={config}"))
        for part in brokers:
            stage.listen(part)
        stage.listen(centre, stage.centre)
        stage.listen(uplink)
        if not stage.until(lambda: stage.radio.up and centre.says("online") and uplink.says("online"), START_S):
            raise NoPart(f"the centre or its line did not come up: {[*centre.words, *uplink.words]}")
        watch = running.enter_context(agent("watch", "watch", f"--config={config}", "--follow"))
        stage.listen(watch, seen.hear)
        if not stage.until(lambda: seen.anchor is not None and seen.listening, START_S):
            raise NoPart(f"watch did not start: {list(watch.words)}")
        stage.play()
        stage.until(seen.done, SETTLE_S)
    journal = Journal(folder / "state" / "journal.db", seen.home.id)
    seen.ledger.hold(journal.custody(told.start_at))
    journal.close()
    return judge(told.expected, told.asked, told.tolerated, seen.ledger, seen.wall)


def _unheard(*_: object) -> None:
    """What a broker tells the simulated zigbee2mqtt."""
