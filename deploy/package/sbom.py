"""The parts of a package, as CycloneDX: sbom.py NAME VERSION REPORT [NPM-LOCK]

REPORT is what pip tells of an installation (--report). Each part stands there with the hash of the very file that was
packed, which its lock names, and with the licence that its own metadata gives. The same parts give the same bytes:
there is no date in it, and its number is made of its contents.
"""

import base64
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

LICENCES: Final = LicenseFactory()
LICENCE_MOST: Final = 80  # characters; more is the text of a licence, and no name of one


def licence_of(said: Mapping[str, Any]) -> list[Any]:
    """As its metadata names it: an SPDX expression, a name, or what it is classified as."""
    words = said.get("license_expression") or (said.get("license") or "").strip()
    if not words or "\n" in words or len(words) > LICENCE_MOST:
        kinds = [line.rpartition(" :: ")[2] for line in said.get("classifier", []) if line.startswith("License ::")]
        words = kinds[0] if kinds else ""
    return [LICENCES.make_from_string(words)] if words else []


def of_wheels(report: Path) -> list[Component]:
    found = []
    for one in json.loads(report.read_text())["install"]:
        said = one["metadata"]
        name, version = re.sub(r"[-_.]+", "-", said["name"]).lower(), said["version"]
        purl = PackageURL("pypi", None, name, version)
        digest = one["download_info"]["archive_info"]["hashes"]["sha256"]
        found.append(
            Component(
                type=ComponentType.LIBRARY,
                name=name,
                version=version,
                bom_ref=purl.to_string(),
                purl=purl,
                licenses=licence_of(said),
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
            )
        )
    return found


def of_npm(lock: Path) -> list[Component]:
    found = {}
    for path, one in json.loads(lock.read_text())["packages"].items():
        if not path or one.get("optional"):
            continue
        scope, _, name = path.rpartition("node_modules/")[2].rpartition("/")
        digest = base64.b64decode(one["integrity"].partition("sha512-")[2]).hex()
        purl = PackageURL("npm", scope or None, name, one["version"])
        licence = [LICENCES.make_from_string(one["license"])] if isinstance(one.get("license"), str) else []
        found[purl.to_string()] = Component(
            type=ComponentType.LIBRARY,
            group=scope or None,
            name=name,
            version=one["version"],
            bom_ref=purl.to_string(),
            purl=purl,
            licenses=licence,
            hashes=[HashType(alg=HashAlgorithm.SHA_512, content=digest)],
        )
    return list(found.values())


def bom_of(name: str, version: str, parts: list[Component]) -> str:
    """JSON, whatever order the parts came in."""
    bom = Bom(components=parts)
    whole = Component(
        type=ComponentType.APPLICATION,
        name=name,
        version=version,
        bom_ref=name,
        purl=PackageURL("deb", None, name, version),
        licenses=[LICENCES.make_from_string("Apache-2.0")],
    )
    bom.metadata.component = whole
    bom.register_dependency(whole, parts)
    bom.metadata.timestamp = None  # type: ignore[assignment]  # the commit is its date
    said = json.loads(JsonV1Dot6(bom).output_as_string())
    said["metadata"].pop("timestamp", None)
    said.pop("serialNumber", None)
    said["serialNumber"] = uuid5(NAMESPACE_URL, json.dumps(said, sort_keys=True)).urn
    return json.dumps(said, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    name, version, report, *npm = sys.argv[1:]
    parts = of_wheels(Path(report))
    for each in npm:
        parts += of_npm(Path(each))
    print(bom_of(name, version, parts), end="")
