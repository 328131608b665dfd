"""A hub that lives, with its sensors behind a real broker, and an installer who walks through its home."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from agent.mqtt_io import Client
from tests.brokers import ROOT, until
from tests.living_hub import LivingHub
from tests.whole_hub import RUN
from tests.zigbee_maker import binary, device, enum, numeric

ROOMS: Final = ("hall", "kitchen", "bathroom", "living")
EYES: Final = {room: f"0x00000000000000a{number}" for number, room in enumerate(ROOMS)}
DOOR, PENDANT = "0x00000000000000b0", "0x00000000000000b1"
WALK_S: Final = 60.0  # a bound for all that a walk does


def home_text(consent: str = "[consent]\nmonitoring = true\n") -> str:
    rooms = "".join(f'[[room]]\nid = "{room}"\nkind = "{room}"\n' for room in ROOMS)
    eyes = "".join(
        f'[[sensor]]\nid = "{room}-motion"\nkind = "motion"\nroom = "{room}"\nlink = "zigbee"\naddress = "{address}"\n'
        for room, address in EYES.items()
    )
    things = (
        f'[[sensor]]\nid = "front-door"\nkind = "door"\nrole = "entrance"\nroom = "hall"\nlink = "zigbee"\n'
        f'address = "{DOOR}"\n'
        f'[[sensor]]\nid = "pendant"\nkind = "button"\nroom = "hall"\nlink = "zigbee"\naddress = "{PENDANT}"\n'
    )
    return f'[home]\nid = "h"\ntimezone = "Europe/London"\nresidents = 1\n{rooms}{eyes}{things}{consent}'


class Radio:
    """Every sensor of the home, as zigbee2mqtt tells of it. ``hangs``: room -> the room whose sensor really hangs
    there; "" for none that sees."""

    def __init__(self, hub: LivingHub, hangs: Mapping[str, str] | None = None, inverted: bool = False) -> None:
        self._hangs, self._inverted = hangs or {}, inverted
        self._client = Client(hub.home.client("radio"), "radio", lambda *said: None, lambda *said: None)
        self._stamp, self._lock = 0, threading.Lock()
        eyes = [device(at, f"{room} eye", binary("occupancy"), numeric("battery")) for room, at in EYES.items()]
        door = device(DOOR, "door", binary("contact", False, True))
        listed = [*eyes, door, device(PENDANT, "pendant", enum("action", "single"), numeric("battery"))]
        self._publish("bridge/devices", listed, retained=True)
        self._publish("bridge/state", {"state": "online"}, retained=True)
        self.settle()

    def settle(self) -> None:
        """Everything is at rest, and says so: after a gap the first word of a device only tells how it stands."""
        for room in ROOMS:
            self.tell(f"{room} eye", occupancy=False, battery=90)
        self.tell("door", contact=not self._inverted)
        self.tell("pendant", battery=90)

    def _publish(self, topic: str, said: object, retained: bool = False) -> None:
        with self._lock:
            until(lambda: self._client.turn(0.01) or self._client.up, "the radio to connect")
            self._client.publish(f"zigbee2mqtt/{topic}", json.dumps(said).encode(), retained)
            self._client.turn(0.01)

    def tell(self, name: str, **said: object) -> None:
        self._stamp += 1
        self._publish(name, said | {"linkquality": 120, "last_seen": f"{self._stamp}.000Z"})

    def stand(self, room: str) -> None:
        """Somebody walks about there."""
        seer = self._hangs.get(room, room)
        if seer:
            self.tell(f"{seer} eye", occupancy=True, battery=90)
            self.tell(f"{seer} eye", occupancy=False, battery=90)

    def do(self, step: str, what: str) -> None:
        """What a step of the walk asks for."""
        if step == "room":
            self.stand(what)
        elif step in ("open", "shut"):
            self.tell("door", contact=(step == "shut") != self._inverted)
        elif step == "press":
            self.tell("pendant", action="single", battery=90)

    def close(self) -> None:
        self._client.close()


class Walks:
    """``walk-test --json``, and somebody who does what it says: presses Enter in each room, and then what is asked.
    ``do``: what a step asks for, and of what."""

    def __init__(self, line: Sequence[str], do: Callable[[str, str], None]) -> None:
        self._do = do
        self._process = subprocess.Popen(
            [*line, "--json", "--stay", "0", "--by", "Ines"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.events: list[dict[str, Any]] = []
        self._bound = threading.Timer(WALK_S, self._process.kill)
        self._bound.start()

    def enter(self, line: str = "") -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def next(self) -> dict[str, Any] | None:
        """The next event; None: it has ended."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            return None
        self.events.append(json.loads(line))
        return self.events[-1]

    def until(self, event: str, **said: object) -> dict[str, Any]:
        """Do what is asked until that comes."""
        while (found := self.next()) is not None:
            if found["event"] == event and said.items() <= found.items():
                return found
            self.obey(found)
        raise AssertionError((self._process.stderr.read() if self._process.stderr else "", self.events[-3:]))

    def obey(self, event: dict[str, Any], blind: tuple[str, ...] = ()) -> None:
        if event["event"] == "ask" and event["enter"]:
            self.enter()
        elif event["event"] == "on":
            self._do(event["step"], event["what"])
            if event["what"] in blind:
                self.enter()  # nothing answers here: go on

    def all(self, blind: tuple[str, ...] = ()) -> dict[str, Any]:
        """The whole walk; what it came to."""
        while (event := self.next()) is not None:
            if event["event"] == "end":
                return event
            self.obey(event, blind)
        raise AssertionError((self._process.stderr.read() if self._process.stderr else "", self.events[-3:]))

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def interrupt(self) -> None:
        """Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def status(self) -> int:
        return self._process.wait(WALK_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bound.cancel()
        if self._process.poll() is None:
            self.kill()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert pipe is not None
            pipe.close()


class Installer(Walks):
    """The same in the home of a living hub."""

    def __init__(self, hub: LivingHub, radio: Radio, *words: str) -> None:
        line = [sys.executable, "-c", RUN, "walk-test", "--config", str(hub.folder / "hub.toml")]
        super().__init__([*line, *words], radio.do)


def command(hub: LivingHub, *words: str) -> tuple[int, str, str]:
    """A command of the product to its end: status, what it printed, its errors."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, *words, "--config", str(hub.folder / "hub.toml")],
        cwd=ROOT, capture_output=True, text=True, timeout=WALK_S, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def walk_file(hub: LivingHub) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(hub.folder / "walk.json").read_text(encoding="utf-8"))
    return found
