"""The manifest that training signs is the one that an agent believes."""

from pathlib import Path

import pytest

from agent import models_io
from agent.detect.detector import ModelFault
from training.manifest import digest, sign


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one model, signed with a throw-away key."""
    models = tmp_path / "models"
    models.mkdir()
    (models / "anomaly.onnx").write_bytes(b"a model")
    sign(models, {"anomaly": "anomaly.onnx"}, tmp_path / "release.key")
    return models


def test_an_agent_reads_what_training_signed(folder: Path) -> None:
    manifest = models_io._manifest(folder)
    assert models_io._named(manifest, "anomaly") == ("anomaly.onnx", digest(folder / "anomaly.onnx"))


def test_a_manifest_that_somebody_changed_is_no_manifest(folder: Path) -> None:
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text.replace("anomaly.onnx", "another.onnx"))
    with pytest.raises(ModelFault, match="not signed"):
        models_io._manifest(folder)


def test_the_private_key_stays_where_it_was_made(folder: Path) -> None:
    assert sorted(file.name for file in folder.iterdir()) == ["anomaly.onnx", "manifest.json", "release.pub"]
