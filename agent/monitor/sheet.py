"""What remains when somebody has looked at a board: lines for the job sheet, and the same for a program."""

from collections.abc import Iterator, Mapping
from typing import Final

from agent.monitor import words
from agent.monitor.heard import RING, Heard
from agent.monitor.inputs import Input
from agent.sensors.payload import shown

UNPLUG: Final = "pull the board's USB plug once"


def sheet(heard: Heard, where: str, lasted_ms: int) -> list[str]:
    return [f"{where}, looked at for {words.lasted(lasted_ms)}", *_of_board(heard), *_of_inputs(heard)]


def _of_board(heard: Heard) -> Iterator[str]:
    if heard.gone:
        yield f"{'NOT HEARD ANY MORE' if heard.inputs else 'NO BOARD WAS HEARD'}: {heard.gone}"
    elif not heard.inputs:
        yield "NO BOARD WAS HEARD: it has not said who it is"
    who = heard.who
    if who is None:
        return
    tested = "not asked (--selftest)" if heard.tested is None else words.selftest(heard.tested, heard.beds_on)
    supply = words.supply(heard.beat.supply_mv) if heard.beat else "not heard"
    yield f"{shown(who.firmware)}, start {who.state.boot} ({words.reset(who.reset)})"
    yield f"supply {supply}; own test {tested}"
    if heard.all_off:
        yield words.ALL_OFF


def _of_inputs(heard: Heard) -> Iterator[str]:
    yield from (f"  {one.title}: {_did(one)}" for one in heard.inputs)
    yield from (f"  {sensor.id} ({name}), a {sensor.kind}: NOT ON THIS BOARD" for name, sensor in heard.missing)


def _did(one: Input) -> str:
    if not one.on:
        return "off"
    if one.felt:
        return f"felt, {one.feels}" if one.pieces else "NOTHING FELT"
    now = "not heard" if one.value is None else one.level(one.value)
    return f"{now}; changed {words.times(one.changes)}" if one.changes else f"{now}; DID NOT CHANGE"


def kept(heard: Heard) -> Iterator[str]:
    """What stays in the board. The last line is the one that must not be missed."""
    if heard.lost_to_hub:
        yield f"{words.count(heard.lost_to_hub, 'reading')} lost to the hub: the board keeps {RING}"
    if heard.beat and heard.beat.presses_lost:
        lost = words.count(heard.beat.presses_lost, "press", "presses")
        yield f"WILL BE TOLD AS A CALL FOR HELP when the hub starts: {lost} of a button for which there was no room."
    if heard.kept:
        yield f"The board keeps {words.count(heard.kept, 'reading')} for the hub."
    if heard.calls:
        yield f"WILL BE TOLD AS A CALL FOR HELP when the hub starts: {words.calls(heard.calls)}."
    if heard.beat and heard.beat.presses_lost:
        yield f"If that was a test: {UNPLUG}, before you start the hub."
    elif heard.calls:
        yield f"If that was a test: {UNPLUG}, or run this command again with --forget, before you start the hub."


def facts(heard: Heard) -> Mapping[str, object]:
    """As ``sheet``, for a program."""
    return {
        "heard": heard.who is not None and not heard.gone,
        "why": heard.gone,
        "inputs": {one.name: {"on": one.on, "changes": one.changes, "blocks": one.blocks} for one in heard.inputs},
        "missing": [sensor.id for _, sensor in heard.missing],
        "failed": heard.tested,
        "beds_tested": heard.beds_on if heard.tested is not None else 0,
        "kept": heard.kept,
        "lost_to_hub": heard.lost_to_hub,
        "calls": heard.calls,
    }


NOT_PUT_BACK: Final = f"The board did not say that its inputs are as they were: {UNPLUG}."


def thrown(readings: int, calls: Mapping[str, int], forgot: bool) -> str:
    """What ``--forget`` did."""
    what = f"{words.count(readings, 'reading')} that it kept for the hub"
    if not forgot:
        return f"THE BOARD DID NOT SAY THAT IT HAS FORGOTTEN the {what}: {UNPLUG}"
    among = f"; among them: {words.calls(calls)}" if calls else ""
    return f"Thrown away, the hub will never hear of it: {what}{among}." if readings else "Nothing to forget was kept."
