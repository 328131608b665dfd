"""The agent as a Raspberry Pi runs it: the same code on an emulated aarch64, with the wheels that a Pi would install.

``deploy/arm64.sh`` unpacks what is needed into build/; where it cannot, these tests are skipped for the reason that it
gives. What is said must not depend on the processor; only a model's last digits may, and they may move a deadline by
one step of the model at most.
"""

import gzip
import json
import subprocess
import sys
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple

import pytest

from agent.civil import parse_rfc3339
from agent.nouns import DAY_MS, Instant
from agent.sensors.log import write
from agent.simulate.days import days
from agent.simulate.dialects import as_readings
from agent.simulate.fleet import home_text
from agent.simulate.sensors import Fault
from tests.conftest import ROOT
from tests.notes import Notes, told
from tests.small_onnx import INPUTS, OUTPUTS, two_layers

PI: Final = ROOT / "build" / "arm64" / "python"
MISSING: Final = ROOT / "build" / "arm64.missing"
MONDAY: Final = Instant(1_772_409_600_000)  # 2026-03-02
FAULTS: Final = (Fault("bathroom-motion", "dead", Instant(MONDAY + 3 * DAY_MS)),)
WEEK_MS: Final = 7 * DAY_MS
STEP: Final = 1.31  # the length of a silence from one of the model's bins to the next
LONGEST_S: Final = 300  # on a busy machine; a week takes some ten seconds
ANSWER: Final = """
import sys
from pathlib import Path
from agent.detect.onnx_io import OnnxModel
model = OnnxModel(Path(sys.argv[1]).read_bytes())
rows = [[(7 * row + 3 * column) % 11 - 5 for column in range(INPUTS)] for row in range(20)]
print([model.run(row) for row in rows])
"""


@pytest.fixture(scope="module")
def notes(pytestconfig: pytest.Config) -> Notes:
    return told(pytestconfig, "aarch64 under an emulator, against this machine")


@pytest.fixture(scope="module", autouse=True)
def pi() -> None:
    if MISSING.exists():
        pytest.skip(f"nothing is run as on a Raspberry Pi: {MISSING.read_text().strip()}")
    if not PI.exists():
        pytest.skip("nothing is run as on a Raspberry Pi: deploy/arm64.sh has not been run")


def run(python: Path, *words: str) -> str:
    """What a Python says, with this checkout's code; where it fails, what it complained of."""
    done = subprocess.run(
        [str(python), *words], cwd=ROOT, capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    assert done.returncode in (0, 1), done.stderr  # 1: lines that were skipped
    return done.stdout


class Said(NamedTuple):
    alerts: list[str]
    deadlines: list[str]
    took_s: float


def replayed(python: Path, home: Path, log: Path, out: Path) -> Said:
    files = out.with_suffix(".alerts"), out.with_suffix(".deadlines")
    began = perf_counter()
    run(
        python, "-m", "agent", "replay", "--home", str(home), str(log),
        "--alerts", str(files[0]), "--deadlines", str(files[1]),
    )  # fmt: skip
    took_s = perf_counter() - began
    alerts, deadlines = (file.read_text().splitlines() for file in files)
    return Said(alerts, deadlines, took_s)


def wait_ms(line: dict[str, str | None]) -> int | None:
    at, deadline = line["at"], line["deadline"]
    assert at is not None
    return None if deadline is None else parse_rfc3339(deadline) - parse_rfc3339(at)


def apart(here: str, there: str) -> bool:
    """Whether two deadlines differ. More than a step of the model, or anything else that differs, is a fault."""
    if here == there:
        return False
    one, other = json.loads(here), json.loads(there)
    assert {**one, "deadline": None} == {**other, "deadline": None}
    waits = wait_ms(one), wait_ms(other)
    assert None not in waits, (here, there)
    short, long = sorted(wait for wait in waits if wait is not None)
    assert long <= short * STEP, (here, there)
    return True


def compare(what: str, home: Path, log: Path, folder: Path, notes: Notes) -> None:
    here = replayed(Path(sys.executable), home, log, folder / "here")
    there = replayed(PI, home, log, folder / "there")
    assert len(here.deadlines) == len(there.deadlines) > 100
    different = sum(map(apart, here.deadlines, there.deadlines))
    notes.lines.append(
        f"{what}: {len(here.deadlines):,} deadlines, {different} differ, by less than a step of the model; alerts"
        f" {len(here.alerts)} and {len(there.alerts)}; {here.took_s:.1f} s here, {there.took_s:.1f} s there"
    )


def test_it_is_a_pi_of_sixty_four_bits_with_the_wheels_of_the_lock_file() -> None:
    words = "import platform, onnxruntime, numpy; print(platform.machine(), onnxruntime.__version__, numpy.__version__)"
    machine, *versions = run(PI, "-c", words).split()
    lock = (ROOT / "requirements.lock").read_text()
    assert machine == "aarch64"
    assert f"onnxruntime=={versions[0]} " in lock
    assert f"numpy=={versions[1]} " in lock


def test_a_small_network_answers_on_a_pi_as_it_does_here(tmp_path: Path, notes: Notes) -> None:
    """To a thousandth: products are added up in another order there, and that much may move."""
    model = tmp_path / "small.onnx"
    model.write_bytes(two_layers())
    answer = ANSWER.replace("INPUTS", str(INPUTS))
    here, there = (json.loads(run(one, "-c", answer, str(model))) for one in (Path(sys.executable), PI))
    pairs = [pair for rows in zip(here, there, strict=True) for pair in zip(*rows, strict=True)]
    assert len(pairs) == 20 * OUTPUTS
    assert len({one for one, _ in pairs}) > 100, "a network that says one thing proves nothing"
    different = sum(one != other for one, other in pairs)
    notes.lines.append(f"a small network: {len(pairs)} thousandths, {different} differ, by one at most")
    assert all(abs(one - other) <= 1 for one, other in pairs)


def test_a_simulated_week_gets_the_same_deadlines_on_a_pi(tmp_path: Path, notes: Notes) -> None:
    home, log = tmp_path / "home.toml", tmp_path / "log.jsonl"
    home.write_text(home_text(3, link="log"))
    lines = map(write, as_readings(days(3, MONDAY, 7, faults=FAULTS)))
    log.write_text("".join(f"{line}\n" for line in lines if line is not None))
    compare("a simulated week in which a sensor dies", home, log, tmp_path, notes)


@pytest.mark.parametrize("name", ["tihm-b9d58"])
def test_a_week_of_a_real_home_gets_the_same_deadlines_on_a_pi(
    name: str, tmp_path: Path, hearthwatch_data: Path, notes: Notes
) -> None:
    folder = hearthwatch_data / "tihm"
    log = tmp_path / "log.jsonl"
    log.write_text("".join(first_week(folder / f"{name}.jsonl.gz")))
    compare(f"the first week of {name}", folder / f"{name}.home.toml", log, tmp_path, notes)


def first_week(log: Path) -> Sequence[str]:
    with gzip.open(log, "rt") as file:
        lines = list(file)
    end = parse_rfc3339(json.loads(lines[0])["at"]) + WEEK_MS
    return list(takewhile(lambda line: parse_rfc3339(json.loads(line)["at"]) < end, lines))
