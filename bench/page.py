"""``make bench-page``: the family's page of a home with a year behind it, and an alert in a flood of requests for it.

``python -m bench.page [--out FILE]``. The year (2,000,000 readings) is lived through once and kept under build/.
Nothing here asserts a time: a figure is read by a person.
"""

import argparse
import http.client
import json
import os
import random
import re
import select
import socket
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlencode

from agent.home import parse
from agent.simulate.year import READINGS, year_home_text
from bench.__main__ import EVENTS, latency, resident_mib
from bench.day import lived
from bench.hub import Hub, _start, free_port, running_hub
from bench.year import SEED

YEAR = Path("build/year-home")
PASSWORD = "seven-green-lanterns"
RATE, LEAST_S = 1_000, 10
ANSWER_S = 1.0
DAYS = 200
SAID = EVENTS + 1  # with those to warm up an even number: the next begins with a change again
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def page_text(port: int) -> str:
    return f'[page]\naddress = "127.0.0.1"\nport = {port}\n'


def year_home(port: int) -> Path:
    """hub.toml of a home with a year in its journal."""
    text = year_home_text(SEED, 10)
    journal = YEAR / "state" / "journal.db"
    if not journal.exists():
        journal.parent.mkdir(parents=True, exist_ok=True)
        half = journal.with_suffix(".half")
        half.unlink(missing_ok=True)
        lived(half, parse(text), READINGS)
        half.rename(journal)
    for old in journal.parent.glob("page.db*"):
        old.unlink()
    (YEAR / "home.toml").write_text(text)
    (YEAR / "hub.toml").write_text(
        '[hub]\nid = "year"\nstate = "state"\nhome = "home.toml"\n[local]\nhost = "127.0.0.1"\n'
        f'[[upstream]]\nhost = "127.0.0.1"\n{page_text(port)}[simulation]\nspeed = 1\n'
    )
    return YEAR / "hub.toml"


class Visitor:
    """Somebody who was invited to the page of ``config``, and is in."""

    def __init__(self, config: Path, port: int, address: str = "127.0.0.2") -> None:
        self._from = (address, 0)  # not where the flood comes from
        self.host, self.port, self.cookie = f"127.0.0.1:{port}", port, ""
        words = ["family", "invite", "--config", str(config), "--name", "anna"]
        link = subprocess.run([sys.executable, "-m", "agent", *words], capture_output=True, text=True, check=True)
        code = link.stdout.strip().rsplit("/", 1)[1]
        self.ask("POST", "/welcome", {"code": code, "password": PASSWORD, "again": PASSWORD})

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[float, int]:
        """Seconds to the first byte, and bytes in all."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60, source_address=self._from)
        body = None if fields is None else urlencode(fields)
        begun = time.monotonic()
        line.request(method, path, body, {"Host": self.host, "Cookie": self.cookie} | (FORM if body else {}))
        answer = line.getresponse()
        first = time.monotonic() - begun
        size = len(answer.read())
        if given := answer.headers.get("Set-Cookie"):
            self.cookie = given.split(";")[0]
        line.close()
        if answer.status not in (200, 303):
            raise SystemExit(f"bench: {path} was answered with {answer.status}")
        return first, size


def spread(taken: list[float]) -> dict[str, object]:
    taken.sort()
    return {
        "p50_ms": round(taken[len(taken) // 2] * 1_000),
        "p99_ms": round(taken[max(0, len(taken) * 99 // 100 - 1)] * 1_000),
        "most_ms": round(taken[-1] * 1_000),
    }


def first_bytes() -> dict[str, object]:
    """Every kind of page of a home with a year, in no order; one visitor, one request at a time."""
    port = free_port()
    config = year_home(port)
    with ExitStack() as stack:
        process = subprocess.Popen(
            [sys.executable, "-m", "agent", "page", "--config", str(config)], stderr=subprocess.PIPE, text=True
        )
        stack.callback(process.wait)
        stack.callback(process.kill)
        assert process.stderr is not None
        begun = time.monotonic()
        _until(process, "http://")
        started = resident_mib(process.pid)
        visitor = Visitor(config, port)
        cold = visitor.ask("GET", "/")[0]
        _until(process, "days are counted")
        ahead_s = time.monotonic() - begun
        rng = random.Random(SEED)
        days = [
            f"2025-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 28) if (month, day) < (12, 26)
        ]
        paths = [f"/day/{day}" for day in rng.sample(days, DAYS)] + ["/"] * 50
        paths += [f"/week/{day}" for day in rng.sample(days, 50)] + [f"/month/2025-{m:02}" for m in range(1, 13)] * 2
        paths += ["/sent", "/looks", "/consent", "/login"] * 10
        rng.shuffle(paths)
        found = [visitor.ask("GET", path) for path in paths]
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak = re.search(r"VmHWM:\s+(\d+)", status)
        return {
            "pages": len(found),
            **spread([first for first, _ in found]),
            "bytes_most": max(size for _, size in found),
            "first_page_after_a_start_ms": round(cold * 1_000),
            "year_counted_within_s": round(ahead_s, 1),
            "resident_mib_at_start": round(started, 1),
            "resident_mib": round(resident_mib(process.pid), 1),
            "peak_mib_with_a_password": round(int(peak[1]) / 1024, 1) if peak else None,
        }


def _until(process: "subprocess.Popen[str]", words: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return
    raise SystemExit("bench: the page has ended")


class Flood:
    """Asks RATE times a second whatever is answered; who has waited for ANSWER_S goes away."""

    def __init__(self, requests: list[bytes], port: int) -> None:
        self._requests, self._port = requests, port
        self._poll = select.poll()
        self._open: dict[int, tuple[float, socket.socket, bytes]] = {}
        self.sent = self.answered = 0

    def run(self) -> None:
        """Until standard input ends."""
        begun = time.monotonic()
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
    """A process of its own: pages, forms to log in, wrong passwords."""
    os.nice(19)  # it would be another machine
    head = f"Host: 127.0.0.1:{port}\r\nConnection: close\r\n"
    wrong = "name=anna&password=wrong-wrong-wrong"
    asks = [f"GET {path} HTTP/1.1\r\n{head}Cookie: {cookie}\r\n\r\n".encode() for path in ("/", "/sent", "/week")]
    asks += [f"GET /login HTTP/1.1\r\n{head}\r\n".encode()] * 6
    typed = f"Content-Type: {FORM['Content-Type']}\r\nContent-Length: {len(wrong)}\r\n"
    asks += [f"POST /login HTTP/1.1\r\n{head}{typed}\r\n{wrong}".encode()]
    asking, begun = Flood(asks, port), time.monotonic()
    asking.run()
    seconds = time.monotonic() - begun
    each = {"asked_a_second": asking.sent / seconds, "answered_a_second": asking.answered / seconds}
    print(json.dumps({name: round(value) for name, value in each.items()}))


def on_the_way(hub: Hub) -> dict[str, object]:
    """Some series of alerts, for LEAST_S."""
    begun, series = time.monotonic(), []
    while time.monotonic() - begun < LEAST_S:
        series.append(latency(hub, SAID))
    found: dict[str, object] = {"series": len(series)}
    for name in ("alert_p50_ms", "alert_p99_ms", "signed_receipt_p99_ms"):
        values = [float(str(one[name])) for one in series]
        found |= {name: statistics.median(values), f"{name}_most": max(values)}
    return found


def under_flood() -> dict[str, object]:
    """An alert's way to the centre's broker: without a page, with one that nobody asks, and in a flood of requests."""
    port = free_port()
    with running_hub(page_text(port)) as hub, ExitStack() as stack:
        config = hub.folder / "hub.toml"
        found: dict[str, object] = {"without a page": on_the_way(hub)}
        _start(stack, [sys.executable, "-m", "agent", "page", "--config", str(config)])
        _listening_at(port)
        visitor = Visitor(config, port)
        found["a page, and nobody asks"] = on_the_way(hub)
        words = [sys.executable, "-m", "bench.page", "--flood", str(port), visitor.cookie]
        asking = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        stack.callback(asking.kill)
        found[f"{RATE} requests a second"] = on_the_way(hub)
        found["who lives there meanwhile"] = spread([visitor.ask("GET", "/")[0] for _ in range(10)])
        found["flood"] = json.loads(asking.communicate()[0])
        found["a page, and nobody asks any more"] = on_the_way(hub)
    return found


def _listening_at(port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.05)
    raise SystemExit("bench: the page did not start")


def main() -> None:
    asked = argparse.ArgumentParser(prog="bench.page", description=__doc__)
    asked.add_argument("--out", type=Path, default=Path("build/bench-page.json"))
    asked.add_argument("--flood", nargs=2, metavar=("PORT", "COOKIE"), help=argparse.SUPPRESS)
    chosen = asked.parse_args()
    if chosen.flood:
        flood(int(chosen.flood[0]), chosen.flood[1])
        return
    found: dict[str, object] = {}
    parts = {"a page, to its first byte": first_bytes, "an alert meanwhile": under_flood}
    for what, run in parts.items():
        figures = run()
        found[what] = figures
        print(f"{what}\n" + "".join(f"  {key}: {value}\n" for key, value in figures.items()), flush=True)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps(found, indent=2) + "\n")
    print(f"written to {chosen.out}")


if __name__ == "__main__":
    main()
