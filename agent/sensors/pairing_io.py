"""Devices are let in through the local broker: permit join, what happens meanwhile, and orders to zigbee2mqtt.

While somebody pairs, joining is allowed for a minute at a time and that is renewed: it ends by itself within a minute,
whatever becomes of this process. ``Joiner`` lives in its caller's thread, as ``mqtt_io.Client`` does.
"""

import os
from collections.abc import Mapping
from itertools import count
from time import monotonic
from typing import Final

from agent.mqtt_io import Broker, Client
from agent.newcomer import Newcomer
from agent.nouns import BadFrame, Refused
from agent.sensors.pairing import Answer, Event, Pairing, order
from agent.sensors.payload import MAX_DEVICES_BYTES, MAX_FRAME_BYTES
from agent.sensors.zigbee import DEVICES

PERMIT_S: Final = 60  # joining is allowed for so long at a time
RENEW_S: Final = 30  # and that is renewed so often while somebody waits
ANSWER_S: Final = 15.0  # zigbee2mqtt answers an order within it, or it is given up; a sleeping device answers later
REACH_S: Final = 10.0  # the broker and the bridge's list of devices are there within it, or Refused
CLOSE_S: Final = 3.0  # the last order, to let nobody in, is waited for


class Joiner:
    """One zigbee2mqtt, for one installer. Refused where the local broker or zigbee2mqtt is not there."""

    def __init__(self, broker: Broker, base: str) -> None:
        self.pairing = Pairing()
        self._prefix = f"{base}/"
        self._where = f"{broker.host}:{broker.port}"
        self._events: list[Event] = []
        self._lost = ""
        self._numbers = count(1)
        self._name = f"hearthwatch-provision-{os.getpid()}-{os.urandom(3).hex()}"
        self._permitted_s: float | None = None  # when joining was allowed last; None: it is not
        topics = (self._prefix + DEVICES, self._prefix + "#")  # the list first, so that what follows is understood
        self._client = Client(broker, self._name, self._message, self._link, subscriptions=topics)

    def begin(self) -> None:
        """Until the devices that are there already are known."""
        end = monotonic() + REACH_S
        while not self.pairing.online and monotonic() < end:
            self.turn(end - monotonic())
            if self._lost:
                raise Refused(f"local broker {self._where}: {self._lost}; is mosquitto running, and [local] right?")
        if not self.pairing.online:
            raise Refused(
                f"local broker {self._where}: zigbee2mqtt has not listed its devices in {REACH_S:g} s: is it running,"
                f" and is its base_topic {self._prefix[:-1]}?"
            )

    @property
    def devices(self) -> dict[str, Newcomer]:
        return self.pairing.devices

    @property
    def left_s(self) -> int:
        """For how many seconds devices may join, unless that is renewed; 0: none may."""
        if self._permitted_s is None or not self.pairing.open:
            return 0
        return max(0, round(self._permitted_s + PERMIT_S - monotonic()))

    def turn(self, limit_s: float) -> list[Event]:
        """Sleep until something happens, at most ``limit_s``; what did."""
        if self._permitted_s is not None and self._client.up:
            limit_s = min(limit_s, max(0.0, self._permitted_s + RENEW_S - monotonic()))
        self._client.turn(limit_s)
        if self._permitted_s is not None and monotonic() >= self._permitted_s + RENEW_S:
            self._permit(PERMIT_S)
        events, self._events = self._events, []
        return events

    def permit(self, on: bool) -> None:
        """Let devices join from now on, until this is called again, or ``close``. Refused if zigbee2mqtt will not."""
        answer = self.ask("permit_join", {"time": PERMIT_S if on else 0})
        if answer.fault:
            raise Refused(f"zigbee2mqtt lets no device join: {answer.fault}")
        self._permitted_s = monotonic() if on else None

    def _permit(self, seconds: int) -> None:
        """Without waiting for the answer; while the broker is away it waits for it."""
        topic, payload = order("permit_join", f"{self._name}-{next(self._numbers)}", time=seconds)
        if self._client.publish(self._prefix + topic, payload) is not None:
            self._permitted_s = monotonic()

    def ask(self, what: str, fields: Mapping[str, object], limit_s: float = ANSWER_S) -> Answer:
        """An order, and zigbee2mqtt's answer to it; what happens meanwhile is told by the next ``turn``."""
        transaction = f"{self._name}-{next(self._numbers)}"
        topic, payload = order(what, transaction, **fields)
        sent, end = False, monotonic() + limit_s
        while transaction not in self.pairing.answers and monotonic() < end:
            sent = sent or self._client.publish(self._prefix + topic, payload) is not None
            self._client.turn(min(0.5, max(0.0, end - monotonic())))
        silent = Answer(
            what,
            "no answer; is zigbee2mqtt running?" if sent else f"the local broker is away: {self._lost or 'no answer'}",
        )
        return self.pairing.answers.pop(transaction, silent)

    def interview(self, address: str) -> str:
        """Ask a device anew what it is. Why that failed, or nothing."""
        return self.ask("device/interview", {"id": address}).fault

    def rename(self, address: str, name: str) -> str:
        """So that zigbee2mqtt's own pages call it as home.toml does, which goes by its address. As ``interview``."""
        device = self.devices.get(address)
        if device is None or device.name == name:
            return "" if device else f"{address} is not in the network"
        return self.ask("device/rename", {"from": address, "to": name, "homeassistant_rename": False}).fault

    def remove(self, address: str) -> str:
        """Out of the network; one that does not answer is forgotten all the same. As ``interview``."""
        fault = self.ask("device/remove", {"id": address}).fault
        return self.ask("device/remove", {"id": address, "force": True}).fault if fault else ""

    def close(self) -> None:
        """Nobody may join any more."""
        if self._permitted_s is not None and self._client.up:
            self._permitted_s = None
            self.ask("permit_join", {"time": 0}, CLOSE_S)
        self._client.close()

    def _message(self, topic: str, payload: bytes, retained: bool) -> None:
        address = topic.removeprefix(self._prefix)
        limit = MAX_DEVICES_BYTES if address.startswith("bridge/") else MAX_FRAME_BYTES
        if address == topic or len(payload) > limit:
            return
        try:
            self._events += self.pairing.hear(address, payload)
        except BadFrame as fault:
            self._events.append(Event("odd", "", str(fault)))

    def _link(self, up: bool, reason: str) -> None:
        self._lost = "" if up else reason
        if not up:
            self._events.append(Event("lost", "", f"local broker: {reason}"))
