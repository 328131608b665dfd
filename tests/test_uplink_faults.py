"""Lines that lie, refuse or listen in: the alert stays ours until somebody signed for it."""

import time
from pathlib import Path

from agent.mqtt_io import ACKNOWLEDGE_S, Broker
from tests.brokers import ACL, Authority, Mosquitto, centre_process, free_port, old_broker, until, uplink_process
from tests.hub_maker import HUB, Hub, Tap


def test_a_broker_without_tls_hears_not_one_byte_of_an_alert(tmp_path: Path, hub: Hub) -> None:
    ours = Authority(tmp_path / "ours")
    certificate, key = ours.issue(HUB)
    with Mosquitto(tmp_path) as plain:
        tap = Tap(plain.client("tap"))
        hub.say()
        with uplink_process(HUB, Broker("127.0.0.1", plain.port, str(ours.ca), certificate, key), hub.state):
            until(lambda: hub.states(tmp_path) == ["offline"], "the line to be refused")
        assert not tap.alerts()
        tap.client.close()
    assert hub.outbox.waiting()


def test_an_alert_that_the_broker_may_not_take_counts_as_not_sent(tmp_path: Path, hub: Hub) -> None:
    acl = "pattern read hearthwatch/v1/%u/receipt\npattern write hearthwatch/v1/%u/will\n"
    with (
        Mosquitto(tmp_path, Authority(tmp_path / "tls"), acl) as broker,
        uplink_process(HUB, broker.client(HUB), hub.state),
    ):
        hub.say()
        until(lambda: hub.states(tmp_path) == ["online", "offline"], "the refusal to be noticed")
    assert hub.outbox.messages()[0].broker_said == 135
    assert hub.outbox.waiting()
    assert hub.link[-1]["reason"] == "the broker refused an alert (code 135)"


def test_a_will_that_the_broker_would_not_let_us_clear_is_cleared_as_soon_as_it_does(tmp_path: Path, hub: Hub) -> None:
    refusing = "\n".join(line for line in ACL.splitlines() if not (line.startswith("pattern") and "/will" in line))
    with Mosquitto(tmp_path, Authority(tmp_path / "tls"), refusing) as broker:
        tap = Tap(broker.client("centre"))

        def cleared() -> bool:
            hub.lives()
            return tap.wills() == [b""]

        with uplink_process(HUB, broker.client(HUB), hub.state, stall_s=8):
            hub.say()
            until(tap.alerts, "the alert, which comes after the try to clear the Will")
            assert not tap.wills()
            broker.allow(ACL)
            until(cleared, "the Will to be cleared")
        tap.client.close()


def test_a_hub_whose_receipts_cannot_reach_it_says_so(tmp_path: Path, hub: Hub) -> None:
    with Mosquitto(tmp_path, Authority(tmp_path / "tls")) as broker:
        certificate = broker.client("another-hub")
        with uplink_process(HUB, certificate, hub.state) as process:
            hub.say()
            # mosquitto 2 grants the subscription and denies the delivery; the publication is refused in any case
            until(lambda: "offline" in hub.states(tmp_path), "the refusal to be noticed")
            until(lambda: any("refused" in line for line in process.errors), "the refusal to be said")
    assert hub.outbox.waiting()


def test_an_alert_that_nobody_hears_is_sent_again_until_the_centre_is_there(tmp_path: Path, hub: Hub) -> None:
    with (
        Mosquitto(tmp_path, Authority(tmp_path / "tls")) as broker,
        uplink_process(HUB, broker.client(HUB), hub.state),
    ):
        hub.say()
        until(lambda: hub.states(tmp_path) == ["online", "offline"], "nobody to be noticed")
        assert hub.outbox.messages()[0].broker_said == 16
        with centre_process(broker.client("centre"), tmp_path) as centre:
            until(lambda: hub.owes_nothing(tmp_path), "the receipt")
            assert len(centre.events("alert")) == 1
    assert hub.states(tmp_path) == ["online", "offline", "online"]


def test_a_broker_that_speaks_the_old_protocol_only_is_served_too(tmp_path: Path, hub: Hub) -> None:
    port = free_port()
    broker = Broker("127.0.0.1", port)
    with (
        old_broker(port),
        centre_process(broker, tmp_path) as centre,
        uplink_process(HUB, broker, hub.state),
    ):
        until(lambda: any("MQTT 3.1.1" in line for line in centre.errors), "the centre online")
        hub.say(3)
        until(lambda: hub.owes_nothing(tmp_path), "all receipts", 90)
        assert [event["seq"] for event in centre.events("alert")] == [1, 2, 3]
    assert hub.link[0]["reason"] == "MQTT 3.1.1"


def test_a_broker_that_hangs_is_left_within_seconds_while_an_alert_is_open(tmp_path: Path, hub: Hub) -> None:
    with (
        Mosquitto(tmp_path) as broker,
        centre_process(broker.client("centre"), tmp_path) as centre,
        uplink_process(HUB, broker.client(HUB), hub.state),
    ):
        until(lambda: any("online" in line for line in centre.errors), "the centre online")
        until(lambda: hub.states(tmp_path) == ["online"], "the line up")
        broker.hang()
        started = time.monotonic()
        hub.say()
        until(lambda: hub.states(tmp_path) == ["online", "offline"], "the line to be given up")
        assert time.monotonic() - started < ACKNOWLEDGE_S + 2
        broker.go_on()
        until(lambda: hub.owes_nothing(tmp_path), "the receipt", 60)
        assert len(centre.events("alert")) == 1
