"""The board on a terminal, 80 columns by 24 lines: who it is, how its line is, its inputs, and what it said last."""

from collections.abc import Iterable
from typing import Final, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from agent.monitor import words
from agent.monitor.heard import RING, WINDOW, Event, Heard, Input, Piece
from agent.sensors.payload import shown

HEADS: Final = ("Input", "On it", "Now", "Changed", "Times")
ABOVE_EVENTS: Final = 11  # lines of the picture besides inputs and events
LEAST_EVENTS: Final = 2
BARS: Final = "▁▂▃▄▅▆▇█"
ASCII_BARS: Final = "_.-=+*%#"  # where the terminal has no others
QUIET_RANGE: Final = 20  # permille of the input's range: what moves less is drawn as lying still


class TerminalView:
    """One picture on the terminal's other screen."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._live = Live(console=self._console, screen=True, auto_refresh=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def tell(self, event: Event) -> None:
        """The picture holds the last ones."""

    def show(self, heard: Heard, line: str) -> None:
        bars = ASCII_BARS if self._console.options.ascii_only else BARS
        self._live.update(picture(heard, line, self._console.height, bars), refresh=True)


def picture(heard: Heard, line: str, height: int, bars: str = BARS) -> RenderableType:
    rows = len(heard.inputs) + sum(bool(one.pieces) for one in heard.inputs)
    room = max(LEAST_EVENTS, height - ABOVE_EVENTS - rows)
    return Group(
        _row(line, "bold"),
        *(_row(said) for said in _of_board(heard)),
        Text(),
        _inputs(heard),
        *(_row(_bed(heard, one, bars)) for one in heard.inputs if one.pieces),
        Text(),
        *(_row(said) for said in _last(heard, room)),
        _row("Ctrl-C ends this. Nothing is taken from the board: readings stay for the hub.", "dim"),
    )


def _row(said: str, style: str = "") -> Text:
    return Text(f" {said}", style=style, no_wrap=True, overflow="ellipsis")


def _of_board(heard: Heard) -> Iterable[str]:
    hello, beat = heard.hello, heard.beat
    if hello is None:
        yield "The board has not said yet who it is."
    else:
        who = f"{shown(hello.firmware)}, up {words.lasted(heard.uptime)}"
        yield f"{who}, start {hello.state.boot} ({words.reset(hello.reset)})"
    supply = words.supply(beat.supply_mv) if beat else "?"
    tested = "not asked (--selftest)" if heard.tested is None else words.selftest(heard.tested)
    yield f"Supply {supply}. Own test: {tested}"
    refused = beat.refused if beat else 0
    yield f"Frames {heard.frames:,}, {heard.refused} refused here, {refused} by the board; {heard.bytes:,} bytes"
    yield _kept(heard.kept, heard.waiting)


def _kept(kept: int, waiting: int) -> str:
    if kept >= RING:
        return f"Kept for the hub: {kept}, and no more fit: the oldest are lost; start the hub"
    if waiting > WINDOW:
        return f"Kept for the hub: {kept} of {RING}; past {WINDOW}, changes show in heartbeats only"
    return f"Kept for the hub: {kept} of {RING}"


def _inputs(heard: Heard) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 1), header_style="bold")
    for head in HEADS:
        table.add_column(head, no_wrap=True, overflow="ellipsis", max_width=28)
    for one in heard.inputs:
        table.add_row(*(Text(cell) for cell in _cells(heard, one)), style="" if one.on else "dim")
    return table


def _cells(heard: Heard, one: Input) -> tuple[str, ...]:
    sensor = f"{one.sensor.id}, a {one.sensor.kind}" if one.sensor else "-"
    if not one.on:
        return one.name, sensor, "off", "", ""
    if one.felt:
        now = f"at {one.pieces[-1].level // 10} %" if one.pieces else "nothing yet"
        return one.name, sensor, now, "", ""
    changed = words.ago(heard.age(one.changed)) if one.changed is not None else "-"
    now = "?" if one.value is None else one.level(one.value)
    return one.name, sensor, now, changed, f"{one.changes}{' or more' if one.at_least else ''}"


def _bed(heard: Heard, one: Input, bars: str) -> str:
    moved = max(piece.moved for piece in list(one.pieces)[-4:])
    return f"{one.name}  {sparkline(one.pieces, bars)}  moved {moved}, {heard.blocks_lost} pieces lost"


def sparkline(pieces: Iterable[Piece], bars: str = BARS) -> str:
    """The levels, from their lowest to their highest."""
    levels = [piece.level for piece in pieces]
    low = min(levels)
    span = max(QUIET_RANGE, max(levels) - low)
    return "".join(bars[(level - low) * (len(bars) - 1) // span] for level in levels)


def _last(heard: Heard, room: int) -> list[str]:
    """The last events, the newest first."""
    told = list(heard.events)[-room:][::-1]
    lines = [f"{words.ago(heard.age(event.uptime)):>10}  {event.words}" for event in told]
    return lines + [""] * (room - len(lines))
