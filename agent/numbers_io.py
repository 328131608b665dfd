"""Which numbers this hub has used, so that a centre never hears two alerts under one.

Three things know: the journal, the outbox, and what is kept here. The epoch is written to the disk before anything is
said in it, and every boot begins one: so what was said while nothing could be stored, and was forgotten with the
power, lies in an epoch that is never used again. The last number is written to memory with each alert, so that a
restart, or a state directory put back from a copy while the hub was up, is found out.
"""

import os
from contextlib import suppress
from pathlib import Path
from secrets import randbelow
from typing import Final

from agent.engine import Engine
from agent.files_io import write_whole

# How far a new epoch may lie ahead after a boot, by chance. A copy of an old state that was put back knows not which
# epochs came after it, and meets one of them once in so many boots. The centre would refuse that alert, and say so.
JUMP: Final = 10_000
Number = tuple[int, int]  # epoch, seq; seq 0: nothing said in this epoch yet


class Numbers:
    def __init__(self, state: Path, volatile: Path) -> None:
        self._epoch, self._last = state / "epoch", volatile / "said"

    def settle(self, engine: Engine, known: Number, boot: str, lost: bool = False) -> None:
        """At the start, before anything is said: go on where the last number was, or in a new epoch, and write that
        down. ``known`` is the highest number that journal and outboxes hold; ``lost``: they may lack some."""
        used = max(known, _read(self._epoch), _read(self._last))
        incidents, then = engine.incidents, engine.proof.boot.get("boot")
        rebooted = then is not None and then != boot
        if used != (0, 0) and (rebooted or lost or used != (incidents.epoch, incidents.seq)):
            incidents.renumber(used[0] + 1 + (randbelow(JUMP) if rebooted else 0))
        if _read(self._epoch)[0] == incidents.epoch:
            return
        try:
            write_whole(self._epoch, f"{incidents.epoch} 0\n".encode())
        except OSError:  # nobody will know that this epoch was used: take one that nobody else is likely to take
            incidents.renumber(used[0] + 1 + JUMP + randbelow(JUMP**2))

    def said(self, epoch: int, seq: int) -> None:
        """Before an alert is handed over. In memory alone: it costs no wear, and need not outlive the power."""
        with suppress(OSError):
            fresh = self._last.with_name(f"said.{os.getpid()}")
            fresh.write_text(f"{epoch} {seq}\n")
            fresh.replace(self._last)


def _read(path: Path) -> Number:
    """(0, 0) where there is nothing, or nothing that can be read."""
    try:
        epoch, seq = path.read_bytes()[:64].split()
        return int(epoch), int(seq)
    except (OSError, ValueError):
        return 0, 0
