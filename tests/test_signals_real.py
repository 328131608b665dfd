"""The real zigbee2mqtt, from an order of the loop to what a siren and a plug hear by radio."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.mqtt_io import Broker
from agent.nouns import Act, Signal
from agent.sensors.orders_io import Orders
from agent.sensors.zigbee_io import Listener
from tests.z2m.harness import PLUG, SIREN, World, world

SIGNALS = [Signal("siren", "sounder", "hall", SIREN), Signal("lamp", "lamp", "hall", PLUG)]


class Hub:
    """The thread that speaks with zigbee2mqtt, its turns taken by the test."""

    def __init__(self, made: World) -> None:
        self.made, self.orders = made, Orders()
        self.said: list[str] = []
        where = Broker("127.0.0.1", made.port)
        self._ear = Listener(
            where, "hub", "zigbee2mqtt", lambda frame: None, self.said.append, [], SIGNALS, self.orders
        )

    def until(self, condition: Callable[[], object], what: str) -> None:
        self.made.until(lambda: self._ear.turn(0.05) or condition(), what)

    def close(self) -> None:
        self._ear.close()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with world(tmp_path) as made:
        made.start()
        made.until(lambda: made.new() == [("zigbee", "link", 1)], "the bridge")
        hub = Hub(made)
        hub.until(lambda: hub.said, "both to be missed while they have not joined")
        for device in (SIREN, PLUG):
            made.tell(do="join", device=device)
        hub.until(lambda: sum(f'"{each}"' in _joined(made) for each in (SIREN, PLUG)) == 2, "the interviews")
        yield hub
        hub.close()


def _joined(made: World) -> str:
    listed = [frame.payload.decode() for frame in made.frames if frame.address == "bridge/devices"]
    return listed[-1] if listed and listed[-1].count('"SUCCESSFUL"') >= 3 else ""


def test_a_siren_and_a_plug_hear_the_question_and_its_end(hub: Hub) -> None:
    made = hub.made
    missed = "signals: zigbee2mqtt lists no device there that can be switched so: siren, lamp; doctor says more"
    assert hub.said[0] == missed
    hub.orders.give(Act("ask", seconds=60))
    hub.until(lambda: made.told(SIREN) and made.told(PLUG), "the question to be put")
    assert made.told(PLUG) == [("on", {})]
    ((command, warning),) = made.told(SIREN)
    assert command == "startWarning"
    assert warning["warningduration"] == 60
    assert warning["startwarninginfo"] >> 4 == 3  # emergency
    hub.orders.give(Act("ask"))
    hub.until(lambda: len(made.told(SIREN)) == len(made.told(PLUG)) == 2, "the answer")
    assert made.told(PLUG)[1] == ("off", {})
    assert made.told(SIREN)[1][1]["startwarninginfo"] >> 4 == 0  # stop
    made.until(lambda: b'"state":"OFF"' in b"".join(frame.payload for frame in made.frames), "the plug's own report")
    assert made.new() == []  # what a signal says of itself is nobody's sign of life
    hub.orders.give(Act("sound", seconds=300))
    hub.until(lambda: len(made.told(SIREN)) == 3, "the alert that nobody took")
    assert made.told(SIREN)[2][1]["warningduration"] == 300
