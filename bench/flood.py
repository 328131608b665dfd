"""A crowd at the family's page: a thousand requests a second, whatever is answered.

``python -m bench.flood PORT COOKIE`` until standard input ends: pages, forms to log in, wrong passwords. A process of
its own, which would be another machine: it gives way to all else.
"""

import json
import os
import select
import socket
import sys
import time

RATE = 1_000
ANSWER_S = 1.0
TYPED = "Content-Type: application/x-www-form-urlencoded\r\n"


class Flood:
    """Asks RATE times a second whatever is answered; who has waited for ANSWER_S goes away."""

    def __init__(self, requests: list[bytes], port: int) -> None:
        self._requests, self._port = requests, port
        self._poll = select.poll()
        self._open: dict[int, tuple[float, socket.socket, bytes]] = {}
        self.sent = self.answered = 0

    def run(self) -> None:
        """Until standard input ends; says when it has begun."""
        begun = time.monotonic()
        print(flush=True)
        self._poll.register(sys.stdin.fileno(), select.POLLIN | select.POLLHUP)
        while True:
            while self.sent < (time.monotonic() - begun) * RATE:
                self._ask()
            for handle, event in self._poll.poll(1):
                if handle == sys.stdin.fileno():
                    return
                self._turn(handle, event)
            late = time.monotonic() - ANSWER_S
            while self._open and (oldest := next(iter(self._open))) and self._open[oldest][0] < late:
                self._leave(oldest)

    def _ask(self) -> None:
        line = socket.socket()
        line.setblocking(False)
        line.connect_ex(("127.0.0.1", self._port))
        self.sent += 1
        self._open[line.fileno()] = time.monotonic(), line, self._requests[self.sent % len(self._requests)]
        self._poll.register(line, select.POLLOUT)

    def _turn(self, handle: int, event: int) -> None:
        _, line, request = self._open[handle]
        try:
            if event & select.POLLOUT:
                line.sendall(request)
                self._poll.modify(line, select.POLLIN)
                return
            self.answered += bool(line.recv(16))
        except OSError:
            pass
        self._leave(handle)

    def _leave(self, handle: int) -> None:
        self._poll.unregister(handle)
        self._open.pop(handle)[1].close()


def flood(port: int, cookie: str) -> None:
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    head = f"Host: 127.0.0.1:{port}\r\nConnection: close\r\n"
    wrong = "name=anna&password=wrong-wrong-wrong"
    asks = [f"GET {path} HTTP/1.1\r\n{head}Cookie: {cookie}\r\n\r\n".encode() for path in ("/", "/sent", "/week")]
    asks += [f"GET /login HTTP/1.1\r\n{head}\r\n".encode()] * 6
    typed = f"{TYPED}Content-Length: {len(wrong)}\r\n"
    asks += [f"POST /login HTTP/1.1\r\n{head}{typed}\r\n{wrong}".encode()]
    asking, begun = Flood(asks, port), time.monotonic()
    asking.run()
    seconds = time.monotonic() - begun
    each = {"asked_a_second": asking.sent / seconds, "answered_a_second": asking.answered / seconds}
    print(json.dumps({name: round(value) for name, value in each.items()}))


if __name__ == "__main__":
    flood(int(sys.argv[1]), sys.argv[2])
