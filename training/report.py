"""The judgement as text: one table a budget, then rooms, cold start, budget by home, minutes after an entrance."""

from collections.abc import Iterator
from math import exp, factorial

import numpy as np

from training.bins import DAY_MS
from training.calibrate import Rule
from training.judge import (
    BUDGETS,
    COLD,
    Result,
    Scales,
    View,
    bootstrap,
    compared,
    criticals,
    figures,
    model_result,
    survivals,
)  # fmt: skip
from training.places import PLACES

TARGETS = {"mean": 0.58, "median": 0.70, "p95": 0.55}


def report(view: View, logits: np.ndarray, known: Scales, rule: Rule) -> Iterator[str]:
    scored = sum(bool(view.freeze[rows].any()) for rows in view.rows)
    yield f"homes {len(view.rows)}, of which {scored} longer than 14 days; {view.observed_days:.0f} observed days"
    yield str(rule)
    short = [name for name, rows in zip(view.data.homes, view.rows, strict=True) if not view.freeze[rows].any()]
    yield f"too short to score: {', '.join(short)}"
    survival = survivals(view, logits, rule)
    level = criticals(view, survival, rule)
    for budget in BUDGETS:
        ours = model_result(view, survival, level, budget, rule)
        yield from table(view, known, budget, ours)
        yield from by_home(view, budget, ours)
        yield from cold(view, budget, ours)
        if budget == 2.0:
            yield from rooms(view, ours)
    yield from entrances(view, survival, rule)


def table(view: View, known: Scales, budget: float, ours: Result) -> Iterator[str]:
    day, night = view.freeze & view.waking, view.freeze & ~view.waking
    alerts = int(ours.alerts[view.settled].sum())
    low, high = poisson(alerts)
    months = view.observed_days / 30
    yield (
        f"\n== {budget:g} per 30 days: realised/budget {alerts / months / budget:.2f} "
        f"({low / months / budget:.2f}-{high / months / budget:.2f}), {alerts} alerts"
    )
    yield f"{'':10s} {'mean':>6s} {'median':>6s} {'p95':>5s} {'<=60':>5s} | night {'mean':>5s} {'median':>6s}"
    others = compared(view, known, budget, alerts)
    rows = {"model": ours} | others
    mine, dark = figures(view, ours.delay, day), figures(view, ours.delay, night)
    numbers = {}
    for name, result in rows.items():
        f, n = figures(view, result.delay, day), figures(view, result.delay, night)
        numbers[name] = (f, n)
        yield (
            f"{name:10s} {f['mean']:6.0f} {f['median']:6.0f} {f['p95']:5.0f} {100 * f['in60']:4.0f}% |"
            f"       {n['mean']:5.0f} {n['median']:6.0f}"
        )
    for name, result in others.items():
        f, n = numbers[name]
        spread = bootstrap(view, ours.delay, result.delay, day)
        dim = bootstrap(view, ours.delay, result.delay, night)
        yield (
            f"  / {name:9s}"
            + "  ".join(
                f"{key} {mine[key] / f[key]:.2f} ({spread[key][0]:.2f}-{spread[key][1]:.2f})" for key in TARGETS
            )
            + f"  night mean {dark['mean'] / n['mean']:.2f} ({dim['mean'][0]:.2f}-{dim['mean'][1]:.2f})"
            f" median {dark['median'] / n['median']:.2f} ({dim['median'][0]:.2f}-{dim['median'][1]:.2f})"
        )


def by_home(view: View, budget: float, ours: Result) -> Iterator[str]:
    """Homes that realised more than twice the budget, and how many chance alone would give."""
    over, expected = 0, 0.0
    for rows in view.rows:
        own = rows[view.settled[rows]]
        days = float(view.elapsed[own][view.data.outage[own] == 0].sum()) / DAY_MS
        if days < 1:
            continue
        allowed = budget * days / 30
        over += int(ours.alerts[own].sum()) > 2 * allowed
        expected += 1 - sum(exp(-allowed) * allowed**k / factorial(k) for k in range(int(2 * allowed) + 1))
    yield f"homes over twice the budget: {over}; by Poisson chance {expected:.1f}"


def cold(view: View, budget: float, ours: Result) -> Iterator[str]:
    d = view.data
    text = []
    for first, last in COLD:
        use = (view.age >= first * DAY_MS) & (view.age < last * DAY_MS) & (d.away == 0) & (d.silence >= 0) & view.waking
        f = figures(view, ours.delay, use)
        text.append(f"{first}-{last}: {f['mean']:.0f}/{f['median']:.0f}")
    early = ~view.settled & (d.outage == 0)
    days = float(view.elapsed[early].sum()) / DAY_MS
    rate = float(ours.alerts[~view.settled].sum()) * 30 / days
    week = (view.age >= DAY_MS) & (view.age < 7 * DAY_MS) & (d.away == 0) & (d.silence >= 0) & view.waking
    ratio = figures(view, ours.delay, week)["mean"] / figures(view, ours.delay, view.freeze & view.waking)["mean"]
    yield (
        f"cold start, days: mean/median {'; '.join(text)}; days 1-7 to 14+ {ratio:.2f};"
        f" false alerts of days 0-14 / budget {rate / budget:.2f}"
    )


def rooms(view: View, ours: Result) -> Iterator[str]:
    for place, name in enumerate(PLACES):
        use = view.freeze & view.waking & (view.data.place == place)
        if use.any():
            f = figures(view, ours.delay, use)
            text = f"mean {f['mean']:.0f} median {f['median']:.0f} p95 {f['p95']:.0f}"
            yield f"  {name:9s} {text}, {100 * f['in60']:.0f} % in 60 min"


def entrances(view: View, survival: np.ndarray, rule: Rule) -> Iterator[str]:
    """What protecting the minutes after an entrance would cost: the same budget for these silences too."""
    d = view.data
    after = (d.away == 1) & (d.silence >= 0) & (d.outage == 0)
    level = criticals(view, survival, rule, after)
    ours = model_result(view, survival, level, 2.0, rule)
    alerts = int(ours.alerts[view.settled].sum())
    home = figures(view, ours.delay, view.freeze & view.waking)
    waking = view.settled & view.waking
    door = figures(view, ours.delay, waking & after)
    share = 100 * (waking & after).sum() / (waking & (d.silence >= 0)).sum()
    yield (
        f"\nentrance minutes ({share:.0f} % of waking minutes) have no deadline above (24 h). Protected within the same"
        f" budget of 2: realised/budget {alerts * 15 / view.observed_days:.2f};"
        f" at home mean {home['mean']:.0f} median {home['median']:.0f};"
        f" after an entrance mean {door['mean']:.0f} median {door['median']:.0f} p95 {door['p95']:.0f}"
    )


def poisson(count: int) -> tuple[float, float]:
    """95 % interval of a Poisson mean (Byar)."""
    low = count * (1 - 1 / (9 * count) - 1.96 / (3 * count**0.5)) ** 3 if count else 0.0
    above = count + 1
    return low, above * (1 - 1 / (9 * above) + 1.96 / (3 * above**0.5)) ** 3
