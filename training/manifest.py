"""The signed manifest of the models: which file is which model, and its digest. agent/models_io.py reads it.

The private key stays outside the repository; its public half is written beside the manifest as release.pub, which is
what an agent pins. A key that is not there is made, once.
"""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path

from agent.transport.keys_io import public_path, signer


def sign(folder: Path, models: Mapping[str, str], key: Path, priors: Mapping[str, Sequence[int]] | None = None) -> None:
    """Writes ``folder``/manifest.json and release.pub. ``models``: name -> file in the folder; ``priors``: name -> what
    the population taught beside it.

    What is signed is the text of the manifest itself, so that nobody has to agree on how JSON is spelled.
    """
    named: dict[str, dict[str, object]] = {
        name: {"file": file, "digest": digest(folder / file)} for name, file in sorted(models.items())
    }
    for name, prior in (priors or {}).items():
        named[name]["prior"] = list(prior)
    body = json.dumps({"models": named}, separators=(",", ":"), sort_keys=True)
    signature = urlsafe_b64encode(signer(str(key))(body.encode())).rstrip(b"=").decode()
    (folder / "manifest.json").write_text(json.dumps({"manifest": body, "sig": signature}, indent=1) + "\n")
    (folder / "release.pub").write_bytes(Path(public_path(str(key))).read_bytes())


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
