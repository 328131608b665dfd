"""The lock files: anyone's mirror will do, and what is installed is what was locked."""

import json
import re
import tomllib

from tests.conftest import ROOT

LOCKS = ("requirements.lock", "requirements-demo.lock", "requirements-dev.lock")
FUZZ = "requirements-fuzz.lock"
PARTS = ("deploy/zigbee2mqtt/package-lock.json", "tests/axe/package-lock.json")


def pins(lock: str) -> set[str]:
    return set(re.findall(r"^[a-z0-9.-]+==[^ ;]+", (ROOT / lock).read_text(), flags=re.MULTILINE))


def test_no_lock_names_a_host() -> None:
    for lock in (*LOCKS, FUZZ, *PARTS):
        assert not re.search(r"://|\bindex-url\b|\bfind-links\b", (ROOT / lock).read_text()), lock


def test_every_package_is_held_by_its_hash() -> None:
    for lock in (*LOCKS, FUZZ):
        text = (ROOT / lock).read_text()
        for pin in pins(lock):
            assert re.search(rf"^{re.escape(pin)}(?: ;[^\n]*)? \\\n    --hash=sha256:", text, flags=re.MULTILINE), pin
    for lock in PARTS:
        packages = json.loads((ROOT / lock).read_text())["packages"]
        assert all("integrity" in package for name, package in packages.items() if name)


def test_a_larger_lock_holds_the_smaller_one() -> None:
    assert pins("requirements.lock") < pins("requirements-demo.lock") < pins("requirements-dev.lock")


def test_everything_that_the_project_needs_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {"requirements.lock": project["dependencies"]}
    wanted["requirements-demo.lock"] = project["optional-dependencies"]["demo"]
    wanted["requirements-dev.lock"] = project["optional-dependencies"]["test"][1:]
    for lock, needs in wanted.items():
        locked = {pin.split("==")[0] for pin in pins(lock)}
        assert {re.split(r"[<>=]", need)[0] for need in needs} <= locked
