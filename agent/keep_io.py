"""Keeps the agent's processes up on a laptop or in a test; on a hub systemd does that, with a user for each."""

import ctypes
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Sequence
from typing import Final

RESTART_S: Final = 1.0  # doubles with each end in a row,
RESTART_MOST_S: Final = 30.0  # up to this
STEADY_S: Final = 60.0  # a process that ran so long starts the waiting anew


def keep(commands: Sequence[Sequence[str]], final: Collection[int]) -> int:
    """Run ``hearthwatch`` once with each list of words, side by side; start again what ends, for ever.

    An exit code in ``final`` is not mended by trying again: it is returned, and the others end with this process.
    """
    ended: queue.Queue[int] = queue.Queue()
    for words in commands:
        threading.Thread(target=_keep, args=(words, final, ended), daemon=True).start()
    return ended.get()


def _keep(words: Sequence[str], final: Collection[int], ended: "queue.Queue[int]") -> None:
    wait_s = RESTART_S
    while True:
        started = time.monotonic()
        code = subprocess.Popen([sys.executable, "-m", "agent", *words], preexec_fn=die_with_parent).wait()
        if code in final:
            ended.put(code)
            return
        wait_s = RESTART_S if time.monotonic() - started > STEADY_S else min(wait_s * 2, RESTART_MOST_S)
        print(f"{words[0]} ended with {code}; starting it again in {wait_s:.0f} s", file=sys.stderr, flush=True)
        time.sleep(wait_s)


def die_with_parent() -> None:
    """A child must not outlive the command that a person has ended (prctl PR_SET_PDEATHSIG, SIGKILL)."""
    ctypes.CDLL(None).prctl(1, 9)
