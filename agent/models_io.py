"""The models that are shipped with the agent: a signed manifest, and the files whose digests it names.

``models/manifest.json`` is one JSON object: ``models`` (name -> file, digest, perhaps what the population taught beside
it), signed as a whole by the key that training pinned in ``models/release.pub``. A wrong signature means no model. The
key lies beside what it signs: it shows that the files belong together; whoever may write there may write the agent.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from agent.detect.detector import Model, ModelFault, Models
from agent.detect.hazard import RECORD
from agent.transport.keys_io import BadKey, verifier

FOLDER: Final = Path(__file__).parent / "detect" / "models"
NAMES: Final = ("fall", "anomaly")  # what an agent wants
RECORDED: Final = {"fall": RECORD}  # models that come with what the population taught: so many numbers
MANIFEST_MOST_BYTES: Final = 65_536


def shipped(folder: Path = FOLDER, tell_slow: Callable[[str, str], None] = lambda name, why: None) -> Models:
    """The models in ``folder``; of those that cannot be used, why. ``tell_slow`` is told of a slow one, by name."""
    found: dict[str, Model] = {}
    faults: dict[str, str] = {}
    priors: dict[str, list[int]] = {}
    try:
        manifest = _manifest(folder)
    except ModelFault as fault:
        return Models({}, dict.fromkeys(NAMES, str(fault)))
    from agent.detect.onnx_io import load  # 30 MB that whoever has no model does without

    for name in NAMES:
        try:
            file, digest, prior = _named(manifest, name)
            if prior:
                priors[name] = prior
            if name in RECORDED and len(prior) != RECORDED[name]:
                raise ModelFault(f"the manifest has no record of {RECORDED[name]} numbers for the {name} model")
            found[name] = load(folder / file, digest, partial(tell_slow, name))
        except ModelFault as fault:
            faults[name] = str(fault)
    return Models(found, faults, priors)


def _manifest(folder: Path) -> dict[str, object]:
    try:
        with (folder / "manifest.json").open("rb") as file:
            text = file.read(MANIFEST_MOST_BYTES)
        verify = verifier(str(folder / "release.pub"))
    except (OSError, BadKey) as fault:
        raise ModelFault(f"the manifest of the models cannot be read: {fault}") from None
    try:
        signed = json.loads(text)
        body, signature = str(signed["manifest"]).encode(), urlsafe_b64decode(signed["sig"] + "==")
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ModelFault("the manifest of the models is damaged") from None
    if not verify(signature, body):
        raise ModelFault("the manifest of the models is not signed by the key that belongs to it")
    try:
        manifest = json.loads(body)
    except (ValueError, RecursionError):
        raise ModelFault("the manifest of the models is damaged") from None
    if not isinstance(manifest, dict):
        raise ModelFault("the manifest of the models is damaged")
    return manifest


def _named(manifest: dict[str, object], name: str) -> tuple[str, str, list[int]]:
    """File, digest and prior of a model."""
    models = manifest.get("models")
    one = models.get(name) if isinstance(models, dict) else None
    if not isinstance(one, dict) or not isinstance(one.get("file"), str) or not isinstance(one.get("digest"), str):
        raise ModelFault(f"the manifest names no {name} model")
    if "/" in one["file"]:
        raise ModelFault(f"the manifest's {name} model lies outside its folder")
    prior = one.get("prior", [])
    if not isinstance(prior, list) or not all(isinstance(each, int) for each in prior):
        raise ModelFault(f"the manifest's {name} model has a record that is no list of whole numbers")
    return one["file"], one["digest"], prior
