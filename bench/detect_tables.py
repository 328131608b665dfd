"""What ``bench.detect`` found, as tables for people, figures for programs, and plots."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from agent.detect.places import ENTRANCE, PLACES
from agent.nouns import DAY_MS, Instant
from bench import detect_plots
from bench.detect_home import Rows
from bench.detect_judge import KEYS, NEVER_MS, Pool, at, baselines_of, bootstrap, figures, over_twice, poisson

COLD: Final = ((0, 1), (1, 3), (3, 7), (7, 14))  # days
TARGETS: Final = {"mean": 0.58, "median": 0.70, "p95": 0.55, "night": 0.85}
FLAGGED_HOURS: Final = 48


class Report:
    """Grows a section at a time. Ratios are against the best baseline of each figure, in the same run."""

    def __init__(self, names: Sequence[str], pools: Mapping[float, Pool], floor: Pool) -> None:
        self._pools, self._floor = pools, floor
        self._lines: list[str] = []
        self._figures: dict[str, object] = {}
        self._curves: dict[str, list[tuple[float, float]]] = {}
        first = next(iter(pools.values()))
        self._baselines = baselines_of(first)
        scored = [bool((first.settled & first.at_home & (first.home == n)).any()) for n in range(len(names))]
        short = [name for name, good in zip(names, scored, strict=True) if not good]
        days = first.days(first.settled)
        self._say(f"{len(names)} homes, {sum(scored)} of them scored, {days:.0f} observed days after 14 to settle in;")
        self._say(f"too short to score: {', '.join(short) or 'none'}. Falls are injected. Delays in minutes.")

    def _say(self, line: str = "") -> None:
        self._lines.append(line)

    def budget(self, budget: float) -> None:
        """The table of one budget: the model, the floor, the baselines, and the ratios."""
        pool = self._pools[budget]
        alerts = int(pool.raised[pool.settled].sum())
        allowed = budget * pool.days(pool.settled) / 30
        low, high = poisson(alerts)
        over, chance = over_twice(pool, budget)
        self._say(f"\n## {budget:g} false alerts per 30 days")
        self._say(
            f"realised/budget {alerts / allowed:.2f} ({low / allowed:.2f}-{high / allowed:.2f}), {alerts} alerts;"
        )
        self._say(f"homes over twice the budget: {over}, by chance alone {chance:.1f}\n")
        self._say(
            "| | mean | median | p95 | within 60 min | night mean | night median |\n|---|---|---|---|---|---|---|"
        )
        delays = {"model": pool.delay}
        delays |= {name: at(pool, baseline, alerts) for name, baseline in self._baselines.items()}
        if budget == 2.0:
            delays["no model (its own rate)"] = self._floor.delay
        for name, delay in delays.items():
            self._row(name, pool, delay)
        self._figures[f"budget {budget:g}"] = {"realised": alerts / allowed, "alerts": alerts, "over_twice": over}
        self._ratios(pool, budget, delays)
        for name, delay in delays.items():
            mean = figures(delay, pool.settled & pool.at_home & pool.waking)["mean"]
            if not name.startswith("no model"):
                self._curves.setdefault(name, []).append((alerts * 30 / pool.days(pool.settled), mean))

    def _row(self, name: str, pool: Pool, delay: np.ndarray) -> None:
        use = pool.settled & pool.at_home
        day, night = figures(delay, use & pool.waking), figures(delay, use & ~pool.waking)
        cells = [f"{day[key]:.0f}" for key in KEYS] + [f"{100 * day['in60']:.0f} %"]
        self._say(f"| {name} | {' | '.join(cells)} | {night['mean']:.0f} | {night['median']:.0f} |")

    def _ratios(self, pool: Pool, budget: float, delays: Mapping[str, np.ndarray]) -> None:
        """Against the baseline of least mean by day; and each figure against the baseline that is best at it."""
        use = pool.settled & pool.at_home
        best = min(self._baselines, key=lambda name: figures(delays[name], use & pool.waking)["mean"])
        found: dict[str, float] = {}
        self._say(f"\nagainst {best}, the best baseline by its mean (95 % over homes, bootstrapped):")
        for when, mask in (("", use & pool.waking), ("night ", use & ~pool.waking)):
            ours, theirs = figures(pool.delay, mask), figures(delays[best], mask)
            spread = bootstrap(pool, pool.delay, delays[best], mask)
            found |= {when + key: ours[key] / theirs[key] for key in KEYS}
            said = [
                f"{when}{key} {ours[key] / theirs[key]:.3f} ({spread[key][0]:.2f}-{spread[key][1]:.2f})" for key in KEYS
            ]
            self._say("; ".join(said))
        self._say("against the best baseline of each figure: " + "; ".join(self._each(pool, delays)))
        self._figures[f"ratios {budget:g}"] = found
        if budget == 2.0:
            met = {key: found["night mean" if key == "night" else key] for key in TARGETS}
            self._say("targets: " + "; ".join(f"{key} {met[key]:.3f} of {TARGETS[key]}" for key in TARGETS))

    def _each(self, pool: Pool, delays: Mapping[str, np.ndarray]) -> list[str]:
        """Each figure against the baseline that is best at it."""
        use, said = pool.settled & pool.at_home, []
        for when, mask in (("", use & pool.waking), ("night ", use & ~pool.waking)):
            ours = figures(pool.delay, mask)
            theirs = {name: figures(delays[name], mask) for name in self._baselines}
            for key in KEYS:
                best = min(theirs, key=lambda name: theirs[name][key])
                said.append(f"{when}{key} {ours[key] / theirs[best][key]:.2f} ({best})")
        return said

    def rooms(self, budget: float) -> None:
        pool = self._pools[budget]
        self._say(
            f"\n## By room, 07-22 h, at {budget:g}\n| | mean | median | p95 | within 60 min |\n|---|---|---|---|---|"
        )
        for place, name in enumerate(PLACES):
            use = pool.settled & pool.at_home & pool.waking & (pool.place == place)
            if use.any():
                f = figures(pool.delay, use)
                self._say(
                    f"| {name} | {f['mean']:.0f} | {f['median']:.0f} | {f['p95']:.0f} | {100 * f['in60']:.0f} % |"
                )

    def doors(self, budget: float) -> None:
        """The minutes after an entrance door, which the tables above leave out."""
        pool = self._pools[budget]
        use = pool.settled & pool.waking & (pool.silence >= 0)
        door = use & (pool.place == ENTRANCE)
        f, none = figures(pool.delay, door), float((pool.delay[door] >= NEVER_MS).mean())
        alerts = int(pool.raised[pool.settled & (pool.place == ENTRANCE)].sum())
        self._say(
            f"\n## Minutes whose last word is an entrance ({100 * door.sum() / use.sum():.0f} % of waking minutes)"
        )
        self._say(f"mean {f['mean']:.0f}, median {f['median']:.0f}, within 60 min {100 * f['in60']:.0f} %;")
        self._say(f"{100 * none:.0f} % have no deadline (24 h); {alerts} false alerts of all at {budget:g}")
        self._figures["door"] = dict(f) | {"none": none, "alerts": alerts}

    def cold(self, budget: float) -> None:
        pool = self._pools[budget]
        use, late = pool.at_home & pool.waking, pool.settled
        said = []
        for first, last in COLD:
            f = figures(pool.delay, use & (pool.age >= first * DAY_MS) & (pool.age < last * DAY_MS))
            said.append(f"days {first}-{last} {f['mean']:.0f}/{f['median']:.0f}")
        week = use & (pool.age >= DAY_MS) & (pool.age < 7 * DAY_MS)
        ratio = figures(pool.delay, week)["mean"] / figures(pool.delay, use & late)["mean"]
        rate = float(pool.raised[~late].sum()) * 30 / pool.days(~late) / budget
        self._say(f"\n## Cold start at {budget:g}\nmean/median: {'; '.join(said)}")
        self._say(
            f"days 1-7 to days 14+: {ratio:.2f} (at most 1.35); false alerts of days 0-14 / budget {rate:.2f} (1.5)"
        )
        self._figures["cold"] = {"ratio": ratio, "false": rate}

    def killed(self, budget: float, homes: Sequence[tuple[str, Instant, Rows]]) -> None:
        """One sensor of each home is dead from half-way on, and nobody says so."""
        pool = Pool.of([rows for _, _, rows in homes])
        middles = np.array([middle for _, middle, _ in homes])[pool.home]
        late = pool.settled & (pool.at >= middles)
        rate = float(pool.raised[late].sum()) * 30 / pool.days(late) / budget
        told = [rows.flagged for _, _, rows in homes]
        soon = sum(hours is not None and hours <= FLAGGED_HOURS for hours in told)
        self._say(f"\n## One sensor dead half-way, at {budget:g}")
        self._say(f"realised/budget after it died {rate:.2f} ({pool.days(late):.0f} days; at most 1.3);")
        self._say(
            f"told within {FLAGGED_HOURS} h in {soon} of {len(told)} homes (all sensors: `python -m bench.sensors`)"
        )
        self._figures["killed"] = {"realised": rate, "told": soon, "of": len(told)}

    def beds(self, budget: float, bed: Pool) -> None:
        """With a simulated bed that is felt, in minutes in which nobody lies in it."""
        pool = self._pools[budget]
        out = np.concatenate([rows.bed == 0 for rows in bed.rows])
        alerts = float(bed.raised[bed.settled].sum()) * 30 / bed.days(bed.settled) / budget
        self._say(f"\n## With a simulated bed, at {budget:g} (realised/budget {alerts:.2f})")
        said = {}
        for name, waking, place in (("day", True, None), ("night", False, None), ("night, bedroom", False, 1)):
            means = []
            for each, free in ((pool, np.ones(len(pool.at), dtype=bool)), (bed, out)):
                use = each.settled & each.at_home & free & (each.waking == waking)
                means.append(figures(each.delay, use & (each.place == place) if place is not None else use))
            a, b = means
            self._say(f"{name}: mean {a['mean']:.0f} -> {b['mean']:.0f}, median {a['median']:.0f} -> {b['median']:.0f}")
            said[name] = b["mean"] / a["mean"]
        self._figures["bed"] = said

    def text(self) -> str:
        return "\n".join(self._lines)

    def write(self, out: Path) -> None:
        (out / "detect.md").write_text(self.text() + "\n")
        (out / "detect.json").write_text(json.dumps(self._figures, indent=1, default=float) + "\n")
        realised = {
            budget: pool.raised[pool.settled].sum() * 30 / pool.days(pool.settled)
            for budget, pool in self._pools.items()
        }
        detect_plots.write(out, self._curves, {budget: float(rate) for budget, rate in realised.items()})
