"""The board on a terminal, 80 columns by 24 lines: who it is, how its line is, its inputs, and what it said last."""

from collections.abc import Iterable, Mapping, Sequence
from textwrap import wrap
from typing import Final, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from agent.monitor import words
from agent.monitor.heard import RING, Heard
from agent.monitor.inputs import Event, Input, Piece
from agent.sensors.payload import shown

HEADS: Final = ("Input", "Now", "Times", "On it", "Changed")  # what is needed least is last
ORDER: Final = (0, 3, 1, 4, 2)  # as they stand beside each other
WIDE: Final = {5: 68, 4: 54, 3: 0}  # so many columns of them need so many of the terminal's
CALLS: Final = "KEPT, and a call for help when the hub starts"
STAYS: Final = "Ctrl-C ends this. What the board keeps stays in it, for the hub."
FORGETS: Final = "Ctrl-C ends this, and the board forgets what it keeps: no hub hears of it."
LEAST_EVENTS: Final = 2
BARS: Final = "▁▂▃▄▅▆▇█"
ASCII_BARS: Final = "_.-=+*%#"  # where the terminal has no others
QUIET_RANGE: Final = 20  # permille of the input's range: what moves less is drawn as lying still


class TerminalView:
    """One picture on the terminal's other screen."""

    def __init__(self, forget: bool) -> None:
        self._forget = forget
        self._console = Console(highlight=False)
        self._live = Live(console=self._console, screen=True, auto_refresh=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def tell(self, event: Event) -> None:
        """The picture holds the last ones."""

    def show(self, heard: Heard, where: str) -> None:
        bars = ASCII_BARS if self._console.options.ascii_only else BARS
        width, height = self._console.size
        self._live.update(picture(heard, where, width, height, bars, self._forget), refresh=True)

    def sum_up(self, lines: Sequence[str], facts: Mapping[str, object]) -> None:
        """On the terminal's own screen, where it stays."""
        for line in lines:
            self._console.print(Text(line))


def picture(
    heard: Heard, where: str, width: int, height: int, bars: str = BARS, forget: bool = False
) -> RenderableType:
    head = [
        *_loud(f"NO BOARD: {heard.gone}" if heard.gone else "", width),
        _row(words.cut(where, width - 2), "" if heard.gone else "bold"),
        *(_row(said) for said in _of_board(heard)),
        *_loud(words.ALL_OFF if heard.all_off else "", width),
        *_loud(f"{CALLS}: {words.calls(heard.calls)}" if heard.calls else "", width),
        Text(),
    ]
    beds = [_row(_bed(heard, one, bars)) for one in heard.inputs if one.pieces and not heard.gone]
    rows = 1 + len(heard.inputs) + len(heard.missing)
    room = max(LEAST_EVENTS, height - len(head) - rows - len(beds) - 3)  # above and below the events, and a spare one
    end = _row(FORGETS if forget else STAYS, "dim")
    return Group(*head, _inputs(heard, width), *beds, Text(), *(_row(said) for said in _last(heard, room)), end)


def _loud(said: str, width: int) -> list[Text]:
    """What must be read to its end."""
    return [_row(line, "bold") for line in wrap(said, max(20, width - 2))]


def _row(said: str, style: str = "") -> Text:
    return Text(f" {said}", style=style, no_wrap=True, overflow="ellipsis")


def _of_board(heard: Heard) -> Iterable[str]:
    who, beat = heard.who, heard.beat
    if who is None:
        yield "The board has not said yet who it is."
    else:
        up = f"up {'? ' if heard.gone else ''}{words.lasted(heard.uptime)}"
        yield f"{shown(who.firmware)}, {up}, start {who.state.boot} ({words.reset(who.reset)})"
    supply = words.supply(beat.supply_mv) if beat else "?"
    tested = "not asked (--selftest)" if heard.tested is None else words.selftest(heard.tested, heard.beds_on)
    yield f"Supply {supply}. Own test: {tested}"
    refused = beat.refused if beat else 0
    yield f"Frames {heard.frames:,}, {heard.refused} refused here, {refused} by the board; {heard.bytes:,} bytes"
    lost = f", full; {words.count(heard.lost_to_hub, 'reading')} lost to the hub" if heard.kept >= RING else ""
    yield f"Kept for the hub: {heard.kept} of {RING}{lost}"


def _inputs(heard: Heard, width: int) -> Table:
    """As many columns as there is room for."""
    many = next(many for many, wide in WIDE.items() if width >= wide)
    shown_here = [nth for nth in ORDER if nth < many]
    table = Table(box=None, padding=(0, 2, 0, 1), header_style="bold")
    for nth in shown_here:
        table.add_column(HEADS[nth], no_wrap=True, overflow="ellipsis", max_width=28)
    for one in heard.inputs:
        cells = _cells(heard, one)
        table.add_row(*(Text(cells[nth]) for nth in shown_here), style="" if one.on else "dim")
    for name, sensor in heard.missing:
        cells = name, "NOT ON THIS BOARD", "", f"{sensor.id}, a {sensor.kind}", ""
        table.add_row(*(Text(cells[nth]) for nth in shown_here), style="bold")
    return table


def _cells(heard: Heard, one: Input) -> tuple[str, str, str, str, str]:
    """In the order of HEADS."""
    sensor = f"{one.sensor.id}, a {one.sensor.kind}" if one.sensor else "-"
    if not one.on:
        return one.name, "off", "", sensor, ""
    if one.felt:
        now = f"at {one.pieces[-1].level // 10} %" if one.pieces else "nothing yet"
        return one.name, "?" if heard.gone else now, "", sensor, ""
    changed = words.ago(heard.age(one.changed)) if one.changed is not None else "-"
    now = "?" if one.value is None or heard.gone else one.level(one.value)
    return one.name, now, f"{one.changes}", sensor, changed


def _bed(heard: Heard, one: Input, bars: str) -> str:
    return f"{one.name}  {sparkline(one.pieces, bars)}  {one.feels}, {words.count(heard.blocks_lost, 'piece')} lost"


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
