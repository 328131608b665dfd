"""What erasing must not take: what is no hub's, another hub's request, or its own proof."""

from contextlib import suppress
from pathlib import Path
from typing import Final

from agent.erase.erase_io import NOTE, OURS, Work, apart, begun, found, name_of
from agent.erase.things import ZIGBEE2MQTT
from agent.nouns import BadFrame, Refused
from agent.transport.retirement import MOST_BYTES, claimed

# One of these is in a hub's state folder; and in those for its outbox and its page, where they lie apart.
MARKS: Final = frozenset({NOTE, "hub.key", "hub.pub", "journal.db", "outbox.db", "epoch"})
MARKS_APART: Final = frozenset({"outbox.db", "page.db", "page.key", "page.pem"})


def check(work: Work) -> None:
    """Refused where erasing would take what is not a hub's, or its own proof."""
    whole = [(work.state, MARKS), *((place, MARKS_APART) for place in apart(work))]
    for place, marks in whole:
        _is_ours(work, place, marks)
    kept = [place.resolve() for place, _ in whole] + ([work.zigbee.resolve()] if work.zigbee is not None else [])
    request = work.request.resolve()
    if any(request.is_relative_to(place) for place in kept):
        raise Refused(f"{work.request}: would itself be erased; name a place outside, such as a USB stick")
    if request in {Path(one.path).resolve() for one in found(work)}:
        raise Refused(f"{work.request}: is a file of this hub; name another for --out")
    if work.zigbee is not None and not any((work.zigbee / name).exists() for name in ZIGBEE2MQTT):
        raise Refused(f"{work.zigbee}: is no folder of zigbee2mqtt: no configuration.yaml and no database.db in it")
    with suppress(FileNotFoundError):
        if work.request.exists() and _whose(work.request) != name_of(work):
            raise Refused(f"{work.request}: is there already and is no request of this hub; name another for --out")


def _is_ours(work: Work, place: Path, marks: frozenset[str]) -> None:
    """All that is in this folder goes. One that was begun may have lost its marks."""
    whole, folder = place.resolve(), work.folder.resolve()
    what = "state folder" if place == work.state else "folder of the outbox or the page"
    if folder == whole or folder.is_relative_to(whole):
        raise Refused(f"{place}: hub.toml lies in the {what}, which is erased whole; move it out first")
    names = {path.name for path in whole.iterdir()} if whole.is_dir() else set()
    if names - OURS and not names & marks and begun(work) is None:
        raise Refused(f"{place}: holds files and none of a hub's: is this its {what}? Nothing was erased")


def _whose(path: Path) -> str:
    """The hub of a request; nothing where it is none."""
    try:
        with path.open("rb") as file:
            return claimed(file.read(MOST_BYTES + 1)).hub
    except (BadFrame, OSError):
        return ""
