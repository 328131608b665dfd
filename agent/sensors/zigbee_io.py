"""The ear on the local broker: zigbee2mqtt's messages become frames, for as long as the caller takes turns.

Only what the decoder can use is handed on: neither commands nor what devices say that are in no home.toml. That the
broker itself is lost or found becomes a frame as well, on a topic that nobody else can use: ``bridge/connection`` of
the broker is never handed on.
"""

from collections.abc import Callable, Iterable
from time import monotonic
from typing import Final

from agent.mqtt_io import Broker, Client
from agent.nouns import Frame, Sensor, Signal
from agent.sensors.orders_io import Orders
from agent.sensors.payload import MAX_DEVICES_BYTES, MAX_FRAME_BYTES, shown
from agent.sensors.signals import Board
from agent.sensors.wiring import split
from agent.sensors.zigbee import CONNECTION, DEVICES, LINK, STATE, Rim

MAX_ADDRESS: Final = 512  # characters of a topic below the base; a longer one is dropped, and said
CANNOT_SWITCH: Final = "zigbee2mqtt lists no device there that can be switched so"
_ONLINE: Final = {True: b"online", False: b"offline"}


def wanted(address: str) -> bool:
    """Whether a topic below the base can carry anything that we use; commands to devices and the bridge's chatter
    cannot."""
    if address.startswith("bridge/"):
        return address in (STATE, DEVICES)
    return not address.endswith(("/set", "/get")) and "/set/" not in address and "/get/" not in address


class Listener:
    """One zigbee2mqtt behind one local broker. ``hand`` gets the frames, ``say`` a line when some were dropped.

    Like ``mqtt_io.Client`` it lives in its caller's thread: ``turn`` sleeps until something happens. ``base`` is
    zigbee2mqtt's base topic. The state and the devices are asked for first, so that what was retained of a device is
    understood when it comes. ``sensors`` are the home's: only their devices are heard then; None: all are.
    ``signals`` are switched as ``orders`` says: within a turn that the order wakes.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        base: str,
        hand: Callable[[Frame], None],
        say: Callable[[str], None],
        sensors: Iterable[Sensor] | None = None,
        signals: Iterable[Signal] = (),
        orders: Orders | None = None,
    ) -> None:
        self.dropped = 0
        self._prefix = f"{base}/"
        self._hand, self._say = hand, say
        self._rim = Rim(sensors) if sensors is not None else None
        self._board, self._orders = Board(signals), orders
        self._undriven: list[str] = []
        self._up: bool | None = None
        topics = (self._prefix + STATE, self._prefix + DEVICES, self._prefix + "#")
        self._client = Client(broker, client_id, self._message, self._connection, subscriptions=topics)

    def turn(self, limit_s: float, *others: int) -> list[int]:
        """As ``mqtt_io.Client.turn``: sleep at most ``limit_s`` and return which of ``others`` can be read."""
        if self._orders is None:
            return self._client.turn(limit_s, *others)
        ends_s = self._board.due(monotonic())
        ready = self._client.turn(limit_s if ends_s is None else min(limit_s, ends_s), *others, self._orders.fileno())
        for act in self._orders.taken():
            self._board.order(act, monotonic())
        self._switch()
        return [descriptor for descriptor in ready if descriptor != self._orders.fileno()]

    def _switch(self) -> None:
        """Tell the signals what they have not been told; while the broker is away that waits for it."""
        now_s = monotonic()
        for signal, payload in self._board.commands(now_s):
            if self.command(split(signal.address)[0], payload):
                self._board.told(signal, now_s)

    def command(self, address: str, payload: bytes) -> bool:
        """Tell a device to do something; False: not sent, the broker is away. Only from the thread that takes turns."""
        return self._client.publish(f"{self._prefix}{address}/set", payload) is not None

    def close(self) -> None:
        self._client.close()

    def _message(self, topic: str, payload: bytes, retained: bool) -> None:
        address = topic.removeprefix(self._prefix)
        if address == topic or not wanted(address):
            return
        limit = MAX_DEVICES_BYTES if address == DEVICES else MAX_FRAME_BYTES
        if len(payload) > limit or len(address) > MAX_ADDRESS:
            self._drop(address, len(payload), limit)
            return
        if self._rim is not None and address == DEVICES:
            self._rim.learn(payload)
        if self._board.signals and address == DEVICES and self._board.learn(payload):
            self._complain(self._board.undriven())
        if self._rim is None or self._rim.lets_in(address):
            self._hand(Frame(LINK, address, payload, retained))

    def _complain(self, undriven: list[str]) -> None:
        if undriven != self._undriven:
            self._undriven = undriven
            if undriven:
                self._say(f"signals: {CANNOT_SWITCH}: {', '.join(undriven)}; doctor says more")

    def _drop(self, address: str, size: int, limit: int) -> None:
        """Said at the first, second, fourth, eighth … time: whoever floods the broker shall not flood the log too."""
        self.dropped += 1
        if self.dropped & (self.dropped - 1) == 0:
            self._say(
                f"local broker: {self.dropped} messages dropped so far, last {shown(address)} with {size} bytes"
                f" (at most {limit}, and {MAX_ADDRESS} characters of topic); see who publishes there"
            )

    def _connection(self, up: bool, reason: str) -> None:
        if up != self._up:
            self._up = up
            self._hand(Frame(LINK, CONNECTION, _ONLINE[up]))
            if not up:
                self._say(f"local broker: {reason}")
