"""The plots of ``bench.detect``: delay against false alerts, and how well the budget was kept."""

from collections.abc import Mapping, Sequence
from pathlib import Path


def write(out: Path, curves: Mapping[str, Sequence[tuple[float, float]]], realised: Mapping[float, float]) -> None:
    """``curves``: name -> (false alerts per 30 days, mean delay by day in minutes); ``realised``: by budget."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 5))
    for (name, points), mark in zip(curves.items(), "osD^v", strict=False):
        axes.plot(*zip(*sorted(points), strict=True), marker=mark, label=name)
    axes.set(xscale="log", yscale="log", xlabel="false alerts per 30 days", ylabel="mean delay, 07-22 h, minutes")
    axes.set_title("Delay against false alerts, homes unseen in training")
    axes.grid(True, which="both", alpha=0.3)
    axes.legend()
    figure.savefig(out / "delay.svg")
    figure, axes = pyplot.subplots(figsize=(5, 5))
    budgets = sorted(realised)
    axes.plot([0.8, 10], [0.8, 10], color="grey", label="kept exactly")
    axes.plot(budgets, [realised[budget] for budget in budgets], "o", label="realised")
    axes.set(xscale="log", yscale="log", xlabel="budget, false alerts per 30 days", ylabel="realised")
    axes.set_title("Is the alert budget kept?")
    axes.grid(True, which="both", alpha=0.3)
    axes.legend()
    figure.savefig(out / "budget.svg")
