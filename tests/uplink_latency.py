"""How long from the outbox to the broker's word: ``python -m tests.uplink_latency [COUNT]`` prints JSON.

A critical message is put (durable on return), uplink is knocked up, publishes, and notes the PUBACK; the time is from
before the put until that note can be read. Brokers and uplink are real processes on loopback, over TLS 1.3.
"""

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.brokers import Authority, Mosquitto, until, uplink_process
from tests.hub_maker import HUB, Hub, Tap


def resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4_096 / 1e6


def measure(count: int, folder: Path) -> dict[str, float]:
    """Milliseconds from put to PUBACK, and the resident megabytes of uplink afterwards."""
    (folder / "broker").mkdir()
    hub, times = Hub(folder), []
    with Mosquitto(folder / "broker", Authority(folder / "tls")) as broker:
        ear = Tap(broker.client("centre"))  # somebody must listen
        with uplink_process(HUB, broker.client(HUB), hub.state) as process:
            until(lambda: hub.outbox.returned(0), "the line up")
            for seq in range(1, count + 1):
                started = time.perf_counter()
                hub.say()
                while hub.outbox.messages()[-1].broker_said is None:
                    time.sleep(0.0001)
                times.append((time.perf_counter() - started) * 1_000)
                hub.outbox.receipted(1, seq)
            resident = resident_mb(process.pid)
        ear.client.close()
    hub.close()
    cuts = statistics.quantiles(times, n=100)
    return {"count": count, "p50_ms": cuts[49], "p99_ms": cuts[98], "uplink_resident_mb": resident}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        found = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 200, Path(name))
    print(json.dumps({key: round(value, 2) for key, value in found.items()}))
