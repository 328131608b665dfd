"""The rules of the house: what ARCHITECTURE.md promises, held by reading the source. lint-imports holds the floors.

Where a rule names files, a new exception is made here, by name and with a reason, or not at all.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import ROOT

MAX_FUNCTION_LINES: Final = 50
MAX_FILE_LINES: Final = 300
MIN_WORDS_IN_A_TEST: Final = 4

# What a file that does not touch the world cannot need.
CLOCKS: Final = frozenset({"time", "sched", "signal"})
CHANCE: Final = frozenset({"random", "secrets", "uuid"})
SOCKETS: Final = frozenset(
    {"socket", "socketserver", "ssl", "select", "selectors", "http", "urllib", "ftplib", "smtplib"}
)
THREADS: Final = frozenset({"threading", "queue", "asyncio", "concurrent", "multiprocessing", "subprocess", "_thread"})
PATHS: Final = frozenset(
    {"os", "pathlib", "shutil", "tempfile", "glob", "fileinput", "mmap", "fcntl", "sys", "logging"}
)
WORLD: Final = CLOCKS | CHANCE | SOCKETS | THREADS | PATHS
# Whoever simulates rolls dice, but with a seed: `from random import Random`, nothing else of that module.
SEEDED: Final = "agent/simulate/"
# A command reads arguments, names files and prints; it has no clock, socket or thread of its own.
COMMANDS: Final = "agent/commands/"

# Each package that touches the world, and the files that may import it.
PACKAGES: Final = {
    "paho": {"agent/mqtt_io.py"},
    "serial": {"agent/sensors/serial_io.py"},
    "onnxruntime": {"agent/detect/onnx_io.py"},
    "cryptography": {"agent/transport/keys_io.py"},
    "ssl": {"agent/broker_io.py", "agent/mqtt_io.py", "agent/doctor_io.py"},
    "socket": {
        "agent/mqtt_io.py",
        "agent/watchdog_io.py",
        "agent/doctor_io.py",
        "agent/transport/door_io.py",
        "agent/demo/parts_io.py",
    },
    # Three databases: the journal (with its migrations), the outbox, and what a centre has received.
    "sqlite3": {
        "agent/journal_io.py",
        "agent/journal_file_io.py",
        "agent/salvage_io.py",
        "agent/migrate_io.py",
        "agent/transport/outbox_io.py",
        "centre/store_io.py",
    },
    "sqlite_utils": {"agent/migrate_io.py"},
    "rich": {"agent/commands/asking.py", "agent/demo/terminal_io.py"},
    "flask": {"centre/web_io.py", "centre/page_io.py"},
    "werkzeug": {"centre/web_io.py"},
    "waitress": {"centre/web_io.py"},
    "amqtt": set(),
    "asyncio": set(),
    # scipy is too large for a process that stays: only training and short-lived jobs. numpy comes with onnxruntime.
    "numpy": {"agent/detect/onnx_io.py"},
    "scipy": set(),
}
# Where `except Exception` is right: it drops a throwing detector and says so; what went wrong is raised again; or
# what onnxruntime says, in classes of its own, becomes a ModelFault.
BROAD_EXCEPT: Final = {"agent/engine.py", "agent/files_io.py", "agent/detect/onnx_io.py"}
WALL_CLOCK: Final = "agent/clock_io.py"
CENTRE_MAY_IMPORT: Final = {
    "agent.civil",
    "agent.mqtt_io",
    "agent.nouns",
    "agent.transport.envelope",
    "agent.transport.keys_io",
}
FORBIDDEN_NAMES: Final = {
    "utils",
    "util",
    "helpers",
    "helper",
    "const",
    "constants",
    "base",
    "manager",
    "common",
    "misc",
}
# Where people are told something: no word of an illness, of a diagnosis, or of the risk of one.
TEXTS: Final = ("agent/incidents.py", "agent/kinds.py", "agent/detect/", "agent/summary/", "centre/")
CLINICAL: Final = re.compile(
    r"\b(alzheimer\w*|anxi\w+|arrhythmi\w*|apn(o)?ea|clinic\w*|confus\w+|dementi\w*|depress\w+|deliri\w+|diabet\w*"
    r"|diagnos\w*|diseas\w*|disorder\w*|agitat\w*|epilep\w*|frail\w*|fractur\w*|illness\w*|impair\w*|incontinen\w*"
    r"|infect\w*|injur\w*|insomnia\w*|medical\w*|medicat\w*|parkinson\w*|pathol\w*|patient\w*|psych\w+|seizure\w*"
    r"|sick\w*|stroke\w*|symptom\w*|syncop\w*|syndrom\w*|unwell|uti|wander\w*|at risk|risk of)\b",
    re.IGNORECASE,
)
UNFINISHED: Final = re.compile(r"\b(TOD[O]|FIXM[E]|XX[X]|HAC[K])\b")


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
