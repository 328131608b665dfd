"""What the hub, a person or the centre's line says of itself: a JSON object in a frame that no sensor sent."""

import json
from collections.abc import Iterator
from typing import Final, cast

from agent.detect.lasting import Lasting
from agent.nouns import BadFrame, Clock, Finding, Frame, Instant

QUALITIES: Final = frozenset({"synced", "rtc", "unknown"})
# What can be wrong with the hub's storage, as it is told; and the conditions' names.
UNWRITTEN: Final = "the journal cannot be written"
FULL: Final = "the disk is full"
DAMAGED: Final = "it was damaged, and was begun anew"
STORAGE: Final = tuple(f"storage_fault/{what}" for what in (UNWRITTEN, FULL, DAMAGED))


def plain(frame: Frame) -> dict[str, object]:
    """BadFrame unless the payload is a JSON object."""
    try:
        said = json.loads(frame.payload)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise BadFrame(f"{frame.link}/{frame.address}: the payload is not a JSON object")
    return cast(dict[str, object], said)


def whole(said: dict[str, object], key: str, default: int) -> int:
    """A whole number of milliseconds; BadFrame for anything else."""
    value = said.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadFrame(f"{key} is {value!r}, not a whole number of milliseconds")
    return value


def told_clock(said: dict[str, object]) -> Clock:
    """BadFrame for a quality that is none."""
    quality = said.get("quality")
    if quality not in QUALITIES:
        raise BadFrame(f"hub/clock: quality is {quality!r}, not one of {', '.join(sorted(QUALITIES))}")
    return Clock(whole(said, "offset_ms", 0), str(quality))


def asleep_since(frame: Frame) -> Instant | None:
    """For a boot or a gap: the instant since which the hub saw nothing; None for any other frame."""
    if frame.link != "hub" or frame.address not in ("boot", "gap"):
        return None
    said = plain(frame)
    return Instant(whole(said, "from_ms", 0)) if "from_ms" in said else None


def told_storage(said: dict[str, object], lasting: Lasting, now: Instant) -> Iterator[Finding]:
    """``state`` is failed or works; damaged is over as soon as it is told. BadFrame for anything else."""
    name, state = f"storage_fault/{said.get('what')}", said.get("state")
    if name not in STORAGE or state not in ("failed", "works", "damaged"):
        raise BadFrame(f"hub/storage: {state!r} of {said.get('what')!r} is not known")
    if state != "damaged":
        lasting.mark(name, state == "failed", now)
        return
    for turn in ("raised", "cleared"):
        yield Finding("storage_fault", turn, now, DAMAGED)


def was_off(since: Instant, now: Instant) -> Iterator[Finding]:
    """Told afterwards, and at once as over: nobody was there to say it."""
    for state, at in (("raised", since), ("cleared", now)):
        yield Finding("home_not_watched", state, at, "hub", None, words=(("why", "the hub was off or asleep"),))
