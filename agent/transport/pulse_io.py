"""``watch``'s signs of life, as ``uplink`` hears them: whether the part that knows the home is still at work."""

import os
import threading
from time import monotonic

from agent.transport.door_io import Door


def pulse_door(outbox_dir: str) -> str:
    """Here ``watch`` knocks whenever all its stages have come round."""
    return os.path.join(outbox_dir, "pulse.sock")


class Pulse:
    """Shared by the lines of one uplink. Nobody is woken by a sign of life: it waits at the door until a line looks,
    and counts from then; so watch is missed at most one such look late."""

    def __init__(self, outbox_dir: str, stall_s: float) -> None:
        self._door = Door(pulse_door(outbox_dir))
        self._stall_s = stall_s
        self._lock = threading.Lock()
        self._heard = monotonic()  # watch has its time to start in

    def lives(self) -> bool:
        """Whether a sign was given within the last ``stall_s``."""
        with self._lock:
            if self._door.clear():
                self._heard = monotonic()
            return monotonic() - self._heard <= self._stall_s
