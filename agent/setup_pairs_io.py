"""Devices join a home that is being set up: what the radio tells is matched with what was said, and kept at once."""

from collections.abc import Iterator
from contextlib import ExitStack
from time import monotonic
from types import TracebackType
from typing import Protocol, Self

from agent.clock_io import wall_ms
from agent.newcomer import Newcomer
from agent.nouns import Instant
from agent.provision.joined import (
    device_of,
    expected,
    heard,
    paired,
    things,
    told,
    unpaired,
    used,
    waiting,
    without_device,
)
from agent.provision.setup import NEXT, Setup
from agent.sensors.pairing import Event
from agent.sensors.pairing_io import Joiner


class Keeper(Protocol):
    """Who has the setup, and keeps each change of it."""

    setup: Setup

    def change(self, setup: Setup) -> None: ...


class Pairs:
    """Devices may join while this is entered. ``wanted``: the sensor that the next device is for; None: the first that
    waits for such a one."""

    def __init__(self, session: Keeper, joiner: Joiner) -> None:
        self._session, self._joiner = session, joiner
        self._fresh: set[str] = set()  # what joined since, or said anew what it is
        self.wanted: str | None = None

    def __enter__(self) -> Self:
        """The devices that are there already are known then; nobody may join yet."""
        with ExitStack() as undone:
            undone.callback(self._joiner.close)
            self._joiner.begin()
            undone.pop_all()
        setup = self._session.setup
        for device in self._joiner.devices.values():
            setup = told(setup, self._merged(device))
        for address in setup.devices.keys() - self._joiner.devices.keys():
            setup = without_device(setup, address)
        self._session.change(setup)
        for id, _, address in things(setup):
            known = self._joiner.devices.get(address)
            if known is not None and known.name == address:  # nobody has named it yet: an installer was interrupted
                self._joiner.rename(address, id)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._joiner.close()

    @property
    def left_s(self) -> int:
        return self._joiner.left_s

    @property
    def done(self) -> bool:
        """Whether nobody is waited for any more."""
        return not waiting(self._session.setup) and not expected(self._session.setup)

    def permit(self, on: bool) -> None:
        self._joiner.permit(on)

    def again(self, address: str) -> str:
        """A device is asked anew what it is. Why that failed, or nothing."""
        return self._joiner.interview(address)

    def remove(self, address: str) -> str:
        """A device that is for no sensor here leaves the network. As ``again``."""
        return self._joiner.remove(address)

    def replace(self, id: str) -> str:
        """That sensor's device is to be another: the old one is taken out of the network, where it would keep its name,
        unless another sensor is on it too. Why that failed, or nothing; the new one is waited for all the same."""
        setup = self._session.setup
        old = next((device_of(address) for one, _, address in things(setup) if one == id), NEXT)
        setup = unpaired(setup, id)
        self._session.change(setup)
        if old not in self._joiner.devices or used(setup, old):
            return ""
        return self._joiner.remove(old)

    def _merged(self, device: Newcomer) -> Newcomer:
        return heard(self._session.setup, device, Instant(wall_ms()))

    def turn(self, limit_s: float) -> list[Event]:
        """Sleep until something happens, at most ``limit_s``; what did, after the setup knows it."""
        events = self._joiner.turn(limit_s)
        for event in events:
            if event.what == "left":
                self._session.change(without_device(self._session.setup, event.address))
            elif event.address in self._joiner.devices:
                self._take(event)
        return events

    def until_done(self, limit_s: float | None) -> Iterator[Event | None]:
        """Devices may join until nobody is waited for, or for so long (None: for ever). What happens; None at the
        start, and where for a second nothing did."""
        end_s = None if limit_s is None else monotonic() + limit_s
        self.permit(True)
        yield None
        while not self.done and (end_s is None or monotonic() < end_s):
            yield from self.turn(1.0) or (None,)
        self.permit(False)

    def _take(self, event: Event) -> None:
        device = self._merged(self._joiner.devices[event.address])
        if event.what in ("joined", "running", "ready", "announced"):
            self._fresh.add(event.address)
        before = self._session.setup
        fresh = event.address in self._fresh
        setup = paired(before, device, self.wanted) if fresh else told(before, device)
        if setup != before:
            self._session.change(setup)
        had, has = ({id for id, _, address in things(one) if address == event.address} for one in (before, setup))
        if has - had or (event.what in ("ready", "announced") and has):
            self._joiner.rename(event.address, min(has))
