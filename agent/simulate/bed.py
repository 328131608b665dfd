"""A simulated bed whose truth is known: who lies on it when, and what its input makes of that.

``signal`` is a function of the time alone (no state), so that a day can be had in any pieces and again: the sum of what
lies there, each with its movements and its never being quite still, through a load cell or a piezo strip and an ADC.
Weights in kg; the gain is the input's own.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import tau
from random import Random
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from agent.nouns import DAY_MS, MINUTE_MS, SECOND_MS, Instant

Array = npt.NDArray[np.float64]
NOISE_OF: Final = 1 << 16  # samples of noise; then they come again
CREEP_MS: Final = 10 * MINUTE_MS  # in which a mattress gives way, and comes back
STIR: Final = 0.1  # of a weight: how far a turn rocks the bed
LONGEST_MOVE_MS: Final = 30 * SECOND_MS
PULSE_MS: Final = 500  # a piezo gives the change over so long


class Input(NamedTuple):
    """What a bed's sensor and its ADC are. ``gain`` in counts a kg, ``noise`` in counts; ``drift_kg`` over a day.

    Of a weight the input feels ``edge`` while its owner sits on the edge, up to ``sway`` more or less with each turn,
    and ``creep`` less at first, which stays a while when the weight is gone.
    """

    bits: int
    rate_hz: int
    gain: float
    noise: float
    level: int = 0
    drift_kg: float = 5.0
    piezo: bool = False
    edge: float = 0.75
    sway: float = 0.08
    creep: float = 0.02
    spikes_a_day: int = 0


LOAD_24: Final = Input(24, 80, 5_500.0, 70.0, level=-310_000, spikes_a_day=200, drift_kg=8.0)  # four cells and an HX711
LOAD_24_INVERTED: Final = LOAD_24._replace(gain=-5_500.0, level=900_000)
LOAD_12: Final = Input(12, 100, 17.0, 1.5, level=-1_500)  # an amplified cell at the board's own ADC
STRIP_12: Final = LOAD_12._replace(gain=8.0, edge=0.55, sway=0.2, creep=0.05)  # below one part of the mattress
PIEZO_12: Final = Input(12, 100, 90.0, 1.5, drift_kg=0.2, piezo=True)


class Lies(NamedTuple):
    """Something on the bed from ``since`` to ``until``. ``still`` is how much a living one moves without moving, as a
    share of its weight; 0: a thing. ``turns`` an hour; ``edge_s``: so long it sits on the edge when it comes and goes.
    """

    since: Instant
    until: Instant
    kg: float
    still: float = 0.0015
    turns: float = 0.0
    edge_s: int = 0
    restless: tuple[tuple[Instant, Instant], ...] = ()  # when it turns every half minute


class _Move(NamedTuple):
    at: int
    lasts: int
    kg: float
    phase: float


@dataclass(frozen=True, slots=True)
class _Body:
    """One ``Lies``, with its movements in order of time and the shares of its weight between them."""

    lies: Lies
    moves: list[_Move] = field(default_factory=list)
    turned_at: list[int] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    phase: float = 0.0
    period_s: float = 4.1  # of the slow one of its two swings when it lies still


class SimulatedBed:
    """``signal`` gives samples as the board sends them: signed, within the input's bits."""

    def __init__(self, input: Input, on_it: Iterable[Lies], seed: int) -> None:
        self.input = input
        rng = Random(f"{seed}/bed")
        self._bodies = sorted((_body(lies, input, rng) for lies in on_it), key=lambda body: body.lies.since)
        self._sinces = [body.lies.since for body in self._bodies]
        self._longest = max((body.lies.until - body.lies.since for body in self._bodies), default=0)
        self._noise = np.random.default_rng(seed).standard_normal(NOISE_OF) * input.noise
        self._seed = seed

    def signal(self, at: Instant, count: int, rate_hz: int | None = None) -> list[int]:
        """``count`` samples from ``at`` on; the input's own rate unless another is named."""
        input = self.input
        step_ms = SECOND_MS / (rate_hz or input.rate_hz)
        times: Array = at + np.arange(count, dtype=np.float64) * step_ms
        kg = self._kg(times) - (self._kg(times - PULSE_MS) if input.piezo else 0.0)
        for days, share in ((1.0, 0.5), (3.7, 0.8), (17.0, 1.5)):  # a warm room, the weather, the season
            kg = kg + input.drift_kg * share * np.sin(tau * times / (days * DAY_MS) + self._seed)
        start = (round(at / step_ms) + self._seed * 7_919) % NOISE_OF  # whole numbers without end; numpy's have one
        noise = self._noise[np.arange(start, start + count) % NOISE_OF]
        counts = input.level + input.gain * kg + noise
        for minute in range(int(times[0]) // MINUTE_MS, int(times[-1]) // MINUTE_MS + 1) if input.spikes_a_day else ():
            spike = Random(f"{self._seed}/{minute}")
            if spike.random() < input.spikes_a_day * MINUTE_MS / DAY_MS:
                index = round((minute * MINUTE_MS + spike.randrange(MINUTE_MS) - at) / step_ms)
                if 0 <= index < count:
                    counts[index] += abs(input.gain) * 200
        top = 1 << input.bits - 1
        told: list[int] = np.clip(np.rint(counts), -top, top - 1).astype(np.int64).tolist()
        return told

    def _kg(self, times: Array) -> Array:
        first, last = float(times[0]), float(times[-1])
        kg = np.zeros(len(times))
        begin = bisect_left(self._sinces, first - self._longest - 10 * CREEP_MS)
        for body in self._bodies[begin : bisect_left(self._sinces, last + MINUTE_MS)]:
            if body.lies.until + MINUTE_MS > first:
                kg += _weighs(body, times, first, last)
            if self.input.creep and body.lies.until + 10 * CREEP_MS > first:
                kg += _creeps(body.lies, self.input.creep, times)
        return kg


def _body(lies: Lies, input: Input, rng: Random) -> _Body:
    body = _Body(lies, phase=rng.random() * tau, period_s=rng.uniform(3.3, 5.2))
    edge_ms = lies.edge_s * SECOND_MS
    turns: list[tuple[int, float]] = []  # when, and the share of the weight after it
    if edge_ms:
        turns += [(lies.since + edge_ms, _share(input, rng)), (lies.until - edge_ms, input.edge)]
    at = float(lies.since + edge_ms)
    while lies.turns:
        often = 120.0 if any(a <= at < b for a, b in lies.restless) else lies.turns
        after = at + max(rng.expovariate(often / 3_600), 4) * SECOND_MS
        at = min([float(begin) for begin, _ in lies.restless if at < begin < after], default=after)
        if at >= lies.until - edge_ms - 5 * SECOND_MS:
            break
        turns.append((int(at), _share(input, rng)))
    turns.sort()
    body.turned_at.extend(when for when, _ in turns)
    body.shares.extend([input.edge if edge_ms else 1.0, *(share for _, share in turns)])
    stir = lies.kg * STIR if lies.still else lies.kg * 0.02
    moves = [_Move(when, rng.randrange(1_500, 9_000), stir * rng.uniform(0.3, 1.5), rng.random()) for when, _ in turns]
    comes = _Move(lies.since, rng.randrange(1_500, 4_000), stir * 1.5, rng.random())
    goes = _Move(lies.until - 2_000, 2_000, stir * 1.5, rng.random())
    body.moves.extend(sorted([comes, *moves, goes]))
    return body


def _share(input: Input, rng: Random) -> float:
    return 1.0 + rng.uniform(-input.sway, input.sway)


def _weighs(body: _Body, times: Array, first: float, last: float) -> Array:
    lies = body.lies
    share = np.full(len(times), body.shares[bisect_left(body.turned_at, first - 1_000)])
    for index in range(bisect_left(body.turned_at, first - 1_000), bisect_left(body.turned_at, last)):
        before, after = body.shares[index], body.shares[index + 1]
        share += (after - before) * np.clip((times - body.turned_at[index]) / 1_000, 0.0, 1.0)
    if lies.still:
        seconds = (times - lies.since) / SECOND_MS
        slow = np.sin(tau * seconds / body.period_s + body.phase + 0.8 * np.sin(seconds / 23))
        quick = np.sin(tau * seconds * 5 / body.period_s + 0.5 * np.sin(seconds / 7)) ** 5
        share += lies.still * (slow + 0.5 * quick)
    there = np.clip((times - lies.since) / 1_200, 0.0, 1.0) * np.clip((lies.until - times) / 1_000, 0.0, 1.0)
    kg = lies.kg * share * there
    begin = bisect_left(body.moves, (int(first) - LONGEST_MOVE_MS,))
    for move in body.moves[begin : bisect_left(body.moves, (int(last) + 1,))]:
        inside = (times >= move.at) & (times < move.at + move.lasts)
        if inside.any():
            kg[inside] += _stirs(move, (times[inside] - move.at) / SECOND_MS) * there[inside]
    return kg


def _creeps(lies: Lies, share: float, times: Array) -> Array:
    under = np.clip(times - lies.since, 0.0, lies.until - lies.since)
    gone = np.clip(times - lies.until, 0.0, None)
    creep: Array = lies.kg * share * -np.expm1(-under / CREEP_MS) * np.exp(-gone / CREEP_MS)
    return creep


def _stirs(move: _Move, seconds: Array) -> Array:
    """A movement: a few swings of different quickness that rise and die away."""
    swings = sum(np.sin(tau * (seconds * hz + move.phase * n)) for n, hz in enumerate((0.7, 1.3, 2.9, 4.3), 1))
    envelope: Array = np.sin(np.pi * seconds * SECOND_MS / move.lasts)
    return move.kg * envelope * swings / 2


def sleeper(
    stays: Sequence[tuple[Instant, Instant]], kg: float = 70.0, turns: float = 4.0, edge_s: int = 20
) -> list[Lies]:
    """Somebody who is in bed from each ``since`` to ``until``, the weight on it at both; sits on the edge at both
    ends, where there is time."""
    return [
        Lies(since, until, kg, turns=turns, edge_s=min(edge_s, (until - since) // (8 * SECOND_MS)))
        for since, until in stays
    ]
