"""How a page of ours is served: bounds on what a browser may send and on how long it may take, with TLS or without."""

import logging
import os
import select
import socket
import ssl
import threading
from collections.abc import Callable, Sized
from contextlib import suppress
from functools import partial
from time import monotonic, sleep
from typing import Any, Final, NamedTuple

import waitress
import waitress.channel

from agent.nouns import Refused
from agent.turns import Measure, Turns

MAX_BODY_BYTES: Final = 8_192  # of a form; a longer one is refused
MAX_HEAD_BYTES: Final = 16_384  # of a request's head; a longer one is refused
RECORD_BYTES: Final = 16_384  # of TLS; read whole, since what of one stays unread wakes nobody
REQUEST_S: Final = 10  # for a browser to have sent its request whole; then the connection ends
FLOOD_S: Final = 2.0  # since somebody was refused
GULP_S: Final = 0.02  # in a flood, whoever has come meanwhile is looked at in one turn: each turn costs a little
NO_CROWD: Final = 1_000_000  # requests; it never gives way
ACCEPTED: Final = 256  # connections in one turn of the loop: a flood of them does not keep the next one in the queue
OUTSIDE: Final = ("192.0.2.1", 9)  # RFC 5737: nobody's; only the way there is asked for
logging.getLogger("waitress").setLevel(logging.ERROR)  # what it warns of, whoever floods it could fill a disk with


class Connections(NamedTuple):
    """Of one address, beyond ``of_one`` at once, a connection is closed before anything of it is read; so it is beyond
    ``asks`` connections and requests together, and ``a_second`` more after that. Beyond ``most`` in all, the one that
    has been silent for longest ends. ``crowd``: see Way."""

    most: int = 200
    of_one: int = 200
    asks: int = 1_000
    a_second: float = 1_000.0
    crowd: int = NO_CROWD


FREELY: Final = Connections()


class Prompt(waitress.channel.HTTPChannel):  # type: ignore[misc]  # waitress ships no types
    """A connection whose time runs from a request's first byte, not from its latest: dripping does not keep it."""

    last_activity: float

    def handle_read(self) -> None:
        begun: float | None = self.last_activity if self.request is not None else None
        super().handle_read()
        if begun is not None and self.request is not None:
            self.last_activity = begun

    def service(self) -> None:
        """A request has its turn; nothing is made for a browser that has gone meanwhile."""
        if not self.server.measure.asked(self.addr[0], monotonic()):
            self.server.way.refused()
            self.connected = False
        elif _gone(self.socket):
            self.connected = False
        super().service()
        if not self.connected:  # the loop closes it
            self.server.pull_trigger()


class NotYet(Exception):
    """Of a TLS record or handshake only a part has come."""


class Sealed(Prompt):
    """The same inside TLS. waitress has none; its loop needs no more than to be told when there is nothing yet."""

    def handle_read(self) -> None:
        with suppress(NotYet):
            super().handle_read()

    def recv(self, size: int) -> bytes:
        try:
            return bytes(super().recv(size))
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise NotYet from None

    def send(self, data: bytes, do_close: bool = True) -> int:
        try:
            return int(super().send(data, do_close))
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0


def own_address() -> str:
    """Of this machine in the network that it is in, as others there reach it; 127.0.0.1 where it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(OUTSIDE)  # a datagram socket that is connected sends nothing by that
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def tls_of(certificate: str, key: str) -> ssl.SSLContext:
    """OSError if the two files are not there, or are no pair."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


def server(
    app: Any,
    host: str,
    port: int,
    threads: int,
    tls: ssl.SSLContext | None = None,
    connections: Connections = FREELY,
    body_bytes: int = MAX_BODY_BYTES,
) -> Any:
    """Listens on return, and serves while its ``run`` is running. OSError if it cannot listen there."""
    made: Any = waitress.create_server(
        app,
        host=host,
        port=port,
        threads=threads,
        ident=None,
        connection_limit=2 * connections.most,  # waitress would wait for one to end
        max_request_body_size=body_bytes,
        max_request_header_size=MAX_HEAD_BYTES,
        recv_bytes=RECORD_BYTES,
        channel_timeout=REQUEST_S,
        cleanup_interval=1,
        log_socket_errors=False,
        url_scheme="http" if tls is None else "https",
    )
    if not hasattr(made, "effective_port"):
        made.close()
        raise Refused(f"{host}: that name has several addresses; say which one")
    made.measure = Measure(connections.asks, connections.a_second)
    made.task_dispatcher.queue = Turns[Any](lambda channel: channel.addr[0])
    made.way = Way(made.task_dispatcher.queue, connections.crowd)
    made.readable = partial(_turn, made.way, made.readable)
    made.handle_accept = partial(_accept, made, tls, connections)
    return made


def _turn(way: "Way", readable: Callable[[], bool]) -> bool:
    """Once in each turn of the loop."""
    way.look()
    return readable()


class Round(NamedTuple):
    """Stands in the queue of requests as one of them, and is answered by whichever thread is free."""

    service: Callable[[], None]
    addr: tuple[str] = ("this very server",)  # whose turn it is: it has its own, however many ask

    def cancel(self) -> None:
        """The server ends."""


def coming_round(made: Any, told: Callable[[], None], every_s: float) -> None:
    """``told`` is called from then on, about every so many seconds, by a thread that answers, at the loop's bidding: so
    only while both are at work. ``made`` is what ``server`` returned."""
    tidy, due = made.maintenance, 0.0

    def turn(now: float) -> None:
        nonlocal due
        tidy(now)
        if now >= due or now < due - every_s:  # the wall clock was set back
            due = now + every_s
            made.add_task(Round(told))

    made.maintenance = turn


def _accept(server: Any, tls: ssl.SSLContext | None, bounds: Connections) -> None:
    """All that wait to be connected, as far as that is a turn's work."""
    for _ in range(ACCEPTED):
        try:
            sock, address = server.socket.accept()
        except OSError:  # nobody waits, or whoever did has gone again
            return
        channels = list(server.active_channels.values())
        same = sum(channel.addr[0] == address[0] for channel in channels)
        if same >= bounds.of_one or not server.measure.asked(address[0], monotonic()):
            server.way.refused()
            sock.close()
            continue
        if len(channels) >= bounds.most:
            silent = [channel for channel in channels if not channel.requests]
            if not silent:
                server.way.refused()
                sock.close()
                continue
            min(silent, key=lambda channel: channel.last_activity).handle_close()
        _connect(server, tls, sock, address)


def _connect(server: Any, tls: ssl.SSLContext | None, sock: socket.socket, address: Any) -> None:
    try:
        server.set_socket_options(sock)
        inside = sock if tls is None else tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
    except OSError:  # it has gone again
        sock.close()
        return
    (Prompt if tls is None else Sealed)(server, inside, address, server.adj, server._map)


class Way:
    """Of this whole process: while more than ``crowd`` requests wait, or somebody was just refused for asking too
    often, it runs only when nobody else wants to; and those who come in such a flood are looked at in gulps. Where it
    may not come back from giving way, it does not go there: that takes RLIMIT_NICE (the unit's LimitNICE), or
    CAP_SYS_NICE. One without a crowd does neither."""

    def __init__(self, queue: Sized, crowd: int) -> None:
        self._queue, self._crowd, self._flood_until = queue, crowd, 0.0
        self._policy = os.sched_getscheduler(0)
        self._may = crowd < NO_CROWD and self._comes_back()
        self._giving = False

    def _comes_back(self) -> bool:
        """A thread tries it, and ends."""
        back = threading.Event()

        def there_and_back() -> None:
            with suppress(OSError):
                os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
                os.sched_setscheduler(0, self._policy, os.sched_param(0))
                back.set()

        trying = threading.Thread(target=there_and_back)
        trying.start()
        trying.join()
        return back.is_set()

    def refused(self) -> None:
        self._flood_until = monotonic() + FLOOD_S

    def look(self) -> None:
        """By one thread alone, often."""
        flood = monotonic() < self._flood_until
        if flood and self._crowd < NO_CROWD:
            sleep(GULP_S)
        way = self._may and (len(self._queue) > self._crowd or flood)
        if way != self._giving:
            self._giving = way
            for thread in os.listdir("/proc/self/task"):
                with suppress(ProcessLookupError):  # it has ended
                    os.sched_setscheduler(int(thread), os.SCHED_IDLE if way else self._policy, os.sched_param(0))


def _gone(line: socket.socket) -> bool:
    """Whether whoever is at its other end has hung up."""
    try:
        looked = select.poll()
        looked.register(line, select.POLLRDHUP)
        return bool(looked.poll(0))
    except (OSError, ValueError):  # it was closed
        return True
