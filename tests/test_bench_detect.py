"""``make bench-detect`` in short: a few real homes, lived through the product with models that never saw them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.notes import told

EVERY = 8  # six homes, a minute and a half


def test_on_homes_it_never_saw_the_model_is_sooner_than_every_baseline_at_equal_false_alerts(
    hearthwatch_data: Path, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    words = ["--data", str(hearthwatch_data / "tihm"), "--out", str(tmp_path), "--every", str(EVERY), "--quick"]
    subprocess.run([sys.executable, "-m", "bench.detect", *words], cwd=ROOT, check=True, capture_output=True)
    notes = told(pytestconfig, "bench-detect in short: a few homes say little; the figures are in docs/detection.md")
    notes.lines += (tmp_path / "detect.md").read_text().splitlines()
    found = json.loads((tmp_path / "detect.json").read_text())
    for budget in ("2", "4"):
        assert found[f"ratios {budget}"]["mean"] < 0.9
        assert found[f"budget {budget}"]["realised"] < 2.0
    assert {"delay.svg", "budget.svg"} <= {file.name for file in tmp_path.iterdir()}
