"""``make bench-page``: the family's page of a home with a year behind it, and an alert in a flood of requests for it.

``python -m bench.page [--out FILE]``. The year (2,000,000 readings) is lived through once and kept under build/.
Nothing here asserts a time: a figure is read by a person.
"""

import argparse
import http.client
import json
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlencode

from agent.home import parse
from agent.page.serve_io import AT_ONCE
from agent.simulate.year import READINGS, year_home_text
from bench.__main__ import EVENTS, resident_mib, spent, taken
from bench.day import lived
from bench.hub import Hub, _start, free_port, running_hub, settings_of_a_hub
from bench.year import SEED

YEAR = Path("build/year-home")
PASSWORD = "seven-green-lanterns"
ROUNDS = 12
DAYS = 200
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

    def __init__(self, config: Path, port: int) -> None:
        self._asked = 0
        self.host, self.port, self.cookie = f"127.0.0.1:{port}", port, ""
        words = ["family", "invite", "--config", str(config), "--name", "anna"]
        link = subprocess.run([sys.executable, "-m", "agent", *words], capture_output=True, text=True, check=True)
        code = link.stdout.strip().rsplit("/", 1)[1]
        self.ask("POST", "/welcome", {"code": code, "password": PASSWORD, "again": PASSWORD})

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[float, int]:
        """Seconds to the first byte, and bytes in all."""
        self._asked += 1  # from another address now and then: one alone may not ask so often
        source = f"127.0.1.{1 + self._asked // (AT_ONCE.asks // 4)}", 0
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60, source_address=source)
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


def spread(seconds: list[float]) -> dict[str, object]:
    seconds.sort()
    return {
        "p50_ms": round(seconds[len(seconds) // 2] * 1_000),
        "p99_ms": round(p99(seconds) * 1_000),
        "most_ms": round(seconds[-1] * 1_000),
    }


def p99(values: list[float]) -> float:
    return sorted(values)[max(0, len(values) * 99 // 100 - 1)]


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


class Ways:
    """Alerts on their way to the centre's broker, in turn under each of several conditions, so that what the machine
    does meanwhile, and that the journal grows, is shared by all of them."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._series: dict[str, list[list[float]]] = {}

    def under(self, condition: str) -> None:
        self._series.setdefault(condition, []).append(taken(self._hub, EVENTS)[0])

    def found(self, quiet: str) -> dict[str, object]:
        """Of all alerts of a condition; and how many times as long as in the quiet series of the same round: median,
        least, most."""
        told: dict[str, object] = {}
        for condition, series in self._series.items():
            every = [ms for one in series for ms in one]
            told[condition] = {"alert_p50_ms": round(statistics.median(every), 2), "alert_p99_ms": round(p99(every), 2)}
            for name, of in (("p50", statistics.median), ("p99", p99)):
                times = sorted(of(one) / of(other) for one, other in zip(series, self._series[quiet], strict=True))
                told[f"{condition}, {name} against {quiet}"] = [
                    round(times[place], 2) for place in (len(times) // 2, 0, -1)
                ]
        return told


def under_flood() -> dict[str, object]:
    """An alert's way to the centre's broker: while the page is stopped, while nobody asks, and in a flood of
    requests, by turns; and how a page comes to who lives there meanwhile."""
    port = free_port()
    with settings_of_a_hub() as as_there, running_hub(page_text(port)) as hub, ExitStack() as stack:
        config = hub.folder / "hub.toml"
        page = _start(stack, [sys.executable, "-m", "agent", "page", "--config", str(config)])
        _listening_at(port)
        visitor, ways = Visitor(config, port), Ways(hub)
        flood = [sys.executable, "-m", "bench.flood", str(port), visitor.cookie]
        pages, floods, used = [], [], []
        taken(hub, EVENTS)  # the first alerts are slower
        for _ in range(ROUNDS):
            page.send_signal(signal.SIGSTOP)
            ways.under("no page")
            page.send_signal(signal.SIGCONT)
            ways.under("nobody asks")
            asking = subprocess.Popen(flood, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            stack.callback(asking.kill)
            assert asking.stdout is not None
            asking.stdout.readline()
            begun, before = time.monotonic(), spent(page.pid)[0]
            ways.under("a flood")
            used.append((spent(page.pid)[0] - before) * 100 / (time.monotonic() - begun))
            pages += [visitor.ask("GET", path)[0] for path in ("/", "/looks", "/login")]
            floods.append(json.loads(asking.communicate()[0]))
    told: dict[str, object] = {name: round(statistics.median(one[name] for one in floods)) for name in floods[0]}
    told["page_percent_of_a_core"] = round(statistics.median(used), 1)
    told["the kernel set as the package sets it"] = as_there
    return ways.found("no page") | {"the flood": told, "who lives there meanwhile": spread(pages)}


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
    chosen = asked.parse_args()
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
