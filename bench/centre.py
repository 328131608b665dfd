"""``make bench-centre``: one receiver and a centre's hubs, on this machine, with the bounds of the shipped broker.

``python -m bench.centre [--hubs N] [--out FILE]``. Without TLS, since everything is on loopback: what a handshake costs
a broker is not in these figures. Nothing here asserts a time: a figure is read by a person.
"""

import argparse
import contextlib
import json
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

from agent.mqtt_io import Broker
from bench.crowd import Member, until
from bench.hub import _appears, _centre, _listening, _start, free_port

HUBS: Final = 2_000
SAID: Final = 12  # messages of each hub, sealed beforehand
TRICKLE_S: Final = 20
A_SECOND: Final = 50
NEEDING: Final = 20  # of so many hubs one has an alert outstanding when the broker comes back
LIMIT_S: Final = 300.0
SHIPPED: Final = Path(__file__).parent.parent / "deploy" / "mosquitto-centre.conf"


class Bench:
    def __init__(self, folder: Path, port: int, hubs: int) -> None:
        (folder / "hubs").mkdir()
        self.crowd = [
            Member(f"hub-{number}", Broker("127.0.0.1", port), folder / "hubs", SAID) for number in range(hubs)
        ]

    def connect(self) -> dict[str, object]:
        began = time.monotonic()
        for member in self.crowd:
            member.turn()
        until(self.crowd, lambda: all(member.client.up for member in self.crowd), LIMIT_S, everybody=True)
        return {"hubs": len(self.crowd), "seconds": round(time.monotonic() - began, 1)}

    def at_once(self) -> dict[str, object]:
        """Every hub says one thing at the same moment: a power cut in a whole city."""
        for member in self.crowd:
            member.say()
        took = until(self.crowd, self._silent, LIMIT_S)
        return {"alerts_per_second": round(len(self.crowd) / took), "seconds": round(took, 1)} | self._delays()

    def trickle(self) -> dict[str, object]:
        """So many a second, each from another hub."""
        began = time.monotonic()
        for number in range(TRICKLE_S * A_SECOND):
            due = began + number / A_SECOND
            until(self.crowd, lambda due=due: time.monotonic() >= due, LIMIT_S)  # type: ignore[misc]
            self.crowd[number % len(self.crowd)].say()
        until(self.crowd, self._silent, LIMIT_S)
        return {"alerts_per_second": A_SECOND} | self._delays()

    def storm(self, away: "Lost") -> dict[str, object]:
        """The broker is killed and comes back at once; when does each hub?"""
        away.lose()
        until(self.crowd, lambda: not any(member.client.up for member in self.crowd), LIMIT_S, everybody=True)
        needing = self.crowd[::NEEDING]
        for member in needing:
            member.say()
        away.back()
        began = time.monotonic()
        until(self.crowd, lambda: all(member.client.up for member in self.crowd), LIMIT_S, everybody=True)
        until(self.crowd, self._silent, LIMIT_S)
        backs = [member.back_at - began for member in self.crowd if member not in needing and member.back_at]
        in_second = [sum(second <= back < second + 1 for back in backs) for second in range(int(max(backs)) + 1)]
        return {
            "first_s": round(min(backs), 1),
            "p50_s": round(statistics.median(backs), 1),
            "last_s": round(max(backs), 1),
            "spread_s": round(max(backs) - min(backs), 1),
            "most_in_one_second": max(in_second),
            "mean_in_one_second": round(statistics.mean(in_second), 1),
            "with_an_alert_outstanding": self._delays(),
        }

    def _silent(self) -> bool:
        return not any(member.raised for member in self.crowd)

    def _delays(self) -> dict[str, object]:
        taken = sorted(delay for member in self.crowd for delay in member.delays_s)
        sent = sum(member.sent for member in self.crowd)
        for member in self.crowd:
            member.delays_s, member.sent = [], 0
        p50, p99 = (round(taken[min(len(taken) - 1, len(taken) * part // 100)] * 1_000) for part in (50, 99))
        return {"receipts": len(taken), "receipt_p50_ms": p50, "receipt_p99_ms": p99, "sent_again": sent - len(taken)}


class Lost:
    """The centre's broker, with the bounds that it is shipped with."""

    def __init__(self, stack: contextlib.ExitStack, folder: Path, port: int) -> None:
        bounds = [line for line in SHIPPED.read_text().splitlines() if line.startswith(("max_", "set_"))]
        lines = [f"listener {port} 127.0.0.1", "allow_anonymous true", "log_type error", *bounds]
        self._conf = folder / "mosquitto.conf"
        self._conf.write_text("\n".join(lines) + "\n")
        self._stack, self._port = stack, port
        self.back()

    def lose(self) -> None:
        self._process.kill()
        self._process.wait()

    def back(self) -> None:
        self._process = _start(self._stack, ["/usr/sbin/mosquitto", "-c", str(self._conf)])
        _listening(self._port)


def main() -> None:
    asked = argparse.ArgumentParser(prog="bench.centre", description=__doc__)
    asked.add_argument("--hubs", type=int, default=HUBS)
    asked.add_argument("--out", type=Path, default=Path("build/bench-centre.json"))
    chosen = asked.parse_args()
    _soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    found: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder, port = Path(name), free_port()
        bench = Bench(folder, port, chosen.hubs)
        broker = Lost(stack, folder, port)
        _start(stack, _centre(folder, port))
        _appears(folder / "centre.pub")
        for what, run in (
            ("all connect at once", bench.connect),
            ("all say one thing at once", bench.at_once),
            ("a steady trickle", bench.trickle),
            ("the broker was away", lambda: bench.storm(broker)),
        ):
            found[what] = figures = run()
            print(f"{what}\n" + "".join(f"  {key}: {value}\n" for key, value in figures.items()), flush=True)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps(found, indent=2) + "\n")
    print(f"written to {chosen.out}")


if __name__ == "__main__":
    main()
