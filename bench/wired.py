"""``python -m bench.wired``: a pin of the real board moves, and the journal has it; what the line costs the hub.

The ATmega328P is simulated in real time, its UART at 115,200 baud on a pty; the hub is the real ``watch``. The delay
runs from the order to the simulator to the line that ``watch --follow`` prints once the journal has the reading: the
board's debounce (20 ms for a door) is in it.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

from tests.simulated_board import REED, SimulatedBoard, build
from tests.wired_hub import WiredHub

MOVES = 300
WATCHED_S = 60.0
PAUSE_S = 0.05
LOOK_S = 0.000_5
GIVEN_UP_S = 10.0
HERTZ = os.sysconf("SC_CLK_TCK")


def delays(board: SimulatedBoard, hub: WiredHub, moves: int) -> list[float]:
    """From a pin to the journal, in ms."""
    taken = []
    for move in range(moves):
        heard = hub.changes()
        began = time.monotonic()
        board.pin_only(REED, (move + 1) % 2)
        while hub.changes() == heard:
            if time.monotonic() - began > GIVEN_UP_S:
                raise SystemExit("bench: a door was not heard")
            time.sleep(LOOK_S)
        taken.append((time.monotonic() - began) * 1_000)
        board.seen()
        time.sleep(PAUSE_S)
    return sorted(taken)


def used_s(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / HERTZ


def share(pid: int, seconds: float) -> float:
    before, began = used_s(pid), time.monotonic()
    time.sleep(seconds)
    return (used_s(pid) - before) / (time.monotonic() - began)


def main() -> None:
    top = argparse.ArgumentParser(description=__doc__)
    top.add_argument("--moves", type=int, default=MOVES)
    top.add_argument("--seconds", type=float, default=WATCHED_S)
    asked = top.parse_args()
    build()
    with tempfile.TemporaryDirectory() as folder, SimulatedBoard() as board, WiredHub(Path(folder)) as hub:
        idle = share(hub.watch.pid, asked.seconds)
        hub.plug(board.path)
        hub.until_met()
        line = share(hub.watch.pid, asked.seconds)
        taken = delays(board, hub, asked.moves)
        lost = [beat["blocks_lost"] for beat in hub.board("beat")]
    figures = {
        "load": round(os.getloadavg()[0], 1),
        "moves": len(taken),
        "pin_to_journal_p50_ms": round(statistics.median(taken), 1),
        "pin_to_journal_p99_ms": round(taken[max(0, len(taken) * 99 // 100 - 1)], 1),
        "cpu_without_board_percent": round(idle * 100, 2),
        "cpu_with_board_and_bed_at_100_hz_percent": round(line * 100, 2),
        "blocks_lost": lost[-1],
    }
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
