"""Devices are let in by a thread of its own while the page is looked at; what it hears is kept by the session at once.

The session is one installer's, and is changed by one thread at a time: whoever holds the lock.
"""

import threading
from collections import deque
from time import monotonic
from typing import Final

from agent.nouns import Refused
from agent.setup_io import Session
from agent.setup_pairs_io import Pairs

TURN_S: Final = 0.05  # of listening with the lock held
REST_S: Final = 0.15  # for those who want to change something meanwhile
UNLOOKED_S: Final = 60.0  # nobody has looked for so long: then nobody may join either
MOST_S: Final = 900.0  # devices may join for so long, looked at or not; then it is to be pressed again
MOST_ORDERS: Final = 8  # that wait; more are not taken
MOST_WORDS: Final = 6  # of what happened last


class Joining:
    """``state``: shut; reaching; open (devices may join); listening (all have joined: nobody else may).
    ``fault``: why it ended, in words."""

    def __init__(self, session: Session, lock: threading.Lock) -> None:
        self.state, self.fault, self.left_s = "shut", "", 0
        self.words: deque[str] = deque(maxlen=MOST_WORDS)
        self.wanted: str | None = None
        self._session, self._lock = session, lock
        self._orders: deque[tuple[str, str]] = deque(maxlen=MOST_ORDERS)
        self._looked_s = monotonic()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def looked(self) -> None:
        self._looked_s = monotonic()

    def begin(self, wanted: str | None = None) -> None:
        """``wanted``: the sensor that the next device is for; None: the first that it fits."""
        self.wanted = wanted
        self.looked()
        if self._thread is not None and self._thread.is_alive() and self.state != "listening":
            return
        self.end()
        self._end.clear()
        self.state, self.fault = "reaching", ""
        self._thread = threading.Thread(target=self._run, name="joining", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """On return nobody may join any more."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def order(self, what: str, whom: str) -> bool:
        """Of a device, by its address: ``again``, it is asked what it is; ``remove``. Of a sensor, by its id:
        ``replace``. False: nobody is there to do it."""
        if self.state == "shut":
            return False
        self._orders.append((what, whom))
        return True

    def _run(self) -> None:
        try:
            self._let_in()
        except Refused as fault:
            self.fault = str(fault)
        finally:
            self.state, self.left_s, self.wanted = "shut", 0, None
            self._orders.clear()

    def _let_in(self) -> None:
        end_s = monotonic() + MOST_S
        with self._lock:
            pairs = self._session.pairing()
            pairs.__enter__()
        try:
            self._open(pairs)
            while not self._end.wait(REST_S) and monotonic() < end_s and monotonic() - self._looked_s < UNLOOKED_S:
                with self._lock:
                    self._turn(pairs)
        finally:
            with self._lock:
                pairs.__exit__(None, None, None)

    def _open(self, pairs: Pairs) -> None:
        with self._lock:
            pairs.permit(True)
        self.state = "open"

    def _turn(self, pairs: Pairs) -> None:
        pairs.wanted = self.wanted
        while self._orders:
            what, whom = self._orders.popleft()
            do = {"again": pairs.again, "remove": pairs.remove, "replace": pairs.replace}[what]
            if fault := do(whom):
                self.words.append(f"{whom}: {fault}")
        for event in pairs.turn(TURN_S):
            if event.what not in ("link", "opened", "closed"):
                self.words.append(event.words)
            if event.what == "ready":
                self.wanted = None
        self.left_s = pairs.left_s
        if pairs.done and self.state == "open":
            pairs.permit(False)
            self.state = "listening"
