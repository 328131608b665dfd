"""Changes injected into the logs of real homes: how many ``routine_change`` finds, how soon, and how often it is wrong.

    python -m bench.routine --data DIR --out DIR [--homes N]

Every home is judged with a model that never saw it (training/folds). All methods share days, drift, p-values and rules
and differ in the score; they are compared at the same number of false alerts on the untouched logs, each with its own
threshold found in hindsight. Then the detector as it is shipped, threshold and all. No public log says when a
routine changed, so that each alert on an untouched log counts as false, and changes are injected. Seeded.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from agent.detect.day_features import Day
from agent.detect.detector import Models
from agent.detect.routine_change import MODEL, TOLD_PPM, RoutineChange, verdict
from agent.detect.surprise import PPM
from agent.detect.trust import Trust
from agent.detect.whereabouts import Whereabouts
from agent.nouns import DAY_MS, Home, Instant, Reading, Watch
from bench.floor import poisson
from bench.homes import homes_in, readings
from bench.routine_cases import Case, cases
from bench.routine_changes import CHANGES
from bench.routine_home import masked, whole
from bench.routine_methods import Forest, Found, Judge, LargestScore, Make, Tables, judged, model_of, with_model
from training.anomaly_fold import FOLDER, fold

RATES: Final = (1.0, 0.5)  # false alerts per 30 days at which methods are compared
HALVINGS: Final = 24


class Lived(NamedTuple):
    home: Home
    days: list[Day]
    cases: list[Case]


class Row(NamedTuple):
    """One method at one rate. For each change: cases judged, found, found by chance, and days until told."""

    name: str
    alerts: int
    months: float
    changes: dict[str, tuple[int, int, int, list[float]]]


def alerts(p: dict[int, tuple[int, int]], told_ppm: int) -> dict[int, str]:
    """Per judged day: raised, open, or quiet."""
    said, is_open = {}, False
    for index, (p_day, p_drift) in sorted(p.items()):
        what = verdict(p_day, p_drift, told_ppm)
        begins = what in ("day", "drift") and not is_open
        is_open = begins or (is_open and what != "usual")
        said[index] = "raised" if begins else "open" if is_open else ""
    return said


def row(name: str, found: Sequence[Found], told_ppm: int) -> Row:
    untouched = [alerts(each.untouched, told_ppm) for each in found]
    raised = sum(list(said.values()).count("raised") for said in untouched)
    changes: dict[str, tuple[int, int, int, list[float]]] = {change.name: (0, 0, 0, []) for change in CHANGES}
    for said, each in zip(untouched, found, strict=True):
        for case, p in each.cases:
            before = [state for index, state in said.items() if index < case.first]
            if (before and before[-1]) or not p:
                continue  # an alert is open already, or too little was seen
            count, hits, chance, delays = changes[case.change]
            first = next((index for index, state in alerts(p, told_ppm).items() if state == "raised"), None)
            by_chance = any(said.get(index) == "raised" for index in p)
            if first is not None:
                delays.append((case.days[first - case.first].since + DAY_MS - case.since) / DAY_MS)
            changes[case.change] = (count + 1, hits + (first is not None), chance + by_chance, delays)
    months = sum(len(each.untouched) for each in found) / 30
    return Row(name, raised, months, changes)


def told_at(found: Sequence[Found], rate: float) -> int:
    """The p-value to tell at that comes nearest to so many alerts per 30 days, from below."""
    low, high = 0, PPM
    months = sum(len(each.untouched) for each in found) / 30
    for _ in range(HALVINGS):
        middle = (low + high) // 2
        raised = sum(list(alerts(each.untouched, middle).values()).count("raised") for each in found)
        low, high = (middle, high) if raised / months <= rate else (low, middle)
    return low


def baseline(kind: type[LargestScore] | type[Forest], lived: Sequence[Lived]) -> list[Found]:
    """Twice over the homes: how its score spreads over all of them, and then what it finds."""
    tables = Tables()
    make: Make = lambda home: kind(home, tables)  # noqa: E731
    for each in lived:
        judged(each.home, each.days, (), make)
    tables.settle()
    return [judged(each.home, each.days, each.cases, make) for each in lived]


def methods(lived: Sequence[Lived]) -> dict[str, list[Found]]:
    models = {number: with_model(model_of(FOLDER, number)) for number in sorted({fold(h.home.id) for h in lived})}
    found = {
        "anomaly model": [judged(h.home, h.days, h.cases, models[fold(h.home.id)]) for h in lived],
        "without a model (mean square z)": [judged(h.home, h.days, h.cases, Judge) for h in lived],
        "robust z (largest)": baseline(LargestScore, lived),
    }
    try:
        found["isolation forest"] = baseline(Forest, lived)
    except ImportError:
        print("no isolation forest: scikit-learn is not installed here", file=sys.stderr)
    return found


def as_shipped(lived: Sequence[Lived]) -> list[str]:
    """What the whole detector says on the untouched logs."""
    said = []
    for each in lived:
        where = Whereabouts(each.home)
        detector = RoutineChange(each.home, where, Trust(Models({MODEL: model_of(FOLDER, fold(each.home.id))})))
        for day in each.days:
            noon = Instant(day.since + DAY_MS)
            where.heard = Reading(noon, min(each.home.sensors), "motion", 1)  # what an end is shown with
            for finding in detector.take(noon, day, Watch()):
                if finding.state == "raised":
                    said.append(f"{each.home.id}: {dict(finding.words)['why']}")
    return said


def live(folder: Path, most: int | None) -> tuple[list[Lived], list[str]]:
    lived, short = [], []
    for home, log in homes_in(folder, most):
        read = list(readings(log, home))
        life = whole(home, read)
        days = masked(life.days)
        found = list(cases(home, life, days, read))
        lived.append(Lived(home, days, found))
        if not found:
            short.append(home.id)
    return lived, short


def table(rows: Sequence[Row]) -> list[str]:
    lines = ["| method | false alerts per 30 days | " + " | ".join(change.name for change in CHANGES) + " |"]
    lines.append("|---|---|" + "---|" * len(CHANGES))
    for each in rows:
        low, high = poisson(each.alerts)
        cells = [f"{each.alerts / each.months:.2f} ({low / each.months:.2f}–{high / each.months:.2f})"]
        for count, hits, chance, delays in each.changes.values():
            middle = sorted(delays)[len(delays) // 2] if delays else 0
            cells.append(
                f"{100 * hits / max(count, 1):.0f} % of {count} (untouched {100 * chance / max(count, 1):.0f} %),"
                f" {middle:.1f} d"
            )
        lines.append(f"| {each.name} | " + " | ".join(cells) + " |")
    return lines


def report(folder: Path, most: int | None) -> list[str]:
    lived, short = live(folder, most)
    found = methods(lived)
    ours = found["anomaly model"]
    judged_homes = sum(bool(each.untouched) for each in ours)
    months = sum(len(each.untouched) for each in ours) / 30
    lines = [f"{len(lived)} homes, {judged_homes} of them judged on {months * 30:.0f} days ({months:.1f} home-months)."]
    lines.append(f"Too short for a change to be put in: {', '.join(short) or 'none'}.")
    for rate in RATES:
        lines += ["", f"At {rate:g} false alerts per 30 days, thresholds in hindsight:", ""]
        lines += table([row(name, each, told_at(each, rate)) for name, each in found.items()])
    lines += ["", f"As shipped (told at p <= {TOLD_PPM / PPM:.3f}), past only:", ""]
    lines += table([row(name, found[name], TOLD_PPM) for name in list(found)[:2]])
    said = as_shipped(lived)
    lines += ["", f"The whole detector on the untouched logs raised {len(said)}; some of what it said:", ""]
    return lines + [f"- {sentence}" for sentence in said[:: max(1, len(said) // 12)]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.routine", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of NAME.home.toml and NAME.jsonl.gz")
    parser.add_argument("--out", type=Path, required=True, help="where routine.md goes")
    parser.add_argument("--homes", type=int, help="only the first N homes")
    args = parser.parse_args()
    if not homes_in(args.data, 1):
        print(f"{args.data}: no NAME.home.toml with a log beside it", file=sys.stderr)
        return 2
    lines = report(args.data, args.homes)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "routine.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
