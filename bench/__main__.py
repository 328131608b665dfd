"""``make bench``: speed, memory and wear of the agent on this machine; medians over repeats, and the whole as JSON.

``python -m bench [--quick] [--out FILE]``. Nothing here asserts a time: a figure is read by a person.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

from bench.hub import Ear, Hub, running_hub

IDLE_S = 60
REPEATS = 3
EVENTS = 200
PAIRS = 3
WARM_UP = 5  # the first alerts open files and caches


def child(*words: str) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def year(readings: int, repeats: int) -> dict[str, object]:
    runs = [child("bench.year", str(readings), "10") for _ in range(repeats)]
    return {
        "readings": readings,
        "seconds": statistics.median(run["seconds"] for run in runs),
        "seconds_for_2_million": round(statistics.median(run["us_per_reading"] for run in runs) * 2, 1),
        "us_per_reading": statistics.median(run["us_per_reading"] for run in runs),
        "growth_kib": statistics.median(run["growth_kib"] for run in runs),
        "resident_kib": statistics.median(run["resident_kib"] for run in runs),
        "runs": runs,
    }


def sensors(readings: int) -> dict[str, object]:
    """Cost of an event with 200 sensors against 10; pairs one after the other, since the machine is noisy."""
    ratios = []
    for _ in range(PAIRS):
        few, many = (child("bench.year", str(readings), count) for count in ("10", "200"))
        cost = [run["cpu_seconds"] - run["generator_seconds"] for run in (few, many)]
        ratios.append(cost[1] / cost[0])
    return {"ratio_200_to_10": round(statistics.median(ratios), 2), "ratios": [round(ratio, 2) for ratio in ratios]}


def latency(hub: Hub, events: int) -> dict[str, object]:
    """From a message on the local broker to the alert at a subscriber of the centre's: decode, seal, the journal's FULL
    transaction, the outbox (not synced: the journal holds it), knock, publish. Two hops through the broker
    more than event to PUBACK."""
    alerts, receipts = taken(hub, events)
    return {"events": events} | _spread("alert", alerts) | _spread("signed_receipt", receipts)


def taken(hub: Hub, events: int) -> tuple[list[float], list[float]]:
    """Milliseconds that each alert, and its receipt, took."""
    ear = Ear(hub.port)
    alerts: list[float] = []
    receipts: list[float] = []
    for number in range(events + WARM_UP + (events + WARM_UP) % 2):  # even: the next series begins with a change again
        ear.came.clear()
        ear.signed.clear()
        began = time.monotonic()
        ear.say("Smoke", json.dumps({"smoke": number % 2 == 0, "linkquality": 100 + number % 50}).encode())
        if not (ear.came.wait(5) and ear.signed.wait(5)):
            raise SystemExit("bench: an alert or its receipt did not come within 5 s")
        if number >= WARM_UP:
            alerts.append((ear.arrived[-1] - began) * 1_000)
            receipts.append((ear.receipted[-1] - began) * 1_000)
    ear.close()
    return alerts, receipts


def piled_up(hub: Hub, events: int) -> dict[str, object]:
    """The same, and what an alert costs `watch`, while more and more of them are closed by nobody."""
    found: dict[str, object] = {"events": events}
    for part in ("first", "second", "third", "fourth", "last"):
        before = spent(hub.watch.pid)[0]
        alerts, _ = taken(hub, events // 5)
        cpu_ms = (spent(hub.watch.pid)[0] - before) * 1_000 / len(alerts)
        found[f"{part} fifth"] = _spread("alert", alerts) | {"watch_cpu_ms_each": round(cpu_ms, 2)}
    return found


def _spread(name: str, taken: list[float]) -> dict[str, object]:
    taken.sort()
    p50, p99 = statistics.median(taken), taken[max(0, len(taken) * 99 // 100 - 1)]
    return {f"{name}_p50_ms": round(p50, 2), f"{name}_p99_ms": round(p99, 2)}


def idle(hub: Hub, seconds: int) -> dict[str, object]:
    """What an hour costs in which nothing happens, from a minute of it."""
    before = {pid: spent(pid) for pid in (hub.watch.pid, hub.uplink.pid)}
    threading.Event().wait(seconds)
    found: dict[str, object] = {}
    for name, pid in (("watch", hub.watch.pid), ("uplink", hub.uplink.pid)):
        cpu, wakes = (after - was for after, was in zip(spent(pid), before[pid], strict=True))
        found[name] = {
            "resident_mib": round(resident_mib(pid), 1),
            "private_mib": round(private_mib(pid), 1),
            "cpu_seconds_per_hour": round(cpu * 3_600 / seconds, 2),
            "wakeups_per_hour": round(wakes * 3_600 / seconds),
        }
    return found


def spent(pid: int) -> tuple[float, int]:
    """CPU seconds and voluntary context switches of all threads of a process."""
    cpu, wakes = 0.0, 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        fields = (task / "stat").read_text().rpartition(")")[2].split()
        cpu += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        status = dict(line.split(":", 1) for line in (task / "status").read_text().splitlines())
        wakes += int(status["voluntary_ctxt_switches"])
    return cpu, wakes


def resident_mib(pid: int) -> float:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(status["VmRSS"].split()[0]) / 1024


def private_mib(pid: int) -> float:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {line.split(":")[0]: int(line.split()[1]) for line in rollup}
    return (sizes["Private_Dirty"] + sizes["Private_Clean"]) / 1024


def main() -> None:
    asked = argparse.ArgumentParser(prog="bench", description=__doc__)
    asked.add_argument("--quick", action="store_true", help="a tenth of the year, once; ten seconds of idleness")
    asked.add_argument("--out", type=Path, default=Path("build/bench.json"))
    chosen = asked.parse_args()
    found: dict[str, object] = {"machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.python_version()}"}
    events = 20 if chosen.quick else EVENTS
    with running_hub() as hub:
        show(found, "event to alert at the centre's broker", latency(hub, events))
        show(found, "a durable put to the broker's word, over TLS", child("tests.uplink_latency", str(events)))
        show(found, "idle", idle(hub, 10 if chosen.quick else IDLE_S))
        show(found, "alerts that nobody closes", piled_up(hub, events * 25))
    show(found, "written on a day of 5,500 readings", child("bench.wear"))
    show(found, "the models, one sign of life", child("bench.models"))
    show(found, "sensors", sensors(50_000 if chosen.quick else 200_000))
    show(found, "year", year(200_000 if chosen.quick else 2_000_000, 1 if chosen.quick else REPEATS))
    show(found, "a family's day, from a long journal", child("bench.day", "200000" if chosen.quick else "2000000"))
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps(found, indent=2) + "\n")
    print(f"written to {chosen.out}")


def show(found: dict[str, object], name: str, figures: dict[str, object] | dict[str, float]) -> None:
    found[name] = figures
    print(f"{name}\n" + "".join(f"  {key}: {value}\n" for key, value in figures.items() if key != "runs"), flush=True)


if __name__ == "__main__":
    main()
