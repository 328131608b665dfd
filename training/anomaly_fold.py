"""Which homes an anomaly model of the folds never saw, and where those models are: for whoever judges."""

from hashlib import sha256
from pathlib import Path
from typing import Final

FOLDS: Final = 5
FOLDER: Final = Path(__file__).parent / "folds"  # anomaly_N.onnx never saw the homes of fold N


def fold(home: str) -> int:
    """From the home's name alone, so that no list of homes has to travel with the models."""
    return int(sha256(home.encode()).hexdigest(), 16) % FOLDS
