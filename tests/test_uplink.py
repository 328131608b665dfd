"""The uplink process against a real broker and a real centre: nothing is lost, nothing twice, nothing forged."""

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.mqtt_io import Broker
from agent.nouns import Refused
from agent.transport.door_io import Occupied
from agent.transport.envelope import GONE, Receipt, digest, open_envelope, seal_receipt
from agent.transport.keys_io import signer, verifier
from agent.transport.uplink_io import uplink
from tests.brokers import Authority, Mosquitto, centre_process, until, uplink_process
from tests.hub_maker import HUB, Hub, Tap


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    (tmp_path / "broker").mkdir()
    with Mosquitto(tmp_path / "broker", Authority(tmp_path / "tls")) as found:
        yield found


def test_an_alert_goes_out_over_tls_and_its_signed_receipt_comes_back(
    tmp_path: Path, hub: Hub, broker: Mosquitto
) -> None:
    with centre_process(broker.client("centre"), tmp_path) as centre:
        until(lambda: any("online" in line for line in centre.errors), "the centre online")
        with uplink_process(HUB, broker.client(HUB), hub.state):
            hub.say()
            until(lambda: hub.owes_nothing(tmp_path), "a receipt")
            (event,) = until(lambda: centre.events("alert"), "the operator's line")
    assert (event["hub"], event["kind"], event["state"], event["notes"]) == (HUB, "possible_fall", "raised", [])
    assert hub.outbox.messages()[0].broker_said == 0
    assert hub.states(tmp_path) == ["online"]


def test_a_broker_that_is_killed_loses_nothing_and_repeats_nothing(tmp_path: Path, hub: Hub, broker: Mosquitto) -> None:
    with (
        centre_process(broker.client("centre"), tmp_path) as centre,
        uplink_process(HUB, broker.client(HUB), hub.state),
    ):
        for seen in (5, 35):
            hub.say(20)
            until(lambda: len(centre.events("alert")) >= seen, "some alerts")  # noqa: B023
            broker.kill()
            hub.say(5)
            broker.start()
            hub.say(5)
        until(lambda: hub.owes_nothing(tmp_path), "all receipts", 60)
        seqs = Counter(event["seq"] for event in centre.events("alert"))
    assert seqs == dict.fromkeys(range(1, 61), 1)
    assert not centre.events("missing")
    assert not centre.events("refused")


def test_an_uplink_that_is_killed_again_and_again_loses_nothing(tmp_path: Path, hub: Hub, broker: Mosquitto) -> None:
    with centre_process(broker.client("centre"), tmp_path) as centre:
        until(lambda: any("online" in line for line in centre.errors), "the centre online")
        for seen in (5, 15, 25):
            with uplink_process(HUB, broker.client(HUB), hub.state) as process:
                hub.say(10)
                until(lambda: len(centre.events("alert")) >= seen, "some alerts")  # noqa: B023
                assert process.send(signal.SIGTERM) == -signal.SIGTERM, "SIGTERM ends it at once, like SIGKILL"
        with uplink_process(HUB, broker.client(HUB), hub.state):
            until(lambda: hub.owes_nothing(tmp_path), "all receipts")
        assert Counter(event["seq"] for event in centre.events("alert")) == dict.fromkeys(range(1, 31), 1)


def test_a_forged_or_foreign_receipt_leaves_the_alert_open(tmp_path: Path, hub: Hub, broker: Mosquitto) -> None:
    tap = Tap(broker.client("centre"))
    forger = signer(str(tmp_path / "forger.key"))
    with uplink_process(HUB, broker.client(HUB), hub.state):
        hub.say()
        (alert,) = until(tap.alerts, "the alert")
        right = signer(str(tmp_path / "centre.key"))
        forged = [
            seal_receipt(Receipt(HUB, 1, 1, digest(alert)), forger),
            seal_receipt(Receipt(HUB, 1, 1, "0" * 64), right),
            b"{}",
            b"x" * 5_000,
        ]
        for payload in forged:
            tap.client.publish(f"hearthwatch/v1/{HUB}/receipt", payload)
        until(lambda: tap.client.turn(0.05) is not None and len(tap.codes) == 4, "the broker to have taken them")
        until(lambda: not hub.owes_nothing(tmp_path) and len(hub.refused) == 2, "two receipts to be refused")
        assert hub.outbox.waiting(), "the alert is open still"
        tap.client.publish(f"hearthwatch/v1/{HUB}/receipt", seal_receipt(Receipt(HUB, 1, 1, digest(alert)), right))
        until(lambda: tap.client.turn(0.05) is not None and hub.owes_nothing(tmp_path), "the true receipt")


def test_every_message_on_the_wire_is_as_long_as_every_other(tmp_path: Path, hub: Hub, broker: Mosquitto) -> None:
    tap = Tap(broker.client("centre"))
    verify = verifier(str(hub.state / "hub.pub"))
    with uplink_process(HUB, broker.client(HUB), hub.state):
        for severity in ("critical", "high", "medium", "low", "info"):
            hub.say(2, severity)
        until(lambda: len(tap.alerts()) == 10, "ten alerts")
    assert {len(payload) for payload in tap.alerts()} == {1_024}
    assert sorted(open_envelope(payload, verify).seq for payload in tap.alerts()) == list(range(1, 11))


def test_the_centre_hears_the_will_of_a_hub_that_is_killed_and_that_it_is_back(
    tmp_path: Path, hub: Hub, broker: Mosquitto
) -> None:
    tap = Tap(broker.client("centre"))
    with uplink_process(HUB, broker.client(HUB), hub.state) as process:
        until(lambda: hub.states(tmp_path) == ["online"], "the line up")
        process.send(signal.SIGKILL)
    until(lambda: GONE in tap.wills(), "the Will")
    with uplink_process(HUB, broker.client(HUB), hub.state):
        until(lambda: tap.wills()[-1] == b"", "the Will to be cleared")


def test_two_uplinks_of_one_hub_do_not_fight(tmp_path: Path, hub: Hub, broker: Mosquitto) -> None:
    with uplink_process(HUB, broker.client(HUB), hub.state):
        until(lambda: hub.states(tmp_path) == ["online"], "the line up")
        with pytest.raises(Occupied, match="already running"):
            uplink(HUB, [broker.client(HUB)], str(hub.state))


def test_without_tls_the_line_goes_to_this_machine_only(hub: Hub) -> None:
    with pytest.raises(Refused, match="without TLS"):
        uplink(HUB, [Broker("192.0.2.1", 1883)], str(hub.state))
    with pytest.raises(Refused, match="hub id"):
        uplink("a/b", [Broker("127.0.0.1", 1883)], str(hub.state))
