"""The models that are shipped with the agent: a signed manifest, and the files whose digests it names.

``models/manifest.json`` is one JSON object: ``models`` (name -> file, digest), signed as a whole by the key that
training pinned in ``models/release.pub``. A wrong signature means no model at all.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Final

from agent.detect.detector import Model, ModelFault, Models
from agent.transport.keys_io import BadKey, verifier

FOLDER: Final = Path(__file__).parent / "detect" / "models"
NAMES: Final[tuple[str, ...]] = ("anomaly",)  # what an agent wants
MANIFEST_MOST_BYTES: Final = 65_536


def shipped(folder: Path = FOLDER, tell_slow: Callable[[str, str], None] = lambda name, why: None) -> Models:
    """The models in ``folder``; of those that cannot be used, why. ``tell_slow`` is told of a slow one, by name."""
    from agent.detect.onnx_io import load  # 40 MB that a command without a model does not need

    found: dict[str, Model] = {}
    faults: dict[str, str] = {}
    try:
        manifest = _manifest(folder)
    except ModelFault as fault:
        return Models({}, dict.fromkeys(NAMES, str(fault)))
    for name in NAMES:
        try:
            file, digest = _named(manifest, name)
            found[name] = load(folder / file, digest, lambda why, name=name: tell_slow(name, why))  # type: ignore[misc]
        except ModelFault as fault:
            faults[name] = str(fault)
    return Models(found, faults)


def _manifest(folder: Path) -> dict[str, object]:
    try:
        with (folder / "manifest.json").open("rb") as file:
            text = file.read(MANIFEST_MOST_BYTES)
        verify = verifier(str(folder / "release.pub"))
    except (OSError, BadKey) as fault:
        raise ModelFault(f"the manifest of the models cannot be read: {fault}") from None
    try:
        signed = json.loads(text)
        body, signature = signed["manifest"], urlsafe_b64decode(signed["sig"] + "==")
        manifest = json.loads(body)
    except (ValueError, KeyError, TypeError):
        raise ModelFault("the manifest of the models is damaged") from None
    if not verify(signature, body.encode()):
        raise ModelFault("the manifest of the models is not signed by the key that belongs to it")
    if not isinstance(manifest, dict):
        raise ModelFault("the manifest of the models is damaged")
    return manifest


def _named(manifest: dict[str, object], name: str) -> tuple[str, str]:
    models = manifest.get("models")
    one = models.get(name) if isinstance(models, dict) else None
    if not isinstance(one, dict) or not isinstance(one.get("file"), str) or not isinstance(one.get("digest"), str):
        raise ModelFault(f"the manifest names no {name} model")
    if "/" in one["file"]:
        raise ModelFault(f"the manifest's {name} model lies outside its folder")
    return one["file"], one["digest"]
