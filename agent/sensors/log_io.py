"""Reads sensor logs from files, plain or gzip, as a stream and within bounds."""

import codecs
import gzip
import heapq
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from agent.nouns import Home, Refused
from agent.sensors.log import LINE_MOST_BYTES, BadLine, Line, in_order, parse

UNPACKED_MOST_BYTES: Final = 64 << 20  # a gzip log that unpacks to more is refused
RATIO_MOST: Final = 100  # and so is one that unpacks to more than this many times its size,
RATIO_FROM_BYTES: Final = 1 << 20  # judged once this much has come out
REPORTED_MOST: Final = 20  # bad lines of a file told one by one; more are counted
LOOKS_AT_LINES: Final = 100  # a file whose first lines hold no reading at all is no sensor log
_GZIP: Final = b"\x1f\x8b"

Read = Callable[[int], bytes]


class NoLog(Refused):
    """A file that is no sensor log, or that breaks a bound: refused whole. The message names the file and says why."""


class LogReader:
    """Lines of several logs as one stream in order of time. ``problems`` counts what was reported and skipped."""

    def __init__(self, paths: Sequence[Path], home: Home, report: Callable[[str], None]) -> None:
        self._paths = paths
        self._names = {sensor.address: sensor.id for sensor in home.sensors.values() if sensor.link == "log"}
        self._names |= {sensor: sensor for sensor in home.sensors}
        self._report = report
        self.problems = 0
        self.read_bytes = 0  # of the files as they lie on the disk: for a progress bar

    def __iter__(self) -> Iterator[Line]:
        streams = [self._lines(path) for path in self._paths]
        if len(streams) == 1:
            return streams[0]
        return heapq.merge(*streams, key=lambda line: line.at)

    def _lines(self, path: Path) -> Iterator[Line]:
        told = 0

        def report(number: int, why: str) -> None:
            nonlocal told
            told += 1
            self.problems += 1
            if told <= REPORTED_MOST:
                self._report(f"{path}:{number}: {why}")
            elif told == REPORTED_MOST + 1:
                self._report(f"{path}:{number}: and more such lines, counted at the end")

        return in_order(self._parsed(path, report), report)

    def _parsed(self, path: Path, report: Callable[[int, str], None]) -> Iterator[tuple[int, Line]]:
        bad: list[tuple[int, str]] = []
        good = False
        for number, text in enumerate(self._texts(path), 1):
            if text.isspace():
                continue
            try:
                line = parse(text, self._names.get)
            except BadLine as fault:
                if good:
                    report(number, str(fault))
                else:
                    bad.append((number, str(fault)))
                    if len(bad) >= LOOKS_AT_LINES:
                        raise NoLog(f"{path}: is no sensor log: line {bad[0][0]}: {bad[0][1]}") from None
                continue
            if not good:
                good = True
                for seen in bad:
                    report(*seen)
            yield number, line
        if not good:
            why = f"line {bad[0][0]}: {bad[0][1]}" if bad else "it is empty"
            raise NoLog(f"{path}: is no sensor log: {why}")

    def _texts(self, path: Path) -> Iterator[bytes]:
        try:
            with path.open("rb") as file:
                packed = file.read(2) == _GZIP
                file.seek(0)
                read = self._unpacked(path, file) if packed else file.readline
                first = True
                while text := read(LINE_MOST_BYTES + 2):
                    self.read_bytes = file.tell() if packed else self.read_bytes + len(text)
                    if not text.endswith(b"\n") and len(text) > LINE_MOST_BYTES:
                        text += _skipped(read)
                    yield text.removeprefix(codecs.BOM_UTF8) if first else text
                    first = False
        except (OSError, EOFError, zlib.error) as fault:
            raise NoLog(f"{path}: cannot be read: {_reason(fault)}") from None

    def _unpacked(self, path: Path, file: BinaryIO) -> Read:
        """Reads lines of a gzip file; NoLog as soon as more has come out than a log can hold."""
        size = path.stat().st_size
        plain = gzip.GzipFile(fileobj=file)
        out = 0

        def read(most: int) -> bytes:
            nonlocal out
            text = plain.readline(most)
            out += len(text)
            if out > UNPACKED_MOST_BYTES or (out > RATIO_FROM_BYTES and out > RATIO_MOST * size):
                raise NoLog(f"{path}: unpacks to more than {RATIO_MOST} times its size, or 64 MiB: refused")
            return text

        return read


def _skipped(read: Read) -> bytes:
    """The rest of an overlong line, dropped but for its end."""
    while rest := read(1 << 16):
        if rest.endswith(b"\n"):
            break
    return b"\n"


def _reason(fault: Exception) -> str:
    """Why, without the number and the path that an OSError repeats."""
    return (fault.strerror if isinstance(fault, OSError) else None) or str(fault)
