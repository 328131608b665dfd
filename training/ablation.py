"""What each choice of the rule brings: one line a choice, at one budget."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from training.calibrate import Rule
from training.judge import Scales, View, compared, criticals, figures, model_result, survivals


def ablation(view: View, logits: np.ndarray, known: Scales, rule: Rule) -> Iterator[str]:
    choices = {
        "as chosen": rule,
        "no recalibration": replace(rule, recalibrate=False),
        "recalibration: home only": replace(rule, partitions=(0,)),
        "home, place x day or night": replace(rule, partitions=(0, 1)),
        "harm in minutes, no p-value rule": replace(rule, p_share=0, log_share=0),
        "harm half along the logarithm, no p-value rule": replace(rule, p_share=0),
        "p-value rule only": replace(rule, p_share=1),
        "population weighs 1 alert": replace(rule, prior_alerts=1),
        "population weighs 8 alerts": replace(rule, prior_alerts=8),
    }
    for name, choice in choices.items():
        yield f"{name}: {short(view, logits, known, choice)}"


def short(
    view: View,
    logits: np.ndarray,
    known: Scales,
    rule: Rule,
    budgets: tuple[float, ...] = (2.0,),
) -> str:
    """One line a budget: for ablations."""
    survival = survivals(view, logits, rule)
    level = criticals(view, survival, rule)
    text = []
    day, night = view.freeze & view.waking, view.freeze & ~view.waking
    for budget in budgets:
        ours = model_result(view, survival, level, budget, rule)
        alerts = int(ours.alerts[view.settled].sum())
        others = compared(view, known, budget, alerts)
        mine, dark = figures(view, ours.delay, day), figures(view, ours.delay, night)
        base = {n: figures(view, r.delay, day) for n, r in others.items()}
        base_dark = {n: figures(view, r.delay, night) for n, r in others.items()}
        ratio = {k: mine[k] / min(base[n][k] for n in base if n != "floor") for k in ("mean", "median", "p95")}
        best = min((n for n in base if n != "floor"), key=lambda n: base[n]["mean"])
        text.append(
            f"{budget:g}: realised {alerts * 30 / view.observed_days / budget:.2f}"
            f" mean {mine['mean']:.0f} median {mine['median']:.0f}"
            f" p95 {mine['p95']:.0f} in60 {mine['in60']:.2f}"
            f" | ratio {ratio['mean']:.2f} {ratio['median']:.2f} {ratio['p95']:.2f}"
            f" | night mean {dark['mean']:.0f} med {dark['median']:.0f}, to {best}"
            f" {dark['mean'] / base_dark[best]['mean']:.2f} {dark['median'] / base_dark[best]['median']:.2f}"
            f" | floor {base['floor']['mean']:.0f} {base['floor']['median']:.0f} {base['floor']['p95']:.0f}"
            f" night {base_dark['floor']['mean']:.0f} {base_dark['floor']['median']:.0f} | "
            + "; ".join(
                f"{n} {b['mean']:.0f} {b['median']:.0f} {b['p95']:.0f}" for n, b in base.items() if n != "floor"
            )
        )
    return "\n".join(text)
