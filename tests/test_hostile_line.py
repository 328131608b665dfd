"""The hub's ear for a board: what the fuzzer once found worth keeping, and anything else, breaks nothing."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile_line import whatever_the_line_brings

CORPUS = sorted((Path(__file__).parent / "fixtures" / "hostile_line").iterdir())


@pytest.mark.parametrize("path", CORPUS, ids=[path.name for path in CORPUS])
def test_what_the_fuzzer_kept_breaks_nothing(path: Path) -> None:
    whatever_the_line_brings(path.read_bytes())


@given(st.binary(max_size=400))
def test_no_bytes_on_the_line_break_anything(data: bytes) -> None:
    whatever_the_line_brings(data)
