"""A hub is erased while nothing of it runs: whoever holds a lock of it is not stopped, but named."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from agent.doctor.local_io import retained
from agent.hub import Hub
from agent.nouns import BadFrame, Running
from agent.sensors.payload import state as online
from agent.sensors.zigbee import STATE
from agent.transport.door_io import Door
from agent.transport.uplink_io import uplink_door
from agent.watch_io import locked

STOP: Final = "stop it first (an installed hub: sudo systemctl stop hearthwatch.target); nothing was erased"
# Whoever has a database with a log open holds this byte of its index (SQLite's WALINDEX, "DMS") shared.
_IN_USE: Final = 128


@contextmanager
def alone(hub: Hub, folder: Path, state: Path, zigbee: Path | None) -> Iterator[None]:
    """Running, in one line, if watch, uplink, page or, where it is to be erased, zigbee2mqtt runs. Meanwhile none of
    ours can start."""
    with ExitStack() as held:
        held.enter_context(_named("watch", locked(state)))
        for line in range(1, len(hub.upstreams) + 1):
            door = _door(folder / (hub.outbox or hub.state), line)
            if door is not None:
                held.callback(door.close)
        for at_work, lock in (("an installer's set-up", folder / "setup.lock"), ("a walk test", state / "walk.lock")):
            if _held(lock):
                raise Running(f"{at_work} runs: end it first; nothing was erased")
        own = hub.page.state if hub.page is not None else None
        if _in_use((folder / own if own else state) / "page.db-shm"):
            raise Running(f"the page runs: {STOP}")
        if zigbee is not None and _zigbee_runs(hub, folder):
            raise Running("zigbee2mqtt runs: stop it first, or it writes all of it again; nothing was erased")
        yield


@contextmanager
def _named(part: str, lock: "Iterator[None] | object") -> Iterator[None]:
    """The same lock, in words for whoever erases."""
    with ExitStack() as held:
        try:
            held.enter_context(lock)  # type: ignore[arg-type]
        except Running:
            raise Running(f"{part} runs: {STOP}") from None
        yield


def _door(outbox: Path, line: int) -> Door | None:
    """The place at which ``uplink`` waits, taken by us. None: no uplink could have one there either."""
    try:
        return Door(uplink_door(str(outbox), line))
    except Running:
        raise Running(f"uplink runs: {STOP}") from None
    except OSError:
        return None


def _held(lock: Path) -> bool:
    """Whether somebody has this lock; it is not kept."""
    try:
        handle = os.open(lock, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _in_use(index: Path) -> bool:
    try:
        handle = os.open(index, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _IN_USE)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _zigbee_runs(hub: Hub, folder: Path) -> bool:
    said, _ = retained(hub.local, folder, STATE)
    with suppress(BadFrame):
        return bool(said) and online(STATE, said or b"")
    return False
