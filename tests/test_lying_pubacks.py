"""A broker that acknowledged an alert and lost it: what counts is what the centre has, and has signed for."""

import os
import signal
from pathlib import Path

from tests.brokers import Authority, Mosquitto, centre_process, until, uplink_process
from tests.hub_maker import HUB, Hub, Tap


def acknowledged(hub: Hub) -> bool:
    """Whether the broker has said of every alert that it has it, and that somebody listens."""
    hub.lives()
    return all(message.broker_said == 0 for message in hub.outbox.messages())


def test_a_broker_that_is_killed_with_alerts_that_it_had_acknowledged_costs_none(tmp_path: Path, hub: Hub) -> None:
    with (
        Mosquitto(tmp_path) as broker,
        centre_process(broker.client("centre"), tmp_path) as centre,
        uplink_process(HUB, broker.client(HUB), hub.state),
    ):
        until(lambda: any("online" in line for line in centre.errors), "the centre online")
        os.kill(centre.pid, signal.SIGSTOP)
        hub.say(10)
        until(lambda: acknowledged(hub), "the broker's word for ten alerts")
        broker.kill()
        os.kill(centre.pid, signal.SIGCONT)
        broker.start()
        until(lambda: hub.owes_nothing(tmp_path), "every receipt", 60)
        assert sorted(event["seq"] for event in centre.events("alert")) == list(range(1, 11))
        assert not centre.events("missing")


def test_what_overflows_the_brokers_queue_stays_with_the_hub_and_arrives_later(tmp_path: Path, hub: Hub) -> None:
    with (
        Mosquitto(tmp_path, more="max_inflight_messages 5\nmax_queued_messages 20") as broker,
        centre_process(broker.client("centre"), tmp_path) as centre,
    ):
        until(lambda: any("online" in line for line in centre.errors), "the centre online")
        with uplink_process(HUB, broker.client(HUB), hub.state):
            until(lambda: hub.states(tmp_path) == ["online"], "the line up")
            os.kill(centre.pid, signal.SIGSTOP)
            hub.say(40, "medium")
            until(lambda: acknowledged(hub), "the broker's word for all of them")
            os.kill(centre.pid, signal.SIGCONT)
            until(lambda: hub.told(tmp_path) and len(hub.outbox.waiting()) <= 20, "the receipts for what it had kept")
            assert hub.outbox.waiting(), "the broker dropped what it had acknowledged, and the hub did not"
        with uplink_process(HUB, broker.client(HUB), hub.state):
            until(lambda: hub.owes_nothing(tmp_path), "every receipt")
        assert sorted(event["seq"] for event in centre.events("alert")) == list(range(1, 41))


def test_an_alert_that_the_broker_denies_is_not_at_the_centre_and_is_once_it_is_allowed(
    tmp_path: Path, hub: Hub
) -> None:
    hub_may = "pattern read hearthwatch/v1/%u/receipt\npattern write hearthwatch/v1/%u/will\n"
    all_may = "user centre\ntopic read hearthwatch/v1/+/alert\ntopic read hearthwatch/v1/+/will\n"
    all_may += "topic write hearthwatch/v1/+/receipt\n"
    with (
        Mosquitto(tmp_path, Authority(tmp_path / "tls"), hub_may + all_may) as broker,
        centre_process(broker.client("centre"), tmp_path) as centre,
        uplink_process(HUB, broker.client(HUB), hub.state),
    ):
        until(lambda: any("online" in line for line in centre.errors), "the centre online")
        hub.say()
        until(lambda: hub.states(tmp_path) == ["online", "offline"], "the refusal to be noticed")
        assert hub.link[-1]["reason"] == "the broker refused an alert (code 135)"
        assert not centre.events("alert")
        broker.kill()
        (tmp_path / "acl").write_text("pattern write hearthwatch/v1/%u/alert\n" + hub_may + all_may)
        broker.start()
        until(lambda: hub.owes_nothing(tmp_path), "the receipt", 60)
        assert [event["seq"] for event in centre.events("alert")] == [1]


def test_a_receipt_that_is_played_again_clears_no_other_alert(tmp_path: Path, hub: Hub) -> None:
    with Mosquitto(tmp_path) as broker:
        tap = Tap(broker.client("tap"), "receipt")
        with uplink_process(HUB, broker.client(HUB), hub.state):
            with centre_process(broker.client("centre"), tmp_path) as centre:
                until(lambda: any("online" in line for line in centre.errors), "the centre online")
                hub.say()
                until(lambda: hub.owes_nothing(tmp_path), "the receipt")
                assert len(centre.events("alert")) == 1
            heard, believed = until(tap.receipts, "the receipt to be overheard"), len(hub.told(tmp_path))
            hub.say()
            for payload in heard:
                tap.client.publish(f"hearthwatch/v1/{HUB}/receipt", payload)
            until(
                lambda: tap.alerts() and len(hub.told(tmp_path)) == believed + len(heard),
                "the receipt to be heard again, as the centre's own as ever",
            )
            assert [message.seq for message in hub.outbox.waiting()] == [2]
