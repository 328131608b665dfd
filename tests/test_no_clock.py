"""A hub without a clock battery starts in 1970, where every certificate lies in the future."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from agent.transport.keys_io import signer
from tests.brokers import Authority, Mosquitto, centre_process, until
from tests.wall_clock import WallClock
from tests.whole_hub import NAME, WholeHub, upstream

UNJUDGED: Final = "MQTT 5; the clock is not set, so the dates of certificates are not looked at"
SET: Final = "the clock is set: the line is made anew, with the dates of certificates"
HUB: Final = "stall_seconds = 3"


@pytest.fixture
def clock(tmp_path: Path) -> WallClock:
    return WallClock(tmp_path)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Mosquitto]:
    (tmp_path / "local").mkdir()
    with Mosquitto(tmp_path / "local") as found:
        yield found


def test_a_hub_that_starts_in_1970_gets_its_alert_to_the_centre(
    tmp_path: Path, clock: WallClock, local: Mosquitto
) -> None:
    signer(str(tmp_path / "centre.key"))
    with (
        Mosquitto(tmp_path, Authority(tmp_path / "tls")) as broker,
        centre_process(broker.client("centre"), tmp_path) as centre,
    ):
        until(lambda: any("online" in line for line in centre.errors), "the centre online")
        way = upstream(broker.client(NAME), tmp_path / "centre.pub")
        with WholeHub(tmp_path, local.client("local"), way, HUB, clock.env) as hub:
            hub.pin_at(tmp_path)
            hub.smoke()
            (event,) = until(lambda: centre.events("alert"), "the alert")
            assert event["raised"].startswith("1970-01-01T00:0"), "this hub does not know better"
            until(lambda: not hub.outbox.waiting(), "the receipt")
            assert hub.links() == [("online", UNJUDGED)], "said once"
            clock.is_set()
            until(lambda: len(hub.links()) == 3, "the line to be made anew")
            assert hub.links()[1:] == [("offline", SET), ("online", "MQTT 5")]
            hub.smoke()
            until(lambda: not hub.outbox.waiting(), "the receipt, as ever")
            assert not centre.events("alert")[1]["raised"].startswith("1970")


def test_a_certificate_that_has_expired_is_refused_as_soon_as_the_clock_is_set(
    tmp_path: Path, clock: WallClock, local: Mosquitto
) -> None:
    signer(str(tmp_path / "centre.key"))
    with Mosquitto(tmp_path, Authority(tmp_path / "tls", days=(-3, -1))) as broker:
        way = upstream(broker.client(NAME), tmp_path / "centre.pub")
        with WholeHub(tmp_path, local.client("local"), way, HUB, clock.env) as hub:
            # The broker knows the time, and refuses ours, which is as old: what the hub thinks of it stands before.
            until(lambda: hub.links(), "the line to be tried")
            assert "expired" not in json.dumps(hub.links())
            clock.is_set()
            until(
                lambda: "the broker's certificate is refused: certificate has expired" in dict(hub.links()).values(),
                "the certificate to be refused",
                40,
            )


def test_in_1970_a_stranger_is_a_stranger_all_the_same(tmp_path: Path, clock: WallClock, local: Mosquitto) -> None:
    signer(str(tmp_path / "centre.key"))
    ours, theirs = Authority(tmp_path / "ours"), Authority(tmp_path / "theirs")
    ours.issue(NAME)
    with Mosquitto(tmp_path, theirs) as broker:
        way = upstream(broker.client(NAME), tmp_path / "centre.pub")
        way = way.replace(str(theirs.ca), str(ours.ca)).replace(str(tmp_path / "theirs"), str(tmp_path / "ours"))
        with WholeHub(tmp_path, local.client("local"), way, HUB, clock.env) as hub:
            (said,) = until(hub.links, "the line to be refused")
    assert said == ("offline", "the broker's certificate is refused: self-signed certificate in certificate chain")
