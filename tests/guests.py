"""Somebody at a page of ours: real requests, byte by byte where it matters."""

import http.client
import socket
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Final
from urllib.parse import urlencode

from agent.serving_io import REQUEST_S

OTHERS_S: Final = 0.25  # from one to the next of those that go on meanwhile
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


class Answer:
    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.status, self.headers = answer.status, answer.headers
        self.text = answer.read().decode()


class Visitor:
    """Somebody with a cookie jar of one. ``dial`` makes a line to the page."""

    def __init__(self, host: str, dial: Callable[[], http.client.HTTPConnection]) -> None:
        self.host, self.cookie = host, ""
        self._dial = dial

    def ask(self, method: str, path: str, fields: object = None, **headers: str) -> Answer:
        line = self._dial()
        try:
            body = fields if isinstance(fields, str | None) else urlencode(fields)  # type: ignore[arg-type]
            sent = {"Host": self.host, "Cookie": self.cookie} | (FORM if body is not None else {}) | headers
            line.request(method, path, body, {name.replace("_", "-"): value for name, value in sent.items()})
            answer = Answer(line.getresponse())
        finally:
            line.close()
        if given := answer.headers.get("Set-Cookie"):
            self.cookie = given.split(";")[0]
        return answer


def drip_until_cut_off(lines: Iterable[socket.socket], others: Callable[[], object]) -> None:
    """A request that never ends, on each line, a byte at a time; ``others`` go on meanwhile, as often as people do: who
    asks as fast as a machine can is refused for that."""
    left = set(lines)
    for line in left:
        line.sendall(b"POST /login HTTP/1.1\r\nHost: x\r\n")
    begun = asked = monotonic()
    while left and monotonic() - begun < REQUEST_S * 3:
        left = {line for line in left if dripped(line)}
        if monotonic() - asked >= OTHERS_S:
            asked = monotonic()
            others()
    assert not left, "every one of them was cut off"


def dripped(line: socket.socket) -> bool:
    """One more byte; whether the other end is still there."""
    try:
        line.setblocking(True)
        line.sendall(b"x")
        line.setblocking(False)
        return line.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
