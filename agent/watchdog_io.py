"""A watchdog that is fed by progress: whoever waits for our sign of life hears it only when every stage has come round.

No thread of its own gives the sign, for that one would live on while the others hang: the stage that comes round last
does. Who waits for it is systemd (``Type=notify`` and ``WatchdogSec``, by a datagram to ``$NOTIFY_SOCKET``), and for
``watch`` the uplink, which lets the centre hear the Will when no sign comes.
"""

import os
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from time import monotonic_ns
from typing import Final

from agent.progress import Progress

ROUNDS: Final = 3  # a stage comes round so often within its budget: one that is late once is not taken for hung


def round_s(stall_s: int) -> float:
    """How long a stage may sleep at most before it comes round, where it is stalled after ``stall_s``."""
    return stall_s / ROUNDS


class Watchdog:
    """One process's stages, each with ``stall_s`` to come round. ``sign`` is called when all have."""

    def __init__(self, process: str, stages: Iterable[str], stall_s: int, sign: Callable[[], object]) -> None:
        self._process, self._sign = process, sign
        self._progress = Progress(dict.fromkeys(stages, stall_s * 1_000), _now_ms())
        self._lock = threading.Lock()
        self._ready = False
        self._told: tuple[str, ...] = ()

    def advanced(self, stage: str) -> None:
        """Called by each stage, in its own thread, whenever it comes round."""
        with self._lock:
            fed = self._progress.advanced(stage, _now_ms())
            self._tell(self._progress.stalled(_now_ms()))
            if not fed:
                return
            self._sign()
            notify("WATCHDOG=1" if self._ready else "READY=1\nWATCHDOG=1")
            self._ready = True

    def _tell(self, stalled: tuple[str, ...]) -> None:
        if stalled != self._told:
            self._told = stalled
            words = f"does not come round: {', '.join(stalled)}" if stalled else "all stages come round again"
            print(f"{self._process}: {words}", file=sys.stderr, flush=True)


def end_with_any_thread(process: str) -> None:
    """A thread that fails must not leave a process that looks alive: from now on it ends, and is started again."""

    def crash(fault: threading.ExceptHookArgs) -> None:
        name = fault.thread.name if fault.thread else "a thread"
        print(f"{process}: {name} failed: {fault.exc_type.__name__}: {fault.exc_value}", file=sys.stderr, flush=True)
        os._exit(1)

    threading.excepthook = crash


def notify(state: str) -> None:
    """Tell systemd, if it started us and wants to know. One that is not there hears nothing, and needs nothing."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as line:
        try:
            line.sendto(state.encode("ascii"), "\0" + address[1:] if address.startswith("@") else address)
        except OSError as fault:  # our sign of life is not worth our life
            print(f"systemd cannot be told {state.split()[0]}: {fault}", file=sys.stderr, flush=True)


def _now_ms() -> int:
    return monotonic_ns() // 1_000_000
