"""What somebody who looks on has seen so far: the memory behind the terminal view and the plain lines."""

import json
from collections.abc import Mapping
from typing import Final, NamedTuple, cast

from agent.civil import Wall, parse_rfc3339
from agent.demo.judge import Got, Ledger, Question, Said
from agent.nouns import Home, Instant, Promise, Reading, is_activity
from agent.simulate.story import Scene

# What an outcome means to the home, which learns from it.
CAME_TO: Final = {
    "true": "help was needed, so it is no false alert of this home",
    "false": "help was not needed, so it is a false alert of this home",
    "test": "a test",
    "visitor": "a visitor",
}


class Told(NamedTuple):
    """One line for whoever reads along. ``who`` is scene, home, hub, centre or line."""

    at: Instant
    who: str
    words: str


class Seen:
    """Fed with the lines that ``watch --follow`` and ``centre serve --json`` print."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.wall = Wall(home.timezone)
        self.ledger = Ledger()
        self.told: list[Told] = []
        self.scene: Scene | None = None
        self.anchor: tuple[int, Instant] | None = None  # of the hub's clock: boot ms and instant
        self.listening = False  # the hub hears its local broker
        self.line_up = True
        self.hub_there = True  # as the centre knows it, by the Last Will
        self.promise = Promise(None, "not_watched")
        self.signs: dict[str, Instant] = {}  # room -> last sign of life
        self.levels: dict[str, int] = {}  # bed or door -> 1 occupied, open

    # -- the story -------------------------------------------------------------------------------------------------

    def begin(self, at: Instant, scene: Scene) -> None:
        self.scene = scene
        self.told.append(Told(at, "scene", f"{scene.title}. {scene.told}"))

    def read(self, reading: Reading) -> None:
        """What a sensor said."""
        sensor = self.home.sensors.get(reading.sensor)
        if sensor is None:
            return
        if is_activity(reading):
            self.signs[sensor.room] = reading.at
        if reading.quantity in ("bed", "door"):
            self.levels[sensor.id] = reading.value

    def _bed(self, reading: Reading) -> None:
        """What came over the serial line: her bed is wired."""
        if reading.quantity == "bed" and self.home.sensors[reading.sensor].link == "serial":
            state = "occupied" if reading.value else "empty"
            self.told.append(Told(reading.at, "home", f"the wired bed is {state}"))

    def pressed(self, at: Instant) -> None:
        self.told.append(Told(at, "home", "she presses the answer button"))

    def switched(self, at: Instant, said: bytes) -> None:
        """What the lamp says of itself."""
        lit = json.loads(said)["state"] == "ON"
        if lit != self.ledger.lit:
            self.told.append(Told(at, "home", f"the lamp is {'on' if lit else 'off'}"))
        self.ledger.lit = lit

    # -- the hub ---------------------------------------------------------------------------------------------------

    def hear(self, line: Mapping[str, object]) -> None:
        """One line of ``watch --follow``."""
        if "alert" in line:
            self._said(cast(Mapping[str, str], line["alert"]))
        elif "link" in line:
            self._link(parse_rfc3339(str(line["at"])), f"{line['link']}/{line['address']}", str(line["payload"]))
        elif "step" in line:
            self._step(line)
        elif line.get("act") == "sound":
            words = "nobody has it yet: the home's lamp calls" if line["seconds"] else "the home's lamp calls no more"
            self.told.append(Told(parse_rfc3339(str(line["at"])), "hub", words))
        elif line.get("kind") in ("asked", "answered"):
            at, kind = parse_rfc3339(str(line["at"])), str(line["sensor"])
            self._question(at, kind, line["kind"] == "asked", cast(int, line["value"]))
        elif "reject" in line:
            self.ledger.complaints.append(f"the hub could not understand a message: {line['reject']}")
        elif "sensor" in line:
            at = parse_rfc3339(str(line["at"]))
            reading = Reading(at, str(line["sensor"]), str(line["kind"]), cast(int, line["value"]))
            self.read(reading)
            self._bed(reading)
            if "state" in line:
                due = line["deadline"]
                self.promise = Promise(None if due is None else parse_rfc3339(str(due)), str(line["state"]))

    def _said(self, alert: Mapping[str, str]) -> None:
        at = parse_rfc3339(alert["at"])
        said = Said(at, alert["id"], alert["kind"], alert["state"], alert["severity"], alert["text"])
        self.ledger.said.append(said)
        self.told.append(Told(at, "hub", f"{plain(said.kind)} {said.state} ({said.severity}): {said.text}"))

    def _link(self, at: Instant, address: str, payload: str) -> None:
        if address == "zigbee/bridge/connection":
            self.listening = payload == "online"
            return
        said: dict[str, object] = json.loads(payload)
        if address == "hub/boot":
            self.anchor = cast(int, said["zero_ms"]), Instant(cast(int, said["at_ms"]))
        elif address == "centre/link":
            up = said["state"] == "online"
            if up != self.line_up:
                self.told.append(Told(at, "line", "up again" if up else "down; what is said is kept"))
            self.line_up = up

    def _question(self, at: Instant, kind: str, begins: bool, value: int) -> None:
        questions = self.ledger.questions
        if begins:
            questions.append(Question(at, value))
            words = f"asks at home first; if nobody answers, it says {plain(kind)} in {value} s"
        else:
            asked = questions[-1]
            questions[-1] = asked._replace(answered=bool(value))
            words = f"asked at {self.wall.hhmm(asked.at)}, and "
            words += "was answered: nothing left the home" if value else "nobody answered"
        self.told.append(Told(at, "hub", words))

    def _step(self, line: Mapping[str, object]) -> None:
        """A receipt that the hub has verified and written down."""
        number = cast(int, line["epoch"]), cast(int, line["seq"])
        id, what, state = str(line["incident"]), plain(str(line["kind"])), line["step"]
        if state == "received":
            self.ledger.receipts.add(number)
            said = next((got.state for got in self.ledger.got if (got.epoch, got.seq) == number), "")
            words = f"{f'{what} {said}'.strip()}: holds the centre's receipt"
        elif state == "human":
            self.ledger.taken.add(id)
            words = f"{what}: a person at the centre has taken it; holds the signed receipt"
        elif state == "outcome":
            verdict = str(line["verdict"])
            self.ledger.verdicts[id] = verdict
            words = f"{what}: closed by a person: {CAME_TO[verdict]}; in the journal"
        else:
            return
        self.told.append(Told(parse_rfc3339(str(line["at"])), "hub", words))

    # -- the centre ------------------------------------------------------------------------------------------------

    def receive(self, at: Instant, event: Mapping[str, object]) -> None:
        """One line of ``centre serve --json``, which came at ``at`` by the hub's clock."""
        what = event["event"]
        if what == "alert":
            raised = parse_rfc3339(str(event["raised"]))
            id, kind, state = (str(event[name]) for name in ("id", "kind", "state"))
            got = Got(raised, id, kind, state, cast(int, event["epoch"]), cast(int, event["seq"]))
            self.ledger.got.append(got)
            late = f" (raised at {self.wall.hhmm(raised)})" if at - raised >= 60_000 else ""
            self.told.append(Told(at, "centre", f"{plain(got.kind)} {got.state}: signature good, receipt sent{late}"))
        elif what in ("gone", "back"):
            self.hub_there = what == "back"
            words = "the hub is back" if self.hub_there else "the hub cannot be reached (its Last Will)"
            self.told.append(Told(at, "centre", words))
        else:
            self.ledger.complaints.append(f"the centre complains: {json.dumps(event)}")

    def done(self) -> bool:
        """Whether the hub holds a receipt for everything that it said, and an outcome of what is critical."""
        ledger = self.ledger
        critical = {said.id for said in ledger.said if said.severity == "critical"}
        return critical <= ledger.verdicts.keys() and all(ledger.receipted(said) for said in ledger.said)


def plain(kind: str) -> str:
    """possible_fall -> possible fall"""
    return kind.replace("_", " ")
