"""Holds decide.py (whole numbers, one at a time) against calibrate.py (arrays), and times what a hub would run.

python -m training.check --out DIR
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

from training import decide, export
from training.__main__ import RULE
from training.calibrate import GRID_MS, SUB, TO_GRID, choose, softplus


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.check")
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    golden = json.loads((out / "fall.golden.json").read_text())
    model = export.session(out / "fall.onnx")
    x = np.array([row["features"] for row in golden["rows"]])
    wanted = np.array([row["logits"] for row in golden["rows"]])
    one = np.array([export.run(model, row[None])[0] for row in x])
    print(
        "golden: batch 1 off by",
        int(abs(one - wanted).max()),
        "batch 64 off by",
        int(abs(export.run(model, x) - wanted).max()),
    )
    grid = decide.Grid(SUB, round(1_000 * RULE.log_share), round(1_000 * RULE.p_share), round(RULE.p_scale))
    assert len(grid.waits_ms) == len(GRID_MS)
    assert max(abs(np.array(grid.waits_ms) - GRID_MS)) <= 1
    survival = np.exp(-(softplus(wanted / export.LOGIT_UNIT) @ TO_GRID))
    plain = [decide.FACTOR_UNIT] * len(decide.BANDS)
    worst = same = total = 0
    for price in (500.0, 5_000.0, 50_000.0, 500_000.0):
        arrays = choose(survival, np.full(len(x), price), RULE)
        for row, there in zip(wanted.tolist(), arrays, strict=True):
            here = grid.wait_ms(grid.survival(decide.hazards(row, plain)), round(price * 1_000))
            steps = abs(int(np.argmin(abs(GRID_MS - here))) - int(np.argmin(abs(GRID_MS - there))))
            worst, same, total = max(worst, steps), same + (steps == 0), total + 1
    print(f"decide against calibrate: {same} of {total} the same, at most {worst} steps of {len(GRID_MS)} apart")
    began = time.perf_counter()
    for row in x.astype(np.float32):
        model.run(None, {"features": row[None]})
    middle = time.perf_counter()
    for row in wanted.tolist():
        grid.wait_ms(grid.survival(decide.hazards(row, plain)), 5_000_000)
    end = time.perf_counter()
    print(
        f"onnxruntime batch 1: {1e6 * (middle - began) / len(x):.0f} us; decide: {1e6 * (end - middle) / len(x):.0f} us"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
