"""Lamps and sounders: told only what they understand, when they should, and silent again by themselves."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.mqtt_io import Broker, Client
from agent.nouns import Act, Signal
from agent.sensors.orders_io import ORDERS_MOST, Orders
from agent.sensors.signals import Board, driver
from agent.sensors.zigbee_io import Listener
from tests.brokers import Mosquitto, until

SIREN_AT, LAMP_AT = "0x00158d0001a2b301", "0x00158d0001a2b302"
SIREN, LAMP = Signal("siren", "sounder", "hall", SIREN_AT), Signal("lamp", "lamp", "hall", LAMP_AT)
WARNING: Final = {
    "type": "composite",
    "name": "warning",
    "property": "warning",
    "access": 2,
    "features": [
        {"type": "enum", "name": "mode", "property": "mode", "values": ["stop", "burglar", "emergency"], "access": 2},
        {"type": "enum", "name": "level", "property": "level", "values": ["low", "high", "very_high"], "access": 2},
        {"type": "binary", "name": "strobe", "property": "strobe", "value_on": True, "value_off": False, "access": 2},
        {"type": "numeric", "name": "duration", "property": "duration", "unit": "s", "access": 2},
    ],
}
STATE: Final = {
    "type": "binary",
    "name": "state",
    "property": "state",
    "value_on": "ON",
    "value_off": "OFF",
    "access": 7,
}
LIGHT: Final = {"type": "light", "features": [STATE]}
DEVICES: Final = json.dumps(
    [
        {"ieee_address": SIREN_AT, "friendly_name": "Siren", "definition": {"exposes": [WARNING]}},
        {"ieee_address": LAMP_AT, "friendly_name": "Lamp", "definition": {"exposes": [LIGHT]}},
    ]
).encode()


def known(*signals: Signal) -> Board:
    board = Board(signals)
    assert board.learn(DEVICES)
    assert not board.undriven()
    return board


def told(board: Board, now_s: float) -> dict[str, Any]:
    """What is told at that time, all of it heard."""
    said = {signal.id: json.loads(payload) for signal, payload in board.commands(now_s)}
    for signal, _ in board.commands(now_s):
        board.told(signal, now_s)
    return said


# -- what can be switched -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "exposes",
    [
        None,
        {},
        [],
        [None],
        [{"type": "enum", "name": "alarm", "values": ["red", "blue"], "access": 2}],
        [{"type": "binary", "name": "state", "value_on": "ON", "value_off": "OFF", "access": 1}],
        [{"type": "lock", "features": [STATE]}],
        [{"type": "composite", "name": "warning", "access": 2, "features": [{"name": "mode", "values": "stop"}]}],
        [{"type": "composite", "name": "warning", "access": 2, "features": 7}],
    ],
)
def test_what_cannot_be_switched_is_not_switched(exposes: object) -> None:
    assert driver("sounder", "", exposes) is None
    assert driver("lamp", "", exposes) is None


WORDS: Final = ("ON", "OFF", "stop", "low", "high", "emergency", "alarm", True, False, None, 0, 7, -1, 10**30)
ODD: Final = st.sampled_from(WORDS) | st.lists(st.sampled_from(WORDS), max_size=4) | st.just({"a": [1]})


def exposed(inner: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    """What looks much like a definition, with something odd in it."""
    words = st.sampled_from([["stop", "emergency", "low"], ["stop", "high"], [], None])
    usual = {
        "name": st.sampled_from(["state", "warning", "alarm", "mode", "level", "duration", "volume", "strobe"]),
        "type": st.sampled_from(["binary", "enum", "numeric", "composite", "switch"]),
        "access": st.sampled_from([2, 7]),
        "value_on": st.just("ON"),
        "value_off": st.just("OFF"),
        "values": words,
    }
    rest = dict.fromkeys(("property", "value_min", "value_max", "unit"), ODD)
    return st.fixed_dictionaries(
        {key: st.one_of(*[usual[key]] * 9, ODD) for key in usual}, optional={"features": inner, **rest}
    )


EXPOSES: Final = st.lists(exposed(st.lists(exposed(ODD), max_size=5) | ODD) | ODD, min_size=3, max_size=6)


@given(EXPOSES)
def test_whatever_a_list_of_devices_says_of_itself_it_stops_nobody(exposes: list[object]) -> None:
    board = Board([SIREN, LAMP])
    devices = [{"ieee_address": each, "definition": {"exposes": exposes}} for each in (SIREN_AT, LAMP_AT)]
    assert board.learn(json.dumps(devices).encode())
    for seconds in (0, 60):
        board.order(Act("sound", seconds=seconds), 0.0)
        assert all(isinstance(json.loads(payload), dict) for _, payload in board.commands(0.0))


# -- what is told, and when ------------------------------------------------------------------------------------


def test_a_question_is_a_lamp_and_a_soft_sound_that_end_by_themselves() -> None:
    board = known(SIREN, LAMP)
    board.order(Act("ask", seconds=60), 100.0)
    soft = {"mode": "emergency", "level": "low", "strobe": True, "duration": 60}
    assert told(board, 100.0) == {"siren": {"warning": soft}, "lamp": {"state": "ON"}}
    assert told(board, 130.0) == {}
    assert board.due(130.0) == 30.0
    assert told(board, 160.0) == {"siren": {"warning": {"mode": "stop", "strobe": False}}, "lamp": {"state": "OFF"}}
    assert board.due(160.0) is None


def test_an_answer_ends_it_at_once() -> None:
    board = known(LAMP)
    board.order(Act("ask", seconds=60), 100.0)
    told(board, 100.0)
    board.order(Act("ask"), 107.0)
    assert told(board, 107.0) == {"lamp": {"state": "OFF"}}


def test_at_night_only_the_lamp_asks_unless_there_is_none() -> None:
    board = known(SIREN, LAMP)
    board.order(Act("ask", seconds=60, quiet=True), 0.0)
    assert told(board, 0.0)["lamp"] == {"state": "ON"}
    assert told(board, 0.0) == {}
    assert told(known(SIREN), 0.0) == {}
    alone = known(SIREN)
    alone.order(Act("ask", seconds=60, quiet=True), 0.0)
    assert told(alone, 0.0)["siren"]["warning"]["level"] == "low"


def test_an_alert_that_nobody_took_is_louder_than_a_question_and_outlasts_it() -> None:
    board = known(SIREN)
    board.order(Act("ask", seconds=60), 0.0)
    told(board, 0.0)
    board.order(Act("sound", seconds=300), 10.0)
    loud = {"mode": "emergency", "level": "very_high", "strobe": True, "duration": 300}
    assert told(board, 10.0) == {"siren": {"warning": loud}}
    board.order(Act("ask"), 20.0)
    assert told(board, 20.0) == {}
    board.order(Act("sound"), 30.0)
    assert told(board, 30.0)["siren"]["warning"]["mode"] == "stop"


def test_a_hub_that_starts_leaves_the_lamps_alone_until_it_has_something_to_say() -> None:
    board = known(LAMP)
    assert told(board, 0.0) == {}
    board.order(Act("ask"), 1.0)  # a question that a hub before it had put is over
    assert told(board, 1.0) == {"lamp": {"state": "OFF"}}


def test_of_too_many_orders_the_newest_stay() -> None:
    orders = Orders()
    for seconds in range(ORDERS_MOST + 5):
        orders.give(Act("sound", seconds=seconds))
    assert [act.seconds for act in orders.taken()] == list(range(5, ORDERS_MOST + 5))
    assert not list(orders.taken())


# -- on the wire -----------------------------------------------------------------------------------------------


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as mosquitto:
        yield mosquitto


def test_an_order_wakes_the_listener_and_goes_to_the_device_by_its_address(broker: Mosquitto) -> None:
    heard: list[tuple[str, Any]] = []
    lines: list[str] = []
    orders = Orders()
    where = Broker("127.0.0.1", broker.port)
    radio = Client(
        where,
        "radio",
        lambda topic, payload, _: heard.append((topic, json.loads(payload))),
        lambda up, reason: None,
        subscriptions=("z/+/set",),
    )
    until(lambda: radio.turn(0.05) or radio.up, "the radio to connect")
    nobody = Signal("attic", "lamp", "hall", "0x00158d0001a2b3ff")
    frames: list[object] = []
    listener = Listener(where, "ear", "z", frames.append, lines.append, [], [SIREN, LAMP, nobody], orders)
    until(lambda: listener.turn(0.05) or frames, "the listener to connect")
    radio.publish("z/bridge/devices", DEVICES, retain=True)
    until(lambda: radio.turn(0.05) or listener.turn(0.05) or lines, "the devices to be known")
    assert lines == [
        "signals: zigbee2mqtt lists no device there that can be switched so: attic; doctor says more"
    ]  # said once
    orders.give(Act("ask", seconds=60))
    assert listener.turn(30.0) == []  # woken by the order, long before
    until(lambda: radio.turn(0.05) or listener.turn(0.0) or len(heard) == 2, "the commands")
    assert dict(heard)[f"z/{LAMP_AT}/set"] == {"state": "ON"}
    assert dict(heard)[f"z/{SIREN_AT}/set"]["warning"]["mode"] == "emergency"
    listener.close()
    radio.close()
