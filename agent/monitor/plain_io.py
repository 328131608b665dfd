"""What a board says as plain lines, or as JSON, one for each event: for a pipe, a log, a screen reader, a program."""

import json
from collections.abc import Mapping, Sequence
from typing import Self

from agent.civil import rfc3339
from agent.clock_io import wall_ms
from agent.monitor.heard import Heard
from agent.monitor.inputs import Event
from agent.monitor.words import lasted
from agent.nouns import Instant


class PlainView:
    """Each line begins with the board's uptime."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to put back."""

    def tell(self, event: Event) -> None:
        if not event.quiet:
            print(f"{lasted(event.uptime):>8}  {event.words}", flush=True)

    def show(self, heard: Heard, where: str) -> None:
        """All has been told."""

    def sum_up(self, lines: Sequence[str], facts: Mapping[str, object]) -> None:
        for line in ("", *lines):
            print(line, flush=True)


class JsonView(PlainView):
    def tell(self, event: Event) -> None:
        """``at`` is this machine's clock, ``uptime_ms`` the board's."""
        said = {"event": event.kind, "at": rfc3339(Instant(wall_ms())), "uptime_ms": event.uptime, "words": event.words}
        print(json.dumps(said | dict(event.facts)), flush=True)

    def sum_up(self, lines: Sequence[str], facts: Mapping[str, object]) -> None:
        said = {"event": "end", "at": rfc3339(Instant(wall_ms())), "words": "; ".join(line.strip() for line in lines)}
        print(json.dumps(said | dict(facts)), flush=True)
