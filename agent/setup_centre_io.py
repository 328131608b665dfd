"""A hub that is being set up and its monitoring centres: keys are made, files are checked and taken in."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from agent.clock_io import wall_is_believable, wall_ms
from agent.files_io import give_to_owner_of_folder, write_whole
from agent.nouns import Instant, Refused
from agent.provision.setup import Centre, Setup
from agent.provision.writing import KEY, REQUEST, secure, upstream
from agent.transport.enrol_io import fault_of, is_requested, receipt_key_fault, request
from agent.transport.keys_io import BadKey, public_path, signer

FILES: Final = ("ca", "certificate", "receipt_key")  # what a centre hands over, by the names of hub.toml


def _signing(folder: Path, setup: Setup) -> Path:
    return folder / setup.state / "hub.key"


def public_key(folder: Path, setup: Setup) -> Path:
    """What the centre pins."""
    return Path(public_path(str(_signing(folder, setup))))


def has_keys(folder: Path, setup: Setup) -> bool:
    return public_key(folder, setup).exists() and is_requested(folder / KEY, folder / REQUEST, setup.hub_id)


def make_keys(folder: Path, setup: Setup) -> tuple[Path, Path]:
    """The request for a certificate, and the public key of what this hub signs; made where they are not there yet."""
    if not setup.hub_id:
        raise Refused("this hub has no id yet: say which the centre knows it by")
    key, asked, signing = folder / KEY, folder / REQUEST, _signing(folder, setup)
    try:
        for place in (key.parent, signing.parent):
            place.mkdir(parents=True, exist_ok=True)
        if not is_requested(key, asked, setup.hub_id):
            request(key, asked, setup.hub_id)
        signer(str(signing))
        give_to_owner_of_folder(key, asked, signing, public_key(folder, setup))
    except BadKey as fault:
        raise Refused(str(fault)) from None
    except OSError as fault:
        raise Refused(f"{fault.filename}: cannot be written: {fault.strerror}") from None
    return asked, public_key(folder, setup)


def fault(folder: Path, setup: Setup, nth: int, handed: bool = False) -> str:
    """Why the files of that centre cannot be used, in one line, or nothing: those that were taken in, or, where
    ``handed``, those that it handed over."""
    centre, line = setup.centres[nth], upstream(setup.centres[nth], nth)
    ca, certificate, pinned = (
        _file(folder, getattr(centre, name) if handed else None, str(getattr(line, name))) for name in FILES
    )
    if not secure(centre):
        return receipt_key_fault(pinned) if centre.receipt_key else ""
    if not certificate.exists():
        carry = f"carry {folder / REQUEST} and {public_key(folder, setup)} to the centre"
        return f"{centre.host}: no certificate yet: {carry}, and bring back its ca.pem, hub.pem and receipts.pub"
    now = Instant(wall_ms()) if wall_is_believable() else None
    return fault_of(certificate, ca, folder / str(line.key), setup.hub_id, now) or receipt_key_fault(pinned)


def _file(folder: Path, source: str | None, place: str) -> Path:
    """What was handed over; once it is gone, a stick that was pulled out, what was taken in of it."""
    gone = source is not None and not (folder / source).exists() and (folder / place).exists()
    return folder / (place if source is None or gone else source)


def take_in(folder: Path, setup: Setup) -> tuple[Setup, list[str]]:
    """Each centre's files where hub.toml names them, if nothing is wrong with them; and what is, a line each."""
    faults = []
    centres = list(setup.centres)
    for nth, centre in enumerate(setup.centres):
        if wrong := fault(folder, setup, nth, handed=True):
            faults.append(wrong)
        else:
            centres[nth] = _taken(folder, centre, nth)
    return replace(setup, centres=tuple(centres)), faults


def _taken(folder: Path, centre: Centre, nth: int) -> Centre:
    line = upstream(centre, nth)
    places: dict[str, str] = {}
    for name in FILES:
        source, place = getattr(centre, name), getattr(line, name)
        if source is not None and place is not None:
            _copy(_file(folder, source, place), folder / place)
            places[name] = place
    return replace(centre, **places)  # type: ignore[arg-type]  # the three are paths


def _copy(source: Path, place: Path) -> None:
    if source.resolve() == place.resolve():
        return
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, source.read_bytes())
        give_to_owner_of_folder(place)
    except OSError as fault:
        raise Refused(f"{fault.filename}: cannot be taken in: {fault.strerror}") from None
