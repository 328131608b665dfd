"""The models an agent is shipped with: what the manifest says is what is used, and what cannot be used is told."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from agent import models_io
from agent.detect import onnx_io
from agent.detect.detector import Models
from agent.detect.features import names
from agent.engine import Engine
from agent.home import parse
from agent.loop import fill
from agent.models_io import FOLDER, NAMES, shipped
from agent.nouns import DAY_MS, Entry, Frame, Instant, Outcome
from agent.sensors.log import write
from agent.simulate.days import days
from agent.simulate.dialects import as_readings
from agent.simulate.fleet import home_text
from tests.conftest import ROOT
from training.manifest import sign

MONDAY: Final = Instant(1_772_409_600_000)  # 2026-03-02
HOME: Final = parse(home_text(3, link="log"))
Damage = Callable[[Path], None]


def lived(models: Models, said: Iterator[Frame] | tuple[Frame, ...] = (), count: int = 2) -> list[Outcome]:
    """Some simulated days; what the hub says of itself comes first."""
    engine, found = Engine(HOME, models=models), []
    frames = [(MONDAY, frame) for frame in said]
    for reading in as_readings(days(3, MONDAY, count)):
        line = write(reading)
        if line is not None:
            told = json.loads(line)
            payload = f"{reading.quantity} {reading.value}".encode()
            frames.append((reading.at, Frame("log", told["sensor"], payload)))
    for seq, (at, frame) in enumerate(frames, 1):
        found += [engine.step(one) for one in fill([Entry(seq, at, frame)], engine)]
    return found


def faults(found: list[Outcome]) -> list[tuple[str, str]]:
    return [(alert.state, alert.text) for one in found for alert in one.alerts if alert.kind == "model_fault"]


def promised(found: list[Outcome]) -> list[Instant | None]:
    return [one.promise.deadline for one in found if one.promise is not None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped models, in a folder that may be damaged."""
    copy = tmp_path / "models"
    shutil.copytree(FOLDER, copy)
    return copy


def _missing(folder: Path) -> None:
    (folder / "fall.onnx").unlink()


def _flipped(folder: Path) -> None:
    data = bytearray((folder / "fall.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "fall.onnx").write_bytes(data)


def _no_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def _torn_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_bytes((folder / "manifest.json").read_bytes()[:200])


def _another_key(folder: Path) -> None:
    other = folder.parent / "other"
    shutil.copytree(folder, other)
    sign(other, {name: f"{name}.onnx" for name in NAMES}, folder.parent / "other.key")
    shutil.copy(other / "release.pub", folder)


def _not_a_number(folder: Path) -> None:
    """A model that is signed, and answers with what is no number."""
    model = onnx.load(folder / "fall.onnx")
    for tensor in model.graph.initializer:
        if tensor.name == "bias_2":
            tensor.CopyFrom(numpy_helper.from_array(np.full(tensor.dims, np.nan, dtype=np.float32), "bias_2"))
    onnx.save(model, folder / "fall.onnx")
    prior = shipped().priors["fall"]
    sign(folder, {name: f"{name}.onnx" for name in NAMES}, folder.parent / "own.key", {"fall": prior})


@pytest.mark.parametrize(
    ("damage", "names", "why"),
    [
        (_missing, ["fall"], "cannot be read"),
        (_flipped, ["fall"], "is not the file that the manifest names"),
        (_no_manifest, ["anomaly", "fall"], "cannot be read"),
        (_torn_manifest, ["anomaly", "fall"], "is damaged"),
        (_another_key, ["anomaly", "fall"], "is not signed by the key"),
        (_not_a_number, ["fall"], "not a number"),
    ],
)
def test_a_model_that_cannot_be_used_is_told_once_and_the_floor_takes_over(
    folder: Path, damage: Damage, names: list[str], why: str
) -> None:
    damage(folder)
    found = lived(shipped(folder))
    said = faults(found)
    assert [state for state, _ in said] == ["raised"] * len(names)
    for name, (_, text) in zip(names, said, strict=True):
        assert text.startswith(f"The {name} model cannot be used; the rule without a model has taken over:")
        assert why in text
    assert promised(found) == promised(lived(Models()))


def test_with_the_shipped_models_nothing_is_at_fault_and_deadlines_are_the_models_own() -> None:
    found = lived(shipped())
    assert faults(found) == []
    assert promised(found) != promised(lived(Models()))


def test_a_slow_model_is_told_by_the_hub_and_goes_out_of_use_at_that_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_io, "SLOW_S", 0.0)  # every answer takes longer than that
    slow: list[tuple[str, str]] = []
    lived(shipped(tell_slow=lambda name, why: slow.append((name, why))), count=1)
    assert ("fall", "3 answers in a row took more than 0 ms") in slow
    said = Frame("hub", "model", json.dumps({"model": "fall", "why": slow[0][1]}).encode())
    found = lived(shipped(), (said,))
    assert [state for state, _ in faults(found)] == ["raised"]
    assert promised(found) == promised(lived(Models()))


def test_a_start_tries_a_model_again_and_a_replay_obeys_what_the_hub_said_of_its_models() -> None:
    doubt = Frame("hub", "model", b'{"model":"fall","why":"slow"}')
    boot = Frame("hub", "boot", b'{"boot":"x","models":{"fall":"","anomaly":""}}')
    found = lived(shipped(), (doubt, boot))
    assert [state for state, _ in faults(found)] == ["raised", "cleared"]
    assert promised(found) == promised(lived(shipped()))
    without = Frame("hub", "boot", b'{"boot":"x","models":{"fall":"fall.onnx cannot be read","anomaly":""}}')
    assert promised(lived(shipped(), (without,))) == promised(lived(Models()))


def test_golden_rows_have_the_answers_that_training_wrote_down_one_by_one_and_all_at_once() -> None:
    golden = json.loads((ROOT / "tests" / "fixtures" / "fall.golden.json").read_text())
    model = shipped().by_name["fall"]
    assert isinstance(model, onnx_io.OnnxModel)
    rows, wanted = [row["features"] for row in golden["rows"]], [row["logits"] for row in golden["rows"]]
    assert golden["names"] == names()
    assert golden["digest"] == model.digest
    for found in ([model.run(row) for row in rows], model.run_many(rows)):
        apart = [abs(a - b) for one, other in zip(found, wanted, strict=True) for a, b in zip(one, other, strict=True)]
        assert max(apart) <= 1, "a tie of rounding, on another machine"
        assert sum(apart) <= len(apart) // 100


def test_batches_change_no_answer_and_so_no_deadline() -> None:
    golden = json.loads((ROOT / "tests" / "fixtures" / "fall.golden.json").read_text())
    model = shipped().by_name["fall"]
    assert isinstance(model, onnx_io.OnnxModel)
    rows = [row["features"] for row in golden["rows"]]
    one = [model.run(row) for row in rows]
    for size in (2, 3, 32, len(rows)):
        many = [each for start in range(0, len(rows), size) for each in model.run_many(rows[start : start + size])]
        assert many == one


def test_the_manifest_names_nothing_outside_its_folder(folder: Path) -> None:
    shutil.copy(folder / "fall.onnx", folder.parent / "elsewhere.onnx")
    sign(folder, {"fall": "../elsewhere.onnx"}, folder.parent / "own.key")
    assert "outside its folder" in shipped(folder).faults["fall"]


def test_the_private_key_stays_where_it_was_made() -> None:
    assert sorted(file.suffix for file in models_io.FOLDER.iterdir()) == [".json", ".onnx", ".onnx", ".pub"]


def test_the_models_leave_no_trace_of_their_use_anywhere(tmp_path: Path) -> None:
    """Later releases of their library leave an identity in the temporary folder, and hold code that reports."""
    use = "from agent.models_io import shipped; shipped().by_name['fall'].run([0] * FEATURES)"
    words = [sys.executable, "-c", use.replace("FEATURES", str(len(names())))]
    subprocess.run(words, cwd=ROOT, env={"TMPDIR": str(tmp_path), "HOME": str(tmp_path)}, check=True)
    assert list(tmp_path.iterdir()) == []


def test_two_days_are_long_enough_to_say_something() -> None:
    assert len(promised(lived(Models()))) > DAY_MS // 3_600_000
