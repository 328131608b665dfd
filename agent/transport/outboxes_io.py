"""The outbox on the disk, and a volatile one in memory for alerts that the disk does not take.

What the disk refuses goes into the volatile one, which outlives every process but not a power cut. ``uplink`` carries
both. As soon as the disk takes something again, all that is owed is brought over.
"""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import Final, TypeVar

from agent.transport.outbox_io import BUSY_MS, FIRST_LINE, RANK, Fault, Outbox, Returned
from agent.transport.sending import Waiting

DURABLE: Final = "durable"
VOLATILE: Final = "volatile"
RETRY_S: Final = 30.0  # an outbox that failed is opened again after so long, unless there is an alert for it
PUT_BUSY_MS: Final = 2_000  # who has an alert in hand waits no longer for the other process
Answer = TypeVar("Answer")


def outbox_path(state_dir: str) -> str:
    return os.path.join(state_dir, "outbox.db")


def volatile_folder(state_dir: str, parent: str | None = None) -> Path:
    """Where what must outlive a process, but cannot be on the disk, is kept: a folder in a tmpfs, for this state
    directory alone. ``parent`` is hub.toml's; else the first of the usual ones that can be written."""
    parents = [parent] if parent else [os.environ.get("XDG_RUNTIME_DIR", ""), "/run", "/dev/shm"]
    usable = [place for place in parents if place and os.access(place, os.W_OK | os.X_OK)] or parents[-1:]
    return Path(usable[0], f"hearthwatch-{sha256(os.path.realpath(state_dir).encode()).hexdigest()[:16]}")


def make_private(folder: Path) -> None:
    """For us alone; in a folder that hands on its group, for that group too. OSError if it cannot be made, or if
    another user made it: in a shared place names can be taken by anybody."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    shared = folder.parent.stat().st_mode & stat.S_ISGID
    mask = os.umask(0o007 if shared else 0o077)
    try:
        folder.mkdir(exist_ok=True)
    finally:
        os.umask(mask)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder}: belongs to somebody else; set [hub] volatile to a folder of our own")


class Outboxes:
    """One process's hand on both. An outbox that fails is left alone for ``RETRY_S``; Fault where neither can be
    used, but for the methods of ``watch``, which never raise."""

    def __init__(self, state_dir: str, volatile: Path, busy_ms: int = BUSY_MS) -> None:
        self._volatile, self._busy_ms = volatile, busy_ms
        self._paths = {DURABLE: outbox_path(state_dir), VOLATILE: str(volatile / "outbox.db")}
        self._open: dict[str, Outbox] = {}
        self._failed: dict[str, float] = {}
        self._fault = Fault("no outbox")
        self._look()

    def _look(self, at_once: bool = False) -> None:
        """Open what is there: the durable one always, the volatile one if anybody has needed it."""
        for name, path in self._paths.items():
            if name in self._open or (name == VOLATILE and not os.path.exists(path)):
                continue
            if at_once or monotonic() - self._failed.get(name, -RETRY_S) >= RETRY_S:
                try:
                    self._open[name] = Outbox(path, durable=False, busy_ms=self._busy_ms)
                except Fault as fault:
                    self._set_down(name, fault)

    def _set_down(self, name: str, fault: Fault) -> None:
        self._failed[name], self._fault = monotonic(), fault
        box = self._open.pop(name, None)
        if box is not None:
            box.close()

    def _each(self, ask: Callable[[str, Outbox], Answer]) -> Iterator[tuple[str, Answer]]:
        """What each of them answers; Fault if none does."""
        self._look()
        heard = False
        for name, box in list(self._open.items()):
            try:
                answer = ask(name, box)
            except Fault as fault:
                self._set_down(name, fault)
                continue
            heard = True
            yield name, answer
        if not heard:
            raise self._fault

    # watch

    def put(self, epoch: int, seq: int, severity: str, envelope: bytes) -> bool:
        """Take an envelope into custody, on the disk or else in memory. False: neither took it; try again."""
        self._look(at_once=True)
        for name in (DURABLE, VOLATILE):
            try:
                if name == VOLATILE and name not in self._open:
                    make_private(self._volatile)
                    self._open[name] = Outbox(self._paths[name], durable=False, busy_ms=self._busy_ms)
                self._open[name].put(epoch, seq, severity, envelope)
            except (Fault, OSError, KeyError) as fault:
                if isinstance(fault, Fault):
                    self._set_down(name, fault)
                continue
            if name == DURABLE:
                self._bring_over()
            return True
        return False

    def _bring_over(self) -> None:
        """What only the volatile one holds; its receipts and its doubles do no harm."""
        if VOLATILE not in self._open:
            return
        severity = {rank: word for word, rank in reversed(RANK.items())}
        with suppress(Fault, KeyError):
            durable, volatile = self._open[DURABLE], self._open[VOLATILE]
            for rank, epoch, seq in volatile.waiting():
                durable.put(epoch, seq, severity[rank], volatile.envelope(epoch, seq))
                durable.sync()
                volatile.receipted(epoch, seq)

    def envelopes(self) -> list[tuple[int, int, bytes]]:
        """(epoch, seq, envelope) of all that either holds."""
        with suppress(Fault):
            return sorted({row for _, rows in self._each(lambda _, box: box.envelopes()) for row in rows})
        return []

    def sync(self) -> None:
        """What the disk's outbox took is there after a power cut, if the disk does its work."""
        with suppress(Fault, OSError, KeyError):
            self._open[DURABLE].sync()

    def newest(self) -> tuple[int, int, bytes] | None:
        """What was put last, into either."""
        with suppress(Fault):
            return max((newest for _, newest in self._each(lambda _, box: box.newest()) if newest), default=None)
        return None

    def numbers_durable(self) -> tuple[tuple[int, int], set[tuple[int, int]]]:
        """See ``Outbox.numbers``; of none where it cannot be read."""
        with suppress(Fault, KeyError):
            return self._open[DURABLE].numbers()
        return (0, 0), set()

    def receipted(self, epoch: int, seq: int, line: int = FIRST_LINE) -> None:
        """Where it cannot be written down, the alert is sent again and answered again."""
        with suppress(Fault):
            list(self._each(lambda _, box: box.receipted(epoch, seq, line)))

    def escalate(self, epoch: int, seq: int, line: int) -> None:
        with suppress(Fault):
            list(self._each(lambda _, box: box.escalate(epoch, seq, line)))

    def returned(self, after: dict[str, int]) -> list[tuple[str, Returned]]:
        """What came back later than the row that ``after`` names for each, and in which."""
        with suppress(Fault):
            found = self._each(lambda name, box: box.returned(after.get(name, 0)))
            return [(name, row) for name, rows in found for row in rows]
        return []

    def forget_returned(self, name: str, upto: int) -> None:
        with suppress(Fault, KeyError):
            self._open[name].forget_returned(upto)

    def forget_refused(self, name: str, ids: Sequence[int]) -> None:
        with suppress(Fault, KeyError):
            self._open[name].forget_refused(ids)

    # uplink

    def waiting(self, limit: int = -1, line: int = FIRST_LINE) -> list[Waiting]:
        """What has no receipt on this line, most urgent first."""
        found = {message for _, some in self._each(lambda _, box: box.waiting(limit, line)) for message in some}
        return sorted(found)[: limit if limit >= 0 else None]

    def envelope(self, epoch: int, seq: int) -> bytes:
        """The sealed bytes; KeyError if neither has them, Fault if one that may have them cannot be asked."""
        for name, box in list(self._open.items()):
            try:
                return box.envelope(epoch, seq)
            except KeyError:
                continue
            except Fault as fault:
                self._set_down(name, fault)
        if self._failed.keys() - self._open.keys():
            raise self._fault
        raise KeyError((epoch, seq))

    def broker_said(self, epoch: int, seq: int, code: int) -> None:
        """A hint: where it cannot be written down, nothing is lost."""
        for box in list(self._open.values()):
            with suppress(Fault):
                box.broker_said(epoch, seq, code)

    def give_back(self, what: str, payload: bytes, line: int = FIRST_LINE) -> bool:
        """Into the first that takes it. False: refused."""
        self._look()
        for box in list(self._open.values()):
            with suppress(Fault):
                return box.give_back(what, payload, line)
        return False

    def replaced(self) -> bool:
        """Whether another file has taken the place of one that is open."""
        return any(box.replaced() for box in self._open.values())

    def close(self) -> None:
        for box in self._open.values():
            box.close()
        self._open.clear()
