"""What `bridge monitor` shows on a terminal, whatever the board says, and what remains for the job sheet."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.monitor import words
from agent.monitor.sheet import sheet
from agent.sensors.framing import MAX_PAYLOAD, pack
from agent.sensors.wire import CONFIGURE, configure
from agent.simulate.board import ENABLED
from tests.board_maker import BED
from tests.looks_on import LooksOn, shown_lines

BODIES = st.one_of(
    st.binary(max_size=120),
    st.builds(pack, st.integers(0, 8), st.integers(0, 65_535), st.binary(max_size=MAX_PAYLOAD)),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(BODIES, max_size=30))
def test_whatever_a_board_says_is_shown_on_eighty_columns_and_obeyed_by_no_terminal(bodies: list[bytes]) -> None:
    looks = LooksOn()
    for nth, body in enumerate(bodies):
        looks.until(looks.now + 200)
        looks.heard.hear(body)
        looks.heard.hear(pack(1, nth, b"\0" * 13 + b"\x1b[2J[/b]" + b"\1\1\1\0\0"))
    for line in shown_lines(looks.heard):
        assert len(line) <= 80
        assert line.isprintable()
    assert all(event.words.isprintable() for event in looks.heard.events)


def test_the_picture_of_a_busy_board_fits_the_smallest_terminal() -> None:
    looks = LooksOn().say(CONFIGURE, configure(BED, ENABLED, 0)).until(3_000).door(30)
    lines = shown_lines(looks.heard)
    assert len(lines) <= 24
    text = "\n".join(lines)
    assert "front-door, a door" in text
    assert "Kept for the hub: 30 of 64" in text
    assert re.search(r"door0 .* 30 *$", text, re.MULTILINE)


BY_ID = "bridge-1 at /dev/serial/by-id/usb-1a86_USB_Serial_Converter_FT232R_A50285BI-if00-port0"


def test_of_a_plug_that_was_pulled_the_reason_is_read_first_and_nothing_stands_as_if_it_were_so() -> None:
    looks = LooksOn().until(3_000).door(3)
    looks.heard.lost(
        "the port is open and nothing comes: is this the board's port, and does the board have its program?"
    )
    looks.heard.silent_ms = 61_000
    lines = shown_lines(looks.heard, BY_ID)
    assert lines[0].startswith(" NO BOARD: the port is open and nothing comes")
    assert "does the board have its program?" in f"{lines[0]} {lines[1]}".replace("  ", " ")
    assert any(line.strip().startswith("bridge-1 at /dev/serial/by-id/usb") and "…" in line for line in lines)
    assert any(line.strip().endswith("-if00-port0") for line in lines)
    (door,) = (line for line in lines if line.startswith(" door0"))
    assert "?" in door
    assert "1 min ago" in door
    assert len(lines) <= 24


@pytest.mark.parametrize(("width", "heads"), [(80, 5), (60, 4), (40, 3)])
def test_a_narrow_terminal_loses_what_is_needed_least(width: int, heads: int) -> None:
    looks = LooksOn().until(3_000).door(3)
    lines = shown_lines(looks.heard, BY_ID, width)
    assert all(len(line) <= width for line in lines)
    (head,) = (line for line in lines if line.startswith(" Input"))
    assert sum(name in head for name in ("Input", "On it", "Now", "Changed", "Times")) == heads
    (door,) = (line for line in lines if line.startswith(" door0"))
    assert "open" in door
    assert "3" in door


def test_who_is_to_lose_what_the_board_keeps_reads_so_all_the_while() -> None:
    heard = LooksOn().until(3_000).door(3).heard
    assert "What the board keeps stays in it" in shown_lines(heard)[-1]
    assert "the board forgets what it keeps" in shown_lines(heard, forget=True)[-1]


def test_what_was_seen_goes_on_the_job_sheet() -> None:
    looks = LooksOn().until(3_000).door(3)
    assert sheet(looks.heard, "bridge-1 at /dev/ttyUSB0", 65_000) == [
        "bridge-1 at /dev/ttyUSB0, looked at for 0:01:05",
        "pretend 0.1, start 1 (switched on)",
        "supply 4.99 V; own test not asked (--selftest)",
        "  hall-motion (motion0): clear; DID NOT CHANGE",
        "  front-door (door0): open; changed 3 times",
        "  cord (button0): not pressed; DID NOT CHANGE",
        "  tamper0: case shut; DID NOT CHANGE",
        "  bed0: off",
    ]


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (words.reset(0), "not known: its bootloader cleared the cause"),
        (words.reset(5), "switched on, its supply fell"),
        (words.supply(0), "not measured yet"),
        (words.supply(4_312), "4.31 V, not 4.5 to 5.5: try another cable, and another USB port"),
        (words.lasted(90_061_000), "1 d 1:01:01"),
        (words.ago(7_300_000), "2 h ago"),
    ],
)
def test_figures_are_told_in_words(said: str, wanted: str) -> None:
    assert said == wanted
