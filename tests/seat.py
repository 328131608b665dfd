"""Somebody at a terminal of 80 columns, who answers what a command asks."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
from types import TracebackType
from typing import Final, Self

from tests.brokers import ROOT, until
from tests.whole_hub import RUN

SLOW_S: Final = 60.0


class Seat:
    """``screen`` is all that was shown so far, without the steering of the cursor."""

    def __init__(self, *words: str) -> None:
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, 80))
        self.screen = ""
        self._read = 0
        self._process = subprocess.Popen(
            [sys.executable, "-c", RUN, *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=ROOT,
            start_new_session=True,
            preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),  # it is theirs: Ctrl-C reaches them
        )
        os.close(theirs)

    def _look(self) -> str:
        while select.select([self._ours], [], [], 0.02)[0]:
            try:
                self.screen += os.read(self._ours, 65_536).decode(errors="replace").replace("\r\n", "\n")
            except OSError:  # it has ended
                break
        return self.screen[self._read :]

    def sees(self, pattern: str) -> str:
        """Waits for it, after what was seen last; all up to there."""
        found: list[re.Match[str]] = []

        def there() -> bool:
            match = re.search(pattern, self._look())
            found.extend([match] if match else [])
            return match is not None

        try:
            until(there, pattern, SLOW_S)
        except AssertionError:
            raise AssertionError(f"waited for {pattern!r}; the screen ends with:\n{self.screen[-3_000:]}") from None
        before = self.screen[self._read : self._read + found[0].end()]
        self._read += found[0].end()
        return before

    def says(self, prompt: str, *answers: str) -> None:
        """The first answer to ``prompt``, and each further one to whatever is asked next."""
        self.sees(prompt)
        for nth, answer in enumerate(answers):
            if nth:
                self.sees(r": $|> $")
            os.write(self._ours, f"{answer}\n".encode())
            self.sees(re.escape(answer) + r"\n")  # the terminal's own echo

    def interrupts(self) -> None:
        os.write(self._ours, b"\x03")

    def ended(self) -> int:
        until(lambda: (self._look(), self._process.poll() is not None)[1], f"the end of {self.screen[-2_000:]}", SLOW_S)
        return self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        os.close(self._ours)
