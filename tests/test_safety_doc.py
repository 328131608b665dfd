"""docs/safety.md: each hazard is held by something that a test shows, and the test is there."""

import ast
import re
from functools import cache

import pytest

from tests.conftest import ROOT
from tests.house import CLINICAL

DOC = (ROOT / "docs" / "safety.md").read_text()
HAZARDS = dict(re.findall(r"^## (\d+\. .*?)\n(.*?)(?=^## |\Z)", DOC, re.MULTILINE | re.DOTALL))
NAMED = re.compile(r"`(tests/test_\w+\.py)::(test_\w+)`")
PARTS = ("How bad", "Cause", "Effect", "Left over", "Who must act")
# What must have its hazard, by a word of its title.
FEARED = ("lost", "late", "forged", "reads", "Silence", "False", "dead", "moved", "wrong home", "walk", "agreed",
          "clock", "model", "power", "update", "page", "leaves")  # fmt: skip


@cache
def written_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("hazard", HAZARDS)
def test_each_hazard_has_a_control_that_a_test_shows_and_somebody_who_acts_on_the_rest(hazard: str) -> None:
    said = HAZARDS[hazard]
    controls = [line for line in said.splitlines() if line.startswith("| ") and line != "| control | shown by |"]
    assert controls
    assert all(NAMED.search(line) for line in controls)
    assert [part for part in PARTS if len(re.findall(rf"^- \*\*{part}:\*\* \S", said, re.MULTILINE)) != 1] == []


@pytest.mark.parametrize(("path", "name"), sorted(set(NAMED.findall(DOC))))
def test_each_test_that_shows_a_control_is_there(path: str, name: str) -> None:
    assert name in written_in(path)


def test_what_is_feared_has_its_hazard_and_they_are_counted_through() -> None:
    titles = list(HAZARDS)
    assert [int(title.partition(".")[0]) for title in titles] == list(range(1, len(titles) + 1))
    assert [word for word in FEARED if not any(word in title for title in titles)] == []


def test_no_hazard_names_an_illness() -> None:
    assert CLINICAL.findall(DOC) == []
    assert not re.search(r"\brisk", DOC, re.IGNORECASE)


def test_a_test_that_is_not_there_would_be_missed() -> None:
    assert "test_that_nobody_wrote" not in written_in("tests/test_safety_doc.py")
    assert "test_a_test_that_is_not_there_would_be_missed" in written_in("tests/test_safety_doc.py")
