"""Reads sensor logs from files, plain or gzip, as a stream and within bounds."""

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
                yield from self._unpacked(path, file) if packed else self._split(path, file, file)
        except (OSError, EOFError, zlib.error) as fault:
            raise NoLog(f"{path}: cannot be read: {fault}") from None

    def _unpacked(self, path: Path, file: BinaryIO) -> Iterator[bytes]:
        size = path.stat().st_size
        out = 0
        with gzip.GzipFile(fileobj=file) as plain:
            for text in self._split(path, plain, file):
                out += len(text)
                if out > UNPACKED_MOST_BYTES or (out > RATIO_FROM_BYTES and out > RATIO_MOST * size):
                    raise NoLog(f"{path}: unpacks to more than {RATIO_MOST} times its size, or 64 MiB: refused")
                yield text

    def _split(self, path: Path, stream: BinaryIO | gzip.GzipFile, file: BinaryIO) -> Iterator[bytes]:
        read = stream.readline
        while text := read(LINE_MOST_BYTES + 2):
            self.read_bytes = file.tell() if stream is not file else self.read_bytes + len(text)
            if not text.endswith(b"\n") and len(text) > LINE_MOST_BYTES:
                text += self._skip(read)
            yield text

    def _skip(self, read: Callable[[int], bytes]) -> bytes:
        """The rest of an overlong line, dropped but for its end."""
        while rest := read(1 << 16):
            if rest.endswith(b"\n"):
                break
        return b"\n"
