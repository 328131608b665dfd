"""A line that is cut in silence: both ends believe that they are connected, and an alert waits."""

import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from agent.hub import KEEPALIVE_S
from agent.mqtt_io import Broker
from tests.brokers import Mosquitto, centre_process, free_port, until, uplink_process
from tests.cable import Cable
from tests.hub_maker import HUB, Hub

FOUND_S: Final = 10.0  # half open, with an alert outstanding
LOOKS_S: Final = 7.0  # mosquitto looks every five seconds whose keepalive is over, and counts whole ones


def missed_s(keepalive_s: int) -> float:
    """How long after its death a hub is missed at the latest."""
    return 1.5 * keepalive_s + LOOKS_S


@pytest.fixture
def cable() -> Iterator[Cable]:
    with Cable(free_port()) as found:
        yield found


@pytest.fixture
def broker(tmp_path: Path, cable: Cable) -> Iterator[Mosquitto]:
    """The centre has a port of its own at it: only the hub's line is cut."""
    with Mosquitto(tmp_path, more=f"listener {cable.port} 127.0.0.1") as found:
        yield found


def test_a_line_that_is_cut_in_silence_is_found_while_an_alert_is_outstanding_and_the_alert_arrives(
    tmp_path: Path, hub: Hub, cable: Cable, broker: Mosquitto
) -> None:
    with (
        centre_process(broker.client("centre"), tmp_path) as centre,
        uplink_process(HUB, Broker("127.0.0.1", cable.port), hub.state),
    ):
        until(lambda: any("online" in line for line in centre.errors), "the centre online")
        until(lambda: hub.states(tmp_path) == ["online"], "the line up")
        cable.cut()
        started = time.monotonic()
        hub.say()
        until(lambda: hub.states(tmp_path) == ["online", "offline"], "the line to be given up")
        assert time.monotonic() - started <= FOUND_S
        assert not centre.events("alert")
        cable.mend()
        until(lambda: hub.owes_nothing(tmp_path), "the receipt", 60)
        assert [event["seq"] for event in centre.events("alert")] == [1]
    assert hub.link[1]["reason"] in ("the broker does not answer", "connection lost")


def test_a_hub_that_dies_behind_a_cut_line_is_missed_at_the_centre(
    tmp_path: Path, hub: Hub, cable: Cable, broker: Mosquitto
) -> None:
    keepalive_s = 5
    with centre_process(broker.client("centre"), tmp_path) as centre:
        line = replace(Broker("127.0.0.1", cable.port), keepalive_s=keepalive_s)
        with uplink_process(HUB, line, hub.state) as uplink:
            until(lambda: hub.states(tmp_path) == ["online"], "the line up")
            cable.cut()
            uplink.send(signal.SIGKILL)  # its kernel says goodbye, and nobody hears it
            died = time.monotonic()
        until(lambda: centre.events("gone"), "the hub to be missed", 60)
        assert time.monotonic() - died <= missed_s(keepalive_s)


def test_the_keepalives_that_are_recommended_keep_what_is_promised() -> None:
    assert missed_s(KEEPALIVE_S) <= 90, "the default"
    assert missed_s(8) <= 20, "a hub on a wire"
