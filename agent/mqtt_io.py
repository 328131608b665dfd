"""The one wrapper over paho-mqtt: a client that lives in its caller's thread and sleeps until there is work.

``turn`` sleeps in one ``poll`` over the broker's socket and the caller's own descriptors; paho's loop thread, which
wakes 89,000 times a day, is not used. Everything that happens is told from inside ``turn``, never from inside paho,
so a callback may publish or raise like any other code.

Every connection is a clean session on a fresh paho client: nothing waits in memory while the line is down, and what
was published but not acknowledged is lost with the connection; whoever must not lose it keeps it (see the outbox).
"""

import random
import select
import socket
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.enums import MQTTProtocolVersion as Version
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from agent.broker_io import Broker as Broker
from agent.broker_io import password, tls
from agent.retry import UNSTEADY, Retry

ANSWER_S: Final = 4.0  # no CONNACK by then: some brokers meet MQTT 5 with silence, so 3.1.1 is tried
HANDSHAKE_S: Final = 10.0  # to be connected with 3.1.1, and to be subscribed; then the attempt is given up
CONNECT_S: Final = 5.0  # for TCP, and again for TLS: as long as one turn may block
TCP_USER_TIMEOUT_MS: Final = 8_000  # what we sent is not acknowledged by TCP for so long: the line is dead
ACKNOWLEDGE_S: Final = 8.0  # no PUBACK for so long, with messages open: the broker hangs, and the line is given up
MAX_INFLIGHT: Final = 100  # published and not acknowledged; beyond it ``publish`` refuses
MAX_PACKET_BYTES: Final = 8 * 1024 * 1024  # asked of an MQTT 5 broker, which then drops what is larger
MAX_READS: Final = 100  # packets taken in one turn; the rest waits for the next
UNSUPPORTED_VERSION: Final = 132  # the CONNACK reason that makes us fall back to MQTT 3.1.1
TAKEN_OVER: Final = 142  # the DISCONNECT reason when another client came with our id; not every broker gives one
REFUSED: Final = 128  # reason codes from here on are failures


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says for us when we vanish."""

    topic: str
    payload: bytes
    retain: bool = True


def _tune(_client: paho.Client, _userdata: Any, sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, TCP_USER_TIMEOUT_MS)


class Client:
    """One broker, for as long as the caller takes turns. Not to be shared between threads.

    ``on_message(topic, payload, retained)``: the message is acknowledged when it returns.
    ``on_link(up, reason)``: up once connected and subscribed; told again only when something changed.
    ``on_puback(mid, reason_code)``: 128 and above is a refusal; 16 means that nobody subscribes. MQTT 3.1.1 knows
    only 0. A mid is meant for its connection: when the link goes down, all that are open are lost.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        on_message: Callable[[str, bytes, bool], None],
        on_link: Callable[[bool, str], None],
        on_puback: Callable[[int, int], None] = lambda mid, code: None,
        will: Will | None = None,
        subscriptions: Sequence[str] = (),
        judges_dates: Callable[[], bool] = lambda: True,
        spread_s: float = 0.0,
    ) -> None:
        """``judges_dates`` is asked at each connection: whether the clock is good enough for certificates' dates.
        ``spread_s``: see ``Retry``; ``hurry`` when somebody needs the line."""
        self.up = False
        self.unjudged = False  # this connection was made without a look at the dates of certificates
        self._broker, self._client_id, self._will = broker, client_id, will
        self._on_message, self._on_link, self._on_puback = on_message, on_link, on_puback
        self._subscriptions, self._judges_dates = tuple(subscriptions), judges_dates
        self._mqtt: paho.Client | None = None
        self._news: deque[tuple[paho.Client, Callable[..., None], tuple[Any, ...]]] = deque()
        self._version = Version.MQTTv5
        self._told = (False, "")
        self._due = 0.0  # monotonic: when to try again, to give up the attempt, or to see to the keepalive
        self._unanswered = False  # this attempt reached the broker, and had no CONNACK that speaks our version
        self._retry = Retry(spread_s)
        self._since = 0.0
        self._window = MAX_INFLIGHT
        self._inflight = 0
        self._asked = 0.0  # since when the broker owes a PUBACK

    def turn(self, limit_s: float, *others: int) -> list[int]:
        """Sleep until something happens, at most ``limit_s``; tell of it; return which ``others`` can be read."""
        if self._mqtt is None and monotonic() >= self._due:
            self._connect()
        ready = self._sleep(limit_s, others)
        while self._news:
            mqtt, verb, said = self._news.popleft()
            if mqtt is self._mqtt:  # what a connection said that is gone by now is of no use
                verb(mqtt, *said)
        return ready

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> int | None:
        """Send with QoS 1 and return the mid that ``on_puback`` will name; None: not sent (down, or window full)."""
        if self._mqtt is None or not self.up or self._inflight >= self._window:
            return None
        sent = self._mqtt.publish(topic, payload, qos=1, retain=retain)
        if sent.rc != paho.MQTT_ERR_SUCCESS:
            return None
        if self._inflight == 0:
            self._asked = monotonic()
            self._due = min(self._due, self._asked + ACKNOWLEDGE_S)
        self._inflight += 1
        return sent.mid

    def hurry(self, needed: bool) -> None:
        """Whether somebody needs the line: then, while it is down, it does not wait for its turn in the spread."""
        self._retry.needed = needed
        if needed and self._mqtt is None:
            self._due = min(self._due, self._retry.soon_s)

    def close(self) -> None:
        """Leave politely: the broker forgets the Will. A further turn connects again."""
        if self._mqtt is not None:
            self._mqtt.disconnect()
        self.drop()

    def drop(self) -> None:
        """Leave without a word, so that the broker publishes the Will. A further turn connects again, and tells it."""
        self._leave()
        self._told = (False, "")

    def _leave(self) -> None:
        sock: Any = self._mqtt.socket() if self._mqtt is not None else None
        if sock is not None:
            sock.close()
        self._mqtt, self.up, self._due = None, False, 0.0

    def _connect(self) -> None:
        mqtt = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            protocol=self._version,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        mqtt.connect_timeout = CONNECT_S
        mqtt.max_inflight_messages = 0  # no queue in paho: the window is kept here
        mqtt.on_socket_open = _tune
        mqtt.on_connect = lambda m, _u, _f, reason, properties: self._hear(self._connected, m, reason, properties)
        mqtt.on_subscribe = lambda m, _u, _mid, reasons, _p: self._hear(self._subscribed, m, reasons)
        mqtt.on_disconnect = lambda m, _u, flags, reason, _p: self._hear(
            self._ended, m, reason if flags.is_disconnect_packet_from_server else None
        )
        mqtt.on_publish = lambda m, _u, mid, reason, _p: self._hear(self._acknowledged, m, mid, reason.value)
        mqtt.on_message = lambda m, _u, message: self._hear(self._message, m, message)
        if self._will is not None:
            mqtt.will_set(self._will.topic, self._will.payload, qos=1, retain=self._will.retain)
        properties = None
        if self._version == Version.MQTTv5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.MaximumPacketSize = MAX_PACKET_BYTES
        self._mqtt, self._due = mqtt, monotonic()
        try:
            if self._broker.ca is not None:
                self.unjudged = not self._judges_dates()
                mqtt.tls_set_context(tls(self._broker, dates=not self.unjudged))
            if self._broker.username is not None:
                mqtt.username_pw_set(self._broker.username, password(self._broker))
            mqtt.connect(self._broker.host, self._broker.port, self._broker.keepalive_s, properties=properties)
        except ssl.SSLCertVerificationError as error:
            self._lost(mqtt, f"the broker's certificate is refused: {error.verify_message.rstrip('.')}")
            return
        except (OSError, ValueError) as error:  # ValueError: a host that no resolver takes, a password that is no text
            self._lost(mqtt, f"cannot connect: {error}")
            return
        self._unanswered = True
        self._due = monotonic() + (ANSWER_S if properties else HANDSHAKE_S)

    def _sleep(self, limit_s: float, others: Sequence[int]) -> list[int]:
        poll = select.poll()
        for descriptor in others:
            poll.register(descriptor, select.POLLIN)
        mqtt = self._mqtt
        sock = mqtt.socket() if mqtt is not None else None
        if mqtt is not None and sock is not None:
            poll.register(sock, select.POLLIN | (select.POLLOUT if mqtt.want_write() else 0))
        wait_s = 0.0 if self._news or _buffered(mqtt) else max(0.0, min(limit_s, self._due - monotonic()))
        found = {descriptor for descriptor, _ in poll.poll(wait_s * 1_000)}
        if mqtt is not None:
            self._serve(mqtt, readable=_buffered(mqtt) or (sock is not None and sock.fileno() in found))
        return [descriptor for descriptor in others if descriptor in found]

    def _serve(self, mqtt: paho.Client, readable: bool) -> None:
        for _ in range(MAX_READS if readable else 0):
            mqtt.loop_read()
            if not _buffered(mqtt):
                break
        sock: Any = mqtt.socket()
        if readable and sock is not None:  # a broker without TCP_NODELAY waits 40 ms for our ACK
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        if mqtt.want_write():
            mqtt.loop_write()
        now = monotonic()
        if now >= self._due and (not self.up or (self._inflight and now - self._asked >= ACKNOWLEDGE_S)):
            self._hear(self._lost, mqtt, "the broker does not answer")
        elif now >= self._due:
            mqtt.loop_misc()
            self._due = now + self._quarter_s()
            if self._inflight:
                self._due = min(self._due, self._asked + ACKNOWLEDGE_S)
        if mqtt.socket() is None:  # paho has said why, if it knows
            self._hear(self._lost, mqtt, "connection lost")

    def _hear(self, verb: Callable[..., None], mqtt: paho.Client, *said: Any) -> None:
        self._news.append((mqtt, verb, said))

    def _connected(self, mqtt: paho.Client, reason: Any, properties: Any) -> None:
        self._unanswered = reason.value == UNSUPPORTED_VERSION
        if reason.is_failure:
            self._lost(mqtt, f"refused: {reason}")
            return
        self._due = monotonic() + HANDSHAKE_S
        self._window = min(MAX_INFLIGHT, getattr(properties, "ReceiveMaximum", MAX_INFLIGHT))
        self._inflight = 0
        if self._subscriptions:
            mqtt.subscribe([(topic, 1) for topic in self._subscriptions])
        else:
            self._subscribed(mqtt, [])

    def _subscribed(self, mqtt: paho.Client, reasons: list[Any]) -> None:
        if any(reason.value >= REFUSED for reason in reasons):
            self._lost(mqtt, f"subscription refused: {', '.join(map(str, reasons))}")
            return
        self.up, self._since = True, monotonic()
        self._due = self._since + self._quarter_s()
        language = f"MQTT {'5' if self._version == Version.MQTTv5 else '3.1.1'}"
        unjudged = "; the clock is not set, so the dates of certificates are not looked at"
        self._say(True, language + unjudged if self.unjudged else language)

    def _acknowledged(self, _mqtt: paho.Client, mid: int, code: int) -> None:
        self._inflight -= 1
        self._asked = monotonic()
        self._on_puback(mid, code)

    def _message(self, mqtt: paho.Client, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            self._lost(mqtt, "the broker sent a topic that is not UTF-8")
            return
        self._on_message(topic, bytes(message.payload), message.retain)
        mqtt.ack(message.mid, message.qos)

    def _ended(self, mqtt: paho.Client, reason: Any) -> None:
        """``reason`` is what the broker said; None: it just closed."""
        if reason is not None and reason.value == TAKEN_OVER:
            self._since = monotonic()  # however long it lasted, it counts as one that did not
            self._retry.fights()
            self._lost(mqtt, "another client connected with this hub's id")
        elif reason is not None:
            self._lost(mqtt, f"broker: {reason}")
        else:
            self._lost(mqtt, UNSTEADY if self._retry.unsteady(self._lasted_s()) else "connection lost")

    def _lasted_s(self) -> float | None:
        return monotonic() - self._since if self.up else None

    def _lost(self, _mqtt: paho.Client, reason: str) -> None:
        fall_back = self._unanswered and self._version == Version.MQTTv5
        self._version = Version.MQTTv311 if fall_back else Version.MQTTv5
        lasted_s = self._lasted_s()
        self._unanswered = False
        self._leave()
        if fall_back:  # another language, not another try
            return
        self._due = self._retry.again_s(monotonic(), lasted_s, random.uniform)
        self._say(False, reason)

    def _say(self, up: bool, reason: str) -> None:
        if (up, reason) != self._told:
            self._told = (up, reason)
            self._on_link(up, reason)

    def _quarter_s(self) -> float:
        """A quarter of the keepalive, our longest sleep; an MQTT 5 broker may have set its own, or none."""
        agreed = self._mqtt.keepalive if self._mqtt is not None else 0
        return (agreed or self._broker.keepalive_s) / 4


def _buffered(mqtt: paho.Client | None) -> bool:
    """TLS may hold decrypted bytes that poll cannot see."""
    sock = mqtt.socket() if mqtt is not None else None
    return isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
