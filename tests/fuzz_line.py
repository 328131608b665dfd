"""The hub's ear for a board under atheris: `make fuzz`. Arguments are libFuzzer's.

Needs atheris, so it runs in the Python that `make fuzz` sets up. test_hostile_line.py runs the corpus in the suite.
"""

import sys
from importlib import import_module


def main() -> None:
    atheris = import_module("atheris")
    with atheris.instrument_imports(include=["agent.sensors"]):
        law = import_module("tests.hostile_line")
    atheris.Setup(sys.argv, law.whatever_the_line_brings)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
