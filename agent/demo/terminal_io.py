"""The demo on a terminal: the home, what the hub thinks, what it said, and who has it. Calm, and nothing blinks."""

from typing import Final, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table

from agent.civil import Wall
from agent.demo.judge import Said, Verdict
from agent.demo.plain_io import HEADS, cells, last_words
from agent.demo.seen import Seen, plain
from agent.nouns import Instant
from agent.simulate.story import SPEED_MOST

STATES: Final = {
    "home": "She is at home.",
    "asleep": "She is asleep.",
    "away": "She is out.",
    "not_watched": "The home cannot be seen.",
}
LEAST_MESSAGES: Final = 2  # the latest; earlier ones are in the summary
MOST_MESSAGES: Final = 7
ABOVE_MESSAGES: Final = 18  # lines of the picture; a message takes two


class TerminalView:
    """One still picture on the terminal's other screen; the summary stays on its own."""

    def __init__(self) -> None:
        self._console = Console()
        self._live = Live(console=self._console, screen=True, auto_refresh=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, seen: Seen, now: Instant) -> None:
        if not self._live.is_started:  # not earlier: a progress bar may be on the screen until then
            self._live.start()
        self._live.update(picture(seen, now, self._console.height), refresh=True)

    def sum_up(self, verdict: Verdict, wall: Wall) -> None:
        table = Table(*HEADS, title="What the hub had to say", title_justify="left", header_style="bold")
        for row in verdict.rows:
            table.add_row(*cells(row, wall), style="" if row.good else "bold red")
        self._console.print(table)
        for line in last_words(verdict, wall):
            self._console.print(line, style="bold red" if verdict.faults else "bold", highlight=False)


def picture(seen: Seen, now: Instant, height: int) -> RenderableType:
    messages = max(LEAST_MESSAGES, min(MOST_MESSAGES, (height - ABOVE_MESSAGES) // 2))
    return Group(_title(seen, now), _scene(seen), _rooms(seen), _thinks(seen), _messages(seen, messages))


def _title(seen: Seen, now: Instant) -> RenderableType:
    title = Table.grid(expand=True)
    title.add_column()
    title.add_column(justify="right")
    title.add_row(
        f" Hearthwatch: a simulated home, {SPEED_MOST} times as fast", f"{seen.wall.hhmm(now)} ", style="bold"
    )
    return title


def _scene(seen: Seen) -> RenderableType:
    if seen.scene is None:
        return Panel("The hub is starting.", title_align="left")
    return Panel(seen.scene.told, title=f"[bold]{seen.scene.title}[/bold]", title_align="left")


def _rooms(seen: Seen) -> RenderableType:
    rooms = Table(box=None, padding=(0, 3, 0, 1), header_style="bold")
    for head in ("Room", "Last sign of life", "Now"):
        rooms.add_column(head)
    for room in seen.home.rooms.values():
        at = seen.signs.get(room.id)
        here = [_state(seen, sensor.id) for sensor in seen.home.sensors.values() if sensor.room == room.id]
        here += ["lamp on" for signal in seen.home.signals if signal.room == room.id and seen.ledger.lit]
        rooms.add_row(room.name, "-" if at is None else seen.wall.hhmm(at), ", ".join(filter(None, here)))
    return rooms


def _state(seen: Seen, sensor: str) -> str:
    level, it = seen.levels.get(sensor), seen.home.sensors[sensor]
    if level is None:
        return ""
    if it.kind == "bed":
        wire = "wired " if it.link == "serial" else ""
        return f"{wire}bed {'occupied' if level else 'empty'}"
    return f"{it.id.replace('-', ' ')} {'open' if level else 'closed'}"


def _thinks(seen: Seen) -> RenderableType:
    thoughts = Table.grid(padding=(0, 2, 0, 0))
    thoughts.add_column(style="bold", no_wrap=True)
    thoughts.add_column()
    line = "up" if seen.line_up else "DOWN; what is said now is kept"
    there = "" if seen.hub_there else ". The centre knows that the hub is gone"
    thoughts.add_row(" The hub thinks", _thought(seen))
    thoughts.add_row(" Line to centre", f"{line}{there}.")
    return Padding(thoughts, (1, 0))


def _thought(seen: Seen) -> str:
    deadline, state = seen.promise
    words = [STATES.get(state, state)]
    room, at = max(seen.signs.items(), key=lambda sign: sign[1], default=("", None))
    if at is not None:
        words.append(f"Last heard at {seen.wall.hhmm(at)}, {seen.home.rooms[room].name.lower()}.")
    if any(said.kind == "possible_fall" and said.id in _open(seen) for said in seen.ledger.said):
        words.append("It has reported a possible fall.")
    elif any(question.answered is None for question in seen.ledger.questions):
        words.append("It asks at home whether all is well.")
    elif deadline is None:
        words.append("Silence says nothing now.")
    else:
        words.append(f"If nothing more is heard, it speaks at {seen.wall.hhmm(deadline)}.")
    return " ".join(words)


def _open(seen: Seen) -> set[str]:
    """Ids of incidents that were raised and not cleared."""
    ids = {said.id for said in seen.ledger.said}
    return ids - {said.id for said in seen.ledger.said if said.state == "cleared"}


def _messages(seen: Seen, count: int) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 1), header_style="bold", expand=True)
    table.add_column("At")
    table.add_column("The hub said", ratio=1)
    table.add_column("At the centre")
    for said in seen.ledger.said[-count:]:
        style = "bold" if said.severity == "critical" else ""
        table.add_row(
            seen.wall.hhmm(said.at),
            f"{plain(said.kind)} {said.state}: {said.text}",
            _whereabouts(seen, said),
            style=style,
        )
    return table


def _whereabouts(seen: Seen, said: Said) -> str:
    if said.id in seen.ledger.verdicts:
        return "help was needed" if seen.ledger.verdicts[said.id] == "true" else "closed"
    if said.id in seen.ledger.taken:
        return "a person has it"
    if seen.ledger.receipted(said):
        return "signed for"
    if seen.ledger.got_of(said) is not None:
        return "received"
    return "on its way" if seen.line_up else "kept here"
