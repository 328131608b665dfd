"""How a walk test is shown while it lasts: on a terminal as one picture that follows, else as lines, or as JSON; and
what whoever walks types."""

import json
import os
import select
import sys
from collections.abc import Sequence
from textwrap import wrap
from typing import Final, Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from agent.civil import rfc3339
from agent.provision.walk import Step, Walk
from agent.provision.walk_words import NARROW, cut, next_line, quantity_name, room_lines

LINE_MOST: Final = 200  # characters typed; a longer line is cut
ENTER: Final = ("room", "press")  # what begins when Enter is pressed; the rest is asked for at once


class Keys:
    """Lines typed, without waiting longer than asked. After the end of the input nothing comes any more."""

    def __init__(self) -> None:
        self._fd = sys.stdin.fileno()
        self._typed, self._over = b"", False

    def line(self, limit_s: float) -> str | None:
        """The next whole line, without its end; None: none came within that time."""
        if b"\n" not in self._typed and not self._over:
            ready, _, _ = select.select([self._fd], [], [], limit_s)
            if ready:
                more = os.read(self._fd, LINE_MOST)
                self._typed, self._over = self._typed + more, not more
        elif self._over:
            select.select([], [], [], limit_s)
        line, end, rest = self._typed.partition(b"\n")
        if not end:
            return None
        self._typed = rest
        return line.decode(errors="replace").strip()[:LINE_MOST]


class View(Protocol):
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def show(self, walk: Walk) -> None:
        """The walk as it stands; called often."""
        ...

    def say(self, line: str) -> None:
        """A line for whoever walks."""
        ...

    def end(self, lines: Sequence[str], facts: dict[str, object]) -> None:
        """What it came to."""
        ...


class PlainView:
    """A line whenever what is to be done has changed, and for each answer."""

    def __init__(self) -> None:
        self._last, self._heard = "", 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to put back."""

    def show(self, walk: Walk) -> None:
        for reading in walk.readings[self._heard :]:
            if reading.value and reading.quantity != "checkin":
                print(f"  {reading.sensor}: {quantity_name(reading.quantity)} {reading.value}", flush=True)
        self._heard = len(walk.readings)
        if (line := next_line(walk)) != self._last:
            self._last = line
            print(line, flush=True)

    def say(self, line: str) -> None:
        print(line, flush=True)

    def end(self, lines: Sequence[str], facts: dict[str, object]) -> None:
        for line in lines:
            print(line, flush=True)


class JsonView(PlainView):
    """An object a line: ``ask`` (what is to be done next, ``enter``: when Enter is pressed), ``on`` (a step that has
    begun), ``heard``, ``say`` and ``end``."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: tuple[Step | None, Step | None] | None = None

    def show(self, walk: Walk) -> None:
        for one in walk.readings[self._heard :]:
            self._print("heard", sensor=one.sensor, at=rfc3339(one.at), quantity=one.quantity, value=one.value)
        self._heard = len(walk.readings)
        asked = walk.here, walk.ahead()
        if asked != self._asked:
            self._asked = asked
            step = walk.here or walk.ahead()
            if step is not None:
                event = "ask" if walk.here is None else "on"
                self._print(event, step=step.kind, what=step.what, enter=step.kind in ENTER, words=next_line(walk))

    def say(self, line: str) -> None:
        self._print("say", words=line)

    def end(self, lines: Sequence[str], facts: dict[str, object]) -> None:
        self._print("end", lines=list(lines), **facts)

    @staticmethod
    def _print(event: str, **said: object) -> None:
        print(json.dumps({"event": event, **said}, ensure_ascii=False), flush=True)


class ScreenView:
    """One picture on the terminal, from 40 columns on: the rooms with their ticks, what was heard last, what to do."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._live = Live(console=self._console, auto_refresh=False)
        self._said, self._shown = "", ""

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, walk: Walk) -> None:
        width = max(NARROW, self._console.size.width)
        lines = picture(walk, width, self._said)
        if "\n".join(lines) != self._shown:
            self._shown = "\n".join(lines)
            last = len(lines) - 1
            rows = [Text(line, style="bold" if nth == last else "") for nth, line in enumerate(lines)]
            self._live.update(Group(*rows), refresh=True)

    def say(self, line: str) -> None:
        self._said = line

    def end(self, lines: Sequence[str], facts: dict[str, object]) -> None:
        self._live.stop()
        for line in lines:
            self._console.print(Text(line))


def picture(walk: Walk, width: int, said: str = "") -> list[str]:
    """The lines of the screen; what to do now stands last, whole, however narrow the screen."""
    heard = [one for one in walk.readings if one.value and one.quantity != "checkin"][-1:]
    last = [cut(f"heard: {one.sensor} ({quantity_name(one.quantity)})", width) for one in heard]
    told = wrap(said, width)
    return [*room_lines(walk, width), "", *(last or ["heard: nothing yet"]), *told, next_line(walk)]
