"""From the data folder to the anomaly model, its fold models and its golden vectors.

    python -m training.anomaly --data DIR --out DIR

Everything is seeded. The out folder gets anomaly.onnx, anomaly.golden.json, anomaly_N.onnx (which never saw the homes
of fold N; bench.routine judges with them) and anomaly.json (digests, sizes, the tables that own_days.py and surprise.py
hold). What the model is worth is printed by bench.routine.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Final

import numpy as np

from agent.detect.day_features import FEATURES
from agent.detect.own_days import UNIT
from training.anomaly_export import GOLDEN, export, golden
from training.anomaly_fold import FOLDS, fold
from training.anomaly_net import SEED, N, Net, fit, knots_of
from training.anomaly_rows import Rows, days_of, rows_of, widths

BLANK: Final = (np.zeros(1, dtype=np.float32),) * 2


def free_sums(rows: np.ndarray) -> np.ndarray:
    """The rule without a model, before it is made bits: root of the mean square, in UNIT."""
    known = rows[:, N : 2 * N]
    found: np.ndarray = np.sqrt((rows[:, :N] ** 2 * known).sum(1) / np.maximum(known.sum(1), 1))
    return found


def train(rows: Rows) -> tuple[Net, list[Net]]:
    """The model of all homes, and for each fold the one that did not see it.

    What a sum is worth in bits is read off homes that the network which gave it did not see; for a fold model, off the
    homes outside its fold only.
    """
    folds = np.array([fold(rows.homes[number]) for number in rows.home])
    unseen = np.zeros((2, len(folds)))
    nets = []
    for number in range(FOLDS):
        seen, held = folds != number, folds == number
        net = Net(*fit(rows.day[seen], rows.drift[seen], SEED + 100 * number), BLANK)
        unseen[0, held], unseen[1, held] = net.sums(rows.day[held]), net.sums(rows.drift[held])
        nets.append(net)
        print(f"fold {number}: {held.sum()} days of {len(set(rows.home[held]))} homes", flush=True)
    for number, net in enumerate(nets):
        net.knots = (knots_of(unseen[0, folds != number]), knots_of(unseen[1, folds != number]))
    knots = (knots_of(unseen[0]), knots_of(unseen[1]))
    return Net(*fit(rows.day, rows.drift), knots), nets


def write(out: Path, rows: Rows, whole: Net, nets: list[Net]) -> dict[str, str]:
    """The digests of what was written."""
    out.mkdir(parents=True, exist_ok=True)
    digests = {"anomaly.onnx": export(whole, out / "anomaly.onnx")}
    for number, net in enumerate(nets):
        digests[f"anomaly_{number}.onnx"] = export(net, out / f"anomaly_{number}.onnx")
    every = np.concatenate([rows.day, rows.drift])
    some = np.random.default_rng(SEED).choice(len(every), GOLDEN, replace=False)
    golden(out / "anomaly.onnx", every[np.sort(some)], out / "anomaly.golden.json")
    return digests


def make(data: Path, out: Path) -> bool:
    """Everything, from a folder of homes; False if there are none."""
    days = days_of(data)
    if not days:
        return False
    rows = rows_of(days)
    print(f"{len(rows.day)} scored days of {len(set(rows.home))} homes (of {len(days)}), {len(FEATURES)} numbers a day")
    digests = write(out, rows, *train(rows))
    tables = {
        "WIDTHS": widths(days),
        "FREE_DAY": np.rint(knots_of(free_sums(rows.day))).astype(int).tolist(),
        "FREE_DRIFT": np.rint(knots_of(free_sums(rows.drift))).astype(int).tolist(),
    }
    about = {"digests": digests, "days": len(rows.day), "homes": len(set(rows.home)), "unit": UNIT, **tables}
    (out / "anomaly.json").write_text(json.dumps(about, indent=1) + "\n")
    for name, table in tables.items():
        print(f"{name}: {table}")
    for name in digests:
        print(f"{name}: {(out / name).stat().st_size} bytes, sha256 {digests[name]}")
    return True


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.anomaly", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of NAME.home.toml and NAME.jsonl.gz")
    parser.add_argument("--out", type=Path, required=True, help="where the models go")
    args = parser.parse_args()
    if not make(args.data, args.out):
        print(f"{args.data}: no NAME.home.toml with a log beside it", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
