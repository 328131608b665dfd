"""The rules of the house: what ARCHITECTURE.md promises, held by reading the source. lint-imports holds the floors.

Where a rule names files, a new exception is made in house.py, by name and with a reason, or not at all.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.house import (
    BROAD_EXCEPT,
    CENTRE_MAY_IMPORT,
    CLINICAL,
    COMMANDS,
    FORBIDDEN_NAMES,
    MAX_FILE_LINES,
    MAX_FUNCTION_LINES,
    MIN_WORDS_IN_A_TEST,
    PACKAGES,
    PATHS,
    SEEDED,
    TEXTS,
    UNFINISHED,
    WALL_CLOCK,
    WORLD,
)


@cache
def source() -> dict[str, ast.Module]:
    """Every Python file of the project by its path from the root; caches and environments are none of it."""
    folders = ("agent", "centre", "tests", "bench", "deploy", "training")
    files = sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))
    return {str(file.relative_to(ROOT)): ast.parse(file.read_text(), str(file)) for file in files}


def product() -> dict[str, ast.Module]:
    return {path: tree for path, tree in source().items() if path.startswith(("agent/", "centre/"))}


def touches_the_world(path: str) -> bool:
    return path.endswith(("_io.py", "__main__.py"))


def imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The full name of each import, with what is imported from a module added to it, and its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((name.name, node.lineno) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import hides which floor it reaches"
            yield from ((f"{node.module}.{name.name}", node.lineno) for name in node.names)


def calls(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """What is called, as written (`datetime.now`), and its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def test_only_io_files_touch_the_world() -> None:
    found = []
    for path, tree in product().items():
        if touches_the_world(path):
            continue
        allowed = PATHS if path.startswith(COMMANDS) else frozenset()
        for name, line in imports(tree):
            seeded = path.startswith(SEEDED) and name == "random.Random"
            if name.split(".")[0] in WORLD - allowed and not seeded:
                found.append(f"{path}:{line} imports {name}")
        for name, line in calls(tree):
            if name in {"open", "print", "input", "exec", "eval"} and not path.startswith(COMMANDS):
                found.append(f"{path}:{line} calls {name}")
    assert not found


def test_a_simulation_is_seeded_so_that_it_can_be_had_again() -> None:
    trees = {path: tree for path, tree in product().items() if path.startswith(SEEDED)}
    unseeded = [
        f"{path}:{node.lineno}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Random" and not node.args
    ]
    assert not unseeded


def test_one_file_reads_the_wall_clock() -> None:
    readers = re.compile(r"(time\.)?(time|time_ns|localtime|gmtime|strftime|ctime)|.*\.(now|utcnow|today)")
    found = [
        f"{path}:{line} calls {name}"
        for path, tree in product().items()
        if path.startswith("agent/") and path != WALL_CLOCK
        for name, line in calls(tree)
        if readers.fullmatch(name) and not name.startswith(("self.", "clock."))
    ]
    assert not found


def test_each_package_of_the_world_has_its_door() -> None:
    found = [
        f"{path}:{line} imports {name}"
        for path, tree in product().items()
        for name, line in imports(tree)
        if path not in PACKAGES.get(name.split(".")[0], {path})
    ]
    assert not found


def test_the_centre_knows_only_what_reaches_it() -> None:
    found = []
    for path, tree in product().items():
        for name, line in imports(tree):
            module = name if (ROOT / f"{name.replace('.', '/')}.py").exists() else name.rpartition(".")[0]
            outside = path.startswith("centre/") and name.startswith("agent") and module not in CENTRE_MAY_IMPORT
            inside = path.startswith("agent/") and not path.startswith(COMMANDS) and name.split(".")[0] == "centre"
            if outside or inside:
                found.append(f"{path}:{line} imports {name}")
    assert not found


def test_faults_of_ours_are_not_swallowed() -> None:
    found = []
    for path, tree in product().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler):
                caught = ast.unparse(node.type) if node.type else "BaseException"
                silent = all(isinstance(statement, ast.Pass) for statement in node.body)
                broad = re.search(r"\b(Base)?Exception\b", caught)
                if broad and (path not in BROAD_EXCEPT or silent):
                    found.append(f"{path}:{node.lineno} catches {caught}")
    assert not found


def test_files_and_functions_fit_on_a_page() -> None:
    found = []
    for path, tree in source().items():
        lines = len((ROOT / path).read_text().splitlines())
        if lines > MAX_FILE_LINES:
            found.append(f"{path} has {lines} lines")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > MAX_FUNCTION_LINES:
                    found.append(f"{path}:{node.lineno} {node.name} has {length} lines")
    assert not found


def test_every_file_has_a_name_that_says_what_is_in_it() -> None:
    parts = {(path, part) for path in source() for part in Path(path).with_suffix("").parts}
    assert not [path for path, part in parts if part.removesuffix("_io") in FORBIDDEN_NAMES]


def test_every_file_says_what_it_is() -> None:
    assert not [path for path, tree in product().items() if tree.body and not ast.get_docstring(tree)]


def test_a_noun_never_changes_once_it_is_said() -> None:
    for node in ast.walk(product()["agent/nouns.py"]):
        if isinstance(node, ast.ClassDef):
            kinds = [ast.unparse(base) for base in node.bases]
            made = [ast.unparse(decorator) for decorator in node.decorator_list]
            faults_and_tuples = (["NamedTuple"], ["Exception"], ["Refused"])
            assert kinds in faults_and_tuples or made == ["dataclass(frozen=True, slots=True)"], node.name


def test_the_core_is_plain_loops() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in product().items()
        if path not in PACKAGES["asyncio"]
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith)
    ]
    assert not found


def test_what_people_are_told_names_no_illness() -> None:
    found = [
        f"{path}:{node.lineno} says {word[0]!r}"
        for path, tree in product().items()
        if path.startswith(TEXTS)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for word in CLINICAL.finditer(node.value)
    ]
    assert not found


@pytest.mark.parametrize("text", ["Risk of a fall.", "Possible infection", "a patient was seen", "signs of dementia"])
def test_the_list_of_clinical_words_finds_them(text: str) -> None:
    assert CLINICAL.search(text)


def test_tests_are_sentences_about_a_home() -> None:
    found = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in source().items()
        if path.startswith("tests/")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        if len(node.name.split("_")) <= MIN_WORDS_IN_A_TEST
    ]
    assert not found


def test_tests_use_real_parts_and_wait_for_conditions() -> None:
    found = []
    for path, tree in source().items():
        if path.startswith("tests/"):
            found += [f"{path}:{at} imports {name}" for name, at in imports(tree) if re.search(r"\bmock\b", name)]
        if path.startswith("tests/") and "/test_" in path:  # what waits for a condition, within a bound, is no test
            found += [f"{path}:{at} calls {name}" for name, at in calls(tree) if re.fullmatch(r"(time\.)?sleep", name)]
    assert not found


def test_nothing_is_left_unfinished_and_no_machine_is_named() -> None:
    machine = re.compile(r"(?<![\w.])/(work|root|home/\w+)/")
    kinds = re.compile(r".*\.(py|sql|sh|toml|md|html|css|svg|yaml|service|lock|js|cjs|mjs|c|h)|Makefile|run")
    folders = ("agent", "centre", "tests", "bench", "deploy", "docs", "firmware-bridge", "training", ".ci")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*")] + list(ROOT.iterdir())
    found = [
        f"{file.relative_to(ROOT)}:{count}"
        for file in files
        if file.is_file() and kinds.fullmatch(file.name)
        for count, line in enumerate(file.read_text().splitlines(), start=1)
        if UNFINISHED.search(line) or (machine.search(line) and file.name != "test_architecture.py")
    ]
    assert not found
