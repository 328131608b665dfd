"""From the data folder to the fall model, its golden vectors and its judgement.

    python -m training --data DIR --out DIR [--only data|train|judge]

Everything is seeded and runs on one thread. The out folder keeps what was made, so a run that was cut goes on from
there: data.npz, floor.npz, fold_N.npy (logits of the homes that fold N never saw), fall.onnx, fall.golden.json,
fall.json (digest, sizes, data), report.txt.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

from training import ablation, baselines, export, judge, report, train
from training.calibrate import Rule
from training.data import Data, load
from training.features import names

RULE = Rule(log_share=0.5, p_share=0.5, k_home=30, k_cell=20, days_kept=10, partitions=(0, 1, 5))


def folds(data: Data, out: Path) -> np.ndarray:
    """Logits of every row by a student that never saw its home."""
    fold = train.folds(len(data.homes))
    logits = np.empty((len(data.at), train.BINS), dtype=np.float32)
    for each in range(train.FOLDS):
        path, rows = out / f"fold_{each}.npy", fold[data.home] == each
        if not path.exists():
            began = time.monotonic()
            teacher = train.teach(data, fold != each)
            student = train.distil(*train.taught(teacher, data, fold != each))
            np.save(path, student.logits(data.x[rows]))
            if (out / "keep-teachers").exists():
                teacher.save_model(out / f"teacher_{each}.txt")
            print(f"fold {each}: {time.monotonic() - began:.0f} s", flush=True)
        logits[rows] = np.load(path)
    return logits


def final(data: Data, out: Path) -> None:
    """The model that is shipped: taught by all homes, judged by its siblings of the folds."""
    path = out / "fall.onnx"
    if path.exists():
        return
    everyone = np.ones(len(data.homes), dtype=bool)
    student = train.distil(*train.taught(train.teach(data, everyone), data, everyone))
    digest = export.export(student, path)
    pick = np.random.default_rng(train.SEED).choice(len(data.x), export.GOLDEN, replace=False)
    export.golden(path, data.x[np.sort(pick)], digest, out / "fall.golden.json")
    card = {"digest": digest, "bytes": path.stat().st_size, "features": len(names()), "homes": len(data.homes),
            "data": "TIHM (Scientific Data 10:606, 2023; CC BY 4.0), with acknowledgement to the Surrey and Borders "
                    "Partnership NHS Foundation Trust and Howz", "seed": train.SEED}  # fmt: skip
    (out / "fall.json").write_text(json.dumps(card, indent=1) + "\n")


def dead_sensor(folder: Path, out: Path, view: judge.View, logits: np.ndarray) -> str:
    """Realised/budget after one sensor of each home died unnoticed, with the shipped model (which has seen these
    homes whole) and the prices of the others' populations."""
    prior = judge.priors(view, judge.criticals(view, judge.survivals(view, logits, RULE), RULE))
    data = load(folder, out / "killed.npz", killed=True)
    dead, model = judge.View(data), export.session(out / "fall.onnx")
    found = np.concatenate([export.run(model, data.x[i : i + 4096]) for i in range(0, len(data.x), 4096)])
    survival = judge.survivals(dead, found / export.LOGIT_UNIT, RULE)
    ours = judge.model_result(dead, survival, judge.criticals(dead, survival, RULE), 2.0, RULE, prior)
    late = np.concatenate([dead.age[rows] >= dead.age[rows[-1]] / 2 for rows in dead.rows]) & dead.settled
    days = float(dead.elapsed[late & (data.outage == 0)].sum()) / 86_400_000
    share = ours.alerts[late].sum() * 15 / days
    return f"one sensor dead half-way, nobody told: realised/budget {share:.2f} ({days:.0f} days)"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", choices=("data", "train", "judge", "killed", "ablation"))
    args = parser.parse_args()
    args.out.mkdir(exist_ok=True)
    data = load(args.data, args.out / "data.npz")
    if args.only == "data":
        return 0
    logits = folds(data, args.out)
    if args.only != "judge":
        final(data, args.out)
    if args.only == "train":
        return 0
    view = judge.View(data)
    known = judge.scales(view, baselines.floor_waits(args.data, judge.BUDGETS, data, args.out / "floor.npz"))
    if args.only == "ablation":
        for line in ablation.ablation(view, logits, known, RULE):
            print(line, flush=True)
        return 0
    if args.only == "killed":
        print(dead_sensor(args.data, args.out, view, logits))
        return 0
    prior = judge.priors(view, judge.criticals(view, judge.survivals(view, logits, RULE), RULE))[-1]
    shipped = {"rates_permille_per_30_days": [round(1_000 * each) for each in prior.rates.tolist()],
               "beyond_permille_per_30_days": round(1_000 * prior.beyond)}  # fmt: skip
    (args.out / "fall.prior.json").write_text(json.dumps(shipped) + "\n")
    with (args.out / "report.txt").open("w") as file:
        for line in report.report(view, logits, known, RULE):
            print(line, flush=True)
            print(line, file=file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
