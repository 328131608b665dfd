"""From the data folder to the models an agent ships: fall.onnx and anomaly.onnx, with all that belongs to them.

    python -m training --data DIR --out DIR [--key FILE]

What was made stays in the out folder, so a run that was cut goes on from there. It then takes its places: the models,
the signed manifest and the public half of the key in agent/detect/models; golden vectors in tests/fixtures; the models
of the folds, on which ``make bench-detect`` rests, in training/folds. Without ``--key`` nothing is signed or installed.
Everything is seeded and runs on one thread a process; about twenty minutes on two cores.
"""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np

from agent.detect.onnx_io import OnnxModel
from agent.nouns import Home
from bench.homes import homes_in
from training import anomaly, export, train
from training.data import PLAIN, load
from training.manifest import sign
from training.prior import Heard, listen, record

ROOT: Final = Path(__file__).parent.parent
EVERYONE: Final = train.FOLDS  # in place of a fold: the model that is shipped, taught by all homes


def make(data: Path, out: Path, fold: int) -> None:
    """The student that never saw the homes of ``fold``."""
    path = out / ("fall.onnx" if fold == EVERYONE else f"fall_{fold}.onnx")
    if path.exists():
        return
    began = time.monotonic()
    known = load(data, out / "data.npz")
    learn = train.folds(len(known.homes)) != fold
    student = train.distil(*train.taught(train.teach(known, learn), known, learn))
    model = export.export(student, path)
    if fold == EVERYONE:
        rows = np.flatnonzero(known.variant == PLAIN)
        pick = np.random.default_rng(train.SEED).choice(rows, export.GOLDEN, replace=False)
        export.golden(model, known.x[np.sort(pick)], out / "fall.golden.json")
    print(f"{path.name}: {time.monotonic() - began:.0f} s", flush=True)


def _listen(case: tuple[Home, Path, Path]) -> Heard:
    home, log, model = case
    return listen(home, log, OnnxModel(model.read_bytes()))


def records(data: Path, out: Path) -> None:
    """What the homes outside each fold taught about prices, and all homes; each heard with its own fold's model."""
    cases = homes_in(data, None)
    fold = train.folds(len(cases)).tolist()
    with ProcessPoolExecutor(2) as pool:
        heard = list(pool.map(_listen, [(*case, out / f"fall_{f}.onnx") for case, f in zip(cases, fold, strict=True)]))
    said = {
        "fold_of": {home.id: f for (home, _), f in zip(cases, fold, strict=True)},
        "records": [record([h for h, f in zip(heard, fold, strict=True) if f != each]) for each in range(train.FOLDS)],
        "record": record(heard),
    }
    (out / "folds.json").write_text(json.dumps(said) + "\n")


def install(out: Path, key: Path) -> None:
    """Everything to its place in the repository."""
    models, folds, fixtures = ROOT / "agent/detect/models", ROOT / "training/folds", ROOT / "tests/fixtures"
    for folder in (models, folds):
        folder.mkdir(exist_ok=True)
    for name in ("fall", "anomaly"):
        shutil.copy(out / f"{name}.onnx", models)
        shutil.copy(out / f"{name}.golden.json", fixtures)
        for each in range(train.FOLDS):
            shutil.copy(out / f"{name}_{each}.onnx", folds)
    said: Mapping[str, Sequence[int]] = json.loads((out / "folds.json").read_text())
    (folds / "folds.json").write_text(json.dumps({key: said[key] for key in ("fold_of", "records")}) + "\n")
    sign(models, {"fall": "fall.onnx", "anomaly": "anomaly.onnx"}, key, {"fall": said["record"]})


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--key", type=Path, help="the private key that models are signed with, outside the repository")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    load(args.data, args.out / "data.npz")
    with ProcessPoolExecutor(2) as pool:
        for done in [pool.submit(make, args.data, args.out, fold) for fold in (EVERYONE, *range(train.FOLDS))]:
            done.result()
    if not (args.out / "folds.json").exists():
        records(args.data, args.out)
    anomaly.make(args.data, args.out)
    if args.key is not None:
        install(args.out, args.key)
    return 0


if __name__ == "__main__":
    sys.exit(main())
