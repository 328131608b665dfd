"""Somebody else connects with this hub's id: a copied certificate, or a second hub set up from the same files."""

from pathlib import Path

from agent.mqtt_io import Broker, Client
from agent.nouns import Instant
from agent.retry import LAST_BACKOFF_S, SHORT_MOST, UNSTEADY
from agent.transport.envelope import FIRST, Envelope, seal, topic
from tests.brokers import Authority, Mosquitto, centre_process, until, uplink_process
from tests.hub_maker import HUB, Hub


class Thief:
    """Connects as the hub does, with its certificate; and again whenever it was sent away, without a pause."""

    def __init__(self, broker: Broker) -> None:
        self._broker, self.times = broker, 0
        self._connect()

    def _connect(self) -> None:
        self.client = Client(self._broker, HUB, lambda *said: None, lambda *said: None)
        until(lambda: self.client.turn(0.05) or self.client.up, "the thief to be connected")
        self.times += 1

    def insists(self) -> bool:
        self.client.turn(0.05)
        if not self.client.up:
            self._connect()
        return True


def test_a_hub_whose_id_is_taken_says_so_and_does_not_fight_at_full_speed(tmp_path: Path, hub: Hub) -> None:
    with (
        Mosquitto(tmp_path, Authority(tmp_path / "tls")) as broker,
        uplink_process(HUB, broker.client(HUB), hub.state),
    ):
        until(lambda: hub.states(tmp_path) == ["online"], "the line up")
        hub.say()  # an urgent alert waits, and nobody is at the centre yet to sign for it
        thief = Thief(broker.client(HUB))
        until(
            lambda: thief.insists() and hub.states(tmp_path)[-1] == "offline" and hub.link[-1]["reason"] == UNSTEADY,
            "the theft to be noticed",
            30,
        )
        # After the first time it was sent away whenever the hub was back, less and less often.
        assert thief.times <= SHORT_MOST
        with centre_process(broker.client("centre"), tmp_path) as centre:
            until(lambda: any("online" in line for line in centre.errors), "the centre online")
            thief.client.drop()
            until(lambda: hub.owes_nothing(tmp_path), "the receipt, once the thief is gone", LAST_BACKOFF_S + 10)
            assert [event["seq"] for event in centre.events("alert")] == [1]


def test_one_number_with_two_stories_is_told_at_the_centre(tmp_path: Path, hub: Hub) -> None:
    with (
        Mosquitto(tmp_path, Authority(tmp_path / "tls")) as broker,
        centre_process(broker.client("centre"), tmp_path) as centre,
    ):
        until(lambda: any("online" in line for line in centre.errors), "the centre online")
        with uplink_process(HUB, broker.client(HUB), hub.state):
            hub.say()
            until(lambda: hub.owes_nothing(tmp_path), "the receipt")
            thief = Thief(broker.client(HUB))
            told = Envelope(
                HUB, 1, 1, "1-1", "sos", "raised", "critical", None, Instant(10**12), Instant(10**12), "synced",
                1_000, 1_000, False, FIRST,
            )  # fmt: skip
            thief.client.publish(topic(HUB, "alert"), seal(told, hub.sign))
            thief.client.turn(0.05)
            until(lambda: len(centre.events("alert")) == 2, "two stories to be told")
        first, second = centre.events("alert")
        assert (first["kind"], first["notes"]) == ("possible_fall", [])
        assert second["notes"] == ["number 1/1 was said before with other words"], "a person is to look at both"
