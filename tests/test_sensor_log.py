"""The sensor log: what a technician may hand over, line by line and as a file."""

import gzip
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.civil import rfc3339
from agent.nouns import BINARY, SECOND_MS, Home, Instant, Reading
from agent.sensors.log import AT_END, LINE_MOST_BYTES, SORTED_WITHIN_MS, BadLine, Line, in_order, parse, write
from agent.sensors.log_io import REPORTED_MOST, LogReader, NoLog
from tests.home_maker import make_home

NOON: Final = Instant(1_557_835_200_000)  # 2019-05-14T12:00:00Z
HOME: Final = make_home()
GOOD: Final = '{"at":"2019-05-14T12:00:00Z","sensor":"hall-motion","kind":"motion","value":1}'


def line(at: Instant, sensor: str = "hall-motion", kind: str = "motion", value: object = 1) -> str:
    return json.dumps({"at": rfc3339(at), "sensor": sensor, "kind": kind, "value": value})


def one(text: str | bytes) -> Line:
    return parse(text.encode() if isinstance(text, str) else text, {"hall-motion": "hall-motion"}.get)


def read(path: Path, text: str | bytes, home: Home = HOME) -> tuple[list[Line], list[str]]:
    """The lines of a file, and what was reported of it."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    reports: list[str] = []
    reader = LogReader([path], home, reports.append)
    return list(reader), reports


# -- one line --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "payload"),
    [
        ("motion", 1, b"motion 1"),
        ("motion", 0, b"motion 0"),
        ("motion", 1.0, b"motion 1"),
        ("door", 0, b"door 0"),
        ("battery", 87, b"battery_percent 87"),
        ("battery", 87.5, b"battery_percent 88"),
        ("temperature", 21.35, b"temperature_mc 21350"),
        ("temperature", -4, b"temperature_mc -4000"),
        ("checkin", 1, b"checkin 1"),
    ],
)
def test_a_reading_is_understood(kind: str, value: object, payload: bytes) -> None:
    assert one(line(NOON, kind=kind, value=value)) == Line(NOON, "hall-motion", payload)


@pytest.mark.parametrize(
    "at",
    [
        "2019-05-14T12:00:00Z",
        "2019-05-14T12:00:00.000Z",
        "2019-05-14T13:00:00+01:00",
        "2019-05-14T06:30:00-05:30",
        "2019-05-14 12:00:00.000000+00:00",
    ],
)
def test_any_offset_is_read(at: str) -> None:
    assert one(GOOD.replace("2019-05-14T12:00:00Z", at)).at == NOON


BAD: Final = {
    "no JSON": "motion 1",
    "half a line": GOOD[:40],
    "a list": "[1, 2]",
    "a number": "1",
    "two objects": GOOD + GOOD,
    "no value": GOOD.replace(',"value":1', ""),
    "a key twice": GOOD.replace('"value":1', '"value":1,"value":1'),
    "NaN": GOOD.replace('"value":1', '"value":NaN'),
    "infinity": GOOD.replace('"value":1', '"value":-Infinity'),
    "beyond all floats": GOOD.replace('"value":1', '"value":1e999'),
    "a huge int": GOOD.replace('"value":1', f'"value":{"9" * 400}'),
    "an int that Python refuses": GOOD.replace('"value":1', f'"value":{"9" * 4_000}'),
    "deep": GOOD.replace('"value":1', f'"value":{"[" * 1_500}{"]" * 1_500}'),
    "true": GOOD.replace('"value":1', '"value":true'),
    "a text as value": GOOD.replace('"value":1', '"value":"1"'),
    "null": GOOD.replace('"value":1', '"value":null'),
    "2": GOOD.replace('"value":1', '"value":2'),
    "a half": GOOD.replace('"value":1', '"value":0.5'),
    "a battery of 101": GOOD.replace('"motion","value":1', '"battery","value":101'),
    "an unknown kind": GOOD.replace('"kind":"motion"', '"kind":"sonar"'),
    "a kind that no log holds": GOOD.replace('"kind":"motion"', '"kind":"link"'),
    "an unknown sensor": GOOD.replace("hall-motion", "no-such"),
    "a sensor that is no text": GOOD.replace('"hall-motion"', "7"),
    "no offset": GOOD.replace("00Z", "00"),
    "a leap second": GOOD.replace("12:00:00Z", "23:59:60Z"),
    "a day that is not": GOOD.replace("05-14", "02-30"),
    "before 1970": GOOD.replace("2019", "1969"),
    "year 9999": GOOD.replace("2019", "9999"),
    "year 10000": GOOD.replace("2019", "10000"),
    "a date only": GOOD.replace("T12:00:00Z", ""),
    "a number as time": GOOD.replace('"2019-05-14T12:00:00Z"', "1557835200"),
    "too long": GOOD + " " * LINE_MOST_BYTES,
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_line_is_reported_in_few_words(what: str) -> None:
    with pytest.raises(BadLine) as fault:
        one(BAD[what])
    assert 5 < len(str(fault.value)) < 250
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize("text", [b"\xff\xfe\x00", GOOD.encode("utf-16"), b"\x00" * 90])
def test_bytes_that_are_no_text_are_a_bad_line(text: bytes) -> None:
    with pytest.raises(BadLine):
        one(text)


def test_control_characters_of_a_line_do_not_reach_the_terminal() -> None:
    for text in (GOOD.replace("hall-motion", "\\u001b[2Jx\\n"), GOOD.replace("2019-05-14T12:00:00Z", "\\u001b[31m\\n")):
        with pytest.raises(BadLine) as fault:
            one(text)
        assert str(fault.value).isprintable()


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_whatever_a_line_holds_it_is_a_reading_or_a_bad_line(text: bytes) -> None:
    with suppress(BadLine):
        assert one(text).sensor == "hall-motion"


@given(
    at=st.integers(0, AT_END - 1),
    quantity=st.sampled_from(sorted(BINARY - {"link"})),
    value=st.integers(0, 1),
    mc=st.integers(-60_000, 90_000),
    percent=st.integers(0, 100),
)
def test_what_is_written_is_read_again(at: int, quantity: str, value: int, mc: int, percent: int) -> None:
    for said, number in ((quantity, value), ("temperature_mc", mc), ("battery_percent", percent)):
        written = write(Reading(Instant(at), "hall-motion", said, number))
        assert written is not None
        assert one(written) == Line(Instant(at), "hall-motion", f"{said} {number}".encode())
    assert write(Reading(Instant(at), "zigbee", "link", 0)) is None


# -- order -----------------------------------------------------------------------------------------------------


def sorted_out(after_ms: Iterable[int]) -> tuple[list[int], list[int]]:
    """What comes out in order, and the numbers of the lines that came too late."""
    late: list[int] = []
    lines = ((number, Line(Instant(NOON + ms), "s", b"motion 1")) for number, ms in enumerate(after_ms, 1))
    return [told.at - NOON for told in in_order(lines, lambda number, why: late.append(number))], late


def test_lines_within_a_minute_are_sorted_and_older_ones_are_reported() -> None:
    assert sorted_out([0, 61_000, 2_000, 61_000, 1_000]) == ([0, 1_000, 2_000, 61_000, 61_000], [])
    assert sorted_out([0, 61_001, 1_000]) == ([0, 61_001], [3])
    assert sorted_out([5_000, 0]) == ([0, 5_000], [])


@given(st.lists(st.integers(0, 400 * SECOND_MS), max_size=60))
def test_nothing_is_lost_and_nothing_comes_out_of_order(after_ms: list[int]) -> None:
    told, late = sorted_out(after_ms)
    newest, expected = 0, []
    for number, ms in enumerate(after_ms, 1):
        if ms < newest - SORTED_WITHIN_MS:
            expected.append(number)
        newest = max(newest, ms)
    assert told == sorted(told)
    assert late == expected
    assert sorted([*told, *(after_ms[number - 1] for number in late)]) == sorted(after_ms)


# -- files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f"{GOOD}\n{GOOD}\n",
        f"{GOOD}\r\n{GOOD}\r\n",
        f"{GOOD}\n{GOOD}",
        f"\n\n{GOOD}\n  \n{GOOD}\n\n",
        f"\ufeff{GOOD}\n{GOOD}\n",
        gzip.compress(f"{GOOD}\n{GOOD}\n".encode()),
        gzip.compress(f"{GOOD}\n".encode()) + gzip.compress(f"{GOOD}\n".encode()),
    ],
    ids=["plain", "CRLF", "no end", "blank lines", "BOM", "gzip", "two gzips in one"],
)
def test_a_log_is_read_however_an_editor_left_it(text: str | bytes, tmp_path: Path) -> None:
    lines, reports = read(tmp_path / "log", text)
    assert (len(lines), reports) == (2, [])


def test_bad_lines_are_reported_with_their_number_and_the_rest_is_read(tmp_path: Path) -> None:
    lines, reports = read(tmp_path / "log", f"{BAD['2']}\n{GOOD}\n\nno line\n{'x' * 10_000}\n{GOOD}\n")
    assert len(lines) == 2
    assert [report.removeprefix(f"{tmp_path}/log:").partition(":")[0] for report in reports] == ["1", "4", "5"]


def test_of_many_bad_lines_the_first_are_told_and_the_rest_counted(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("\n".join([GOOD, *["no line"] * 10_000]))
    reports: list[str] = []
    reader = LogReader([tmp_path / "log"], HOME, reports.append)
    assert len(list(reader)) == 1
    assert reader.problems == 10_000
    assert len(reports) == REPORTED_MOST + 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "it is empty"),
        (b"\n \n", "it is empty"),
        (gzip.compress(b""), "it is empty"),
        (bytes(range(256)) * 50, "not one JSON object"),
        (b"Dear Sir,\n" * 300, "line 1"),
        (gzip.compress(f"{GOOD}\n".encode() * 100)[:-20], "cannot be read"),
        (gzip.compress(f"{GOOD}\n".encode() * 100)[:-9] + b"\x00" * 9, "cannot be read"),
        (b"\x1f\x8b not gzip at all", "cannot be read"),
        (gzip.compress(bytes(40 << 20)), "more than 100 times its size"),
        (gzip.compress(f"{GOOD}\n".encode() * 40_000), "more than 100 times its size"),
        (gzip.compress(GOOD.encode() + b" " * (40 << 20)), "more than 100 times its size"),
        (gzip.compress(f"{GOOD}\n".encode() + b" " * (40 << 20)), "more than 100 times its size"),
    ],
    ids=["empty", "blank", "empty gz", "binary", "a letter", "cut", "sum", "no gzip", "zeros", "bomb", "line", "tail"],
)  # fmt: skip
def test_a_file_that_is_no_log_is_refused_whole(text: bytes, why: str, tmp_path: Path) -> None:
    with pytest.raises(NoLog, match=why):
        read(tmp_path / "log", text)
