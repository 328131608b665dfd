"""``make bench-detect``: how soon a fall would be told and how often wrongly, on homes that no model saw in training.

    python -m bench.detect --data DIR [--out DIR] [--every N] [--quick]

Every home of DIR is lived through the product itself with the model of the fold that it was kept out of
(training/folds). No public home data holds a real fall, so a freeze is *injected* at every active minute. Three
baselines, tuned with hindsight to the same number of false alerts, stand in the same tables; so does the rule without a
model. Tables (detect.md), figures (detect.json) and plots are written to the folder. ``--every N`` takes each Nth home
and ``--quick`` two budgets: the short version, which tests/test_bench_detect.py runs.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

from agent.detect.detector import Models
from agent.nouns import Instant
from bench import detect_tables as tables
from bench.detect_home import Case, Rows, bedded, killed, lived, models_of
from bench.detect_judge import Pool
from bench.homes import homes_in

FOLDS: Final = Path(__file__).parent.parent / "training" / "folds"
BUDGETS: Final = (1.0, 2.0, 4.0, 8.0)
PLAN: Final = 2.0  # the care plan's own budget: what is asked besides is asked at this


class Answer(NamedTuple):
    """What one home came to: by budget with the model, and what else was asked at PLAN."""

    model: Mapping[float, Rows]
    floor: Rows
    killed: tuple[str, Instant, Rows]
    bedded: Rows


def ask(case: Case, budgets: Sequence[float]) -> Answer:
    models = models_of(case)
    return Answer(
        {budget: lived(case, budget, models) for budget in budgets},
        lived(case, PLAN, Models()),
        killed(case, PLAN, models),
        bedded(case, PLAN, models),
    )


def cases(data: Path, every: int) -> list[Case]:
    """Each home with the model and the record of the fold that kept it out; a home of no fold was in none."""
    told = json.loads((FOLDS / "folds.json").read_text())
    found = []
    for number, (home, log) in enumerate(homes_in(data, None)[::every]):
        fold = told["fold_of"].get(home.id, 0)
        found.append(Case(number, home, log, FOLDS / f"fall_{fold}.onnx", told["records"][fold]))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.detect", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of NAME.home.toml and NAME.jsonl.gz")
    parser.add_argument("--out", type=Path, default=Path("build/bench-detect"))
    parser.add_argument("--every", type=int, default=1, metavar="N", help="each Nth home")
    parser.add_argument("--quick", action="store_true", help="budgets 2 and 4 only")
    args = parser.parse_args()
    wanted, budgets = cases(args.data, args.every), BUDGETS[1:3] if args.quick else BUDGETS
    if not wanted:
        print(f"{args.data}: no NAME.home.toml with a log beside it", file=sys.stderr)
        return 2
    args.out.mkdir(parents=True, exist_ok=True)
    longest = sorted(range(len(wanted)), key=lambda n: -wanted[n].log.stat().st_size)
    with ProcessPoolExecutor(2) as pool:
        answers: dict[int, Answer] = {}
        for n, answer in zip(longest, pool.map(_ask, [(wanted[n], budgets) for n in longest]), strict=True):
            answers[n] = answer
            print(f"\r{len(answers)} of {len(wanted)} homes", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    names = [case.home.id for case in wanted]
    found = [answers[n] for n in range(len(wanted))]
    write(names, found, budgets, args.out)
    return 0


def _ask(case: tuple[Case, Sequence[float]]) -> Answer:
    return ask(*case)


def write(names: Sequence[str], found: Sequence[Answer], budgets: Sequence[float], out: Path) -> None:
    pools = {budget: Pool.of([answer.model[budget] for answer in found]) for budget in budgets}
    floor = Pool.of([answer.floor for answer in found])
    report = tables.Report(names, pools, floor)
    for budget in budgets:
        report.budget(budget)
    report.rooms(PLAN)
    report.doors(PLAN)
    report.cold(PLAN)
    report.killed(PLAN, [answer.killed for answer in found])
    report.beds(PLAN, Pool.of([answer.bedded for answer in found]))
    report.write(out)
    print(report.text())


if __name__ == "__main__":
    sys.exit(main())
