"""What the sensors make of a person's doings, and how sensors fail.

``signals`` is the truth of the radio before any dialect: each firing, each clear, each check-in. ``faulted`` is a
filter over it, so that a home with a dead sensor is, apart from that sensor, the same home to the millisecond.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import Final, NamedTuple

from agent.nouns import ACTIVITY, DAY_MS, Instant
from agent.simulate.fleet import Device
from agent.simulate.resident import Act

CHECKIN_JITTER: Final = 0.08  # of the interval, either way
CHATTER_MS: Final = 2_500
FAULTS: Final = frozenset({"dead", "mute", "stuck", "chattering"})
_CHECKIN: Final = 0
_CLEAR: Final = 1


class Signal(NamedTuple):
    """One message of one sensor. ``quantity`` is one of nouns.py or illuminance (lx).

    ``radio`` false: the sensor itself said nothing; zigbee2mqtt's timer cleared its occupancy.
    """

    at: Instant
    sensor: str
    quantity: str
    value: int
    radio: bool = True


class Fault(NamedTuple):
    """From ``since`` until ``until`` (None: for good) ``sensor`` is one of:

    dead (its radio is silent), mute (it checks in but sees nothing), stuck (what it saw never clears), chattering
    (it toggles every 2.5 s).
    """

    sensor: str
    kind: str
    since: Instant
    until: Instant | None = None

    def on(self, at: Instant) -> bool:
        return at >= self.since and (self.until is None or at < self.until)


class _Radios:
    """The memory of all sensors: who is blind until when, what clears when, who checks in next."""

    def __init__(self, start: Instant, fleet: Sequence[Device], seed: int) -> None:
        self._start, self._fleet, self._rng = start, fleet, Random(f"{seed}/radios")
        self._feelers: dict[str, list[int]] = {}
        for index, device in enumerate(fleet):
            self._feelers.setdefault(device.feels, []).append(index)
        self._blind = [start] * len(fleet)
        self._clear = [Instant(start - 1)] * len(fleet)
        self._told = [0] * len(fleet)
        self._battery = [self._rng.randint(62, 98) for _ in fleet]
        self._due = [(start + int(self._rng.random() * d.every_ms), i, _CHECKIN) for i, d in enumerate(fleet)]
        heapq.heapify(self._due)

    def feel(self, act: Act) -> Iterator[Signal]:
        for index in self._feelers.get(act.what, ()):
            device = self._fleet[index]
            if device.kind != "motion":
                yield Signal(act.at, device.id, device.kind, act.value)
            elif act.at >= self._blind[index]:
                self._blind[index] = Instant(act.at + device.blind_ms)
                if self._clear[index] < act.at:
                    heapq.heappush(self._due, (act.at + device.clear_ms, index, _CLEAR))
                self._clear[index] = Instant(act.at + device.clear_ms)
                yield Signal(act.at, device.id, "motion", 1)

    def due(self, until: Instant) -> Iterator[Signal]:
        """What falls due up to and including ``until`` without anybody's doing."""
        while self._due[0][0] <= until:
            at, index, what = heapq.heappop(self._due)
            device = self._fleet[index]
            if what == _CHECKIN:
                spread = 1 + CHECKIN_JITTER * self._rng.uniform(-1, 1)
                heapq.heappush(self._due, (at + int(device.every_ms * spread), index, _CHECKIN))
                yield self._checkin(Instant(at), index)
            elif at < self._clear[index]:  # it fired again meanwhile
                heapq.heappush(self._due, (self._clear[index], index, _CLEAR))
            else:
                yield Signal(Instant(at), device.id, "motion", 0, device.own_clear)

    def _checkin(self, at: Instant, index: int) -> Signal:
        device = self._fleet[index]
        quantity = device.reports[self._told[index] % len(device.reports)]
        self._told[index] += 1
        if quantity == "battery_percent":
            value = max(20, self._battery[index] - (at - self._start) // (30 * DAY_MS))
        elif quantity == "temperature_mc":
            value = 20_000 + self._rng.randrange(0, 150) * 10
        else:
            value = self._rng.randrange(3, 240)
        return Signal(at, device.id, quantity, value)


def signals(
    doings: Iterable[Act], fleet: Sequence[Device], start: Instant, until: Instant, seed: int
) -> Iterator[Signal]:
    """Everything the sensors send in [start, until), in order of time, and in one order for one seed."""
    radios = _Radios(start, fleet, seed)
    for act in doings:
        if act.at >= until:
            break
        yield from radios.due(act.at)
        yield from radios.feel(act)
    yield from radios.due(Instant(until - 1))


def faulted(
    sent: Iterable[Signal], faults: Sequence[Fault], fleet: Sequence[Device], until: Instant
) -> Iterator[Signal]:
    """``sent`` as it is heard of sensors with these faults. zigbee2mqtt's timer runs on for a dead sensor.

    ``until`` ends the noise of a sensor that chatters for good.
    """
    by_sensor: dict[str, list[Fault]] = {}
    for fault in faults:
        if fault.kind not in FAULTS:
            raise ValueError(f"fault {fault.kind!r} is not one of {', '.join(sorted(FAULTS))}")
        by_sensor.setdefault(fault.sensor, []).append(fault)
    heard = (one for one in sent if not any(_loses(fault, one) for fault in by_sensor.get(one.sensor, ())))
    kinds = {device.id: device.kind for device in fleet}
    noise = [_chatter(fault, kinds[fault.sensor], until) for fault in faults if fault.kind == "chattering"]
    return heapq.merge(heard, *noise, key=_at) if noise else heard


def _at(signal: Signal) -> Instant:
    return signal.at


def _loses(fault: Fault, signal: Signal) -> bool:
    if not fault.on(signal.at):
        return False
    seen = signal.quantity in ACTIVITY
    if fault.kind == "dead":
        return signal.radio
    if fault.kind == "mute":
        return seen and signal.value != 0
    if fault.kind == "stuck":
        return seen and signal.value == 0
    return seen  # chattering: its own noise takes the place of what it saw


def _chatter(fault: Fault, quantity: str, until: Instant) -> Iterator[Signal]:
    """It toggles by itself, as a loose contact or a bed mat does, and comes to rest at 0."""
    end = until if fault.until is None else min(fault.until, until)
    for nth, at in enumerate(range(fault.since, end, CHATTER_MS)):
        yield Signal(Instant(at), fault.sensor, quantity, 1 - nth % 2)
    if fault.until is not None and fault.until < until:
        yield Signal(fault.until, fault.sensor, quantity, 0)
